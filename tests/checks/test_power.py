"""The battery, and the times this PC was off, as the check tells them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks import power
from checks.kit import nut, outage, registry
from checks.kit.failure import NetError
from checks.kit.host import Host, System
from checks.kit.model import Boot, Env, Outcome, Reading, Reason, decode_params
from checks.kit.net import Net
from tests.checks.conftest import FixedClock, environment, values

DAY = 1_790_000_000
"""A moment, epoch seconds: when the clock of these tests says it is. Their PC booted an hour before."""


class Linux(Host):
    """A Linux PC with the files of a folder."""

    def system(self) -> System:
        return System("linux", "6.1.0", "x86_64")


class Windows(Host):
    """A Windows PC that says nothing."""

    def system(self) -> System:
        return System("windows", "10.0.19045", "amd64")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No UPS server and no account of this machine takes part."""
    monkeypatch.setattr(nut, "PORT", 1)
    monkeypatch.setattr(outage, "WTMP", str(tmp_path / "wtmp"))


def boots(*parts: tuple[float, float, bool]) -> tuple[Boot, ...]:
    """Boots by when the agent first and last lived in them (seconds from DAY) and whether it was stopped."""
    found = [
        Boot(f"boot-{number}", int((DAY + first) * 1e6), int((DAY + last) * 1e6), 30.0, stopped)
        for number, (first, last, stopped) in enumerate(parts)
    ]
    return tuple(found)


CUT = boots((-90_000, -80_000, True), (-40_000, -7_000, False), (-3_570, 0, False))
"""Shut down in the evening, cut off at noon, and on again since an hour."""


def env_of(host: Host | None = None, account: tuple[Boot, ...] = (), **kept: Any) -> Env:
    env = environment(Net(), host or Linux("/nonexistent"), clock=FixedClock(DAY * 1_000_000))
    return msgspec.structs.replace(env, boots=account, **kept)


def read(env: Env, **params: Any) -> Reading:
    return power.run(decode_params(power.CHECK, params), env)


def test_a_desk_pc_on_its_first_day_is_well() -> None:
    """Without a battery, a UPS or a past there is little to say, and nothing is made up."""
    found = read(env_of(account=boots((-3_570, 0, False))))
    assert (found.outcome, found.samples) == (Outcome.OK, ())
    assert found.facts == {"battery": False, "ups": False}


def test_a_laptop_on_its_battery_is_no_failure(tmp_path: Path) -> None:
    """It is told; whether that is bad is judged elsewhere."""
    for name, files in {
        "BAT0": {"type": "Battery", "status": "Discharging", "energy_now": "5", "energy_full": "20",
                 "energy_full_design": "50", "cycle_count": "800"},
        "AC": {"type": "Mains", "online": "0"},
    }.items():  # fmt: skip
        folder = tmp_path / "sys/class/power_supply" / name
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_text(content)
    found = read(env_of(Linux(str(tmp_path))))
    assert found.outcome is Outcome.OK
    assert values(found) == {
        "power_mains": 0, "power_battery_charge": 0.25, "power_battery_health": 0.4, "power_battery_cycles": 800,
    }  # fmt: skip
    assert found.facts == {"battery": True, "battery_status": "discharging", "ups": False}


def test_an_outage_is_told_in_the_times_of_then() -> None:
    """From the last sign of life to the boot; how often that happened, and how long each kind lasted."""
    found = read(env_of(account=CUT))
    assert found.outcome is Outcome.OK
    assert values(found) == {
        "power_boots": 3, "power_unclean_shutdowns": 1, "power_off:clean": 39_970, "power_off:unclean": 3_400,
    }  # fmt: skip
    assert {name: value for name, value in found.facts.items() if "_" in name} == {
        "last_outage_began": DAY - 7_000,
        "last_outage_ended": DAY - 3_600,
        "last_outage_seconds": 3_400,
        "last_outage_clean": False,
        "last_unclean_began": DAY - 7_000,
        "boots_since": DAY - 90_030,
    }


def test_a_clean_night_leaves_the_last_cut_visible() -> None:
    """The newest time off is the night; the cut of the day before is still dated."""
    account = boots((-90_000, -80_000, False), (-70_000, -40_000, True), (-3_570, 0, False))
    found = read(env_of(account=account)).facts
    assert (found["last_outage_clean"], found["last_outage_began"]) == (True, DAY - 40_000)
    assert found["last_unclean_began"] == DAY - 80_000


