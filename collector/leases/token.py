"""Tokens of leases: what they name, and that we made them. ``base64url(claim).base64url(HMAC-SHA-256)``."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec
from msgspec import Struct

from checks.kit.leasing import PROOF_CONTEXT
from collector.directory import Key
from collector.leases.gate import Closed

SECRET = "lease_token"  # noqa: S105 - a row's name
LONGEST = 512
"""Characters of a token, and of a proof: what is longer is not looked at."""


class Claim(Struct, frozen=True, array_like=True):
    """The lease, its device (empty: whoever has the token), and from when until when it holds (µs)."""

    lease: str
    device: str
    starts_at: int
    ends_at: int


class Tokens:
    """Makes and reads them with a secret of 32 bytes that all replicas share."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, claim: Claim) -> str:
        """The same for the same claim."""
        body = msgspec.json.encode(claim)
        return f"{_text(body)}.{_text(self._mac(b'token', body))}"

    def read(self, token: str) -> Claim:
        """Raises Closed: ``lease_missing``, ``lease_forged``."""
        if not token:
            raise Closed(401, "lease_missing", "this server asks for a lease: access_token is missing")
        body, _, mac = token.partition(".") if len(token) <= LONGEST else ("", "", "")
        try:
            raw = _bytes(body)
            if hmac.compare_digest(self._mac(b"token", raw), _bytes(mac)):
                return msgspec.json.decode(raw, type=Claim)
        except (ValueError, msgspec.DecodeError):
            pass
        raise Closed(401, "lease_forged", "the token is none of this collector's")

    def session_key(self, lease: str) -> bytes:
        """The HMAC key of the lease's STAMP session."""
        return self._mac(b"stamp", lease.encode())

    def _mac(self, use: bytes, body: bytes) -> bytes:
        return hmac.digest(self._secret, use + b"\0" + body, hashlib.sha256)


def proven(token: str, proof: str, key: Key) -> bool:
    """Whether `proof` is the base64 of a signature by `key` over PROOF_CONTEXT and `token`. Never raises."""
    try:
        signature = base64.b64decode(proof[:LONGEST], validate=True)
    except (binascii.Error, ValueError):
        return False
    return key.verify(PROOF_CONTEXT + token.encode(), signature)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Of one spelling only: what was not written by :func:`_text` is refused."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("another spelling")
    return raw
