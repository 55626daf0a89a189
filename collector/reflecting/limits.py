"""How much the reflector sends: to one address, in one lease, and in all."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """A second's packets in all, and packets and octets for one source (an IPv4 address, an IPv6 /64): whoever forges
    it as his own cannot have it sent more. ``sources`` and ``sessions`` are how many are remembered, ``idle`` for how
    many seconds."""

    packets: float = 20_000.0
    source_packets: float = 2_000.0
    source_octets: float = 2_000_000.0
    sources: int = 4_096
    sessions: int = 4_096
    idle: float = 60.0


class Bucket:
    """A token bucket: `rate` a second, `burst` at once."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._left, self._at = rate, burst, burst, now

    def take(self, amount: float, now: float) -> bool:
        """Whether there is so much; it is gone then. `now` is in seconds, monotonic."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True


class Sources:
    """The buckets of the addresses that were answered last."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: OrderedDict[str, tuple[Bucket, Bucket]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def take(self, address: str, octets: int, now: float) -> bool:
        """Whether an answer of so many octets may go to `address`."""
        key = address.rpartition("%")[0] or address
        if ":" in key:
            key = _network(key)
        found = self._known.get(key)
        if found is None:
            limits = self._limits
            packets, volume = limits.source_packets, limits.source_octets
            found = self._known[key] = (Bucket(packets, packets / 4, now), Bucket(volume, volume / 4, now))
            if len(self._known) > limits.sources:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return found[0].take(1, now) and found[1].take(octets, now)


def _network(address: str) -> str:
    """The /64 of an IPv6 address, as the first four groups of its long form."""
    head, _, tail = address.partition("::")
    groups = head.split(":") if head else []
    if "::" in address:
        ends = tail.split(":") if tail else []
        groups += ["0"] * (8 - len(groups) - len(ends)) + ends
    return ":".join(groups[:4])
