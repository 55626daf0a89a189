"""Office hours and maintenance as agents are told them, and the etag over all of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from collector.catalog import Catalog
from collector.plan import Limits
from collector.served import OfficeHours, ServedWindow
from tests.collector.pilots import pilot

JOBS = "jobs:\n- {check: connectivity, every: 5m, targets: all}\n- {check: lan, every: 10m}\n"
WINDOWS = """
maintenance:
- {from: "2026-12-15T22:00", to: "2026-12-15T16:30:00Z", reason: Nâng cấp, targets: [portal], checks: [connectivity]}
- {from: 2026-12-16, to: "2026-12-17T00:00+07:00", reason: Cúp điện, units: ["27259"]}
"""
BEFORE, BETWEEN, AFTER = (datetime.fromisoformat(f"2026-12-{day}T12:00+07:00").timestamp() for day in (10, 16, 18))


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def at(found: Catalog, now: float) -> Catalog:
    found._now = lambda: now
    return found


def test_office_hours_are_minutes_of_the_week_with_a_distance_from_utc(tmp_path: Path) -> None:
    """Spans of a day that touch are one; Monday comes first."""
    hours = pilot(tmp_path, JOBS).device_config("27259", "pc").hours
    assert hours == OfficeHours(7 * 3600, [(450, 720), (1440 + 450, 1440 + 690), (6 * 1440 + 23 * 60, 7 * 1440)])


def test_the_distance_from_utc_is_the_present_one(tmp_path: Path) -> None:
    """Where summer time begins or ends, devices get a new configuration."""
    found = pilot(tmp_path, JOBS, zone="Europe/Paris")
    summer, winter = (datetime(2026, month, 1).timestamp() for month in (7, 12))
    etags = {now: at(found, now).etag("27259", "pc") for now in (summer, winter)}
    assert etags[summer] != etags[winter]
    hours = at(found, summer).device_config("27259", "pc").hours
    assert hours is not None
    assert hours.utc_offset == 7200


def test_maintenance_is_served_to_its_units_until_it_is_over(tmp_path: Path) -> None:
    """In epoch seconds: local times are those of the locality's zone, others carry their offset."""
    found = pilot(tmp_path, JOBS + WINDOWS)
    first = ServedWindow(epoch("2026-12-15T15:00Z"), epoch("2026-12-15T16:30Z"), ("connectivity",), ("portal",))
    second = ServedWindow(epoch("2026-12-15T17:00Z"), epoch("2026-12-16T17:00Z"))
    assert at(found, BEFORE).device_config("27259", "pc").maintenance == [first, second]
    assert at(found, BEFORE).device_config("27265", "pc").maintenance == [first]
    assert at(found, BETWEEN).device_config("27259", "pc").maintenance == [second]
    assert at(found, AFTER).device_config("27259", "pc").maintenance == []


def test_the_etag_covers_hours_maintenance_and_limits(tmp_path: Path) -> None:
    """And stays the same while nothing changes."""
    whole = JOBS + WINDOWS + "limits: {slots: 2}\n"
    texts = [
        JOBS,
        JOBS + WINDOWS,
        whole,
        whole.replace("slots: 2", "bytes_per_hour: 50000"),
        whole.replace("10m", "11m"),
    ]
    etags = [at(pilot(tmp_path, text), BEFORE).etag("27259", "pc") for text in texts]
    assert len(set(etags)) == len(texts)
    assert at(pilot(tmp_path, whole), BEFORE).etag("27259", "pc") == etags[2]
    assert at(pilot(tmp_path, whole), AFTER).etag("27259", "pc") not in etags


def test_limits_are_served(tmp_path: Path) -> None:
    """Those that are set."""
    text = "limits: {per_check: {connectivity: 2}, sockets_per_hour: 100}\n"
    limits = pilot(tmp_path, JOBS + text).device_config("27259", "pc").limits
    assert limits == Limits(slots=4, per_check={"connectivity": 2}, sockets_per_hour=100)
