"""What a stream of test packets there and back says of a call over that line. Pure.

One-way times are differences of two clocks: only how they change is used, never how large they are, unless both clocks
are known to be right. Times are seconds where the name does not say otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal

from msgspec import Struct

from checks.kit import echo, emodel, packetloss, stamp
from checks.kit.emodel import Codec
from checks.kit.packetloss import ARRIVED, DOWN, SOMEWHERE, UP, Bursts, Fates, Heard
from checks.kit.stamp_session import Exchange

Direction = Literal["up", "down", "round_trip"]
WAYS: tuple[Direction, ...] = ("up", "down", "round_trip")
BUFFER = 0.2
"""The most that a receiver waits for late packets: more would be heard as delay (s)."""
_BUFFERS = (0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0)
_DRIFT = 600e-6  # a slewed clock runs 500 ppm fast or slow at most (adjtimex(2)), a crystal less than 100
_LONG_ENOUGH = 5.0
Transit = tuple[float, float]
"""When a packet was sent, and how long it took, seconds of clocks that may differ."""


class Way(Struct, kw_only=True):
    """One direction. None: not measured. ``delay`` is the median, ``transits`` those of all packets that came."""

    sent: int
    lost: int | None = None
    bursts: Bursts | None = None
    runs: float = 0.0
    reordered: float | None = None
    duplicated: float | None = None
    jitter: float | None = None
    variation: float | None = None
    delay: float | None = None
    transits: list[float] = []

    @property
    def loss(self) -> float | None:
        return self.lost / self.sent if self.lost is not None and self.sent else None


class Rated(Struct, kw_only=True):
    """A call's rating by the E-model, with what went in: ``delay`` from mouth to ear (ms), ``loss`` after the play-out
    buffer (%), ``burst`` is BurstR, ``buffer`` in ms, ``way`` the direction that is worse."""

    way: str
    mos: float
    rating: float
    delay: float
    loss: float
    burst: float
    buffer: float


class Call(Struct, kw_only=True):
    """One call. ``unattributed`` packets were lost nobody knows on which way."""

    ways: dict[str, Way]
    unattributed: int = 0


def measure(
    exchanges: Sequence[Exchange],
    fates: Fates,
    heard: Sequence[Heard],
    *,
    burst: int,
    comparable: bool,
    synchronised: bool,
) -> Call:
    """A call of frames of `burst` packets each. `heard` are its answers as they came. `comparable`: no clock was set
    meanwhile. `synchronised`: both clocks are right."""
    ways: dict[str, Way] = {way: _losses(way, fates, burst) for way in WAYS}
    if fates.stateful:
        _order(ways, exchanges, heard)
    transits = _transits(exchanges, comparable=comparable)
    for name, way in ways.items():
        found = transits[name]
        way.transits = [took for _, took in found.values()]
        way.jitter = jitter([took for _, took in frames(found, exchanges, burst, name)])
        way.variation = echo.quantile(way.transits, 0.95, less=0.5)
        if way.transits and (name == "round_trip" or synchronised):
            way.delay = median(way.transits)
    return Call(ways=ways, unattributed=fates.each.count(SOMEWHERE) if fates.stateful else 0)


def _losses(name: str, fates: Fates, burst: int) -> Way:
    """Of the way back only those packets are counted that got there, of both those whose fate is known."""
    each = fates.each
    if name == "round_trip":
        lost = {index: fate != ARRIVED for index, fate in enumerate(each)}
    else:
        passed = (SOMEWHERE, UP) if name == DOWN else (SOMEWHERE,)
        lost = {index: fate == name for index, fate in enumerate(each) if fate not in passed}
        if not fates.stateful:
            return Way(sent=len(lost))
    first = [gone for index, gone in lost.items() if index % burst == 0]
    series = list(lost.values())
    return Way(sent=len(series), lost=sum(series), bursts=packetloss.bursts(series), runs=packetloss.bursts(first).mean)


def _order(ways: dict[str, Way], exchanges: Sequence[Exchange], heard: Sequence[Heard]) -> None:
    place = {one.number: index for index, one in enumerate(exchanges)}
    numbered = [(place[number], stamp.ahead(own, heard[0][1])) for number, own in heard if number in place]
    there = [index for index, _ in sorted(numbered, key=lambda one: one[1])]
    back = list(dict.fromkeys(own for _, own in numbered))
    came, answers = len(set(there)), len(back)
    if not came:
        return
    ways["up"].reordered = packetloss.reordered(there) / came
    ways["down"].reordered = packetloss.reordered(back) / answers
    ways["up"].duplicated = (answers - came) / came
    ways["down"].duplicated = (len(numbered) - answers) / answers


def _transits(exchanges: Sequence[Exchange], *, comparable: bool) -> dict[str, dict[int, Transit]]:
    """By way and packet: when it was sent, and how long it took."""
    up: dict[int, Transit] = {}
    down: dict[int, Transit] = {}
    both: dict[int, Transit] = {}
    start = exchanges[0].left if exchanges else 0
    for index, one in enumerate(exchanges):
        trip, at = one.round_trip, (one.left - start) / 1e9
        if trip is None:
            continue
        both[index] = at, trip / 1e9
        if comparable and one.t2 is not None and one.t3 is not None and one.t4 is not None:
            up[index] = at, (one.t2 - one.t1) / 1e9
            down[index] = at, (one.t4 - one.t3) / 1e9
    rate = drift(list(up.values()), list(down.values()))
    return {
        "up": {index: (at, took - rate * at) for index, (at, took) in up.items()},
        "down": {index: (at, took + rate * at) for index, (at, took) in down.items()},
        "round_trip": both,
    }


def frames(found: dict[int, Transit], exchanges: Sequence[Exchange], burst: int, way: str) -> list[Transit]:
    """The first packet that came of each frame, in the order in which frames came: packets of one frame wait for one
    another, which is no jitter (RTP gives all of them one time stamp)."""
    first: dict[int, tuple[int, Transit]] = {}
    for index, transit in found.items():
        one = exchanges[index]
        came = (one.t2 if way == "up" else one.back) or 0
        frame = index // burst
        if frame not in first or came < first[frame][0]:
            first[frame] = came, transit
    return [transit for _, transit in sorted(first.values(), key=lambda one: one[0])]


def jitter(transits: Sequence[float]) -> float | None:
    """Interarrival jitter by RFC 3550 §6.4.1 and A.8, J += (|D| − J) / 16, averaged over the stream: the last J alone
    knows the last third of a second. J, which starts at 0, is divided by the share 1 − (15/16)^n of it that n
    differences can have reached. None below two packets."""
    smoothed, reached, total = 0.0, 0.0, 0.0
    for before, after in itertools.pairwise(transits):
        smoothed += (abs(after - before) - smoothed) / 16
        reached += (1 - reached) / 16
        total += smoothed / reached
    return total / (len(transits) - 1) if len(transits) > 1 else None


def drift(up: Sequence[Transit], down: Sequence[Transit]) -> float:
    """How much faster than the sender's the reflector's clock runs (s/s): what makes one way seem longer and the other
    shorter by as much, all the time. A queue that fills does not: it makes no way shorter. 0 in short streams."""
    if not up or not down or min(up[-1][0] - up[0][0], down[-1][0] - down[0][0]) < _LONG_ENOUGH:
        return 0.0
    there, back = _slope(up), _slope(down)
    if there * back >= 0:
        return 0.0
    size = min(abs(there), abs(back), _DRIFT)
    return size if there > 0 else -size


def _slope(found: Sequence[Transit]) -> float:
    """The median slope (Theil and Sen) between the least transits of ten stretches."""
    start, length = found[0][0], found[-1][0] - found[0][0]
    least: dict[int, Transit] = {}
    for at, took in found:
        stretch = min(9, int((at - start) / length * 10))
        if stretch not in least or took < least[stretch][1]:
            least[stretch] = at, took
    slopes = [
        (two[1] - one[1]) / (two[0] - one[0])
        for one, two in itertools.combinations(least.values(), 2)
        if two[0] != one[0]
    ]
    return median(slopes) if slopes else 0.0


def rate(call: Call, codec: Codec) -> Rated | None:
    """The call as the E-model rates it, of both directions the worse. A direction whose times or losses are not known
    is taken to have those of the round trip. None where nothing came."""
    whole = call.ways["round_trip"]
    if not whole.transits:
        return None
    found = []
    for name in (UP, DOWN):
        way = call.ways[name]
        lossy = way if way.loss is not None else whole
        least = min(way.transits) if way.delay is not None else min(whole.transits) / 2
        burst = emodel.burst_ratio(lossy.runs, lossy.loss or 0.0) if lossy.runs else 1.0
        found.append(played(name, way.transits or whole.transits, lossy.loss or 0.0, max(0.0, least), burst, codec))
    return min(found, key=lambda one: one.rating)


def played(name: str, transits: Sequence[float], loss: float, least: float, burst: float, codec: Codec) -> Rated:
    """The rating behind the play-out buffer that suits this call best (Sun and Ifeachor 2006, IEEE Trans. Multimedia
    8(4)): what it waits is delay, what comes later still is lost. `least` is the shortest one-way time."""
    ordered = sorted(transits)
    best: Rated | None = None
    for buffer in buffers(ordered):
        late = sum(one - ordered[0] > buffer + 1e-9 for one in ordered) / len(ordered)
        gone = 100 * (loss + (1 - loss) * late)
        delay = (least + buffer) * 1e3 + codec.delay
        rating = emodel.rating(codec, delay=delay, loss=gone, burst=burst)
        if best is None or rating > best.rating:
            mos = emodel.score(codec, rating)
            best = Rated(
                way=name, mos=mos, rating=rating, delay=delay, loss=gone, burst=max(1.0, burst), buffer=buffer * 1e3
            )
    if best is None:
        raise ValueError("no packet came")
    return best


def buffers(ordered: Sequence[float]) -> Iterable[float]:
    """Buffers to try: that hold such shares of the packets, up to BUFFER."""
    found = {(echo.quantile(ordered, part) or 0.0) - ordered[0] for part in _BUFFERS} if ordered else set()
    return sorted({min(one, BUFFER) for one in found})
