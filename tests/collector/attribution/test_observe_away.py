"""Devices of which nothing can be known, because their office or the collector was closed, and what is known of them
when it opens again."""

from __future__ import annotations

import pytest

from checks.kit.model import Result
from collector.attribution.observe import RETURN, Look, ages, away, observations
from collector.config import SHIPPED
from collector.locality import load
from collector.readiness.model import Calendar
from collector.readiness.profile import Freshness
from tests.collector.attribution.faults import HOUR, MINUTE, NOW
from tests.collector.readiness.cities import DAY, failed, pc, ran

LOOK = Look(freshness=Freshness(30 * MINUTE, DAY))
CLOSED = Calendar(open=False, since=NOW - 2 * HOUR, closed_at=NOW - 2 * HOUR, until=NOW + 12 * HOUR)
OPEN = Calendar(open=True, since=NOW - 5 * MINUTE, closed_at=NOW - 14 * HOUR, until=NOW + 4 * HOUR)


def test_what_was_seen_before_a_break_counts_until_each_job_has_run_again() -> None:
    """One of its intervals, a quarter of an hour to make up, and the time that a push may wait: 50 minutes for one that
    runs every half-hour."""
    locality, _ = load(SHIPPED / "localities" / "hcmc.yaml")
    closed, settled = ages(locality, CLOSED), ages(locality, OPEN)
    early = ages(locality, OPEN, OPEN.since + 50 * MINUTE - 1)
    assert early["connectivity|dvc-tphcm"] == closed["connectivity|dvc-tphcm"] == (2 * 120 + 5) * MINUTE
    later = ages(locality, OPEN, OPEN.since + 50 * MINUTE)
    assert later["connectivity|dvc-tphcm"] == settled["connectivity|dvc-tphcm"] == (2 * 30 + 5) * MINUTE
    assert ages(locality, OPEN, OPEN.until) == settled
    assert ages(locality, CLOSED, NOW) == closed


@pytest.mark.parametrize(("seen", "known"), [(NOW - HOUR, False), (NOW - 30 * MINUTE, True), (NOW, True)])
def test_a_pc_that_is_off_after_closing_neither_fails_nor_works(seen: int, known: bool) -> None:
    """Though its last results are not too old; who still reports speaks."""
    look = Look(freshness=LOOK.freshness, ages={"connectivity": 4 * HOUR})
    results = (failed("portal", "tcp_timeout", at=seen), ran("connectivity", "mail", at=seen))
    devices = [pc("a", *results, seen=seen, offset=9e9)]
    assert bool(observations(devices, NOW, look, CLOSED)) is known
    assert away(devices, NOW, look, CLOSED) == (frozenset() if known else {"a"})


def test_who_was_silent_before_closing_is_missed_and_not_away() -> None:
    """So is a router, which nobody switches off."""
    devices = [pc("a", seen=NOW - 4 * HOUR), pc("b", seen=NOW - HOUR, role="router")]
    assert [one.ok for one in observations(devices, NOW, LOOK, CLOSED)] == [None, None]
    assert away(devices, NOW, LOOK, CLOSED) == frozenset()


OLD, NEW = failed("portal", "tcp_timeout", at=NOW - 15 * HOUR), failed("portal", "tcp_timeout", at=NOW - MINUTE)


@pytest.mark.parametrize(
    ("results", "now", "is_away"),
    [
        ((OLD, ran("lan")), NOW, True),
        ((NEW, ran("lan")), NOW, False),
        ((ran("lan"),), NOW, False),
        ((OLD,), OPEN.since + 30 * MINUTE + RETURN, True),
        ((OLD,), OPEN.since + 30 * MINUTE + RETURN + 1, False),
    ],
    ids=["old ways", "new ways", "no ways", "to the last", "too late"],
)
def test_a_pc_that_is_back_is_away_until_it_has_measured_a_way(
    results: tuple[Result, ...], now: int, is_away: bool
) -> None:
    """It has a quarter of an hour for it, from the last moment at which nobody misses it."""
    assert away([pc("a", *results, seen=now)], now, LOOK, OPEN) == ({"a"} if is_away else frozenset())


def test_who_has_not_been_heard_since_the_collector_listens_is_away() -> None:
    """Until it has listened for long enough to miss him; who was put away before is not."""
    look = Look(freshness=LOOK.freshness, listening_since=NOW)
    devices = [pc("a", seen=NOW - HOUR), pc("b", seen=NOW), pc("c", seen=NOW - 25 * HOUR), pc("d", seen=None)]
    assert away(devices, NOW + 30 * MINUTE, look) == {"a"}
    assert away(devices, NOW + 31 * MINUTE, look) == frozenset()


def test_devices_that_take_no_part_are_not_away() -> None:
    assert away([pc("a", seen=NOW - HOUR, status="pending")], NOW, LOOK, CLOSED) == frozenset()
