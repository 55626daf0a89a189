"""A look at the surroundings speaks of the network that it looked into, and of no other."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.causes import Place
from collector.attribution.ground import Suspect, survey
from collector.attribution.model import DEDICATED, Observation
from tests.collector.attribution.attribute_small import INSIDE, NOW, TOPOLOGY, UNITS, places, round_of

SYSTEMS = tuple(f"tslcd-{number}" for number in range(6))
CITY = replace(TOPOLOGY, networks={**TOPOLOGY.networks, **dict.fromkeys(SYSTEMS, DEDICATED)})


def routes(unit: str, *targets: str) -> list[Observation]:
    """Each PC of `unit` sees beyond its line on the way to each of `targets`."""
    return [
        Observation(device=f"{unit}-{one}", at=NOW, target=target, check="path", reach=Segment.ACCESS)
        for one in INSIDE
        for target in targets
    ]


def one_system(network: str) -> list[Observation]:
    """The first office fails to reach the one system that is asked in `network`; all else works."""
    asked = {"internet": "dvc", DEDICATED: "tslcd-dvc"}
    seen = round_of(lambda probe: probe.unit == UNITS[0] and probe.target == asked[network])
    return [one for one in seen if one.target in asked.values()]


@pytest.mark.parametrize("network", ["internet", DEDICATED])
def test_a_line_is_blamed_for_the_one_system_that_an_office_alone_fails_to_reach(network: str) -> None:
    assert places(one_system(network), CITY) == [("access", network, UNITS[0], "unreachable")]


def test_a_route_in_one_network_does_not_clear_the_line_to_the_other() -> None:
    """The line to the Internet is cut; that the dedicated one is passed says nothing of it."""
    seen = [*one_system("internet"), *routes(UNITS[0], *SYSTEMS)]
    assert places(seen, CITY) == [("access", "internet", UNITS[0], "unreachable")]


def test_a_route_in_a_network_clears_the_line_to_it() -> None:
    """What lies behind it fails: the dedicated line is not blamed."""
    assert places([*one_system(DEDICATED), *routes(UNITS[0], *SYSTEMS)], CITY) == []


def test_a_route_in_any_network_clears_the_office_network() -> None:
    """A router that lets PCs out is no reason why they reach nothing."""
    silent = [one for one in round_of(lambda probe: probe.unit == UNITS[0]) if one.target != "tslcd-dvc"]
    ground = survey([*silent, *routes(UNITS[0], *SYSTEMS)], CITY)
    assert ground.looks(Suspect(Place.LAN, "", UNITS[0])) == len(INSIDE) * len(SYSTEMS)
    assert ground.looks(Suspect(Place.ACCESS, DEDICATED, UNITS[0])) == len(INSIDE) * len(SYSTEMS)
    assert ground.looks(Suspect(Place.ACCESS, "internet", UNITS[0])) == 0
