"""What transitions tell of a period."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.readiness.model import Transition
from collector.readiness.past import Span, Summary, first_failed, last_ready, spans, summary, time_in_state

X = "requirement:x"


def change(at: int, new: str, subject: str = "verdict", reason: str = "", old: str = "") -> Transition:
    return Transition(unit="27259", subject=subject, at=at, old=old, new=new, reason=reason, profile="test@3")


def told(changes: list[Transition], start: int, end: int, subject: str = "verdict") -> list[tuple[str, int, int]]:
    return [(span.state, span.start, span.end) for span in spans(changes, start, end).get(subject, [])]


def test_states_are_cut_to_the_period_and_know_when_they_began() -> None:
    """The first from before it, the last up to its end."""
    found = spans([change(5, "ready"), change(30, "not_ready", reason="requirement:x")], 10, 40)["verdict"]
    assert found == [
        Span(state="ready", start=10, end=30, began=5, profile="test@3"),
        Span(state="not_ready", start=30, end=40, began=30, reason="requirement:x", profile="test@3"),
    ]


def test_nothing_is_told_of_the_time_before_the_first_verdict() -> None:
    assert told([change(25, "unknown")], 10, 40) == [("unknown", 25, 40)]
    assert told([change(25, "unknown")], 10, 25) == []
    assert told([], 10, 40) == []


def test_of_two_changes_at_one_instant_the_last_counts() -> None:
    assert told([change(10, "ready"), change(20, "unknown"), change(20, "at_risk")], 0, 30) == [
        ("ready", 10, 20), ("at_risk", 20, 30),
    ]  # fmt: skip


def test_a_requirement_has_no_state_while_it_is_out_of_the_profile() -> None:
    changes = [change(0, "ready", X), change(10, "unknown", X, "profile"), change(30, "not_ready", X)]
    assert told(changes, 0, 40, X) == [("ready", 0, 10), ("not_ready", 30, 40)]
    assert X not in summary(changes, 0, 20)


def test_trouble_is_as_old_as_its_first_failure_whatever_was_unknown_since() -> None:
    """Silence and a half-better state in between do not make a fault young; only being ready does."""
    changes = [
        change(0, "not_ready"), change(10, "ready"), change(20, "at_risk"), change(30, "not_ready"),
        change(40, "unknown"), change(50, "not_ready"), change(60, "at_risk"),
    ]  # fmt: skip
    found = spans(changes, 5, 100)["verdict"]
    assert (first_failed(found), last_ready(found)) == (30, 20)
    assert (first_failed(found[:1]), last_ready(found[:1])) == (0, None)
    assert (first_failed(found[:3]), last_ready(found[:2])) == (None, 20)


def test_a_period_in_short() -> None:
    changes = [change(0, "ready"), change(30, "not_ready"), change(35, "ready"), change(38, "unknown")]
    assert summary(changes, 10, 40) == {
        "verdict": Summary(
            state="unknown", since=38, first_failed=None, last_ready=38,
            times={"ready": 23, "not_ready": 5, "unknown": 2},
        )
    }  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, 100), st.sampled_from(["ready", "at_risk", "not_ready", "unknown"]))),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_spans_fill_the_period_from_the_first_state_on(moments: list[tuple[int, str]], start: int, length: int) -> None:
    """Without a gap and without overlap, each as it was at any instant of it."""
    changes = [change(at, state) for at, state in sorted(moments, key=lambda moment: moment[0])]
    found = spans(changes, start, start + length).get("verdict", [])
    for instant in range(start, start + length):
        then = [one.new for one in changes if one.at <= instant]
        assert [span.state for span in found if span.start <= instant < span.end] == then[-1:]
    assert sum(time_in_state(found).values()) == sum(span.end - span.start for span in found) <= length
