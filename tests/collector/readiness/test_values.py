"""Values held against a band together come to the same as one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.readiness.interval import judged
from collector.readiness.profile import Band
from collector.readiness.values import all_inside, inside, outside
from tests.collector.readiness.cities import line
from tests.collector.readiness.worlds import few

numbers = st.sampled_from([-1.0, 0.0, 4.0, 5.0, 5.5, 6.0, 1e308])
bands = st.builds(Band, st.sampled_from(["<", "<=", ">", ">=", "=="]), numbers)
words = st.sampled_from(["ssd", "hdd", "tape"])


@few
@given(bands, st.lists(numbers, min_size=1, max_size=6))
def test_numbers_are_held_against_a_band_together_as_one_by_one(band: Band, several: list[float]) -> None:
    held = [band.holds(value) for value in several]
    assert inside(band, several) == [value for value, good in zip(several, held, strict=True) if good]
    assert outside(band, several) == [place for place, good in enumerate(held) if not good]
    assert all_inside(band, several) is all(held)


@few
@given(words, st.lists(words, min_size=1, max_size=6))
def test_words_are_held_against_a_band_together_as_one_by_one(limit: str, several: list[str]) -> None:
    band = Band("==", limit)
    held = [band.holds(value) for value in several]
    assert outside(band, several) == [place for place, good in enumerate(held) if not good]
    assert all_inside(band, several) is all(held)


@few
@given(bands, st.none() | bands, numbers | words | st.sampled_from([5, 6]))
def test_the_quick_judgement_is_the_requirements_own(ready: Band, at_risk: Band | None, value: float | str) -> None:
    asked = line("x", ready=ready, at_risk=at_risk)
    assert judged(asked, value) is asked.judge(value)
