"""Until when the maker of an operating system mends it: the dated table ``data/releases.json``.

Every row of the table names its source. What the table does not have is unknown, never out of support: a release may
be newer than the table.
"""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

Confidence = Literal["published", "copied", "reckoned", "recalled"]
Basis = Literal["data_file", "unknown_release", "unknown_edition", "implausible_clock"]
NAMES = {
    "windows-7": "Windows 7", "windows-8": "Windows", "windows-10": "Windows 10", "windows-11": "Windows 11",
    "windows-server": "Windows Server", "debian": "Debian", "ubuntu": "Ubuntu", "linuxmint": "Linux Mint",
}  # fmt: skip
_WHOLE = ("windows-7", "windows-8")  # one end for all editions
_HOME_PRO = frozenset((
    "Cloud", "CloudEdition", "CloudN", "Core", "CoreCountrySpecific", "CoreN", "CoreSingleLanguage", "Professional",
    "ProfessionalCountrySpecific", "ProfessionalEducation", "ProfessionalEducationN", "ProfessionalN",
    "ProfessionalSingleLanguage", "ProfessionalWorkstation", "ProfessionalWorkstationN",
))  # fmt: skip
_ENTERPRISE = frozenset(("Education", "EducationN", "Enterprise", "EnterpriseN", "IoTEnterprise", "ServerRdsh"))
_LONG_TERM = {
    "EnterpriseS": "ltsc",
    "EnterpriseSN": "ltsc",
    "IoTEnterpriseS": "iot_ltsc",
    "IoTEnterpriseSK": "iot_ltsc",
}
_EMBEDDED = ("Embedded", "WindowsEmbedded", "POSReady")  # Windows 7 and 8 as sold with machines: dates of their own


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where dates come from, and how far they can be trusted: ``published`` by the maker and read there, ``copied`` by
    somebody who read it there, ``reckoned`` from the maker's rule, ``recalled`` from general knowledge."""

    title: str
    confidence: Confidence


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One release in one channel: ``ends`` is the last day with free fixes, ``extended`` that of fixes which must be
    paid for or asked for. Windows is told by its ``build``, Linux by its ``version``."""

    system: str
    version: str
    channel: str
    ends: datetime.date
    source: str
    build: int | None = None
    extended: datetime.date | None = None


class Releases(Struct, frozen=True, forbid_unknown_fields=True):
    """The table, and the day when it was last gone through."""

    dated: datetime.date
    sources: dict[str, Source]
    rows: tuple[Row, ...]


class Support(Struct, frozen=True):
    """How long fixes still come, as far as is known.

    ``days_left`` is 0 on the last day and negative after it. ``extended`` is a possibility: whether this PC gets those
    fixes is not known. ``basis`` is ``data_file``, or why nothing, or no number of days, is known.
    """

    basis: Basis
    release: str | None = None
    channel: str | None = None
    ends: datetime.date | None = None
    extended: datetime.date | None = None
    days_left: int | None = None
    confidence: Confidence | None = None


@cache
def load() -> Releases:
    """The table. Raises msgspec.ValidationError when it is not one."""
    file = Path(__file__).with_name("data") / "releases.json"
    return msgspec.json.decode(file.read_bytes(), type=Releases)


def support(
    os: str, edition: str | None, version: str | None, build: int | None, today: datetime.date, table: Releases
) -> Support:
    """The support of a release on `today`.

    `os` is a system of the table, `edition` EditionID of the Windows registry or ``pro`` where an Ubuntu is attached to
    Pro. A day before the table was made cannot be today: then no number of days is told.
    """
    rows = [row for row in table.rows if row.system == os and _is(row, version, build)]
    if not rows:
        return Support("unknown_release")
    open_to = channels(os, edition)
    rows = sorted((row for row in rows if row.channel in open_to), key=lambda row: row.ends)
    if not rows:
        return Support("unknown_edition")
    known = max(today, table.dated)
    last, present = rows[-1], next((row for row in rows if row.ends >= known), rows[-1])
    return Support(
        basis="data_file" if today >= table.dated else "implausible_clock",
        release=f"{NAMES[os]} {last.version}",
        channel=present.channel,
        ends=last.ends,
        extended=last.extended,
        days_left=(last.ends - today).days if today >= table.dated else None,
        confidence=table.sources[last.source].confidence,
    )


def channels(os: str, edition: str | None) -> tuple[str, ...]:
    """The channels whose fixes an edition gets unasked; none when the edition is unknown."""
    if os == "debian":
        return ("full", "lts")
    if os == "ubuntu":
        return ("standard", "pro") if edition == "pro" else ("standard",)
    if os == "linuxmint":
        return ("standard",)
    return (found,) if (found := _windows(os, edition or "")) else ()


def _windows(os: str, edition: str) -> str | None:
    if os == "windows-server":
        return "server"
    if os in _WHOLE:
        return None if edition.startswith(_EMBEDDED) or not edition else "any"
    if edition in _HOME_PRO:
        return "home_pro"
    return "enterprise" if edition in _ENTERPRISE else _LONG_TERM.get(edition)


def windows_system(build: int | None, server: bool) -> str | None:
    """Which Windows has that build number; None before Windows 7."""
    if build is None or build < 7600:
        return None
    if server:
        return "windows-server"
    firsts = ((22000, "windows-11"), (10240, "windows-10"), (9200, "windows-8"))
    return next((name for first, name in firsts if build >= first), "windows-7")


def _is(row: Row, version: str | None, build: int | None) -> bool:
    return row.version == version if row.build is None else row.build == build
