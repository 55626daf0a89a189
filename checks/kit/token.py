"""One PKCS#11 module's tokens and their certificates, read and described in a process of their own.

Subjects, serial numbers, e-mail addresses and names of units are read and compared there and never leave it. Importing
this file is cheap: the check, which waits for the child, needs only the words both speak.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from checks.kit.model import Reason

if TYPE_CHECKING:
    from checks.kit import x509

FUNCTION = "checks.kit.token:read"
"""For ``env.child``, ``alone``: an :class:`Ask` gives a :class:`Module`."""
STORED = "checks.kit.token:stored"
"""For ``env.child``: an :class:`Ask` gives certificates, or None."""


class Root(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An authority at which chains may end; names are compared without accents, case and punctuation."""

    name: Annotated[str, Meta(min_length=1, max_length=128, description="Its common name.")]
    generation: Annotated[str, Meta(max_length=16, description="What its generation is called: g1, g2.")] = "other"
    ends: Annotated[str, Meta(max_length=16, description="Year or day in which this generation ends.")] = ""
    sha256: Annotated[
        str,
        Meta(
            pattern=r"^(([0-9A-Fa-f]{2}:?){32})?$",
            description="SHA-256 of its certificate: then it is known by that alone; empty: by its name.",
        ),
    ] = ""
    issuers: Annotated[
        tuple[Annotated[str, Meta(max_length=128)], ...],
        Meta(max_length=16, description="Authorities below it: they tell the generation when the chain is not there."),
    ] = ()


class Ask(Struct, frozen=True, kw_only=True):
    """What to read, and what to compare with. ``authorities`` are certificates as PEM text; ``now`` is epoch seconds;
    ``secret`` keys the fingerprints (empty: a random key for this run), ``seal`` the sealed serial numbers."""

    path: str
    now: int
    authorities: tuple[str, ...] = ()
    roots: tuple[Root, ...] = ()
    unit_names: tuple[str, ...] = ()
    former_units: tuple[str, ...] = ()
    secret: bytes = b""
    seal: bytes = b""


class Certificate(Struct, frozen=True, kw_only=True):
    """What may be told of a certificate. Times are epoch seconds.

    ``issuer`` is its common name, empty where it may be a person's. ``chain`` is empty when it leads to a configured
    root, else the reason why not; ``chain_ends`` is when the first authority above it ends (0: unknown) and ``root_by``
    how the root was matched (``fingerprint``, ``name`` or nothing). ``fingerprint`` is a keyed HMAC, 16 hexadecimal
    digits. ``authority``: a CA's certificate, material of chains, for which none is built.

    For the services a signature needs, and in no fact: the addresses of revocation, the issuer's own public
    certificate (empty with ``issuer``), and the serial number sealed with the caller's key (HMAC-SHA256 over its
    big-endian bytes without a leading zero).
    """

    issuer: str
    issuer_generation: str
    generation_ends: str
    not_before: int
    not_after: int
    algorithm: str
    signature: str
    class_: str
    usage_signs: bool
    former_unit: bool | None
    chain: str
    chain_ends: int
    fingerprint: str
    authority: bool
    root_by: str = ""
    crl: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()
    issuer_der: bytes = b""
    sealed_serial: str = ""


class TokenSeen(Struct, frozen=True, kw_only=True):
    """A token in a slot. ``pin`` is ok, count_low, final_try, locked, unset or unknown; ``malformed`` counts
    certificates that cannot be read as X.509."""

    manufacturer: str
    model: str
    initialised: bool
    hardware: bool
    pin: str
    unreadable: bool
    malformed: int = 0
    certificates: list[Certificate] = field(default_factory=list)


class Module(Struct, frozen=True, kw_only=True):
    """What a module says: ``name`` is its file's, without the folder. ``trouble`` is empty, or the reason why there is
    nothing (``module_refused``, ``module_garbage``; ``unsupported``: the extra ``token`` is not installed)."""

    name: str
    description: str = ""
    version: str = ""
    trouble: str = ""
    tokens: list[TokenSeen] = field(default_factory=list)


