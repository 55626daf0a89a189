"""Lists and answers about revocation: verified, searched without a serial number leaving, and wrong in every way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import revocation
from checks.kit.der import DerError
from checks.kit.revocation import Answer, Forged, answer, question, read, sealed
from tests.lab.authorities import DAY, NOW, YEAR, Authority, Signer
from tests.lab.revocation import answers, listed, of_openssl, refusal, responder

SEAL = os.urandom(32)
SERIALS = (0, 127, 128, 2**64, 2**159 - 1)


@pytest.fixture(scope="module")
def issuer() -> Authority:
    return Authority.root("Nơi cấp")


@pytest.fixture(scope="module")
def real_list(issuer: Authority) -> bytes:
    return listed(issuer, SERIALS[1:])


@pytest.fixture(scope="module")
def real_answer(issuer: Authority) -> bytes:
    return answers(issuer, serial=5)(question(issuer.der).request)


def test_serial_numbers_are_found_by_their_seals(issuer: Authority) -> None:
    """Of those that were looked for, the ones in the list; under another key, none."""
    data = listed(issuer, SERIALS[1:4])
    wanted = {sealed(SEAL, one) for one in SERIALS}
    found = read(data, [issuer.der], True, SEAL, wanted)
    assert found.verified
    assert found.revoked == frozenset({sealed(SEAL, one) for one in SERIALS[1:4]})
    assert read(data, [issuer.der], True, os.urandom(32), wanted).revoked == frozenset()


def test_a_list_that_another_has_signed_is_forged(issuer: Authority) -> None:
    """The name is the same; without the issuer's certificate it is believed in nothing."""
    data = listed(issuer, SERIALS[1:], signer=Authority.root("Nơi cấp"))
    with pytest.raises(Forged):
        read(data, [issuer.der], True, SEAL, ())
    found = read(data, [issuer.der], False, SEAL, {sealed(SEAL, SERIALS[1])})
    assert (found.verified, found.revoked) == (False, None)


@pytest.mark.parametrize(
    "extension",
    [
        x509.DeltaCRLIndicator(1),
        x509.IssuingDistributionPoint(None, None, False, False, None, True, False),
        x509.IssuingDistributionPoint(None, None, False, True, None, False, False),
        x509.IssuingDistributionPoint(None, None, False, False, None, False, True),
        x509.IssuingDistributionPoint(
            None, None, False, False, frozenset([x509.ReasonFlags.key_compromise]), False, False
        ),
    ],
    ids=["delta", "indirect", "authorities", "attributes", "some-reasons"],
)
def test_a_list_that_does_not_speak_for_all_is_not_searched(issuer: Authority, extension: x509.ExtensionType) -> None:
    """A delta, a list of several issuers, of other certificates, of some reasons: absence from them says nothing."""
    found = read(listed(issuer, extensions=[extension]), [issuer.der], True, SEAL, {"x"})
    assert (found.verified, found.revoked) == (True, None)


def test_a_list_of_signers_certificates_alone_speaks_for_them(issuer: Authority) -> None:
    """RFC 5280 §5.2.5, onlyContainsUserCerts: a signer's is one."""
    users = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    assert read(listed(issuer, extensions=[users]), [issuer.der], True, SEAL, {"x"}).revoked == frozenset()


@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_list_with_changed_bytes_is_refused_or_the_same(
    real_list: bytes, issuer: Authority, at: int, flip: int
) -> None:
    """What nobody signs, such as the count of unused bits behind the signature, may differ; what is listed may not."""
    changed = bytearray(real_list)
    changed[at % len(real_list)] ^= flip
    wanted = frozenset(sealed(SEAL, one) for one in SERIALS[1:])
    try:
        found = read(bytes(changed), [issuer.der], True, SEAL, wanted)
    except (DerError, Forged):
        return
    assert found.revoked == wanted


def test_openssl_answers_the_question(issuer: Authority, tmp_path: Path) -> None:
    """It knows no such certificate, and signs that."""
    asked = question(issuer.der)
    assert len(asked.request) < 120
    said = answer(of_openssl(issuer, tmp_path)(asked.request), issuer.der, asked.serial, NOW.timestamp())
    assert said.status == "unknown"
    assert abs(said.ends - said.begins - DAY.total_seconds()) < 60


