"""States over time: yesterday, the week's bar, and the timeline."""

from __future__ import annotations

from collector.readiness.model import Silence, Transition, Verdict
from collector.web import spans
from tests.collector.web.fakes import DAY, HOUR, NOW, verdict_of

READY, UNKNOWN = Verdict.READY, Verdict.UNKNOWN


def change(at: int, old: str, new: str, unit: str = "u") -> Transition:
    return Transition(unit=unit, subject="verdict", at=at, old=old, new=new)


def test_yesterday_is_read_from_the_changes_since() -> None:
    """A unit's state then is what its first later change started from."""
    present = {"u": verdict_of("u", READY, NOW - HOUR), "v": verdict_of("v", READY, NOW - 3 * DAY)}
    assert spans.ready_at(present, {"u": [change(NOW - HOUR, "not_ready", "ready")]}, NOW - DAY) == 1
    assert spans.ready_at(present, {"u": [change(NOW - HOUR, "ready", "unknown")]}, NOW - DAY) == 2


def test_a_collector_born_today_does_not_compare_with_yesterday() -> None:
    """Nothing was judged a day ago, so nothing is said about it."""
    present = {"u": verdict_of("u", READY, NOW - HOUR)}
    assert spans.ready_at(present, {}, NOW - DAY) is None
    assert spans.ready_at(present, {"u": [change(NOW - HOUR, "", "ready")]}, NOW - DAY) is None


def test_a_week_begins_with_the_state_it_found() -> None:
    """The first change says what was before it; the last state lasts until now."""
    found = spans.spans_of([change(40, "ready", "at_risk"), change(60, "at_risk", "ready")], ("ready", 60), 0, 100)
    seen = [(span.start, span.end, span.face.key) for span in found]
    assert seen == [(0, 40, "ready"), (40, 60, "at_risk"), (60, 100, "ready")]


def test_a_time_before_the_first_verdict_is_a_gap() -> None:
    """It is neither ready nor unknown: nobody had looked."""
    assert [(s.start, s.end) for s in spans.spans_of([change(70, "", "ready")], ("ready", 70), 0, 100)] == [(70, 100)]
    assert [(s.start, s.end) for s in spans.spans_of([], ("ready", 30), 0, 100)] == [(30, 100)]


def test_changes_from_before_the_week_do_not_hide_it() -> None:
    """The newest older change, which a history brings along, is no change of this week."""
    found = spans.spans_of([change(-20, "ready", "at_risk")], ("at_risk", -20), 0, 100)
    assert [(span.start, span.end, span.face.key) for span in found] == [(0, 100, "at_risk")]


def test_the_bar_is_said_in_words() -> None:
    """For those who do not see it."""
    found = spans.spans_of([change(75, "ready", "not_ready")], ("not_ready", 75), 0, 100)
    assert spans.summary(found, "vi") == "sẵn sàng 75 %, chưa sẵn sàng 25 %"


def test_an_unknown_time_shows_its_silence() -> None:
    """Unknown for want of data before the silence, lost contact during it."""
    changes = [
        Transition(unit="u", subject="verdict", at=NOW - 10, old="ready", new="unknown"),
        Transition(unit="u", subject="silence", at=NOW - 6, old="", new="lost_contact"),
    ]
    verdict = verdict_of("u", Verdict.UNKNOWN, NOW - 10, Silence.LOST_CONTACT, silent_since=NOW - 6)
    found = spans.verdict_spans(verdict, changes, NOW - 20, NOW)
    assert [(s.start - NOW, s.end - NOW, s.face.key) for s in found] == [
        (-20, -10, "ready"),
        (-10, -6, "unknown"),
        (-6, 0, "lost_contact"),
    ]


def night(start: int, end: int) -> list[Transition]:
    closing = Transition(unit="u", subject="verdict", at=start, old="ready", new="unknown", reason="office_closed")
    return [closing, change(end, "unknown", "ready")]


def test_a_night_is_called_by_its_silence() -> None:
    """In the week's bar, where no other subject is at hand; and when the night began before the week."""
    found = spans.spans_of(night(20, 50), ("ready", 50), 0, 100)
    assert [span.face.key for span in found] == ["ready", "office_closed", "ready"]
    found = spans.spans_of(night(-20, 50), ("ready", 50), 0, 100)
    assert [(span.start, span.face.key) for span in found] == [(0, "office_closed"), (50, "ready")]


def test_a_morning_is_compared_with_the_closing_before() -> None:
    """Else every Monday would win what Sunday lost."""
    present = {"u": verdict_of("u", READY, NOW - HOUR)}
    assert spans.ready_at(present, {"u": night(NOW - 2 * DAY, NOW - HOUR)}, NOW - DAY) == 1


def test_an_evening_counts_what_was_ready_at_closing() -> None:
    """A closed office that was ready yesterday at noon has not got worse."""
    closed = verdict_of("u", UNKNOWN, NOW - HOUR, Silence.OFFICE_CLOSED, known=READY)
    assert spans.judged(closed) == "ready"
    assert spans.judged_at([], closed, NOW) == "ready"
    assert spans.judged(verdict_of("u", UNKNOWN, NOW, Silence.LOST_CONTACT, known=READY)) == "unknown"


def test_lateness_cuts_nothing_out_of_the_timeline() -> None:
    """It is a word beside the verdict."""
    changes = [change(NOW - 10, "ready", "unknown")]
    verdict = verdict_of("u", UNKNOWN, NOW - 10)
    verdict.silence, verdict.silent_since = Silence.LATE, NOW - 5
    assert [span.face.key for span in spans.verdict_spans(verdict, changes, NOW - 10, NOW)] == ["unknown"]
