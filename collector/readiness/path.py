"""The shortest path to ready: the least that has to be done, with quantities, and what it costs. Pure.

Least means, in this order: the fewest things whose price nobody knows, the least money, the fewest things to do, and
what stands first in the price list.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct

from collector.attribution.model import Finding
from collector.readiness import cover
from collector.readiness.cover import Action, Done, Place, Tool
from collector.readiness.fixes import Fix, Path
from collector.readiness.model import Evidence, UnitFacts, UnitVerdict, Verdict
from collector.readiness.offers import Located, Offers, located
from collector.readiness.prices import Item, Prices
from collector.readiness.profile import Profile
from collector.readiness.shortfall import BAD, Demand, demands, reached, reporting, wanted


def shortest(
    profile: Profile,
    facts: UnitFacts,
    verdict: UnitVerdict,
    prices: Prices,
    *,
    advice: bool = False,
    findings: Iterable[Finding] = (),
) -> Path:
    """The shortest path of the unit from `verdict` to READY; with `advice`, to every advisory requirement met too.

    Each device's faults are covered at least cost exactly (dynamic programming over subsets, up to
    ``cover.EXACT_BITS`` faults a device), devices add up, what is done once for the unit is shared, and of a share or
    a number only as many devices are mended as it takes, the cheapest ones: all in one dynamic programme over what is
    still wanted, apart for requirements that no item links. It is exact as long as that stays within the limits of
    :func:`cover.solve`, else bounded (a beam); ``Path.exact`` tells. Where a requirement lets some of its parts be
    missing, the cheapest are mended, each priced by itself: not exact either.

    ``findings`` are those of the unit that are present: where they explain why a system is missed, nobody else is
    called than whose fault it is (:class:`collector.readiness.offers.Offers`).

    What is unknown gets no fix: it is listed. What waits for its hold time, is waived or approved needs none.
    """
    lines = wanted(verdict, advice=advice)
    found = demands(profile, facts, verdict, advice=advice) if any(line.state in BAD for line in lines) else []
    heard = reporting(facts, profile, verdict.at)
    search = _Search(facts, Offers(facts, prices, located(findings, facts), heard), found)
    fixes = search.run()
    known = [fix.cost for fix in fixes if fix.cost is not None]
    return Path(
        unit=verdict.unit,
        fixes=tuple(fixes),
        cost=sum(known),
        unpriced=len(fixes) - len(known),
        unmet=tuple(line.id for line in lines if line.id in search.unmet),
        unknown=tuple(line.id for line in lines if line.state is Verdict.UNKNOWN),
        exact=search.exact,
    )


class Paths:
    """The paths of a locality's units, each found again only when what it follows from has changed."""

    def __init__(self, prices: Prices, *, advice: bool = False) -> None:
        self._prices, self._advice = prices, advice
        self._kept: dict[str, tuple[object, Path]] = {}

    def of(
        self, profile: Profile, facts: UnitFacts, verdict: UnitVerdict, findings: Sequence[Finding] = ()
    ) -> Path:  # fmt: skip
        """The path of the unit that `facts` and `verdict` are of, with the `findings` of it that are present."""
        blame: list[Located] = located(findings, facts)
        seen = (
            profile, list(verdict.waivers), _roster(facts), _telling(verdict), _devices(profile, facts, verdict.at),
            reached(profile, facts, verdict), blame,
        )  # fmt: skip
        kept = self._kept.get(verdict.unit)
        if kept is None or kept[0] != seen:
            found = shortest(profile, facts, verdict, self._prices, advice=self._advice, findings=findings)
            kept = (seen, found)
            self._kept[verdict.unit] = kept
        return kept[1]

    def forget(self, unit: str) -> None:
        """Drops what is kept of `unit`."""
        self._kept.pop(unit, None)


def _roster(facts: UnitFacts) -> list[object]:
    return [dict(facts.needs), dict(facts.stations), facts.expected, list(facts.targets)]


