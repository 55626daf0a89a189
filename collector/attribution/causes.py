"""What a reason says of where a failure can lie, and what kind of fault it then is."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping

from checks.kit.model import Reason
from checks.kit.segment import NAMES, NEARBY, SERVERS, TOLD, Segment
from collector.attribution.model import Cause


class Place(enum.StrEnum):
    """Where a fault can sit: the segments, and the resolvers that a LAN or a provider runs. A resolver is a place of
    its own, because packets pass a LAN whose resolver is dead."""

    DEVICE = "device"
    LAN = "lan"
    ACCESS = "access"
    PROVIDER = "provider"
    DESTINATION = "destination"
    LAN_NAMES = "lan_names"
    PROVIDER_NAMES = "provider_names"


SEGMENTS: dict[Place, Segment] = {
    Place.LAN_NAMES: Segment.LAN,
    Place.PROVIDER_NAMES: Segment.PROVIDER,
    **{Place(segment): segment for segment in Segment},
}
Cover = Mapping[Place, float]
"""How well a fault at a place explains a failure (0 to 1). 0 contradicts: the failure shows that the place works. A
place that is not named is left as it was."""

ANYWHERE: Cover = {Place(segment): 1.0 for segment in Segment}
# An answer came from the system itself: the way there works, and one PC alone may still see it wrongly.
ANSWERED: Cover = {
    Place.DESTINATION: 1.0, Place.DEVICE: 0.2, Place.LAN: 0.0, Place.ACCESS: 0.0, Place.PROVIDER: 0.0,
}  # fmt: skip
DATED: Cover = {**ANSWERED, Place.DEVICE: 0.6}
REFUSED: Cover = {**{Place(segment): 0.7 for segment in Segment}, Place.DESTINATION: 1.0}
# A name server that is silent, or a way to it that is broken.
UNRESOLVED: Cover = dict.fromkeys(Place, 1.0)
MISNAMED: Cover = {
    Place.LAN_NAMES: 1.0, Place.PROVIDER_NAMES: 1.0, Place.DESTINATION: 1.0, Place.DEVICE: 0.5,
    Place.LAN: 0.1, Place.PROVIDER: 0.1,
}  # fmt: skip
FORBIDDEN: Cover = {Place.LAN: 1.0, Place.PROVIDER: 1.0, Place.LAN_NAMES: 1.0, Place.DESTINATION: 0.7}
INTERCEPTED: Cover = {Place.DEVICE: 1.0, Place.LAN: 1.0, Place.PROVIDER: 1.0, Place.DESTINATION: 0.05}
REWRITTEN: Cover = {Place.PROVIDER: 1.0, Place.LAN: 0.5, Place.DESTINATION: 0.05}
# What stands between one PC and its router is the PC's or the LAN's, whichever the others there speak for.
HERE: Cover = {Place.DEVICE: 1.0, Place.LAN: 1.0}
OFFICE: Cover = {Place.DEVICE: 0.5, Place.LAN: 1.0}

DATES = frozenset({Reason.TLS_EXPIRED, Reason.TLS_NOT_YET_VALID})
CERTIFICATES = DATES | {Reason.TLS_NAME, Reason.TLS_UNTRUSTED, Reason.TLS_SELF_SIGNED}
ANSWERS = CERTIFICATES | {
    Reason.HTTP_STATUS, Reason.HTTP_BODY, Reason.HTTP_REDIRECTS, Reason.HTTP_TOO_LARGE, Reason.TLS_VERSION,
    Reason.WEBSOCKET_REFUSED,
}  # fmt: skip
REFUSALS = frozenset({Reason.TCP_REFUSED, Reason.TLS_HANDSHAKE, Reason.HTTP_PROTOCOL})
CONFLICTS = frozenset({Reason.ADDRESS_CONFLICT, Reason.ROGUE_DHCP})
BATTERY = frozenset({Reason.ON_BATTERY, Reason.BATTERY_LOW})
PROXIES = frozenset({Reason.PROXY_AUTH, Reason.PROXY_REFUSED, Reason.PROXY_UNREACHABLE})
OWN_LINK = frozenset(
    {Reason.OWN_LINK_DOWN, Reason.LINK_DOWN, Reason.GATEWAY_MISSING, Reason.GATEWAY_UNREACHABLE},
)
_OF_SERVERS = SERVERS - {Reason.TSA_UNREACHABLE, Reason.CRL_UNREACHABLE, Reason.OCSP_UNREACHABLE}


def _covers() -> dict[str, Cover]:
    found: dict[str, Cover] = {reason: {Place(one): 1.0 for one in segments} for reason, segments in NEARBY.items()}
    found |= {reason: {Place(one): 1.0 for one in segments} for reason, segments in TOLD.items()}
    for reasons, cover in (
        (NAMES, MISNAMED), ({Reason.DNS_TIMEOUT, Reason.DNS_SERVFAIL}, UNRESOLVED), (ANSWERS | _OF_SERVERS, ANSWERED),
        (DATES, DATED), (REFUSALS, REFUSED), (OWN_LINK, HERE), (PROXIES | {Reason.CAPTIVE_PORTAL}, OFFICE),
        ({Reason.TLS_INTERCEPTED}, INTERCEPTED), ({Reason.DNS_REWRITTEN}, REWRITTEN),
        ({Reason.ADDRESS_FORBIDDEN}, FORBIDDEN),
    ):  # fmt: skip
        found |= {str(reason): cover for reason in reasons}
    return found


COVERS: dict[str, Cover] = _covers()
"""By reason; ANYWHERE for every other. From the tables of :mod:`checks.kit.segment`, made softer where the other
devices of a city can say more than one PC could: what one takes for the LAN's is its own when its neighbours pass."""


