"""Lines as Prometheus reads them, whatever is in the names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from checks.kit.model import Metric, Outcome, Result, Sample
from collector.exposition import Catalogue, Exposition, device_lines, line
from collector.readiness.model import DeviceFacts

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


def test_a_reason_outside_the_enumeration_is_exported_as_other() -> None:
    """The label's values are closed."""
    lines, _ = device_lines(device(reason="brand_new"), catalogue())
    assert 'reason="other"' in lines["sansang_check_reason"]
    lines, _ = device_lines(device(reason="tcp_timeout"), catalogue())
    assert 'reason="tcp_timeout"' in lines["sansang_check_reason"]


def test_families_are_whole_and_expired_devices_disappear() -> None:
    """One head a family, its samples together."""
    exposition = Exposition([UP, PHASE])
    for name in ("d", "e"):
        lines, _ = device_lines(device(Sample("connectivity_up", 1.0)), catalogue())
        exposition.put_device("27259", name, lines)
    text = exposition.devices_text("27259")
    assert text.count("# TYPE sansang_connectivity_up gauge") == 1
    assert text.count("\nsansang_connectivity_up{") == 2
    exposition.keep_devices("27259", {"d"})
    assert exposition.devices_text().count("\nsansang_connectivity_up{") == 1
    assert exposition.devices_text("00004") == ""
