"""The age of a PC from evidence that bounds it."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.age import CONFIDENCES, STRENGTH, TOLERANCE, UPPER, YEAR, Age, Evidence, Traces, estimate, triangulate

NOW = datetime.datetime(2026, 11, 10, tzinfo=datetime.UTC).timestamp()
LOWER = tuple(source for source in STRENGTH if source != UPPER)
years = st.floats(min_value=-5, max_value=40, allow_nan=False)
pieces = st.lists(st.builds(Evidence, st.sampled_from(STRENGTH), years), max_size=8)
times = st.floats(min_value=-1e9, max_value=5e9, allow_nan=False)
found_on_a_pc = st.builds(
    Traces,
    firmware=st.none() | times,
    system=st.lists(times, max_size=4).map(tuple),
    cpu=st.none() | times,
    hours=st.none() | st.integers(-10, 10**7),
    screen=st.none() | times,
)


def _ago(count: float) -> float:
    return NOW - count * YEAR


def _estimate(**said: float) -> Age:
    found = estimate(Evidence(source, count) for source, count in said.items())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "age", "bounds", "confidence", "source"),
    [
        ({"firmware_date": 8}, 8, (8, None), "medium", "firmware_date"),
        ({"system_date": 8}, 8, (8, None), "low", "system_date"),
        ({"disk_hours": 3}, 3, (3, None), "low", "disk_hours"),
        ({"cpu_release": 9}, 8, (None, 9), "low", "cpu_release"),
        ({"cpu_release": 0.4}, 0, (None, 0.4), "low", "cpu_release"),
        ({"cpu_release": 9, "firmware_date": 8.5}, 8.5, (8.5, 9), "high", "firmware_date"),
        ({"cpu_release": 9, "firmware_date": 5}, 8, (5, 9), "medium", "cpu_release"),
        ({"cpu_release": 12, "system_date": 5}, 11, (5, 12), "low", "cpu_release"),
        ({"cpu_release": 9, "firmware_date": 2, "system_date": 8.2}, 8.2, (8.2, 9), "high", "system_date"),
        ({"firmware_date": 5, "disk_hours": 5, "system_date": 5}, 5, (5, None), "medium", "firmware_date"),
    ],
)
def test_the_bounds_make_the_age(
    said: dict[str, float], age: float, bounds: tuple[float | None, float | None], confidence: str, source: str
) -> None:
    """As the rule in the module's documentation says."""
    assert _estimate(**said) == Age(
        years=age, at_least=bounds[0], at_most=bounds[1], confidence=confidence, source=source
    )  # fmt: skip


@pytest.mark.parametrize("source", LOWER)
def test_a_contradiction_drops_the_weaker_piece_and_costs_confidence(source: str) -> None:
    """An old disk in a new PC, a clock that was wrong at the installation, a firmware with a default date."""
    assert _estimate(cpu_release=4, **{source: 9}) == Age(
        years=3, at_most=4, confidence="low", source="cpu_release", dropped=(source,)
    )  # fmt: skip


def test_a_contradiction_costs_one_step_only() -> None:
    """What the other pieces say together still holds."""
    found = _estimate(cpu_release=4, firmware_date=3.5, disk_hours=9)
    assert (found.years, found.confidence, found.dropped) == (3.5, "medium", ("disk_hours",))


def test_less_than_a_year_is_no_contradiction() -> None:
    """Firmware is written before its PCs are sold."""
    found = _estimate(cpu_release=4, firmware_date=4.5)
    assert (found.years, found.at_least, found.at_most, found.confidence, found.dropped) == (4, 4, 4, "high", ())


@given(pieces)
def test_an_estimate_lies_within_its_bounds_and_is_never_negative(evidence: list[Evidence]) -> None:
    """Whatever the pieces say."""
    found = estimate(evidence)
    if found is None:
        assert not evidence
        return
    assert found.years is not None
    assert 0 <= (found.at_least or 0) <= found.years
    assert found.at_most is None or found.years <= found.at_most
    assert found.confidence in CONFIDENCES
    assert found.source in {piece.source for piece in evidence}
    assert UPPER not in found.dropped


