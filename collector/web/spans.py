"""States over time, from the transitions that a history tells. Pure; times are µs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collector.readiness.model import Silence, Transition, UnitVerdict, Verdict
from collector.web import svg
from collector.web.faces import FACES, Face, of


def by_unit(transitions: Iterable[Transition]) -> dict[str, list[Transition]]:
    found: dict[str, list[Transition]] = {}
    for transition in transitions:
        found.setdefault(transition.unit, []).append(transition)
    return found


def state_at(history: Sequence[Transition], present: tuple[str, int], at: int) -> str:
    """The state at `at`: ``old`` of the first transition after it, else the present one; "" before the first."""
    for transition in history:
        if transition.at > at:
            return transition.old
    state, since = present
    return state if history or since <= at else ""


def judged(verdict: UnitVerdict) -> str:
    """The verdict; of a closed office the one at closing, where one is known."""
    closed = verdict.silence is Silence.OFFICE_CLOSED and verdict.known is not None
    return str(verdict.known if closed else verdict.verdict)


def judged_at(history: Sequence[Transition], present: UnitVerdict, at: int) -> str:
    """:func:`judged`, at `at`: an evening is compared with a morning by what was known when the office closed."""
    before = [change for change in history if change.at <= at]
    if before and before[-1].new == Verdict.UNKNOWN and before[-1].reason == Silence.OFFICE_CLOSED:
        return before[-1].old
    if any(change.at > at for change in history):
        return state_at(history, ("", 0), at)
    return judged(present) if history or present.since <= at else ""


def ready_at(verdicts: dict[str, UnitVerdict], history: dict[str, list[Transition]], at: int) -> int | None:
    """How many units were ready at `at`, or when their office closed; None when nothing was judged so early."""
    ready, known = 0, False
    for code, verdict in verdicts.items():
        state = judged_at(history.get(code, []), verdict, at)
        known, ready = known or state != "", ready + (state == "ready")
    return ready if known else None


def spans_of(history: Sequence[Transition], present: tuple[str, int], start: int, end: int) -> list[svg.Span]:
    """The states between `start` and `end` as spans; a time before the first verdict has none. What became unknown
    because of a silence is called by that."""
    before = [change for change in history if change.at <= start]
    first = before[-1] if before else None
    edges = [(start, of(first.new, first.reason) if first and first.new else _first(history, present, start))]
    edges += [(change.at, of(change.new, change.reason)) for change in history if start < change.at <= end]
    if not history and present[1] > start:
        edges.append((present[1], of(present[0])))
    until = [at for at, _ in edges[1:]] + [end]
    return [svg.Span(at, stop, face) for (at, face), stop in zip(edges, until, strict=True) if face]


def _first(history: Sequence[Transition], present: tuple[str, int], start: int) -> Face | None:
    state = state_at(history, present, start)
    return of(state) if state else None


def verdict_spans(verdict: UnitVerdict, history: Sequence[Transition], start: int, now: int) -> list[svg.Span]:
    """The verdict's spans, with an unknown time cut where silence began or ended and called by that."""
    decided = [change for change in history if change.subject == "verdict"]
    quiet = [change for change in history if change.subject == "silence"]
    silent = spans_of(quiet, (verdict.silence or "", verdict.silent_since or verdict.since), start, now)
    spans: list[svg.Span] = []
    for span in spans_of(decided, (verdict.verdict, verdict.since), start, now):
        spans += _cut(span, silent) if span.face.key == Verdict.UNKNOWN else [span]
    return spans


def _cut(span: svg.Span, silent: Sequence[svg.Span]) -> list[svg.Span]:
    parts: list[svg.Span] = []
    at = span.start
    for quiet in silent:
        left, right = max(quiet.start, at), min(quiet.end, span.end)
        if left < right and quiet.face.key != Silence.LATE:
            if left > at:
                parts.append(svg.Span(at, left, span.face))
            parts.append(svg.Span(left, right, quiet.face))
            at = right
    return [*parts, svg.Span(at, span.end, span.face)] if at < span.end else parts


def titled(spans: Sequence[svg.Span], lang: str) -> list[svg.Span]:
    return [svg.Span(span.start, span.end, span.face, span.face.word(lang)) for span in spans]


def summary(spans: Sequence[svg.Span], lang: str) -> str:
    """``sẵn sàng 96 %, có nguy cơ 4 %``: the bar in words."""
    shares: dict[str, int] = {}
    for span in spans:
        shares[span.face.key] = shares.get(span.face.key, 0) + span.end - span.start
    total = sum(shares.values()) or 1
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{FACES[key].word(lang)} {100 * share / total:.0f} %" for key, share in ordered)
