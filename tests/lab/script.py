"""Faults of a town, made and mended by a script, and what the collector tells of each: when, in what words, and later.

Delays count from the arrival that is enough to know: of a unit's first failing result for its verdict, and of the last
of the fault's first failing results for the finding; back, of the last result that is well again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from collector.readiness.model import Transition
from collector.store import history
from collector.store.engine import Store
from tests.lab.demo import OTHERS, PORT, UNITS, VNPT, Demo
from tests.lab.sightings import Arrival, Job, Located, Shown, Sightings, page

TWO_HOURS, RIGHT = 7200, 5.0
"""How far a clock is set wrong, past the hour from which it is a reason of its own; and how far a right one may be."""
Act = Callable[[Demo], object]


class Fault(Struct, frozen=True, kw_only=True):
    """How it is made and mended; the units it strikes, and the systems it keeps from them (none: their clocks); the
    requirement that fails, for one of these reasons; the finding, and the sentence that the unit's page opens with."""

    make: Act
    mend: Act
    units: tuple[str, ...]
    sites: tuple[str, ...] = ()
    requirement: str = "systems_now"
    reasons: frozenset[str]
    finding: Located
    said: str

    def jobs(self, here: Demo) -> set[Job]:
        """The runs that notice it; how far a clock is off, any push tells."""
        devices = [here.devices[UNITS.index(unit)] for unit in self.units]
        names = [("connectivity", site) for site in self.sites] or [("", "")]
        return {(device, *name) for device in devices for name in names}

    def is_noticed(self, one: Arrival) -> bool:
        return one.reason in self.reasons if self.sites else one.offset > TWO_HOURS / 2

    def is_over(self, one: Arrival) -> bool:
        return one.outcome == "ok" if self.sites else abs(one.offset) < RIGHT

    def is_shown(self, unit: str, shown: Shown) -> bool:
        return shown.verdicts[unit] == "not_ready" == shown.requirements[unit].get(self.requirement)


NO_WAY = frozenset({"tcp_unreachable", "tcp_timeout"})
FAULTS: dict[str, Fault] = {
    "resolver stopped": Fault(
        make=lambda here: here.town.stop_name_server(),
        mend=lambda here: here.town.start_name_server(),
        units=VNPT,
        sites=("van-ban", "ho-tich"),
        reasons=frozenset({"dns_servfail", "dns_timeout"}),
        finding=("provider", "dns", "VNPT"),
        said="Mạng của VNPT lỗi DNS — nhà cung cấp VNPT, 2 đơn vị cùng lỗi.",
    ),
    "certificate expired": Fault(
        make=lambda here: here.site.expire(),
        mend=lambda here: here.site.renew(),
        units=OTHERS,
        sites=("mot-cua",),
        reasons=frozenset({"tls_expired"}),
        finding=("destination", "certificate", ""),
        said="Mot-cua lỗi chứng thư máy chủ — đơn vị quản trị hệ thống, 2 đơn vị cùng lỗi.",
    ),
    "provider cut": Fault(
        make=lambda here: here.town.cut_provider("VNPT"),
        mend=lambda here: here.town.mend_provider("VNPT"),
        units=VNPT,
        sites=("van-ban", "ho-tich"),
        reasons=NO_WAY,
        finding=("provider", "unreachable", "VNPT"),
        said="Mạng của VNPT không thông — nhà cung cấp VNPT, 2 đơn vị cùng lỗi.",
    ),
    "line cut": Fault(
        make=lambda here: here.town.offices[2].cut_line(),
        mend=lambda here: here.town.offices[2].mend_line(),
        units=OTHERS[:1],
        sites=("mot-cua", "dat-dai"),
        reasons=NO_WAY,
        finding=("access", "unreachable", "Viettel"),
        said="Đường truyền không thông — nhà cung cấp đường truyền.",
    ),
    "clock set wrong": Fault(
        make=lambda here: here.clocks[3].set(TWO_HOURS),
        mend=lambda here: here.clocks[3].set(0),
        units=OTHERS[1:],
        requirement="clock_offset",
        reasons=frozenset({"threshold"}),
        finding=("device", "clock", ""),
        said="sai giờ — cán bộ kỹ thuật của đơn vị.",
    ),
}
ROUNDS = (("resolver stopped", "certificate expired"), ("provider cut", "line cut", "clock set wrong"))
"""Faults that are there at once: of different units and systems, so that each is found for what it is."""


class Delays(Struct, frozen=True):
    """Seconds from arrival to /metrics: of each unit's verdict, of the finding, and until no other finding was there
    than those of the round."""

    verdicts: dict[str, float]
    finding: float
    settled: float


class Told(Struct, kw_only=True):
    """What was told of a fault: how soon when it began and when it was over; by unit the verdict, the page and the
    changes; all findings that were there; and afterwards, by unit, the verdict of the moment when it was asked for."""

    begun: Delays
    over: Delays
    verdicts: dict[str, Any] = field(default_factory=dict)
    findings: list[Any] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    then: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, list[Transition]] = field(default_factory=dict)


