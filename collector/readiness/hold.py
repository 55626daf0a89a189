"""Hold times: a state must last before it is shown, so that a value at its limit does not flicker. Pure."""

from __future__ import annotations

from msgspec import Struct

from collector.readiness.model import Verdict
from collector.readiness.profile import Hold
from collector.readiness.scene import RANK


class Held(Struct, frozen=True, kw_only=True):
    """What is shown, the last known state behind it, and the state that waits, with the instant (µs) it began to."""

    shown: Verdict
    last: Verdict | None = None
    pending: Verdict | None = None
    pending_since: int = 0


def advance(before: Held | None, state: Verdict, hold: Hold, now: int) -> Held:
    """What is shown at `now`, when the facts say `state`.

    Unknown is shown at once, and what was known before it is remembered: coming back better waits for ``hold.up``
    like any improvement, coming back worse is shown at once. What began in the future, by a clock that has been set
    back since, began now.
    """
    last = before.last if before else None
    if state is Verdict.UNKNOWN:
        return Held(shown=state, last=last)
    if before is None or last is None or state is last:
        return Held(shown=state, last=state)
    better = RANK[state] > RANK[last]
    returned = before.shown is Verdict.UNKNOWN
    wait = hold.up if better else (0 if returned else hold.down)
    pending: Verdict = state
    began = now
    if before.pending is not None and (RANK[before.pending] > RANK[last]) == better:
        pending, began = _milder(before.pending, state, last), min(before.pending_since, now)
    if now - began >= wait:
        return Held(shown=pending, last=pending)
    return Held(shown=last, last=last, pending=pending, pending_since=began)


def _milder(one: Verdict, other: Verdict, last: Verdict) -> Verdict:
    """Whichever is nearer to `last`: only that much has lasted all the time."""
    return min(one, other, key=lambda state: abs(RANK[state] - RANK[last]))
