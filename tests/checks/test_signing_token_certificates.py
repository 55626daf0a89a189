"""Certificates and issuers on a real SoftHSM2 token: each reason, both generations, and what never leaves the PC."""

from __future__ import annotations

import base64
import datetime
import hmac
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.kit import token
from checks.kit.model import Outcome, Reading, Reason
from checks.kit.token import Certificate
from tests.checks.conftest import values
from tests.checks.test_signing_token import broken
from tests.lab import authorities, desk, pcsc
from tests.lab.authorities import DAY, NOW, Authority, Signer
from tests.lab.softhsm import LABEL, PIN, SO_PIN, one_token


@pytest.fixture(scope="module", autouse=True)
def daemon() -> Iterator[None]:
    """pcscd with a known token in its first reader, for this file."""
    with pcsc.running() as running:
        running.plug()
        with pcsc.environment(PCSCLITE_CSOCK_NAME=running.socket):
            yield


class Office:
    """The government's authorities of one generation, and a token to put certificates on."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, generation: str = "g2", *, accents: bool = True):
        self.root, self.issuing = authorities.chain(generation, accents=accents)
        self.hsm = one_token(folder)
        for name, value in self.hsm.environment.items():
            monkeypatch.setenv(name, value)

    def put(self, *signers: Signer) -> None:
        for number, signer in enumerate(signers, 1):
            self.hsm.certificate(signer.der, number=number)

    def check(self, known: Iterable[Signer] | None = None, **params: Any) -> Reading:
        given = (self.root, self.issuing) if known is None else known
        pems = [one.pem.decode() for one in given]
        return desk.check(authorities=pems, **params)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


def test_each_flaw_of_a_certificate_has_its_reason(office: Office) -> None:
    """Expired, not yet valid, not for signing: one token that gets one certificate after the other.

    The nearest to being usable decides, so they come from the farthest."""
    office.put(office.issuing.signer(begin=NOW - 90 * DAY, end=NOW - DAY, usage=("key_encipherment",)))
    broken(office.check(), "certificate", Reason.CERT_EXPIRED)
    office.put(office.issuing.signer(usage=("key_encipherment",)))
    broken(office.check(), "certificate", Reason.CERT_USAGE)
    office.put(office.issuing.signer(begin=NOW + 2 * DAY))
    reading = office.check()
    broken(reading, "certificate", Reason.CERT_NOT_YET_VALID)
    assert values(reading)["signing_token_certificates"] == 3
    assert values(reading)["signing_token_usable_certificates"] == 0
    office.put(office.issuing.signer(end=NOW + 10 * DAY))
    fine = office.check()
    assert fine.outcome is Outcome.OK
    assert fine.facts["not_after"] == int((NOW + 10 * DAY).timestamp())
    left = [sample.value for sample in fine.samples if sample.name == "signing_token_certificate_left"]
    assert len(left) == 4
    assert sum(9 * 86400 < seconds <= 10 * 86400 for seconds in left) == 1
    assert sum(seconds < 0 for seconds in left) == 1


@pytest.mark.parametrize(("generation", "accents"), [("g1", True), ("g2", True), ("g2", False)])
def test_both_generations_are_recognised_however_they_are_spelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generation: str, accents: bool
) -> None:
    """The older one's end is shown. The authority's certificate may lie on the token itself; the root's counts there
    by its fingerprint alone."""
    office = Office(tmp_path, monkeypatch, generation, accents=accents)
    office.put(office.issuing.signer(), office.issuing, office.root)
    named = office.check(known=())
    broken(named, "issuer", Reason.ISSUER_MISSING)
    pinned: dict[str, Any] = {"roots": [{"name": "x", "sha256": authorities.sha256(office.root.certificate)}]}
    assert office.check(known=(), **pinned).outcome is Outcome.OK
    reading = office.check(known=(office.root,))
    assert reading.outcome is Outcome.OK
    told = (reading.facts["generation"], reading.facts["generation_ends"])
    assert told == (("g1", "2030") if generation == "g1" else ("g2", "2048"))
    assert values(reading)["signing_token_certificates"] == 1


def test_each_way_in_which_the_issuer_fails_has_its_reason(office: Office) -> None:
    """Forged, missing, foreign, expired: by what is known of the authorities, or by who issued."""
    office.put(office.issuing.signer())
    missing = office.check(known=())
    broken(missing, "issuer", Reason.ISSUER_MISSING)
    assert (missing.facts["issuer"], missing.facts["generation"]) == (authorities.G2_ISSUING, "g2")
    broken(office.check(known=authorities.chain("g2")), "issuer", Reason.CERT_SIGNATURE)
    other: dict[str, Any] = {"roots": [{"name": "Another Root"}]}
    broken(office.check(**other), "issuer", Reason.ISSUER_UNTRUSTED)
    pinned: dict[str, Any] = {"roots": [{"name": authorities.G2_ROOT, "sha256": "00" * 32}]}
    broken(office.check(**pinned), "issuer", Reason.ISSUER_UNTRUSTED)
    named: dict[str, Any] = {"roots": [{"name": "x", "sha256": authorities.sha256(office.root.certificate)}]}
    assert office.check(**named).facts["root_matched_by"] == "fingerprint"


def test_an_expired_authority_breaks_the_last_link(office: Office) -> None:
    """ISSUER_EXPIRED: the certificate itself would still be valid."""
    old = office.root.issuing(authorities.G2_ISSUING, begin=NOW - 900 * DAY, end=NOW - DAY)
    office.put(old.signer())
    reading = office.check(known=(office.root, old))
    broken(reading, "issuer", Reason.ISSUER_EXPIRED)
    assert reading.facts["chain_ends"] == int((NOW - DAY).timestamp())


def test_a_certificate_of_a_former_unit_is_told_by_yes_or_no(office: Office) -> None:
    """CERT_FORMER_UNIT; the names that were compared are nowhere in what is told."""
    subject = authorities.name(authorities.SIGNER, organisation="UBND Phường 13, Quận 4", uid="CCCD:001300000001")
    office.put(office.issuing.signer(subject))
    names: dict[str, Any] = {"former_units": ["phuong 13"], "unit_names": ["Phường Xóm Chiếu"]}
    reading = office.check(**names)
    broken(reading, "certificate", Reason.CERT_FORMER_UNIT)
    assert reading.facts["former_unit"] == "yes"
    told = msgspec.json.encode(reading).decode().casefold()
    assert not any(word in told for word in ("phuong 13", "phường 13", "xóm chiếu", "quận 4"))
    present = office.check(former_units=["Phường 14"], unit_names=[])
    assert (present.outcome, present.facts["former_unit"]) == (Outcome.OK, "no")


def test_one_good_certificate_is_enough(office: Office) -> None:
    """Last year's lies beside it on most tokens."""
    expired = office.issuing.signer(begin=NOW - 900 * DAY, end=NOW - DAY)
    office.put(expired, office.issuing.signer(), Authority.root("Khác CA").signer())
    reading = office.check()
    assert reading.outcome is Outcome.OK
    assert values(reading)["signing_token_usable_certificates"] == 1


