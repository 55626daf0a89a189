"""A past verdict out of what is stored is the verdict that was shown."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, field
from msgspec.structs import replace

from collector.readiness.evaluate import APPROVED, evaluate
from collector.readiness.model import (
    ALWAYS_OPEN,
    Calendar,
    Evidence,
    RequirementState,
    Silence,
    Transition,
    UnitFacts,
    UnitVerdict,
    Verdict,
    Waiver,
)
from collector.readiness.profile import Band, Hold, Profile
from collector.readiness.replay import restored, verdict_at
from collector.readiness.rollup import unrolled
from collector.readiness.transitions import SHOWN_DEVICES, compare
from tests.collector.readiness.cities import HOUR, MINUTE, NOW, line, pc, profile, reach, states, unit

OLD = profile(
    line("x", hold=Hold(up=20 * MINUTE, down=10 * MINUTE)),
    line("y", mandatory=False, coverage=0.4),
    reach(max_age=2 * HOUR),
    coverage=0.6,
)
NEW = replace(
    profile(line("z"), line("y", coverage=0.4), replace(OLD.requirements[0], ready=Band("<=", 4.0)), coverage=0.6),
    version=4,
)
PROFILES = {one.name: one for one in (OLD, NEW)}


class Told(Struct):
    """A unit's past as it was judged: what was shown from which instant on, and what of it is stored."""

    shown: list[UnitVerdict] = field(default_factory=list)
    changes: list[Transition] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)

    def judge(self, held: Profile, facts: UnitFacts, now: int, *, restart: bool = False) -> UnitVerdict:
        """One sweep; after a restart it goes on from what is stored."""
        before = self.shown[-1] if self.shown else None
        if restart and before is not None:
            [before] = restored(self.newest())
        verdict = evaluate(held, replace(facts, waivers=self.waivers), now, before)
        stored = msgspec.json.encode(compare(before, verdict))
        self.changes += msgspec.json.decode(stored, type=list[Transition])
        self.shown.append(verdict)
        return verdict

    def newest(self, until: int = 2**62) -> list[Transition]:
        """As the store reads them: the newest row of each subject up to `until`, in order."""
        found = {change.subject: change for change in self.changes if change.at <= until}
        return unrolled(sorted(found.values(), key=self.changes.index))

    def at(self, instant: int) -> UnitVerdict | None:
        return verdict_at(self.newest(instant), PROFILES.get, instant)

    def has_row(self, state: RequirementState) -> bool:
        """Whether the state began with a row of its own."""
        return any((one.subject, one.at) == (f"requirement:{state.id}", state.since) for one in self.changes)


def kept(verdict: UnitVerdict) -> Silence | None:
    """LATE is a word of the present."""
    return None if verdict.silence is Silence.LATE else verdict.silence


def whole(verdict: UnitVerdict) -> dict[str, Any]:
    """What is stored of a verdict whatever happened since its last change."""
    names = ("unit", "verdict", "since", "profile", "waivers", "known", "known_at")
    told = {name: getattr(verdict, name) for name in names} | {"silence": kept(verdict)}
    return told | {"lines": [_whole(one) for one in verdict.requirements]}


def _whole(state: RequirementState) -> tuple[Any, ...]:
    names = ("id", "title", "mandatory", "state", "since", "unit", "need", "source", "remedy", "procure", "waiver")
    return *(getattr(state, name) for name in names), state.reason == APPROVED


def first(state: RequirementState) -> tuple[Any, ...]:
    """What is stored of a requirement as of the instant of its change."""
    worst = [
        (part.subject, part.target, part.state, part.value, part.reason) for part in state.evidence[:SHOWN_DEVICES]
    ]
    return state.value, state.samples, round(state.coverage, 3), state.reason, state.counts, worst


