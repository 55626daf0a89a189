"""Whom a system is asked of: devices of other roles are no part of its evidence."""

from __future__ import annotations

import pytest

from checks.kit.model import Outcome, Result
from collector.readiness.judge import judge
from collector.readiness.model import DeviceFacts, Target, UnitFacts, Verdict
from collector.readiness.scene import Scene
from tests.configs.test_shipped import loaded

NOW = 1_800_000_000_000_000
PROFILE = loaded("hcmc").profile
SYSTEMS_NOW = next(line for line in PROFILE.requirements if line.id == "systems_now")


@pytest.mark.parametrize(
    ("roles", "state", "coverage"), [((), Verdict.UNKNOWN, 0.5), (("pc",), Verdict.READY, 1.0)]
)  # fmt: skip
def test_a_router_that_is_not_asked_is_not_missed(roles: tuple[str, ...], state: Verdict, coverage: float) -> None:
    """One PC reaches the system; a router reports, but does not measure it."""
    result = Result(check="connectivity", target="portal", outcome=Outcome.OK, at=NOW, mono=0, boot="b")
    devices = [
        DeviceFacts(id="a", unit="27259", role="pc", last_seen=NOW, results={("connectivity", "portal"): result}),
        DeviceFacts(id="b", unit="27259", role="router", last_seen=NOW),
    ]
    targets = [Target(id="portal", title={}, mandatory=True, roles=roles)]
    scene = Scene(UnitFacts(unit="27259", expected=2, devices=devices, targets=targets), PROFILE.freshness, NOW)
    judged = judge(SYSTEMS_NOW, scene)
    assert (judged.state, judged.coverage) == (state, coverage)
