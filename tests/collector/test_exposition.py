"""Lines as Prometheus reads them, whatever is in the names."""

from __future__ import annotations

from math import inf, nan
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from prometheus_client.parser import text_string_to_metric_families

from checks.kit.model import Metric, Outcome, Result, Sample, Scalar
from collector.attribution.model import Line
from collector.exposition import Catalogue, device_lines, line, unit_lines
from collector.readiness.model import DeviceFacts, RequirementState, UnitVerdict, Verdict, Waiver
from tests.collector.readiness.cities import XOM_CHIEU

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
UP = Metric(name="connectivity_up", title={}, unit="", help="Up.")
PHASE = Metric(
    name="connectivity_phase",
    title={},
    unit="seconds",
    help="Phase.",
    labels=("phase",),
    words={"tcp": {"vi": "TCP", "en": "TCP"}},
)


def catalogue() -> Catalogue:
    return Catalogue({metric.name: metric for metric in (UP, PHASE)}, lambda _u, _r: frozenset(["connectivity|x"]))


def device(*samples: Sample, reason: str = "", target: str = "x") -> DeviceFacts:
    outcome = Outcome.FAILED if reason else Outcome.OK
    result = Result(
        seq=1, check="connectivity", target=target, outcome=outcome, reason=reason, at=5_000_000, mono=1, boot="b",
        samples=samples,
    )  # fmt: skip
    return DeviceFacts(id="d", unit="27259", results={("connectivity", target): result}, version='1"\n')


@given(TEXTS, st.floats(allow_nan=False, allow_infinity=False))
def test_any_label_and_value_comes_back_as_it_was(text: str, value: float) -> None:
    """Quotes, line breaks and braces stay inside their label."""
    rendered = line("sansang_x", value, {"a": text, "b": "2"})
    assert rendered.count("\n") == 1
    [family] = text_string_to_metric_families(rendered)
    [sample] = family.samples
    assert (sample.labels, sample.value) == ({"a": text, "b": "2"}, value)


def test_a_metric_is_exported_under_its_registered_name_and_labels_only() -> None:
    """What the registry does not know is counted."""
    lines, unknown = device_lines(
        device(
            Sample("connectivity_up", 1.0),
            Sample("connectivity_phase", 0.25, {"phase": "tcp"}),
            Sample("connectivity_phase", 0.25, {"evil": "tcp"}),
            Sample("connectivity_phase", 0.25, {"phase": "made_up"}),
            Sample("made_up", 1.0),
        ),
        catalogue(),
    )
    job = 'unit="27259",device="d",check="connectivity",target="x"'
    assert lines["sansang_connectivity_phase_seconds"] == (
        f'sansang_connectivity_phase_seconds{{{job},phase="tcp"}} 0.25\n'
    )
    assert unknown == 3
    assert lines["sansang_check_timestamp_seconds"] == f"sansang_check_timestamp_seconds{{{job}}} 5\n"


def test_a_job_that_is_not_configured_makes_no_series() -> None:
    """Cardinality is the configuration's, not the sender's."""
    lines, _ = device_lines(device(Sample("connectivity_up", 1.0), target="y"), catalogue())
    assert not any("connectivity" in name or "check" in name for name in lines)


def test_no_sample_makes_a_series_twice_or_more_than_there_can_be() -> None:
    """Prometheus refuses a page on which a series stands twice, and open labels are bounded."""
    seen = catalogue()
    open_ones = structs.replace(PHASE, open=("phase",), words={})
    few = Catalogue({"connectivity_up": UP, "connectivity_phase": open_ones}, seen.jobs, most={"connectivity_phase": 2})
    many = [Sample("connectivity_phase", 0.1, {"phase": str(number)}) for number in range(5)]
    lines, unknown = device_lines(device(Sample("connectivity_up", 1.0), Sample("connectivity_up", 0.0), *many), few)
    assert lines["sansang_connectivity_up"].endswith("} 1\n")
    assert [lines[name].count("\n") for name in ("sansang_connectivity_up", PHASE.series)] == [1, 2]
    assert unknown == 4


def test_labels_name_one_series_in_whatever_order_they_come() -> None:
    """The metric's own."""
    both = structs.replace(PHASE, labels=("phase", "way"), words={"tcp": {}, "up": {}})
    told = Catalogue({"connectivity_phase": both}, catalogue().jobs)
    labels = {"phase": "tcp", "way": "up"}
    samples = [Sample(both.name, 1.0, one) for one in (labels, dict(reversed(labels.items())))]
    lines, unknown = device_lines(device(*samples), told)
    assert (lines[PHASE.series].count("\n"), unknown) == (1, 1)
    assert 'target="x",phase="tcp",way="up"} 1' in lines[PHASE.series]


