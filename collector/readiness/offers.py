"""What of the price list may be used for what a unit lacks, and on which of its devices. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from checks.kit.segment import Segment
from collector.attribution.model import Finding
from collector.readiness.model import UnitFacts
from collector.readiness.prices import Item, Prices
from collector.readiness.shortfall import Demand

Located = tuple[Segment, tuple[str, ...], tuple[str, ...]]
"""Where a fault lies, and which of the unit's devices and which systems it stops."""


def located(findings: Iterable[Finding], facts: UnitFacts) -> list[Located]:
    """What `findings` say of the unit that `facts` are of: those that stop a device of it on a system."""
    own = {device.id for device in facts.devices}
    found = ((one.segment, tuple(sorted(own & set(one.devices))), one.targets) for one in findings)
    return sorted(one for one in found if one[1] and one[2])


class Offers:
    """The items for the demands of one unit.

    Where findings explain why a device misses a system, of the items that name `segments` only those that name the
    finding's are used, whatever their `when` supposes; where that leaves a demand without any, the findings are passed
    over. What is lacked by the unit as one is explained by what stops every device in ``reporting``.
    """

    def __init__(self, facts: UnitFacts, prices: Prices, found: list[Located], reporting: frozenset[str]) -> None:
        self._facts, self._prices, self._found, self._reporting = facts, prices, found, reporting
        self._roles = {device.id: device.role for device in facts.devices}
        self._kept: dict[Demand, tuple[list[Item], dict[str, tuple[Item, ...]]]] = {}

    def of(self, demand: Demand) -> list[Item]:
        """What may be used for `demand`."""
        return self._both(demand)[0]

    def on(self, demand: Demand, device: str) -> tuple[Item, ...]:
        """What of it may be used on one of its devices."""
        return self._both(demand)[1].get(device, ())

    def can_meet(self, demand: Demand) -> bool:
        return _is_enough(demand, *self._both(demand))

    def _both(self, demand: Demand) -> tuple[list[Item], dict[str, tuple[Item, ...]]]:
        if demand not in self._kept:
            blamed = self._blamed(demand)
            chosen = self._chosen(demand, blamed)
            if any(blamed.values()) and not _is_enough(demand, *chosen):
                chosen = self._chosen(demand, {})
            self._kept[demand] = chosen
        return self._kept[demand]

    def _blamed(self, demand: Demand) -> dict[str, set[Segment]]:
        """Where findings locate what each device misses, ``""`` for the unit as one."""
        hits = [(segment, {*devices}) for segment, devices, targets in self._found if demand.target in targets]
        if demand.devices:
            return {device: {one for one, stopped in hits if device in stopped} for device in demand.devices}
        return {"": {one for one, stopped in hits if self._reporting and self._reporting <= stopped}}

    def _chosen(
        self, demand: Demand, blamed: dict[str, set[Segment]]
    ) -> tuple[list[Item], dict[str, tuple[Item, ...]]]:
        met = self._prices.meeting(demand.requirement, demand.part)
        met = tuple(item for item in met if not item.network or item.network == demand.network)
        on = {
            device: tuple(one for one in met if one.per == "device" and self._fits(one, demand, device, reason, blamed))
            for device, reason in _devices(demand)
        }
        used = {item.id for items in on.values() for item in items}
        return [one for one in met if one.id in used or self._is_whole(one, demand, blamed)], on

    def _fits(
        self, item: Item, demand: Demand, device: str, reason: str, blamed: dict[str, set[Segment]]
    ) -> bool:  # fmt: skip
        if item.roles and self._roles.get(device) not in item.roles:
            return False
        return item.is_for(reason) and _holds(item, demand, blamed.get(device, set()), named_by_all=True)

    def _is_whole(self, item: Item, demand: Demand, blamed: dict[str, set[Segment]]) -> bool:
        """Whether what is done once, or bought, is for `demand`. What is done once meets it altogether, so it has to be
        meant for the reason of every device."""
        if item.per == "device":
            return False
        if item.per == "shortfall":
            return demand.open
        if item.per == "step":
            return demand.number in item.of and demand.number in self._facts.needs
        if item.per == "target" and not demand.target:
            return False
        segments = set[Segment]().union(*blamed.values())
        return all(map(item.is_for, demand.reasons)) and _holds(
            item, demand, segments, named_by_all=all(blamed.values())
        )


def _devices(demand: Demand) -> Iterable[tuple[str, str]]:
    """Each device with why it misses; without a word where the reason is not that."""
    return zip(demand.devices, demand.reasons or ("",) * len(demand.devices), strict=True)


def _holds(item: Item, demand: Demand, segments: set[Segment], *, named_by_all: bool) -> bool:
    """Whether what the item supposes of the fault is so, or a finding says it; `named_by_all`: of each device one."""
    if item.segments and segments:
        if not segments.isdisjoint(item.segments):
            return item.when != "found" or demand.alone
        if named_by_all:
            return False
    return {
        "always": True,
        "some_devices": not demand.alone,
        "all_devices": demand.alone,
        "all_targets": demand.everywhere,
        "found": False,
    }[item.when]


def _is_enough(demand: Demand, items: list[Item], on: dict[str, tuple[Item, ...]]) -> bool:
    return any(item.per != "device" for item in items) or sum(map(bool, on.values())) >= demand.amount
