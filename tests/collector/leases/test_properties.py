"""What holds for any sequence of wants, grants, releases, lapses and crashes; and what a city comes to."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.kit.leasing import Want
from collector.leases import calendar
from collector.leases.model import DONE, EXPIRED, GRANTED, MEGABIT, RUNNING, SECOND, Calendar, Lease, Line, Policy
from collector.leases.policy import Room
from collector.leases.slots import largest
from tests.collector.leases.city import WANT, Ledger, local, run

RULES = Policy(bytes_per_day=600_000_000, bytes_per_month=1_500_000_000, providers={"VNPT": 150 * MEGABIT})
LINES = {
    "1": Line(unit="1", provider="VNPT", contracted=100 * MEGABIT),
    "2": Line(unit="2", provider="VNPT"),
    "3": Line(unit="3", provider="Viettel", measured=30 * MEGABIT),
    "4": Line(unit="4", contracted=1000 * MEGABIT),
}
WANTS = st.builds(
    Want,
    check=st.sampled_from(["bandwidth", "realtime"]),
    seconds=st.floats(1, 120),
    bytes=st.integers(1, 400_000_000),
    rate=st.sampled_from([0.0, 3e6, 90e6, 1e12]),
    cross=st.sampled_from([None, 0.0, 1e6]),
    asked=st.sampled_from(["schedule", "technician", "engineer"]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 4 * 3600)),
        st.tuples(st.just("ask"), st.sampled_from("1234"), st.sampled_from("abc"), WANTS),
        st.tuples(st.just("use"), st.integers(0, 9), st.floats(0, 1)),
        st.tuples(st.just("release"), st.integers(0, 9), st.floats(0, 1)),
        st.tuples(st.just("crash"), st.integers(0, 9)),
    ),
    max_size=60,
)


@settings(max_examples=150)
@given(STEPS, st.integers(0, 23))
def test_no_sequence_of_events_passes_a_share_or_a_budget(steps: list[tuple[Any, ...]], hour: int) -> None:
    """Of the server, of a provider, of a unit's day and month; and no line ever carries two tests at once."""
    ledger, now = Ledger(RULES, Room("tdc", 500 * MEGABIT), lines=LINES), local(2026, 11, 19, hour)
    for step in steps:
        now = _played(ledger, step, now)
    _holds(ledger)


def _played(ledger: Ledger, step: tuple[Any, ...], now: int) -> int:
    match step:
        case ("wait", seconds):
            return now + int(seconds) * SECOND
        case ("ask", unit, device, want):
            found = ledger.ask(now, unit, device, want)
            if isinstance(found, Lease):
                assert found.starts_at >= now
        case (what, number, *part) if number < len(ledger.leases):
            lease = ledger.leases[-1 - number]
            _happens(ledger, lease, what, now, part[0] if part else 0.0)
    return now


def _happens(ledger: Ledger, lease: Lease, what: str, now: int, part: float) -> None:
    """A device uses part of its lease, gives it back, or the server dies and forgets what was used."""
    begun = lease.starts_at <= now < lease.ends_at and lease.state in (GRANTED, RUNNING)
    if what == "use" and begun:
        ledger.change(lease, state=RUNNING, used=max(lease.used, int(lease.bytes * part)))
    elif what == "release" and lease.holds(now):
        ledger.release(lease, now, used=max(lease.used, int(lease.bytes * part)))
    elif what == "crash" and lease.state == RUNNING and lease.ends_at <= now:
        ledger.change(lease, state=EXPIRED, used=lease.bytes)


def _holds(ledger: Ledger) -> None:
    leases = ledger.leases
    assert ledger.largest() <= 1
    vnpt = [lease for lease in leases if lease.provider == "VNPT"]
    assert largest((one.starts_at, one.ends_at, int(one.rate)) for one in vnpt) <= RULES.providers["VNPT"]
    for unit in LINES:
        own = [lease for lease in leases if lease.unit == unit]
        assert largest((one.starts_at, one.ends_at, 1) for one in own) <= 1
        days = Counter[int]()
        months = Counter[int]()
        for lease in own:
            day, month = calendar.days_since(RULES.calendar, lease.starts_at)
            days[day] += lease.used
            months[month] += lease.used
        assert max(days.values(), default=0) <= RULES.bytes_per_day
        assert max(months.values(), default=0) <= RULES.bytes_per_month


