"""TLS handshakes that are always verified, and why one was not accepted.

Contexts are kept: building one costs milliseconds, and the system's bundle 0.9 MB unless OpenSSL may look
certificates up one by one in a hashed directory.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import socket
import ssl
import time
from collections.abc import Mapping

from msgspec import Struct

from checks.kit.failure import NetError, from_os
from checks.kit.model import Reason

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: everything but the dates is still verified
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED = (18, 19)
_OTHER_NAME = (62, 64)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


class Trust(Struct, frozen=True):
    """Whom to believe. ``ca_file`` replaces the system's authorities; with ``issuers`` (organisation or common name)
    or ``sha256`` (of the certificate), any other certificate is taken for an interception, valid or not."""

    ca_file: str = ""
    issuers: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()

    @property
    def pinned(self) -> bool:
        return bool(self.issuers or self.sha256)


class Certificate(Struct, frozen=True):
    """What is kept of a certificate: its issuer (organisation, else common name) and its dates, epoch seconds."""

    issuer: str
    names: tuple[str, ...]
    not_before: int
    not_after: int
    sha256: str


class Secured(Struct, frozen=True):
    """A verified connection. ``took`` is the handshake in seconds."""

    sock: ssl.SSLSocket
    took: float
    version: str
    certificate: Certificate


class Contexts:
    """Client contexts by CA file; a file that changes is read again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], tuple[float, ssl.SSLContext]] = {}

    def get(self, ca_file: str, check_time: bool = True) -> ssl.SSLContext:
        """A verifying context. Raises NetError BAD_PARAMS when the file cannot be used."""
        try:
            stamp = os.stat(ca_file).st_mtime if ca_file else 0.0  # noqa: PTH116 - see clock.py
            known = self._known.get((ca_file, check_time))
            if known and known[0] == stamp:
                return known[1]
            made = _context(ca_file, check_time)
        except OSError as why:
            raise NetError(Reason.BAD_PARAMS, f"ca_file cannot be used: {_plain(why)}") from None
        self._known[(ca_file, check_time)] = (stamp, made)
        return made


def handshake(raw: socket.socket, host: str, trust: Trust, context: ssl.SSLContext, timeout: float) -> Secured:
    """`raw` as a verified TLS connection to `host`, within `timeout` seconds.

    Raises NetError: the TLS reasons, TCP_RESET. `raw` is closed then.
    """
    raw.settimeout(max(timeout, 0.001))
    started = time.perf_counter()
    try:
        # bytes, because ssl would import the IDNA tables (1.4 MB) for text
        sock = context.wrap_socket(raw, server_hostname=host.encode("ascii"))
    except ssl.SSLCertVerificationError as why:
        raise _unverified(why, trust) from None
    except ssl.SSLError as why:
        raise NetError(Reason.TLS_HANDSHAKE, f"the handshake failed: {_plain(why)}") from None
    except OSError as why:
        raise from_os(why, Reason.TLS_TIMEOUT, "during the TLS handshake") from None
    except BaseException:
        raw.close()
        raise
    took = time.perf_counter() - started
    try:
        certificate = describe(sock.getpeercert() or {}, sock.getpeercert(binary_form=True) or b"")
        _check_pins(certificate, trust)
    except BaseException:
        sock.close()
        raise
    return Secured(sock, took, sock.version() or "", certificate)


def describe(fields: Mapping[str, object], der: bytes) -> Certificate:
    """A certificate from what ``SSLSocket.getpeercert()`` gives."""
    pairs = _issuer(fields.get("issuer", ()))
    names = tuple(value for key in ("organizationName", "commonName") for name, value in pairs if name == key)
    return Certificate(
        issuer=names[0] if names else "",
        names=names,
        not_before=seconds(str(fields.get("notBefore", ""))),
        not_after=seconds(str(fields.get("notAfter", ""))),
        sha256=hashlib.sha256(der).hexdigest(),
    )


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


def _issuer(raw: object) -> list[tuple[str, str]]:
    parts = raw if isinstance(raw, tuple) else ()
    return [(str(name), str(value)) for part in parts for name, value in part]


def _check_pins(certificate: Certificate, trust: Trust) -> None:
    wanted = {pin.replace(":", "").lower() for pin in trust.sha256}
    if wanted and certificate.sha256 not in wanted:
        raise NetError(Reason.TLS_INTERCEPTED, "the certificate is valid but not the pinned one")
    if trust.issuers and not {folded(name) for name in trust.issuers} & {folded(name) for name in certificate.names}:
        raise NetError(Reason.TLS_INTERCEPTED, "the certificate is valid but not from the pinned issuer")


def _unverified(why: ssl.SSLCertVerificationError, trust: Trust) -> NetError:
    code, words = why.verify_code, f"the certificate was refused: {why.verify_message}"
    if code == _EXPIRED:
        return NetError(Reason.TLS_EXPIRED, words)
    if code == _NOT_YET_VALID:
        return NetError(Reason.TLS_NOT_YET_VALID, words)
    if code in _OTHER_NAME:
        return NetError(Reason.TLS_NAME, "the certificate is for another name")
    # A chain that ends in a foreign root, where one issuer was expected: somebody answers in the system's place.
    if code in _SELF_SIGNED and trust.pinned:
        return NetError(Reason.TLS_INTERCEPTED, words)
    return NetError(Reason.TLS_UNTRUSTED, words)


def _context(ca_file: str, check_time: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not check_time:
        context.verify_flags |= NO_CHECK_TIME
    hashed = "" if ca_file else _hashed_directory()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    elif hashed:
        context.load_verify_locations(capath=hashed)
    else:
        context.load_default_certs()
    return context


def _hashed_directory() -> str:
    """The system's directory of certificates when OpenSSL can look them up in it one by one."""
    if "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ:
        return ""
    directory = ssl.get_default_verify_paths().capath or ""
    try:
        return directory if any(re.fullmatch(r"[0-9a-f]{8}\.\d", name) for name in os.listdir(directory)) else ""  # noqa: PTH208
    except OSError:
        return ""


def _plain(why: OSError) -> str:
    if isinstance(why, ssl.SSLError):
        return (why.reason or "unknown").replace("_", " ").lower()
    return (why.strerror or type(why).__name__).lower()
