"""Readings, results and how parameters are decoded."""

from __future__ import annotations

import msgspec
import pytest

from checks.kit.model import (
    Check,
    Env,
    Job,
    Metric,
    Outcome,
    Reading,
    Reason,
    Result,
    Sample,
    decode_params,
    error,
    failed,
    not_applicable,
    ok,
    sample,
)
from tests.checks.conftest import environment

PHASE = Metric(name="x_phase", title={}, unit="seconds", help="Length.", labels=("phase",))


def test_the_four_outcomes_are_built_by_name() -> None:
    """A failure is not an error, and neither is "not here"."""
    one = (Sample("x", 1.0),)
    assert ok(one) == Reading(outcome=Outcome.OK, samples=one)
    assert failed(Reason.TCP_REFUSED, one, {"a": 1}, "why") == Reading(
        outcome=Outcome.FAILED, reason=Reason.TCP_REFUSED, samples=one, facts={"a": 1}, detail="why"
    )
    assert not_applicable("no reader") == Reading(outcome=Outcome.NOT_APPLICABLE, detail="no reader")
    assert error(Reason.PERMISSION, "no") == Reading(outcome=Outcome.ERROR, reason=Reason.PERMISSION, detail="no")


def test_readings_do_not_share_facts() -> None:
    """Each has its own mapping."""
    assert ok().facts is not ok().facts


def test_a_metrics_series_is_its_name_and_unit() -> None:
    """A unit of nothing adds nothing."""
    assert PHASE.series == "sansang_x_phase_seconds"
    assert Metric(name="x_up", title={}, unit="", help="Up.").series == "sansang_x_up"


@pytest.mark.parametrize("labels", [{}, {"phase": "a", "host": "b"}, {"host": "b"}])
def test_a_sample_with_other_labels_is_refused(labels: dict[str, str]) -> None:
    """Labels come from the declaration only."""
    with pytest.raises(ValueError, match=r"^x_phase takes the labels \('phase',\), not "):
        sample(PHASE, 1.0, **labels)
    assert sample(PHASE, 1, phase="a") == Sample("x_phase", 1.0, {"phase": "a"})


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"check": ""}, "$.check"),
        ({"target": "x" * 129}, "$.target"),
        ({"outcome": "fine"}, "$.outcome"),
        ({"reason": "x" * 65}, "$.reason"),
        ({"detail": "x" * 513}, "$.detail"),
        ({"seq": -1}, "$.seq"),
        ({"seq": 2**63}, "$.seq"),
        ({"at": 2**63}, "$.at"),
        ({"took": -1}, "$.took"),
        ({"samples": [["x", 1.0]] * 513}, "$.samples"),
        ({"samples": [["x", "1"]]}, "$.samples[0][1]"),
        ({"samples": [["", 1.0]]}, "$.samples[0][0]"),
        ({"samples": [["x", 1.0, {str(n): "" for n in range(17)}]]}, "$.samples[0][2]"),
        ({"facts": {"x": [1]}}, "$.facts[...]"),
        ({"facts": {"x": "y" * 1025}}, "$.facts[...]"),
        ({"facts": {str(n): 1 for n in range(129)}}, "$.facts"),
    ],
)
def test_every_field_of_a_result_is_bounded(patch: dict[str, object], path: str) -> None:
    """What a device sends cannot grow a row, a label or a number past what both databases hold."""
    good = {"check": "device", "outcome": "ok", "at": 1, "mono": 1, "boot": "b"}
    assert msgspec.convert(good, Result).check == "device"
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({**good, **patch}, Result)
    assert str(caught.value).endswith(f"at `{path}`")


@pytest.mark.parametrize("every", [0, 0.5, 86401])
def test_an_interval_is_a_second_to_a_day(every: float) -> None:
    """Neither a storm nor never."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"check": "device", "every": every}, Job)
    assert msgspec.convert({"check": "device", "target": "t"}, Job).key == ("device", "t")


def test_what_is_left_never_falls_below_zero() -> None:
    """A phase gets what the run still has, at most what it asked for."""
    env: Env = environment(seconds=100)
    assert 99 < env.left() <= 100
    assert env.left(5) == 5
    assert environment(seconds=-1).left(5) == 0


def test_parameters_are_decoded_strictly() -> None:
    """A number in quotes is not a number."""

    class Params(msgspec.Struct, frozen=True):
        size: int = 1

    check = Check(name="x", title={}, params=Params, metrics=(), run=lambda _, __: ok())
    assert decode_params(check, {}) == Params(1)
    with pytest.raises(msgspec.ValidationError, match=r"^Expected `int`, got `str` - at `\$.size`$"):
        decode_params(check, {"size": "1"})
