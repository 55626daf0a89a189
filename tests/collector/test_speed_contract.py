"""What the evidence reads is what the checks send: names, units, and the text that they sign."""

from __future__ import annotations

from checks import bandwidth, realtime
from checks.kit import speedlimits
from checks.kit.model import Facts, Outcome, Result, Sample
from checks.kit.speed import Report, Way
from collector.evidence.figures import DISTURBED, LIMITS, figures
from collector.evidence.signed import CLAIMS, agrees, evidence_of
from collector.evidence.summary import QUANTITIES
from collector.web.i18n import has

METRICS = {metric.name: metric for metric in (*bandwidth.CHECK.metrics, *realtime.CHECK.metrics)}
FACTS = {fact.name: fact for fact in bandwidth.FACTS}


def test_every_figure_is_a_metric_of_a_check_in_the_unit_it_is_summed_up_in() -> None:
    """Metrics are in bytes per second, what is summed up in bit/s."""
    names = {
        "down": "bandwidth_throughput", "up": "bandwidth_throughput", "idle": "bandwidth_latency",
        "loaded": "bandwidth_latency", "rpm": "bandwidth_responsiveness", "loss": "realtime_loss",
        "jitter": "realtime_jitter", "variation": "realtime_variation", "mos": "realtime_mos",
    }  # fmt: skip
    units = {
        name: METRICS[metric].unit.replace("bytes_per_second", "bits_per_second") for name, metric in names.items()
    }
    assert units == dict(QUANTITIES)
    assert set(METRICS) >= CLAIMS
    assert all(has(f"q_{name}") for name in QUANTITIES)


def test_every_word_of_a_fact_is_known() -> None:
    """What limited a test and what disturbed it."""
    assert set(FACTS["limited_by"].words) == set(LIMITS)
    assert set(FACTS["disturbed"].words) == set(DISTURBED)


def test_the_text_that_the_check_signs_agrees_with_what_it_sends() -> None:
    """As the check writes it, both directions."""
    ways = (Way(direction="download", rate=93_412_345.6, used=1), Way(direction="upload", rate=41_200_000.4, used=1))
    text = speedlimits.evidence(
        Report(ways=ways), at=1, lease="0123456789abcdef", server="tdc", host="h", params={}, limited={}
    )  # fmt: skip
    samples = tuple(Sample("bandwidth_throughput", (way.rate or 0.0) / 8, {"direction": way.direction}) for way in ways)
    facts: Facts = {"lease": "0123456789abcdef", "evidence": text}
    result = Result(check="bandwidth", outcome=Outcome.OK, at=1, mono=1, boot="", samples=samples, facts=facts)
    assert agrees(result, evidence_of(result))
    assert (figures(result).down, figures(result).up) == (93_412_345.6, 41_200_000.4)