def test_what_an_agent_says_of_itself_is_exported_by_a_closed_table() -> None:
    """Under names of ours; what is known and no series is not counted, what is unknown is."""
    told = structs.replace(device(), health={"spool_dropped": 3.0, "ring_records": 1.0, 'x"} 1\n': 1.0})
    lines, unknown = device_lines(told, catalogue())
    assert lines["sansang_agent_spool_dropped_total"] == (
        'sansang_agent_spool_dropped_total{unit="27259",device="d"} 3\n'
    )
    assert ([name for name in lines if "agent" in name], unknown) == (["sansang_agent_spool_dropped_total"], 1)


@pytest.mark.parametrize(
    ("state", "value", "unit", "reason", "waiver", "told"),
    [
        (Verdict.NOT_READY, 128.0, "ms", "threshold", "w", (" 0.128", "threshold", "waiver")),
        (Verdict.READY, 99.5, "%", "approved", "a", (" 0.995", "", "approval")),
        (Verdict.UNKNOWN, 128.0, "ms", "no_samples", "", ("", "no_samples", "")),
        (Verdict.NOT_READY, "hdd", "", "brand_new", "gone", ("", "other", "")),
        (Verdict.AT_RISK, 1e308, "GB", "tcp_timeout", "", (" +Inf", "tcp_timeout", "")),
    ],
)
def test_a_requirement_tells_what_it_was_judged_by_why_not_and_what_a_person_decided(
    state: Verdict, value: Scalar, unit: str, reason: str, waiver: str, told: tuple[str, str, str]
) -> None:
    """The value in its base unit, unless it is a word or nothing is known; a reason only where it is not ready."""
    need = RequirementState(
        id="rtt", title={}, mandatory=True, state=state, since=0, value=value, unit=unit, reason=reason, waiver=waiver
    )
    verdict = UnitVerdict(
        unit="27259", verdict=state, at=1, since=1, profile="x@1", expected=1, reporting=1, requirements=[need],
        waivers=[waived("w", "waiver"), waived("a", "approval")],
    )  # fmt: skip
    lines = unit_lines(XOM_CHIEU, verdict, "demo")
    own, series = 'unit="27259",requirement="rtt"', "sansang_unit_requirement_"
    found, why, kind = told
    assert lines.get(f"{series}value", "") == (f"{series}value{{{own}}}{found}\n" if found else "")
    assert lines.get(f"{series}reason", "") == (f'{series}reason{{{own},reason="{why}"}} 1\n' if why else "")
    assert lines.get(f"{series}waived", "") == (f'{series}waived{{{own},kind="{kind}"}} 1\n' if kind else "")
    assert lines["sansang_unit_requirement"].count("} 1\n") == 1


def waived(name: str, kind: Literal["waiver", "approval"]) -> Waiver:
    return Waiver(id=name, unit="27259", requirement="rtt", kind=kind, reason="", author="", created_at=0, expires_at=9)


def test_a_units_ways_out_are_told_with_who_provides_them() -> None:
    """A provider that nobody knows is an empty label, which Prometheus takes for none."""
    verdict = UnitVerdict(unit="27259", verdict=Verdict.UNKNOWN, at=1, since=1, profile="x@1", expected=0, reporting=0)
    lines = unit_lines(XOM_CHIEU, verdict, "demo", network=[Line(provider="VNPT"), Line(network="tslcd")])
    assert lines["sansang_unit_line_info"] == (
        'sansang_unit_line_info{unit="27259",network="internet",provider="VNPT"} 1\n'
        'sansang_unit_line_info{unit="27259",network="tslcd",provider=""} 1\n'
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [(inf, "+Inf"), (-inf, "-Inf"), (nan, "NaN"), (1e300, "1e+300"), (-0.5, "-0.5"), (3.0, "3"), (1e16, "1e+16")],
)
def test_numbers_are_written_as_prometheus_reads_them(value: float, told: str) -> None:
    """Without a fraction where there is none."""
    assert line("x", value, {}) == f"x{{}} {told}\n"


def test_a_reason_outside_the_enumeration_is_exported_as_other() -> None:
    """The label's values are closed."""
    lines, _ = device_lines(device(reason="brand_new"), catalogue())
    assert 'reason="other"' in lines["sansang_check_reason"]
    lines, _ = device_lines(device(reason="tcp_timeout"), catalogue())
    assert 'reason="tcp_timeout"' in lines["sansang_check_reason"]
