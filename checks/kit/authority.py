"""The authorities above a certificate, up to a configured root. Pure, but for the signatures it verifies.

cryptography's own verification refuses the certificates of signers (it wants a purpose of TLS), so the chain is built
here: by names without accents and case, since generations of one authority are written both ways, and by signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from msgspec import Struct

from checks.kit import signer, x509
from checks.kit.model import Reason
from checks.kit.token import Root
from checks.kit.vietnamese import folded, readings
from checks.kit.x509 import Malformed, Parsed

MAX_DEPTH = 8
MAX_VERIFIED = 128
"""Signatures that one chain may cost: a hostile token could hold hundreds of namesakes."""
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----")
_WORST = (None, Reason.ISSUER_EXPIRED, Reason.ISSUER_UNTRUSTED, Reason.ISSUER_MISSING, Reason.CERT_SIGNATURE)


class Lead(Struct, frozen=True, kw_only=True):
    """Where a chain leads. ``reason`` is None when it reaches a ``root``, valid all along the way; ``above`` are the
    authorities whose signatures were verified, nearest first; ``root_by`` is ``fingerprint`` or ``name``."""

    reason: Reason | None
    above: tuple[Parsed, ...] = ()
    root: Root | None = None
    root_by: str = ""

    @property
    def ends(self) -> int:
        """When the first of the authorities ends, epoch seconds; 0 without any."""
        return min((one.not_after for one in self.above), default=0)


def from_pem(texts: Iterable[str]) -> list[Parsed]:
    """The certificates in PEM texts; what is none is left out."""
    raw = []
    for block in (block for text in texts for block in _PEM.findall(text)):
        try:
            raw.append(base64.b64decode("".join(block.split()), validate=True))
        except binascii.Error:
            continue
    return from_der(raw)


def from_der(values: Iterable[bytes]) -> list[Parsed]:
    """The certificates that can be read, each once."""
    found: dict[bytes, Parsed] = {}
    for value in values:
        try:
            one = x509.parse(value)
        except Malformed:
            continue
        found[one.der] = one
    return list(found.values())


def lead(leaf: Parsed, known: Sequence[Parsed], brought: Sequence[Parsed], roots: Sequence[Root], now: int) -> Lead:
    """The best chain from `leaf` at `now` (epoch seconds) through the authorities `known` to this PC (configured, or
    the system's own) and those that the token `brought`, which may be anybody's: none of these is a root by its name.

    CERT_SIGNATURE: there are authorities of the issuer's name, and none of them signed it. ISSUER_MISSING: there is
    none, or the root that it ends at is only the token's word, and the PC has none of that name to tell by.
    ISSUER_UNTRUSTED: it ends at a root that is not configured, or passes one who may not issue. ISSUER_EXPIRED: one of
    the authorities is outside its validity.
    """
    return min(_Climb(known, brought, roots, now).leads(leaf, ()), key=lambda found: _WORST.index(found.reason))


def generation(leaf: Parsed, found: Lead, roots: Sequence[Root]) -> Root | None:
    """The configured root that `leaf` belongs to: by its chain, else by its issuer's name."""
    if found.root:
        return found.root
    said = {reading for text in signer.texts(leaf.issuer, "CN", "O") for reading in readings(text)}
    return next((root for root in roots if {folded(name) for name in (root.name, *root.issuers)} & said), None)


def matched(one: Parsed, roots: Sequence[Root], *, known: bool) -> tuple[Root | None, str]:
    """The configured root that this certificate is, and by what; a root with a fingerprint is matched by that alone,
    and only a certificate `known` to the PC by its name: on a token anybody may be called like the government."""
    said = {reading for text in signer.texts(one.subject, "CN", "O") for reading in readings(text)} if known else set()
    digest = hashlib.sha256(one.der).hexdigest()
    for root in roots:
        if root.sha256 and root.sha256.lower().replace(":", "") == digest:
            return root, "fingerprint"
        if not root.sha256 and folded(root.name) in said:
            return root, "name"
    return None, ""


def signed(child: Parsed, issuer: Parsed) -> bool:
    """Whether the key of `issuer` signed `child`, whatever their names."""
    try:
        child.certificate.verify_directly_issued_by(issuer.certificate)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return _by_key(child, issuer)  # the names differ in their bytes: by accents, or by the type of string
    return True


def _by_key(child: Parsed, issuer: Parsed) -> bool:
    certificate = child.certificate
    try:
        key, how, digest = (
            issuer.certificate.public_key(),
            certificate.signature_algorithm_parameters,
            certificate.signature_hash_algorithm,
        )
        if isinstance(key, rsa.RSAPublicKey) and digest and not isinstance(how, ec.ECDSA) and how:
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, how, digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(how, ec.ECDSA):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, how)
        else:
            return False
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _key(name: x509.Name) -> frozenset[str]:
    """What a name is compared by: its common name, or all of it."""
    return frozenset(folded(text) for text in signer.texts(name, "CN") or [text for _, text in name])


