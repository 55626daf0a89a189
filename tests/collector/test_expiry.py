"""When what a device said is no longer exported."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.expiry import NEVER, Interval, present
from collector.readiness.model import Calendar, DeviceFacts
from tests.collector.readiness.cities import DAY, FRESHNESS, HOUR, MINUTE, NOW, pc, ran

EVERY = {
    "connectivity|portal": Interval(300.0, 7200.0),
    "device|": Interval(3600.0, 43200.0),
    "support|": Interval(86400.0, 86400.0),
}
OPEN = Calendar(open=True, since=NOW - 3 * HOUR, until=NOW + HOUR)
CLOSED = Calendar(open=False, since=NOW - HOUR, until=NOW + 12 * HOUR)


def device(seen: int = NOW, **ages: int) -> DeviceFacts:
    """Whose newest result of each of `ages` is so many µs old."""
    found = [ran(check, "portal" if check == "connectivity" else "", at=NOW - age) for check, age in ages.items()]
    return pc("d", *found, seen=seen, offset=0.5, health={"spool_records": 1.0}, purchased=1)


def left(found: DeviceFacts) -> set[str]:
    return {check for check, _ in found.results}


def test_a_result_goes_when_three_others_should_have_followed() -> None:
    """Not before the device counts as lost: 30 minutes for what is measured every five, three hours for the hourly."""
    kept, again = present(device(connectivity=29 * MINUTE, device=2 * HOUR), EVERY, FRESHNESS, NOW)
    assert (left(kept), again) == ({"connectivity", "device"}, NOW + MINUTE)
    kept, again = present(device(connectivity=30 * MINUTE, device=2 * HOUR), EVERY, FRESHNESS, NOW)
    assert (left(kept), again) == ({"device"}, NOW + 30 * MINUTE)
    kept, _ = present(device(connectivity=31 * MINUTE, device=3 * HOUR), EVERY, FRESHNESS, NOW)
    assert left(kept) == set()


def test_a_closed_office_is_waited_for_as_rarely_as_it_measures() -> None:
    """And what changes when it opens is asked again then."""
    kept, again = present(device(connectivity=5 * HOUR, device=1), EVERY, FRESHNESS, NOW, CLOSED)
    assert (left(kept), again) == ({"connectivity", "device"}, NOW + HOUR)
    kept, again = present(device(connectivity=1, device=1), EVERY, FRESHNESS, NOW, CLOSED)
    assert again == NOW + 6 * HOUR - 1
    kept, _ = present(device(connectivity=6 * HOUR, device=1), EVERY, FRESHNESS, NOW, CLOSED)
    assert left(kept) == {"device"}


def test_an_office_that_opens_gives_each_job_the_time_to_run_again() -> None:
    """What was measured in the night is not dropped at half past seven."""
    opened = Calendar(open=True, since=NOW - 10 * MINUTE, until=NOW + 4 * HOUR)
    kept, again = present(device(connectivity=2 * HOUR, device=10 * HOUR), EVERY, FRESHNESS, NOW, opened)
    assert (left(kept), again) == ({"connectivity", "device"}, NOW + 20 * MINUTE)
    kept, _ = present(device(connectivity=2 * HOUR, device=10 * HOUR), EVERY, FRESHNESS, NOW, OPEN)
    assert left(kept) == set()


def test_what_the_agent_says_of_itself_goes_with_its_most_frequent_job() -> None:
    """Its clock too: an offset of hours ago is none. Its name and the time it was last heard of stay."""
    fresh, _ = present(device(NOW - 29 * MINUTE, device=1), EVERY, FRESHNESS, NOW)
    assert (fresh.health, fresh.clock_offset) == ({"spool_records": 1.0}, 0.5)
    stale, _ = present(device(NOW - 30 * MINUTE, device=1), EVERY, FRESHNESS, NOW)
    assert (stale.health, stale.clock_offset, stale.clock_drift) == ({}, None, None)
    assert (stale.id, stale.last_seen, stale.purchased, left(stale)) == ("d", NOW - 30 * MINUTE, 1, {"device"})


def test_past_no_data_only_the_name_and_the_last_time_are_left() -> None:
    """Even of what is measured once a day."""
    almost, again = present(device(NOW - DAY + 1, support=DAY - 1), EVERY, FRESHNESS, NOW)
    assert (left(almost), again) == ({"support"}, NOW + 1)
    gone, again = present(device(NOW - DAY, support=DAY), EVERY, FRESHNESS, NOW)
    assert (left(gone), gone.health, gone.clock_offset, gone.purchased, again) == (set(), {}, None, None, NEVER)
    assert gone.last_seen == NOW - DAY


def test_a_device_never_heard_of_and_a_job_without_an_interval_do_not_expire() -> None:
    """There is nothing to be too old; a job nobody knows of is left to others to drop."""
    assert present(pc("d", seen=None), EVERY, FRESHNESS, NOW) == (pc("d", seen=None), NEVER)
    kept, again = present(device(connectivity=10 * HOUR), {}, FRESHNESS, NOW)
    assert (left(kept), again) == ({"connectivity"}, NOW + DAY)


AGES = st.integers(0, 2 * DAY)


@given(AGES, AGES, AGES, st.sampled_from([OPEN, CLOSED]), st.integers(0, 2 * DAY))
def test_nothing_changes_before_it_is_asked_again(
    connectivity: int, checked: int, support: int, calendar: Calendar, wait: int
) -> None:
    """Whatever the ages: until the instant that is told, and within the same hours, the same is exported."""
    seen = NOW - min(connectivity, checked, support)
    found = device(seen, connectivity=connectivity, device=checked, support=support)
    now, again = present(found, EVERY, FRESHNESS, NOW, calendar)
    assert again > NOW
    later = min(NOW + wait, again - 1)
    assert present(found, EVERY, FRESHNESS, later, calendar)[0] == now
