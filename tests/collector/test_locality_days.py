"""Days on which nobody is served, as a locality names them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from collector import config, locality, maintenance
from collector.locality_file import ClosedFile
from collector.plan import Locality

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICES = ("hcmc", "ha-noi", "quang-ninh", "can-tho")


def shipped(name: str) -> Locality:
    return locality.load(config.SHIPPED / "localities" / f"{name}.yaml")[0]


def instant(*parts: int) -> int:
    """µs since the epoch, of a local time."""
    return int(datetime(*parts, tzinfo=ZONE).timestamp()) * 1_000_000  # type: ignore[arg-type,misc]


def closed(**written: object) -> set[date]:
    return set(maintenance.days(maintenance.closed(msgspec.convert(written, ClosedFile))))


def test_days_with_a_year_are_those_days() -> None:
    """First and last included; a day alone needs no end."""
    found = closed(**{"from": "2027-02-05", "to": "2027-02-11", "reason": "Tết"})
    assert (min(found), max(found), len(found)) == (date(2027, 2, 5), date(2027, 2, 11), 7)
    assert closed(**{"from": "2028-02-29", "reason": "Nghỉ bù"}) == {date(2028, 2, 29)}


def test_days_without_a_year_are_those_of_every_year() -> None:
    found = closed(**{"from": "04-30", "to": "05-01", "reason": "Lễ"})
    assert {date(2026, 4, 30), date(2026, 5, 1), date(2044, 5, 1)} <= found
    assert len(found) == 2 * len(maintenance.YEARS)


@pytest.mark.parametrize("name", OFFICES)
@pytest.mark.parametrize("day", [(1, 1), (4, 30), (5, 1), (9, 2)])
def test_nobody_is_served_on_the_holidays_that_the_law_fixes(name: str, day: tuple[int, int]) -> None:
    """A half-hour of a working day counts as outside office hours then, in any year."""
    hours = shipped(name).hours
    for year in (2026, 2027, 2031):
        assert not hours.office(instant(year, *day, 9) // 1_000_000)
    assert hours.office(instant(2026, 9, 3, 9) // 1_000_000)


def test_an_office_is_closed_from_the_evening_before_to_the_morning_after() -> None:
    """Thursday 30 April and Friday 1 May 2026, then Saturday morning."""
    found = shipped("hcmc").hours.calendar(instant(2026, 4, 30, 10))
    assert (found.open, found.since, found.until) == (False, instant(2026, 4, 29, 17), instant(2026, 5, 2, 7, 30))


def test_why_it_is_closed_is_told_in_both_languages() -> None:
    """On any other day nothing is."""
    found = shipped("can-tho")
    assert found.closed_for(date(2026, 9, 2)) == {"vi": "Quốc khánh", "en": "National Day"}
    assert found.closed_for(date(2026, 9, 3)) == {}


@pytest.mark.parametrize("name", OFFICES)
def test_agents_are_told_office_hours_without_holidays(name: str) -> None:
    """What an agent measures on a holiday costs little; a calendar on every PC would be one more thing to go stale."""
    hours = shipped(name).hours
    assert maintenance.week(hours) == maintenance.week(msgspec.structs.replace(hours, off=frozenset()))
