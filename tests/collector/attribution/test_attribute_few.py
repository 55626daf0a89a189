"""Which part is blamed where few tell: a provider of one office, a city of four, one router at night, and names."""

from __future__ import annotations

import pytest

from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import DEDICATED, INTERNET, Line, Observation, Topology
from tests.collector.attribution.attribute_small import INSIDE, NOW, TARGETS, TOPOLOGY, UNITS, look, places, round_of

TEN = [f"pc-{number}" for number in range(10)]
SYSTEMS = [f"system-{number}" for number in range(8)]
ONE = Topology(units=dict.fromkeys(TEN, "26734"), lines={"26734": (Line(provider="CMC"),)})


def one_office(*stopped: str, lan: bool, reason: str = "tcp_timeout") -> list[Observation]:
    """Ten PCs ask eight systems; those `stopped` reach none."""
    seen = [
        Observation(device=pc, at=NOW, target=system, ok=pc not in stopped, reason=reason if pc in stopped else "")
        for pc in TEN for system in SYSTEMS
    ]  # fmt: skip
    return [*seen, *(look(pc) for pc in TEN if lan)]


@pytest.mark.parametrize("lan", [False, True])
def test_one_pc_of_ten_is_not_the_provider_of_a_single_office(lan: bool) -> None:
    assert places(one_office("pc-0", lan=lan), ONE) == [("device", "", "pc-0", "unreachable")]


@pytest.mark.parametrize("number", [2, 3, 10])
def test_a_provider_of_a_single_office_stands_beside_its_line(number: int) -> None:
    (found,) = attribute(one_office(*TEN[:number], lan=True), ONE)
    assert (found.segment, found.subject) == (Segment.ACCESS, "26734")
    assert Segment.PROVIDER in found.also


def test_the_names_of_a_single_office_are_its_own() -> None:
    """Its resolver may be its provider's, and the names may fail with the line."""
    (found,) = attribute(one_office(*TEN, lan=True, reason="dns_timeout"), ONE)
    assert (found.segment, found.cause.value, found.also) == (
        Segment.LAN, "dns", (Segment.ACCESS, Segment.PROVIDER),
    )  # fmt: skip


def test_what_only_a_provider_does_is_its_own_though_one_office_tells() -> None:
    rewritten = one_office(*TEN, lan=True, reason="dns_rewritten")
    assert places(rewritten, ONE) == [("provider", "internet", "CMC", "intercepted")]


def test_a_line_that_takes_its_names_with_it_is_down_and_no_resolver() -> None:
    """The PCs ask their provider's resolver, and the router says that its line is down."""
    names = [one for one in round_of(lambda p: p.unit == "26734" and "dns_timeout") if one.target != "tslcd-dvc"]
    down = look("26734-a", "interface_down", check="uplink", reach=Segment.ACCESS)
    assert places([*names, down]) == [("access", "internet", "26734", "unreachable")]


def test_a_system_that_is_reached_by_its_address_says_nothing_of_names() -> None:
    """A dead resolver stops what has a name only."""
    seen = [
        Observation(
            device=device, at=NOW, target=target, named=target != "mail",
            ok=unit != "26734" or target == "mail",
            reason="dns_timeout" if unit == "26734" and target != "mail" else "",
        )
        for device, unit in TOPOLOGY.units.items() for target in TARGETS
    ]  # fmt: skip
    assert places(seen) == [("lan", "", "26734", "dns")]
    (found,) = attribute(seen, TOPOLOGY)
    assert (found.working, Segment.ACCESS in found.also) == (0, False)


@pytest.mark.parametrize("inside", [1, 2, 3])
def test_two_systems_that_others_reach_are_not_down_for_two_offices_that_reach_nothing(inside: int) -> None:
    """The resolver of one office is dead, and the line of another is cut."""
    small = Topology(
        units={f"{unit}-{one}": unit for unit in UNITS for one in INSIDE[:inside]},
        lines={unit: (Line(provider=f"isp-{unit}"),) for unit in UNITS},
    )
    reasons = {UNITS[0]: "dns_timeout", UNITS[2]: "tcp_timeout"}
    seen = [
        Observation(
            device=device, at=NOW, target=target, ok=unit not in reasons, reason=reasons.get(unit, "")
        )
        for device, unit in small.units.items() for target in ("dvc", "mail")
    ]  # fmt: skip
    assert sorted(places([*seen, *(look(device) for device in small.units)], small)) == [
        ("access", "internet", UNITS[2], "unreachable"), ("lan", "", UNITS[0], "dns"),
    ]  # fmt: skip


ROUTERS = Topology(
    units={f"router-{number}": f"{number}" for number in range(20)},
    lines={f"{number}": (Line(provider="vnpt"), Line(network=DEDICATED, provider="cuc")) for number in range(20)},
    networks={"tslcd-dvc": DEDICATED, "tslcd-mail": DEDICATED},
)


def night(*failing: tuple[str, str], asked: tuple[str, ...] = ("dvc", "mail", "tslcd-dvc")) -> list[Observation]:
    """Twenty routers, each alone in its office, ask these systems."""
    return [
        Observation(
            device=router, at=NOW, target=target, ok=(router, target) not in failing,
            reason="tcp_timeout" if (router, target) in failing else "",
        )
        for router in ROUTERS.units for target in asked
    ]  # fmt: skip


def test_a_router_alone_that_loses_its_one_system_there_tells_of_the_line() -> None:
    """With little confidence: it may be the router, or chance."""
    (found,) = attribute(night(("router-7", "tslcd-dvc")), ROUTERS)
    assert (found.segment, found.network, found.subject) == (Segment.ACCESS, DEDICATED, "7")
    assert (found.confidence, found.also, found.targets) == (0.333, (Segment.DEVICE,), ("tslcd-dvc",))


def test_a_router_alone_that_still_reaches_something_there_has_had_bad_luck() -> None:
    assert places(night(("router-7", "dvc")), ROUTERS) == []
    both = ("tslcd-dvc", "tslcd-mail")
    assert places(night(("router-7", "tslcd-dvc"), asked=both), ROUTERS) == []


def test_a_router_beside_others_that_tell_is_not_alone() -> None:
    one_fails = night(("router-7", "tslcd-dvc"))
    tree = Topology(
        units={**ROUTERS.units, "kiosk": "7"}, lines=ROUTERS.lines, networks=ROUTERS.networks
    )  # fmt: skip
    kiosk = Observation(device="kiosk", at=NOW, target="tslcd-dvc")
    assert places([*one_fails, kiosk], tree) == []


def test_routers_alone_that_all_lose_a_system_tell_of_the_system() -> None:
    """Their provider there carries nothing else that is asked, so it may be that."""
    (found,) = attribute(night(*((router, "tslcd-dvc") for router in ROUTERS.units)), ROUTERS)
    assert (found.segment, found.subject) == (Segment.DESTINATION, "tslcd-dvc")
    assert INTERNET not in found.also
