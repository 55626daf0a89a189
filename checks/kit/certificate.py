"""What is kept of a server's certificate and of the chain that vouches for it. Pure.

The subject is not kept, except for the first of the DNS names: the certificate of a person would name that person.
"""

from __future__ import annotations

import binascii
import datetime
import hashlib
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_SEQUENCE, _VERSION = 0x30, 0xA0
_BEFORE_KEY = 5  # RFC 5280 §4.1: serial, algorithm, issuer, validity, subject; then the key


class Certificate(Struct, frozen=True):
    """A certificate: its issuer (organisation, else common name), the names of that issuer, its first DNS name, its
    dates in epoch seconds (0: unknown), the SHA-256 of the whole in hexadecimal and of its public key in base64."""

    issuer: str
    names: tuple[str, ...]
    not_before: int
    not_after: int
    sha256: str
    name: str = ""
    key: str = ""


class Chain(Struct, frozen=True):
    """The verified chain from the certificate to the authority that this device believes: how many certificates, the
    authority (organisation, else common name), when the first of them ends (epoch seconds)."""

    length: int
    root: str
    not_after: int


def describe(fields: Mapping[str, object], der: bytes) -> Certificate:
    """A certificate from what ``SSLSocket.getpeercert()`` gives, as a mapping and as DER."""
    names = _names(fields.get("issuer"))
    alternatives = _pairs(fields.get("subjectAltName"))
    key = public_key(der)
    return Certificate(
        issuer=names[0] if names else "",
        names=names,
        not_before=seconds(str(fields.get("notBefore", ""))),
        not_after=seconds(str(fields.get("notAfter", ""))),
        sha256=hashlib.sha256(der).hexdigest(),
        name=next((value for kind, value in alternatives if kind == "DNS"), ""),
        key=binascii.b2a_base64(hashlib.sha256(key).digest(), newline=False).decode("ascii") if key else "",
    )


def chain(links: Sequence[Mapping[str, object]]) -> Chain | None:
    """The chain from its certificates as mappings, the server's first; None when a date cannot be read."""
    ends = [seconds(str(link.get("notAfter", ""))) for link in links]
    if not ends or not all(ends):
        return None
    root = _names(links[-1].get("subject"))
    return Chain(len(links), root[0] if root else "", min(ends))


def public_key(der: bytes) -> bytes:
    """The SubjectPublicKeyInfo in a certificate, as DER; nothing when it cannot be found."""
    try:
        inside, end = _open(der, *_open(der, 0, len(der)))
        if der[inside] == _VERSION:
            inside = _open(der, inside, end)[1]
        for _ in range(_BEFORE_KEY):
            inside = _open(der, inside, end)[1]
        return der[inside : _open(der, inside, end)[1]] if der[inside] == _SEQUENCE else b""
    except (IndexError, ValueError):
        return b""


def _open(der: bytes, at: int, limit: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends. Raises ValueError, IndexError."""
    length, begin = der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, begin = int.from_bytes(der[begin : begin + size], "big"), begin + size
    if begin + length > limit:
        raise ValueError("an element is longer than what holds it")
    return begin, begin + length


def seconds(text: str) -> int:
    """``Jun  1 12:00:00 2025 GMT`` as epoch seconds; 0 when it reads otherwise."""
    found = re.fullmatch(r"([A-Z][a-z]{2}) +(\d+) (\d\d):(\d\d):(\d\d) (\d{4}) GMT", text)
    if not found or (month := _MONTHS.find(found[1])) % 3:
        return 0
    day, hour, minute, second, year = (int(part) for part in found.groups()[1:])
    try:
        when = datetime.datetime(year, month // 3 + 1, day, hour, minute, second, tzinfo=datetime.UTC)
    except ValueError:
        return 0
    return int(when.timestamp())


def folded(name: str) -> str:
    """`name` without accents, case and spacing: authorities are written both ways in Viet Nam."""
    import unicodedata

    spread = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return " ".join("".join(letter for letter in spread if not unicodedata.combining(letter)).split())


def _names(raw: object) -> tuple[str, ...]:
    """Organisation and common name of an issuer or subject."""
    parts = raw if isinstance(raw, tuple) else ()
    pairs = [pair for part in parts for pair in _pairs(part)]
    return tuple(value for key in ("organizationName", "commonName") for name, value in pairs if name == key)


def _pairs(raw: object) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in raw] if isinstance(raw, tuple) else []
