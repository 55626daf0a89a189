"""What a unit's transitions tell of a period: which state lasted how long, since when it fails, when it was last ready.

Pure. Transitions come in order, with the newest older one of each subject before them, as
:mod:`collector.store.history` gives them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from msgspec import Struct

from collector.readiness.model import Transition, Verdict

REQUIREMENT = "requirement:"
GONE = "profile"
"""The reason of a requirement that has left the profile: from then on it has no state."""


class Span(Struct, frozen=True, kw_only=True):
    """A state of one subject in [start, end) (µs), cut to the period that was asked for. ``began`` is when it began,
    before the period maybe. An empty state of ``silence`` says that the unit reports."""

    state: str
    start: int
    end: int
    began: int
    reason: str = ""
    profile: str = ""


class Summary(Struct, frozen=True, kw_only=True):
    """One subject over a period: the state at its end, since when (µs), and what its spans tell."""

    state: str
    since: int
    first_failed: int | None
    last_ready: int | None
    times: dict[str, int]


def spans(changes: Iterable[Transition], start: int, end: int) -> dict[str, list[Span]]:
    """The states of each subject in [start, end), in order and without overlap; none where it had no state yet, or its
    requirement had left the profile."""
    by_subject: dict[str, list[Transition]] = {}
    for change in changes:
        if change.at < end:
            by_subject.setdefault(change.subject, []).append(change)
    found = {subject: _spans(several, start, end) for subject, several in by_subject.items()}
    return {subject: several for subject, several in found.items() if several}


def _spans(changes: list[Transition], start: int, end: int) -> list[Span]:
    until = [*(after.at for _, after in pairwise(changes)), end]
    return [
        Span(
            state=change.new,
            start=max(change.at, start),
            end=stop,
            began=change.at,
            reason=change.reason,
            profile=change.profile,
        )
        for change, stop in zip(changes, until, strict=True)
        if stop > max(change.at, start) and not has_left(change)
    ]


def has_left(change: Transition) -> bool:
    """Whether with this change a requirement left the profile."""
    return change.reason == GONE and change.subject.startswith(REQUIREMENT)


def time_in_state(spans: Iterable[Span]) -> dict[str, int]:
    """How long (µs) each state lasted in all."""
    found: dict[str, int] = {}
    for span in spans:
        found[span.state] = found.get(span.state, 0) + span.end - span.start
    return found


def first_failed(spans: Iterable[Span]) -> int | None:
    """When the trouble that still lasts was first seen: the first NOT_READY after the last READY, however often it was
    unknown or at risk since. None while it is ready, or has not failed since."""
    found: int | None = None
    for span in spans:
        if span.state == Verdict.READY:
            found = None
        elif span.state == Verdict.NOT_READY and found is None:
            found = span.began
    return found


def last_ready(spans: Iterable[Span]) -> int | None:
    """Until when it was last READY, the end of the period when it still is. None: not in this period."""
    return max((span.end for span in spans if span.state == Verdict.READY), default=None)


def summary(changes: Iterable[Transition], start: int, end: int) -> dict[str, Summary]:
    """Each subject that has a state at `end`, over [start, end)."""
    return {
        subject: Summary(
            state=several[-1].state,
            since=several[-1].began,
            first_failed=first_failed(several),
            last_ready=last_ready(several),
            times=time_in_state(several),
        )
        for subject, several in spans(changes, start, end).items()
        if several[-1].end == end
    }
