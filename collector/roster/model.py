"""What a unit should have: people, equipment, a line, and a station for each machine. Keyed by the official code."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from msgspec import Struct, structs

SiteKind = Literal["service_point", "branch", "office"]
SITE_KINDS: tuple[SiteKind, ...] = ("service_point", "branch", "office")
Role = Literal["counter", "kiosk", "back_office", "router"]
ROLES: tuple[Role, ...] = ("counter", "kiosk", "back_office", "router")
DEVICE_ROLES: dict[str, str] = {"counter": "pc", "back_office": "pc", "kiosk": "kiosk", "router": "router"}
"""The role that the device at a station of this role enrols with."""
HIDDEN = "***"
"""Stands for a secret that is shown to nobody; on import: as it was."""
SECRETS = ("community", "auth_key", "privacy_key")
Key = tuple[str, str]
"""A station or site: its unit's code, and its id within the unit."""


class Snmp(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the unit's router is asked; names and meanings are those of the parameters of the check ``uplink``.

    Three of them are secrets (``SECRETS``): ``repr`` leaves them out.
    """

    host: str = ""
    port: int = 161
    version: Literal["2c", "3"] = "2c"
    community: str = ""
    user: str = ""
    auth_protocol: Literal["SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "MD5"] = "SHA"
    auth_key: str = ""
    privacy_protocol: Literal["AES", "AES-192", "AES-256", "DES"] = "AES"
    privacy_key: str = ""
    interface: str = ""

    def __repr__(self) -> str:
        return f"Snmp(host={self.host!r}, version={self.version!r})"

    def hidden(self) -> Snmp:
        """The same with ``***`` for each secret that is set."""
        return structs.replace(self, **{name: HIDDEN for name in SECRETS if getattr(self, name)})


class UnitRoster(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a unit should have. None: not told. Capacities are in Mbit/s."""

    unit: str
    staff: int | None = None
    signers: int | None = None
    counters: int | None = None
    printers: int | None = None
    scanners: int | None = None
    cameras: int | None = None
    qr_readers: int | None = None
    kiosks: int | None = None
    provider: str = ""
    contracted_down_mbps: float | None = None
    contracted_up_mbps: float | None = None
    snmp: Snmp | None = None
    note: str = ""

    def hidden(self) -> UnitRoster:
        """The same without its secrets."""
        return self if self.snmp is None else structs.replace(self, snmp=self.snmp.hidden())

    def uplink(self) -> dict[str, Any]:
        """Parameters of the check ``uplink`` that follow from the roster: the router, and what is contracted."""
        told = {} if self.snmp is None else structs.asdict(self.snmp)
        default = structs.asdict(Snmp())
        told = {name: value for name, value in told.items() if value != default[name]}
        capacity = {"capacity_down_mbps": self.contracted_down_mbps, "capacity_up_mbps": self.contracted_up_mbps}
        return told | {name: value for name, value in capacity.items() if value is not None}


class Site(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An office of a unit: a point where people are served, a branch of one, or any other."""

    unit: str
    id: str
    name: str
    kind: SiteKind = "office"
    address: str = ""

    @property
    def key(self) -> Key:
        return self.unit, self.id


class Station(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place with a machine. ``site`` is empty where the unit has but one office.

    ``purchase_date`` is ``2023-05-17``, ``2023-05`` or ``2023``: as exact as it was told (:func:`purchased`). With
    ``agent`` false no measurement is expected. ``device`` is the enrolled device that stands there; ``retired_at``
    (µs since the epoch) tells since when the roster names it no more.
    """

    unit: str
    id: str
    role: Role
    site: str = ""
    title: str = ""
    purchase_date: str | None = None
    model: str = ""
    signer: bool = False
    agent: bool = True
    note: str = ""
    device: str | None = None
    retired_at: int | None = None

    @property
    def key(self) -> Key:
        return self.unit, self.id

    @property
    def called(self) -> str:
        """``Q01 · Quầy 1``."""
        return " · ".join(part for part in (self.id, self.title) if part)

    @property
    def device_role(self) -> str:
        return DEVICE_ROLES[self.role]


class Roster(Struct, frozen=True, kw_only=True):
    """All of it at one moment. ``mark`` names that moment; stations and sites go by unit, in order of their ids."""

    mark: int = 0
    units: dict[str, UnitRoster] = {}
    sites: dict[str, list[Site]] = {}
    stations: dict[str, list[Station]] = {}

    @property
    def codes(self) -> list[str]:
        """Units of which anything is told, in order."""
        return sorted({*self.units, *self.sites, *self.stations})


def purchased(text: str) -> tuple[datetime.date, int]:
    """The day in the middle of what a ``purchase_date`` tells, and how many days off the true day may be.

    ``2023-05-17`` is itself (0), ``2023-05`` the 16th (15), ``2023`` 2 July (183).
    """
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 1:
        return datetime.date(parts[0], 7, 2), 183
    if len(parts) == 2:
        return datetime.date(parts[0], parts[1], 16), 15
    return datetime.date(*parts), 0


def date_text(value: str) -> str:
    """``2023-05-17`` as people write it: ``17/05/2023``; ``2023-05`` is ``05/2023``."""
    return "/".join(reversed(value.split("-")))