def cover(reason: str) -> Cover:
    return COVERS.get(reason, ANYWHERE)


def cause(place: Place, reasons: Counter[str]) -> tuple[Cause, str]:
    """What kind of fault it is at `place`, and the reason that was seen most; ties go to the first by name."""
    reason = max(sorted(reasons), key=lambda one: reasons[one], default="")
    if place in (Place.LAN_NAMES, Place.PROVIDER_NAMES):
        return Cause.DNS, reason
    return _named(place, reason), reason


def _named(place: Place, reason: str) -> Cause:
    if reason in OWN_LINK:
        return Cause.ROUTER if place is Place.LAN else Cause.OWN_LINK
    if place is Place.DEVICE and reason in DATES:
        return Cause.CLOCK
    named = next((cause for reasons, cause in _CAUSES if reason in reasons), Cause.UNREACHABLE)
    return Cause.UNREACHABLE if named in (Cause.SERVICE, Cause.DNS) and place in _WAYS else named


_WAYS = (Place.LAN, Place.ACCESS, Place.PROVIDER)
"""What carries packets: where it is broken, the names of what lies behind it fail with it. Resolvers are places of
their own."""


def _strings(reasons: Iterable[Reason]) -> frozenset[str]:
    return frozenset(str(reason) for reason in reasons)


_CAUSES: tuple[tuple[frozenset[str], Cause], ...] = (
    (_strings({Reason.CLOCK_WRONG}), Cause.CLOCK),
    (_strings({Reason.CAPTIVE_PORTAL}), Cause.CAPTIVE_PORTAL),
    (_strings(PROXIES), Cause.PROXY),
    (_strings(CONFLICTS), Cause.ADDRESS_CONFLICT),
    (_strings({Reason.TLS_INTERCEPTED, Reason.DNS_REWRITTEN, Reason.ADDRESS_FORBIDDEN}), Cause.INTERCEPTED),
    (_strings(NAMES), Cause.DNS),
    (_strings(CERTIFICATES), Cause.CERTIFICATE),
    (_strings({Reason.HTTP_SLOW}), Cause.SLOW),
    (_strings({*ANSWERS, *_OF_SERVERS, *REFUSALS}), Cause.SERVICE),
)
