"""Calls through a proxy that loses, delays and spreads as it is told, and knows what it did to each packet.

What is measured is compared with the proxy's own log and with the faults that were asked for. What it may be apart is
SIGMAS standard errors of so many packets (binomial for losses, 200 bootstrap samples of the log for times), and for
times what the same call shows on a straight wire in the same minute. Opinions are compared with what ITU-T prints.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from math import log, pi, sqrt
from statistics import fmean, median, stdev

from msgspec import Struct

from benchmarks.table import Row
from checks.kit import echo, emodel
from checks.kit.callquality import Way
from checks.kit.emodel import CODECS, Connection
from checks.kit.stamp import AUTHENTICATED
from checks.kit.stamp_session import UNKNOWN
from checks.kit.videocall import Held, Listener, Profile, Talker
from tests.checks.reflecting import running
from tests.checks.reflectors import KEY, SESSION
from tests.lab.udp_proxy import Fate, Fault, Proxy

SIGMAS, TRIES = 4.0, 4
FRAMES, OCTETS = 200.0, 1000
"""Packets a second, and octets of each: 1.6 Mbit/s."""
BUSY = 0.001
"""Seconds (p95 − p50) that this machine may add between two stamps; past it the call is held again."""
UP = Fault(loss=0.05, delay=0.020, jitter=0.0012, seed=11)
DOWN = Fault(loss=0.02, delay=0.010, jitter=0.0010, distribution="exponential", seed=12)
TABLE_B1 = ((90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58))
"""ITU-T G.107 (06/2015) Table B.1: R, and the MOS at the lower limit of each class."""
PRINTED = 0.0061
"""Half of the last digit, and that Table B.1 prints 4.03 where its own equation gives 4.024."""
LISTENED = (
    ("g729a", ((0, 11), (1, 15), (2, 19), (4, 26), (8, 36), (16, 49))),
    ("g7231", ((0, 15), (1, 19), (2, 24), (4, 32), (8, 41), (16, 55))),
)
"""ITU-T G.113 (02/2001) Appendix I: Ie by loss (%), of listening tests, in whole numbers."""
ROUNDED = 1.3
"""What Ie of the fitted Bpl may be off those."""


class Call(Struct, frozen=True):
    """A call that was held, and what became of its packets."""

    held: Held
    up: list[Fate]
    down: list[Fate]

    def way(self, name: str) -> Way:
        return self.held.call.ways[name]

    @property
    def added(self) -> float:
        """What this machine added to what the proxy did, as p95 − p50 (s)."""
        true = {fate.number: hold for fate, hold in zip(_gone_on(self.up), holds(self.up), strict=True)}
        return spread(
            [
                (one.t2 - one.t1) / 1e9 - true[one.number]
                for one in self.held.session.exchanges
                if one.t2 is not None and one.number in true
            ]
        )


def held(port: int, seconds: float, there: Fault, back: Fault, tries: int = TRIES) -> Call:
    """A call of `seconds` through these faults; again where this machine itself was too busy, `tries` times at most."""
    profile = Profile("alone", FRAMES * OCTETS * 8, FRAMES, seconds)
    for _ in range(tries):
        with (
            Proxy(("127.0.0.1", port), there, back) as proxy,
            Listener("127.0.0.1", proxy.port, key=KEY, session=SESSION) as sender,
        ):
            talk = Talker(sender, base=AUTHENTICATED).hold([profile], error=UNKNOWN)
            fates = [fate for fate in proxy.take() if fate.size == profile.size(AUTHENTICATED)]
        found = Call(talk.held[0], [one for one in fates if not one.back], [one for one in fates if one.back])
        if found.added <= BUSY:
            break
    return found


def lost(fates: Sequence[Fate]) -> int:
    return sum(fate.hold is None for fate in fates)


def _gone_on(fates: Sequence[Fate]) -> list[Fate]:
    return [fate for fate in sorted(fates, key=lambda one: one.arrived) if fate.hold is not None]


def holds(fates: Sequence[Fate]) -> list[float]:
    """Seconds for which those that were delivered were held, as they were sent."""
    return [(fate.hold or 0) / 1e9 for fate in _gone_on(fates)]


def difference(values: Sequence[float]) -> float:
    """The mean of |D| (RFC 3550 §6.4.1) of packets one after the other."""
    return fmean(abs(after - before) for before, after in itertools.pairwise(values))


def spread(values: Sequence[float]) -> float:
    """p95 − p50."""
    return echo.quantile(values, 0.95, less=0.5) or 0.0


def doubt(values: Sequence[float], statistic: Callable[[Sequence[float]], float]) -> float:
    """SIGMAS standard errors of `statistic` of so many such values, by 200 bootstrap samples."""
    chosen = random.Random(1)
    return SIGMAS * stdev(statistic(chosen.choices(values, k=len(values))) for _ in range(200))


def binomial(chance: float, count: int) -> float:
    """SIGMAS standard errors of a share of `count`."""
    return SIGMAS * sqrt(chance * (1 - chance) / count)


def compared(what: str, unit: str, measured: float, imposed: float, goal: float) -> Row:
    """How far `measured` is from what was imposed."""
    off = abs(measured - imposed)
    name = f"{what} {measured:.4g}, imposed {imposed:.4g}"
    return Row(name=name, unit=f"{unit} apart", ours=off, goal=goal, met=off <= goal)


def losses(call: Call) -> Iterator[Row]:
    """Each way's, beside the log (to the packet) and the chance that was asked for."""
    for way, fates, chance in (("up", call.up, UP.loss), ("down", call.down, DOWN.loss)):
        one, count = call.way(way), float(call.way(way).lost or 0)
        yield compared(f"packets lost {way} of {one.sent:,}:", "packets", count, lost(fates), 0.0)
        allowed = 100 * binomial(chance, one.sent)
        yield compared(f"loss {way}, %:", "% points", 100 * count / one.sent, 100 * chance, allowed)


