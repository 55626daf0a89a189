"""What a unit lacks: its verdict's unmet requirements as amounts of things to mend. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from checks.kit.model import Outcome
from collector.readiness.model import Evidence, RequirementState, Target, UnitFacts, UnitVerdict, Verdict
from collector.readiness.profile import QUANTILES, Kind, Profile, Requirement

BAD = (Verdict.NOT_READY, Verdict.AT_RISK)
_LINES = {"receive": "contracted_down_mbps", "transmit": "contracted_up_mbps"}
"""The capacity that each direction of a line's use is a share of."""


class Demand(Struct, frozen=True, kw_only=True):
    """So much of one requirement has to be mended.

    ``amount`` of the ``devices``, or as many new ones where ``open``; 1 without devices where it is the unit as one.
    ``reasons`` say of each device why its run failed; empty where a value is out of its band. ``target`` and ``part``
    narrow it. ``alone``: no device of the unit succeeds, of whichever role; ``everywhere``: and with no target that is
    reached by the same ``network``.
    ``number`` of the roster reaching ``level`` would meet it too. Of the parts of a requirement ``spare`` may stay
    missing.
    """

    requirement: str
    amount: int = 1
    devices: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    target: str = ""
    part: str = ""
    open: bool = False
    alone: bool = True
    everywhere: bool = True
    network: str = ""
    number: str = ""
    level: float = 0.0
    spare: int = 0


def wanted(verdict: UnitVerdict, *, advice: bool) -> list[RequirementState]:
    """The requirements that count: the mandatory ones, with `advice` all, without what a person has excused."""
    excused = {waiver.id: waiver.kind for waiver in verdict.waivers}
    lines = [line for line in verdict.requirements if line.mandatory or advice]
    return [line for line in lines if not (line.waiver and _excused(line, excused.get(line.waiver, "waiver")))]


def _excused(line: RequirementState, kind: str) -> bool:
    """A waiver excuses whatever was measured; an approval only what was not."""
    return kind == "waiver" or line.state not in BAD


def demands(profile: Profile, facts: UnitFacts, verdict: UnitVerdict, *, advice: bool) -> list[Demand]:
    """What has to be mended, in the profile's order. A requirement that is met already and only waits for its hold
    time needs nothing."""
    lines = {line.id: line for line in profile.requirements}
    bad = [state for state in wanted(verdict, advice=advice) if state.state in BAD and state.id in lines]
    unit = _Unit(profile, facts, verdict.at)
    return [one for state in bad if state.reason != "holding" for one in _of(lines[state.id], state, unit)]


def reporting(facts: UnitFacts, profile: Profile, now: int) -> frozenset[str]:
    """The devices that report at `now` (µs)."""
    silent = now - profile.freshness.lost_contact
    return frozenset(one.id for one in facts.devices if one.status == "active" and (one.last_seen or -1) >= silent)


def reached(profile: Profile, facts: UnitFacts, verdict: UnitVerdict) -> set[tuple[str, str]]:
    """Each requirement that is not met, with each target on which a device of the unit succeeds all the same."""
    unit = _Unit(profile, facts, verdict.at)
    bad = {state.id for state in verdict.requirements if state.state in BAD}
    lines = [line for line in profile.requirements if line.id in bad and not line.window]
    keys = {key for device in facts.devices for key in device.results}
    return {
        (line.id, target) for line in lines for check, target in keys
        if check == line.check and unit.succeeds(line, target)
    }  # fmt: skip


class _Unit:
    def __init__(self, profile: Profile, facts: UnitFacts, now: int) -> None:
        self.facts = facts
        self._silent, self._now = now - profile.freshness.lost_contact, now
        self._heard = reporting(facts, profile, now)
        self.roles = {device.id: device.role for device in facts.devices}
        self._active = [device for device in facts.devices if device.status == "active"]

    def reporting(self, roles: tuple[str, ...]) -> int:
        """How many devices in `roles` (all when empty) report."""
        asked = (device for device in self._active if not roles or device.role in roles)
        return sum(device.last_seen is not None and device.last_seen >= self._silent for device in asked)

    def succeeds(self, line: Requirement, target: str) -> bool:
        """Whether a device of any role, asked by `line` or not, has lately made the run that it looks at."""
        if line.kind is not Kind.RUNS:
            return False
        key, oldest = (line.check, target), self._now - line.max_age
        runs = (one.results.get(key) for one in self.facts.devices if one.id in self._heard)
        return any(run is not None and run.outcome is Outcome.OK and run.at >= oldest for run in runs)

    def missing(self, roles: tuple[str, ...], role: str) -> int:
        """How many devices in `roles`, or of one `role`, are expected and not there."""
        present = Counter(device.role for device in self._active)
        named = [role] if role else (roles or sorted({*present, *self.facts.stations}))
        lacking = {one: max(0, self.facts.stations.get(one, 0) - present[one]) for one in named}
        if role or roles:
            return sum(lacking.values())
        return max(self.facts.expected, len(self._active) + sum(lacking.values())) - len(self._active)


