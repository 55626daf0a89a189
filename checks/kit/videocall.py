"""Video calls over one STAMP session: frames of packets as large as a call's, with a few small packets around each.

The small ones ask first whether anybody answers (nothing is loaded that does not), and say afterwards what became of
the last packets of a call: see :mod:`checks.kit.packetloss`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct, field

from checks.kit import packetloss, stamp
from checks.kit.callquality import Call, measure
from checks.kit.packetloss import Fates, Heard
from checks.kit.stamp_session import Departure, Exchange, Sender, Session, steady

LARGEST = 1200
"""Octets of UDP payload of a packet: what passes every line of 1,280 (RFC 8200 §5)."""
HEADERS = 28
ASKED, ASKED_RATE = 10, 20.0
"""Small packets before and after each call, and how many of them a second."""
PATIENCE = 1.0
"""Seconds in which an answer is of use to a call."""
RIGHT = 0.005
"""By how much both clocks together may be wrong (s) for one-way times to be told."""
STALLED, LATE = 0.1, 0.05
"""A sender that was late by so many seconds once, or by more than a frame for this share of its packets, did not keep
the pace: what it then sent at once, or could not take, is not the line's loss."""
TOO_MUCH = 0.2
"""A call that lost this share is not followed by a larger one: the line has said what it bears."""
_LEAST = 4
_TRIES = 3


class Profile(Struct, frozen=True):
    """A call: its name, bit/s of UDP payload each way, frames a second, seconds."""

    name: str
    rate: float
    frames: float
    seconds: float

    @property
    def octets(self) -> float:
        return self.rate / 8 / self.frames

    @property
    def burst(self) -> int:
        """Packets of a frame."""
        return max(1, math.ceil(self.octets / LARGEST))

    def size(self, base: int) -> int:
        """Octets of a packet; never less than a padded one of that `base` has."""
        return max(base + _LEAST, round(self.octets / self.burst))

    @property
    def bytes(self) -> int:
        """Octets of UDP payload both ways, the small packets too."""
        asked = 2 * ASKED * stamp.AUTHENTICATED
        return 2 * (int(self.seconds * self.frames) * self.burst * self.size(stamp.AUTHENTICATED) + asked)


class Held(Struct, kw_only=True):
    """A call that was held. ``late`` is the greatest lateness (s), ``paced`` whether the sender kept the pace."""

    profile: Profile
    call: Call
    session: Session
    late: float
    paced: bool


class Ended(Exception):
    """The session says nothing. ``why``: ``silent``, ``refused`` (answers came, none of them of this session), or
    ``cut`` (nothing came any more, or the reflector began anew)."""

    def __init__(self, why: str, foreign: dict[str, int]) -> None:
        super().__init__(why)
        self.why, self.foreign = why, foreign


class Talk(Struct, kw_only=True):
    """What a session came to. ``left_out`` are calls that were not held, because one before them lost TOO_MUCH."""

    held: list[Held]
    left_out: list[str] = field(default_factory=list)
    stateful: bool = True
    foreign: dict[str, int] = field(default_factory=dict)
    synchronised: bool = False
    stamps: str = "process"


class Listener(Sender):
    """A sender that remembers who was answered by which number."""

    def __init__(self, address: str, port: int, **options: object) -> None:
        super().__init__(address, port, **options)  # type: ignore[arg-type]
        self._all: list[Heard] = []

    def __enter__(self) -> Listener:
        return self

    def read(self, data: bytes) -> stamp.Reflected:
        answer = super().read(data)
        self._all.append((answer.sender_number, answer.number))
        return answer

    def heard(self, session: Session) -> list[Heard]:
        """The answers that `session`, the last one, took, as they came."""
        taken: list[Heard] = []
        for one in self._all:
            if len(taken) < len(session.order) and one[0] == session.order[len(taken)]:
                taken.append(one)
        self._all = []
        return taken


Progress = Callable[[float, float, float], bool]
"""Told the share of all that is done, the loss until now and the last round trip (s); False stops."""


