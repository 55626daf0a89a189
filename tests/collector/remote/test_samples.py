"""What is sent is what a scrape shows of the same results, for every metric of every check."""

from __future__ import annotations

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from checks.kit import registry
from checks.kit.model import Metric, Outcome, Result, Sample
from collector.exposition import Catalogue, device_lines
from collector.readiness.model import DeviceFacts
from collector.remote import samples
from collector.remote.proto import series
from collector.remote.samples import Entry
from tests.collector.pushing import BOOT, XOM_CHIEU, wall

DEVICE = "5f0c0b7e-0000-4000-8000-000000000001"
METRICS = {metric.name: metric for check in registry.find().values() for metric in check.metrics}


def every(metric: Metric) -> Sample:
    """A sample of `metric`, with words for its labels where it has them."""
    words = iter(metric.words)
    labels = {name: f'mở "{name}"\n' if name in metric.open else next(words, "x") for name in metric.labels}
    return Sample(metric.name, 0.25, labels)


def results(at: int) -> list[Result]:
    """One of every check with all of its metrics, one of them made up, and one that failed."""
    found = []
    for number, check in enumerate(registry.find().values()):
        told = (*map(every, check.metrics), Sample("made_up", 1.0))
        outcome, reason = (Outcome.OK, "") if number else (Outcome.FAILED, "a reason of tomorrow")
        target = "" if number % 2 else 'hệ "thống"'
        found.append(
            Result(
                check=check.name, target=target, outcome=outcome, reason=reason, at=at, mono=1, boot=BOOT, samples=told
            )
        )
    return found


def test_names_labels_and_values_are_those_of_a_scrape() -> None:
    """Every series of the device that belongs to a result, no other, and equal to it when it is parsed."""
    at, told = wall(), results(wall())
    jobs = frozenset(f"{each.check}|{each.target}" for each in told)
    device = DeviceFacts(
        id=DEVICE, unit=XOM_CHIEU, role="pc", results={(each.check, each.target): each for each in told}
    )
    lines, unknown = device_lines(device, Catalogue(METRICS, lambda *_: jobs))
    scraped = {
        (series({"__name__": one.name, **one.labels}.items()).labels, one.value)
        for family in text_string_to_metric_families("".join(lines.values()))
        for one in family.samples
        if "check" in one.labels
    }
    entries = [Entry(XOM_CHIEU, DEVICE, at, msgspec.json.encode(each)) for each in told]
    found = samples.points(entries, Catalogue(METRICS, lambda *_: frozenset()), ())
    sent = {(one.labels, value) for one, _, value in found.points}
    own = {pair for pair in sent if ("__name__", "sansang_check_timestamp_seconds") not in pair[0]}
    assert own == {pair for pair in scraped if ("__name__", "sansang_check_timestamp_seconds") not in pair[0]}
    assert len(own) > len(METRICS)
    assert unknown == len(told)
    assert {when for _, when, _ in found.points} == {at // 1000}
    assert not found.lost


def test_no_request_is_larger_than_it_may_be() -> None:
    """Whatever is less: samples or bytes; none is empty, and none of the points is missing."""
    entries = [
        Entry(XOM_CHIEU, DEVICE, wall() - n * 10**6, msgspec.json.encode(r)) for n in range(5) for r in results(0)
    ]
    found = samples.points(entries, Catalogue(METRICS, lambda *_: frozenset()), ()).points
    for most, size in ((7, 10**6), (10**6, 3000), (1, 1)):
        parts = samples.cut(found, most, size)
        assert [point for part in parts for point in part] == found
        assert max(map(len, parts)) <= most
        assert all(part for part in parts)
    assert samples.cut([], 10, 10) == []
