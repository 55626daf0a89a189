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

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding, Observation

CLOSE_AFTER = 15 * 60 * 1_000_000
"""µs without return after which a finding is closed. [A] one and a half rounds of the check lan, the most frequent."""
COMPARED = frozenset({Cause.UNREACHABLE, Cause.SLOW, Cause.DNS, Cause.OWN_LINK, Cause.AGENT_STOPPED})
"""Causes found by comparing ways: who sees more of the city may place them elsewhere. The others show themselves, and
are never a part of a finding of another cause."""
COUNTS = ("last", "failing", "working", "confidence", "devices", "also")
"""What moves with every measurement: it is shown, and stored with the next change, or a fault would be written at every
sweep."""
_ORDER = list(Segment)
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
    seen: a wider one that swallows it, or a nearer one to which it has shrunk. Those whose ids are `held`
    (:func:`rests`) go on unchanged though nobody sees them, unless a wider one swallows them.
    """
    kept = {finding.key: finding for finding in sorted(open, key=lambda one: (-one.opened_at, one.id))}
    twice = [finding for finding in open if kept[finding.key] is not finding]
    present = {key: _seen(kept.get(key), finding, now) for key, finding in _by_key(seen).items()}
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
    return replace(
        seen,
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
            heirs = [one for one in heirs if _is_wider(one, old)]
        if heirs:
            return _closed(old, now, heirs[-1].id)
        return old if is_held else replace(old, cleared_at=max(now, old.opened_at))
    return _closed(old, now) if now - old.cleared_at >= close_after else old


def _closed(held: Finding, now: int, into: str = "") -> Finding:
    cleared = held.cleared_at if held.cleared_at is not None else max(now, held.opened_at)
    return replace(held, cleared_at=cleared, closed_at=max(now, cleared), merged_into=into)


def is_part(old: Finding, new: Finding, now: int) -> bool:
    """Whether `old`, which is seen no more, goes on as `new`: in a compatible network, by a compatible cause, and of
    what the nearer of the two stops nothing lies outside the other. What `old` has shrunk to is found `now` only, and
    so is the provider that systems turn out to be reached by: the first failures of a provider that fails in part may
    all be at one of them."""
    if old.network and new.network and old.network != new.network:
        return False
    if old.cause not in COMPARED and old.cause is not new.cause:
        return False
    if _is_wider(new, old):
        return _within(old, new)
    return new.opened_at == now and (_within(new, old) or _is_behind(old, new))


def _is_wider(new: Finding, old: Finding) -> bool:
    return _ORDER.index(new.segment) >= _ORDER.index(old.segment)


def _is_behind(system: Finding, provider: Finding) -> bool:
    """Whether all that a system's finding stops is stopped by that of a provider as well."""
    if system.segment is not Segment.DESTINATION or provider.segment is not Segment.PROVIDER:
        return False
    return set(system.targets) <= set(provider.targets) and set(system.units) <= set(provider.units)


def _within(small: Finding, large: Finding) -> bool:
    """Devices come and go with each measurement, so they are compared only where the fault is a device's own."""
    if not small.units or not set(small.units) <= set(large.units):
        return False
    if small.segment is Segment.DEVICE and not set(small.devices) <= set(large.devices):
        return False
    if large.segment is Segment.DESTINATION:
        return bool(small.targets) and set(small.targets) <= set(large.targets)
    return True


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
