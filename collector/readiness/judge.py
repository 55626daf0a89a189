"""Judges one requirement of one unit from its facts, before any hold time. Pure.

Devices that are silent may take away from a state, never add to it: what follows from whom nothing certain is known is
in :mod:`collector.readiness.interval`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from collector.readiness import parts, singles, together, window
from collector.readiness.interval import point
from collector.readiness.judged import Judged, whole
from collector.readiness.model import Verdict
from collector.readiness.profile import NEEDS, Kind, Requirement
from collector.readiness.rows import targets_of
from collector.readiness.scene import Scene

AT_ONCE = frozenset({"last"})
"""Aggregates that leave each device on its own, whatever the scope."""


def judge(requirement: Requirement, scene: Scene, *, full: bool = False) -> Judged:
    """The state of `requirement` in `scene`. The evidence leaves out what is ready but for the worst; `full`: nothing.

    ``last`` is always each device by itself, the worst deciding; the other aggregates over the newest results are of
    the unit's devices together, or of each role's. What has a window is of the unit.
    """
    need = _need(requirement, scene.facts.needs)
    if isinstance(need, str):
        return Judged(state=Verdict.UNKNOWN, reason=need)
    if requirement.kind is Kind.ROSTER:
        return _roster(requirement, scene, need)
    targets = targets_of(requirement, scene.facts.targets)
    if not targets:
        return Judged(state=Verdict.UNKNOWN, reason="no_targets")
    return _way(requirement)(requirement, scene, targets, need, full)


def _way(requirement: Requirement) -> Callable[[Requirement, Scene, list[str], float, bool], Judged]:
    if requirement.kind is Kind.PARTS:
        return parts.judge
    if requirement.kind is Kind.DEVICES:
        return together.judge_devices
    if requirement.window:
        return window.judge
    if requirement.scope == "device" or requirement.aggregate in AT_ONCE:
        return singles.judge
    return together.judge


def _need(requirement: Requirement, needs: dict[str, float]) -> float | str:
    """What the value is divided by, or the reason why it cannot be."""
    if not requirement.per:
        return 1.0
    need = told(requirement.per, needs)
    if need is None:
        return "unknown_need"
    return need if need > 0 else "no_need"


def told(name: str, needs: dict[str, float]) -> float | None:
    """A number of the roster; None where it is not told, or is none."""
    found: object = needs.get(name) if name in NEEDS else None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
        return None
    return float(found)


def _roster(requirement: Requirement, scene: Scene, need: float) -> Judged:
    found = told(requirement.name, scene.facts.needs)
    if found is None:
        return Judged(state=Verdict.UNKNOWN, reason="unknown_need")
    row = whole(requirement, point(found).over(requirement.scale, need), samples=1)
    return Judged(
        state=row.state,
        value=row.value if isinstance(row.value, float) else None,
        samples=1,
        coverage=1.0,
        reason=row.reason,
        evidence=[row],
        counts={row.state: 1},
        low=row.value,
        high=row.value,
        against=row.state is not Verdict.READY,
    )