@st.composite
def facts(draw: st.DrawFn, now: int) -> UnitFacts:
    """Up to three PCs, each with results of its own, silent for a while or for long."""
    devices = []
    for name in "abc"[: draw(st.integers(0, 3))]:
        values = {key: draw(st.sampled_from([None, 1, 4.5, 6, 9])) for key in "xyz"}
        quiet = draw(st.sampled_from([None, 0, 0, 0, 20 * MINUTE, 31 * MINUTE, 25 * HOUR]))
        devices.append(pc(name, states(**values), seen=None if quiet is None else now - quiet))
        for result in devices[-1].results.values():
            result.at = now - draw(st.sampled_from([0, HOUR]))
    closed = draw(st.sampled_from([0, 0, now - 40 * MINUTE]))
    calendar = Calendar(open=not closed, since=closed, closed_at=closed) if closed else ALWAYS_OPEN
    return replace(unit(*devices, expected=draw(st.integers(0, 4))), calendar=calendar)


@st.composite
def waivers(draw: st.DrawFn) -> list[Waiver]:
    """Some on each line, of either kind, over each other or not, ended before their time or not."""
    begins = st.sampled_from([NOW - 1, NOW + 1, NOW + 12 * MINUTE, NOW + 2 * HOUR])
    return [
        Waiver(
            id=f"w{number}", unit="27259", requirement=draw(st.sampled_from("xyz")), reason="thử", author="thử",
            kind=draw(st.sampled_from(["waiver", "approval", "approval"])), created_at=(begin := draw(begins)),
            expires_at=begin + draw(st.sampled_from([1, 13 * MINUTE, 90 * HOUR])),
            revoked_at=draw(st.sampled_from([None, None, begin + MINUTE])),
        )
        for number in range(draw(st.integers(0, 3)))
    ]  # fmt: skip


@st.composite
def pasts(draw: st.DrawFn) -> Told:
    told, now = Told(waivers=draw(waivers())), NOW
    for _ in range(draw(st.integers(1, 8))):
        held = draw(st.sampled_from([OLD, OLD, NEW]))
        told.judge(held, draw(facts(now)), now, restart=draw(st.booleans()))
        now += draw(st.sampled_from([1, MINUTE, 11 * MINUTE, HOUR]))
    return told