def test_a_fingerprint_is_the_devices_own(office: Office) -> None:
    """The same on every run of this device, another on another device, and random without a secret."""
    office.put(office.issuing.signer())

    def marks(secret: bytes) -> set[str]:
        return {one.fingerprint for seen in desk.read(secret=secret).tokens for one in seen.certificates}

    same = marks(desk.SECRET)
    assert same == marks(desk.SECRET)
    assert len({*same, *marks(b"x" * 32), *marks(b""), *marks(b"")}) == 4


def test_what_the_services_need_is_told_to_them_alone(office: Office) -> None:
    """Addresses, the issuer's public certificate, and a serial number that only the caller's seal opens."""
    leaf = office.issuing.signer(crl="http://crl.test/g2.crl", ocsp="http://ocsp.test/", serial=0x7F00FF)
    office.put(leaf)
    pems = ((office.root.pem + office.issuing.pem).decode(),)
    (seen,) = [one for tokens in desk.read(authorities=pems, seal=b"seal" * 8).tokens for one in tokens.certificates]
    assert (seen.crl, seen.ocsp) == (("http://crl.test/g2.crl",), ("http://ocsp.test/",))
    assert seen.issuer_der == office.issuing.der
    assert seen.sealed_serial == hmac.new(b"seal" * 8, bytes.fromhex("7f00ff"), "sha256").hexdigest()
    told = msgspec.json.encode(office.check()).decode()
    assert "crl.test" not in told
    assert "ocsp.test" not in told


