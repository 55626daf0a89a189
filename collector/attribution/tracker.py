"""The life of findings: opened, seen again, cleared, closed, or recognised as part of another. Pure.

Attribution says what is wrong now; this remembers since when it has been, so that a line which comes and goes is one
finding and not thirty. What is cleared is told to nobody as present any more, and waits ``close_after`` for its return.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from collector.attribution.model import Finding, Observation
from collector.attribution.parts import is_part, is_wider, remains

CLOSE_AFTER = 15 * 60 * 1_000_000
"""µs without return after which a finding is closed. [A] one and a half rounds of the check lan, the most frequent."""
COUNTS = ("last", "failing", "working", "confidence", "devices", "also")
"""What moves with every measurement: it is shown, and stored with the next change, or a fault would be written at every
sweep."""
Key = tuple[str, str, str]


class Event(Struct, frozen=True, kw_only=True):
    """What happened to a finding. ``merged`` closes it; ``finding.merged_into`` says where it went on."""

    what: Literal["opened", "cleared", "returned", "merged", "closed"]
    finding: Finding


class Moves(Struct, frozen=True, kw_only=True):
    """What :func:`advance` came to. ``open`` are those not closed, cleared ones too, by key; ``changed`` those of which
    more has changed than COUNTS, the ``closed`` ones too: what is to be stored."""

    open: list[Finding]
    changed: list[Finding]
    closed: list[Finding]
    events: list[Event]


def advance(
    open: Sequence[Finding],
    seen: Iterable[Finding],
    now: int,
    close_after: int = CLOSE_AFTER,
    held: Collection[str] = (),
) -> Moves:
    """`open`, the findings not yet closed, after attribution has `seen` these at `now` (µs).

    The same key goes on under its id. What is not seen any more is cleared at once, and closed after `close_after`
    (µs) without return, or right away, with a pointer, when what it stops is now explained by another finding that is
    seen: a wider one that swallows it, or a nearer one to which it has shrunk. While it is mended, and what is seen is
    but what is left of it (:func:`collector.attribution.parts.remains`), it goes on as what it was, and nothing is
    opened. Those whose ids are `held` (:func:`rests`) go on unchanged though nobody sees them, unless a wider one
    swallows them.
    """
    kept = {finding.key: finding for finding in sorted(open, key=lambda one: (-one.opened_at, one.id))}
    twice = [finding for finding in open if kept[finding.key] is not finding]
    sights = remains(kept.values(), _by_key(seen), held)
    present = {key: _seen(kept.get(key), finding, now) for key, finding in sights.items()}
    gone = [
        _gone(finding, present.values(), now, close_after, finding.id in held)
        for key, finding in kept.items()
        if key not in present
    ]
    gone += [_closed(finding, now, kept[finding.key].id) for finding in twice]
    after = [*present.values(), *gone]
    before = {finding.id: finding for finding in open}
    changed = _sorted(finding for finding in after if _differs(before.get(finding.id), finding))
    events = [event for finding in changed if (event := _event(before.get(finding.id), finding))]
    return Moves(
        open=_sorted(finding for finding in after if finding.closed_at is None),
        changed=changed,
        closed=[finding for finding in changed if finding.closed_at is not None],
        events=events,
    )


def is_present(finding: Finding) -> bool:
    """Whether observations speak for it now: neither cleared nor closed."""
    return finding.cleared_at is None and finding.closed_at is None


def identity(key: Key, opened_at: int) -> str:
    """A finding's id: 8 letters and digits, the same wherever it is computed. 40 bits: of 10,000 findings two share one
    with a chance of 1 in 20,000."""
    digest = hashlib.blake2s("\n".join((*key, str(opened_at))).encode(), digest_size=5).digest()
    return base64.b32encode(digest).decode().lower()


def _by_key(seen: Iterable[Finding]) -> dict[Key, Finding]:
    """One for each key, the surest where there are several."""
    return {finding.key: finding for finding in sorted(seen, key=lambda one: (one.confidence, one.cause, one.reason))}


def _seen(held: Finding | None, seen: Finding, now: int) -> Finding:
    """`seen`, as the finding that it is the newest sight of. Its cause may be known better than before."""
    if held is None:
        fresh = {"cleared_at": None, "closed_at": None, "merged_into": "", "flaps": 0}
        return replace(seen, id=identity(seen.key, now), opened_at=now, **fresh)
    struck = tuple(sorted({*(held.struck or held.units), *seen.units}))
    return replace(
        seen,
        struck=() if struck == seen.units else struck,
        id=held.id,
        opened_at=held.opened_at,
        first=min(held.first, seen.first),
        last=max(held.last, seen.last),
        cleared_at=None,
        closed_at=None,
        merged_into="",
        flaps=held.flaps + (held.cleared_at is not None),
    )


def rests(finding: Finding, away: Collection[str], observed: Iterable[Observation]) -> bool:
    """Whether nothing speaks against a `finding` that is seen no more while some of its devices are `away`: none of its
    other devices is `observed` to reach systems that it stops, and to fail at none of them. Of one that stops no
    system, such as silence, all its devices are away."""
    others = set(finding.devices).difference(away)
    if len(others) == len(finding.devices):
        return False
    if not finding.targets:
        return not others
    asked = [one for one in observed if one.device in others and one.target in finding.targets]
    return {one.device for one in asked if one.ok} <= {one.device for one in asked if not one.ok}


def _gone(old: Finding, present: Iterable[Finding], now: int, close_after: int, is_held: bool) -> Finding:
    if old.cleared_at is None:
        heirs = sorted((one for one in present if is_part(old, one, now)), key=_size)
        if is_held:
            heirs = [one for one in heirs if is_wider(one, old)]
        if heirs:
            return _closed(old, now, heirs[-1].id)
        return old if is_held else replace(_whole(old), cleared_at=max(now, old.opened_at))
    return _closed(old, now) if now - old.cleared_at >= close_after else old


def _closed(held: Finding, now: int, into: str = "") -> Finding:
    cleared = held.cleared_at if held.cleared_at is not None else max(now, held.opened_at)
    return replace(_whole(held), cleared_at=cleared, closed_at=max(now, cleared), merged_into=into)


def _whole(finding: Finding) -> Finding:
    """What is over is remembered by all the units that it stopped."""
    return replace(finding, units=finding.struck, struck=()) if finding.struck else finding


def _differs(before: Finding | None, after: Finding) -> bool:
    return before is None or replace(before, **{name: getattr(after, name) for name in COUNTS}) != after


def _size(finding: Finding) -> tuple[int, int, float, Key]:
    return len(finding.units), len(finding.devices), finding.confidence, finding.key


def _event(before: Finding | None, after: Finding) -> Event | None:
    if before is None:
        return Event(what="opened", finding=after)
    if after.closed_at is not None:
        return Event(what="merged" if after.merged_into else "closed", finding=after)
    if (before.cleared_at is None) == (after.cleared_at is None):
        return None
    return Event(what="cleared" if after.cleared_at is not None else "returned", finding=after)


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (one.key, one.opened_at))
