"""A profile that a locality's jobs and systems cannot serve is refused, with the place in the locality's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from checks.kit.strict import ConfigError
from collector import config
from collector import locality as localities
from collector.measured import check_measured, most_open
from collector.readiness.profile import Kind, Part
from tests.collector.readiness.cities import DAY, MINUTE, line, profile, reached

HCMC = config.SHIPPED / "localities" / "hcmc.yaml"


def check(*lines: Any, file: Path = HCMC) -> None:
    locality, document = localities.load(file)
    check_measured(profile(*lines), locality, document)


def refused(*lines: Any, file: Path = HCMC) -> str:
    """The message after the place, whose line is that of the key in the file."""
    with pytest.raises(ConfigError) as why:
        check(*lines, file=file)
    assert why.value.line > 1
    return f"{why.value.key}: {why.value.expected}"


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """The locality with a router that is asked every ten minutes."""
    file = tmp_path / "localities" / "slow.yaml"
    file.parent.mkdir()
    text = HCMC.read_text("utf-8").replace("former_units: ../former_units.csv\n", "")
    assert "    roles: [router]\n    every: 5m" in text
    file.write_text(text.replace("    roles: [router]\n    every: 5m", "    roles: [router]\n    every: 10m"), "utf-8")
    return file


def uplink(**changes: Any) -> Any:
    return line(
        "uplink", kind=Kind.METRIC, check="uplink", name="uplink_utilisation", scope="unit", window=7 * DAY, **changes
    )


def test_five_minute_samples_of_a_week_can_be_had() -> None:
    """2,016 of them, and not one more."""
    check(uplink(minimum_samples=2016))
    told = "uplink runs at most 2016 times in 7d, requirement 'uplink' of test@3 wants 2017"
    assert refused(uplink(minimum_samples=2017)).endswith(told)


def test_more_samples_than_a_slow_job_takes_are_refused_at_the_job(slow: Path) -> None:
    locality, _ = localities.load(slow)
    place = next(index for index, plan in enumerate(locality.plans) if plan.check == "uplink")
    told = "uplink runs at most 1008 times in 7d, requirement 'uplink' of test@3 wants 1613"
    assert refused(uplink(minimum_samples=1613, mandatory=False), file=slow) == f"jobs[{place}].every: {told}"


def test_only_what_lies_in_office_hours_counts_there() -> None:
    """44 hours a week, every 30 minutes, 50 PCs and a router: 4,488 runs on each system."""
    check(reached(minimum_samples=4488, office_hours=True))
    told = "connectivity runs at most 4488 times in 7d of office hours, requirement 'week' of test@3 wants 4489"
    assert refused(reached(minimum_samples=4489, office_hours=True)).endswith(told)
    check(reached(minimum_samples=4489))


def test_nothing_is_missed_of_what_has_no_window() -> None:
    check(line("now", check="device", minimum_samples=10_000_000))


def test_a_mandatory_line_needs_a_job() -> None:
    told = "jobs: no job runs rehearsal, which requirement 'x' of test@3 needs"
    assert refused(line("x", check="rehearsal")) == told
    assert refused(line("x", check="rehearsal", mandatory=False, mandatory_from=1)) == told
    assert refused(line("y"), line("x", check="rehearsal", mandatory=False, mandatory_without="y")) == told
    check(line("x", check="rehearsal", mandatory=False))


def test_so_does_each_of_its_parts() -> None:
    part = Part(id="p", title={}, kind=Kind.RUNS, check="rehearsal", name="runs", labels={}, where=line("x").ready)
    told = "jobs: no job runs rehearsal, which requirement 'x' of test@3 needs"
    assert refused(line("x", kind=Kind.PARTS, check="", parts=(part,))) == told


def test_what_the_roster_tells_needs_no_job() -> None:
    check(line("x", kind=Kind.ROSTER, check="", name="staff"), line("y", kind=Kind.DEVICES, check="", name="reporting"))


def test_a_named_system_must_be_there() -> None:
    told = (
        "targets: no system is called 'dvc-tphcmm', which requirement 'week' of test@3 names; did you mean dvc-tphcm?"
    )
    assert refused(reached(systems=("dvc-tphcmm",), mandatory=False)).startswith(told[:-1])
    check(reached(systems=("dvc-tphcm",)))


def test_a_mandatory_network_must_have_a_system() -> None:
    told = "targets: no system is reached by tslcd, as requirement 'week' of test@3 needs"
    assert refused(reached(network="tslcd")) == told
    check(reached(network="tslcd", mandatory=False), reached("other", network="internet"))


def test_the_most_office_hours_of_a_window() -> None:
    """44 a week, 8 on a weekday; holidays make a week shorter, never the longest one."""
    hours = localities.load(HCMC)[0].hours
    assert [most_open(hours, length // 1_000_000) / 3600 for length in (7 * DAY, DAY, 15 * MINUTE)] == [44, 8, 0.5]
    assert most_open(replace(hours, spans=()), 86_400) == 86_400