def _telling(verdict: UnitVerdict) -> list[object]:
    """What of a verdict its path follows from: of what is met and of when nothing."""
    return [
        (line.id, line.state, line.mandatory, line.waiver, line.reason, line.value, _evidence(line.evidence))
        if line.state in BAD
        else (line.id, line.state, line.mandatory, line.waiver)
        for line in verdict.requirements
        if line.state is not Verdict.READY
    ]


def _evidence(parts: Sequence[Evidence]) -> list[object]:
    return [
        (
            part.subject,
            part.target,
            part.part,
            part.state,
            part.samples,
            part.reason,
            None if part.subject else part.value,
        )
        for part in parts
    ]


def _devices(profile: Profile, facts: UnitFacts, now: int) -> list[object]:
    """The devices, and which are silent: nothing is bought for those."""
    silent = now - profile.freshness.lost_contact
    return [(one.id, one.role, one.status, (one.last_seen or -1) >= silent) for one in facts.devices]


Fault = tuple[str, bool, str, tuple[str, ...]]
"""A requirement, whether no device meets it, the network, and what may be used: what one thing mends at once on a
device."""


class _Use(Struct):
    """An item where it may be used: for these demands (indices), and for how many steps up to where."""

    item: Item
    demands: tuple[int, ...]
    quantity: int = 1
    reached: float = 0.0


