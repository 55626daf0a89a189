"""Who else could be guilty of what one is blamed for: what stands beside it, and what must be waited for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from checks.kit.segment import Segment
from collector.attribution.causes import SEGMENTS
from collector.attribution.ground import LEVELS, Suspect
from collector.attribution.onset import COST as ONSET
from collector.attribution.scoring import Score, Scorer

ALIKE = 2.0
"""Nats of likelihood within which two places are not told apart."""
WAIT = 4.0
"""Nats within which that is left open while they can still be told apart: the odds are less than 55 to 1."""
ENOUGH = 0.75
"""Of the ways that tell two places apart, so many must have been asked since the fault began."""
SHARED, MOST = 0.5, 0.9
"""How much of what a place explains another must lie on to be its rival, and to be named beside it."""


class Rival(Struct, frozen=True):
    """Another ``suspect``; how much more it gains than the one that is blamed, and how much more it is worth whenever
    it broke, if that were not blamed; on which share of what that explains it lies; since when (µs) one of the two
    seems to be broken, 0 where both seem so for the whole window."""

    suspect: Suspect
    gain: float
    worth: float
    shared: float
    since: int


def rivals(score: Score, scorer: Scorer) -> list[Rival]:
    """Those that gain, or are worth, nearly as much as `score`, which is blamed and stays so."""
    ways = scorer.ground.ways
    before = {number: ways[number].chance for number in score.affected}
    scorer.absolve(score)
    found = list(_rivals(score, scorer))
    for number, chance in before.items():
        ways[number].chance = chance
    return found


def _rivals(score: Score, scorer: Scorer) -> Iterator[Rival]:
    ways, whole = scorer.ground.ways, len(score.affected)
    shared = Counter(suspect for number in score.affected for suspect in ways[number].covers)
    own = scorer.score(score.suspect)
    for suspect, times in shared.items():
        least = own.gain - max(ALIKE, WAIT + ONSET + own.cost - scorer.cost(suspect))
        if suspect == score.suspect or times < SHARED * whole or scorer.bound(suspect) < least:
            continue
        other = scorer.score(suspect)
        if other.gain >= least:
            yield Rival(
                suspect, other.gain - own.gain, _ever(other) - _ever(own), times / whole, own.since or other.since
            )


def _ever(score: Score) -> float:
    """What `score` is worth without what it costs that it broke within the window: that the others on its way had not
    been asked since is no reason why it should not have broken then."""
    return score.worth + (ONSET if score.since else 0.0)


def also(score: Score, others: list[Rival]) -> tuple[Segment, ...]:
    """The segments that would explain as much in place of this one, nearest first."""
    own = SEGMENTS[score.suspect.place]
    alike = {SEGMENTS[one.suspect.place] for one in others if one.shared >= MOST and one.gain >= -ALIKE} - {own}
    return tuple(sorted(alike, key=lambda one: LEVELS[one]))


def is_early(score: Score, others: list[Rival], scorer: Scorer) -> bool:
    """Whether it is too early to say that it is this one: another is nearly as probable, and most of the ways that only
    one of the two lies on are yet to be asked since the fault began. A router that lets half through is taken for the
    line as long as only one network was asked; a round later nobody could say more, so then it is said."""
    return any(one.since and one.worth >= -WAIT and _is_open(score.suspect, one, scorer) for one in others)


def _is_open(suspect: Suspect, other: Rival, scorer: Scorer) -> bool:
    here, there = _asked(suspect, scorer), _asked(other.suspect, scorer)
    telling = [here.get(way, 0) or there.get(way, 0) for way in here.keys() ^ there.keys()]
    return sum(at >= other.since for at in telling) < ENOUGH * len(telling)


def _asked(suspect: Suspect, scorer: Scorer) -> dict[tuple[str, str], int]:
    """When (µs) each way on which `suspect` lies, by device and target, was asked last."""
    found = {(one.device, one.target): one.at for one in scorer.passes.of(suspect)}
    for number in scorer.below.get(suspect, ()):
        way = scorer.ground.ways[number]
        if way.covers[suspect]:
            found[way.device, way.target] = max(way.last, way.passed)
    return found