def _of(line: Requirement, state: RequirementState, unit: _Unit) -> Iterator[Demand]:
    """What `line` lacks here; where its evidence does not say, the unit as one."""
    bad = [part for part in state.evidence if part.state in BAD]
    wholes = [part for part in bad if not part.subject]
    devices = [part for part in bad if part.subject]
    if line.kind is Kind.PARTS:
        found = list(_parts(line, wholes))
    elif line.scope == "device" or (line.aggregate == "last" and line.kind not in (Kind.ROSTER, Kind.DEVICES)):
        found = list(_each(line, devices, unit))
    else:
        found = [_together(line, state, whole, devices, unit) for whole in wholes]
    missed = {one.target for one in found if one.alone}
    networks = {target.id: target.network for target in unit.facts.targets}
    asked = {target.id for target in unit.facts.targets if target.declared and _asks(line, target)}
    for one in found or [Demand(requirement=line.id)]:
        network = networks.get(one.target, "")
        rest = {target for target in asked - missed if networks[target] == network}
        yield replace(one, everywhere=one.alone and not rest, network=network)


def _asks(line: Requirement, target: Target) -> bool:
    meant = line.targets == "all" or (line.targets == "mandatory" and target.mandatory)
    within = not line.systems or target.id in line.systems
    return meant and within and line.network in ("", target.network)


def _each(line: Requirement, bad: list[Evidence], unit: _Unit) -> Iterator[Demand]:
    """Every device that is not ready, for each target apart."""
    by_target: dict[str, list[Evidence]] = {}
    for part in bad:
        by_target.setdefault(part.target, []).append(part)
    reporting = unit.reporting(line.roles)
    for target, found in sorted(by_target.items()):
        names = tuple(sorted({part.subject for part in found}))
        yield Demand(
            requirement=line.id,
            amount=len(names),
            devices=names,
            reasons=_reasons(line, names, found),
            target=target,
            alone=len(names) >= reporting and not unit.succeeds(line, target),
        )


def _parts(line: Requirement, wholes: list[Evidence]) -> Iterator[Demand]:
    """Each part that is missing: the unit has it or not, whichever device shows it."""
    spare = next(few for few in range(len(line.parts), -1, -1) if not few or line.judge(float(few)) is Verdict.READY)
    lacking = {part.part for part in wholes}
    for part in line.parts:
        if part.id in lacking:
            yield Demand(requirement=line.id, part=part.id, spare=spare)


def _together(line: Requirement, state: RequirementState, whole: Evidence, bad: list[Evidence], unit: _Unit) -> Demand:
    """What the unit, or one role of it, lacks as one."""
    value = whole.value if isinstance(whole.value, int | float) else state.value
    number = float(value) if isinstance(value, int | float) else None
    if line.window or number is None:
        return _over_window(line, whole, number, unit)
    if line.kind is Kind.ROSTER:
        return _told(line, number, unit)
    role = whole.part if line.scope == "role" else ""
    of_row = [part for part in bad if part.target == whole.target and role in ("", unit.roles.get(part.subject))]
    names = tuple(sorted({part.subject for part in of_row}))
    if line.kind is Kind.DEVICES or line.aggregate == "count":
        mute = [part for part in state.evidence if part.state is Verdict.UNKNOWN and part.target == whole.target]
        silent = sum(role in ("", unit.roles.get(part.subject)) for part in mute if part.subject)
        counted = _counted(line, whole, number, names, unit, silent + unit.missing(line.roles, role))
        return replace(counted, reasons=_reasons(line, counted.devices, of_row))
    if not names:
        return Demand(requirement=line.id, target=whole.target)
    amount = (
        _share(line, number, whole.samples, len(names)) if line.aggregate == "ratio" else _ranked(line, whole, names)
    )
    return Demand(
        requirement=line.id,
        target=whole.target,
        amount=min(amount, len(names)),
        devices=names,
        reasons=_reasons(line, names, of_row),
        alone=len(names) >= whole.samples and not unit.succeeds(line, whole.target),
    )


