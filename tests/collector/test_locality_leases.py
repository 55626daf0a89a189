"""What a locality's file says of leases, and what holds where it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import config, locality
from collector.leases.model import ALWAYS, MEGABIT, SECOND, Policy, Rehearsal
from collector.readiness.hours import Span

SHIPPED = config.SHIPPED / "localities"


def written(tmp_path: Path, text: str) -> Policy:
    """The demonstration with other rules."""
    file = tmp_path / "demo.yaml"
    whole = (SHIPPED / "demo.yaml").read_text("utf-8").split("\nleases:")[0]
    file.write_text(f"{whole}\nleases: {text}\n", "utf-8")
    return locality.load(file)[0].leases


@pytest.mark.parametrize("name", ["hcmc", "ha-noi", "quang-ninh", "can-tho"])
def test_the_cities_hold_to_what_is_documented(name: str) -> None:
    """Their files write out what holds without them."""
    assert locality.load(SHIPPED / f"{name}.yaml")[0].leases == Policy()


def test_nothing_said_is_what_suits_offices(tmp_path: Path) -> None:
    assert written(tmp_path, "{}") == Policy()


def test_the_demonstration_measures_around_the_clock() -> None:
    found = locality.load(SHIPPED / "demo.yaml")[0].leases
    assert (found.calendar, found.period) == (ALWAYS, 600)


def test_every_key_is_taken(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        """
  quiet: [{days: [sun], from: "22:00", to: "24:00"}]
  closed: [{days: [mon], from: 450, to: "08:00"}]
  rehearsals: [{from: 2026-12-05T07:00, to: "2026-12-05T11:00+07:00", reason: Diễn tập}]
  bytes_per_day: 1000000
  bytes_per_month: 2000000
  period: 12h
  period_with_counters: 31d
  line_mbps: 12.5
  cross_traffic: {kbps: 64, share: 0.05}
  providers: {viettel: {capacity_mbps: 2000}, "Nhà mạng  B": {capacity_mbps: 10, share: 1}}""",
    )
    begin = 1_796_428_800 * SECOND
    assert found.calendar.quiet == (Span(frozenset({6}), 1320, 1440),)
    assert found.calendar.closed == (Span(frozenset({0}), 450, 480),)
    assert found.calendar.rehearsals == (Rehearsal(begin, begin + 4 * 3600 * SECOND, "Diễn tập"),)
    assert (found.bytes_per_day, found.bytes_per_month) == (1_000_000, 2_000_000)
    assert (found.period, found.period_with_counters) == (43_200, 31 * 86_400)
    assert (found.line, found.cross, found.cross_share) == (12_500_000, 64_000, 0.05)
    assert found.providers == {"Viettel": 200 * MEGABIT, "NHÀ MẠNG B": 10 * MEGABIT}


def test_a_longer_period_takes_the_one_with_counters_along(tmp_path: Path) -> None:
    """Unless that is written, and is shorter."""
    assert written(tmp_path, "{period: 14d}").period_with_counters == 14 * 86_400
