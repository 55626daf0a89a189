"""Plays a golden city: reads its file, and judges it with the shipped profile, systems, calendar and prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct, inspect
from msgspec.structs import replace

from checks.kit import strict
from checks.kit.strict import Document, Where
from collector import catalog, config
from collector.attribution import tracker
from collector.attribution.attribute import attribute
from collector.attribution.model import Finding
from collector.attribution.observe import Look, ages, observations
from collector.attribution.topology import topology
from collector.attribution.tracker import is_present
from collector.catalog import Catalog
from collector.readiness.evaluate import evaluate
from collector.readiness.fixes import Path as Fixes
from collector.readiness.model import Target, UnitFacts, UnitVerdict
from collector.readiness.path import shortest
from collector.stations import needs
from tests.collector.readiness import golden_facts
from tests.collector.readiness.golden_facts import changed
from tests.collector.readiness.golden_file import CityFile, DeviceFile, ExpectFile, UnitFile
from tests.configs.loading import MEASURES


class Moment(Struct, kw_only=True):
    """The city at one instant (µs), judged."""

    now: int
    expect: ExpectFile
    facts: dict[str, UnitFacts]
    verdicts: dict[str, UnitVerdict]
    findings: list[Finding]
    targets: list[Target]
    catalog: Catalog

    def path(self, unit: str, *, advice: bool = False) -> Fixes:
        known = self.catalog
        found = [one for one in self.findings if unit in one.units and is_present(one)]
        verdict = self.verdicts[unit]
        return shortest(known.profile, self.facts[unit], verdict, known.prices, advice=advice, findings=found)


@cache
def shipped(locality: str) -> Catalog:
    """The locality of this name as it is shipped."""
    file = config.SHIPPED / "localities" / f"{locality}.yaml"
    return catalog.load(replace(config.load(config.SHIPPED / "collector.yaml"), locality=str(file)), MEASURES)


def load(file: Path) -> Document[CityFile]:
    """Raises ConfigError, with file and line, for a key that is not known."""
    written = strict.load(file, dict[str, Any])
    for where in _unknown(inspect.type_info(CityFile), written.raw, ()):
        raise written.error(where, f"unknown key {where[-1]!r}")
    return strict.load(file, CityFile)


def _unknown(info: inspect.Type, raw: object, where: Where) -> Iterator[Where]:
    """Keys of `raw` that its type has not, in the mappings too of which msgspec does not say where in them it is."""
    if isinstance(info, inspect.UnionType):
        info = next((one for one in info.types if isinstance(one, inspect.StructType | inspect.DictType)), info)
    if isinstance(info, inspect.ListType) and isinstance(raw, list):
        for index, one in enumerate(raw):
            yield from _unknown(info.item_type, one, (*where, index))
    elif isinstance(info, inspect.StructType | inspect.DictType) and isinstance(raw, dict):
        for key, one in raw.items():
            kind = info.value_type if isinstance(info, inspect.DictType) else _field(info, key)
            if kind is None:
                yield (*where, key)
            else:
                yield from _unknown(kind, one, (*where, key))


def _field(info: inspect.StructType, key: str) -> inspect.Type | None:
    return next((field.type for field in info.fields if field.encode_name == key), None)


def play(document: Document[CityFile]) -> Iterator[Moment]:
    """The city at each of its moments, one after the other. Raises ConfigError for a name that is not known."""
    city = City(document)
    file = document.value
    yield city.judged(file.now, ("now",), file.expect, ("expect",))
    for index, later in enumerate(file.later):
        place: Where = ("later", index)
        city.change_all(later.everyone)
        for name, change in later.devices.items():
            city.change(name, change, (*place, "devices", name))
        for name, unit in later.moved.items():
            city.move(name, unit, (*place, "moved", name))
        yield city.judged(later.now, (*place, "now"), later.expect, (*place, "expect"))


class City:
    """A city that goes on from moment to moment: its devices change, its verdicts and findings are remembered."""

    def __init__(self, document: Document[CityFile]) -> None:
        self._document, self._file = document, document.value
        self._catalog = self._locality()
        self._targets = self._declared()
        self._make = golden_facts.Facts(document, self._catalog, self._targets)
        self._devices: dict[str, tuple[str, DeviceFile]] = {}
        for code, unit in self._file.units.items():
            self._settle(code, unit)
        self._verdicts: dict[str, UnitVerdict] = {}
        self._open: list[Finding] = []

    def judged(self, now: str, where: Where, expect: ExpectFile, place: Where) -> Moment:
        """The city at `now`, after what was found before."""
        at, known = self._make.instant(now, where), self._catalog
        facts = {code: self._facts(code, at) for code in self._file.units}
        self._verdicts = {
            code: evaluate(known.profile, one, at, self._verdicts.get(code)) for code, one in facts.items()
        }
        self._open = self._found(facts.values(), at)
        self._check_names(expect, place)
        return Moment(
            now=at, expect=expect, facts=facts, verdicts=self._verdicts, findings=self._open, targets=self._targets,
            catalog=known,
        )  # fmt: skip

    def change_all(self, change: DeviceFile) -> None:
        self._devices = {name: (unit, changed(before, change)) for name, (unit, before) in self._devices.items()}

    def change(self, name: str, change: DeviceFile, where: Where) -> None:
        """`change` says what differs of the device; ``like`` makes it that template anew."""
        if name not in self._devices:
            raise self._document.error(where, f"no device of this city is called {name!r}")
        unit, before = self._devices[name]
        self._devices[name] = unit, self._like(change, where) if change.like else changed(before, change)

    def move(self, name: str, unit: str, where: Where) -> None:
        """The device stands in `unit` from now on: its newest results go with it, its old unit's half-hours stay."""
        if name not in self._devices or unit not in self._file.units:
            raise self._document.error(where, f"no such device, or no such unit in this city: {name!r}, {unit!r}")
        self._devices[name] = unit, self._devices[name][1]

    def _locality(self) -> Catalog:
        known = sorted(path.stem for path in (config.SHIPPED / "localities").glob("*.yaml"))
        if self._file.locality not in known:
            raise self._document.error(("locality",), f"expected one of {', '.join(known)}")
        found = shipped(self._file.locality)
        if found.profile.name != self._file.profile:
            expected = f"the locality is held to {found.profile.name} now: look at each expectation again"
            raise self._document.error(("profile",), expected)
        return found

    def _declared(self) -> list[Target]:
        """The systems, with those declared that the operator has filled in."""
        filled = self._file.operator.systems
        waiting = [target.id for target in self._catalog.targets if not target.declared]
        for index, name in enumerate(filled):
            if name not in waiting:
                expected = f"expected a system that waits for its address: {', '.join(waiting)}"
                raise self._document.error(("operator", "systems", index), expected)
        return [replace(one, declared=one.declared or one.id in filled) for one in self._catalog.targets]

    def _settle(self, code: str, unit: UnitFile) -> None:
        found = self._catalog.units.get(code)
        if found is None or found.name != unit.name:
            expected = f"{code} is {found.name}" if found else f"{self._file.locality} has no unit {code!r}"
            raise self._document.error(("units", code, "name"), expected)
        for name, written in unit.devices.items():
            where: Where = ("units", code, "devices", name)
            if name in self._devices:
                raise self._document.error(where, "stands in another unit already")
            self._devices[name] = (code, self._like(written, where))

    def _like(self, written: DeviceFile, where: Where) -> DeviceFile:
        if not written.like:
            return written
        if written.like not in self._file.templates:
            raise self._document.error((*where, "like"), f"expected one of {', '.join(self._file.templates)}")
        template = self._file.templates[written.like]
        return replace(changed(self._like(template, ("templates", written.like)), written), like="")

    def _facts(self, code: str, now: int) -> UnitFacts:
        """As :class:`collector.facts.Facts` gathers them."""
        unit, make = self._file.units[code], self._make
        stations = golden_facts.stations(code, unit.roster)
        devices = [
            make.device(name, code, written, now, ("units", code, "devices", name))
            for name, (stands_in, written) in self._devices.items()
            if stands_in == code
        ]
        return UnitFacts(
            unit=code,
            expected=len(devices),
            devices=devices,
            targets=self._targets,
            buckets=make.past(code, unit, now) if devices else [],
            stations=dict(Counter(station.device_role for station in stations)),
            needs=needs(golden_facts.told(code, unit.roster), stations),
            kind=self._catalog.units[code].kind,
            waivers=[make.waiver(code, unit, index) for index in range(len(unit.waivers))],
            calendar=self._catalog.locality.hours.calendar(now),
        )

    def _found(self, units: Iterable[UnitFacts], now: int) -> list[Finding]:
        """As :class:`collector.findings.Findings` finds them."""
        locality, units = self._catalog.locality, list(units)
        calendar = locality.hours.calendar(now)
        look = Look(freshness=self._catalog.profile.freshness, ages=ages(locality, calendar))
        observed = [observations(one.devices, now, look, calendar) for one in units]
        tree = topology(
            [device for one in units for device in one.devices],
            lambda code: golden_facts.told(code, self._file.units[code].roster),
            self._targets,
            locality.networks | self._file.operator.networks,
        )
        seen = attribute(chain.from_iterable(observed), tree)
        return tracker.advance(self._open, seen, now, locality.close_after).open

    def _check_names(self, expect: ExpectFile, place: Where) -> None:
        lines = {line.id for line in self._catalog.profile.requirements}
        items = {item.id for item in self._catalog.prices.items}
        for code, unit in expect.units.items():
            where: Where = (*place, "units", code)
            if code not in self._file.units:
                raise self._document.error(where, "no unit of this city has that code")
            for key in ("deciding", "lines"):
                for name in getattr(unit, key):
                    if name not in lines:
                        raise self._document.error((*where, key, name), f"no requirement is called {name!r}")
            for name in unit.path.items:
                if name not in items:
                    expected = f"no item of the price list is called {name!r}"
                    raise self._document.error((*where, "path", "items", name), expected)
