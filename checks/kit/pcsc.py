"""What PC/SC sees: readers, and what is in them. Nothing is sent to a card; no connection to one is made.

pyscard is loaded by the call alone, so that importing this file costs nothing where it is not installed.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import Struct, field

from checks.kit.model import Reason

FUNCTION = "checks.kit.pcsc:look"
"""For ``env.child``: anything gives a :class:`Readers`."""
State = Literal["present", "exclusive", "mute", "empty"]
MAX_READERS, MAX_NAME = 16, 64
_VIRTUAL = ("windows hello", "microsoft virtual", "microsoft uicc")
"""Readers that Windows makes up for itself: no token is ever in one."""

_SERIAL = re.compile(
    r"(?<!\S)(?=(?:[^\s\d]*\d){5})\S+"
    r"|(?<![0-9A-Za-z])(?=[A-Fa-f:_-]*\d)[0-9A-Fa-f]{2,}(?:[-:_][0-9A-Fa-f]{2,})+(?![0-9A-Za-z])"
    r"|\b(?=[0-9A-Fa-f]*\d)[0-9A-Fa-f]{8,}\b"
)
"""A word with five digits or more, hexadecimal groups, a long hexadecimal number: models have fewer digits."""


class Reader(Struct, frozen=True):
    """A reader: its maker's and model's name, whether a card answers in it (``exclusive``: another program holds it),
    and that answer to reset, hexadecimal."""

    name: str
    state: State
    atr: str = ""


class Readers(Struct, frozen=True):
    """What PC/SC says, or, as a reason, why it says nothing (``trouble``)."""

    readers: list[Reader] = field(default_factory=list)
    trouble: str = ""

    @property
    def cards(self) -> list[Reader]:
        """The readers in which something answers."""
        return [reader for reader in self.readers if reader.state in ("present", "exclusive")]

    @property
    def mute(self) -> bool:
        return any(reader.state == "mute" for reader in self.readers)


def look(_: Any) -> Readers:
    """The readers of this PC as they are now. Trouble is PCSC_STOPPED, READER_REDIRECTED, PERMISSION or, without
    pyscard (the extra ``token``) or its library, UNSUPPORTED."""
    from checks.kit import token_windows
    from checks.kit.host import Host

    session = token_windows.session(Host())
    if session and token_windows.redirected(session):
        return Readers(trouble=Reason.READER_REDIRECTED)
    try:
        from smartcard import scard
    except (ImportError, OSError):
        return Readers(trouble=Reason.UNSUPPORTED)
    failed, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if failed:
        return Readers(trouble=_trouble(scard, failed))
    try:
        return _readers(scard, context)
    finally:
        scard.SCardReleaseContext(context)


def plain(name: str) -> str:
    """A reader's name without what tells it from its twins: serial number in parentheses, interface, index."""
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name)
    bare = re.sub(r"(\s+[0-9A-Fa-f]{1,2}){1,2}\s*$", "", bare)
    bare = _SERIAL.sub(" ", bare)
    shown = "".join(letter if letter.isprintable() else " " for letter in bare)
    return " ".join(shown.split())[:MAX_NAME]


def state(flags: int, atr: bytes, names: Any) -> State:
    """What the flags of SCardGetStatusChange say; `names` holds their values."""
    if flags & names.SCARD_STATE_MUTE:
        return "mute"
    if not flags & names.SCARD_STATE_PRESENT:
        return "empty"
    if not atr:
        return "mute"
    return "exclusive" if flags & names.SCARD_STATE_EXCLUSIVE else "present"


def _readers(scard: Any, context: Any) -> Readers:
    failed, names = scard.SCardListReaders(context, [])
    if failed == scard.SCARD_E_NO_READERS_AVAILABLE:
        return Readers()
    if failed:
        return Readers(trouble=_trouble(scard, failed))
    own = [name for name in names if not name.lower().startswith(_VIRTUAL)][:MAX_READERS]
    if not own:
        return Readers()
    failed, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE) for name in own])
    if failed and failed != scard.SCARD_E_TIMEOUT:
        return Readers(trouble=_trouble(scard, failed))
    return Readers(
        [
            Reader(plain(name), state(flags, bytes(atr), scard), bytes(atr)[:33].hex().upper())
            for name, flags, atr in states
        ]
    )


def _trouble(scard: Any, failed: int) -> Reason:
    refused = (scard.SCARD_W_SECURITY_VIOLATION, scard.SCARD_E_NO_ACCESS)
    return Reason.PERMISSION if failed in refused else Reason.PCSC_STOPPED
