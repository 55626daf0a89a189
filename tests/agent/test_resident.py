"""The resident process, started as people start it, against a collector on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agent.collecting import Collector, collecting

AGENT = Path(sys.executable).parent / "sansang-agent"


def wait_for(what: object, seconds: float = 60.0) -> None:
    """Until `what()` is true."""
    until = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.05)


@contextmanager
def running(file: Path) -> Iterator[subprocess.Popen[str]]:
    """``sansang-agent run``; killed at the end if it still is there."""
    process = subprocess.Popen([AGENT, "run", "--config", file], stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def enrolled(tmp_path: Path) -> Iterator[tuple[Path, Collector]]:
    """Settings of a device enrolled with a collector that gives it one connectivity job and linger of a second."""
    file = tmp_path / "agent.yaml"
    file.write_text(f"state_dir: {tmp_path}/state\npush: {{linger: 1}}\n", "utf-8")
    with collecting() as collector:
        subprocess.run([AGENT, "enrol", "--config", file, collector.url, "good"], check=True, capture_output=True)
        collector.config = {
            "etag": "one",
            "unit": "27259",
            "jobs": [
                {"check": "connectivity", "target": "here", "every": 1, "params": {"url": f"{collector.url}/"}},
                {"check": "made_later", "target": "x"},
            ],
            "push": {"linger": 1},
        }
        yield file, collector


def test_results_arrive_and_sigterm_ends_it_in_time(enrolled: tuple[Path, Collector]) -> None:
    """Configuration fetched, jobs run, results pushed, nothing of the heavy libraries loaded, a clean end."""
    file, collector = enrolled
    state = file.parent / "state"
    with running(file) as process:
        wait_for(lambda: len(collector.stored) >= 3)
        wait_for(lambda: json.loads((state / "status.json").read_text())["contact"]["state"] == "ok")
        status = subprocess.run([AGENT, "status", "--config", file], capture_output=True, text=True, check=False)
        assert status.returncode == 0, status
        second = subprocess.run([AGENT, "run", "--config", file], capture_output=True, text=True, check=False)
        assert (second.returncode, second.stderr) == (
            1,
            f"sansang-agent: {state}/spool.db: another agent is using this spool\n",
        )
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
        assert time.monotonic() - began < 10
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert events[0] == "started"
    assert events[-1] == "stopped"
    checks = {json.loads(body)["check"] for body in collector.stored.values()}
    assert checks == {"connectivity"}
    assert set(collector.times_stored.values()) == {1}


def test_checks_of_their_own_process_run_and_are_refused_when_they_do_not_fit(
    enrolled: tuple[Path, Collector],
) -> None:
    """Their results arrive like any other; params that their check does not take keep the earlier configuration."""
    file, collector = enrolled
    collector.config["jobs"] = [{"check": "clock", "every": 1}]
    with running(file):
        wait_for(lambda: len(collector.stored) >= 3)
        collector.config = {**collector.config, "etag": "two", "jobs": [{"check": "clock", "params": {"samples": 99}}]}
        wait_for(lambda: collector.batches[-1].health.get("config_refused", 0) >= 1)
        count = len(collector.stored)
        wait_for(lambda: len(collector.stored) > count)
    assert {json.loads(body)["check"] for body in collector.stored.values()} == {"clock"}
    assert {json.loads(body)["outcome"] for body in collector.stored.values()} == {"ok"}


def test_a_killed_agent_goes_on_where_it_was(enrolled: tuple[Path, Collector]) -> None:
    """Same epoch, following numbers, and the configuration of last time without asking."""
    file, collector = enrolled
    with running(file) as process:
        wait_for(lambda: len(collector.stored) >= 2)
        process.kill()
    last = max(collector.stored)
    asked = collector.requests.count("GET /v1/config")
    with running(file):
        wait_for(lambda: max(collector.stored) > (last[0], last[1] + 1))
    epochs = {epoch for epoch, _ in collector.stored}
    assert len(epochs) == 1
    assert collector.durable(last[0]) == max(collector.stored)[1] + 1
    assert collector.requests.count("GET /v1/config") == asked


def test_boots_and_outages_survive_a_kill_and_a_stop(enrolled: tuple[Path, Collector]) -> None:
    """The power check runs in the agent's first seconds; an agent that is killed was not stopped, one that is told to
    stop was, and both are of one boot."""
    file, collector = enrolled
    collector.config["jobs"] = [{"check": "power", "every": 1}]
    state = file.parent / "state"
    state.joinpath("boots.json").write_text(
        '{"boots": [{"id": "before", "first": 1790000000000000, "last": 1790007200000000, "after": 30.0}]}'
    )

    def account() -> list[tuple[bool, bool]]:
        boots = json.loads((state / "boots.json").read_text())["boots"]
        return [(boot["id"] == "before", boot["stopped"]) for boot in boots]

    with running(file) as process:
        wait_for(lambda: collector.stored)
        process.kill()
    assert account() == [(True, False), (False, False)]
    last = max(collector.stored)
    with running(file) as process:
        wait_for(lambda: max(collector.stored) > (last[0], last[1] + 1))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert account() == [(True, False), (False, True)]
    for body in collector.stored.values():
        facts = json.loads(body)["facts"]
        assert facts["last_outage_began"] == 1790007200
        assert facts["last_outage_ended"] > 1790007200


def test_an_unreadable_spool_is_one_clear_line(enrolled: tuple[Path, Collector]) -> None:
    """And exit code 1."""
    file, _ = enrolled
    (file.parent / "state/spool.db").mkdir()
    done = subprocess.run([AGENT, "run", "--config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"sansang-agent: {file.parent}/state/spool.db: cannot be opened: unable to open database file\n"
    )


def test_the_resident_process_started_by_hand_says_how_to(tmp_path: Path) -> None:
    """It is not meant to be."""
    environment = {name: value for name, value in os.environ.items() if name != "SANSANG_AGENT_CONFIG"}
    done = subprocess.run(
        [sys.executable, "-m", "agent.resident"], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, done.stderr) == (2, "sansang-agent: this process is started by: sansang-agent run\n")


HEAVY = (
    "asyncio http.client email logging dataclasses inspect argparse click yaml psutil pathlib typing_extensions "
    "subprocess"
)
LOOK = f"""
import sys
from agent import resident
resident.slim()
import agent.service
from checks.kit import apart, child, clock, host, net, registry
for name in registry.RESIDENT:
    registry.load(name)
