"""Which part is blamed where nobody has told who carries a unit, and where one PC alone tells of its office."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import Line, Observation, Topology
from tests.collector.attribution.attribute_small import NOW, look

UNITS = 168


def places(
    cut: range, *, inside: int = 3, systems: int = 8, provider: Callable[[int], str] = lambda unit: "", since: int = NOW
) -> Counter[str]:
    """How many findings of each segment a city has whose units `cut` reach no system since `since`."""
    units = {f"{unit:03d}-{number}": f"{unit:03d}" for unit in range(UNITS) for number in range(inside)}
    topology = Topology(
        units=units, lines={f"{unit:03d}": (Line(provider=provider(unit)),) for unit in range(UNITS)}
    )  # fmt: skip
    seen = [
        Observation(device=device, at=at, target=f"t{target}", ok=not bad, reason="tcp_timeout" if bad else "")
        for device, unit in units.items() for target in range(systems) for at in sorted({since - 1, NOW})
        for bad in [int(unit) in cut and at >= since]
    ]  # fmt: skip
    return Counter(one.segment.value for one in attribute(seen, topology))


@pytest.mark.parametrize("number", [12, 20, 40, 60])
def test_lines_of_which_no_provider_is_told_are_not_the_systems(number: int) -> None:
    """All other units reach every system."""
    assert places(range(number)) == {"access": number}


def test_few_systems_are_no_more_to_blame_than_many() -> None:
    assert places(range(60), systems=2) == {"access": 60}


def test_a_window_that_goes_back_before_the_lines_were_cut_blames_them_as_well() -> None:
    assert places(range(40), since=NOW - 60_000_000) == {"access": 40}


def test_a_provider_that_half_of_its_units_told_is_blamed_beside_the_lines_of_the_others() -> None:
    names = ("VNPT", "Viettel", "FPT")
    told = places(range(0, UNITS, 3), provider=lambda unit: names[unit % 3] if unit % 2 else "")
    assert told == {"provider": 1, "access": 28}


def test_systems_that_hardly_anybody_reaches_are_down_all_the_same() -> None:
    assert places(range(160)) == {"destination": 8}


def alone(*, looks: bool, reach: Segment = Segment.LAN) -> list[tuple[str, tuple[Segment, ...]]]:
    """One PC asks eight systems and reaches none; its neighbours' offices do."""
    units = {f"pc-{number}": str(number) for number in range(6)}
    topology = Topology(units=units, lines=dict.fromkeys(units.values(), (Line(provider="VNPT"),)))
    seen = [
        Observation(device=device, at=NOW, target=f"t{target}", ok=unit != "0", reason="tcp_timeout" * (unit == "0"))
        for device, unit in units.items() for target in range(8)
    ]  # fmt: skip
    around = [look("pc-0", reach=reach)] * looks
    return [(one.segment.value, one.also) for one in attribute([*seen, *around], topology)]


def test_the_only_pc_of_an_office_may_be_at_fault_itself() -> None:
    assert alone(looks=False) == [("access", (Segment.DEVICE, Segment.LAN))]


def test_a_pc_that_sees_its_router_may_be_at_fault_itself() -> None:
    """Its router answers, so the office's network works; its own proxy may still stop it."""
    assert alone(looks=True) == [("access", (Segment.DEVICE,))]
