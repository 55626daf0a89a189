"""How a verdict came about, requirement by requirement and device by device: ``readiness explain``. Pure."""

from __future__ import annotations

from msgspec import Struct

from checks.kit.model import Scalar
from collector.readiness.judge import judge, told
from collector.readiness.model import Bilingual, Evidence, RequirementState, UnitFacts, UnitVerdict, Verdict
from collector.readiness.profile import Profile, Requirement
from collector.readiness.rows import plan_of, targets_of
from collector.readiness.scene import Scene

SHORT = 8
"""So much of a device's id as the pages show of one that has no name."""


class Step(Struct, frozen=True, kw_only=True):
    """One requirement's derivation. ``line`` is what the profile asks and ``targets`` of which systems; ``parts`` is
    every device, target and part that was looked at, with its value and band; the value may be anything from ``low``
    to ``high`` (None: nothing is known), and was divided by ``per``, the number of the roster that ``line.per`` names
    (None: not told). ``measured``, for the ``reason``, is what follows; ``state`` is what is shown once silence, hold
    times and people have had their say. ``against`` says that no approval would count."""

    line: Requirement
    targets: tuple[str, ...]
    parts: tuple[Evidence, ...]
    low: Scalar
    high: Scalar
    coverage: float
    measured: Verdict
    reason: str
    against: bool
    state: RequirementState
    decides: bool
    per: float | None = None


class Explained(Struct, frozen=True, kw_only=True):
    """A verdict and its derivation. ``coverage`` is what the profile asks of the unit, ``names`` are the devices',
    ``lines`` what the profile's requirements are called, ``left_out`` those that are not asked of units of this kind.
    """

    verdict: UnitVerdict
    coverage: float
    steps: tuple[Step, ...]
    names: dict[str, str]
    titles: dict[str, Bilingual]
    left_out: tuple[str, ...]
    lines: dict[str, Bilingual] = {}


def explain(profile: Profile, facts: UnitFacts, now: int, verdict: UnitVerdict) -> Explained:
    """How `verdict`, made of these `facts` at `now` by this `profile`, came about. No device is left out.

    What is looked at is judged anew; hold times, waivers and approvals are told as `verdict` has them.
    :func:`collector.readiness.explained.lines` puts it into words.
    """
    scene = Scene(facts, profile.freshness, now, plan_of(profile, facts.targets))
    states = {state.id: state for state in verdict.requirements}
    return Explained(
        verdict=verdict,
        coverage=profile.coverage,
        steps=tuple(
            _step(line, scene, states[line.id], decides=line.id in verdict.deciding)
            for line in profile.requirements
            if line.id in states
        ),
        names={device.id: device.name or device.id[:SHORT] for device in facts.devices},
        titles={target.id: target.title for target in facts.targets},
        left_out=tuple(line.id for line in profile.requirements if line.id not in states),
        lines={line.id: line.title for line in profile.requirements},
    )


def _step(line: Requirement, scene: Scene, state: RequirementState, *, decides: bool) -> Step:
    judged = judge(line, scene, full=True)
    return Step(
        line=line,
        targets=tuple(target for target in targets_of(line, scene.facts.targets) if target),
        parts=tuple(judged.evidence),
        low=judged.low,
        high=judged.high,
        coverage=judged.coverage,
        measured=judged.state,
        reason=judged.reason,
        against=judged.against,
        state=state,
        decides=decides,
        per=told(line.per, scene.facts.needs),
    )
