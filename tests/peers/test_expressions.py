"""Every PromQL expression of every panel, rule and alert returns data in a simulated city, or is known not to."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from dashboards import boards
from dashboards.rules import build as rules
from dashboards.rules.model import Alert, Record
from dashboards.rules.prometheus import Servers, config
from tests.peers.observability import HEALTHY, UNITS, Town, town

PATIENCE = 30.0
PACE = "2s"
MINUTES = "a day behind it, but judged for a minute only"
MAY = {
    "alert:CommitSlow/warning": "only where the machine is busy",
    "alert:LoopStalls/warning": "only where the machine is busy",
    "alert:SweepStale/critical": "only where the machine is busy",
    "alert:RemoteWriteStalled/warning": "the backlog is on its way or has gone",
    "alert:AgentBacklog/warning": "only where the machine is busy",
    "sansang-collector-vi/pending:C": "the backlog is on its way or has gone",
    "sansang-collector-vi/refusals:A": "a code's first refusal may come before its first scrape",
    "sansang-collector-vi/not_written:A": "only where the machine is busy",
}
"""What may be empty here or not."""
EMPTY = {
    "alert:UnitNotReady/critical": MINUTES,
    "alert:UnitNotReady/warning": MINUTES,
    "alert:UnitUnknown/info": MINUTES,
    "alert:ProfileRefused/warning": "the profile is as its files say",
    "alert:WaiverEnds/info": "nobody grants a waiver",
    "alert:ClockDrifts/info": "drift is known after hours",
    "alert:AgentDeadLetters/warning": "every result can be read",
    "alert:AgentLosesResults/warning": "no spool overflows",
    "alert:AgentSkipsRuns/info": "no run is late",
    "alert:CollectorDown/critical": "it runs",
    "alert:DeviceScrapeDown/warning": "it runs",
    "alert:SweepFailing/warning": "no sweep fails",
    "alert:ResultsLost/warning": "every number comes",
    "alert:PushesRefused/warning": "one in hundreds was refused",
    "alert:RemoteWriteBehind/warning": "its queue is younger than an hour",
    "alert:RemoteWriteDrops/warning": "nothing is too old",
    "alert:RulesFail/warning": "every rule can be evaluated",
    "alert:PushErrorBudgetBurn/critical": "what was refused was no fault of the collector's",
    "alert:PushErrorBudgetBurn/warning": "what was refused was no fault of the collector's",
    "alert:SweepErrorBudgetBurn/critical": "sweeps are young",
    "alert:SweepErrorBudgetBurn/warning": "sweeps are young",
    "sansang-collector-vi/gaps:A": "every number comes",
}
"""What must be empty in this city, and why."""
ABSENT = {
    "sansang_unit_waiver_expires_timestamp_seconds": "nobody grants a waiver",
    "sansang_device_clock_drift_ratio": "drift is known after hours",
    "sansang_collector_gap_records_total": "it begins with the first gap",
    "sansang_collector_remote_write_dropped_samples_total": "it begins with the first that is dropped",
}
"""Series that an expression of EMPTY asks for, and that are not there either."""
_NAME = re.compile(r"\b(?:sansang_\w+|prometheus_\w+|\w+:\w+:\w+)\b")


def _rule(one: Record | Alert) -> str:
    return f"alert:{one.name}/{one.severity.value}" if isinstance(one, Alert) else f"record:{one.series}"


def _asked() -> dict[str, str]:
    """Expressions by a name; of those that two languages ask alike, the first."""
    found = {_rule(one): one.expr for one in rules.rules()}
    seen = set(found.values())
    for dashboard, panel, expr in boards.expressions():
        if expr not in seen:
            seen.add(expr)
            found[f"{dashboard}/{panel}"] = expr
    return found


ASKED = _asked()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Fourteen units with a day behind them and fifteen faults among them, watched by the shipped rules."""

    def watched(collector: int, prometheus: int, files: str) -> str:
        here = Servers(
            collector=f"127.0.0.1:{collector}", prometheus=f"127.0.0.1:{prometheus}", alertmanager="127.0.0.1:9",
            rules=files, shards=2, locality="demo", pace=PACE,
        )  # fmt: skip
        return config(here)

    with town(tmp_path_factory.mktemp("city"), rules.rule_files(interval=PACE), watched) as made:
        yield made


@pytest.mark.xdist_group("city")
def test_the_city_is_as_it_was_made(city: Town) -> None:
    """Its faults are found, its healthy units are not blamed, the one that nobody simulates is unknown."""
    blamed = city.ask('sansang_finding{segment="provider",provider="NHÀ MẠNG B"}', PATIENCE)
    healthy = city.ask(f'sansang_unit_verdict{{unit=~"{"|".join(HEALTHY)}",verdict="not_ready"}} == 1')
    unknown = city.ask('sansang_unit_silence{silence="never_enrolled"} == 1', PATIENCE)
    assert [one["metric"]["cause"] for one in blamed] == ["unreachable"]
    assert healthy == []
    assert {one["metric"]["unit"] for one in unknown} < set(UNITS)
    assert city.ask('up{job=~"sansang.*"} == 0') == []


@pytest.mark.xdist_group("city")
@pytest.mark.parametrize("name", sorted(ASKED.keys() - EMPTY.keys() - MAY.keys()))
def test_an_expression_returns_data(city: Town, name: str) -> None:
    """Within the time that rules take to follow each other."""
    assert city.ask(ASKED[name], PATIENCE), f"nothing for\n{ASKED[name]}"


@pytest.mark.xdist_group("city")
@pytest.mark.parametrize("name", sorted(ASKED.keys() & (EMPTY.keys() | MAY.keys())))
def test_an_expression_that_is_expected_to_be_empty_can_be_asked(city: Town, name: str) -> None:
    """It is empty where it must be, and not for want of the series that it asks for."""
    found = city.ask(ASKED[name])
    assert name not in EMPTY or found == [], f"{EMPTY[name]}: but {found}"
    series = {one for one in _NAME.findall(ASKED[name]) if name in EMPTY and one not in ABSENT}
    assert [one for one in sorted(series) if not city.ask(f"count({one})", PATIENCE)] == []


def test_what_is_expected_to_be_empty_is_asked() -> None:
    """A name that no expression has any more is taken off the lists, those of a healthy city included: here, where much
    is wrong, they return data."""
    asked = {(dashboard, panel) for dashboard, panel, _ in boards.expressions()}
    assert boards.EXPECTED_EMPTY.keys() - asked == set()
    assert (EMPTY.keys() | MAY.keys()) - ASKED.keys() == set()
    assert EMPTY.keys() & MAY.keys() == set()
