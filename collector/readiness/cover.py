"""The cheapest way to meet demands at once. Knows nothing of requirements: numbers, weights and who gives what.

A demand wants an amount. Whole actions meet some demands altogether; each place (a device) meets one of the amount of
each of its own demands that is covered there; repeated actions add one of the amount as often as they are done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

STATES = 500
"""As many partial solutions are kept after each step while the search is young."""
NODES = 10_000
"""After so many of them, only FEW are kept."""
FEW = 16
EXACT_BITS = 12
"""As many faults of one place are covered exactly."""
OPTIONAL = 8
"""Of as many demands of one place every subset is tried."""
_PLENTY = 1 << 30
_ENDLESS = 1 << 200
"""More than anything weighs."""


class Action(Struct, frozen=True):
    """Something that may be done: its name for the caller, its weight, and the demands (indices) that it is for."""

    name: int
    weight: int
    demands: tuple[int, ...]


class Tool(Struct, frozen=True):
    """Something that may be done at a place: it covers the faults (bits) of ``mask`` there."""

    name: int
    weight: int
    mask: int


class Place(Struct, frozen=True):
    """``faults`` maps each demand that the place counts for to its fault (a bit); ``tools`` are those for places of
    its ``kind``: two places of the same kind have the same."""

    name: int
    kind: int
    faults: dict[int, int]
    tools: tuple[Tool, ...]


class Done(Struct, frozen=True):
    """One thing that the solution does: an action or tool by name, where (-1: not at a place), how often, and the
    demands that it serves."""

    name: int
    place: int
    times: int
    demands: tuple[int, ...]


class Solution(Struct, frozen=True):
    """``exact``: no other has less weight."""

    weight: int
    done: tuple[Done, ...]
    exact: bool


Rest = tuple[int, ...]
Option = tuple[int, frozenset[int], tuple[Tool, ...]]
"""Weight, the demands that are served, with which tools."""
Kept = dict[Rest, tuple[int, "Trail"]]
Trail = tuple["Trail", Done] | tuple[()]


def solve(
    amounts: Sequence[int], whole: Sequence[Action], places: Sequence[Place], repeated: Sequence[Action]
) -> Solution | None:
    """The solution of least weight; None where the demands cannot all be met. Weights are >= 0.

    Exact by dynamic programming over what is still wanted, as long as no more than STATES partial solutions arise at
    one step and NODES in all, no place has more than EXACT_BITS faults or a choice among more than OPTIONAL demands,
    and no amount above STATES is to be divided between actions. Past that the lightest are kept (a beam), or tools are
    taken greedily: that meets all demands, perhaps at more weight. What a beam found, first one of FEW and then one of
    STATES, is a bound for a search that drops every partial solution which cannot end lighter: where that one stays
    within the limits, the answer is exact too. Deterministic: the same input gives the same solution.
    """
    best: Solution | None = None
    for states in (FEW, STATES):
        found = _Search(amounts, whole, places, repeated, states).run()
        if found is None or found.exact:
            return found
        best = found if best is None or found.weight < best.weight else best
        bounded = _Search(amounts, whole, places, repeated, STATES, best.weight)
        best = bounded.run() or best
        if bounded.exact:
            return replace(best, exact=True)
    return best


class _Search:
    """``states``: as many partial solutions are kept. ``below``: only solutions of less weight are looked for.
    ``exact`` holds after :meth:`run`."""

    def __init__(
        self,
        amounts: Sequence[int],
        whole: Sequence[Action],
        places: Sequence[Place],
        repeated: Sequence[Action],
        states: int,
        below: int | None = None,
    ) -> None:
        self._whole, self._places, self._repeated = whole, places, repeated
        self._states, self._below = states, below
        self._start: Rest = tuple(amounts)
        self.exact, self._nodes = True, 0
        self._covers: dict[tuple[int, int], tuple[int, tuple[Tool, ...]] | None] = {}
        self._options: dict[tuple[object, ...], list[Option]] = {}

    def run(self) -> Solution | None:
        """The lightest that was found."""
        later = self._later()
        step = 0
        kept: Kept = {self._start: (0, ())} if self._feasible(self._start, later[0]) else {}
        for action in self._whole:
            kept, step = self._pruned(_take(kept, action), later[step + 1]), step + 1
        for place in self._places:
            kept, step = self._pruned(self._visit(kept, place, later[step + 1]), later[step + 1]), step + 1
        for action in self._repeated:
            kept, step = self._pruned(self._repeat(kept, action, later[step + 1]), later[step + 1]), step + 1
        found = kept.get((0,) * len(self._start))
        if found is None:
            return None
        return Solution(found[0], tuple(_unrolled(found[1])), self.exact)

    def _later(self) -> list[list[int]]:
        """How much of each demand everything from a step on could still meet."""
        room = [0] * len(self._start)
        backwards = [room]
        for action in reversed(self._repeated):
            backwards.append(room := _added(room, action.demands, _PLENTY))
        for place in reversed(self._places):
            usable = 0
            for tool in place.tools:
                usable |= tool.mask
            backwards.append(room := _added(room, [one for one, bit in place.faults.items() if bit & usable], 1))
        for action in reversed(self._whole):
            backwards.append(room := _added(room, action.demands, _PLENTY))
        return backwards[::-1]

    @staticmethod
    def _feasible(rest: Rest, room: list[int]) -> bool:
        return all(wanted <= there for wanted, there in zip(rest, room, strict=True))

    def _pruned(self, kept: Kept, room: list[int]) -> Kept:
        """Only what can still end well, and no more than the limit. Whoever can end well demand by demand can end well
        altogether, since nothing that is done hinders another: the beam never loses the last solution."""
        kept = {rest: found for rest, found in kept.items() if self._feasible(rest, room)}
        if self._below is not None:
            kept = {rest: found for rest, found in kept.items() if found[0] + self._least_of(rest) < self._below}
        self._nodes += len(kept)
        limit = self._states if self._nodes <= NODES else FEW
        if len(kept) <= limit:
            return kept
        self.exact = False
        best = sorted(kept, key=lambda rest: (kept[rest][0] + self._guess(rest), rest))
        return {rest: kept[rest] for rest in best[:limit]}

    def _least_of(self, rest: Rest) -> int:
        """No less than this the rest can weigh: the dearest demand by itself, each at its least."""
        alone = (
            min(whole, wanted * price) if price is not None else whole
            for wanted, whole, price in zip(rest, self._wholes, self._units, strict=True)
            if wanted
        )
        return max(alone, default=0)

    @cached_property
    def _wholes(self) -> list[int]:
        """The least that a whole action for each demand weighs."""
        offers = [[one.weight for one in self._whole if demand in one.demands] for demand in range(len(self._start))]
        return [min(each, default=_ENDLESS) for each in offers]

    def _guess(self, rest: Rest) -> int:
        """About what the rest will weigh: each demand by itself; nothing where only a whole action meets it."""
        return sum(wanted * (price or 0) for wanted, price in zip(rest, self._units, strict=True) if wanted)

    @cached_property
    def _units(self) -> list[int | None]:
        """The least that one of each demand can weigh; None where only a whole action meets it."""
        offers: list[list[int]] = [[] for _ in self._start]
        for place in self._places:
            for demand, bit in place.faults.items():
                offers[demand] += [tool.weight for tool in place.tools if tool.mask & bit]
        for action in self._repeated:
            for demand in action.demands:
                offers[demand].append(action.weight)
        return [min(each, default=None) for each in offers]

    def _repeat(self, kept: Kept, action: Action, room: list[int]) -> Kept:
        after: Kept = {}
        for rest, (weight, trail) in kept.items():
            least = max((rest[one] for one in action.demands if not room[one]), default=0)
            most = max((rest[one] for one in action.demands), default=0)
            for times in self._times(least, most):
                served = tuple(one for one in action.demands if rest[one]) if times else ()
                left = tuple(max(0, wanted - times) if index in served else wanted for index, wanted in enumerate(rest))
                done: Trail = (trail, Done(action.name, -1, times, served)) if times else trail
                _keep(after, left, weight + times * action.weight, done)
        return after

    def _times(self, least: int, most: int) -> Sequence[int]:
        if most - least <= STATES:
            return range(least, most + 1)
        self.exact = False
        return least, most

    def _visit(self, kept: Kept, place: Place, room: list[int]) -> Kept:
        after: Kept = {}
        for rest, (weight, trail) in kept.items():
            forced = frozenset(one for one in place.faults if rest[one] > room[one])
            free = frozenset(one for one in place.faults if rest[one] and one not in forced)
            for more, served, tools in self._choices(place, forced, free):
                left = tuple(wanted - (index in served) for index, wanted in enumerate(rest))
                link = trail
                for tool in tools:
                    link = (link, Done(tool.name, place.name, 1, _by(tool, place, served)))
                _keep(after, left, weight + more, link)
        return after

    def _choices(self, place: Place, forced: frozenset[int], free: frozenset[int]) -> list[Option]:
        """Every useful way to serve the forced demands and some of the free ones at a place of this kind."""
        key = (place.kind, tuple(sorted(place.faults.items())), forced, free)
        if key not in self._options:
            must = sum({place.faults[one] for one in forced})
            mendable = _union(place.tools) & ~must
            bits = sorted({place.faults[one] for one in free if place.faults[one] & mendable})
            found: dict[frozenset[int], Option] = {}
            for chosen in self._subsets(bits):
                covered = self._cover(place, must | sum(chosen))
                if covered is None:
                    continue
                mask = _union(covered[1])
                served = frozenset(one for one in forced | free if place.faults[one] & mask)
                if served not in found or covered[0] < found[served][0]:
                    found[served] = (covered[0], served, covered[1])
            self._options[key] = list(found.values())
        return self._options[key]

    def _subsets(self, bits: list[int]) -> Iterator[tuple[int, ...]]:
        if len(bits) > OPTIONAL:
            self.exact = False
            yield from ((), tuple(bits), *((bit,) for bit in bits))
            return
        for size in range(len(bits) + 1):
            yield from combinations(bits, size)

    def _cover(self, place: Place, mask: int) -> tuple[int, tuple[Tool, ...]] | None:
        """The lightest tools that cover `mask` at places of this kind: exact over subsets up to EXACT_BITS faults."""
        if not mask:
            return 0, ()
        key = (place.kind, mask)
        if key not in self._covers:
            if mask.bit_count() > EXACT_BITS:
                self.exact = False
                self._covers[key] = _greedy(place.tools, mask)
            else:
                self._covers[key] = self._least(place, mask)
        return self._covers[key]

    def _least(self, place: Place, mask: int) -> tuple[int, tuple[Tool, ...]] | None:
        lowest, best = mask & -mask, None
        for tool in place.tools:
            if not tool.mask & lowest:
                continue
            rest = self._cover(place, mask & ~tool.mask)
            if rest is not None and (best is None or tool.weight + rest[0] < best[0]):
                best = (tool.weight + rest[0], (tool, *rest[1]))
        return best


def _take(kept: Kept, action: Action) -> Kept:
    after = dict(kept)
    for rest, (weight, trail) in kept.items():
        served = tuple(one for one in action.demands if rest[one])
        if served:
            left = tuple(0 if index in served else wanted for index, wanted in enumerate(rest))
            _keep(after, left, weight + action.weight, (trail, Done(action.name, -1, 1, served)))
    return after


def _greedy(tools: Sequence[Tool], mask: int) -> tuple[int, tuple[Tool, ...]] | None:
    """Always the tool of least weight per fault that it adds; what a later one made needless is dropped."""
    taken: list[Tool] = []
    rest = mask
    while rest:
        useful = [tool for tool in tools if tool.mask & rest]
        if not useful:
            return None
        best = min(useful, key=lambda tool: (tool.weight / (tool.mask & rest).bit_count(), tool.name))
        taken.append(best)
        rest &= ~best.mask
    for tool in sorted(taken, key=lambda tool: -tool.weight):
        others = [other for other in taken if other is not tool]
        if not mask & ~_union(others):
            taken = others
    return sum(tool.weight for tool in taken), tuple(taken)


def _union(tools: Sequence[Tool]) -> int:
    union = 0
    for tool in tools:
        union |= tool.mask
    return union


def _by(tool: Tool, place: Place, served: frozenset[int]) -> tuple[int, ...]:
    return tuple(sorted(one for one in served if place.faults[one] & tool.mask))


def _added(room: list[int], demands: Sequence[int], amount: int) -> list[int]:
    more = list(room)
    for one in demands:
        more[one] += amount
    return more


def _keep(kept: Kept, rest: Rest, weight: int, trail: Trail) -> None:
    known = kept.get(rest)
    if known is None or weight < known[0]:
        kept[rest] = (weight, trail)


def _unrolled(trail: Trail) -> list[Done]:
    done: list[Done] = []
    while trail:
        trail, one = trail
        done.append(one)
    return done[::-1]
