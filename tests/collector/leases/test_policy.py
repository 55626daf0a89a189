"""Who may load the line, when, and with how much."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from checks.kit.leasing import Denial, Denied, Want
from collector.leases import calendar
from collector.leases.model import (
    DONE,
    EXPIRED,
    MEGABIT,
    RUNNING,
    SECOND,
    Calendar,
    Lease,
    Line,
    Policy,
    Rehearsal,
    Traffic,
)
from collector.leases.policy import Room
from tests.collector.leases.city import WANT, Ledger, asked, local

NOON = local(12, 45)  # every unit's turn at lunch has come
UNIT = "27259"
AT = next(calendar.turns(Calendar(), 86_400, f"{UNIT} bandwidth", 30 * SECOND, local(8, 0))).at


def granted(found: Lease | Denied) -> Lease:
    assert isinstance(found, Lease), found
    return found


def denied(found: Lease | Denied) -> Denied:
    assert isinstance(found, Denied), found
    return found


def line(**values: Any) -> Ledger:
    ledger = Ledger()
    ledger.lines[UNIT] = Line(**({"unit": UNIT} | values))
    return ledger


def test_a_unit_whose_turn_has_come_is_granted_at_once() -> None:
    """For as long as it asked, and five seconds to begin in."""
    lease = granted(Ledger().ask(NOON))
    assert (lease.starts_at, lease.ends_at - lease.starts_at) == (NOON, 30 * SECOND)
    assert (lease.rate, lease.bytes) == (250 * MEGABIT, 250_000_000)


def test_before_its_turn_a_unit_is_told_when_to_come() -> None:
    """At its turn, a minute later at most; closed hours have their own word."""
    for now, reason in ((local(7, 0), "turn"), (local(8, 0), "closed_window"), (local(11, 0), "turn")):
        found = denied(Ledger().ask(now))
        assert found.reason == reason
        assert 0 <= now + found.retry_in * SECOND - AT <= 60 * SECOND


def test_a_turn_within_the_minute_is_granted_for_its_time() -> None:
    assert granted(Ledger().ask(AT - 30 * SECOND)).starts_at == AT
    assert denied(Ledger().ask(AT - 61 * SECOND)).reason == Denial.TURN


def test_one_measurement_is_enough_for_the_unit_and_the_period() -> None:
    """Whichever of its PCs did it; on the next day it is its turn again."""
    ledger = Ledger()
    ledger.release(granted(ledger.ask(NOON)), NOON + 20 * SECOND, used=100_000_000)
    found = denied(ledger.ask(NOON + 3600 * SECOND, device="b"))
    assert found.reason == Denial.ENOUGH
    assert local(2026, 11, 21, 11, 30) <= NOON + (3600 + found.retry_in) * SECOND <= local(2026, 11, 21, 12, 32)
    granted(ledger.ask(local(2026, 11, 21, 12, 45), device="b"))


def test_checks_are_counted_apart_but_never_run_together() -> None:
    """A line carries one test at a time, though the server had room."""
    ledger = Ledger(room=Room("tdc", 10_000 * MEGABIT))
    first = granted(ledger.ask(NOON))
    second = granted(ledger.ask(NOON, device="b", want=Want(check="realtime", seconds=10, bytes=10_000_000, rate=3e6)))
    assert second.starts_at == first.ends_at
    assert second.rate == 3_000_000


def test_while_a_sibling_holds_a_lease_the_others_wait_for_what_becomes_of_it() -> None:
    ledger = Ledger()
    granted(ledger.ask(NOON))
    found = denied(ledger.ask(NOON, device="b"))
    assert (found.reason, found.detail) == (Denial.ENOUGH, "another device of the unit holds a lease")
    assert 90 <= found.retry_in <= 630


def test_a_lease_that_lapsed_leaves_the_turn_to_the_others() -> None:
    """And after the third of one device, to the others only."""
    ledger = Ledger()
    for minute in range(3):
        granted(ledger.ask(NOON + minute * 60 * SECOND))
    assert denied(ledger.ask(NOON + 180 * SECOND)).reason == Denial.ENOUGH
    granted(ledger.ask(NOON + 180 * SECOND, device="b"))


def test_a_unit_that_always_fails_does_not_load_its_line_all_day() -> None:
    """Three tests that moved bytes and came to nothing are enough."""
    ledger = Ledger()
    for number in range(3):
        now = NOON + number * 60 * SECOND
        ledger.change(granted(ledger.ask(now, device=f"{number}")), state=EXPIRED, used=1_000, ends_at=now + SECOND)
    assert denied(ledger.ask(NOON + 180 * SECOND, device="d")).reason == Denial.ENOUGH


def test_where_the_router_counts_a_test_is_rarer() -> None:
    """Passive first: once a week, on a day of the unit's own, and the reason says so."""
    monday = local(2026, 11, 16, 12, 45)
    traffic = Traffic(monday - 300 * SECOND, monday, 1e6, 200e6)
    ledger = line(traffic=traffic)
    days = [denied_or_none(ledger, monday + day * 86_400 * SECOND) for day in range(7)]
    first = days.index(None)
    assert days[:first] == [Denial.PASSIVE] * max(0, first - 1) + [Denial.TURN] * min(1, first)
    lease = ledger.leases[-1]
    ledger.release(lease, lease.ends_at, used=1)
    assert denied(ledger.ask(lease.ends_at + 3600 * SECOND)).reason == Denial.ENOUGH
    assert denied(ledger.ask(local(2026, 11, 22, 23, 50))).reason in (Denial.PASSIVE, Denial.ENOUGH)


