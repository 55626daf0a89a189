"""Faults as they are asked for, on the command line or in a file, and put in their place in a city."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field, structs

from checks.kit import strict
from collector.readiness import duration
from collector.simulate.model import OF_DEVICES, OF_SYSTEMS, TOKENS, Desk, Fault, Kind, Office, Trouble

KEYS = ("start", "length", "units", "provider", "target", "network", "share", "silent")
_KINDS = ", ".join(Kind)


class FaultError(Exception):
    """A fault that cannot be had. ``str()`` is one line: which, and what was expected."""


class FaultFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A fault in a file."""

    kind: str
    start: str | int = "0"
    length: str | int | None = None
    units: list[str] | int = 0
    provider: str = ""
    target: str = ""
    network: str = "internet"
    share: Annotated[float, Meta(gt=0, le=1)] | None = None
    silent: bool = False


class File(Struct, forbid_unknown_fields=True, kw_only=True):
    """A file of faults."""

    faults: list[FaultFile] = field(default_factory=list)


def parse(text: str) -> Fault:
    """``provider_outage:provider=Nhà mạng A,start=2m,length=10m``. Raises FaultError."""
    kind, _, rest = text.partition(":")
    told: dict[str, Any] = {}
    for part in filter(None, (each.strip() for each in rest.split(","))):
        key, equals, value = (each.strip() for each in part.partition("="))
        if key not in KEYS or (not equals and key != "silent"):
            raise FaultError(f"{text}: expected KIND:key=value,… with the keys {', '.join(KEYS)}, got {part!r}")
        told[key] = value or "yes"
    try:
        return _fault(_plain(kind.strip(), told))
    except FaultError as why:
        raise FaultError(f"{text}: {why}") from None


def read(file: Path) -> list[Fault]:
    """The faults of a file. Raises ConfigError with the line, or FaultError."""
    document = strict.load(file, File)
    found = []
    for index, written in enumerate(document.value.faults):
        try:
            found.append(_fault(written))
        except FaultError as why:
            raise document.error(("faults", index), str(why)) from None
    return found


def _plain(kind: str, told: Mapping[str, str]) -> FaultFile:
    """What was typed as a file would say it."""
    values: dict[str, Any] = dict(told)
    if "share" in told:
        values["share"] = _number(told["share"])
    if "units" in told:
        several = [code for code in told["units"].split("+") if code]
        values["units"] = (
            int(several[0]) if len(several) == 1 and len(several[0]) < 5 and several[0].isdigit() else several
        )
    if "silent" in told:
        values["silent"] = told["silent"] in ("yes", "true", "1")
    return FaultFile(kind=kind, **values)


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found <= 1:
        raise FaultError(f"share: expected a number above 0, at most 1, got {text!r}")
    return found


def _fault(written: FaultFile) -> Fault:
    if written.kind not in {*Kind}:
        raise FaultError(f"there is no fault {written.kind!r}; there are {_KINDS}")
    kind = Kind(written.kind)
    text = str(written.start)
    start, length = duration.parse(text.removeprefix("-")), None
    if written.length is not None:
        length = duration.parse(written.length)
    if start is None or (written.length is not None and not length):
        raise FaultError(f"{'length' if start is not None else 'start'}: {duration.EXPECTED}")
    if written.network not in ("internet", "tslcd"):
        raise FaultError(f"network: expected internet or tslcd, got {written.network!r}")
    units = tuple(written.units) if isinstance(written.units, list) else ()
    many = written.units if isinstance(written.units, int) else 0
    return Fault(
        kind=kind, start=-start if text.startswith("-") else start, length=length, units=units, many=many,
        provider=written.provider, target=written.target, network=written.network, share=written.share,
        silent=written.silent,
    )  # fmt: skip


class Place(Struct, frozen=True):
    """Where faults can be: offices by code, their devices, and the systems that are asked, with their networks."""

    offices: Mapping[str, Office]
    desks: Mapping[str, Sequence[Desk]]
    networks: Mapping[str, str]


