"""The benchmarks' own arithmetic, and that what they measure with works; never how fast anything is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import (
    accuracy_counters,
    accuracy_http,
    accuracy_icmp,
    agent_footprint,
    footprint_jobs,
    traffic,
    traffic_jobs,
)
from benchmarks.accuracy_lab import NAME, bench
from benchmarks.footprint_jobs import Cost
from benchmarks.table import Row
from checks.kit import registry
from tests.configs.test_shipped import loaded
from tests.tree import ROOT

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


def test_what_a_job_sends_once_and_its_rare_results_are_added() -> None:
    """A result that is unlike the others costs its own bytes; one that repeats another next to nothing."""
    sizes = traffic_jobs.packed({("a", ""): b'{"x":1}' * 30, ("b", ""): b'{"x":1}' * 29, ("c", ""): bytes(range(200))})
    assert sizes[("c", "")] > 190
    assert sizes[("a", "")] < 30
    jobs = [{"check": "a", "every": 600.0}, {"check": "c", "every": 21600.0}]
    part = traffic.Regime("all day", 86400, jobs)
    assert traffic.unseen(part, sizes, 120.0) == 4 * sizes[("c", "")]
    assert traffic.unseen(part, sizes, 5.0) == 4 * sizes[("c", "")] + 144 * sizes[("a", "")]


def test_the_cpu_of_rare_checks_is_added_up_from_one_run_each() -> None:
    """The agent's own process is taken from between runs, and children are not counted a second time."""
    own = agent_footprint.Figures(pss=12.0, alone=19.5, cpu=0.9, own=0.2, start=0.3, children=0.01)
    cost = Cost(cpu=0.2, first=3.0, wall=0.3, size=900, packed=300, hourly=2.0)
    costs = {"signing_token": cost, "power": Cost(cpu=0.001, first=0.1, wall=9.0, size=700, packed=200, hourly=4.0)}
    rows = {row.name: row for row in agent_footprint.rows(own, costs, {})}
    assert rows["CPU by sum, office hours"].ours == pytest.approx(0.2 + 2 * 0.2 + 4 * 0.001)
    assert rows["CPU between runs"].ours == 0.9
    assert rows["a child lives, by sum, office hours"].ours == pytest.approx(100 * 2 * 0.3 / 3600)  # power has none
    assert (rows["memory at rest (PSS)"].met, rows["memory, no other such program"].met) == (True, False)


def test_the_measured_agent_has_every_job_of_a_pc_in_office_hours() -> None:
    """All checks but the router's, each at the interval that the locality gives it."""
    found = footprint_jobs.jobs("http://127.0.0.1:9/page", True, {})
    assert {job["check"] for job in found} == set(registry.names()) - {"uplink"}
    served = loaded("hcmc").device_config("27259", "pc").jobs
    assert [(job["check"], job["every"]) for job in found] == [(job.check, job.every) for job in served]
    alone = {job["check"] for job in footprint_jobs.jobs("http://127.0.0.1:9/page", False, {})}
    assert not alone & {"lan", "dns", "path", "clock"}


@pytest.mark.skipif(bool(missing), reason=f"make bench installs {', '.join(missing)}")
def test_the_agent_is_measured_at_a_real_desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Token, card, time stamps and revocation are there and hold, and no figure is left out. What upsd says of a UPS
    whose driver is not scheduled in time is not held to."""
    agent, checks = agent_footprint.measured(tmp_path, settle=0.0, window=0.5, runs=1, others=())
    figures = {row.name: row.ours for row in agent}
    assert figures["memory at rest (PSS)"] > 5
    assert len(agent) == 7
    measured = {row.name.partition(",")[0]: row.ours for row in checks if row.name}
    assert set(measured) == set(registry.names()) - {"uplink"}
    failed = [line for line in capsys.readouterr().err.splitlines() if line.startswith("signing")]
    assert failed == []


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


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (
            "readiness",
            {
                "one unit by rows, median": "ms",
                "one unit, nothing known, median": "ms",
                "one device's change, median": "ms",
            },
        ),
        ("attribution", {"single: recall": "share", "nothing: wrong findings a play": "", "one window, median": "s"}),
    ],
)
def test_a_quick_look_gives_every_row_with_its_goal(name: str, rows: dict[str, str]) -> None:
    """As a program of its own: it sets how garbage is collected. What the figures are is nobody's business here."""
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--short", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = {row["name"]: row for row in json.loads(done.stdout)}
    assert {key: found[key]["unit"] for key in rows} == rows
    for row in found.values():
        assert set(row) == {*Row.__struct_fields__, "ratio"}
        assert isinstance(row["ours"], int | float)
        assert (row["met"] is None) == (row["goal"] is None), row["name"]
        assert bool(row["peer_name"]) == (row["peer"] is not None), row["name"]
    assert sum(row["goal"] is not None for row in found.values()) >= 3