def _reasons(line: Requirement, names: tuple[str, ...], parts: list[Evidence]) -> tuple[str, ...]:
    """Why the run of each device failed. Of what measures a value the run's reason does not say why it is missed."""
    if line.kind is not Kind.RUNS:
        return ()
    found = {part.subject: part.reason for part in parts}
    return tuple(found[name] for name in names)


def _over_window(line: Requirement, whole: Evidence, value: float | None, unit: _Unit) -> Demand:
    """What is over cannot be mended device by device. Of a line that is too full the capacity at which the same
    traffic would be within the band is known too."""
    number = _LINES.get(line.labels.get("direction", ""), "")
    have = unit.facts.needs.get(number, 0.0)
    limit = line.ready.limit
    if (
        value is None
        or not 0 < have < math.inf
        or line.unit != "%"
        or line.higher_is_better
        or isinstance(limit, str)
        or limit <= 0
    ):
        return Demand(requirement=line.id, target=whole.target)
    return Demand(requirement=line.id, target=whole.target, number=number, level=have * value / limit)


def _told(line: Requirement, value: float, unit: _Unit) -> Demand:
    """How much a number of the roster lacks."""
    per = unit.facts.needs.get(line.per, 0.0) if line.per else 1.0
    limit = line.ready.limit
    if isinstance(limit, str) or not line.higher_is_better or not per:
        return Demand(requirement=line.id)
    level = limit * per / line.scale
    have = value * per / line.scale
    return Demand(requirement=line.id, amount=max(1, _more(line, have, per)), open=True, number=line.name, level=level)


def _counted(
    line: Requirement, whole: Evidence, value: float, names: tuple[str, ...], unit: _Unit, unknown: int
) -> Demand:
    """How many more there have to be. Those of whom nothing is known may be among those that are missed: nothing is
    bought for them."""
    per = unit.facts.needs.get(line.per, 0.0) if line.per else 1.0
    if not line.higher_is_better or not per:
        return Demand(requirement=line.id, target=whole.target)
    have = round(value * per / line.scale)
    return Demand(
        requirement=line.id,
        target=whole.target,
        amount=max(1, _more(line, have + unknown, per)),
        devices=() if line.kind is Kind.DEVICES else names,
        open=True,
        alone=not have,
    )


def _more(line: Requirement, have: float, per: float) -> int:
    """The fewest whole things more with which the value is ready; the value is `line.scale` times the quotient."""
    limit = line.ready.limit
    assert isinstance(limit, float | int)  # noqa: S101 - the callers know
    more = max(0, math.floor(limit * per / line.scale - have) - 1)
    while line.judge(line.scale * (have + more) / per) is not Verdict.READY:
        more += 1
    return more


def _share(line: Requirement, value: float, known: int, bad: int) -> int:
    """The fewest of `bad` devices that lift the share of the `known` ones over the ready band."""
    good = round(value * known / line.scale)
    fits = (more for more in range(1, bad + 1) if line.judge(line.scale * (good + more) / known) is Verdict.READY)
    return next(fits, bad)


def _ranked(line: Requirement, whole: Evidence, names: tuple[str, ...]) -> int:
    """The fewest devices with which what is over the devices' newest values is ready: of ``all`` those too many, of a
    nearest-rank quantile those at its rank and beyond."""
    if line.aggregate == "all":
        return next(more for more in range(len(names) + 1) if _fits(line, len(names) - more) or more == len(names))
    share = QUANTILES.get(line.aggregate)
    if share is None:
        return len(names)
    rank = max(1, math.ceil(share * whole.samples - 1e-9))
    spare = rank - 1 if line.higher_is_better else whole.samples - rank
    return max(1, len(names) - spare)


def _fits(line: Requirement, failing: int) -> bool:
    return line.judge(line.scale * failing) is Verdict.READY
