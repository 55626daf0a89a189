"""A small city from its results to kept findings: ten units of three PCs, two providers, four systems."""

from __future__ import annotations

from collections.abc import Callable

from collector.attribution.attribute import attribute
from collector.attribution.model import Finding
from collector.attribution.observe import Look, observations
from collector.attribution.topology import topology
from collector.attribution.tracker import CLOSE_AFTER, Moves, advance, is_present
from collector.attribution.watch import Watch
from collector.readiness.model import ALWAYS_OPEN, Calendar, DeviceFacts
from collector.readiness.profile import Freshness
from collector.roster.model import UnitRoster
from tests.collector.attribution.faults import HOUR, MINUTE, NOW
from tests.collector.readiness.cities import DAY, failed, pc, ran

LOOK = Look(freshness=Freshness(30 * MINUTE, DAY))
SYSTEMS = ("portal", "mail", "papers", "video")
VNPT, FPT = tuple(f"2700{number}" for number in range(5)), tuple(f"2701{number}" for number in range(5))
Broken = Callable[[DeviceFacts, str], str]
"""The reason why a PC does not reach a system, if any."""


class City:
    """All PCs measure everything at every step; ``moves`` is what the newest one came to."""

    def __init__(self) -> None:
        self.now = NOW
        self.devices = {unit: [pc(f"{unit}-{n}") for n in range(3)] for unit in (*VNPT, *FPT)}
        for unit, devices in self.devices.items():
            for device in devices:
                device.unit = unit
        told = {unit: UnitRoster(unit=unit, provider="vnpt" if unit in VNPT else "FPT ") for unit in self.devices}
        self.tree = topology([one for several in self.devices.values() for one in several], told.get, [])
        self.watch = Watch(attribute, clock=lambda: 0.0)
        self.moves = Moves(open=[], changed=[], closed=[], events=[])

    def step(
        self, broken: Broken = lambda *_: "", wait: int = MINUTE, calendar: Calendar = ALWAYS_OPEN
    ) -> list[Finding]:
        """The findings that are present `wait` µs later. A reason of ``off`` stops the PC."""
        self.now += wait
        for unit, devices in self.devices.items():
            for device in devices:
                self._measure(device, broken)
            self.watch.update(unit, observations(devices, self.now, LOOK, calendar))
        self.moves = advance(self.moves.open, self.watch.find(self.tree), self.now)
        return [finding for finding in self.moves.open if is_present(finding)]

    def _measure(self, device: DeviceFacts, broken: Broken) -> None:
        why = {system: broken(device, system) for system in SYSTEMS}
        if "off" in why.values():
            return
        device.last_seen = self.now
        found = [
            failed(name, said, at=self.now) if said else ran("connectivity", name, at=self.now)
            for name, said in why.items()
        ]
        device.results = {(one.check, one.target): one for one in (*found, ran("lan", at=self.now))}


def located(findings: list[Finding]) -> list[tuple[str, str, str, int]]:
    return [(one.segment, one.subject, one.cause, len(one.units)) for one in findings]


def test_a_city_where_all_is_well_has_no_finding() -> None:
    """Ever."""
    city = City()
    assert [city.step() for _ in range(3)] == [[], [], []]


def test_a_provider_that_fails_unit_by_unit_is_one_finding_in_the_end() -> None:
    """The first unit's line is blamed while it is alone, then merged; all is over a while after it works again."""
    city = City()
    city.step()
    alone = city.step(lambda device, _: "tcp_timeout" if device.unit == VNPT[0] else "")
    assert located(alone) == [("access", VNPT[0], "unreachable", 1)]
    whole = city.step(lambda device, _: "tcp_timeout" if device.unit in VNPT else "")
    assert located(whole) == [("provider", "VNPT", "unreachable", 5)]
    assert [(one.segment, one.merged_into) for one in city.moves.closed] == [("access", whole[0].id)]
    assert city.step() == []
    assert [one.id for one in city.moves.open] == [whole[0].id]
    assert city.step(lambda device, _: "tcp_timeout" if device.unit in VNPT else "")[0].id == whole[0].id
    city.step()
    city.step(wait=CLOSE_AFTER)
    assert (city.moves.open, [event.what for event in city.moves.events]) == ([], ["closed"])


def test_a_system_whose_certificate_has_expired_is_one_finding_for_the_city() -> None:
    """Whoever asks it."""
    city = City()
    found = city.step(lambda _, system: "tls_expired" if system == "portal" else "")
    assert located(found) == [("destination", "portal", "certificate", 10)]


def test_one_pc_with_a_wrong_clock_is_told_by_the_collector() -> None:
    """Before any certificate fails, and gone when the clock is right."""
    city = City()
    wrong = city.devices[FPT[1]][0]
    wrong.clock_offset = -2 * 86400.0
    assert located(city.step()) == [("device", wrong.id, "clock", 1)]
    wrong.clock_offset = 0.4
    assert city.step() == []


def test_two_faults_at_once_are_two_findings() -> None:
    """A system that is down, and an office without its line."""
    city = City()
    found = city.step(
        lambda device, system: "tcp_timeout" if device.unit == FPT[0] else "http_status" if system == "mail" else ""
    )
    line, system = sorted(found, key=lambda one: one.segment)
    assert located([line]) == [("access", FPT[0], "unreachable", 1)]
    assert (system.segment, system.subject, system.cause) == ("destination", "mail", "service")
    assert set(system.units) >= set(VNPT) | set(FPT[1:])


def test_an_office_that_falls_silent_is_a_finding_once_it_has_lost_contact() -> None:
    """And none when it only closed."""
    city = City()
    city.step()

    def dark(device: DeviceFacts, _: str) -> str:
        return "off" if device.unit == VNPT[1] else ""

    assert city.step(dark, wait=29 * MINUTE) == []
    assert [(one.subject, one.units) for one in city.step(dark, wait=2 * MINUTE)] == [(VNPT[1], (VNPT[1],))]
    evening = Calendar(open=False, since=NOW + 2 * MINUTE, closed_at=NOW + 2 * MINUTE)
    assert city.step(dark, calendar=evening) == []
    assert city.step(lambda *_: "off", wait=HOUR, calendar=evening) == []