UNITS = [f"{26_000 + number}" for number in range(168)]


@pytest.mark.parametrize("begin", [local(7, 0), local(11, 30)], ids=["from the morning", "at noon"])
def test_a_city_that_asks_all_at_once_is_measured_in_one_quiet_time(begin: int) -> None:
    """168 units of 50 PCs with lines of 200 Mbit/s against half of 1 Gbit/s: all by 12:31, one test for each, the
    share never passed, and of 8,400 PCs no more than 20 come back in the same second."""
    ledger = Ledger(lines={unit: Line(unit=unit, contracted=200 * MEGABIT) for unit in UNITS})
    day = run(ledger, UNITS, 50, begin, local(18, 0))
    assert sorted(day.measured) == UNITS
    assert max(day.measured.values()) <= local(12, 31)
    assert len(ledger.leases) == 168
    assert ledger.largest() <= 1
    assert max(Counter(at // SECOND for at in day.retries).values()) <= 20


@settings(max_examples=25)
@given(st.integers(1, 40), st.sampled_from([50, 100, 200, 400, 1000]), st.integers(1, 3), st.integers(0, 2))
def test_nobody_starves_where_the_quiet_time_has_room(units: int, mbps: int, pcs: int, dead: int) -> None:
    """At up to nine tenths of what it can hold, first tries of PCs that die with a lease in hand among it."""
    fits = max(1, int(500 / (mbps * 1.25)))
    room = int(0.9 * 7200 / 30) * fits
    lines = {str(unit): Line(unit=str(unit), contracted=mbps * MEGABIT) for unit in range(units)}
    ledger = Ledger(lines=lines)
    dead = min(dead, max(0, pcs - 1)) if units * 3 <= room else 0
    day = run(ledger, list(lines), pcs, local(11, 0), local(13, 30), dead=dead)
    assert ledger.largest() <= 1
    if units * (1 + dead * 3) <= room:
        assert sorted(day.measured) == sorted(lines)


def test_a_quiet_time_that_is_nearly_full_measures_all() -> None:
    """160 tests of 45 seconds, one at a time, fill two hours to the last second; 148 are nine tenths of that."""
    units = [str(number) for number in range(148)]
    ledger = Ledger(lines={unit: Line(unit=unit, contracted=500 * MEGABIT) for unit in units})
    day = run(ledger, units, 1, local(11, 0), local(13, 30), want=replace(WANT, seconds=40.0))
    assert sorted(day.measured) == sorted(units)
    assert ledger.largest() == 1


def test_a_city_that_one_quiet_time_cannot_measure_is_measured_in_several() -> None:
    """A quarter of an hour a day holds 30 of 60 units: within the five days of the period it is all."""
    units = [str(number) for number in range(60)]
    short = Calendar(quiet=(replace(Calendar().quiet[0], end=11 * 60 + 45),))
    ledger = Ledger(Policy(calendar=short, period=5 * 86_400, period_with_counters=5 * 86_400))
    ledger.lines = {unit: Line(unit=unit, contracted=500 * MEGABIT) for unit in units}
    begin = calendar.period(short, 5 * 86_400, local(11, 0))[1]
    day = run(ledger, units, 2, begin, begin + 5 * 86_400 * SECOND, every=5 * 86_400)
    assert len(day.measured) == 60
    assert all(one.state == DONE for one in ledger.leases)


def test_dead_pcs_do_not_keep_their_unit_from_being_measured() -> None:
    """Three of ten take leases and never use one."""
    units = UNITS[:40]
    day = run(Ledger(), units, 10, local(11, 30), local(13, 30), dead=3)
    assert sorted(day.measured) == units
