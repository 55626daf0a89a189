"""Tokens name a lease and prove that we made them; a proof shows whose it is."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.leasing import PROOF_CONTEXT
from collector.directory import Key
from collector.leases.gate import Closed
from collector.leases.token import Claim, Tokens, proven
from tests.collector.pushing import Signer

TOKENS = Tokens(b"a" * 32)
CLAIM = Claim("0123456789abcdef", "device", 1_000_000, 2_000_000)


def code(token: str, tokens: Tokens = TOKENS) -> tuple[int, str]:
    with pytest.raises(Closed) as why:
        tokens.read(token)
    return why.value.status, why.value.code


def test_a_token_is_read_by_whoever_shares_the_secret() -> None:
    """And is the same each time it is made."""
    token = TOKENS.make(CLAIM)
    assert Tokens(b"a" * 32).read(token) == CLAIM
    assert TOKENS.make(CLAIM) == token
    assert code(token, Tokens(b"b" * 32)) == (401, "lease_forged")


def test_no_token_is_missing_and_anything_else_is_forged() -> None:
    assert code("") == (401, "lease_missing")
    for text in ("x", ".", "a.b", "é.é", "a" * 10_000, TOKENS.make(CLAIM) + "=", TOKENS.make(CLAIM) + "."):
        assert code(text) == (401, "lease_forged")


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_token_is_forged(place: int, value: int) -> None:
    """Whatever is changed, the bits that base64 leaves over included."""
    token = TOKENS.make(CLAIM)
    changed = token[: place % len(token)] + chr(value) + token[place % len(token) + 1 :]
    if changed != token:
        assert code(changed) == (401, "lease_forged")


@given(st.text(max_size=80))
def test_no_text_is_taken_for_a_token(text: str) -> None:
    assert code(text)[0] == 401


def test_a_signed_body_that_is_no_claim_is_forged() -> None:
    """As a later release might write it."""
    body = base64.urlsafe_b64encode(b'["only"]').decode().rstrip("=")
    mac = base64.urlsafe_b64encode(TOKENS._mac(b"token", b'["only"]')).decode().rstrip("=")
    assert code(f"{body}.{mac}") == (401, "lease_forged")


def test_a_proof_is_the_devices_signature_over_this_token() -> None:
    signer, other = Signer(1), Signer(2)
    token = TOKENS.make(CLAIM)
    key = Key(signer.public)

    def made(by: Signer, message: bytes) -> str:
        return base64.b64encode(by.sign(message)).decode()

    assert proven(token, made(signer, PROOF_CONTEXT + token.encode()), key)
    for wrong in (
        "", "x", "é", "A" * 100_000, made(other, PROOF_CONTEXT + token.encode()), made(signer, token.encode()),
        made(signer, PROOF_CONTEXT + b"another"),
    ):  # fmt: skip
        assert not proven(token, wrong, key)


def test_sessions_have_keys_of_their_own() -> None:
    """32 bytes, by lease and secret, and no token's MAC."""
    keys = {TOKENS.session_key("a"), TOKENS.session_key("b"), Tokens(b"b" * 32).session_key("a")}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 3