def read(argument: dict[str, Any]) -> Module:
    """In the child: the tokens of the module at ``path``. The module may crash or hang: the caller sees to that."""
    from checks.kit import pkcs11

    ask = msgspec.convert(argument, Ask)
    name = base(ask.path)
    try:
        describe = Describer(ask)
    except ImportError:
        return Module(name=name, trouble=Reason.UNSUPPORTED)
    try:
        library = pkcs11.read(ask.path)
    except pkcs11.ModuleRefused:
        return Module(name=name, trouble=Reason.MODULE_REFUSED)
    except pkcs11.ModuleGarbage:
        return Module(name=name, trouble=Reason.MODULE_GARBAGE)
    tokens = [
        TokenSeen(
            manufacturer=token.manufacturer,
            model=token.model,
            initialised=token.initialised,
            hardware=token.hardware,
            pin=token.pin,
            unreadable=token.unreadable,
            malformed=malformed,
            certificates=certificates,
        )
        for token in library.tokens
        for certificates, malformed in [describe.all(token.certificates)]
    ]
    return Module(name=name, description=library.description, version=library.version, tokens=tokens)


def stored(argument: dict[str, Any]) -> list[Certificate] | None:
    """In the child: the signers' certificates of Windows' own store; None elsewhere."""
    from checks.kit import token_windows

    found = token_windows.personal()
    return None if found is None else described(msgspec.convert(argument, Ask), found)


def described(ask: Ask, values: list[bytes]) -> list[Certificate]:
    """What may be told of these certificates, authorities left out."""
    return [one for one in Describer(ask).all(values)[0] if not one.authority]


def base(path: str) -> str:
    """The file's name alone, whichever system wrote the path; at most 64 characters."""
    return path.replace("\\", "/").rpartition("/")[2][:64]


class Describer:
    """Says of certificates what may be told, by what was asked."""

    def __init__(self, ask: Ask) -> None:
        from checks.kit import authority, token_windows
        from checks.kit.vietnamese import folded

        self._ask, self._secret = ask, ask.secret or os.urandom(32)
        self._configured = authority.from_pem(ask.authorities)
        self._known = self._configured + authority.from_der(token_windows.authorities())
        self._names = frozenset(folded(name) for root in ask.roots for name in (root.name, *root.issuers))

    def all(self, values: list[bytes]) -> tuple[list[Certificate], int]:
        """What the certificates of one token are, each once, and how many are malformed."""
        from checks.kit import x509

        found: dict[bytes, x509.Parsed] = {}
        malformed = 0
        for value in values:
            try:
                one = x509.parse(value)
            except x509.Malformed:
                malformed += 1
                continue
            found[one.der] = one
        brought = [one for one in found.values() if one.authority]
        return [self._one(one, brought) for one in found.values()], malformed

    def _one(self, one: x509.Parsed, brought: list[x509.Parsed]) -> Certificate:
        from checks.kit import authority, signer, x509

        ask = self._ask
        found = authority.Lead(reason=None)
        if not one.authority:
            found = authority.lead(one, self._known, brought, ask.roots, ask.now)
        generation = authority.generation(one, found, ask.roots)
        issuer = found.above[0] if found.above else None
        vouched = found.root is not None or issuer in self._configured
        text = signer.issuer_text(one.issuer, one.subject, vouched, self._names)
        return Certificate(
            issuer=text,
            issuer_generation=generation.generation if generation else "other",
            generation_ends=generation.ends if generation else "",
            not_before=one.not_before,
            not_after=one.not_after,
            algorithm=x509.algorithm(one),
            signature=x509.signature(one),
            class_=signer.class_(one.subject),
            usage_signs=one.signs,
            former_unit=signer.former_unit(one.subject, ask.unit_names, ask.former_units),
            chain=found.reason or "",
            chain_ends=found.ends,
            fingerprint=_sealed(self._secret, one.der)[:16],
            authority=one.authority,
            root_by=found.root_by,
            crl=one.crl,
            ocsp=one.ocsp,
            issuer_der=issuer.der if issuer and text else b"",
            sealed_serial=_sealed(ask.seal or self._secret, x509.serial(one)),
        )


def _sealed(key: bytes, what: bytes) -> str:
    return hmac.new(key, what, "sha256").hexdigest()
