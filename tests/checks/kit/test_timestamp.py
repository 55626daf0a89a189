"""Time stamps of ``openssl ts``: right ones are taken, and each kind of wrong one has its reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import timestamp
from checks.kit.model import Reason
from checks.kit.timestamp import Question, Unfit, judge, question
from tests.lab.authorities import Authority
from tests.lab.tsa import POLICY, Tsa, stamping, with_status

Made = tuple[Tsa, Question, bytes, list[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A server, a question, its answer, and the root."""
    tsa, asked = Tsa(tmp_path_factory.mktemp("tsa")), question()
    return tsa, asked, tsa(asked.request), [tsa.root.pem.decode()]


def test_a_question_is_small_and_never_the_same() -> None:
    """Version 1, 32 bytes of digest, a nonce, the wish for the certificate."""
    one, other = question(), question()
    assert len(one.request) <= 72
    assert (len(one.digest), one.digest == other.digest, one.nonce == other.nonce) == (32, False, False)
    assert one.digest in one.request


def test_a_right_stamp_says_the_time_its_accuracy_and_the_policy(made: Made) -> None:
    """Vouched for by the configured root."""
    _, asked, answer, roots = made
    stamp = judge(answer, asked, roots)
    assert abs(stamp.time - time.time()) < 600
    assert (stamp.accuracy, stamp.policy, stamp.vouched) == (1.5, POLICY, True)


def test_without_roots_nothing_vouches_for_a_stamp(made: Made) -> None:
    """Its structure is looked at all the same."""
    _, asked, answer, _ = made
    assert judge(answer, asked, []).vouched is False


def test_granted_with_changes_is_granted(made: Made) -> None:
    """RFC 3161 §2.4.2: the token is there."""
    _, asked, answer, roots = made
    assert judge(with_status(answer, 1), asked, roots).vouched


def _fails(reason: Reason, act: Callable[[], object]) -> str:
    with pytest.raises(Unfit) as caught:
        act()
    assert caught.value.reason is reason
    return caught.value.detail


def test_another_status_is_a_refusal(made: Made, tmp_path: Path) -> None:
    """A server that does not take our digest; a status of another kind."""
    _, asked, answer, roots = made
    refused = Tsa(tmp_path, digests="sha512")(asked.request)
    assert _fails(Reason.TSA_REFUSED, lambda: judge(refused, asked, roots)) == "the server says rejection"
    assert _fails(Reason.TSA_REFUSED, lambda: judge(with_status(answer, 3), asked, roots)) == "the server says waiting"


def test_a_stamp_for_something_else_does_not_match(made: Made) -> None:
    """An old answer, another nonce, another digest."""
    _, asked, answer, roots = made
    for wrong in (question(), Question(asked.request, asked.digest, 5), Question(b"", bytes(32), asked.nonce)):
        _fails(Reason.TSA_MISMATCH, lambda wrong=wrong: judge(answer, wrong, roots))  # type: ignore[misc]


def test_another_root_of_the_same_name_does_not_vouch(made: Made) -> None:
    """Keys count, not names."""
    _, asked, answer, _ = made
    for common in ("Root TSA", "Another"):
        _fails(Reason.TSA_UNTRUSTED, lambda common=common: judge(  # type: ignore[misc]
            answer, asked, [Authority.root(common).pem.decode()]
        ))  # fmt: skip


def test_the_signers_certificate_must_be_for_time_stamps(made: Made) -> None:
    """Also where no root is configured; one that is for them is taken."""
    tsa, asked, _, roots = made
    other = tsa.resigned(asked.request, stamping(tsa.issuing, purpose=False))
    for believed in (roots, []):
        detail = _fails(Reason.TSA_UNTRUSTED, lambda believed=believed: judge(other, asked, believed))  # type: ignore[misc]
        assert detail == "the signer's certificate is not for time stamps"
    assert judge(tsa.resigned(asked.request, stamping(tsa.issuing)), asked, roots).vouched


def test_a_certificate_that_had_run_out_does_not_vouch(made: Made) -> None:
    """At the time of the stamp."""
    tsa, asked, _, roots = made
    late = tsa.resigned(asked.request, stamping(tsa.issuing, end_days=-3))
    _fails(Reason.TSA_UNTRUSTED, lambda: judge(late, asked, roots))


def test_a_changed_signature_does_not_vouch(made: Made) -> None:
    """One bit of it."""
    _, asked, answer, roots = made
    _fails(Reason.TSA_UNTRUSTED, lambda: judge(answer[:-1] + bytes((answer[-1] ^ 1,)), asked, roots))


def test_what_is_no_stamp_is_malformed(made: Made) -> None:
    """Nothing, a page, a cut answer, one with something behind it."""
    _, asked, answer, roots = made
    for data in (b"", b"<html>", answer[:-3], answer + b"x"):
        _fails(Reason.TSA_MALFORMED, lambda data=data: judge(data, asked, roots))  # type: ignore[misc]


@given(changes=st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 255)), min_size=1, max_size=3))
def test_changed_bytes_give_a_reason_and_nothing_else(made: Made, changes: list[tuple[int, int]]) -> None:
    """Parsers in Rust included; what is taken all the same still answers the question."""
    _, asked, answer, roots = made
    data = bytearray(answer)
    for at, value in changes:
        data[at] = value
    try:
        stamp = timestamp.judge(bytes(data), asked, roots)
    except Unfit:
        return
    assert abs(stamp.time - time.time()) < 600