def denied_or_none(ledger: Ledger, now: int) -> Denial | None:
    found = None if any(lease.starts_at <= now for lease in ledger.leases) else ledger.ask(now)
    return found.reason if isinstance(found, Denied) else None


@pytest.mark.parametrize(
    ("known", "want", "rate"),
    [
        ({}, 0, 250), ({"contracted": 100 * MEGABIT}, 0, 125), ({"measured": 40 * MEGABIT}, 0, 50),
        ({"contracted": 100 * MEGABIT, "measured": 40 * MEGABIT}, 0, 125), ({"contracted": 1000 * MEGABIT}, 0, 500),
        ({"contracted": 100 * MEGABIT}, 3e6, 3), ({"contracted": 100 * MEGABIT}, 1e12, 125),
        ({"provider": "VNPT"}, 0, 80), ({"provider": "VNPT"}, 3e6, 3), ({"proven": 12 * MEGABIT}, 0, 250),
        ({"proven": 300 * MEGABIT}, 0, 375), ({"contracted": 100 * MEGABIT, "proven": 300 * MEGABIT}, 0, 125),
    ],
)  # fmt: skip
def test_what_is_reserved_is_the_lines_speed_and_no_more_than_there_is(
    known: dict[str, Any], want: float, rate: float
) -> None:
    """By the contract, the last test, or what lines mostly have, each with a quarter more; a claim never raises it."""
    ledger = line(**known)
    ledger.policy = Policy(providers={"VNPT": 80 * MEGABIT})
    assert granted(ledger.ask(NOON, want=replace(WANT, rate=want))).rate == rate * MEGABIT


def test_a_full_server_makes_wait_and_says_so() -> None:
    """Two lines of 200 Mbit/s fit into half of 1 Gbit/s, the third begins when they end; past the quiet time it has
    to come again."""
    ledger = Ledger()
    starts = [granted(ledger.ask(NOON, unit, unit)).starts_at for unit in ("27259", "27262", "27265")]
    assert [start - NOON for start in starts] == [0, 0, 30 * SECOND]
    late = local(13, 29, 20)
    full = Ledger()
    assert [isinstance(full.ask(late, str(unit), str(unit)), Lease) for unit in range(3)] == [True, True, False]
    found = denied(full.ask(late, "27268", "x"))
    assert found.reason == Denial.SERVER_FULL
    assert local(16, 30) <= late + found.retry_in * SECOND <= local(17, 16)


