"""Bytes and seconds between two readings of a router's counters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.kit.counters import TICKS, Count, Span, between, rebooted

SECOND = 1_000_000
GIGABIT = 125e6  # bytes a second
START = Count(
    interface="192.0.2.1 2 wan", received=1000, transmitted=500, mono=90 * SECOND, uptime=500_000, boots=7,
    discontinuity=0,
)  # fmt: skip


def later(seconds: float, received: int, transmitted: int, before: Count = START, **changes: Any) -> Count:
    """`before` so many seconds and bytes on, wraps included, as a router with that width would show it."""
    uptime = None if before.uptime is None else (before.uptime + round(seconds * 100)) % TICKS
    moved = replace(
        before,
        received=(before.received + received) % 2**before.bits,
        transmitted=(before.transmitted + transmitted) % 2**before.bits,
        mono=before.mono + round(seconds * SECOND),
        uptime=uptime,
    )
    return replace(moved, **changes)


def test_a_plain_interval_is_exact() -> None:
    """To the byte and to the hundredth of the router's seconds."""
    span = between(START, later(300.01, 123_456_789, 987), GIGABIT)
    assert span == Span(status="measured", clock="router", seconds=300.01, received=123_456_789, transmitted=987)


def test_without_a_router_clock_the_agents_counts() -> None:
    before = replace(START, uptime=None, boots=None)
    span = between(before, later(299.5, 10, 20, before))
    assert (span.clock, span.seconds, span.received) == ("agent", 299.5, 10)


def test_the_routers_clock_is_preferred_to_a_late_answer() -> None:
    """The answer was 1.5 s under way: the router's own 300 s stay what they were."""
    late = later(300, 3_000_000, 0)
    span = between(START, replace(late, mono=late.mono + 1_500_000))
    assert (span.status, span.seconds) == ("measured", 300.0)


@pytest.mark.parametrize("bits", [32, 64])
def test_a_wrap_loses_no_byte(bits: int) -> None:
    before = replace(START, bits=bits, received=2**bits - 1000, transmitted=2**bits - 1)
    span = between(before, later(30, 2_000_000, 1, before), GIGABIT / 10)
    assert (span.status, span.received, span.transmitted) == ("measured", 2_000_000, 1)


@given(
    st.sampled_from([32, 64]), st.integers(0, 2**64), st.integers(0, 2**64), st.integers(0, 10**9),
    st.integers(0, 10**9), st.integers(0, TICKS - 1),
)  # fmt: skip
def test_whatever_the_counters_stand_at_the_difference_is_what_passed(
    bits: int, received: int, transmitted: int, down: int, up: int, uptime: int
) -> None:
    """Gigabit for 10 s is 1.25 GB: what can pass is told exactly, wherever clock and counters are."""
    before = replace(
        START, bits=bits, received=received % 2**bits, transmitted=transmitted % 2**bits, uptime=uptime, mono=uptime
    )
    span = between(before, later(10, down, up, before), GIGABIT)
    assert (span.status, span.seconds, span.received, span.transmitted) == ("measured", 10.0, down, up)


def test_a_reboot_gives_no_rate_and_the_interval_after_it_is_exact_again() -> None:
    back = replace(START, received=40, transmitted=30, mono=START.mono + 300 * SECOND, uptime=6_000, boots=8)
    assert between(START, back, GIGABIT) == Span(status="reboot")
    assert between(back, later(300, 77, 88, back), GIGABIT).received == 77


def test_a_reboot_is_seen_although_the_counters_and_the_uptime_are_higher_again() -> None:
    """The router was up for 50 s, was then not asked for 10 h, and is up for 9 h by now."""
    before = replace(START, uptime=5_000, boots=None)
    after = later(36_000, 10**9, 10**9, before, uptime=9 * 3600 * 100)
    assert rebooted(before, after)
    assert between(before, after).status == "reboot"


def test_an_engine_that_boots_is_a_reboot_even_when_the_clock_would_fit() -> None:
    assert between(START, later(300, 1, 1, boots=8)).status == "reboot"


def test_497_days_are_no_reboot() -> None:
    """sysUpTime begins anew while everything goes on."""
    before = replace(START, uptime=TICKS - 10_000)
    after = later(300, 5_000, 6_000, before)
    assert after.uptime == 20_000
    assert between(before, after).seconds == 300.0
    assert not rebooted(before, after)


def test_a_clock_one_percent_off_is_no_reboot_and_ten_percent_is() -> None:
    for factor, expected in ((1.005, False), (0.995, False), (1.1, True), (0.9, True)):
        after = later(3600, 1, 1, uptime=round(500_000 + 360_000 * factor))
        assert rebooted(START, after) is expected, factor


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"discontinuity": 499_000}, "discontinuity"),
        ({"interface": "192.0.2.1 9 wan"}, "interface_changed"),
        ({"bits": 32}, "interface_changed"),
    ],
)
def test_counters_of_another_beginning_are_not_compared(changes: dict[str, Any], status: str) -> None:
    """An interface that was built anew, renumbered, or is read with the other counters."""
    assert between(START, later(300, 1, 1, **changes), GIGABIT) == Span(status=status)


def test_a_64_bit_counter_that_falls_began_anew() -> None:
    """No line carries 2^64 bytes: it is no wrap, and no rate."""
    fallen = replace(later(300, 0, 0), received=0)
    assert between(START, fallen, GIGABIT).status == "discontinuity"
    assert between(START, fallen).status == "discontinuity"


def test_more_than_the_interface_can_carry_is_no_rate() -> None:
    most = round(GIGABIT * 300)
    assert between(START, later(300, most, most), GIGABIT).status == "measured"
    assert between(START, later(300, 2 * most, 0), GIGABIT).status == "implausible"
    assert between(START, later(300, 0, 2 * most), GIGABIT).status == "implausible"


@pytest.mark.parametrize("speed", [GIGABIT, None])
def test_a_32_bit_counter_that_may_have_wrapped_twice_is_no_rate(speed: float | None) -> None:
    """At 1 Gbit/s it wraps in 34 s: of 300 s nothing is certain."""
    before = replace(START, bits=32)
    assert between(before, later(300, 1000, 1000, before), speed).status == "ambiguous"


def test_a_32_bit_counter_serves_a_slow_line() -> None:
    """100 Mbit/s carry 3.75 GB in 300 s: less than one turn."""
    before = replace(START, bits=32, received=2**32 - 5)
    assert between(before, later(300, 3_700_000_000, 0, before), 12.5e6).received == 3_700_000_000


def test_the_first_reading_and_no_time_have_no_rate() -> None:
    assert between(None, START).status == "first"
    assert between(START, START).status == "too_short"
    assert between(replace(START, uptime=None), replace(START, uptime=None)).status == "too_short"


@given(st.builds(Count, **{name: st.integers(-(2**70), 2**70) for name in ("received", "transmitted", "mono")},
                 interface=st.just("x"), bits=st.sampled_from([32, 64]), uptime=st.none() | st.integers(),
                 boots=st.none() | st.integers(), discontinuity=st.none()))  # fmt: skip
def test_no_rate_is_ever_negative_or_more_than_the_line(after: Count) -> None:
    """Whatever a router answers."""
    span = between(replace(START, interface="x", discontinuity=None), after, GIGABIT)
    assert span.received >= 0
    assert span.transmitted >= 0
    assert (span.received + span.transmitted) <= 2 * (GIGABIT * span.seconds * 1.1 + 2**20)
