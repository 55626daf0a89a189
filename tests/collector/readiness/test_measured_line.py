"""Speed, jitter and loss as the default profile judges them: tests decide only where no counters tell."""

from __future__ import annotations

import pytest

from checks.kit.model import Outcome, Result, Sample
from collector.readiness.evaluate import evaluate
from collector.readiness.model import Bucket, UnitFacts, Verdict
from collector.tally import Sketch, Tally, job_key, series_key
from tests.collector.readiness.cities import DAY, NOW, pc, ran, state_of, unit
from tests.collector.readiness.test_uplink_p95 import shipped

MBIT, MS = 125_000.0, 1e-3
CALL = {"call": "1500k", "way": "round_trip"}


def half_hour(**series: list[float]) -> Bucket:
    """Three days ago, in office hours: ``down`` and ``up`` in Mbit/s, ``jitter`` in ms, ``loss`` in %, ``full`` shares
    of the line's capacity as its router counted them."""
    jobs: dict[str, Tally] = {}
    known = {
        "down": ("bandwidth", "bandwidth_throughput", [{"direction": "download"}], MBIT),
        "up": ("bandwidth", "bandwidth_throughput", [{"direction": "upload"}], MBIT),
        "jitter": ("realtime", "realtime_jitter", [CALL], MS),
        "loss": ("realtime", "realtime_loss", [CALL], 0.01),
        "full": ("uplink", "uplink_utilisation", [{"direction": "receive"}, {"direction": "transmit"}], 1.0),
    }
    for name, values in series.items():
        check, metric, labels, scale = known[name]
        tally = jobs.setdefault(job_key(check, ""), Tally(len(values), len(values), {}))
        for each in labels:
            sketch = tally.sketches.setdefault(series_key(metric, each), Sketch())
            for value in values:
                sketch.add(value * scale)
    return Bucket(start=NOW // 1_000_000 - 3 * DAY // 1_000_000, office=True, jobs=jobs)


def ward(*devices: Result, **series: list[float]) -> UnitFacts:
    """Ten PCs that report, of which the first has made the given runs."""
    pcs = [pc(f"q{number}", *(devices if not number else ()), ran("device")) for number in range(10)]
    return unit(*pcs, buckets=(half_hour(**series),))


@pytest.mark.parametrize(
    ("line", "series", "state"),
    [
        ("speed_down", {"down": [51.0]}, Verdict.READY),
        ("speed_down", {"down": [49.0]}, Verdict.AT_RISK),
        ("speed_down", {"down": [20.5]}, Verdict.AT_RISK),
        ("speed_down", {"down": [19.5]}, Verdict.NOT_READY),
        ("speed_down", {"down": [4.0, 90.0, 90.0]}, Verdict.READY),
        ("speed_up", {"up": [20.5]}, Verdict.READY),
        ("speed_up", {"up": [19.5]}, Verdict.AT_RISK),
        ("speed_up", {"up": [9.5]}, Verdict.NOT_READY),
        ("call_jitter", {"jitter": [29.5]}, Verdict.READY),
        ("call_jitter", {"jitter": [39.0]}, Verdict.AT_RISK),
        ("call_jitter", {"jitter": [41.0]}, Verdict.NOT_READY),
        ("call_loss", {"loss": [0.0]}, Verdict.READY),
        ("call_loss", {"loss": [1.5]}, Verdict.AT_RISK),
        ("call_loss", {"loss": [2.1]}, Verdict.NOT_READY),
    ],
)
def test_each_line_has_the_bands_of_the_domains_table(
    line: str, series: dict[str, list[float]], state: Verdict
) -> None:
    """One test is enough to tell; of several the median."""
    assert state_of(evaluate(shipped(), ward(**series), NOW, None), line).state is state


def test_a_slow_test_decides_only_while_no_counters_tell() -> None:
    """Each way by itself; a router that falls silent brings the test's word back, and never a better one."""
    slow = {"down": [12.0], "up": [30.0]}
    alone = evaluate(shipped(), ward(**slow), NOW, None)
    assert [state_of(alone, name).mandatory for name in ("speed_down", "speed_up")] == [True, True]
    assert (alone.verdict, "speed_down" in alone.deciding) == (Verdict.NOT_READY, True)
    counted = evaluate(shipped(), ward(**slow, full=[0.3] * 1613), NOW, None)
    assert [state_of(counted, name).mandatory for name in ("speed_down", "speed_up")] == [False, False]
    assert state_of(counted, "speed_down").state is Verdict.NOT_READY
    assert counted.verdict is not Verdict.NOT_READY, "a pity, and no more"
    assert "speed_down" not in counted.deciding
    few = evaluate(shipped(), ward(**slow, full=[0.3] * 1612), NOW, None)
    assert few.deciding == alone.deciding


def test_what_nobody_measured_is_unknown() -> None:
    """Neither counters nor a test: no word is said for the line."""
    found = evaluate(shipped(), ward(), NOW, None)
    for name in ("speed_down", "speed_up"):
        state = state_of(found, name)
        assert (state.state, state.mandatory, state.reason) == (Verdict.UNKNOWN, True, "no_samples")


@pytest.mark.parametrize(
    ("rtt", "state"), [(99.0, Verdict.READY), (101.0, Verdict.AT_RISK), (151.0, Verdict.NOT_READY)]
)
def test_the_round_trip_under_load_is_told_by_the_one_pc_that_measured(rtt: float, state: Verdict) -> None:
    """As advice, and no matter how many others report."""
    loads = {"idle": 5.0, "download": 400.0, "upload": rtt}
    samples = tuple(Sample("bandwidth_latency", value * MS, {"load": load}) for load, value in loads.items())
    found = state_of(evaluate(shipped(), ward(ran("bandwidth", samples=samples)), NOW, None), "loaded_rtt")
    assert (found.state, found.mandatory, found.value) == (state, False, pytest.approx(rtt))
    cut = ran("bandwidth", outcome=Outcome.ERROR, reason="test_cut")
    assert state_of(evaluate(shipped(), ward(cut), NOW, None), "loaded_rtt").state is Verdict.UNKNOWN
