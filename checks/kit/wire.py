"""One batch format for the wire, the spool's quarantine and a technician's USB stick.

An envelope is ``SSB1`` · 16 bytes of device id · 64 bytes of Ed25519 signature · gzip of JSON. The signature
covers everything but itself, so a receiver knows who speaks before it inflates or parses a byte (RFC 8032;
the context string keeps a batch's signature from serving as any other).
"""

from __future__ import annotations

import hashlib
import re
import uuid
import zlib
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta, Struct, field

from checks.kit.model import INT63, Micros, Result

VERSION = 1
MAGIC = b"SSB"
HEADER = 20
PREFIX = 84
CONTEXT = b"sansang.batch.v1\0"
CONTENT_TYPE = "application/vnd.sansang.batch"
MAX_SEALED = 256 * 1024
MAX_INFLATED = 2 * 1024 * 1024
MAX_RESULTS = 2000


class WireError(Exception):
    """A batch that cannot be taken. ``code`` is stable: clients and counters use it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Signer(Protocol):
    """Signs with the device's key."""

    def sign(self, message: bytes) -> bytes: ...


class Verifier(Protocol):
    """Says whether `signature` is this device's, over `message`."""

    def verify(self, message: bytes, signature: bytes) -> bool: ...


class Gap(Struct, array_like=True, frozen=True, gc=False):
    """Sequence numbers ``first`` to ``last`` that will never come, and why."""

    first: Annotated[int, Meta(ge=0, le=INT63)]
    last: Annotated[int, Meta(ge=0, le=INT63)]
    reason: Annotated[str, Meta(max_length=32)]


class Batch(Struct, kw_only=True, omit_defaults=True, gc=False):
    """Results in the order of their sequence numbers, within one epoch of one agent.

    ``oldest`` is the lowest number the agent still holds: below it only ``gaps`` can be missing. ``health`` are
    the agent's own numbers, ``config`` the etag of the configuration in force.
    """

    v: int
    agent: str
    epoch: Annotated[int, Meta(ge=1, le=INT63)]
    boot: Annotated[str, Meta(max_length=64)]
    sent_at: Micros
    sent_mono: Micros
    oldest: Annotated[int, Meta(ge=0, le=INT63)]
    results: Annotated[list[Result], Meta(max_length=MAX_RESULTS)]
    gaps: Annotated[list[Gap], Meta(max_length=1000)] = field(default_factory=list)
    health: dict[str, float] = field(default_factory=dict)
    config: Annotated[str, Meta(max_length=64)] = ""
    version: Annotated[str, Meta(max_length=32)] = ""


class Ack(Struct, kw_only=True, omit_defaults=True):
    """The collector's answer. Everything of ``epoch`` below ``durable`` is on disk. ``batch`` names the bytes
    that are answered, so that no other server's 200 can pass for it."""

    agent: str
    epoch: int
    batch: str
    durable: int
    config: str = ""
    directives: list[dict[str, Any]] = field(default_factory=list)
    retry_after: float | None = None
    time: int = 0


class Envelope(Struct, frozen=True, gc=False):
    """A sealed batch, taken apart but not yet believed."""

    agent: str
    signature: bytes
    signed: bytes
    body: bytes


class _Parts(Struct):
    """A batch of which only the bytes of its results are wanted."""

    results: list[msgspec.Raw]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Batch)
_parts = msgspec.json.Decoder(_Parts)
_json_mark = b"\\u0000"
_json_nul = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def digest(sealed: bytes) -> str:
    """The name of a sealed batch: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(sealed).hexdigest()[:16]


def seal(batch: Batch, signer: Signer) -> bytes:
    """`batch` as signed bytes. Raises WireError ``too_large`` past MAX_SEALED or MAX_INFLATED."""
    raw = _encoder.encode(batch)
    if len(raw) > MAX_INFLATED:
        raise WireError("too_large", f"the batch is {len(raw)} bytes uncompressed, at most {MAX_INFLATED} are taken")
    header = MAGIC + str(VERSION).encode() + uuid.UUID(batch.agent).bytes
    body = _gzip(raw)
    sealed = header + signer.sign(CONTEXT + header + body) + body
    if len(sealed) > MAX_SEALED:
        raise WireError("too_large", f"the batch is {len(sealed)} bytes, at most {MAX_SEALED} are taken")
    return sealed


def take_apart(sealed: bytes) -> Envelope:
    """The parts of an envelope.

    Raises WireError: ``too_large``, ``bad_magic``, ``unsupported_version``, ``truncated``.
    """
    if len(sealed) > MAX_SEALED:
        raise WireError("too_large", f"the batch is {len(sealed)} bytes, at most {MAX_SEALED} are taken")
    if sealed[:3] != MAGIC:
        raise WireError("bad_magic", "this is not a batch: it does not begin with SSB")
    if sealed[3:4] != str(VERSION).encode():
        raise WireError("unsupported_version", f"batch format {sealed[3:4]!r} is not known here, only {VERSION}")
    if len(sealed) <= PREFIX:
        raise WireError("truncated", f"the batch ends after {len(sealed)} bytes, inside its header")
    agent = str(uuid.UUID(bytes=sealed[4:HEADER]))
    body = sealed[PREFIX:]
    return Envelope(agent, sealed[HEADER:PREFIX], CONTEXT + sealed[:HEADER] + body, body)


def unseal(envelope: Envelope, key: Verifier) -> Batch:
    """The batch inside, once its signature holds.

    Raises WireError: ``bad_signature``, ``truncated``, ``not_gzip``, ``inflated_too_large``, ``not_json``,
    ``too_deep``, ``forbidden_character``, ``invalid``, ``unsupported_version``, ``agent_mismatch``.
    """
    return unseal_whole(envelope, key)[0]


def unseal_whole(envelope: Envelope, key: Verifier) -> tuple[Batch, list[bytes]]:
    """The batch, and each result's JSON exactly as it was sent, fields that this release does not know included.
    Raises WireError as :func:`unseal` does."""
    if not key.verify(envelope.signed, envelope.signature):
        raise WireError("bad_signature", "the signature is not this device's")
    raw = _gunzip(envelope.body)
    batch = _decode(raw)
    if batch.v != VERSION:
        raise WireError("unsupported_version", f"batch format {batch.v} is not known here, only {VERSION}")
    if batch.agent != envelope.agent:
        raise WireError("agent_mismatch", "the batch names another agent than its envelope")
    return batch, [bytes(result) for result in _parts.decode(raw).results]


def _decode(raw: bytes) -> Batch:
    if _json_mark in raw and _json_nul.search(raw):
        raise WireError("forbidden_character", "the batch holds a NUL character")
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as why:
        raise WireError("invalid", str(why)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise WireError("not_json", str(why)) from None
    except RecursionError:
        raise WireError("too_deep", "the batch is nested too deeply") from None


def _gzip(raw: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(raw) + packer.flush()


def _gunzip(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        raw = unpacker.decompress(body, MAX_INFLATED)
    except zlib.error as why:
        raise WireError("not_gzip", f"the batch cannot be inflated: {why}") from None
    if unpacker.unconsumed_tail:
        raise WireError("inflated_too_large", f"the batch inflates past {MAX_INFLATED} bytes")
    if not unpacker.eof:
        raise WireError("truncated", "the batch ends before its compressed data does")
    if unpacker.unused_data:
        raise WireError("not_gzip", "there are bytes after the compressed data")
    return raw