def test_each_question_is_about_another_number(issuer: Authority) -> None:
    """So that no responder learns which certificate is here."""
    assert len({question(issuer.der).serial for _ in range(20)}) == 20


@pytest.mark.parametrize("status", list(ocsp.OCSPCertStatus))
def test_whatever_is_said_of_the_number_is_an_answer(issuer: Authority, status: ocsp.OCSPCertStatus) -> None:
    """Some say good of what they never issued."""
    asked = question(issuer.der)
    said = answer(answers(issuer, status=status)(asked.request), issuer.der, asked.serial, NOW.timestamp())
    begins, ends = (int(one.timestamp()) for one in (NOW - DAY, NOW + DAY))
    assert said == Answer(status.name.lower(), begins, ends)


@pytest.mark.parametrize("status", ["UNAUTHORIZED", "SIG_REQUIRED"])
def test_a_refusal_of_such_questions_is_an_answer(issuer: Authority, status: str) -> None:
    """RFC 5019: responders that answer from a table say so of what is not in it."""
    said = answer(refusal(ocsp.OCSPResponseStatus[status])(b""), issuer.der, 1, NOW.timestamp())
    assert said == Answer(status.lower())


@pytest.mark.parametrize("status", ["MALFORMED_REQUEST", "INTERNAL_ERROR", "TRY_LATER"])
def test_a_responder_that_cannot_answer_says_so(issuer: Authority, status: str) -> None:
    """That is none."""
    with pytest.raises(DerError, match=status.lower()):
        answer(refusal(ocsp.OCSPResponseStatus[status])(b""), issuer.der, 1, NOW.timestamp())


def _signed_by(issuer: Authority, signer: Signer) -> Answer:
    asked = question(issuer.der)
    return answer(answers(signer, enclosed=True)(asked.request), issuer.der, asked.serial, NOW.timestamp())


def test_whom_the_issuer_named_may_answer(issuer: Authority) -> None:
    """With its certificate in the answer."""
    assert _signed_by(issuer, responder(issuer)).status == "unknown"


@pytest.mark.parametrize(
    "signer",
    [
        lambda issuer: responder(Authority.root("Nơi cấp")),
        lambda issuer: responder(issuer, purpose=False),
        lambda issuer: responder(issuer, end=NOW - DAY),
        lambda issuer: Authority.root("Nơi cấp"),
    ],
)
def test_whom_the_issuer_did_not_name_may_not(issuer: Authority, signer: object) -> None:
    """Named by a namesake, not for this, no longer, or a namesake itself."""
    with pytest.raises(Forged):
        _signed_by(issuer, signer(issuer))  # type: ignore[operator]


def test_an_answer_to_another_question_is_none(issuer: Authority) -> None:
    """An old one, replayed."""
    asked = question(issuer.der)
    with pytest.raises(DerError, match="another question"):
        answer(answers(issuer, serial=5)(asked.request), issuer.der, asked.serial, NOW.timestamp())


def test_an_answer_without_an_end_has_none(issuer: Authority) -> None:
    """RFC 6960 §4.2.2.1: newer ones are there at any time."""
    asked = question(issuer.der)
    assert answer(answers(issuer, end=None)(asked.request), issuer.der, asked.serial, NOW.timestamp()).ends == 0


@given(st.binary(max_size=200))
def test_what_is_no_answer_raises_one_error(issuer: Authority, data: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(DerError):
        answer(data, issuer.der, 1, NOW.timestamp())
    with pytest.raises(DerError):
        revocation.question(data)


@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_an_answer_with_changed_bytes_is_refused_or_the_same(
    real_answer: bytes, issuer: Authority, at: int, flip: int
) -> None:
    """No other error."""
    changed = bytearray(real_answer)
    changed[at % len(real_answer)] ^= flip
    try:
        said = answer(bytes(changed), issuer.der, 5, NOW.timestamp())
    except (DerError, Forged):
        return
    assert said.status in ("unknown", "unauthorized", "sig_required")
    assert said.ends in (0, int((NOW + DAY).timestamp()))


def test_the_time_by_which_a_responder_is_judged_is_the_callers(issuer: Authority) -> None:
    """Five years ago its certificate was not valid."""
    asked = question(issuer.der)
    made = answers(responder(issuer), enclosed=True)(asked.request)
    with pytest.raises(Forged):
        answer(made, issuer.der, asked.serial, (NOW - 5 * YEAR).timestamp())
