"""The batteries a PC runs on and its mains adapter, as the operating system describes them.

On Linux /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power), on Windows GetSystemPowerStatus (written
from the documentation, not yet proven on a PC). What is not told, or is told as a placeholder, is None.
"""

from __future__ import annotations

import sys

from msgspec import Struct

from checks.kit.host import Host

SUPPLIES = "/sys/class/power_supply"
STATUSES = ("discharging", "charging", "full", "not_charging")
_MOST = 16
_TELLING = ("energy", "charge")  # µWh or µAh: of one battery always the same of the two
_HEALTHIEST = 1.3
_CYCLES = 100_000
_MAINS = ("Mains", "USB", "Wireless")
_NO_BATTERY, _CHARGING, _UNKNOWN = 128, 8, 255


class Power(Struct, frozen=True):
    """``battery``: whether there is one. ``charge`` is the part of what it holds now, ``health`` the part of what it
    held when new, both 0 to 1 (a new one may hold a little more); ``cycles`` are full charges so far. ``mains``:
    whether an adapter gives power; None where there is none to ask."""

    battery: bool | None = None
    status: str | None = None
    charge: float | None = None
    health: float | None = None
    cycles: int | None = None
    mains: bool | None = None


class _Battery(Struct):
    status: str | None
    now: float | None
    full: float | None
    design: float | None
    capacity: float | None
    cycles: int | None


def linux(host: Host) -> Power:
    """All batteries of the PC together; those of mice and keyboards are none of its own."""
    batteries, adapters = [], []
    for name in host.names(SUPPLIES)[:_MOST]:
        folder = f"{SUPPLIES}/{name}"
        kind = _text(host, f"{folder}/type")
        if _text(host, f"{folder}/scope") == "Device":
            continue
        if kind == "Battery" and _text(host, f"{folder}/present") != "0":
            batteries.append(_battery(host, folder))
        elif kind in _MAINS and (online := _whole(host, f"{folder}/online")) is not None:
            adapters.append(online > 0)
    return summarise(batteries, any(adapters) if adapters else None)


def summarise(batteries: list[_Battery], mains: bool | None) -> Power:
    """One account of several batteries: laptops with two use them one after the other."""
    if not batteries:
        return Power(battery=False, mains=mains)
    found = {battery.status for battery in batteries}
    cycles = [battery.cycles for battery in batteries if battery.cycles]
    return Power(
        battery=True,
        status=next((status for status in STATUSES if status in found), None),
        charge=_charge(batteries),
        health=_ratio([(battery.full, battery.design) for battery in batteries], _HEALTHIEST),
        cycles=max(cycles) if cycles else None,
        mains=mains,
    )


def _charge(batteries: list[_Battery]) -> float | None:
    found = _ratio([(battery.now, battery.full) for battery in batteries], _HEALTHIEST)
    told = [battery.capacity for battery in batteries if battery.capacity is not None]
    if found is None and len(told) == len(batteries):
        found = sum(told) / len(told) / 100
    return None if found is None else min(1.0, found)


def _ratio(parts: list[tuple[float | None, float | None]], most: float) -> float | None:
    """The sum of the first by the sum of the second, when all are known and it is plausible."""
    above = [part for part, _ in parts if part is not None]
    below = [whole for _, whole in parts if whole]
    if len(above) < len(parts) or len(below) < len(parts):
        return None
    found = sum(above) / sum(below)
    return found if 0 <= found <= most else None


def _battery(host: Host, folder: str) -> _Battery:
    status = (_text(host, f"{folder}/status") or "").lower().replace(" ", "_")
    kind = next((kind for kind in _TELLING if _whole(host, f"{folder}/{kind}_full") is not None), _TELLING[0])
    now, full, design = (_positive(host, f"{folder}/{kind}_{name}") for name in ("now", "full", "full_design"))
    capacity = _whole(host, f"{folder}/capacity")
    cycles = _whole(host, f"{folder}/cycle_count")
    return _Battery(
        status=status if status in STATUSES else None,
        now=now,
        full=full,
        design=design,
        capacity=capacity if capacity is not None and 0 <= capacity <= 100 else None,
        cycles=cycles if cycles is not None and 0 < cycles < _CYCLES else None,
    )


def _text(host: Host, path: str) -> str | None:
    found = host.read(path)
    return None if found is None else found.strip()[:64]


def _whole(host: Host, path: str) -> int | None:
    text = _text(host, path) or ""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def _positive(host: Host, path: str) -> float | None:
    found = _whole(host, path)
    return None if found is None or found < 0 else float(found)


def windows() -> Power | None:
    """What Windows says; None elsewhere, or when it says nothing. Not yet proven on a PC."""
    if sys.platform == "win32":
        import ctypes

        class Status(ctypes.Structure):
            _fields_ = [
                ("line", ctypes.c_ubyte), ("flag", ctypes.c_ubyte), ("percent", ctypes.c_ubyte),
                ("system", ctypes.c_ubyte), ("left", ctypes.c_uint32), ("full", ctypes.c_uint32),
            ]  # fmt: skip

        found = Status()
        if ctypes.windll.kernel32.GetSystemPowerStatus(ctypes.byref(found)):
            return described(found.line, found.flag, found.percent)
    return None


def described(line: int, flag: int, percent: int) -> Power:
    """A SYSTEM_POWER_STATUS: its ACLineStatus, BatteryFlag and BatteryLifePercent. Not yet proven on a PC."""
    mains = {0: False, 1: True}.get(line)
    if flag == _UNKNOWN:
        return Power(mains=mains)
    if flag & _NO_BATTERY:
        return Power(battery=False, mains=mains)
    return Power(
        battery=True,
        status="charging" if flag & _CHARGING else _status(mains, percent),
        charge=percent / 100 if percent <= 100 else None,
        mains=mains,
    )


def _status(mains: bool | None, percent: int) -> str | None:
    if mains is None:
        return None
    if not mains:
        return "discharging"
    return "full" if percent == 100 else "not_charging"
