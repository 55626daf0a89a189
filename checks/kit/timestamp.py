"""Time stamps (RFC 3161): a question about nothing, and whether the answer is right."""

from __future__ import annotations

import hmac
import os
import re
import warnings
from collections.abc import Sequence
from typing import Any

import rfc3161_client
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from msgspec import Struct
from rfc3161_client import HashAlgorithm, PKIStatus, TimestampRequestBuilder, VerifierBuilder

from checks.kit.model import Reason

KIND = "application/timestamp-query"
_GRANTED = (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class Question(Struct, frozen=True):
    """What to send, and what must stand in the answer."""

    request: bytes
    digest: bytes
    nonce: int


class Stamp(Struct, frozen=True):
    """A right answer: the server's time (epoch seconds), how exact it says that is (seconds, None: it does not say),
    the policy it stamps under, and whether a configured root vouches for it."""

    time: float
    accuracy: float | None
    policy: str
    vouched: bool


class Unfit(Exception):
    """The answer is none. ``reason`` is TSA_REFUSED, TSA_MALFORMED, TSA_MISMATCH or TSA_UNTRUSTED."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def question() -> Question:
    """A question for a stamp on 32 random bytes, of which the server sees the SHA-256."""
    builder = TimestampRequestBuilder().data(os.urandom(32)).hash_algorithm(HashAlgorithm.SHA256)
    made = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    return Question(made.as_bytes(), made.message_imprint.message, made.nonce or 0)


def judge(data: bytes, asked: Question, roots: Sequence[str]) -> Stamp:
    """The stamp in `data`, when it answers `asked` and its chain leads to one of `roots` (PEM texts).

    Without roots its signature is not verified; that its certificate is one for time stamps is.
    Raises Unfit, and nothing else whatever the bytes are.
    """
    try:
        with warnings.catch_warnings():  # cryptography warns of serial numbers that are not positive
            warnings.simplefilter("ignore")
            return _judged(rfc3161_client.decode_timestamp_response(data), asked, _certificates(roots))
    except Unfit:
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as why:  # a panic of the parser, written in Rust, is no Exception
        raise Unfit(Reason.TSA_MALFORMED, f"the answer cannot be read ({type(why).__name__})") from None


def _judged(found: Any, asked: Question, roots: list[x509.Certificate]) -> Stamp:
    if found.status not in _GRANTED:
        named = {one.value: one.name.lower() for one in PKIStatus}
        raise Unfit(Reason.TSA_REFUSED, f"the server says {named.get(found.status, 'nothing known')}")
    said = found.tst_info
    if not hmac.compare_digest(bytes(said.message_imprint.message), asked.digest):
        raise Unfit(Reason.TSA_MISMATCH, "the stamp is on something else")
    if said.nonce != asked.nonce:
        raise Unfit(Reason.TSA_MISMATCH, "the stamp answers another request")
    _for_stamps(found)
    if roots:
        _verify(found, asked, roots)
    return Stamp(said.gen_time.timestamp(), _accuracy(said.accuracy), said.policy.dotted_string[:128], bool(roots))


def _for_stamps(found: Any) -> None:
    """RFC 3161 §2.3: the signer's certificate is there, and for time stamps alone, critically."""
    signers = list(found.signed_data.signer_infos)
    if len(signers) != 1:
        raise Unfit(Reason.TSA_MALFORMED, "the stamp has not one signature")
    for certificate in (x509.load_der_x509_certificate(bytes(one)) for one in found.signed_data.certificates):
        if (certificate.issuer, certificate.serial_number) == (signers[0].issuer, signers[0].serial_number):
            try:
                purpose = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
            except x509.ExtensionNotFound:
                break
            if purpose.critical and list(purpose.value) == [x509.oid.ExtendedKeyUsageOID.TIME_STAMPING]:
                return
            break
    else:
        raise Unfit(Reason.TSA_UNTRUSTED, "the signer's certificate does not come with the stamp")
    raise Unfit(Reason.TSA_UNTRUSTED, "the signer's certificate is not for time stamps")


class _Granted:
    """An answer that was granted with changes, as one that was granted: the library takes no other (RFC 3161 §2.4.2
    does)."""

    status = PKIStatus.GRANTED.value

    def __init__(self, found: Any) -> None:
        self._found = found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found, name)


def _verify(found: Any, asked: Question, roots: list[x509.Certificate]) -> None:
    answer: Any = _Granted(found)
    try:
        VerifierBuilder(roots=roots, nonce=asked.nonce).build().verify(answer, asked.digest)
    except (rfc3161_client.VerificationError, ValueError, UnsupportedAlgorithm):
        raise Unfit(Reason.TSA_UNTRUSTED, "no configured root vouches for the stamp") from None


def _accuracy(said: Any) -> float | None:
    if said is None:
        return None
    return float((said.seconds or 0) + (said.millis or 0) / 1e3 + (said.micros or 0) / 1e6)


def _certificates(texts: Sequence[str]) -> list[x509.Certificate]:
    blocks = [block for text in texts for block in _PEM.findall(text)]
    return list(dict.fromkeys(x509.load_pem_x509_certificate(block.encode()) for block in blocks))
