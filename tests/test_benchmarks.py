"""The benchmarks' own arithmetic, and that what they measure with works; never how fast anything is."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from benchmarks import accuracy_counters, accuracy_http, accuracy_icmp, traffic
from benchmarks.accuracy_lab import NAME, bench

PEERS = ("curl", "fping", "ping", "nft", "dnsmasq", "prometheus-blackbox-exporter")
missing = [name for name in PEERS if not shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")]


@pytest.mark.parametrize(
    ("lost", "sent", "low", "high"),
    [(0, 100, 0.0, 0.0370), (10, 100, 0.0552, 0.1744), (1, 1000, 0.0002, 0.0056), (100, 100, 0.9630, 1.0)],
)
def test_the_interval_of_a_share_is_wilsons(lost: int, sent: int, low: float, high: float) -> None:
    assert accuracy_icmp.wilson(lost, sent) == pytest.approx((low, high), abs=5e-5)


def test_a_day_of_counters_has_its_wraps_and_its_reboot() -> None:
    """And no byte is off, nor an interval missing but the one with the reboot."""
    assert accuracy_counters.day(32, reboot=False)[:2] == (0.0, 0.0)
    assert accuracy_counters.day(32, reboot=False)[2] > 100
    assert accuracy_counters.day(64, reboot=True) == (0.0, 1.0, 1)


def config(*jobs: dict[str, Any], hours: Any = None) -> dict[str, Any]:
    return {"jobs": list(jobs), "hours": hours}


def test_a_working_day_is_divided_by_office_hours() -> None:
    """Each part has its own intervals; a job that rests outside office hours is not in that part."""
    hours = {"utc_offset": 25200, "week": [[450, 690], [780, 1020], [1440 + 450, 1440 + 690]]}
    jobs = ({"check": "a", "every": 600}, {"check": "b", "off_hours_every": 900}, {"check": "c", "off_hours_every": 0})
    office, outside = traffic.regimes(config(*jobs, hours=hours))
    assert (office.seconds, outside.seconds) == (8 * 3600, 16 * 3600)
    assert [(job["check"], job["every"]) for job in office.jobs] == [("a", 600), ("b", 300), ("c", 300)]
    assert [(job["check"], job["every"]) for job in outside.jobs] == [("a", 600), ("b", 900)]


def test_an_office_that_never_closes_has_no_time_outside() -> None:
    assert [part.seconds for part in traffic.regimes(config({"check": "a"}))] == [86400, 0]


def test_pushes_of_a_day_are_those_with_results_and_those_that_say_that_the_agent_lives() -> None:
    """One job an hour: 24 pushes with its result, and one after every 900 s of silence between them."""
    part = traffic.Regime("all day", 86400, [{"check": "device", "every": 3600}])
    full, empty = traffic.pushes_a_day(part, 60.0)
    assert full == 24
    assert 24 * 2 <= empty <= 24 * 3


@pytest.mark.skipif(bool(missing), reason=f"make bench installs {', '.join(missing)}")
def test_every_tool_measures_the_same_request_and_the_same_echoes() -> None:
    """On the emulated line with its servers; nothing is said about how right they are."""
    with bench() as here:
        seen = accuracy_http.compare(here, f"https://{NAME}/", 1)
        echoes = {name: accuracy_icmp.run(here, tool, "192.0.2.20", 3) for name, tool in accuracy_icmp.TOOLS.items()}
        lossy = list(accuracy_icmp.loss_rows(here, 10, ()))
    assert {name: tuple(times) for name, times in seen.items()} == dict.fromkeys(seen, accuracy_http.PHASES)
    assert {name: (len(each.told), len(each.wire)) for name, each in echoes.items()} == dict.fromkeys(echoes, (3, 3))
    assert all(trip > 0 for each in echoes.values() for trip in (*each.told, *each.wire))
    assert [row.ours for row in lossy if row.unit == "packets"] == [0.0]
