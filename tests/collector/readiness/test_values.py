"""Values read at once come to the same as one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checks.kit.model import Outcome, Result, Sample
from collector.readiness import values
from collector.readiness.interval import judged
from collector.readiness.profile import Band, Kind
from collector.readiness.scene import asked_of
from collector.readiness.values import all_inside, inside, outside, read, read_one, subject_of
from tests.collector.readiness.cities import line, pc
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


LOAD = {"check": "device", "name": "load"}
told: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 5, 5.5, -0.0, 1e308, float("inf"), float("nan"), "", "ssd", [], 2**62]
)
samples = st.lists(
    st.sampled_from([Sample("load", 1.0), Sample("load", 2.0, {"a": "b"}), Sample("other", 3.0)]), unique_by=id
).map(tuple)


@st.composite
def results(draw: st.DrawFn) -> Result:
    return Result(
        check="device",
        target="",
        outcome=draw(st.sampled_from(list(Outcome))),
        at=0,
        mono=0,
        boot="b",
        samples=draw(samples),
        facts=draw(st.dictionaries(st.sampled_from(["x", "word"]), told)),
    )


@few
@given(
    st.sampled_from(
        [
            line("x"),
            line("x", scale=100.0),
            line("word", ready=Band("==", "ssd"), at_risk=None),
            line("load", kind=Kind.METRIC, **LOAD),
            line("load", kind=Kind.METRIC, labels={"a": "b"}, scale=1000.0, **LOAD),
            line("runs", kind=Kind.RUNS, check="device", name="runs", scale=100.0),
        ]
    ),
    st.lists(results(), min_size=1, max_size=6),
)
def test_a_column_reads_as_its_results_do_one_by_one(asked: Any, several: list[Result]) -> None:
    subject = subject_of(asked)
    found, holes = read(subject, asked_of([pc(str(place)) for place in range(len(several))], several, [], [], []))
    assert found == [read_one(subject, result) for result in several]
    assert holes == [place for place, value in enumerate(found) if value is None]


def test_what_a_requirement_looks_at_is_kept_for_it_alone() -> None:
    """Like ids are not like requirements, and what is kept does not grow for ever."""
    one, other = line("x"), line("x", scale=1000.0)
    assert (subject_of(one).scale, subject_of(other).scale) == (1.0, 1000.0)
    assert subject_of(one) is subject_of(one)
    many = [line("x", max_age=age) for age in range(values.KEPT + 1)]
    assert [subject_of(each).max_age for each in many] == list(range(values.KEPT + 1))
    assert len(values.subjects) <= values.KEPT