class _Search:
    """Turns demands into the problems of :mod:`collector.readiness.cover`, and their solutions into fixes."""

    def __init__(self, facts: UnitFacts, offers: Offers, found: list[Demand]) -> None:
        self._facts, self._offers = facts, offers
        self.exact = True
        self.unmet: set[str] = set()
        self._demands = self._spared(found)
        self._taken: dict[str, _Tally] = {}

    def run(self) -> list[Fix]:
        """The fixes, in the price list's order. ``unmet`` and ``exact`` hold afterwards."""
        meetable = [one for one in self._demands if self._offers.can_meet(one)]
        self.unmet |= {one.requirement for one in self._demands if one not in meetable}
        for group in self._linked(meetable):
            self._solve(group)
        return [tally.fix() for tally in sorted(self._taken.values(), key=lambda tally: tally.item.place)]

    def _spared(self, found: list[Demand]) -> list[Demand]:
        """Without the dearest parts of a requirement that may stay missing."""
        kept = [one for one in found if not one.spare]
        for name in sorted({one.requirement for one in found if one.spare}):
            parts = sorted((one for one in found if one.requirement == name), key=self._dearness)
            self.exact = False
            kept += parts[: len(parts) - parts[0].spare]
        return sorted(kept, key=found.index)

    def _dearness(self, demand: Demand) -> int:
        if not self._offers.can_meet(demand):
            return 1 << 100
        return min(_weight(item, demand.amount) for item in self._offers.of(demand))

    def _linked(self, found: list[Demand]) -> list[list[Demand]]:
        """`found` in groups that no item links."""
        groups: list[tuple[set[str], list[Demand]]] = []
        for one in found:
            items = {item.id for item in self._offers.of(one)}
            touching = [group for group in groups if group[0] & items]
            groups = [group for group in groups if not group[0] & items]
            merged = (items.union(*(group[0] for group in touching)), [*(d for g in touching for d in g[1]), one])
            groups.append(merged)
        return [group for _, group in groups]

    def _solve(self, group: list[Demand]) -> None:
        uses: list[_Use] = []
        offered = [self._offers.of(one) for one in group]
        items = sorted({item.id: item for each in offered for item in each}.values(), key=lambda item: item.place)
        wholes: list[Action] = []
        repeated: list[Action] = []
        tools: list[tuple[int, Item]] = []
        for item in items:
            met = tuple(index for index, each in enumerate(offered) if item in each)
            for use in self._uses(item, met, group):
                name = len(uses)
                uses.append(use)
                if item.per == "device":
                    tools.append((name, item))
                else:
                    action = Action(name, _weight(item, use.quantity), use.demands)
                    (repeated if item.per == "shortfall" else wholes).append(action)
        devices = sorted({device for one in group for device in one.devices})
        places = self._places(devices, group, tools)
        solution = cover.solve([one.amount for one in group], wholes, places, repeated)
        if solution is None:
            self.unmet |= {one.requirement for one in group}
            return
        self.exact = self.exact and solution.exact
        for done in solution.done:
            self._take(uses[done.name], done, devices, group)

    def _uses(self, item: Item, met: tuple[int, ...], group: list[Demand]) -> list[_Use]:
        """Each way to use `item`: a report for each system, a raise up to each level that some demand asks for."""
        if item.per == "target":
            targets = sorted({group[index].target for index in met})
            return [_Use(item, tuple(i for i in met if group[i].target == target)) for target in targets]
        if item.per != "step":
            return [_Use(item, met)]
        levels = sorted({self._reached(item, group[index].level) for index in met})
        uses = []
        for level in levels:
            within = tuple(index for index in met if group[index].level <= level)
            lowest = min(self._facts.needs[group[index].number] for index in within)
            steps = max(1, math.ceil(round((level - lowest) / item.step, 6)))
            uses.append(_Use(item, within, steps, level))
        return uses

    @staticmethod
    def _reached(item: Item, level: float) -> float:
        return math.ceil(round(level / item.step, 6)) * item.step

    def _places(self, devices: list[str], group: list[Demand], tools: list[tuple[int, Item]]) -> list[Place]:
        """A bit for each fault: what mends it on a device does so for every system of which the same is supposed."""
        bits: dict[Fault, int] = {}
        places = []
        for index, device in enumerate(devices):
            faults = {place: self._fault(one, device) for place, one in enumerate(group) if device in one.devices}
            for fault in faults.values():
                bits.setdefault(fault, 1 << len(bits))
            places.append((index, {place: bits[fault] for place, fault in faults.items()}))
        usable = tuple(
            Tool(name, _weight(item, 1), sum(bit for fault, bit in bits.items() if item.id in fault[3]))
            for name, item in tools
        )
        return [Place(index, 0, faults, usable) for index, faults in places]

    def _fault(self, demand: Demand, device: str) -> Fault:
        usable = tuple(item.id for item in self._offers.on(demand, device))
        return demand.requirement, demand.alone, demand.network, usable

    def _take(self, use: _Use, done: Done, devices: list[str], group: list[Demand]) -> None:
        tally = self._taken.setdefault(use.item.id, _Tally(use.item))
        tally.quantity += use.quantity * done.times
        tally.reached = max(tally.reached, use.reached)
        tally.meets.update(dict.fromkeys(group[index].requirement for index in done.demands))
        if done.place >= 0:
            tally.devices[devices[done.place]] = None
        tally.targets.update(dict.fromkeys(group[i].target for i in done.demands if group[i].target))


class _Tally:
    """How much of an item the path takes, and what for."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.quantity, self.reached = 0, 0.0
        self.meets: dict[str, None] = {}
        self.devices: dict[str, None] = {}
        self.targets: dict[str, None] = {}

    def fix(self) -> Fix:
        item = self.item
        return Fix(
            item=item.id,
            title=item.title,
            quantity=self.quantity,
            measure=item.measure,
            unit_price=item.price,
            cost=None if item.price is None else item.price * self.quantity,
            owner=item.owner,
            source=item.source,
            meets=tuple(self.meets),
            devices=tuple(sorted(self.devices)),
            targets=tuple(sorted(self.targets)),
            words=item.told(self.quantity, self.reached),
            single=item.single,
            once=item.once,
        )


def _weight(item: Item, quantity: int) -> int:
    """Lanes of one number, so that weights add up and compare in the module's order: without price, đồng, things to
    do, place in the file."""
    things = 1 if item.per == "step" else quantity
    cost = (item.price or 0) * quantity
    return ((((things if item.price is None else 0) << 60) + cost << 24) + things << 24) + item.place * things
