"""Round trips under load, by the formula of draft-ietf-ippm-responsiveness-08 §5.3.1.1."""

from __future__ import annotations

import pytest

from checks.kit.loadedlatency import median, responsiveness, trimmed
from checks.kit.speed import Probes


def test_the_formula_is_the_drafts() -> None:
    """Foreign 60000/((20+40+60)/3) = 1500, loaded 60000/100 = 600: 1050 round trips per minute."""
    probes = Probes(tcp=[0.020] * 4, tls=[0.040] * 4, http=[0.060] * 4, self=[0.100] * 4)
    assert responsiveness(probes, secure=True) == pytest.approx(1050)


def test_without_tls_only_what_was_measured_weighs() -> None:
    """Foreign 60000/((20+60)/2) = 1500: a zero for the handshake would raise it."""
    probes = Probes(tcp=[0.020] * 4, http=[0.060] * 4, self=[0.100] * 4)
    assert responsiveness(probes, secure=False) == pytest.approx(1050)
    assert responsiveness(probes, secure=True) is None


def test_the_worst_twentieth_is_left_out() -> None:
    """TM is the mean of the best 95 %."""
    assert trimmed([0.010] * 19 + [5.0]) == pytest.approx(0.010)
    assert trimmed([0.010] * 18 + [5.0]) == pytest.approx(0.010)
    assert trimmed([0.010, 0.020, 0.030, 0.040]) == pytest.approx(0.020)


@pytest.mark.parametrize("missing", ["tcp", "tls", "http", "self"])
def test_a_class_with_too_few_round_trips_makes_no_figure(missing: str) -> None:
    """Three are no distribution."""
    probes = Probes(**{name: [0.02] * (3 if name == missing else 4) for name in ("tcp", "tls", "http", "self")})
    assert responsiveness(probes, secure=True) is None


def test_medians_are_of_the_middle() -> None:
    """Of an even number the mean of two."""
    assert median([0.03, 0.01, 0.02, 0.04]) == pytest.approx(0.025)
    assert median([0.05, 0.01, 0.02, 0.04, 0.03]) == pytest.approx(0.03)
    assert median([0.05, 0.01, 0.02]) is None