print(sorted(set({HEAVY.split()!r}) & {{name for name, module in sys.modules.items() if module is not None}}))
"""


def test_the_resident_process_loads_nothing_heavy() -> None:
    """Each of these costs a tenth of what it may use."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-S", "-c", LOOK],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": root + os.pathsep + path},
    )
    assert done.stdout == "[]\n"


HIDDEN = "fcntl pwd grp resource termios"
PORTABLE = f"""
import importlib, os, pkgutil, sys
for name in {HIDDEN.split()!r}:
    sys.modules[name] = None
for name in ("fork", "forkpty", "execve", "geteuid", "getuid", "setsid", "killpg"):
    if hasattr(os, name):
        delattr(os, name)
import agent, checks, checks.kit
for package in (agent, checks, checks.kit):
    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg and f"{{package.__name__}}.{{module.name}}" != "checks.kit.raw":
            importlib.import_module(f"{{package.__name__}}.{{module.name}}")
print("imported")
"""


def test_agent_and_checks_import_without_what_only_unix_has() -> None:
    """They run on Windows PCs."""
    done = subprocess.run([sys.executable, "-c", PORTABLE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("imported\n", "")


BROKEN = """
import importlib
from agent import resident
real = importlib.import_module

def refuse(name):
    real("msgspec._core")
    raise ImportError("another release needs what was left out")

importlib.import_module = refuse
resident.slim()
import msgspec, platform, typing_extensions
assert msgspec.json.decode(b"[1.5]", type=list[float]) == [1.5]
assert platform.python_version() and msgspec.toml and msgspec.msgpack.encode(1) == b"\\x01"
"""


def test_an_msgspec_that_needs_what_was_left_out_is_imported_whole() -> None:
    """The agent then weighs more, and works."""
    path = os.pathsep.join(entry for entry in [*sys.path, str(Path(__file__).parents[2])] if entry)
    done = subprocess.run(
        [sys.executable, "-S", "-c", BROKEN], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
