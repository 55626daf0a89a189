"""The smallest set of suspects that explains a window: greedy, then bettered by exchange."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable

from collector.attribution.causes import Place
from collector.attribution.ground import Ground, Suspect
from collector.attribution.prior import COST, NOISE
from collector.attribution.scoring import Score, Scorer

EXCHANGED = 16
"""Of the blamed, so many at most are tried without: those that explain most."""
RESTARTS, SMALL = 4, 1_000
"""So many other beginnings are tried, in windows of at most so many failing ways."""
INSIDE = 0.8
ENOUGH = 200
MARGIN = 1e-6
CLEAR = 1.0
MOST_NOISE, WIDE, AT_MOST = 0.1, 1.5, 3.0
"""The noise is taken to be so much more than it was measured: it is not the same everywhere."""


def guilty(ground: Ground) -> tuple[list[Score], Scorer]:
    """The blamed, best first, and the scorer with all of them blamed.

    The noise is that of the window where it is more than NOISE: at first that of the quietest systems and offices; then
    what the first set leaves unexplained is taken for noise, up to AT_MOST times as much, and the search begins anew.
    """
    quiet = max(NOISE, min(WIDE * _quietest(ground), MOST_NOISE))
    scorer = Scorer(ground, quiet)
    found = _search(scorer)
    noise = min(WIDE * _unexplained(scorer), AT_MOST * quiet)
    if found and noise > 1.5 * quiet:
        scorer.begin(noise)
        found = _search(scorer)
    return found, scorer


def _quietest(ground: Ground) -> float:
    """The share of failures at the target that fails least and in the better half of the units, whichever is less:
    noise is at most as much. 0 where fewer than ENOUGH ways tell."""
    targets, units = Tally(), Tally()
    for way in ground.ways:
        share = way.failed / (way.failed + way.worked)
        targets.add(way.target, share, 1)
        units.add(way.unit, share, 1)
    for target, found in ground.reached.items():
        targets.add(target, 0.0, found.total())
        for unit, number in found.items():
            units.add(unit, 0.0, number)
    better = sorted(units.ways, key=lambda unit: (units.share(unit), unit))[: len(units.ways) // 2]
    ways = sum(units.ways[unit] for unit in better)
    told = [target for target in targets.ways if target]
    if ways < ENOUGH or any(targets.ways[target] < ENOUGH for target in told):
        return 0.0
    return min(*(targets.share(target) for target in told), sum(units.failed[unit] for unit in better) / ways)


class Tally:
    """How many ways there are, and how much of them failed."""

    def __init__(self) -> None:
        self.failed, self.ways = defaultdict[str, float](float), defaultdict[str, int](int)

    def add(self, name: str, failed: float, ways: int) -> None:
        self.failed[name] += failed
        self.ways[name] += ways

    def share(self, name: str) -> float:
        return self.failed[name] / self.ways[name]


def _unexplained(scorer: Scorer) -> float:
    ground = scorer.ground
    left = sum(way.failed for way in ground.ways if way.chance < 0.05)
    every = ground.everything()
    return left / ground.heft / every if every else 0.0


def _search(scorer: Scorer) -> list[Score]:
    """Greedy and bettered; in windows that are not too large also from other beginnings, without one of the first."""
    found = _bettered(scorer, _from_both_ends(scorer, _greedy(scorer, [], scorer.below)))
    if len(scorer.ground.ways) > SMALL:
        return found
    for one in [one for one in found if _may_be_others(scorer, one)][:RESTARTS]:
        before = scorer.chances()
        scorer.begin(scorer.noise)
        tried = _bettered(scorer, _greedy(scorer, [], [other for other in scorer.below if other != one.suspect]))
        if total(tried) > total(found) + MARGIN:
            found = tried
        else:
            scorer.restore(before)
    return found


def _from_both_ends(scorer: Scorer, found: list[Score]) -> list[Score]:
    """`found`, or what is found by beginning with what is nearer of those who lose all systems, or with the systems
    where two providers of one network are blamed, where that is better.

    A system that fails for twenty offices explains more ways at once than the line of one, so the greedy search takes
    all systems first though the lines cost less; and two providers, of all whose systems most fail, before the systems.
    No exchange of one for another leads back.
    """
    for first in (_nearer(scorer.ground, found), _systems(scorer, found)):
        if not first:
            continue
        before = scorer.chances()
        scorer.begin(scorer.noise)
        tried = _greedy(scorer, _greedy(scorer, [], first), scorer.below)
        if total(tried) > total(found) + MARGIN:
            found = tried
        else:
            scorer.restore(before)
    return found


def _systems(scorer: Scorer, found: list[Score]) -> list[Suspect]:
    """The systems that fail, where two providers of one network are blamed."""
    providers = Counter(one.suspect.network for one in found if one.suspect.place is Place.PROVIDER)
    if max(providers.values(), default=0) < 2:
        return []
    return [suspect for suspect in scorer.below if suspect.place is Place.DESTINATION]


def _nearer(ground: Ground, found: list[Score]) -> list[Suspect]:
    """What lies between the PCs and the systems where two systems at least are blamed, and with them all that are asked
    there."""
    ways, lost = ground.ways, defaultdict[tuple[str, str], set[str]](set)
    systems = [one for one in found if one.suspect.place is Place.DESTINATION]
    if len(systems) < 2:
        return []
    for one in systems:
        for number in one.affected:
            lost[ways[number].unit, ways[number].network].add(one.suspect.subject)
    asked = _asked(ground)
    stopped = {office for office, targets in lost.items() if len(targets) > 1 and asked[office] <= targets}
    covers = {id(way.covers): way.covers for way in ways if (way.unit, way.network) in stopped}
    beyond = (Place.DEVICE, Place.DESTINATION)
    return sorted({suspect for each in covers.values() for suspect in each if suspect.place not in beyond})


def _asked(ground: Ground) -> dict[tuple[str, str], set[str]]:
    """The systems that were asked, by unit and network."""
    found = defaultdict[tuple[str, str], set[str]](set)
    for way in ground.ways:
        if way.target:
            found[way.unit, way.network].add(way.target)
    for target, reached in ground.reached.items():
        network = ground.network(target)
        for unit in reached:
            found[unit, network].add(target)
    return found


def _bettered(scorer: Scorer, found: list[Score]) -> list[Score]:
    """`found`, with exchanges that explain more for their cost. Of the blamed that fail alike, as many lines that are
    cut do, one is tried for all while that changes nothing."""
    kept = set[tuple[Place, str, float, int]]()
    for one in sorted(found, key=_order)[:EXCHANGED]:
        kind = (one.suspect.place, one.suspect.network, round(one.gain, 6), len(one.affected))
        if one in found and kind not in kept and _may_be_others(scorer, one):
            other = _without(scorer, one, found)
            if other is found:
                kept.add(kind)
            found = other
    for suspect in _common(scorer, found)[:EXCHANGED]:
        found = _instead(scorer, suspect, found)
    return sorted(found, key=_order)


def _common(scorer: Scorer, found: list[Score]) -> list[Suspect]:
    """Those who share a way with two or more of the blamed and are not among them; of most first."""
    ways, blamed = scorer.ground.ways, {one.suspect for one in found}
    shared = Counter(suspect for one in found for suspect in ways[min(one.affected)].covers)
    often = [suspect for suspect, times in shared.items() if times > 1 and suspect not in blamed]
    return sorted(often, key=lambda one: (-shared[one], one))


def _instead(scorer: Scorer, suspect: Suspect, found: list[Score]) -> list[Score]:
    """`found`, with `suspect` in place of all that lie mostly within it where that explains more for its cost."""
    below = set(scorer.below[suspect])
    parts = [one for one in found if len(one.affected.keys() & below) >= INSIDE * len(one.affected)]
    if len(parts) < 2:
        return found
    before = scorer.chances()
    for part in parts:
        scorer.absolve(part)
    score = scorer.score(suspect)
    if score.worth > total(parts) + MARGIN:
        scorer.blame(score)
        return [*(one for one in found if one not in parts), score]
    scorer.restore(before)
    return found


def _may_be_others(scorer: Scorer, one: Score) -> bool:
    """Whether others could explain noticeably more of what `one` explains."""
    return one.gain < scorer.most(one.affected) - CLEAR


def _without(scorer: Scorer, one: Score, found: list[Score]) -> list[Score]:
    """`found`, or what is found in place of `one` where that explains more for its cost."""
    before = scorer.chances()
    beside = {suspect for number in one.affected for suspect in scorer.ground.ways[number].covers}
    meeting = [other for other in found if other is not one and not other.affected.keys().isdisjoint(one.affected)]
    for other in (one, *meeting):
        scorer.absolve(other)
    tried = [other for other in found if other is not one and other not in meeting]
    for other in meeting:
        if (again := scorer.score(other.suspect)).worth > 0:
            scorer.blame(again)
            tried.append(again)
    tried = _greedy(scorer, tried, sorted(beside - {one.suspect}))
    if total(tried) > total(found) + MARGIN:
        return tried
    scorer.restore(before)
    return found


def total(scores: Iterable[Score]) -> float:
    return sum(score.worth for score in scores)


def _order(score: Score) -> tuple[float, Suspect]:
    return -score.gain, score.suspect


def _greedy(scorer: Scorer, kept: list[Score], others: Iterable[Suspect]) -> list[Score]:
    """`kept`, which are blamed already, and the best of `others` one after another while they are worth their cost.

    What a suspect gains only shrinks as others are blamed, so an old score is a bound of the new one, and only the best
    old ones are looked at again (lazy greedy: Minoux 1978), and scored again where what they could gain has shrunk.
    """
    found, blamed = list(kept), {score.suspect for score in kept}
    heap = [
        (-worth, suspect) for suspect in others
        if suspect not in blamed and (worth := scorer.hope(suspect) - COST[suspect.place]) > 0
    ]  # fmt: skip
    heapq.heapify(heap)
    scored: dict[Suspect, tuple[float, Score]] = {}
    while heap:
        worth, suspect = heapq.heappop(heap)
        hope = scorer.bound(suspect)
        last = scored.get(suspect)
        if last is not None and hope > last[0] - MARGIN:
            found.append(last[1])
            scorer.blame(last[1])
        elif last is None and hope - COST[suspect.place] < -worth - MARGIN:
            if hope > COST[suspect.place]:
                heapq.heappush(heap, (COST[suspect.place] - hope, suspect))
        elif hope > COST[suspect.place] and (score := scorer.score(suspect)).worth > 0:
            scored[suspect] = hope, score
            heapq.heappush(heap, (-score.worth, suspect))
    return found
