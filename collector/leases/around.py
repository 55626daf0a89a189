"""What is known of a unit's line, from the roster and from what its devices last said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from checks.kit.model import Outcome, Result
from collector.attribution.topology import provider
from collector.leases.model import MEGABIT, SECOND, Line, Traffic
from collector.readiness.model import DeviceFacts
from collector.roster.model import UnitRoster
from collector.store.devices import ACTIVE

FRESH = 15 * 60 * SECOND
"""Age up to which a router's reading speaks of now: three of its five-minute samples."""
KEPT = 30 * SECOND
BITS = 8
"""Metrics are in bytes per second."""
FASTEST = 1_000_000 * MEGABIT
"""bit/s past which what a device claims to have measured is no line."""
_ELSEWHERE = frozenset({"pc", "lease"})
"""Limits of a test that are not the line's (:func:`checks.kit.speedlimits.limited_by`)."""


class Board(Protocol):
    """Implemented by :class:`collector.live.Live`."""

    def devices_of(self, unit: str) -> list[DeviceFacts]: ...
    def told(self, unit: str) -> UnitRoster | None: ...


class Lines:
    """`networks` is who provides a network to all units of which the roster names nobody else."""

    def __init__(self, board: Board, networks: Mapping[str, str]) -> None:
        self._board, self._internet = board, networks.get("internet", "")
        self._kept: dict[str, tuple[int, Line]] = {}

    def of_unit(self, unit: str, now: int) -> Line:
        """From memory; looked at anew KEPT after the last time, since the results of 50 devices are read for it."""
        kept = self._kept.get(unit)
        if kept is None or not kept[0] <= now < kept[0] + KEPT:
            kept = self._kept[unit] = now, self._look(unit, now)
        return kept[1]

    def _look(self, unit: str, now: int) -> Line:
        told = self._board.told(unit)
        active = [device for device in self._board.devices_of(unit) if device.status == ACTIVE]
        results = [one for device in active for one in device.results.values()]
        measured, proven = _speeds(results)
        contracts = (told.contracted_down_mbps, told.contracted_up_mbps) if told else ()
        return Line(
            unit=unit,
            provider=provider((told.provider if told else "") or self._internet),
            contracted=int(max([mbps or 0.0 for mbps in contracts], default=0.0) * MEGABIT),
            measured=measured,
            proven=proven,
            traffic=_traffic(results, now),
        )


def _speeds(results: Iterable[Result]) -> tuple[int, int]:
    """The faster direction of the newest measurement, as ``measured`` and ``proven`` of a line: what something else
    held back is no speed of the line."""
    found = [one for one in results if one.check == "bandwidth" and one.outcome is Outcome.OK]
    newest = max(found, key=lambda one: one.at, default=None)
    best, held = 0, False
    for sample in newest.samples if newest else ():
        rate = sample.value * BITS
        if sample.name == "bandwidth_throughput" and best < rate <= FASTEST:
            way = sample.labels.get("direction", "")
            best, held = int(rate), newest is not None and newest.facts.get(f"{way}_limited_by") in _ELSEWHERE
    return (0, best) if held else (best, 0)


def _traffic(results: Iterable[Result], now: int) -> Traffic | None:
    """The newest reading of a router, unless it is of another time."""
    found = [one for one in results if one.check == "uplink" and one.outcome is Outcome.OK and now - one.at <= FRESH]
    for one in sorted(found, key=lambda one: one.at, reverse=True):
        rates, seconds = list(_values(one, "uplink_throughput")), next(_values(one, "uplink_interval"), 0.0)
        if rates and seconds > 0:
            capacity = max(_values(one, "uplink_capacity"), default=0.0)
            return Traffic(one.at - int(seconds * SECOND), one.at, max(rates) * BITS, capacity * BITS)
    return None


def _values(result: Result, metric: str) -> Iterator[float]:
    return (sample.value for sample in result.samples if sample.name == metric and math.isfinite(sample.value))
