"""Which part of the way is broken, from one round of results: this PC, the office network, the access line, the
provider, or the system itself.

The nearest fault explains what lies behind it, and what one result shows to work is not blamed for another's failure.
Only what was measured speaks: without a route, the line and the provider cannot be told apart, and both are named.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from checks.kit.model import Outcome, Reason, Result


class Segment(enum.StrEnum):
    """A part of the way, nearest first."""

    DEVICE = "device"
    LAN = "lan"
    ACCESS = "access"
    PROVIDER = "provider"
    DESTINATION = "destination"


class Fault(Struct, frozen=True):
    """Where it is broken (one segment, or those that could not be told apart), why, and which targets it stops."""

    segments: tuple[Segment, ...]
    reason: str
    targets: tuple[str, ...] = ()


TITLES: dict[Segment, tuple[str, str]] = {
    Segment.DEVICE: ("máy này", "this PC"),
    Segment.LAN: ("mạng nội bộ của cơ quan", "the office network"),
    Segment.ACCESS: ("đường truyền từ cơ quan ra ngoài", "the line out of the office"),
    Segment.PROVIDER: ("mạng của nhà cung cấp", "the provider's network"),
    Segment.DESTINATION: ("chính hệ thống đích", "the system itself"),
}
_D, _L, _A, _P = Segment.DEVICE, Segment.LAN, Segment.ACCESS, Segment.PROVIDER
# What a check of the surroundings found, whatever the targets say.
_OWN: dict[Reason, tuple[Segment, ...]] = {
    Reason.LINK_DOWN: (_D, _L),
    Reason.GATEWAY_MISSING: (_D, _L),
    Reason.GATEWAY_UNREACHABLE: (_L,),
    Reason.ADDRESS_CONFLICT: (_L,),
    Reason.ROGUE_DHCP: (_L,),
    Reason.INTERFACE_DOWN: (_A,),
    Reason.ROUTE_LOOP: (_P,),
    Reason.MTU_BLACKHOLE: (_A, _P),
    Reason.DNS_REWRITTEN: (_P,),
}
# What a target's failure says by itself, whoever else is reached.
_TOLD: dict[Reason, tuple[Segment, ...]] = {
    Reason.CLOCK_WRONG: (_D,),
    Reason.TLS_NOT_YET_VALID: (_D,),
    Reason.PROXY_UNREACHABLE: (_D, _L),
    Reason.PROXY_AUTH: (_L,),
    Reason.PROXY_REFUSED: (_L,),
    Reason.CAPTIVE_PORTAL: (_L,),
    Reason.OWN_LINK_DOWN: (_L,),
    Reason.TLS_INTERCEPTED: (_D, _L, _P),
    Reason.DNS_REWRITTEN: (_P,),
    Reason.ADDRESS_FORBIDDEN: (_L, _P),
}
# What a desk lacks is its own fault, and stops no packet.
_DESK = frozenset({"storage", "power", "signing_token", "signing_service"})
_SERVERS = frozenset(reason for reason in Reason if reason.startswith(("tsa_", "crl_", "ocsp_")))
_NAMES = frozenset(reason for reason in Reason if reason.startswith("dns_"))
_SILENT = frozenset(
    {Reason.TCP_TIMEOUT, Reason.TCP_UNREACHABLE, Reason.TCP_RESET, Reason.TLS_TIMEOUT, Reason.HTTP_TIMEOUT}
)


def locate(results: Iterable[Result]) -> list[Fault]:
    """The faults that explain `results`, nearest first; none when every target was reached and all is well nearby."""
    everywhere = [result for result in results if result.outcome in (Outcome.OK, Outcome.FAILED)]
    measured = [result for result in everywhere if result.check not in _DESK]
    return _ordered([*_way(measured), *_desk(everywhere)])


def _way(measured: list[Result]) -> list[Fault]:
    targets = [result for result in measured if result.check == "connectivity"]
    near = _near(measured)
    failing = [result for result in targets if result.outcome is Outcome.FAILED]
    everything = bool(targets) and len(failing) == len(targets)
    if everything and near and near[0].segments[0] in (_D, _L):
        return [Fault(near[0].segments, near[0].reason, _targets(failing)), *near[1:]]
    return [*near, *_far(failing, everything, measured)]


def _desk(measured: list[Result]) -> Iterable[Fault]:
    """A server of signatures that is out of reach is one more unreached system: with all others it says nothing new."""
    sites = [result.outcome is Outcome.OK for result in measured if result.check == "connectivity"]
    for result in measured:
        if result.check not in _DESK or result.outcome is not Outcome.FAILED:
            continue
        if result.reason not in _SERVERS:
            yield Fault((_D,), result.reason)
        elif any(sites) or not sites or not result.reason.endswith("_unreachable"):
            yield Fault((Segment.DESTINATION,), result.reason)


def _near(measured: list[Result]) -> list[Fault]:
    found = ((result.reason, _OWN.get(Reason(result.reason))) for result in measured if _is_known(result))
    return _ordered(Fault(segments, reason) for reason, segments in found if segments)


def _far(failing: list[Result], everything: bool, measured: list[Result]) -> Iterable[Fault]:
    """What stops targets in one place is one fault; systems that fail for different reasons are each their own."""
    grouped: dict[tuple[tuple[Segment, ...], str], list[Result]] = {}
    for result in failing:
        place = _place(result, everything, measured)
        apart = result.reason if place == (Segment.DESTINATION,) or result.reason in _TOLD else ""
        grouped.setdefault((place, apart), []).append(result)
    for (segments, _), found in grouped.items():
        reasons = Counter(sorted(result.reason for result in found))
        yield Fault(segments, reasons.most_common(1)[0][0], _targets(found))


def _place(result: Result, everything: bool, measured: list[Result]) -> tuple[Segment, ...]:
    reason = Reason(result.reason) if _is_known(result) else None
    if reason in _TOLD:
        return _TOLD[reason]
    if not everything or reason not in _NAMES | _SILENT:
        return (Segment.DESTINATION,)
    return _line(measured, by_name=reason in _NAMES)


def _line(measured: list[Result], *, by_name: bool) -> tuple[Segment, ...]:
    """How far anything comes, when no target is reached."""
    path = next((result for result in measured if result.check == "path"), None)
    if path is None or (path.reason in _NAMES and "traced" not in path.facts):
        gateway = any(result.check == "lan" and result.outcome is Outcome.OK for result in measured)
        if by_name:
            return (_L, _P) if gateway else (_L, _A, _P)
        return (_A, _P) if gateway else (_L, _A, _P)
    if path.outcome is Outcome.OK:
        return (_L, _P) if by_name else (Segment.DESTINATION,)
    if path.facts.get("first_outside_hop") is not None:
        return (_P,)
    return (_A,) if path.facts.get("responding_hops") else (_L, _A)


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
