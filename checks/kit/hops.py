"""What a route says: whose its routers are, how long each stretch takes and loses. Pure.

Whose a router is cannot be asked. It is the office's when it is the first on the way (the gateway), on this PC's own
network (its /24, its /56), or in a network the office is known to have. It is outside when its address is public or
of RFC 6598, which only providers use. Any other private address may be either's, and counts for neither.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Sequence

from msgspec import Struct

from checks.kit import guard
from checks.kit.trace import Route

OWN_BITS = {4: 24, 16: 56}
_SHOWN = 16


class Network(Struct, frozen=True):
    """A prefix: its packed address and how many bits of it count."""

    packed: bytes
    bits: int

    def holds(self, packed: bytes) -> bool:
        shift = len(packed) * 8 - self.bits
        return len(packed) == len(self.packed) and (
            int.from_bytes(packed, "big") >> shift == int.from_bytes(self.packed, "big") >> shift
        )


def network(text: str) -> Network:
    """``10.0.0.0/8`` or ``fd00::/8`` or an address alone. Raises ValueError."""
    address, slash, bits = text.partition("/")
    packed = guard.packed(address)
    most = len(packed or b"") * 8
    if packed is None or (slash and not (bits.isascii() and bits.isdigit() and int(bits) <= most)):
        raise ValueError(f"{text[:64]!r} is no network such as 10.20.0.0/16")
    return Network(packed, int(bits) if slash else most)


_SHARED = network("100.64.0.0/10")  # RFC 6598
_PRIVATE = tuple(
    network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)


class Hop(Struct, frozen=True):
    """A router that answered, or the target. ``whose`` is ``office``, ``outside``, ``unknown`` or ``target``, ``rtt``
    the median in seconds. ``loss`` is the part (0 to 1) of probes unanswered by it and by all behind it: what a router
    does not answer while others behind it do, it merely did not care to (RFC 1812 §4.3.2.8)."""

    ttl: int
    address: str
    whose: str
    rtt: float
    loss: float


def known(own: str, networks: Iterable[str]) -> list[Network]:
    """The office's networks: `networks`, and that of `own`, this PC's address. Raises ValueError."""
    mine = guard.packed(own)
    return [*(network(text) for text in networks), *([Network(mine, OWN_BITS[len(mine)])] if mine else [])]


def read(route: Route, office: Sequence[Network]) -> list[Hop]:
    """The hops of `route` that answered, nearest first."""
    hops: list[Hop] = []
    loss = 1.0
    for ttl in sorted({reply.ttl for reply in route.replies}, reverse=True):
        here = [reply for reply in route.replies if reply.ttl == ttl]
        names = [reply.address for reply in here]
        address = max(names, key=names.count)
        asked = route.asked[ttl - 1] if 0 < ttl <= len(route.asked) else len(here)
        loss = min(loss, max(0.0, 1 - len(here) / max(asked, 1)))
        target = any(reply.kind == "reached" for reply in here)
        times = [reply.rtt for reply in here if reply.address == address]
        hops.insert(0, Hop(ttl, address, "target" if target else owner(address, ttl, office), median(times), loss))
    return hops


def owner(address: str, ttl: int, office: Iterable[Network]) -> str:
    """Whose the router at `address` is, `ttl` hops away; see the top of this file."""
    packed = guard.packed(address)
    if packed is None:
        return "unknown"
    if any(one.holds(packed) for one in office):
        return "office"
    if _SHARED.holds(packed):
        return "outside"
    if ttl == 1:
        return "office"
    return "unknown" if any(one.holds(packed) for one in _PRIVATE) else "outside"


def segments(hops: Sequence[Hop]) -> dict[str, Hop]:
    """The far end of each stretch that is known: ``lan`` the office's last router, ``access`` the first one outside,
    ``provider`` the last one before the target if that is another, ``destination`` the target."""
    found: dict[str, Hop] = {}
    outside = [hop for hop in hops if hop.whose == "outside"]
    for hop in hops:
        if hop.whose == "office":
            found["lan"] = hop
        if hop.whose == "target":
            found["destination"] = hop
    if outside:
        found["access"] = outside[0]
    if outside and outside[-1].address != outside[0].address:
        found["provider"] = outside[-1]
    return found


def last_mile(ends: dict[str, Hop]) -> float | None:
    """Seconds from the office's edge to the first router outside and back, never below 0; None when either is silent,
    unless there is nothing before it."""
    access, lan = ends.get("access"), ends.get("lan")
    if access is None or (lan is None and access.ttl > 1):
        return None
    return max(0.0, access.rtt - (lan.rtt if lan else 0.0))


def outside(hops: Sequence[Hop]) -> list[str]:
    """The addresses of the routers outside, nearest first, at most 16 of them."""
    return list(dict.fromkeys(hop.address for hop in hops if hop.whose == "outside"))[:_SHOWN]


def fingerprint(hops: Sequence[Hop]) -> str | None:
    """Eight hex digits that are the same while the routers outside are; None when none answered."""
    addresses = [hop.address for hop in hops if hop.whose == "outside"]
    return f"{binascii.crc32(' '.join(addresses).encode()):08x}" if addresses else None


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the middle two."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
