"""Revocation: lists (RFC 5280 §5) and the online protocol (RFC 6960), read and verified with cryptography.

Which certificate is asked about leaves the PC in neither: a list is searched here, for serial numbers that are known
only as HMACs under the caller's key, and the online responder is asked about a random number that it never issued.
"""

from __future__ import annotations

import datetime
import hmac
import secrets
import warnings
from collections.abc import Collection, Iterable, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from msgspec import Struct

from checks.kit.der import DerError

SERIAL_BITS = 127
"""Of the number that is asked about: more than chance finds again, positive, and within 16 bytes."""
_ANSWERS = {ocsp.OCSPResponseStatus.UNAUTHORIZED, ocsp.OCSPResponseStatus.SIG_REQUIRED}
"""What a responder that works says to a question it may refuse: RFC 5019 §2.2.3 for a number it does not know."""
_BROKEN = (
    ValueError, TypeError, KeyError, OverflowError, UnsupportedAlgorithm, NotImplementedError,
    x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType,
)  # fmt: skip


class Forged(Exception):
    """The signature is not that of whom it should come from."""


class List(Struct, frozen=True):
    """What a list says: the sealed serial numbers in it among those that were looked for; None where it was not
    searched, because nothing vouches for it or because it does not speak for all certificates of its issuer."""

    verified: bool
    revoked: frozenset[str] | None


class Question(Struct, frozen=True):
    """What to send to a responder, and the number it asks about."""

    request: bytes
    serial: int


class Answer(Struct, frozen=True):
    """What a responder says: ``good``, ``revoked`` or ``unknown`` with the times of it (epoch seconds, 0: not said), or
    that it does not answer such questions (``unauthorized``, ``sig_required``), which nobody signs."""

    status: str
    begins: int = 0
    ends: int = 0


def sealed(seal: bytes, serial: int) -> str:
    """A serial number as :class:`checks.kit.token.Certificate` seals it."""
    number = abs(serial)
    return hmac.digest(seal, number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"), "sha256").hex()


def read(der: bytes, issuers: Sequence[bytes], certain: bool, seal: bytes, wanted: Collection[str]) -> List:
    """The list `der`, verified with the key of one of `issuers` (certificates, DER), searched for `wanted`.

    `certain` says that the right one is among `issuers`. Raises DerError, and Forged when none of those has signed it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = x509.load_der_x509_crl(der)
            if not any(_signed_list(found, issuer) for issuer in _certificates(issuers)):
                if certain:
                    raise Forged("the list is not signed by the certificate's issuer")
                return List(verified=False, revoked=None)
            if not _speaks_for_all(found):
                return List(verified=True, revoked=None)
            numbers = (sealed(seal, entry.serial_number) for entry in found) if wanted else ()
            return List(verified=True, revoked=frozenset(wanted) & frozenset(numbers))
    except _BROKEN as why:
        raise DerError(f"the list cannot be read ({type(why).__name__})") from None


def question(issuer: bytes) -> Question:
    """A question about a certificate of `issuer` (DER) that does not exist. Raises DerError for what is no issuer.

    Numbers and names are hashed with SHA-1, the one digest that every responder knows (RFC 5019 §2.1.1)."""
    serial = secrets.randbits(SERIAL_BITS) | 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of serial numbers that are not positive
            certificate = x509.load_der_x509_certificate(issuer)
        name = _sha1(certificate.subject.public_bytes())
        key = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest  # SHA-1 of the bare key
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name, key, serial, hashes.SHA1())  # noqa: S303
        return Question(builder.build().public_bytes(serialization.Encoding.DER), serial)
    except _BROKEN as why:
        raise DerError(f"the issuer cannot be read ({type(why).__name__})") from None


def answer(data: bytes, issuer: bytes, serial: int, now: float) -> Answer:
    """What the responder says of the certificate `serial` of `issuer`. Its signature must be the issuer's, or that of
    a certificate which the issuer gave for this and which is valid at `now` (RFC 6960 §4.2.2.2).

    Raises DerError, also for an answer to something else and for a responder that says it cannot answer; Forged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ocsp.load_der_ocsp_response(data)
            status = found.response_status
            if status in _ANSWERS:
                return Answer(status.name.lower())
            if status != ocsp.OCSPResponseStatus.SUCCESSFUL:
                raise DerError(f"the responder says {status.name.lower()}")
            single = next((one for one in found.responses if one.serial_number == serial), None)
            if single is None:
                raise DerError("the answer is to another question")
            _vouched(found, x509.load_der_x509_certificate(issuer), now)
            return Answer(
                single.certificate_status.name.lower(), _epoch(single.this_update_utc), _epoch(single.next_update_utc)
            )
    except _BROKEN as why:
        raise DerError(f"the answer cannot be read ({type(why).__name__})") from None


def _certificates(values: Iterable[bytes]) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(value) for value in dict.fromkeys(values)]


def _signed_list(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return False
    try:
        return found.is_signature_valid(key)
    except _BROKEN:  # signed with another kind of key
        return False


def _speaks_for_all(found: x509.CertificateRevocationList) -> bool:
    """Whether a signer's certificate that is not in it is not revoked: no delta, no list of other issuers'
    certificates, of authorities' or of attributes' only, or of some reasons only (RFC 5280 §5.2.5)."""
    kinds = {one.oid: one.value for one in found.extensions}
    point = kinds.get(x509.oid.ExtensionOID.ISSUING_DISTRIBUTION_POINT)
    partial = isinstance(point, x509.IssuingDistributionPoint) and (
        point.indirect_crl
        or point.only_contains_ca_certs
        or point.only_contains_attribute_certs
        or point.only_some_reasons is not None
    )
    return x509.oid.ExtensionOID.DELTA_CRL_INDICATOR not in kinds and not partial


def _vouched(found: ocsp.OCSPResponse, issuer: x509.Certificate, now: float) -> None:
    delegated = [one for one in found.certificates if one != issuer and _delegate(one, issuer, now)]
    if not any(_signed_answer(found, one) for one in (issuer, *delegated)):
        raise Forged("the answer is not signed by the issuer or by whom it named")


def _delegate(one: x509.Certificate, issuer: x509.Certificate, now: float) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
        purposes = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, x509.ExtensionNotFound, *_BROKEN):
        return False
    valid = one.not_valid_before_utc.timestamp() <= now <= one.not_valid_after_utc.timestamp()
    return valid and x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING in purposes


def _signed_answer(found: ocsp.OCSPResponse, by: x509.Certificate) -> bool:
    key, digest = by.public_key(), found.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest:
            key.verify(found.signature, found.tbs_response_bytes, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest:
            key.verify(found.signature, found.tbs_response_bytes, ec.ECDSA(digest))
        else:
            return False
    except (InvalidSignature, *_BROKEN):
        return False
    return True


def _sha1(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303
    digest.update(data)
    return digest.finalize()


def _epoch(when: datetime.datetime | None) -> int:
    return int(when.timestamp()) if when else 0
