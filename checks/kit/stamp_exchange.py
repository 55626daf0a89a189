"""What was sent and what came back in a STAMP session: see :mod:`checks.kit.stamp_session`. Pure."""

from __future__ import annotations

from msgspec import Struct

from checks.kit import stamp

STEP = 1_000_000
"""Nanoseconds by which two clocks may move against one another without one being called set; and DRIFT of the time."""
DRIFT = 500e-6
"""The kernel slews no faster (adjtimex(2))."""


class Departure(Struct, frozen=True):
    """When a packet is due, in seconds after the start, and how many octets of UDP payload it has."""

    at: float
    size: int


class Exchange(Struct):
    """One packet and its first answer; see the module. ``late`` is by how much it was sent after it was due (ns).
    ``left`` and ``back`` are t1 and t4 on the monotonic clock. ``ttl`` is the TTL it came to the reflector with;
    ``copies`` counts its answers."""

    number: int
    size: int
    t1: int
    left: int
    late: int
    t2: int | None = None
    t3: int | None = None
    t4: int | None = None
    back: int | None = None
    answer: int | None = None
    ttl: int | None = None
    copies: int = 0

    @property
    def round_trip(self) -> int | None:
        """Nanoseconds on the way there and back, without those in the reflector; None without an answer."""
        if self.back is None or self.t2 is None or self.t3 is None:
            return None
        return max(0, self.back - self.left - (self.t3 - self.t2))


class Session(Struct, kw_only=True):
    """What came of a session. ``stepped`` is ``here`` or ``there`` when a clock was set, else empty; ``refused`` says
    that the reflector's host has nobody on that port; ``foreign`` counts by ``malformed``, ``bad_hmac``, ``session``
    and ``unasked`` what was thrown away. ``theirs`` is what the reflector says of its clock, None without an answer.
    ``unsent`` counts packets that the system did not take. ``took`` is in seconds; bytes are UDP payload."""

    exchanges: list[Exchange]
    order: list[int]
    foreign: dict[str, int]
    stamps: str = "process"
    stepped: str = ""
    refused: bool = False
    unsent: int = 0
    theirs: stamp.ErrorEstimate | None = None
    took: float = 0.0
    bytes_sent: int = 0
    bytes_received: int = 0


def steady(*, seconds: float, rate: float, size: int, burst: int = 1) -> list[Departure]:
    """`rate` departures a second for `seconds`, each of `burst` packets of `size` octets at once: a video's frames."""
    frames = int(seconds * rate)
    return [Departure(frame / rate, size) for frame in range(frames) for _ in range(burst)]


def stepped(session: Session) -> str:
    """``there`` when no one difference between both clocks fits all exchanges: a packet takes no less than no time, so
    each says that theirs is ahead by t3 − t4 at least and t2 − t1 at most."""
    least = [one.t3 - one.t4 for one in session.exchanges if one.t3 is not None and one.t4 is not None]
    most = [one.t2 - one.t1 for one in session.exchanges if one.t2 is not None]
    if not least or not most:
        return ""
    return "there" if max(least) - min(most) > STEP + DRIFT * session.took * 1e9 else ""
