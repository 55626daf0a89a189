"""Which part of the way is broken, from one round of results: this PC, the office network, the access line, the
provider, or the system itself.

The nearest fault explains what lies behind it, and what one result shows to work is not blamed for another's failure.
Only what was measured speaks: without a route, the line and the provider cannot be told apart, and both are named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from checks.kit.model import Outcome, Reason, Result
from checks.kit.segment import DESK, NAMES, NEARBY, SERVERS, SILENT, TITLES, TOLD, Segment


class Fault(Struct, frozen=True):
    """Where it is broken (one segment, or those that could not be told apart), why, and which targets it stops."""

    segments: tuple[Segment, ...]
    reason: str
    targets: tuple[str, ...] = ()


def locate(results: Iterable[Result]) -> list[Fault]:
    """The faults that explain `results`, nearest first; none when every target was reached and all is well nearby."""
    everywhere = [result for result in results if result.outcome in (Outcome.OK, Outcome.FAILED)]
    measured = [result for result in everywhere if result.check not in DESK]
    return _ordered([*_way(measured), *_desk(everywhere)])


def _way(measured: list[Result]) -> list[Fault]:
    targets = [result for result in measured if result.check == "connectivity"]
    near = _near(measured)
    failing = [result for result in targets if result.outcome is Outcome.FAILED]
    everything = bool(targets) and len(failing) == len(targets)
    if everything and near and near[0].segments[0] in (Segment.DEVICE, Segment.LAN):
        return [Fault(near[0].segments, near[0].reason, _targets(failing)), *near[1:]]
    return [*near, *_far(failing, everything, measured)]


def _desk(measured: list[Result]) -> Iterable[Fault]:
    """A server of signatures that is out of reach is one more unreached system: with all others it says nothing new."""
    sites = [result.outcome is Outcome.OK for result in measured if result.check == "connectivity"]
    for result in measured:
        if result.check not in DESK or result.outcome is not Outcome.FAILED:
            continue
        if result.reason not in SERVERS:
            yield Fault((Segment.DEVICE,), result.reason)
        elif any(sites) or not sites or not result.reason.endswith("_unreachable"):
            yield Fault((Segment.DESTINATION,), result.reason)


def _near(measured: list[Result]) -> list[Fault]:
    found = ((result.reason, NEARBY.get(Reason(result.reason))) for result in measured if _is_known(result))
    return _ordered(Fault(segments, reason) for reason, segments in found if segments)


def _far(failing: list[Result], everything: bool, measured: list[Result]) -> Iterable[Fault]:
    """What stops targets in one place is one fault; systems that fail for different reasons are each their own."""
    grouped: dict[tuple[tuple[Segment, ...], str], list[Result]] = {}
    for result in failing:
        place = _place(result, everything, measured)
        apart = result.reason if place == (Segment.DESTINATION,) or result.reason in TOLD else ""
        grouped.setdefault((place, apart), []).append(result)
    for (segments, _), found in grouped.items():
        reasons = Counter(sorted(result.reason for result in found))
        yield Fault(segments, reasons.most_common(1)[0][0], _targets(found))


def _place(result: Result, everything: bool, measured: list[Result]) -> tuple[Segment, ...]:
    reason = Reason(result.reason) if _is_known(result) else None
    if reason in TOLD:
        return TOLD[reason]
    if not everything or reason not in NAMES | SILENT:
        return (Segment.DESTINATION,)
    return _line(measured, by_name=reason in NAMES)


def _line(measured: list[Result], *, by_name: bool) -> tuple[Segment, ...]:
    """How far anything comes, when no target is reached."""
    path = next((result for result in measured if result.check == "path"), None)
    if path is None or (path.reason in NAMES and "traced" not in path.facts):
        gateway = any(result.check == "lan" and result.outcome is Outcome.OK for result in measured)
        if by_name:
            return (Segment.LAN, Segment.PROVIDER) if gateway else (Segment.LAN, Segment.ACCESS, Segment.PROVIDER)
        return (Segment.ACCESS, Segment.PROVIDER) if gateway else (Segment.LAN, Segment.ACCESS, Segment.PROVIDER)
    if path.outcome is Outcome.OK:
        return (Segment.LAN, Segment.PROVIDER) if by_name else (Segment.DESTINATION,)
    if path.facts.get("first_outside_hop") is not None:
        return (Segment.PROVIDER,)
    return (Segment.ACCESS,) if path.facts.get("responding_hops") else (Segment.LAN, Segment.ACCESS)


def _ordered(faults: Iterable[Fault]) -> list[Fault]:
    order = list(Segment)
    return sorted(faults, key=lambda fault: (order.index(fault.segments[0]), len(fault.segments), fault.reason))


def _targets(results: list[Result]) -> tuple[str, ...]:
    return tuple(sorted({result.target for result in results}))


def _is_known(result: Result) -> bool:
    return result.reason in set(Reason)


def words(fault: Fault, lang: str) -> str:
    """`fault` as people say it: where, without the reason and the targets."""
    names = [TITLES[segment][0 if lang == "vi" else 1] for segment in fault.segments]
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} {'hoặc' if lang == 'vi' else 'or'} {names[-1]}"
