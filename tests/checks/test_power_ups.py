"""The UPS as Debian's NUT tells of it: a real upsd, with a driver for each state that a UPS can be in."""

from __future__ import annotations

import io
import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import onsite
from agent.terminal import Terminal
from checks import power
from checks.kit import nut, registry, words
from checks.kit.host import Host
from checks.kit.model import Job, Meter, Outcome, Reading, decode_params
from checks.kit.net import Net
from tests.checks.conftest import environment, values
from tests.lab.nut import SERIAL, NutServer, serving

FULL = {"battery.charge": "97", "battery.runtime": "1260", "ups.load": "31", "input.voltage": "221.5"}
DEVICES: dict[str, dict[str, str]] = {
    "online": {"ups.status": "OL CHRG", **FULL},
    "dark": {"ups.status": "OB DISCHRG", **FULL},
    "low": {"ups.status": "OB LB", "battery.charge": "8"},
    "forced": {"ups.status": "FSD OL"},
    "worn": {"ups.status": "OL RB"},
    "heavy": {"ups.status": "OL OVER", "ups.load": "112"},
    "recharging": {"ups.status": "OL CHRG LB", "battery.charge": "15"},
    "testing": {"ups.status": "OB CAL", "battery.charge": "60"},
    "bypassed": {"ups.status": "OL BYPASS"},
    "weak": {"ups.status": "OL BOOST", "input.voltage": "186"},
    "killed": {"ups.status": "OL"},
    "hung": {"ups.status": "OL"},
    "switched": {"ups.status": "OL"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NutServer]:
    with serving(tmp_path_factory.mktemp("nut"), DEVICES, max_age=5) as found:
        yield found


def read(seconds: float = 10.0, meter: Meter | None = None, **params: Any) -> Reading:
    env = environment(Net(meter=meter), Host("/nonexistent"), seconds=seconds)
    return power.run(decode_params(power.CHECK, params), env)


def test_a_ups_on_the_mains_is_well_and_measured(server: NutServer) -> None:
    """Charge, time left, load and voltage in base units; the serial number stays where it is."""
    meter = Meter()
    found = read(nut=server.address, ups="online", meter=meter)
    assert (found.outcome, found.reason) == (Outcome.OK, None)
    assert values(found) == {
        "power_mains": 1, "power_ups_charge": 0.97, "power_ups_runtime": 1260, "power_ups_load": 0.31,
        "power_ups_input_volts": 221.5,
    }  # fmt: skip
    assert found.facts == {
        "battery": False, "ups": True, "ups_state": "charging", "ups_model": "Santak Blazer 1000",
        "ups_battery_date": "2024-03-01",
    }  # fmt: skip
    assert SERIAL not in msgspec.json.encode(found).decode()
    assert meter.sockets == 1
    assert meter.received > 300


@pytest.mark.parametrize(
    ("ups", "reason", "state", "mains"),
    [
        ("dark", "on_battery", "on_battery", 0),
        ("low", "battery_low", "low_battery", 0),
        ("forced", "battery_low", "low_battery", 1),
        ("worn", "battery_replace", "replace_battery", 1),
        ("heavy", "ups_overload", "overload", 1),
        ("recharging", None, "charging", 1),
        ("testing", None, "calibrating", None),
        ("bypassed", None, "bypass", 1),
        ("weak", None, "boost", 1),
    ],
)
def test_each_state_of_a_ups_is_told(
    server: NutServer, ups: str, reason: str | None, state: str, mains: int | None
) -> None:
    """Only what somebody should act on is a failure: a battery that charges again, or is tested on purpose, is not."""
    found = read(nut=server.address, ups=ups)
    assert found.reason == reason
    assert found.outcome is (Outcome.FAILED if reason else Outcome.OK)
    assert (found.facts["ups_state"], values(found).get("power_mains")) == (state, mains)


@pytest.mark.parametrize("ups", ["dark", "low", "worn", "heavy"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_technician_reads_it_in_both_languages(server: NutServer, ups: str, lang: str) -> None:
    """As ``sansang-agent check`` prints it: the reason's words, and the state of the UPS among the details."""
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    terminal = Terminal(screen, words, lang, details=True)
    job = Job(check="power", params={"nut": server.address, "ups": ups})
    env = environment(Net(), Host("/nonexistent"))
    result = onsite.run_all([job], registry.load, lambda _: env, env.clock, terminal)[0]
    screen.seek(0)
    shown = screen.read()
    assert words.reason(result.reason, lang).title in shown
    assert power._UPS_STATES[str(result.facts["ups_state"])][lang] in shown


def test_of_several_the_gravest_counts(server: NutServer) -> None:
    """Whatever the others say."""
    assert read(nut=server.address).reason == "battery_low"


def test_the_mains_going_and_coming_back_are_seen(server: NutServer) -> None:
    """The same UPS, run after run."""
    told = []
    for status, state in (("OB", "on_battery"), ("OB LB", "low_battery"), ("OL CHRG", "charging")):
        server.set("switched", **{"ups.status": status})
        server.until("switched", state)
        told.append(read(nut=server.address, ups="switched").reason)
    assert told == ["on_battery", "battery_low", None]


def test_a_driver_that_died_makes_its_ups_unreachable(server: NutServer) -> None:
    """It is listed and says nothing: no state is made up."""
    server.signal_driver("killed", signal.SIGKILL)
    server.until("killed", "unreachable", "driver-not-connected")
    found = read(nut=server.address, ups="killed")
    assert (found.outcome, found.reason) == (Outcome.FAILED, "ups_unreachable")
    assert found.detail == "the driver of the UPS does not run"
    assert values(found) == {}
    assert found.facts == {
        "battery": False, "ups": True, "ups_state": "unreachable", "ups_model": None, "ups_battery_date": None,
    }  # fmt: skip


def test_a_driver_that_hangs_makes_its_ups_stale(server: NutServer) -> None:
    """What it said last is not told again as if it were so now."""
    server.signal_driver("hung", signal.SIGSTOP)
    server.until("hung", "unreachable", "data-stale")
    found = read(nut=server.address, ups="hung")
    assert (found.reason, found.detail) == ("ups_unreachable", "the UPS server hears nothing new from the UPS")


def test_a_name_the_server_does_not_know_is_unreachable(server: NutServer) -> None:
    """A typing error in the configuration shows."""
    found = read(nut=server.address, ups="nobody")
    assert (found.reason, found.detail) == ("ups_unreachable", "the UPS server has no UPS of this name")


def test_a_configured_server_that_is_not_there_is_unreachable() -> None:
    """Nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = read(nut=f"127.0.0.1:{port}")
    assert (found.outcome, found.reason, found.facts["ups"]) == (Outcome.FAILED, "ups_unreachable", None)
    assert found.detail == "the UPS server cannot be reached: the connection was refused when connecting"


def test_without_a_server_of_its_own_a_pc_has_no_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asked for one: that is no failure."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setattr(nut, "PORT", closed.getsockname()[1])
    found = read()
    assert (found.outcome, found.facts) == (Outcome.OK, {"battery": False, "ups": False})


def test_a_server_of_its_own_is_found_without_being_named(server: NutServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the port that NUT has everywhere."""
    monkeypatch.setattr(nut, "PORT", server.port)
    assert read(ups="dark").reason == "on_battery"


def test_something_else_on_nuts_port_is_no_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that says nothing leaves it unknown, within the seconds given; configured, it is unreachable."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        began = time.monotonic()
        assert read(nut=f"127.0.0.1:{port}", timeout=0.2).detail == "the UPS server does not answer in time"
        monkeypatch.setattr(nut, "PORT", port)
        found = read(timeout=0.2)
        assert time.monotonic() - began < 8
    assert (found.outcome, found.facts) == (Outcome.OK, {"battery": False, "ups": None})


def test_a_reading_is_small(server: NutServer) -> None:
    """Every byte is sent, ninety times a day."""
    assert len(json.dumps(msgspec.to_builtins(read(nut=server.address, ups="online")))) < 700


@pytest.mark.parametrize("server_text", ["a b", "x:99999", "[::1", "x" * 300])
def test_an_impossible_server_is_refused(server_text: str) -> None:
    """When the configuration is read."""
    with pytest.raises(msgspec.ValidationError):
        decode_params(power.CHECK, {"nut": server_text})


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A server that is stopped has no process and no port any more."""
    with serving(tmp_path, {"one": {"ups.status": "OL"}}) as found:
        assert found.ask("one").state == "online"
    assert found.ask("one").state == "unreachable"