@given(pieces, st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_does_not_matter(evidence: list[Evidence], chance: object) -> None:
    """Nor which piece was found first."""
    shuffled = list(evidence)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert estimate(shuffled) == estimate(evidence)


@given(pieces, st.sampled_from(LOWER), years)
def test_agreeing_evidence_never_lowers_the_confidence(evidence: list[Evidence], source: str, count: float) -> None:
    """A piece that does not contradict the processor."""
    before, after = estimate(evidence), estimate([*evidence, Evidence(source, count)])
    assert after is not None
    agrees = after.at_most is None or count <= after.at_most + TOLERANCE
    if before is not None and agrees:
        assert CONFIDENCES.index(after.confidence or "") >= CONFIDENCES.index(before.confidence or "")
        assert after.dropped == before.dropped


@given(pieces, years)
def test_a_processor_that_agrees_never_lowers_the_confidence(evidence: list[Evidence], count: float) -> None:
    """An upper bound above all that is known from below."""
    below = [piece for piece in evidence if piece.source != UPPER]
    before, after = estimate(below), estimate([*below, Evidence(UPPER, count)])
    if before is not None and after is not None and not after.dropped:
        assert CONFIDENCES.index(after.confidence or "") >= CONFIDENCES.index(before.confidence or "")


@given(found_on_a_pc, st.booleans() | st.none(), times)
def test_no_trace_breaks_the_rule(traces: Traces, virtual: bool | None, now: float) -> None:
    """Any date may stand in a firmware, and any time on the clock."""
    found = triangulate(traces, virtual, now)
    assert all(count >= 0 for count in found.pieces.values())
    assert (found.age.years is None) == (found.age.confidence is None)
    assert found.age.years is None or found.age.years <= (now - 946857600) / YEAR


@pytest.mark.parametrize(
    ("traces", "virtual", "now", "source"),
    [
        (Traces(firmware=_ago(8)), False, NOW, "firmware_date"),
        (Traces(firmware=_ago(8)), None, NOW, "firmware_date"),
        (Traces(firmware=_ago(8), cpu=_ago(9)), True, NOW, "virtual_machine"),
        (Traces(), False, NOW, "no_firmware_date"),
        (Traces(screen=_ago(5)), False, NOW, "no_firmware_date"),
        (Traces(firmware=0.0), False, NOW, "implausible_firmware_date"),
        (Traces(firmware=315792000.0), False, NOW, "implausible_firmware_date"),
        (Traces(firmware=_ago(-73)), False, NOW, "implausible_firmware_date"),
        (Traces(firmware=_ago(-73), cpu=_ago(7)), False, NOW, "cpu_release"),
        (Traces(firmware=_ago(8)), False, 0.0, "implausible_clock"),
        (Traces(firmware=_ago(8), cpu=_ago(-0.5)), False, NOW, "implausible_clock"),
    ],
)
def test_an_age_is_known_or_its_absence_explained(
    traces: Traces, virtual: bool | None, now: float, source: str
) -> None:
    """Unknown stays unknown: it is neither new nor old."""
    found = triangulate(traces, virtual, now).age
    assert found.source == source
    assert (found.years is not None) == (source in STRENGTH)


def test_the_first_installation_counts() -> None:
    """A PC that was installed anew is no younger for it; impossible dates are none."""
    traces = Traces(system=(_ago(2), _ago(6), 0.0, _ago(-30)))
    assert triangulate(traces, False, NOW).pieces == {"system_date": pytest.approx(6)}


def test_hours_that_no_disk_can_have_been_on_are_no_evidence() -> None:
    """Some disks count in other units."""
    assert triangulate(Traces(hours=20000), False, NOW).pieces == {"disk_hours": pytest.approx(2.28, abs=0.01)}
    assert triangulate(Traces(hours=2_000_000), False, NOW).pieces == {}


def test_firmware_of_today_is_no_contradiction_to_a_clock_some_hours_behind() -> None:
    """Time zones: never below nothing."""
    assert triangulate(Traces(firmware=NOW + 3600), False, NOW).age.years == 0


def test_a_screen_is_shown_and_changes_nothing() -> None:
    """Screens outlive PCs, and are bought with others."""
    alone = triangulate(Traces(firmware=_ago(5)), False, NOW)
    found = triangulate(Traces(firmware=_ago(5), screen=_ago(9)), False, NOW)
    assert found.age == alone.age
    assert found.pieces["screen"] == pytest.approx(9)
