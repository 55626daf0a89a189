"""What worked in a window, counted by the suspects that it passed: all of it, or the newest part."""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from checks.kit.segment import Segment
from collector.attribution.causes import Place
from collector.attribution.ground import DESTINATION, LEVELS, RESOLVERS, Ground, Suspect, cleared

moment = itemgetter(0)
"""When (µs) a Pass was."""


class Spread(enum.Enum):
    """What a guilty part affects as a whole, or not at all. LINE is all lines of one provider."""

    WAY = enum.auto()
    DEVICE = enum.auto()
    UNIT = enum.auto()
    LINE = enum.auto()
    TARGET = enum.auto()


class Pass(NamedTuple):
    """A success that passed a suspect: of a way to ``target``, or of a look at the surroundings where it is empty."""

    at: int
    device: str
    target: str


class Passes:
    """Counts the ways and looks of a window that never failed. What is counted once is kept.

    With a ``since`` (µs; 0: the whole window) only those count whose newest success is not older.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._devices: dict[str, list[tuple[Pass, str, int, bool]]] | None = None
        self._targets: dict[str, list[Pass]] = {}
        self._found: dict[Suspect, list[Pass]] = {}
        self._counts: dict[tuple[Suspect, Spread, int], Mapping[str, int]] = {}

    def working(self, suspect: Suspect, since: int = 0) -> int:
        """How many ways and looks that worked passed `suspect`."""
        spread = Spread.UNIT if suspect.place is Place.DESTINATION else Spread.DEVICE
        return sum(self.counted(suspect, spread, since).values())

    def looks(self, suspect: Suspect, since: int = 0) -> int:
        """How many of them were looks at the surroundings."""
        return sum(not one.target for one in self._since(suspect, since)) if since else self._ground.looks(suspect)

    def counted(self, suspect: Suspect, spread: Spread, since: int = 0) -> Mapping[str, int]:
        """How many passed `suspect`, by what is affected as a whole."""
        key = (suspect, spread, since)
        if key not in self._counts:
            self._counts[key] = self._lately(*key) if since else self._counted(suspect, spread)
        return self._counts[key]

    def of(self, suspect: Suspect) -> list[Pass]:
        """Those that passed `suspect`, oldest first."""
        if suspect not in self._found:
            self._found[suspect] = sorted(self._passed(suspect), key=moment)
        return self._found[suspect]

    def _counted(self, suspect: Suspect, spread: Spread) -> Mapping[str, int]:
        ground = self._ground
        if suspect.place is Place.DESTINATION:
            return self._reached(suspect.subject, spread)
        if suspect.place is Place.DEVICE:
            return {suspect.subject: ground.works(suspect.subject, suspect)}
        units = ground.units(suspect)
        if spread is Spread.TARGET:
            return {
                target: sum(found[unit] for unit in units)
                for target, found in ground.reached.items()
                if not suspect.network or ground.network(target) == suspect.network
            }
        by_device = {one: ground.works(one, suspect) for unit in units for one in ground.members.get(unit, ())}
        if spread is Spread.DEVICE:
            return by_device
        return {unit: sum(by_device[one] for one in ground.members.get(unit, ())) for unit in units}

    def _reached(self, target: str, spread: Spread) -> Mapping[str, int]:
        found, network = self._ground.reached.get(target, Counter()), self._ground.network(target)
        if spread is not Spread.LINE:
            return found
        lines = Counter[str]()
        for unit, number in found.items():
            lines[self._ground.provider(unit, network)] += number
        return lines

    def _since(self, suspect: Suspect, at: int) -> list[Pass]:
        found = self.of(suspect)
        return found[bisect_left(found, at, key=moment) :]

    def _lately(self, suspect: Suspect, spread: Spread, since: int) -> Mapping[str, int]:
        passed = self._since(suspect, since)
        return Counter(self._passer(one, spread) for one in passed if one.target or spread is not Spread.TARGET)

    def _passer(self, one: Pass, spread: Spread) -> str:
        unit, ground = self._ground.topology.units[one.device], self._ground
        if spread is Spread.LINE:
            return ground.provider(unit, ground.network(one.target))
        return {Spread.DEVICE: one.device, Spread.TARGET: one.target}.get(spread, unit)

    def _passed(self, suspect: Suspect) -> Iterable[Pass]:
        if self._devices is None:
            self._devices = self._indexed()
        if suspect.place is Place.DESTINATION:
            return self._targets.get(suspect.subject, [])
        return self._within(suspect, self._devices)

    def _within(self, suspect: Suspect, found: dict[str, list[tuple[Pass, str, int, bool]]]) -> Iterator[Pass]:
        ground, level = self._ground, cleared(suspect.place)
        units = [] if suspect.place is Place.DEVICE else ground.units(suspect)
        devices = [one for unit in units for one in ground.members.get(unit, ())] or [suspect.subject]
        for device in devices:
            for one, network, far, names in found.get(device, ()):
                here = not suspect.network or suspect.network == network
                if here and (names if suspect.place in RESOLVERS else far >= level):
                    yield one

    def _indexed(self) -> dict[str, list[tuple[Pass, str, int, bool]]]:
        devices: dict[str, list[tuple[Pass, str, int, bool]]] = {}
        ground, whole = self._ground, Segment.DESTINATION
        for key, at in ground.fine.items():
            device, target, check, reach = key
            if target and reach == whole:
                one, names = Pass(at, device, target), key not in ground.unnamed
                self._targets.setdefault(target, []).append(one)
                seen = (one, ground.network(target), DESTINATION, names)
            else:
                seen = (Pass(at, device, ""), ground.network(target), LEVELS.get(reach, DESTINATION), check == "dns")
            devices.setdefault(device, []).append(seen)
        return devices
