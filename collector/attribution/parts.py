"""When one finding is a part of another: the first sight of it, or what is left of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding

COMPARED = frozenset({Cause.UNREACHABLE, Cause.SLOW, Cause.DNS, Cause.OWN_LINK, Cause.AGENT_STOPPED})
"""Causes found by comparing ways: who sees more of the city may place them elsewhere. The others show themselves, and
are never a part of a finding of another cause."""
_ORDER = list(Segment)
Key = tuple[str, str, str]


def is_part(old: Finding, new: Finding, now: int) -> bool:
    """Whether `old`, which is seen no more, goes on as `new`: in a compatible network, by a compatible cause, and of
    what the nearer of the two stops nothing lies outside the other. What `old` has shrunk to is found `now` only, and
    so is the provider that systems turn out to be reached by: the first failures of a provider that fails in part may
    all be at one of them."""
    if not _are_alike(old, new):
        return False
    if is_wider(new, old):
        return _within(old, new)
    return new.opened_at == now and (_within(new, old) or _is_behind(old, new))


def is_wider(new: Finding, old: Finding) -> bool:
    """Whether `new` lies as far out as `old`, or farther."""
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


def _are_alike(old: Finding, new: Finding) -> bool:
    """Whether network and cause allow that they are one fault."""
    if old.network and new.network and old.network != new.network:
        return False
    return old.cause in COMPARED or old.cause is new.cause


def remains(open: Iterable[Finding], seen: Mapping[Key, Finding], held: Collection[str] = ()) -> dict[Key, Finding]:
    """`seen`, with what is but left of the `open` findings in the place of these. Of those whose ids are `held`, what
    is seen is dropped, and they go on as they are: who stayed in the evening says nothing of those who went home.

    Offices recover one by one, as each asks again or its router comes back: at last nothing tells a provider from the
    line of the one that is left. It was the provider, and is until that one is well. Where all that still fails was
    seen after the last sight of the whole, the others have been well for a round: then what is left is a fault of its
    own, and stays as it is seen.
    """
    known = {one.key: one for one in open}
    found = dict(seen)
    vanished = [one for key, one in known.items() if key not in seen and (one.id not in held or one.cleared_at is None)]
    for whole in sorted(vanished, key=lambda one: (-len(one.units), one.key)):
        is_held = whole.id in held
        left = {key: one for key, one in found.items() if key not in known and _is_left(one, whole, is_held)}
        if left:
            found = {key: one for key, one in found.items() if key not in left}
            if not is_held:
                found[whole.key] = _shrunk(whole, list(left.values()))
    return found


def _is_left(new: Finding, whole: Finding, is_held: bool) -> bool:
    """Of what is held nobody can tell whether the others have been well meanwhile."""
    if is_wider(new, whole) or (new.first > whole.last and not is_held) or not _within(new, whole):
        return False
    is_silence = not new.targets and not whole.targets
    return _are_alike(whole, new) and (new.cause in COMPARED or new.cause is whole.cause or is_silence)


def _shrunk(whole: Finding, left: list[Finding]) -> Finding:
    """`whole` as far as it is `left`. When it was seen last as a whole is kept: that tells what is left from a new
    fault."""
    return replace(
        whole,
        failing=sum(one.failing for one in left),
        working=sum(one.working for one in left),
        devices=tuple(sorted({device for one in left for device in one.devices})),
        units=tuple(sorted({unit for one in left for unit in one.units})),
        targets=tuple(sorted({target for one in left for target in one.targets})),
    )