def test_a_provider_has_a_share_of_its_own() -> None:
    """Others are not kept waiting by it, and it is named."""
    rules = Policy(providers={"VNPT": 100 * MEGABIT})
    ledger = Ledger(rules, lines={unit: Line(unit=unit, provider="VNPT") for unit in ("1", "2", "3")})
    late = local(13, 29, 10)
    assert granted(ledger.ask(late, "1", "a")).rate == 100 * MEGABIT
    assert denied(ledger.ask(late, "2", "b")).reason == Denial.PROVIDER_FULL
    granted(ledger.ask(late, "9", "c"))


def test_the_pc_s_own_traffic_puts_a_test_off() -> None:
    """250 kbit/s, or a tenth of its own link where that is less; it comes again within ten minutes."""
    cases: tuple[tuple[float, float | None, bool], ...] = (
        (250_000, None, False), (250_001, None, True), (250_001, 1e9, True), (120_000, 1e6, True), (99_000, 1e6, False),
    )  # fmt: skip
    for cross, capacity, puts_off in cases:
        found = Ledger().ask(NOON, want=replace(WANT, cross=cross, capacity=capacity))
        assert isinstance(found, Denied) is puts_off
    found = denied(Ledger().ask(NOON, want=replace(WANT, cross=1.5e6)))
    assert (found.reason, found.detail) == (
        Denial.LINE_BUSY, "the PC moves 1.5 Mbit/s of its own, more than 0.25",
    )  # fmt: skip
    assert 300 <= found.retry_in <= 600


def test_the_lines_traffic_puts_a_test_off() -> None:
    """A tenth of what it can carry, 250 kbit/s where nobody knows that."""
    once = Policy(period_with_counters=86_400)
    for rate, capacity, contracted, puts_off in (
        (19e6, 200e6, 0, False), (21e6, 200e6, 0, True), (21e6, 0, 300 * MEGABIT, False), (260_000, 0, 0, True),
        (240_000, 1e6, 0, False),
    ):  # fmt: skip
        ledger = line(contracted=contracted, traffic=Traffic(NOON - 300 * SECOND, NOON, rate, capacity))
        ledger.policy = once
        assert isinstance(ledger.ask(NOON), Denied) is puts_off
    found = denied(ledger_of(Traffic(NOON - 300 * SECOND, NOON, 21e6, 200e6), once).ask(NOON))
    assert found.detail == "the line carries 21 Mbit/s of others, more than 20"


def ledger_of(traffic: Traffic, rules: Policy) -> Ledger:
    ledger = line(traffic=traffic)
    ledger.policy = rules
    return ledger


def test_a_reading_that_shows_the_units_own_test_says_nothing() -> None:
    """Or the second check of a unit would never have its turn."""
    ledger = ledger_of(Traffic(NOON - 300 * SECOND, NOON, 90e6, 200e6), Policy(period_with_counters=86_400))
    other = granted(ledger.ask(NOON - 200 * SECOND, device="b", want=asked("engineer", check="realtime")))
    ledger.release(other, NOON - 180 * SECOND, used=9_000_000)
    granted(ledger.ask(NOON))


def test_at_the_end_of_the_quiet_time_a_busy_line_waits_for_the_next() -> None:
    late = local(13, 28)
    found = denied(Ledger().ask(late, want=replace(WANT, cross=1e6)))
    assert found.reason == Denial.LINE_BUSY
    assert local(16, 30) <= late + found.retry_in * SECOND <= local(17, 16)


def test_a_technician_waits_for_closed_hours_only() -> None:
    """Not for quiet ones, another's traffic, or a measurement that was made already."""
    ledger = line(traffic=Traffic(NOON - 300 * SECOND, NOON, 90e6, 200e6))
    for hour in (11, 15):
        lease = granted(ledger.ask(local(hour, 0), want=asked("technician", cross=9e6)))
        ledger.release(lease, lease.ends_at, used=1_000)
    found = denied(ledger.ask(local(2026, 11, 20, 10, 20), want=asked("technician")))
    assert found.reason == Denial.CLOSED_WINDOW
    assert 600 <= found.retry_in <= 660
    others = {denied(ledger.ask(local(10, 20), device=f"{n}", want=asked("technician"))).retry_in for n in range(9)}
    assert len(others) == 9