CANARIES = {
    "person": "Trương Canary Thị Bí Mật", "mail": "bi.mat.canary@example.vn", "id": "CCCD:001399999999",
    "unit": "Phòng Canary Tuyệt Mật", "body": "UBND xã Canary Cũ", "serial": "deadbeefcafe0badf00d1234567890",
}  # fmt: skip


def test_nothing_personal_leaves_the_process_that_read_it(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Canaries in every field that may name somebody: not in the reading, not in what children answer, not in a log."""
    subject = authorities.name(
        CANARIES["person"], organisation=CANARIES["body"], unit=CANARIES["unit"], uid=CANARIES["id"],
        email=CANARIES["mail"],
    )  # fmt: skip
    serial = int(CANARIES["serial"], 16)
    signed = office.issuing.signer(subject, serial=serial, email=CANARIES["mail"])
    own = Authority.root(CANARIES["person"], organisation=CANARIES["body"])
    odd = own.signer(subject, serial=serial + 1)
    office.put(signed, odd, own)
    children = desk.Children()
    names: dict[str, Any] = {"former_units": [CANARIES["body"]], "unit_names": [CANARIES["unit"]]}
    reading = office.check(children=children, **names)
    assert reading.outcome is Outcome.OK
    told = [msgspec.json.encode(reading), reading.detail.encode(), caplog.text.encode(), *children.answers]
    secrets = [*CANARIES.values(), LABEL, PIN, SO_PIN, str(serial), f"{serial:x}", "Canary", "1399999999"]
    forms = {form.casefold() for text in secrets for form in (text, authorities.plain(text))}
    for text in told:
        plain = "\n".join(_unpacked(text.decode())).casefold()
        assert not [form for form in forms if form in plain], plain
    assert any(len(_unpacked(text.decode())) > 1 for text in told)


def _unpacked(text: str) -> list[str]:
    """A text, and every certificate that lies in it as base64, read as text."""
    packed = re.findall(r"[A-Za-z0-9+/]{200,}={0,2}", text)
    return [text, *(base64.b64decode(one).decode("utf-8", "ignore") for one in packed)]


def test_what_a_module_answers_holds_no_field_for_a_name() -> None:
    """The canaries can only show what they were planted in: what a child may answer is a closed list."""
    assert set(Certificate.__struct_fields__) == {
        "issuer", "issuer_generation", "generation_ends", "not_before", "not_after", "algorithm", "signature", "class_",
        "usage_signs", "former_unit", "chain", "chain_ends", "fingerprint", "authority", "root_by", "crl", "ocsp",
        "issuer_der", "sealed_serial",
    }  # fmt: skip
    assert set(token.TokenSeen.__struct_fields__) == {
        "manufacturer", "model", "initialised", "hardware", "pin", "unreadable", "malformed", "certificates",
    }  # fmt: skip


def test_a_clock_far_behind_makes_a_certificate_young(office: Office) -> None:
    """The certificate is judged by this PC's clock, as the signing program will judge it."""
    office.put(office.issuing.signer())
    then = int((NOW - datetime.timedelta(days=3000)).timestamp())
    seen = desk.read(now=then)
    assert [one.chain for tokens in seen.tokens for one in tokens.certificates] == [Reason.ISSUER_MISSING]
