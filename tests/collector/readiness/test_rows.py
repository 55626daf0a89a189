"""What a device says is read once: a row comes to what its results do, and is kept with them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.model import Outcome, Result, Sample
from collector.readiness import rows
from collector.readiness.evaluate import evaluate, next_change
from collector.readiness.model import Results, UnitFacts, Verdict
from collector.readiness.profile import Band, Kind, Part
from collector.readiness.rows import Plan, plan_of
from collector.readiness.scene import Scene
from collector.readiness.values import reader, subject_of
from tests.collector.readiness.cities import (
    HOUR,
    MAIL,
    MINUTE,
    NOW,
    PORTAL,
    line,
    pc,
    profile,
    ran,
    reach,
    states,
    unit,
)
from tests.collector.readiness.worlds import RICH, cities, few, strangers

LOAD = {"check": "device", "name": "load"}
told: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 5, 5.5, -0.0, 1e308, float("inf"), float("nan"), "", "ssd", [], 2**62]
)
samples = st.lists(
    st.sampled_from([Sample("load", 1.0), Sample("load", 2.0, {"a": "b"}), Sample("other", 3.0)]), unique_by=id
).map(tuple)
ASKED = (
    line("x"),
    line("x", scale=100.0),
    line("word", ready=Band("==", "ssd"), at_risk=None),
    line("load", kind=Kind.METRIC, **LOAD),
    line("load", kind=Kind.METRIC, labels={"a": "b"}, scale=1000.0, **LOAD),
    line("runs", kind=Kind.RUNS, check="device", name="runs", scale=100.0),
)


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
@given(st.lists(st.sampled_from(ASKED), min_size=1, max_size=4), results(), st.booleans())
def test_a_row_says_what_its_results_do(asked: list[Any], result: Result, there: bool) -> None:
    key, subjects = ("device", ""), [subject_of(each) for each in asked]
    row = Plan([(subject, key) for subject in subjects]).row({key: result} if there else {})
    values = [reader(subject)(result, {}) if there else None for subject in subjects]
    assert list(row.values) == values
    assert row.results == ((result,) if there else (None,))
    assert (row.has, row.absent) == (there, there and result.outcome is Outcome.NOT_APPLICABLE)
    assert row.blank == sum(1 << cell for cell, value in enumerate(values) if there and value is None)


def fixed(facts: UnitFacts) -> UnitFacts:
    """The same facts, of which rows are kept."""
    devices = [msgspec.structs.replace(device, results=Results(device.results)) for device in facts.devices]
    return msgspec.structs.replace(facts, devices=devices)


@few
@given(cities() | strangers())
def test_rows_that_are_kept_give_the_same_verdict_and_the_same_next_change(facts: UnitFacts) -> None:
    """Judged by rows made anew, by rows made before, and again when some of them have grown old."""
    kept = fixed(facts)
    for now in (NOW, NOW, NOW + 31 * MINUTE, NOW + 2 * HOUR):
        plain, again = (evaluate(RICH, each, now, None) for each in (facts, kept))
        assert again == plain
        assert next_change(RICH, kept, again) == next_change(RICH, facts, plain)


def test_a_row_is_made_once_for_results_that_do_not_change() -> None:
    """A dictionary that anybody may change is read every time."""
    plan = plan_of(profile(line("x")), [])
    kept = Results({("device", ""): states(x=5.0)})
    assert plan.kept(kept) is None
    assert plan.row(kept) is plan.row(kept) is plan.kept(kept)
    plain = dict(kept)
    assert plan.row(plain) is not plan.row(plain)
    assert plan.kept(plain) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: kept.update({("a", ""): 1}),
        lambda kept: kept.pop(("device", "")),
        lambda kept: kept.setdefault(("a", ""), 1),
        lambda kept: kept.clear(),
        lambda kept: kept.popitem(),
        lambda kept: kept.__setitem__(("a", ""), 1),
        lambda kept: kept.__delitem__(("device", "")),
        lambda kept: kept.__ior__({}),
    ],
)
def test_results_of_which_rows_are_kept_are_not_changed(change: Callable[[Any], object]) -> None:
    kept = Results({("device", ""): states(x=5.0)})
    with pytest.raises(TypeError, match=r"^results are not changed: make a dict of them$"):
        change(kept)
    assert list(kept) == [("device", "")]


def test_what_is_changed_in_place_is_seen() -> None:
    """Of results in a plain dictionary nothing is kept between two calls."""
    by, device = profile(line("x")), pc("a", states(x=5.0))
    assert evaluate(by, unit(device), NOW, None).verdict == "ready"
    device.results["device", ""] = states(x=9.0)
    assert evaluate(by, unit(device), NOW, None).verdict == "not_ready"


def test_rows_of_other_profiles_and_systems_are_others() -> None:
    """Of each device the newest few are kept, and of all profiles no more than there is room for."""
    one, other = profile(line("x")), profile(line("x", ready=Band("<=", 1.0)))
    facts = fixed(unit(pc("a", states(x=5.0))))
    assert [evaluate(by, facts, NOW, None).verdict for by in (one, other, one)] == ["ready", "at_risk", "ready"]
    found = plan_of(one, [PORTAL])
    assert plan_of(one, [PORTAL]) is found
    assert plan_of(one, [PORTAL, MAIL]) is not found
    for _ in range(rows.KEPT + 1):
        plan_of(profile(line("x")), [])
    assert len(rows.plans) <= rows.KEPT
    several = Results({})
    for by in (one, other, profile(line("x"))):
        plan_of(by, []).row(several)
    assert len(several.rows) <= Results.KEPT


def test_a_part_that_devices_show_of_a_system_is_there() -> None:
    """Of parts a plan knows no systems: the unit's devices tell which there are."""
    part = Part(id="p", title={}, kind=Kind.RUNS, check="token", name="runs", labels={}, where=Band(">=", 1.0))
    by = profile(line("parts", kind=Kind.PARTS, check="", name="", scope="unit", aggregate="all", parts=(part,)))
    shown, failed = ran("token", "portal"), ran("token", "portal", Outcome.FAILED)
    found = [evaluate(by, fixed(unit(pc("a", one))), NOW, None).requirements[0] for one in (shown, failed)]
    assert [(one.value, one.counts) for one in found] == [(0, {Verdict.READY: 1}), (1, {Verdict.NOT_READY: 1})]


def test_nothing_of_a_scene_outlives_it() -> None:
    """What is not watched by the garbage collector must not go round in a circle: a collector judges for years."""
    facts = fixed(unit(pc("a", states(x=5.0)), pc("b", states(x=6.0)), pc("c", seen=None)))
    by = profile(line("x"), reach())
    scene = Scene(facts, by.freshness, NOW, plan_of(by, facts.targets))
    asked = scene.asked(scene.plan.subject(by.requirements[0]), "", ())
    group, base = weakref.ref(asked.group), weakref.ref(asked.group.base)
    del scene, asked
    gc.collect()
    assert group() is None
    assert base() is None