def times(call: Call, straight: Call) -> Iterator[Row]:
    """Delay of the round trip, jitter and variation of each way, in ms."""
    own = straight.way("round_trip").delay or 0.0
    up, down = holds(call.up), holds(call.down)
    near = doubt(up, median) + doubt(down, median) + 2 * own
    true = median(up) + median(down)
    yield compared("delay there and back, ms:", "ms", *_ms(call.way("round_trip").delay, true, near))
    # of a normal distribution E|D| = 2σ/√π and p95 − p50 = 1.645 σ; of an exponential one σ and σ ln 10
    asked = {"up": (2 / sqrt(pi), 1.6449), "down": (1.0, log(10))}
    for way, values, fault in (("up", up, UP), ("down", down, DOWN)):
        one, alone = call.way(way), straight.way(way)
        adds = 3 * (alone.jitter or 0.0) + 3 * (alone.variation or 0.0)
        for name, told, statistic, factor in (
            ("jitter", one.jitter, difference, asked[way][0]), ("variation", one.variation, spread, asked[way][1]),
        ):  # fmt: skip
            allowed = doubt(values, statistic) + adds
            yield compared(f"{name} {way} (log), ms:", "ms", *_ms(told, statistic(values), allowed))
            yield compared(f"{name} {way} (asked), ms:", "ms", *_ms(told, factor * fault.jitter, allowed))


def _ms(measured: float | None, imposed: float, allowed: float) -> tuple[float, float, float]:
    return 1e3 * (measured or 0.0), 1e3 * imposed, 1e3 * allowed


def opinions() -> Iterator[Row]:
    """The E-model beside what ITU-T prints."""
    rated = emodel.narrowband(Connection())
    yield _printed("G.107: R of the default values", rated, 93.2, 0.0501)
    yield _printed("G.107: MOS of the default values", emodel.mos(rated), 4.41, 0.00501)
    for grade, opinion in TABLE_B1:
        yield _printed(f"G.107 Table B.1: MOS of R = {grade}", emodel.mos(grade), opinion, PRINTED)
    for codec, points in LISTENED:
        for loss, told in points:
            found = emodel.equipment(CODECS[codec], loss)
            yield _printed(f"G.113 Appendix I: Ie of {codec}, {loss} % lost", found, told, ROUNDED)


def _printed(name: str, ours: float, printed: float, allowed: float) -> Row:
    return Row(name=name, unit=f"within {allowed:.2g}", ours=ours, peer=printed, peer_name="ITU-T", goal=printed,
               met=abs(ours - printed) <= allowed)  # fmt: skip


def rows(*, short: bool) -> Iterator[Row]:
    """Every row: 4,000 packets each way, or 200."""
    seconds, tries = (1.0, 1) if short else (20.0, TRIES)
    with running() as port:
        straight = held(port, min(seconds, 5.0), Fault(), Fault(), tries)
        call = held(port, seconds, UP, DOWN, tries)
    yield from losses(call)
    yield from times(call, straight)
    yield from opinions()
