"""Hold times: what must last before it is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.readiness.evaluate import evaluate
from collector.readiness.hold import Held, advance
from collector.readiness.model import Verdict
from collector.readiness.profile import Hold
from collector.readiness.scene import RANK
from tests.collector.readiness.cities import MINUTE, NOW, line, pc, profile, state_of, states, unit

READY, AT_RISK, NOT_READY, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN
HOLD = Hold(up=10, down=5)


def shown(*seen: tuple[int, Verdict], hold: Hold = HOLD) -> list[Verdict]:
    """What is shown after each (instant, state)."""
    held: Held | None = None
    found = []
    for at, state in seen:
        held = advance(held, state, hold, at)
        found.append(held.shown)
    return found


def test_the_first_state_is_shown_at_once() -> None:
    assert shown((0, NOT_READY)) == [NOT_READY]


def test_a_worse_state_is_shown_once_it_has_lasted() -> None:
    assert shown((0, READY), (1, NOT_READY), (5, NOT_READY), (6, NOT_READY)) == [READY, READY, READY, NOT_READY]


def test_a_better_state_has_its_own_time() -> None:
    assert shown((0, NOT_READY), (1, READY), (10, READY), (11, READY)) == [NOT_READY, NOT_READY, NOT_READY, READY]


def test_a_relapse_starts_the_wait_again() -> None:
    assert shown((0, READY), (1, NOT_READY), (4, READY), (5, NOT_READY), (9, NOT_READY)) == [READY] * 5


def test_only_as_much_as_lasted_is_shown() -> None:
    """At risk for five, not ready for one of them: at risk."""
    assert shown((0, READY), (1, AT_RISK), (5, NOT_READY), (6, NOT_READY)) == [READY, READY, READY, AT_RISK]


def test_silence_is_never_held_back_and_improvement_waits_across_it() -> None:
    assert shown((0, NOT_READY), (1, UNKNOWN), (2, READY), (12, READY)) == [NOT_READY, UNKNOWN, NOT_READY, READY]


def test_worse_after_silence_is_shown_at_once() -> None:
    assert shown((0, READY), (1, UNKNOWN), (2, NOT_READY)) == [READY, UNKNOWN, NOT_READY]


def test_without_hold_times_everything_is_shown_at_once() -> None:
    seen = [(0, READY), (0, NOT_READY), (1, AT_RISK), (1, READY)]
    assert shown(*seen, hold=Hold()) == [state for _, state in seen]


steps = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([READY, AT_RISK, NOT_READY])), min_size=1, max_size=60)


@given(steps)
def test_a_shown_change_has_lasted_its_hold_time(moves: list[tuple[int, Verdict]]) -> None:
    """Every change, up or down, comes after at least its hold time in which every state seen was that side of the old
    one: nothing oscillates faster."""
    held: Held | None = None
    now, seen = 0, list[tuple[int, Verdict]]()
    for pause, state in moves:
        now += pause
        before, held = held, advance(held, state, HOLD, now)
        seen.append((now, state))
        if before is not None and held.shown is not before.shown:
            up = RANK[held.shown] > RANK[before.shown]
            wait = HOLD.up if up else HOLD.down
            began = max(
                (at for at, past in seen if (RANK[past] > RANK[before.shown]) != up or past is before.shown), default=-1
            )
            assert now - min(at for at, _ in seen if at >= began) >= wait


def test_a_verdict_carries_its_hold_times_along() -> None:
    slow = profile(line("x", hold=Hold(up=10 * MINUTE, down=5 * MINUTE)))
    good, bad = (unit(pc("a", states(x=value))) for value in (1, 9))
    first = evaluate(slow, good, NOW, None)
    second = evaluate(slow, bad, NOW + MINUTE, first)
    assert (second.verdict, state_of(second, "x").pending) == (READY, NOT_READY)
    assert state_of(second, "x").value == 9.0
    third = evaluate(slow, bad, NOW + 6 * MINUTE, second)
    assert (third.verdict, third.since) == (NOT_READY, NOW + 6 * MINUTE)
    mending = evaluate(slow, good, NOW + 7 * MINUTE, third)
    assert (mending.verdict, state_of(mending, "x").reason) == (NOT_READY, "holding")


def test_what_began_in_the_future_began_now() -> None:
    """A collector's clock that was ahead for a moment does not hold a fault back for days."""
    ahead = Held(shown=READY, last=READY, pending=NOT_READY, pending_since=1_000_000 * HOLD.down)
    first = advance(ahead, NOT_READY, HOLD, 10)
    assert (first.shown, first.pending_since) == (READY, 10)
    assert advance(first, NOT_READY, HOLD, 10 + HOLD.down).shown is NOT_READY
