"""How many series a device can make at most: promised by the configuration, and kept whatever it sends."""

from __future__ import annotations

from itertools import product

import pytest

from checks import signing_token
from checks.kit import registry, token_links
from checks.kit.model import Metric, Outcome, Result, Sample
from checks.signing_service import LINKS
from collector import cardinality
from collector.catalog import Measures, series
from collector.exposition import Catalogue, device_lines
from collector.families import DEVICE
from collector.readiness.model import DeviceFacts

CHECKS = registry.find()
MEASURES = Measures(CHECKS)
METRICS = {name: metric for name, (_, metric) in MEASURES.metrics.items()}


def worst(metric: Metric) -> list[Sample]:
    """Every value that a label may have in every place, and 50 for each open one."""
    values = [
        [f"v{number}" for number in range(50)] if name in metric.open else [*metric.words, "made up"]
        for name in metric.labels
    ]
    return [Sample(metric.name, 1.0, dict(zip(metric.labels, each, strict=True))) for each in product(*values)]


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_the_worst_that_a_device_can_send_of_a_check_stays_within_its_bound(name: str) -> None:
    """Each family, and all together; what is too much is counted."""
    samples = tuple(sample for metric in CHECKS[name].metrics for sample in worst(metric))
    result = Result(check=name, outcome=Outcome.FAILED, reason="other", at=1, mono=0, boot="b", samples=samples)
    most = {name: cardinality.most(metric) for name, metric in METRICS.items()}
    catalogue = Catalogue(METRICS, lambda _u, _r: frozenset([f"{name}|"]), most=most)
    lines, unknown = device_lines(DeviceFacts(id="d", unit="27259", results={(name, ""): result}), catalogue)
    bound = cardinality.of_device([(name, "")], MEASURES.metrics)
    assert {one: text.count("\n") for one, text in lines.items() if text.count("\n") > bound[one]} == {}
    assert unknown == len(samples) - sum(lines.get(metric.series, "").count("\n") for metric in CHECKS[name].metrics)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_metric_of_a_check_can_be_told_whole(name: str) -> None:
    """The bound takes nothing away: as many series as its labels have values, those of several labels by BOUNDS."""
    for metric in CHECKS[name].metrics:
        if len(metric.labels) < 2:
            told = {sample.labels.get(metric.labels[0], "") for sample in worst(metric)} if metric.labels else {""}
            spoken = told - {"made up"} - ({"0", "1"} if "0" in metric.words else set())
            assert cardinality.most(metric) == len(spoken), metric.name
        else:
            assert metric.name in cardinality.BOUNDS, metric.name


def test_bounds_are_those_of_the_checks() -> None:
    """Links that there are, certificates that are told of, and the words of the labels that are several."""
    words = {name: metric.words.keys() for name, metric in METRICS.items()}
    assert cardinality.BOUNDS.keys() <= METRICS.keys()
    assert cardinality.BOUNDS["signing_token_certificate_left"] == signing_token.MAX_LEFT
    assert cardinality.BOUNDS["signing_token_link"] == len(token_links.LINKS)
    assert cardinality.BOUNDS["signing_service_link"] == len(LINKS)
    servers = {word for word in words["dns_lookup"] if word.isdecimal()}
    assert (len(servers), len(words["dns_lookup"]), cardinality.BOUNDS["dns_lookup"]) == (6, 6 + 3 + 2, 6 * 3 * 2)
    assert len(words["realtime_delay"] - {"up", "down", "round_trip"}) * 3 == cardinality.BOUNDS["realtime_delay"]


def test_a_metric_that_nobody_has_bounded_has_few_series() -> None:
    """Open labels, or labels without words."""
    loose = Metric(name="x", title={}, unit="", help="X.", labels=("a",))
    assert cardinality.most(loose) == cardinality.UNBOUNDED
    assert cardinality.most(Metric(name="x", title={}, unit="", help="X.")) == 1


def test_a_device_is_bounded_by_the_jobs_of_its_role() -> None:
    """Each target is a job of its own."""
    jobs = [("connectivity", "portal"), ("connectivity", "mail"), ("device", "")]
    found = cardinality.of_device(jobs, MEASURES.metrics)
    assert found["sansang_check_outcome"] == 3 * len(Outcome)
    assert found["sansang_connectivity_phase_seconds"] == 2 * 7
    assert "sansang_uplink_up" not in found
    assert {one.series for one in DEVICE} <= found.keys() <= series(MEASURES).keys()
