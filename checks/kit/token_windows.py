"""What Windows knows of smart cards and certificates beside PC/SC. Not yet proven on a PC: thin, from documentation.

The certificate store is a second source: a certificate stays in it when its token is unplugged, so it proves nothing
about presence (OpenSC issue 3104).
"""

from __future__ import annotations

import sys

from msgspec import Struct

from checks.kit.host import Host

MAX_STORED = 2000
_SERVICE = r"SYSTEM\CurrentControlSet\Services\SCardSvr"
_GLASS = r"SYSTEM\CurrentControlSet\Control\Terminal Server"
_DISABLED = 4
_REMOTE_SESSION = 0x1000  # SM_REMOTESESSION


class Session(Struct, frozen=True):
    """Where this process runs: its session, the one whose screen and USB are the PC's own (None: unknown), and whether
    Windows calls it remote. Services run in session 0."""

    number: int
    console: int | None
    remote: bool


def redirected(session: Session) -> bool:
    """Whether PC/SC shows another PC's readers here ("Detecting the Remote Desktop Services environment", Microsoft):
    in a remote session, and in one that is not at the console's glass. Session 0 sees the PC's own."""
    if session.number == 0:
        return False
    return session.remote or (session.console is not None and session.number != session.console)


def disabled(host: Host) -> bool:
    """Whether the smart-card service may not start. Otherwise Windows starts it with the first reader and stops it
    after the last: that it does not run then means that there is no reader."""
    return host.registry(_SERVICE, "Start") == _DISABLED


def session(host: Host) -> Session | None:
    """The session of this process; None elsewhere than on Windows, or when it cannot be told."""
    if sys.platform == "win32":
        import ctypes
        import os

        number = ctypes.c_ulong()
        if ctypes.windll.kernel32.ProcessIdToSessionId(os.getpid(), ctypes.byref(number)):
            glass = host.registry(_GLASS, "GlassSessionId")
            remote = bool(ctypes.windll.user32.GetSystemMetrics(_REMOTE_SESSION))
            return Session(number.value, glass if isinstance(glass, int) else None, remote)
    return None


def authorities() -> list[bytes]:
    """The certificates of the system's authorities, roots and intermediates, as DER; none elsewhere than on Windows."""
    return [*(_stored("CA") or ()), *(_stored("ROOT") or ())]


def personal() -> list[bytes] | None:
    """The certificates of the account's own store, as DER; None elsewhere than on Windows."""
    return _stored("MY")


def _stored(name: str) -> list[bytes] | None:
    if sys.platform == "win32":
        import ssl

        try:
            found = ssl.enum_certificates(name)
        except OSError:
            return None
        return [der for der, encoding, _ in found if encoding == "x509_asn"][:MAX_STORED]
    return None