def test_a_clock_that_was_wrong_gives_unknown_not_nonsense() -> None:
    """The boot counts, its length does not."""
    account = boots((-90_000, -80_000, False), (-800_000_000, -799_999_000, False))
    found = read(env_of(account=account))
    assert values(found) == {"power_boots": 2, "power_unclean_shutdowns": 1}
    assert found.facts["last_outage_seconds"] is None
    assert found.facts["last_outage_ended"] is None
    assert found.facts["last_outage_clean"] is False


def write_wtmp(path: Path, *shutdown_before: bool) -> None:
    """An account of boots, the last an hour before DAY, each after a shutdown or not."""
    rows = b""
    for back, clean in zip(range(len(shutdown_before), 0, -1), shutdown_before, strict=True):
        at = DAY - 3_600 * back
        rows += struct.pack("=h42x32s256s8xi40x", 1, b"shutdown", b"", at - 60) if clean else b""
        rows += struct.pack("=h42x32s256s8xi40x", 2, b"reboot", b"", at)
    path.write_bytes(rows)


def test_the_systems_own_account_goes_before_the_agents(tmp_path: Path) -> None:
    """An agent that was killed before an orderly shutdown, and one that was stopped before a power cut."""
    stopped = boots((-90_000, -80_000, False), (-40_000, -7_000, True), (-3_570, 0, False))
    write_wtmp(tmp_path / "wtmp", True, True)
    assert read(env_of(account=CUT)).facts["last_outage_clean"] is True
    write_wtmp(tmp_path / "wtmp", True, False)
    assert read(env_of(account=stopped)).facts["last_outage_clean"] is False


def test_what_the_system_said_is_kept_and_asked_once(tmp_path: Path) -> None:
    """Of a boot that ended: its account may be rotated away, and is not read every quarter of an hour."""
    memory: dict[str, Any] = {}
    lasting: dict[str, Any] = {"clean": {"forgotten": True}}
    write_wtmp(tmp_path / "wtmp", True, True)
    assert read(env_of(account=CUT, memory=memory, lasting=lasting)).facts["last_outage_clean"] is True
    assert lasting == {"clean": {"boot-1": True}}
    (tmp_path / "wtmp").unlink()
    assert read(env_of(account=CUT, memory={}, lasting=lasting)).facts["last_outage_clean"] is True
    assert read(env_of(account=CUT, memory=memory, lasting={})).facts["last_outage_clean"] is False
    write_wtmp(tmp_path / "wtmp", True, True)
    assert read(env_of(account=CUT, memory=memory, lasting={})).facts["last_outage_clean"] is False


def test_a_foreign_memory_is_replaced() -> None:
    """The job's params or an older version may have left anything."""
    lasting: dict[str, Any] = {"clean": [1]}
    assert read(env_of(account=CUT, lasting=lasting)).facts["last_outage_clean"] is False
    assert lasting == {"clean": {}}


def test_where_the_system_says_nothing_an_end_is_not_called_a_cut() -> None:
    """Windows may end the agent without a word when it shuts down: unknown, unless the agent was stopped."""
    found = read(env_of(Windows("/nonexistent"), CUT))
    assert (found.facts["last_outage_clean"], found.facts["battery"]) == (None, None)
    assert values(found)["power_unclean_shutdowns"] == 0


def test_a_pc_that_may_not_ask_could_not_measure() -> None:
    """That says nothing of the UPS; the rest is told."""

    class Forbidding(Net):
        def resolve(self, *_: Any, **__: Any) -> Any:
            raise NetError(Reason.PERMISSION, "this device forbids it when connecting")

    env = msgspec.structs.replace(env_of(account=CUT), net=Forbidding())
    found = read(env, nut="10.0.0.1")
    assert (found.outcome, found.reason) == (Outcome.ERROR, Reason.PERMISSION)
    assert found.facts["last_outage_clean"] is False
    assert read(env).facts["ups"] is None


def test_a_reading_with_a_past_is_small() -> None:
    """It goes out up to 96 times a day."""
    assert len(json.dumps(msgspec.to_builtins(read(env_of(account=CUT))))) < 700


def test_it_runs_in_the_agents_own_process() -> None:
    """A few files and one connection: a child would cost more."""
    assert "power" in registry.RESIDENT