def test_a_technicians_test_ends_before_the_peak_begins() -> None:
    assert denied(Ledger().ask(local(7, 29, 45), want=asked("technician"))).reason == Denial.SERVER_FULL
    granted(Ledger().ask(local(7, 29, 15), want=asked("technician")))


def test_an_engineer_waits_for_nothing_but_room() -> None:
    """Rehearsals and peaks are theirs to judge; shares and budgets hold."""
    rehearsed = replace(Calendar(), rehearsals=(Rehearsal(local(8, 0), local(12, 0), "Diễn tập lần 2"),))
    ledger = Ledger(Policy(calendar=rehearsed))
    found = denied(ledger.ask(local(9, 0), want=asked("technician")))
    assert (found.reason, found.detail) == (Denial.REHEARSAL, "Diễn tập lần 2")
    starts = [granted(ledger.ask(local(9, 0), str(unit), "x", asked("engineer"))).starts_at for unit in range(3)]
    assert [start - local(9, 0) for start in starts] == [0, 0, 30 * SECOND]


def test_the_days_budget_holds_for_everyone() -> None:
    """What may still be used counts as used; less is granted than was asked for where a quarter of it is left."""
    rules = Policy(bytes_per_day=600_000_000)
    ledger = Ledger(rules, Room("tdc", 10_000 * MEGABIT))
    sizes = [granted(ledger.ask(NOON, device=f"{n}", want=asked("engineer"))).bytes for n in range(3)]
    assert sizes == [250_000_000, 250_000_000, 100_000_000]
    found = denied(ledger.ask(NOON, device="x", want=asked("engineer")))
    assert (found.reason, found.detail) == (Denial.BUDGET_DAY, "600 of 600 MB are used")
    for lease in list(ledger.leases):
        ledger.release(lease, NOON + 60 * SECOND, used=1_000_000)
    assert granted(ledger.ask(NOON + 120 * SECOND, want=asked("engineer"))).bytes == 250_000_000


def test_the_months_budget_outlasts_the_day() -> None:
    rules = Policy(bytes_per_day=300_000_000, bytes_per_month=500_000_000)
    ledger = Ledger(rules)
    for day, wanted in ((16, 250_000_000), (17, 250_000_000)):
        lease = granted(ledger.ask(local(2026, 11, day, 15), want=asked("engineer")))
        assert lease.bytes == wanted
        ledger.release(lease, lease.ends_at, used=lease.bytes)
    assert denied(ledger.ask(local(2026, 11, 18, 15), want=asked("engineer"))).reason == Denial.BUDGET_MONTH
    granted(ledger.ask(local(2026, 12, 1, 15), want=asked("engineer")))


def test_what_nobody_wrote_down_counts_as_used_up() -> None:
    """A server that died in the middle of a test leaves the budget on the safe side; an unused lease costs nothing."""
    lease = granted(Ledger().ask(NOON))
    after = lease.ends_at + SECOND
    states = ((RUNNING, lease.bytes), ("granted", 0), (DONE, 7), (EXPIRED, 7))
    for state, spent in states:
        used = 0 if state == "granted" else 7
        assert replace(lease, state=state, used=used).spent(after) == spent
    assert replace(lease, used=7).spent(NOON) == lease.bytes


def test_nobody_is_told_to_come_at_once_or_in_a_year() -> None:
    """And those who are refused together do not come together."""
    rules = Policy(period=31 * 86_400, period_with_counters=31 * 86_400)
    ledger = Ledger(rules)
    waits = [denied(ledger.ask(local(2026, 11, 1, 23), device=f"{n}")).retry_in for n in range(200)]
    assert all(60 <= wait <= 86_400 for wait in waits)
    assert max(waits.count(wait) for wait in waits) <= 3
