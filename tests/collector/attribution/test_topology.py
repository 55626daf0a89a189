"""The tree follows the roster and the systems."""

from __future__ import annotations

import pytest

from collector.attribution.model import Line
from collector.attribution.topology import provider, topology, ways
from collector.readiness.model import DeviceFacts, Target
from collector.roster.model import UnitRoster

DEDICATED = Target(id="gateway", title={"vi": "Cổng", "en": "Gateway"}, network="tslcd")
PORTAL = Target(id="portal", title={"vi": "Cổng", "en": "Portal"})
DEVICES = [DeviceFacts(id="a", unit="27259"), DeviceFacts(id="b", unit="27259"), DeviceFacts(id="c", unit="27265")]


def told(**providers: str) -> dict[str, UnitRoster]:
    return {unit.strip("u"): UnitRoster(unit=unit.strip("u"), provider=name) for unit, name in providers.items()}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("VNPT", "VNPT"), ("vnpt", "VNPT"), ("VNPT ", "VNPT"), ("VIETTEL", "Viettel"), (" mobifone", "MobiFone"),
        ("Công  ty ABC", "CÔNG TY ABC"), ("công ty abc", "CÔNG TY ABC"), ("", ""), ("  ", ""),
    ],
)  # fmt: skip
def test_a_provider_has_one_spelling(written: str, meant: str) -> None:
    """However the roster writes it."""
    assert provider(written) == meant


def test_a_units_line_to_the_internet_is_its_providers() -> None:
    """And unknown where the roster does not say."""
    tree = topology(DEVICES, told(u27259="vnpt").get, [PORTAL])
    assert tree.units == {"a": "27259", "b": "27259", "c": "27265"}
    assert tree.lines == {"27259": (Line(provider="VNPT"),), "27265": (Line(),)}
    assert tree.networks == {}


def test_a_system_in_the_dedicated_network_gives_every_unit_a_line_there() -> None:
    """By the locality's provider of that network, not by the one that the unit pays for the Internet."""
    tree = topology(DEVICES, told(u27259="FPT").get, [PORTAL, DEDICATED], {"tslcd": "viettel", "internet": "VNPT"})
    assert tree.networks == {"gateway": "tslcd"}
    assert tree.line("27259", "tslcd") == tree.line("27265", "tslcd") == Line(network="tslcd", provider="Viettel")
    assert tree.line("27259", "internet").provider == "FPT"
    assert tree.line("27265", "internet").provider == "VNPT"
    assert topology(DEVICES, told().get, [DEDICATED]).line("27265", "tslcd") == Line(network="tslcd")


def test_a_unit_without_a_device_has_its_ways_out_too() -> None:
    """To every network that a system is on or that has a provider, the Internet first."""
    assert ways(None, [PORTAL]) == (Line(),)
    assert ways(UnitRoster(unit="27259", provider="vnpt"), [PORTAL, DEDICATED]) == (
        Line(provider="VNPT"), Line(network="tslcd")
    )  # fmt: skip
    assert ways(None, [], {"tslcd": "viettel", "internet": "FPT"}) == (
        Line(provider="FPT"), Line(network="tslcd", provider="Viettel")
    )  # fmt: skip