def settle(asked: Sequence[Fault], place: Place, seed: int, present: int) -> list[Trouble]:
    """The faults in their places, beside each other as far as there is room; `present` is when (µs since the epoch) the
    present begins. Raises FaultError."""
    found: list[Trouble] = []
    struck = {code for fault in asked for code in fault.units}
    for number, fault in enumerate(asked):
        chance = random.Random(f"{seed} fault {number}")  # noqa: S311
        found.append(_settled(fault, place, chance, present, struck))
        if fault.kind not in OF_SYSTEMS:
            struck |= found[-1].units
    return found


def _settled(fault: Fault, place: Place, chance: random.Random, present: int, struck: set[str]) -> Trouble:
    begin = present + fault.start
    subject, units = _where(fault, place, chance, struck)
    if fault.kind in OF_SYSTEMS:
        fault = structs.replace(fault, target=subject)
    devices = {unit: _devices(fault, place.desks[unit], chance) for unit in units} if fault.kind in OF_DEVICES else {}
    for unit, found in devices.items():
        if not found:
            raise FaultError(f"{fault.kind}: no device of unit {unit} can have it: none has a token")
    return Trouble(
        fault=fault,
        begin=begin,
        end=None if fault.length is None else begin + fault.length,
        units=frozenset(units),
        subject=subject,
        devices=devices,
    )


def _where(fault: Fault, place: Place, chance: random.Random, struck: set[str]) -> tuple[str, list[str]]:
    """What is broken, and the units that feel it: by choice those that nothing has `struck`, where there are enough."""
    for code in fault.units:
        if code not in place.offices:
            raise FaultError(f"{fault.kind}: unit {code!r} is not in the simulated city: {_some(place.offices)}")
    if fault.kind in OF_SYSTEMS:
        if fault.target and fault.target not in place.networks:
            raise FaultError(f"{fault.kind}: no system {fault.target!r} is asked here: {_some(place.networks)}")
        if not place.networks:
            raise FaultError(f"{fault.kind}: this locality asks for no system")
        return fault.target or chance.choice(sorted(place.networks)), list(fault.units or place.offices)
    if fault.kind is Kind.PROVIDER_OUTAGE:
        return _provider(fault, place, chance)
    able = [code for code in sorted(place.offices) if fault.kind not in TOKENS or _able(fault, place.desks[code])]
    many = min(fault.many or 1, len(able))
    free = [code for code in able if code not in struck]
    units = list(fault.units) or chance.sample(free if len(free) >= many else able, many)
    if not units:
        raise FaultError(f"{fault.kind}: no device of this city can have it: none has a token")
    return "+".join(units), units


def _provider(fault: Fault, place: Place, chance: random.Random) -> tuple[str, list[str]]:
    if fault.network != "internet":
        return fault.network, list(fault.units or place.offices)
    served: dict[str, list[str]] = {}
    for code, office in place.offices.items():
        served.setdefault(office.provider, []).append(code)
    if fault.provider and fault.provider not in served:
        raise FaultError(f"{fault.kind}: no provider is called {fault.provider!r}: {_some(served)}")
    provider = fault.provider or chance.choice(sorted(served))
    return provider, [code for code in served[provider] if not fault.units or code in fault.units]


def _able(fault: Fault, desks: Sequence[Desk]) -> list[Desk]:
    """Those that can have it: tokens are where somebody signs, a router has neither disk nor token to speak of."""
    if fault.kind in TOKENS:
        return [desk for desk in desks if desk.signs_until is not None]
    return [desk for desk in desks if desk.role != "router"] or list(desks)


def _devices(fault: Fault, desks: Sequence[Desk], chance: random.Random) -> frozenset[str]:
    able = _able(fault, desks)
    many = 1 if fault.share is None else math.ceil(fault.share * len(able))
    return frozenset(desk.station for desk in chance.sample(able, min(many, len(able))))


def _some(names: Mapping[str, object]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:12]) + (" …" if len(shown) > 12 else "")
