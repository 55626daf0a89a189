"""Echo requests and answers as bytes (RFC 792, RFC 4443), and what a series of them says. Pure."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable

from msgspec import Struct

NONCE = 8  # bytes at the head of the payload, random per series: nobody off the path can forge an answer
_HEADER = struct.Struct("!BBHHH")
_EXTENDED_ERROR = struct.Struct("@IBBBBII")
_TIMESPEC = struct.Struct("@ll")
_REQUEST, _REPLY = {"ipv4": 8, "ipv6": 128}, {"ipv4": 0, "ipv6": 129}
_GAIN = 15 / 16
_ICMP_ORIGIN = {2: "ipv4", 3: "ipv6"}
_LOCAL_ORIGIN, _DEPARTURE = 1, 4
# type, code -> note; None stands for every other code
_NOTES: dict[str, dict[int, dict[int | None, str]]] = {
    "ipv4": {
        3: {0: "net_unreachable", 1: "host_unreachable", 4: "too_big", 9: "prohibited", 10: "prohibited",
            13: "prohibited", None: "unreachable"},
        11: {None: "time_exceeded"},
    },
    "ipv6": {
        1: {0: "net_unreachable", 1: "prohibited", 3: "host_unreachable", 5: "prohibited", 6: "prohibited",
            None: "unreachable"},
        2: {None: "too_big"},
        3: {None: "time_exceeded"},
    },
}  # fmt: skip


class Echoes(Struct, frozen=True, kw_only=True):
    """A series of echo requests to one address.

    ``method``: ``icmp_datagram``, ``icmp_raw``, ``system_ping`` or ``windows_api``. ``stamps``: who took the times,
    ``kernel`` when every answer has the kernel's, else ``process`` or ``tool``. ``sent`` counts requests that were
    tried. ``rtts`` are seconds, in the order of the requests, the lost ones absent. ``note`` says what an ICMP error,
    or this device itself, said about a lost one: ``net_unreachable``, ``host_unreachable``, ``prohibited``,
    ``unreachable``, ``too_big``, ``time_exceeded``, ``not_sent`` or nothing. ``bytes_*`` are ICMP messages as handed
    to and got from the system, without the headers below.
    """

    method: str
    sent: int
    rtts: tuple[float, ...]
    stamps: str
    duplicates: int = 0
    note: str = ""
    bytes_sent: int = 0
    bytes_received: int = 0

    @property
    def loss(self) -> float:
        """Part of the requests without an answer in time, 0 to 1."""
        return 1 - len(self.rtts) / self.sent

    @property
    def minimum(self) -> float | None:
        return min(self.rtts, default=None)

    @property
    def median(self) -> float | None:
        return quantile(self.rtts, 0.5)

    @property
    def p95(self) -> float | None:
        return quantile(self.rtts, 0.95)

    @property
    def jitter(self) -> float | None:
        """Interarrival jitter; see :func:`jitter`."""
        return jitter(self.rtts)

    @property
    def spread(self) -> float | None:
        """Jitter as the 95th percentile of the round-trip times less their median."""
        return quantile(self.rtts, 0.95, less=0.5)


def jitter(rtts: tuple[float, ...]) -> float | None:
    """Interarrival jitter by RFC 3550 §6.4.1, seconds: J += (|D| − J) / 16 over the differences D of successive
    answers, None below two of them.

    Two things are of our own. D is of round trips, so both directions are in it: the one-way transit times that RTP
    compares are not to be had without the other side's clock. And J, which starts at 0, is divided by the share
    1 − (15/16)^n of it that n differences can have reached: plain, ten requests would show 44 % of the jitter.
    """
    if len(rtts) < 2:
        return None
    smoothed = 0.0
    for before, after in itertools.pairwise(rtts):
        smoothed += (abs(after - before) - smoothed) / 16
    return smoothed / (1 - _GAIN ** (len(rtts) - 1))


def quantile(values: Iterable[float], part: float, *, less: float | None = None) -> float | None:
    """The value below which `part` of `values` lie, interpolated linearly between ranks (Hyndman and Fan, type 7);
    with `less`, minus the quantile of that part. None without values."""
    ordered = sorted(values)
    if not ordered:
        return None
    return _at(ordered, part) - (0.0 if less is None else _at(ordered, less))


def _at(ordered: list[float], part: float) -> float:
    place = part * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def request(family: str, ident: int, sequence: int, nonce: bytes, size: int) -> bytes:
    """An echo request with `size` bytes of payload, at least the nonce. For IPv6 the kernel fills in the checksum."""
    payload = nonce + bytes(max(0, size - len(nonce)))
    kind = _REQUEST[family]
    check = checksum(_HEADER.pack(kind, 0, 0, ident, sequence) + payload) if family == "ipv4" else 0
    return _HEADER.pack(kind, 0, check, ident, sequence) + payload


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071); 0 over a message that carries its right one."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def reply(family: str, data: bytes, ident: int | None, nonce: bytes, *, header: bool) -> int | None:
    """The sequence number in an echo answer of ours; None for anything else.

    With `header` an IPv4 header comes first, as raw sockets give it, and the checksum is verified: the kernel has not.
    `ident` is None where the kernel already chose by it.
    """
    if header:
        length = (data[0] & 15) * 4 if data and data[0] >> 4 == 4 else 0
        data = data[length:] if length >= 20 else b""
    if len(data) < _HEADER.size or data[_HEADER.size : _HEADER.size + len(nonce)] != nonce:
        return None
    kind, code, _, found, sequence = _HEADER.unpack_from(data)
    if kind != _REPLY[family] or code or (ident is not None and found != ident) or (header and checksum(data)):
        return None
    return int(sequence)


def refusal(family: str, quoted: bytes, error: bytes, nonce: bytes) -> str:
    """What an entry of the error queue says about a request of ours: a note of :class:`Echoes`, or nothing.

    `error` is a ``struct sock_extended_err``, `quoted` what the error quotes of our message. Routers that follow
    RFC 792 to the letter quote only its first 8 bytes, so the nonce must fit as far as it is there.
    """
    if len(error) < _EXTENDED_ERROR.size or len(quoted) < _HEADER.size or quoted[0] != _REQUEST[family]:
        return ""
    shown = quoted[_HEADER.size : _HEADER.size + len(nonce)]
    if shown != nonce[: len(shown)]:
        return ""
    origin, kind, code = (int(part) for part in _EXTENDED_ERROR.unpack_from(error)[1:4])
    if origin == _LOCAL_ORIGIN:
        return "not_sent"
    if _ICMP_ORIGIN.get(origin) != family:
        return ""
    codes = _NOTES[family].get(kind, {})
    return codes.get(code, codes.get(None, ""))


def departure(error: bytes) -> int | None:
    """The number, from 0, of the message whose departure this entry of the error queue tells; None for an error."""
    if len(error) < _EXTENDED_ERROR.size:
        return None
    _, origin, _, _, _, _, number = _EXTENDED_ERROR.unpack_from(error)
    return int(number) if origin == _DEPARTURE else None


def nanoseconds(timespec: bytes) -> int | None:
    """A ``struct timespec`` as nanoseconds since 1970; None when it is cut off or empty."""
    if len(timespec) < _TIMESPEC.size:
        return None
    seconds, rest = _TIMESPEC.unpack_from(timespec)
    return int(seconds * 1_000_000_000 + rest) or None
