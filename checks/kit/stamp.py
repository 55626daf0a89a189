"""STAMP packets as bytes: RFC 8762 §4, with the session identifier and the padding of RFC 8972. Pure.

Times are nanoseconds since 1970, UTC. A packet is authenticated where a key is given. TWAMP-Test packets (RFC 5357)
are unauthenticated packets whose padding is of no form: 41 octets of an answer are enough for them.
"""

from __future__ import annotations

import hmac
import math
import struct

from msgspec import Struct

from checks.kit import stamp_tlv

PORT = 862
BASE, AUTHENTICATED = 44, 112
SHORTEST = 41
"""Octets of the shortest answer that says everything: TWAMP-Test's (RFC 5357 §4.2.1), which ends with the TTL."""
TERSE = 38
"""Octets of an answer up to the TTL, which some reflectors of TWAMP leave out."""
COVERED, HMAC = 96, 16
"""Octets that the HMAC covers, and of the HMAC itself: SHA-256 cut off (RFC 8762 §4.4)."""
WRAP = 1 << 32
NEAR = 600_000_000_000
"""Nanoseconds: see :func:`is_answer`. Padding of any octets looks like one in three million packets."""
_SENT = struct.Struct("!IQHH")
_SENT_KEYED = struct.Struct("!I12xQHH")
_BACK = struct.Struct("!IQHHQIQHHB")
_BACK_KEYED = struct.Struct("!I12xQHH4xQ8xI12xQHH4xB15x")
_SECOND = 1_000_000_000
_TO_1970 = 2_208_988_800
_HALF = 1 << 31
_BLANK = bytes(12)


class Malformed(Exception):
    """What is no such packet. ``code`` is ``too_short``, ``bad_hmac``, or ``bad_error`` (an Error Estimate whose
    multiplier is 0: RFC 4656 §4.1.2 has it discarded)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ErrorEstimate(Struct, frozen=True):
    """RFC 4656 §4.1.2, RFC 8186 §2.1: the clock may be wrong by multiplier · 2^(scale − 32) seconds. ``synchronised``:
    an outside source of UTC keeps it. ``ptp``: the packet's own times are PTPv2's, else NTP's."""

    synchronised: bool = False
    ptp: bool = False
    scale: int = 0
    multiplier: int = 1

    @property
    def seconds(self) -> float:
        return self.multiplier * 2.0 ** (self.scale - 32)


class Sent(Struct, frozen=True, kw_only=True):
    """A Session-Sender's packet. ``session`` is the SSID (0: none), ``rest`` what follows the base packet."""

    number: int
    at: int
    error: ErrorEstimate = ErrorEstimate()
    session: int = 0
    rest: bytes = b""


class Reflected(Struct, frozen=True, kw_only=True):
    """A Session-Reflector's answer: its own ``number``, sent ``at``, after the packet had come at ``came``; with the
    sender's number, time and estimate as they stood in that packet, and the TTL it came with."""

    number: int
    at: int
    error: ErrorEstimate = ErrorEstimate()
    session: int = 0
    came: int
    sender_number: int
    sender_at: int
    sender_error: ErrorEstimate = ErrorEstimate()
    ttl: int = 0
    rest: bytes = b""


def estimate(seconds: float, *, synchronised: bool, ptp: bool = False) -> ErrorEstimate:
    """The least estimate that is not below `seconds`."""
    units = max(1.0, min(seconds, 2.0**30) * 2.0**32)
    scale = max(0, math.ceil(math.log2(units / 255)))
    multiplier = math.ceil(units / 2.0**scale)
    return ErrorEstimate(synchronised, ptp, scale, multiplier)


def build(packet: Sent, *, size: int = 0, key: bytes = b"", filling: bytes = b"") -> bytes:
    """The packet, with Extra Padding (of `filling`, then zeros) up to `size` octets. ValueError where `size` is 1 to 3
    octets more than the packet: a TLV needs four."""
    form, base = (_SENT_KEYED, AUTHENTICATED) if key else (_SENT, BASE)
    at = to_wire(packet.at, ptp=packet.error.ptp)
    head = form.pack(packet.number % WRAP, at, to_bits(packet.error), packet.session)
    rest = packet.rest + stamp_tlv.padding(size - base - len(packet.rest), filling)
    return _sealed(head, base, key) + rest


def parse(data: bytes, *, key: bytes = b"") -> Sent:
    """A sender's packet. Unauthenticated ones may be as short as TWAMP's 14 octets. Raises Malformed."""
    form, base = (_SENT_KEYED, AUTHENTICATED) if key else (_SENT, BASE)
    _check(data, base if key else 14, key)
    number, at, bits, session = form.unpack_from(data.ljust(base, b"\0"))
    error = from_bits(bits)
    return Sent(number=number, at=from_wire(at, ptp=error.ptp), error=error, session=session, rest=bytes(data[base:]))


def build_reflected(packet: Reflected, *, key: bytes = b"") -> bytes:
    """The answer as bytes; see :func:`reflect` for the answer to one packet."""
    form, base = (_BACK_KEYED, AUTHENTICATED) if key else (_BACK, BASE)
    head = form.pack(
        packet.number % WRAP,
        to_wire(packet.at, ptp=packet.error.ptp),
        to_bits(packet.error),
        packet.session,
        to_wire(packet.came, ptp=packet.error.ptp),
        packet.sender_number % WRAP,
        to_wire(packet.sender_at, ptp=packet.sender_error.ptp),
        to_bits(packet.sender_error),
        0,
        packet.ttl,
    )
    return _sealed(head, base, key) + packet.rest


