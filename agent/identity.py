"""Who this agent is: a key made here, and the name the collector gave it.

Neither the key nor the name derives from the host's name or hardware: cloned PCs share those.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from typing import Any

import msgspec
from msgspec import Struct

from agent import files

SEED = 32
SECRET = 64
SIGNATURE = 64
_FINGERPRINT = b"sansang.fingerprint.v1"


class IdentityError(Exception):
    """The key or the identity cannot be used. ``str()`` is the one line to show."""


class Identity(Struct, kw_only=True):
    """What enrolment gave: the device's id, its unit's code, the collector's address."""

    device: str
    unit: str
    collector: str
    status: str = "active"


class Key:
    """The device's Ed25519 key (RFC 8032)."""

    def __init__(self, seed: bytes) -> None:
        self.public, self._secret = _keypair(seed)

    def sign(self, message: bytes) -> bytes:
        return _sign(message, self._secret)


def key_path(state_dir: str) -> str:
    return f"{state_dir}/device.key"


def load_key(state_dir: str) -> Key | None:
    """The key kept in `state_dir`, None when there is none yet. Raises IdentityError or FileError."""
    seed = _load_seed(state_dir)
    return None if seed is None else Key(seed)


def _load_seed(state_dir: str) -> bytes | None:
    path = key_path(state_dir)
    text = files.read(path, 1024)
    if text is None:
        return None
    try:
        seed = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != SEED:
        raise IdentityError(f"{path}: is damaged: expected {SEED} bytes in base64; remove it and enrol again")
    return seed


def secret(state_dir: str) -> bytes:
    """What keys fingerprints on this device: 32 bytes that stay while its key does, from which the key cannot be found
    (HMAC-SHA256, RFC 2104). Empty when there is no key yet. Raises IdentityError or FileError."""
    seed = _load_seed(state_dir)
    return b"" if seed is None else hmac.digest(seed, _FINGERPRINT, "sha256")


def make_key(state_dir: str) -> Key:
    """The key kept in `state_dir`, made and stored (mode 0600, on disk before it is used) when there is none."""
    files.make_directory(state_dir)
    found = load_key(state_dir)
    if found is not None:
        return found
    seed = os.urandom(SEED)
    files.write_durably(key_path(state_dir), base64.b64encode(seed) + b"\n")
    return Key(seed)


def load_identity(state_dir: str) -> Identity | None:
    """What enrolment stored in `state_dir`, None before it. Raises IdentityError or FileError."""
    path = f"{state_dir}/identity.json"
    text = files.read(path)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Identity)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise IdentityError(f"{path}: is damaged: {why}; enrol again") from None


def store_identity(state_dir: str, identity: Identity) -> None:
    files.write_durably(f"{state_dir}/identity.json", msgspec.json.encode(identity) + b"\n")


def require(state_dir: str) -> tuple[Identity, Key]:
    """Both, or IdentityError saying how to get them."""
    identity, key = load_identity(state_dir), load_key(state_dir)
    if identity is None or key is None:
        raise IdentityError(f"{state_dir}: this device is not enrolled: run sansang-agent enrol URL TOKEN")
    return identity, key


def _load_sodium() -> tuple[Any, Any] | None:
    # The package nacl.bindings imports every primitive, 2.3 MB; signing needs two functions of the library under it.
    try:
        from nacl._sodium import ffi, lib  # type: ignore[import-not-found]
    except ImportError:
        return None
    return ffi, lib


def _keypair(seed: bytes) -> tuple[bytes, bytes]:
    found = _load_sodium()
    if found is None:
        from nacl.bindings import crypto_sign_seed_keypair

        return crypto_sign_seed_keypair(seed)
    ffi, lib = found
    public, secret = ffi.new("unsigned char[]", SEED), ffi.new("unsigned char[]", SECRET)
    if lib.crypto_sign_seed_keypair(public, secret, seed) != 0:
        raise IdentityError("the key cannot be derived")
    return ffi.buffer(public)[:], ffi.buffer(secret)[:]


def _sign(message: bytes, secret: bytes) -> bytes:
    found = _load_sodium()
    if found is None:
        from nacl.bindings import crypto_sign

        return crypto_sign(message, secret)[:SIGNATURE]
    ffi, lib = found
    signed, length = ffi.new("unsigned char[]", SIGNATURE + len(message)), ffi.new("unsigned long long *")
    if lib.crypto_sign(signed, length, message, len(message), secret) != 0:
        raise IdentityError("the message cannot be signed")
    return bytes(ffi.buffer(signed, SIGNATURE)[:])