def assert_told(told: Told) -> None:
    """Every verdict, at the instant it was judged and until the next one."""
    ends = [verdict.at for verdict in told.shown[1:]] + [told.shown[-1].at + 100 * HOUR]
    for verdict, end in zip(told.shown, ends, strict=True):
        for instant in {verdict.at, (verdict.at + end) // 2, end - 1}:
            found = told.at(instant)
            assert found
            assert whole(found) == whole(verdict)
            assert found.at == instant
            if verdict.verdict is not Verdict.UNKNOWN:
                assert set(found.deciding) == set(verdict.deciding)


@settings(max_examples=60)
@given(pasts())
def test_any_past_verdict_is_told_as_it_was_shown(told: Told) -> None:
    """Across profiles and restarts."""
    assert told.at(NOW - 1) is None
    assert_told(told)


@settings(max_examples=60)
@given(pasts())
def test_what_was_seen_at_a_change_is_told_until_the_next(told: Told) -> None:
    """Value, samples, coverage, counts, reason and the worst devices of each requirement. Of one that has no row of its
    own nothing while it is unknown, and its value as of an instant when it was ready."""
    seen: dict[str, list[tuple[Any, ...]]] = {}
    for verdict in told.shown:
        for state in verdict.requirements:
            seen[state.id] = [*(seen[state.id] if state.since < verdict.at else []), first(state)]
        found = told.at(verdict.at)
        assert found
        for state in found.requirements:
            if not told.has_row(state):
                numbers = [one[:3] for one in seen[state.id]] if state.state is Verdict.READY else [(None, 0, 0.0)]
                assert first(state)[:3] in numbers
                assert first(state)[4:] == ({}, [])
                continue
            if kept(verdict) is None and state.since == verdict.at:
                assert first(state) == seen[state.id][0]
            assert first(state)[:3] == seen[state.id][0][:3]


@settings(max_examples=60)
@given(pasts())
def test_judging_goes_on_from_what_is_stored(told: Told) -> None:
    """Nothing is a change because of a restart alone."""
    held = next(one for one in (OLD, NEW) if one.name == told.shown[-1].profile)
    [again] = restored(told.newest())
    last = told.shown[-1]
    assert (again.verdict, again.since, again.silence, again.profile) == (
        last.verdict, last.since, kept(last), held.name,
    )  # fmt: skip
    assert {one.id: (one.state, one.since) for one in again.requirements} == {
        one.id: (one.state, one.since) for one in last.requirements
    }
    assert compare(again, last) == []


def good(now: int = NOW) -> UnitFacts:
    return unit(pc("a", states(x=1, y=1), seen=now))


BAD = unit(pc("a", states(x=9, y=1)))
PLAIN = profile(line("x"), line("y", mandatory=False))


def of(changes: list[Transition], at: int, *known: Profile) -> UnitVerdict:
    found = verdict_at(changes, {one.name: one for one in known}.get, at)
    assert found
    return found


def test_a_change_of_profile_without_any_other_is_told() -> None:
    """Titles, weight and limits are those of the profile that was in force."""
    heavier = replace(profile(line("x"), line("y", title={"vi": "Khác", "en": "Other"})), version=4)
    told = Told()
    told.judge(PLAIN, good(), NOW)
    told.judge(heavier, good(NOW + HOUR), NOW + HOUR)
    assert [(change.subject, change.old, change.new) for change in told.changes[3:]] == [
        ("profile", "test@3", "test@4")
    ]
    before, after = (of(told.changes, at, PLAIN, heavier) for at in (NOW + HOUR - 1, NOW + HOUR))
    assert (before.profile, before.requirements[1].mandatory) == ("test@3", False)
    assert (after.profile, after.requirements[1].mandatory) == ("test@4", True)
    assert after.requirements[1].title["en"] == "Other"
    assert (after.since, after.requirements[1].since) == (NOW, NOW)


def test_profiles_with_long_names_are_told_apart() -> None:
    """The store's columns hold only a part of a name, the row the whole."""
    one, other = (replace(PLAIN, id=f"{'x' * 46}{letter}") for letter in "ab")
    told = Told()
    told.judge(one, good(), NOW)
    told.judge(other, good(NOW + HOUR), NOW + HOUR)
    [change] = told.changes[3:]
    assert (len(change.old), len(change.new), change.profile) == (32, 32, other.name)
    assert of(told.changes, NOW + HOUR, one, other).profile == other.name


def test_a_requirement_that_comes_back_is_there_again() -> None:
    short = replace(profile(line("x")), version=4)
    told = Told()
    for hours, held in enumerate((PLAIN, short, PLAIN)):
        told.judge(held, good(NOW + hours * HOUR), NOW + hours * HOUR, restart=True)
    lines = [[one.id for one in of(told.changes, NOW + hours * HOUR, PLAIN, short).requirements] for hours in range(3)]
    assert lines == [["x", "y"], ["x"], ["x", "y"]]


def test_without_its_profile_a_past_is_told_by_ids_and_numbers() -> None:
    """As releases left it that kept no profiles: what decided was mandatory."""
    told = Told()
    told.judge(PLAIN, BAD, NOW)
    found = of(told.changes, NOW)
    assert (found.verdict, found.deciding) == (Verdict.NOT_READY, ["x"])
    x, y = found.requirements
    assert (x.title, x.mandatory, x.value, x.need) == ({"vi": "x", "en": "x"}, True, 9.0, "≤ 5")
    assert x.evidence == [Evidence(subject="a", state=Verdict.NOT_READY, value=9.0, reason="threshold")]
    assert (y.mandatory, y.state) == (False, Verdict.READY)


def test_silence_is_told_with_when_it_began_and_its_reason_ends_with_it() -> None:
    """A line that stays unknown afterwards is so for a reason that nobody stored: none is made up."""
    quiet = unit(pc("a", states(x=1), seen=NOW - HOUR))
    told = Told()
    told.judge(PLAIN, quiet, NOW)
    told.judge(PLAIN, unit(pc("a", states(x=1), seen=NOW + HOUR)), NOW + HOUR)
    then, now = (of(told.changes, at, PLAIN) for at in (NOW, NOW + HOUR))
    assert (then.silence, then.silent_since, then.last_seen) == (Silence.LOST_CONTACT, NOW - HOUR, NOW - HOUR)
    assert [one.reason for one in then.requirements] == ["lost_contact", "lost_contact"]
    assert (now.silence, now.silent_since) == (None, None)
    assert [(one.state, one.reason) for one in now.requirements] == [(Verdict.READY, ""), (Verdict.UNKNOWN, "")]


def test_what_was_known_before_is_told_while_nothing_is() -> None:
    told = Told()
    told.judge(PLAIN, BAD, NOW)
    told.judge(PLAIN, unit(pc("a", states(x=9, y=1), seen=NOW - HOUR)), NOW + HOUR)
    found = of(told.changes, NOW + 2 * HOUR, PLAIN)
    assert (found.verdict, found.known, found.known_at) == (Verdict.UNKNOWN, Verdict.NOT_READY, NOW + HOUR)
    assert found.requirements[0].held is Verdict.NOT_READY
    assert (of(told.changes, NOW, PLAIN).known, of(told.changes, NOW, PLAIN).known_at) == (None, None)


def test_that_a_line_is_ready_by_approval_alone_is_told_as_long_as_it_was() -> None:
    """Its state is the same before, then and after: what was measured, what was approved, what is measured again."""
    approval = Waiver(
        id="a1", unit="27259", requirement="y", kind="approval", reason="Đã kiểm tra tại chỗ", author="An",
        created_at=NOW, expires_at=NOW + 10 * HOUR,
    )  # fmt: skip
    told = Told(waivers=[approval])
    for hours, y in enumerate((1, None, 1)):
        now = NOW + hours * HOUR
        told.judge(PLAIN, unit(pc("a", states(x=1, y=y), seen=now)), now)
    words = [(change.old, change.new) for change in told.changes if change.subject == "waiver:a1"]
    assert words == [("", "granted"), ("granted", "counts"), ("counts", "granted")]
    lines = [of(told.changes, NOW + hours * HOUR, PLAIN).requirements[1] for hours in range(3)]
    assert [(one.state, one.reason, one.waiver) for one in lines] == [
        (Verdict.READY, "", ""), (Verdict.READY, "approved", "a1"), (Verdict.READY, "", ""),
    ]  # fmt: skip
    assert {one.since for one in lines} == {NOW}
    assert of(told.changes, NOW + HOUR, PLAIN).waivers == [approval]


def test_a_waiver_is_told_with_its_words_until_it_expires() -> None:
    """A waived fault is seen and does not decide; when the waiver runs out it does."""
    waiver = Waiver(
        id="w1", unit="27259", requirement="x", kind="waiver", reason="Máy mới về tháng sau", author="An",
        created_at=NOW, expires_at=NOW + HOUR,
    )  # fmt: skip
    told = Told(waivers=[waiver])
    for now in (NOW, NOW + HOUR):
        told.judge(PLAIN, unit(pc("a", states(x=9, y=1), seen=now)), now)
    held, over = (of(told.changes, at, PLAIN) for at in (NOW + HOUR - 1, NOW + HOUR))
    assert (held.verdict, held.deciding, held.waivers) == (Verdict.READY, [], [waiver])
    assert (held.requirements[0].state, held.requirements[0].waiver) == (Verdict.NOT_READY, "w1")
    assert (over.verdict, over.deciding, over.waivers) == (Verdict.NOT_READY, ["x"], [])
    assert told.changes[-1].reason == "waiver_expired"