def parse_reflected(data: bytes, *, key: bytes = b"") -> Reflected:
    """An answer; an unauthenticated one may end before its TTL, which is then 0. Raises Malformed."""
    form, base = (_BACK_KEYED, AUTHENTICATED) if key else (_BACK, BASE)
    _check(data, base if key else TERSE, key)
    number, at, bits, session, came, sender_number, sender_at, sender_bits, _, ttl = form.unpack_from(
        data.ljust(base, b"\0")
    )
    error, sender_error = from_bits(bits), from_bits(sender_bits)
    return Reflected(
        number=number,
        at=from_wire(at, ptp=error.ptp),
        error=error,
        session=session,
        came=from_wire(came, ptp=error.ptp),
        sender_number=sender_number,
        sender_at=from_wire(sender_at, ptp=sender_error.ptp),
        sender_error=sender_error,
        ttl=ttl,
        rest=bytes(data[base:]),
    )


def reflect(
    data: bytes, *, number: int | None, came: int, at: int, error: ErrorEstimate, ttl: int, key: bytes = b""
) -> bytes:
    """The answer to a packet that :func:`parse` takes, of exactly as many octets. `number` is the reflector's own
    (stateful), None for the sender's (stateless, RFC 8762 §4.3). Its times are written in the sender's format: that one
    it can read. `data` must have at least SHORTEST octets, AUTHENTICATED with a key: RFC 8762 §4.6 would have shorter
    ones answered with 44, which is to amplify them."""
    form, sent, base = (_BACK_KEYED, _SENT_KEYED, AUTHENTICATED) if key else (_BACK, _SENT, BASE)
    sender_number, sender_at, sender_bits, session = sent.unpack_from(data)
    ptp = bool(sender_bits & 0x4000)
    head = form.pack(
        sender_number if number is None else number % WRAP,
        to_wire(at, ptp=ptp),
        to_bits(error) & 0xBFFF | ptp << 14,
        session,
        to_wire(came, ptp=ptp),
        sender_number,
        sender_at,
        sender_bits,
        0,
        ttl,
    )
    if len(data) <= base:
        return _sealed(head, base, key)[: len(data)]
    return _sealed(head, base, key) + stamp_tlv.reflected(data[base:], data[:4], head[:4], key)


def mode(data: bytes) -> tuple[bool, int]:
    """Whether a sender's packet is an authenticated one, and its SSID. The octets after the sequence number tell: zeros
    in an authenticated packet, else its time."""
    keyed = len(data) >= AUTHENTICATED and data[4:16] == _BLANK
    return keyed, int.from_bytes(data[26:28] if keyed else data[14:16], "big")


def is_answer(data: bytes, now: int) -> bool:
    """Whether the packet is a reflector's rather than a sender's: a time within NEAR of `now` stands where only the
    former has one, its Receive Timestamp. A reflector that answers answers could be set on another, or on itself."""
    start = 32 if mode(data)[0] else 16
    bits = int.from_bytes(data[start : start + 8], "big")
    return any(abs(from_wire(bits, ptp=ptp) - now) < NEAR for ptp in (False, True))


def is_from(data: bytes, key: bytes) -> bool:
    """Whether an authenticated packet, of at least AUTHENTICATED octets, was made by one who has `key`."""
    return hmac.compare_digest(_digest(key, data[:COVERED]), data[COVERED:AUTHENTICATED])


def to_wire(at: int, *, ptp: bool) -> int:
    """Nanoseconds since 1970 as the 64 bits of NTP (RFC 5905 §6) or of PTPv2 cut off (RFC 8186 §2.1), as clocks that
    keep UTC write it."""
    seconds, rest = divmod(at, _SECOND)
    if ptp:
        return (seconds % WRAP) << 32 | rest
    return ((seconds + _TO_1970) % WRAP) << 32 | (rest << 32) // _SECOND


def from_wire(bits: int, *, ptp: bool) -> int:
    """And back. NTP's first bit tells its era (RFC 4330 §3): a time from 1968 to 2104."""
    seconds, fraction = bits >> 32, bits & 0xFFFFFFFF
    if ptp:
        return seconds * _SECOND + fraction
    era = 0 if seconds & _HALF else WRAP
    return (seconds + era - _TO_1970) * _SECOND + (fraction * _SECOND + _HALF >> 32)


def to_bits(error: ErrorEstimate) -> int:
    return error.synchronised << 15 | error.ptp << 14 | error.scale << 8 | error.multiplier


def from_bits(bits: int) -> ErrorEstimate:
    """Raises Malformed."""
    if not bits & 0xFF:
        raise Malformed("bad_error", "an Error Estimate whose multiplier is 0")
    return ErrorEstimate(bool(bits & 0x8000), bool(bits & 0x4000), bits >> 8 & 0x3F, bits & 0xFF)


def ahead(number: int, of: int) -> int:
    """How far `number` is after `of`, less than half a turn either way (RFC 1982)."""
    return (number - of + _HALF) % WRAP - _HALF


def _sealed(head: bytes, base: int, key: bytes) -> bytes:
    if not key:
        return head.ljust(base, b"\0")
    covered = head.ljust(COVERED, b"\0")
    return covered + _digest(key, covered)


def _digest(key: bytes, covered: bytes) -> bytes:
    return hmac.digest(key, covered, "sha256")[:HMAC]


def _check(data: bytes, least: int, key: bytes) -> None:
    if len(data) < least:
        raise Malformed("too_short", f"{len(data)} octets; such a packet has at least {least}")
    if key and not is_from(data, key):
        raise Malformed("bad_hmac", "the packet was not authenticated with this key")