class _Climb:
    """Every way up, depth first."""

    def __init__(self, known: Sequence[Parsed], brought: Sequence[Parsed], roots: Sequence[Root], now: int) -> None:
        self._roots, self._now, self._verified = roots, now, 0
        self._known = {one.der: one for one in known}
        self._named: dict[frozenset[str], list[Parsed]] = {}
        for one in (*known, *(one for one in brought if one.der not in self._known)):
            self._named.setdefault(_key(one.subject), []).append(one)

    def leads(self, child: Parsed, below: tuple[Parsed, ...]) -> Iterator[Lead]:
        """Where the chains from `child` lead; `below` are the authorities already passed, `child` the last of them."""
        passed = {child.der, *(one.der for one in below)}
        namesakes = [one for one in self._named.get(_key(child.issuer), ()) if one.der not in passed]
        issuers = [one for one in namesakes if self._signed(child, one)]
        if issuers and len(below) < MAX_DEPTH:
            for one in issuers:
                yield from self._through(one, below)
        elif _key(child.issuer) == _key(child.subject):
            untold = bool(below) and self._untold(child)
            yield Lead(reason=Reason.ISSUER_MISSING if untold else Reason.ISSUER_UNTRUSTED, above=below)
        else:
            forged = namesakes and not issuers
            yield Lead(reason=Reason.CERT_SIGNATURE if forged else Reason.ISSUER_MISSING, above=below)

    def _through(self, issuer: Parsed, below: tuple[Parsed, ...]) -> Iterator[Lead]:
        above = (*below, issuer)
        root, root_by = matched(issuer, self._roots, known=issuer.der in self._known)
        if not _may_issue(issuer, below):
            yield Lead(reason=Reason.ISSUER_UNTRUSTED, above=above)
        elif root:
            valid = all(one.not_before <= self._now <= one.not_after for one in above)
            yield Lead(reason=None if valid else Reason.ISSUER_EXPIRED, above=above, root=root, root_by=root_by)
        else:
            yield from self.leads(issuer, above)

    def _untold(self, child: Parsed) -> bool:
        """Whether it is called like a root of which the PC has neither fingerprint nor certificate: it may be genuine,
        and what is missing is the one to tell by."""
        alike = [root for root in self._roots if not root.sha256 and matched(child, (root,), known=True)[0]]
        return bool(alike) and not any(matched(one, alike, known=True)[0] for one in self._known.values())

    def _signed(self, child: Parsed, issuer: Parsed) -> bool:
        self._verified += 1
        return self._verified <= MAX_VERIFIED and signed(child, issuer)


def _may_issue(issuer: Parsed, below: tuple[Parsed, ...]) -> bool:
    """RFC 5280 §6.1.4: a CA, for certificates, with no more CAs below it than it allows; renewed keys do not count."""
    between = sum(one.subject != one.issuer for one in below)
    return issuer.authority and issuer.certifies and (issuer.path_length is None or between <= issuer.path_length)
