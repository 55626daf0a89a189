"""Whether a way began with a name is told by its phases."""

from __future__ import annotations

import pytest

from checks.kit.model import Sample
from collector.attribution.observe import Look, observations
from collector.readiness.profile import Freshness
from tests.collector.attribution.faults import MINUTE, NOW
from tests.collector.readiness.cities import DAY, pc, ran


@pytest.mark.parametrize(
    ("phases", "named"),
    [(("dns", "tcp"), True), (("tcp", "tls"), False), ((), True)],
    ids=["name", "address", "untold"],
)
def test_a_way_without_a_lookup_says_nothing_of_names(phases: tuple[str, ...], named: bool) -> None:
    """Where no phase is told at all, it is taken to have begun with a name."""
    samples = (Sample("connectivity_up", 1.0), *(Sample("connectivity_phase", 0.1, {"phase": one}) for one in phases))
    look = Look(freshness=Freshness(30 * MINUTE, DAY))
    (found,) = observations([pc("a", ran("connectivity", "portal", samples=samples))], NOW, look)
    assert found.named is named