class Script:
    """Plays the rounds one after another. ``told`` is by fault; ``closed`` are all findings of the day, at the end;
    ``meanwhile`` are those that nobody had scripted, shown while only some of the results had come."""

    def __init__(self, here: Demo, seen: Sightings) -> None:
        self._here, self._seen = here, seen
        self.told: dict[str, Told] = {}
        self.closed: list[Any] = []
        self.meanwhile: list[Located] = []

    def play(self) -> None:
        """Raises AssertionError with what was seen last when something does not come at all."""
        self._await(self._is_well, "not every unit becomes ready")
        for names in ROUNDS:
            self._play({name: FAULTS[name] for name in names})
        self.closed = self._here.asked("findings", "--days", "1")
        every = {located for shown in self._seen.shown for located in shown.findings}
        self.meanwhile = sorted(every - {fault.finding for fault in FAULTS.values()})

    def _play(self, faults: dict[str, Fault]) -> None:
        since = time.time()
        begun = self._turn(faults, well=False)
        verdicts, findings = {one["unit"]: one for one in self._here.asked("readiness")}, self._here.asked("findings")
        pages = {unit: self._page(f"/units/{unit}") for fault in faults.values() for unit in fault.units}
        over = self._turn(faults, well=True)
        self._await(self._is_well, "not every unit is ready again")
        for name, fault in faults.items():
            self.told[name] = Told(
                begun=begun[name],
                over=over[name],
                verdicts={unit: verdicts[unit] for unit in fault.units},
                findings=findings,
                pages={unit: pages[unit] for unit in fault.units},
                then={unit: self._then(verdicts[unit]) for unit in fault.units[:1]},
                changes={unit: self._changes(unit, since) for unit in fault.units},
            )

    def _turn(self, faults: dict[str, Fault], *, well: bool) -> dict[str, Delays]:
        """Makes or mends them, and waits until that is known and shown."""
        since = time.time()
        for fault in faults.values():
            (fault.mend if well else fault.make)(self._here)
        complaint = f"{', '.join(faults)}: {'the end' if well else 'it'} is not noticed"
        self._await(lambda: all(self._is_known(fault, since, well) for fault in faults.values()), complaint)
        arrived = {name: self._arrivals(fault, since, well) for name, fault in faults.items()}
        present = [] if well else sorted(fault.finding for fault in faults.values())
        settled = self._shown(since, lambda one: one.findings == present) - _last(*arrived.values())
        return {name: self._delays(fault, since, arrived[name], settled, well) for name, fault in faults.items()}

    def _delays(self, fault: Fault, since: float, arrived: dict[Job, float], settled: float, well: bool) -> Delays:
        verdicts = {}
        for unit in fault.units:
            device = self._here.devices[UNITS.index(unit)]
            times = [at for job, at in arrived.items() if job[0] == device]
            shown = self._shown(since, lambda one, unit=unit: _turned(fault, unit, one, well))  # type: ignore[misc]
            verdicts[unit] = shown - (max(times) if well else min(times))
        found = self._shown(since, lambda one: (fault.finding in one.findings) is not well)
        return Delays(verdicts, found - _last(arrived), settled)

    def _is_known(self, fault: Fault, since: float, well: bool) -> bool:
        return self._arrivals(fault, since, well).keys() == fault.jobs(self._here)

    def _arrivals(self, fault: Fault, since: float, well: bool) -> dict[Job, float]:
        wanted = fault.is_over if well else fault.is_noticed
        return self._seen.first_arrivals(since, fault.jobs(self._here), wanted)

    def _shown(self, since: float, wanted: Callable[[Shown], bool]) -> float:
        """When it was first shown; waits for it."""
        self._await(lambda: self._seen.first_shown(since, wanted) is not None, "something is not shown")
        return self._seen.first_shown(since, wanted) or 0.0

    def _await(self, done: Callable[[], bool], complaint: str) -> None:
        try:
            self._here.until(done, complaint)
        except AssertionError as why:
            raise AssertionError(f"{why}\n{self._seen.shown[-3:]}\n{self._seen.arrivals[-40:]}") from None

    def _is_well(self) -> bool:
        newest = self._seen.shown[-1] if self._seen.shown else None
        return newest is not None and set(newest.verdicts.values()) == {"ready"} and not newest.findings

    def _page(self, path: str) -> str:
        return self._here.town.centre.call(lambda: page(PORT, path))

    def _then(self, verdict: Any) -> Any:
        """What is said now of the time for which `verdict` was told."""
        moment = datetime.fromtimestamp(verdict["at"] / 1e6 + 1, UTC).isoformat()
        return self._here.asked("readiness", "--unit", verdict["unit"], "--at", moment)[0]

    def _changes(self, unit: str, since: float) -> list[Transition]:
        start = round(since * 1e6)
        store = Store(self._here.database)
        try:
            with store.reader() as connection:
                return [one for one in history.of_unit(connection, unit, start) if one.at >= start]
        finally:
            store.close()


def _turned(fault: Fault, unit: str, shown: Shown, well: bool) -> bool:
    return shown.verdicts[unit] == "ready" if well else fault.is_shown(unit, shown)


def _last(*arrived: dict[Job, float]) -> float:
    return max(at for several in arrived for at in several.values())
