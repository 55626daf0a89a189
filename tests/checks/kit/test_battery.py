"""Batteries and adapters as Linux and Windows describe them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from checks.kit import battery
from checks.kit.battery import Power, described
from checks.kit.host import Host

Supplies = Callable[..., Host]


@pytest.fixture
def supplies(tmp_path: Path) -> Supplies:
    """A host whose /sys/class/power_supply holds these supplies: each a name and its files."""

    def build(**found: dict[str, object]) -> Host:
        for name, files in found.items():
            folder = tmp_path / "sys/class/power_supply" / name
            folder.mkdir(parents=True)
            for file, content in files.items():
                (folder / file).write_text(f"{content}\n")
        return Host(str(tmp_path))

    return build


THINKPAD = {
    "type": "Battery", "present": 1, "status": "Discharging", "capacity": 43, "cycle_count": 612,
    "energy_full_design": 47_520_000, "energy_full": 31_060_000, "energy_now": 13_420_000,
}  # fmt: skip
ADAPTER = {"type": "Mains", "online": 0}
MOUSE = {"type": "Battery", "scope": "Device", "present": 1, "status": "Discharging", "capacity": 5}


def test_a_laptop_on_its_battery(supplies: Supplies) -> None:
    """Health is what it holds of what it held when new."""
    found = battery.linux(supplies(BAT0=THINKPAD, AC=ADAPTER, hidpp_battery_0=MOUSE))
    assert (found.battery, found.status, found.cycles, found.mains) == (True, "discharging", 612, False)
    assert found.charge == pytest.approx(0.4321, abs=1e-4)
    assert found.health == pytest.approx(0.6536, abs=1e-4)


def test_two_batteries_are_one_account(supplies: Supplies) -> None:
    """One discharges while the other waits: the laptop discharges, with what both hold."""
    second = THINKPAD | {"status": "Not charging", "energy_now": 31_060_000, "cycle_count": 0}
    found = battery.linux(supplies(BAT0=THINKPAD, BAT1=second))
    assert (found.status, found.cycles, found.mains) == ("discharging", 612, None)
    assert found.charge == pytest.approx((13.42 + 31.06) / 62.12)


def test_a_tablet_that_counts_in_ampere_hours(supplies: Supplies) -> None:
    """Charged over USB; its design is not told, so its health is unknown."""
    cell = {"type": "Battery", "status": "Charging", "charge_full": 8_000_000, "charge_now": 6_000_000, "capacity": 74}
    found = battery.linux(supplies(max170xx_battery=cell, usb={"type": "USB", "online": 1}))
    assert found == Power(battery=True, status="charging", charge=0.75, mains=True)


def test_a_battery_that_tells_only_its_percentage(supplies: Supplies) -> None:
    """Some firmware does."""
    found = battery.linux(supplies(BAT0={"type": "Battery", "status": "Full", "capacity": 100}))
    assert found == Power(battery=True, status="full", charge=1.0)


def test_a_desk_pc_has_none(supplies: Supplies) -> None:
    """And nobody to ask for the mains; a mouse's battery is not the PC's, an empty bay holds none."""
    assert battery.linux(Host("/nonexistent")) == Power(battery=False)
    assert battery.linux(supplies(mouse=MOUSE, BAT1={"type": "Battery", "present": 0})) == Power(battery=False)


@pytest.mark.parametrize(
    "files",
    [
        {"energy_full": 0, "energy_now": 0},
        {"energy_full": 10, "energy_now": 5, "energy_full_design": 0, "capacity": 300},
        {"energy_full": "x", "capacity": "", "cycle_count": -1},
        {"capacity": -1, "status": "Unknown"},
        {"energy_full": 10**9, "energy_full_design": 10, "energy_now": 10**15},
    ],
)
def test_placeholders_of_firmware_are_unknown(supplies: Supplies, files: dict[str, object]) -> None:
    """None of them is a number to act on."""
    found = battery.linux(supplies(BAT0={"type": "Battery", "status": "Unknown", **files}))
    assert (found.health, found.cycles, found.status) == (None, None, None)
    assert found.charge in (None, 0.5)


@pytest.mark.parametrize(
    ("told", "power"),
    [
        ((1, 128, 255), Power(battery=False, mains=True)),
        ((0, 1, 71), Power(battery=True, status="discharging", charge=0.71, mains=False)),
        ((1, 8 | 1, 80), Power(battery=True, status="charging", charge=0.8, mains=True)),
        ((1, 1, 100), Power(battery=True, status="full", charge=1.0, mains=True)),
        ((1, 0, 60), Power(battery=True, status="not_charging", charge=0.6, mains=True)),
        ((255, 255, 255), Power()),
        ((255, 4, 3), Power(battery=True, charge=0.03)),
    ],
)
def test_windows_tells_it_in_three_numbers(told: tuple[int, int, int], power: Power) -> None:
    """SYSTEM_POWER_STATUS as its documentation describes it."""
    assert described(*told) == power


def test_elsewhere_windows_says_nothing() -> None:
    """Its call is not there."""
    assert battery.windows() is None
