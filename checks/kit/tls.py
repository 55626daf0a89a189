"""TLS handshakes that are always verified, and why one was not accepted.

Contexts are kept: building one costs milliseconds, and the system's bundle 0.9 MB unless OpenSSL may look
certificates up one by one in a hashed directory.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import time
from collections.abc import Callable

from msgspec import Struct

from checks.kit import certificate as certificates
from checks.kit.certificate import Certificate, Chain, folded
from checks.kit.failure import NetError, from_os
from checks.kit.model import Reason

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: everything but the dates is still verified
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED, _FOREIGN_ROOT = 18, 19
_OTHER_NAME = (62, 64)
# What OpenSSL says when the server's best version is below ours, by its hello or by its alert.
_OLD_VERSION = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"}


class Trust(Struct, frozen=True):
    """Whom to believe. ``ca_file`` replaces the system's authorities; with ``issuers`` (organisation or common name),
    ``sha256`` (of the certificate) or ``keys`` (SHA-256 of the public key, base64, as curl's ``--pinnedpubkey`` takes
    it), any other certificate is taken for an interception, valid or not."""

    ca_file: str = ""
    issuers: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def pinned(self) -> bool:
        return bool(self.issuers or self.sha256 or self.keys)


class Secured(Struct, frozen=True):
    """A verified connection. ``took`` is the handshake in seconds; ``chain`` is None where Python does not tell it."""

    sock: ssl.SSLSocket
    took: float
    version: str
    certificate: Certificate
    chain: Chain | None


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


def handshake(
    raw: socket.socket,
    host: str,
    trust: Trust,
    context: ssl.SSLContext,
    timeout: float,
    close: Callable[[socket.socket], None] = socket.socket.close,
) -> Secured:
    """`raw` as a verified TLS connection to `host`, within `timeout` seconds.

    Raises NetError: the TLS reasons, TCP_RESET. The connection has been given to `close` then.
    """
    raw.settimeout(max(timeout, 0.001))
    started = time.perf_counter()
    try:
        # bytes, because ssl would import the IDNA tables (1.4 MB) for text
        sock = context.wrap_socket(raw, server_hostname=host.encode("ascii"), do_handshake_on_connect=False)
    except (OSError, ValueError) as why:  # ValueError: there was an answer before our hello
        close(raw)
        raise _refused(why, trust) from None
    try:
        sock.do_handshake()
        took = time.perf_counter() - started
        certificate = certificates.describe(sock.getpeercert() or {}, sock.getpeercert(binary_form=True) or b"")
        _check_pins(certificate, trust)
        return Secured(sock, took, sock.version() or "", certificate, _chain(sock))
    except (OSError, ValueError) as why:
        close(sock)
        raise _refused(why, trust) from None
    except BaseException:
        close(sock)
        raise


def _refused(why: OSError | ValueError, trust: Trust) -> NetError:
    if isinstance(why, ssl.SSLCertVerificationError):
        return _unverified(why, trust)
    if isinstance(why, ssl.SSLError) and why.reason in _OLD_VERSION:
        return NetError(Reason.TLS_VERSION, "the server offers no TLS 1.2 or newer")
    if isinstance(why, (ssl.SSLError, ValueError)):
        words = _plain(why) if isinstance(why, ssl.SSLError) else "not connected"
        return NetError(Reason.TLS_HANDSHAKE, f"the handshake failed: {words}")
    return from_os(why, Reason.TLS_TIMEOUT, "during the TLS handshake")


def _chain(sock: ssl.SSLSocket) -> Chain | None:
    """The chain as OpenSSL verified it. Python keeps it behind a private name until 3.13, which keeps it there too."""
    verified = getattr(getattr(sock, "_sslobj", None), "get_verified_chain", None)
    try:
        return certificates.chain([link.get_info() for link in verified() or ()]) if verified else None
    except (AttributeError, TypeError, ValueError, ssl.SSLError):
        return None


def _check_pins(certificate: Certificate, trust: Trust) -> None:
    wanted = {pin.replace(":", "").lower() for pin in trust.sha256}
    if wanted and certificate.sha256 not in wanted:
        raise NetError(Reason.TLS_INTERCEPTED, "the certificate is valid but not the pinned one")
    if trust.keys and certificate.key not in {pin.removeprefix("sha256//") for pin in trust.keys}:
        raise NetError(Reason.TLS_INTERCEPTED, "the certificate is valid but its key is not the pinned one")
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
    # A foreign root, where one certificate or issuer was expected: somebody answers in the system's place.
    if code in (_SELF_SIGNED, _FOREIGN_ROOT) and trust.pinned:
        return NetError(Reason.TLS_INTERCEPTED, words)
    if code == _SELF_SIGNED:
        return NetError(Reason.TLS_SELF_SIGNED, "the certificate is signed by nobody but itself")
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