class Talker:
    """Holds calls over `sender`, one after another. ``bytes_sent`` and ``bytes_received`` are UDP payload, ``foreign``
    counts what came and was not of this session."""

    def __init__(self, sender: Listener, *, base: int, progress: Progress = lambda *_: True) -> None:
        self._sender, self._base, self._progress = sender, base, progress
        self._parts: list[tuple[Profile | None, Session, list[Heard]]] = []
        self._going = True
        self.bytes_sent = self.bytes_received = 0
        self.foreign: dict[str, int] = {}

    def hold(self, profiles: Sequence[Profile], *, error: stamp.ErrorEstimate) -> Talk:
        """`error` is what is known of this device's clock. Raises Ended."""
        self._ask("silent")
        whole = sum(profile.seconds for profile in profiles)
        done = 0.0
        for index, profile in enumerate(profiles):
            lost = self._call(profile, done / whole, profile.seconds / whole)
            self._ask("cut")
            if lost > TOO_MUCH:
                return self._told(error, [one.name for one in profiles[index + 1 :]])
            done += profile.seconds
        return self._told(error, [])

    def _ask(self, otherwise: str) -> None:
        """Small packets, again where a bad line may have lost all of them."""
        for _ in range(_TRIES):
            schedule = steady(seconds=ASKED / ASKED_RATE, rate=ASKED_RATE, size=self._base)
            if self._run(None, schedule, lambda _: self._going).order:
                return
        raise Ended("refused" if otherwise == "silent" and self.foreign else otherwise, self.foreign)

    def _call(self, profile: Profile, begun: float, share: float) -> float:
        """Holds one; the share that got no answer."""

        def watch(session: Session) -> bool:
            sent = session.exchanges
            position = begun + share * min(1.0, len(sent) / len(schedule))
            self._going = self._progress(position, *_so_far(sent))
            return self._going

        size = profile.size(self._base)
        schedule = steady(seconds=profile.seconds, rate=profile.frames, size=size, burst=profile.burst)
        session = self._run(profile, schedule, watch)
        if not self._going:
            raise Ended("cut", self.foreign)
        return 1 - sum(one.copies > 0 for one in session.exchanges) / len(schedule)

    def _run(self, profile: Profile | None, schedule: list[Departure], watch: Callable[[Session], bool]) -> Session:
        session = self._sender.run(schedule, wait=PATIENCE, watch=watch)
        self._parts.append((profile, session, self._sender.heard(session)))
        self.bytes_sent += session.bytes_sent
        self.bytes_received += session.bytes_received
        for name, count in session.foreign.items():
            self.foreign[name] = self.foreign.get(name, 0) + count
        return session

    def _told(self, error: stamp.ErrorEstimate, left_out: list[str]) -> Talk:
        sent = [one.number for _, session, _ in self._parts for one in session.exchanges]
        found = packetloss.fates(sent, [one for _, _, heard in self._parts for one in heard])
        if found.renumbered:
            raise Ended("cut", self.foreign)
        right = all(synchronised(session, error) for profile, session, _ in self._parts if profile)
        held, place = [], 0
        for profile, session, heard in self._parts:
            each = found.each[place : place + len(session.exchanges)]
            place += len(session.exchanges)
            if profile:
                held.append(_held(profile, session, Fates(each, found.stateful), heard, right))
        return Talk(
            held=held,
            left_out=left_out,
            stateful=found.stateful,
            foreign=self.foreign,
            synchronised=right,
            stamps="kernel" if all(one.session.stamps == "kernel" for one in held) else "process",
        )


def _held(profile: Profile, session: Session, fates: Fates, heard: list[Heard], right: bool) -> Held:
    call = measure(
        session.exchanges,
        fates,
        heard,
        burst=profile.burst,
        comparable=not session.stepped,
        synchronised=right,
    )
    late, kept = pace(session.exchanges, 1 / profile.frames)
    return Held(profile=profile, call=call, session=session, late=late, paced=kept and not session.unsent)


def synchronised(session: Session, own: stamp.ErrorEstimate) -> bool:
    """Whether one-way times may be told: both clocks are kept by an outside source, by their own word, together they
    are wrong by RIGHT at most, and no packet came before it was sent."""
    theirs = session.theirs
    if session.stepped or theirs is None or not (own.synchronised and theirs.synchronised):
        return False
    early = any(
        (one.t2 is not None and one.t2 < one.t1) or (one.t3 is not None and one.t4 is not None and one.t4 < one.t3)
        for one in session.exchanges
    )
    return own.seconds + theirs.seconds <= RIGHT and not early


def pace(exchanges: Sequence[Exchange], frame: float) -> tuple[float, bool]:
    """The greatest lateness (s), and whether the pace was kept."""
    late = [one.late / 1e9 for one in exchanges]
    worst = max(late, default=0.0)
    return worst, worst <= STALLED and sum(one > frame for one in late) <= LATE * len(late)


def _so_far(sent: Sequence[Exchange]) -> tuple[float, float]:
    """Loss among the packets sent before the last that came, and that one's round trip (s)."""
    last = next((index for index in range(len(sent) - 1, -1, -1) if sent[index].copies), None)
    if last is None:
        return 0.0, 0.0
    came = sum(one.copies > 0 for one in sent[: last + 1])
    return 1 - came / (last + 1), (sent[last].round_trip or 0) / 1e9
