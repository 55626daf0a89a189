"""What the benchmark of judging measures with; never how fast anything is."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks import readiness
from benchmarks.country import DEVICES, NOW, Country
from collector.readiness.evaluate import evaluate
from collector.readiness.model import Verdict

PROFILE, MEASURES = readiness.shipped()


def test_its_units_are_nearly_all_judged_and_nearly_all_well() -> None:
    """Else little would be looked at: what is unknown or missing is quickly told."""
    country = Country(PROFILE, MEASURES, readiness.systems())
    found = [evaluate(PROFILE, country.unit(f"{code:05}"), NOW, None) for code in range(32)]
    assert all(verdict.expected == DEVICES for verdict in found)
    assert sum(verdict.verdict is not Verdict.UNKNOWN for verdict in found) >= 28
    states = Counter(line.state for verdict in found for line in verdict.requirements)
    assert states[Verdict.READY] > 0.6 * states.total()
    assert states[Verdict.UNKNOWN] < 0.2 * states.total()


def test_a_change_is_judged_and_the_country_is_scaled_from_what_was_measured() -> None:
    found = readiness.measure(["00001", "00002"], PROFILE, MEASURES)
    assert (len(found.cold), len(found.whole), len(found.one), found.verdicts.total()) == (2, 2, 2, 2)
    found.cold, found.whole, found.one = [0.002, 0.004], [0.0005, 0.0025], [0.001, 0.004]
    shown = readiness.rows(found, 3321)
    assert [row.ours for row in shown] == pytest.approx([4.9815, 9.963, 1.5, 3.0, 2.5, 1.0])
    assert [row.met for row in shown] == [True, False, None, None, False, True]
