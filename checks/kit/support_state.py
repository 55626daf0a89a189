"""What a PC's system says of its own upkeep, the same words for Linux and Windows. None is unknown, never "no"; each
finding names what it rests on, or why nothing is known."""

from __future__ import annotations

from msgspec import Struct


class Installed(Struct, frozen=True, kw_only=True):
    """The release: ``os`` as ``data/releases.json`` calls it, None for one that it does not have."""

    os: str | None = None
    edition: str | None = None
    version: str | None = None
    build: int | None = None


class Finding(Struct, frozen=True):
    """Yes, no or unknown, and the code of what says so."""

    value: bool | None
    basis: str


class Updates(Struct, frozen=True, kw_only=True):
    """How many updates wait, and the security fixes among them; when the system last learned of updates and when it
    last installed some, epoch seconds."""

    basis: str
    pending: int | None = None
    security: int | None = None
    checked: int | None = None
    installed: int | None = None


class Antivirus(Struct, frozen=True, kw_only=True):
    """Whether one is on, which, whether it calls itself up to date, and the age of its signatures, days."""

    on: Finding
    product: str | None = None
    current: bool | None = None
    days: int | None = None


class Screen(Struct, frozen=True):
    """Whether policy locks the screen, and after how many seconds."""

    locks: Finding
    after: int | None = None


class State(Struct, frozen=True, kw_only=True):
    """All of it."""

    installed: Installed
    reboot: Finding
    updates: Updates
    antivirus: Antivirus
    firewall: Finding
    encryption: Finding
    screen: Screen
