"""What a unit should have, beside what was seen of it: its stations, people and equipment. Advice, not a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from collector.readiness.model import DeviceFacts
from collector.roster.model import Station, UnitRoster, date_text
from collector.web.contact import Silences, contact_of
from collector.web.faces import FACES, Face
from collector.web.format import number
from collector.web.i18n import text

SEEN: dict[str, tuple[str, Mapping[str, str]]] = {
    "signers": ("signing_token_usable_certificates", {}),
    "printers": ("peripherals_devices", {"class": "printer"}),
    "scanners": ("peripherals_devices", {"class": "scanner"}),
    "cameras": ("peripherals_devices", {"class": "camera"}),
    "qr_readers": ("peripherals_devices", {"class": "barcode_reader"}),
}
"""The sample that counts, on each device, what the roster counts in the unit."""


class Count(Struct, frozen=True):
    """``seen`` is empty where nothing that reports can tell."""

    title: str
    expected: str
    seen: str
    face: Face | None


class Place(Struct, frozen=True):
    station: Station
    role: str
    name: str
    href: str
    face: Face
    contact: str
    last_seen: int | None
    bought: str


class Section(Struct, frozen=True):
    """``homeless`` are active devices that stand at no station."""

    about: list[tuple[str, str]]
    counts: list[Count]
    places: list[Place]
    missing: int
    homeless: int


def build(
    told: UnitRoster | None,
    stations: list[Station],
    devices: list[DeviceFacts],
    now: int,
    lang: str,
    silences: Silences,
) -> Section | None:
    """None where the roster does not name the unit."""
    if told is None and not stations:
        return None
    known = {device.id: device for device in devices}
    places = [_place(station, known.get(station.device or ""), now, lang, silences) for station in stations]
    return Section(
        about=_about(told or UnitRoster(unit=""), lang),
        counts=_counts(told or UnitRoster(unit=""), devices, now, lang, silences),
        places=places,
        missing=sum(place.station.agent and place.last_seen is None for place in places),
        homeless=sum(device.status == "active" and not device.station for device in devices),
    )


def _about(told: UnitRoster, lang: str) -> list[tuple[str, str]]:
    down, up = told.contracted_down_mbps, told.contracted_up_mbps
    both = "/".join(number(mbps, lang) if mbps is not None else "?" for mbps in (down, up))
    line = f"{both} Mbit/s" if down is not None or up is not None else ""
    found = (
        ("roster_staff", "" if told.staff is None else number(told.staff, lang)),
        ("roster_counters", "" if told.counters is None else number(told.counters, lang)),
        ("roster_provider", " · ".join(part for part in (told.provider, line) if part)),
    )
    return [(text(key, lang), value) for key, value in found if value]


def _counts(told: UnitRoster, devices: list[DeviceFacts], now: int, lang: str, silences: Silences) -> list[Count]:
    fresh = [device for device in devices if contact_of(device, now, lang, silences)[0] is FACES["ready"]]
    found = []
    for kind in (*SEEN, "kiosks"):
        expected = getattr(told, kind)
        if expected is None:
            continue
        seen = sum(one.role == "kiosk" for one in fresh) if kind == "kiosks" else _seen(fresh, *SEEN[kind])
        face = None if seen is None else FACES["ready" if seen >= expected else "at_risk"]
        found.append(
            Count(
                text(f"roster_{kind}", lang), number(expected, lang), "" if seen is None else number(seen, lang), face
            )
        )
    return found


def _seen(devices: Iterable[DeviceFacts], metric: str, labels: Mapping[str, str]) -> int | None:
    """How many all devices that report count together; None when none of them can tell."""
    values = [
        sample.value
        for device in devices
        for result in device.results.values()
        for sample in result.samples
        if sample.name == metric and sample.labels == labels
    ]
    return int(sum(values)) if values else None


def _place(station: Station, device: DeviceFacts | None, now: int, lang: str, silences: Silences) -> Place:
    if device is not None:
        face, contact = contact_of(device, now, lang, silences)
    else:
        face, contact = FACES["never_enrolled"], text("never_seen" if station.agent else "no_agent", lang)
    return Place(
        station=station,
        role=text(f"station_{station.role}", lang),
        name=station.called,
        href=f"/devices/{device.id}" if device else "",
        face=face,
        contact=contact,
        last_seen=device.last_seen if device else None,
        bought=date_text(station.purchase_date or ""),
    )
