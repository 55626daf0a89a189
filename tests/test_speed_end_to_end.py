"""A line measured on demand through the installed programs: asked for by an engineer, granted, measured, signed, shown
and verified; and the collector killed in the middle of it, which leaves no speed behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import identity
from collector import catalog, config
from collector.app import Parts, build
from collector.counter import ask
from collector.evidence import words
from collector.store import devices
from tests.configs.loading import MEASURES
from tests.faults.rig import get, ready
from tests.ports import free_port
from tests.tree import ROOT

BIN = Path(sys.executable).parent
UNIT, AUTHOR = "27259", "Lê An"
PATIENCE = 60.0
LEASED = 1.25 * 20e6 * 1.05
"""What the lease lets through, and a bucket's worth for a test of 2 s, in bit/s."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OUTCOME = re.compile(
    r'^sansang_check_(?:outcome|reason)\{.*?device="([^"]+)".*?check="bandwidth".*?,(?:outcome|reason)="(\w+)"\} 1$',
    re.M,
)
SETTINGS = """\
listen: "127.0.0.1:{port}"
state_dir: {folder}/collector
locality: {folder}/places.yaml
units: {root}/configs/units.csv
lang: en
sweep_seconds: 1
ingest: {{commit_window_ms: 1}}
speed: {{reflector: ""}}
"""
LOCALITY = """\
id: places
title: {{vi: Nơi thử, en: Place of trial}}
province_code: "79"
profile: demo
timezone: Asia/Ho_Chi_Minh
office_hours: always
push_linger: 1s
targets:
  - {{id: mot-cua, title: {{vi: Một cửa, en: One stop}}, url: "{{collector}}/healthz", mandatory: true, source: a test}}
jobs:
  - {{check: connectivity, every: 5m, targets: all}}
  - {{check: device, every: 1h}}
  - {{check: power, every: 1s}}
  - {{check: bandwidth, every: 1d, params: {{seconds: 2, early: false, look: 0}}}}
leases:  # nothing by itself: the turn of the month is days ahead
  quiet: [{{days: [{day}], from: "02:00", to: "02:10"}}]
  closed: []
  period: 31d
  period_with_counters: 31d
  line_mbps: 20
"""
AGENT = """\
state_dir: {folder}/{name}
plain_http: true
push: {{linger: 1, timeout: 5, max_backoff: 1}}
"""


class Line:
    """A collector and two PCs of a unit, each as its installed command, with what they wrote in ``folder``."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder, self._stack, self.port = folder, stack, free_port()
        self.config = folder / "collector.yaml"
        self.config.write_text(SETTINGS.format(port=self.port, folder=folder, root=ROOT), "utf-8")
        later = DAYS[(time.localtime().tm_wday + 3) % 7]
        (folder / "places.yaml").write_text(LOCALITY.format(day=later), "utf-8")
        settings = config.load(self.config)
        self.parts: Parts = build(settings, catalog.load(settings, MEASURES))
        token = self._token()
        self.start()
        enrolling = [self._enrol(name, token) for name in ("pc-1", "pc-2")]
        self.devices = [self._pc(*each) for each in enrolling]

    def _token(self) -> str:
        """One for both PCs. Before the collector starts."""
        self.parts.store.open()
        try:
            with self.parts.store.begin() as connection:
                return devices.create_token(connection, unit=UNIT, seats=2, now=self.parts.now(), days=1)
        finally:
            self.parts.store.close()

    def _enrol(self, name: str, token: str) -> tuple[str, subprocess.Popen[bytes]]:
        settings = self.folder / f"{name}.yaml"
        settings.write_text(AGENT.format(folder=self.folder, name=name), "utf-8")
        address = f"http://127.0.0.1:{self.port}"
        return name, self._run(name, "sansang-agent", "enrol", address, token, "--config", str(settings))

    def _pc(self, name: str, enrolling: subprocess.Popen[bytes]) -> str:
        """The id of a new PC, on which the agent runs."""
        assert enrolling.wait(PATIENCE) == 0, self._logs()
        self._run(name, "sansang-agent", "run", "--config", str(self.folder / f"{name}.yaml"))
        known = identity.load_identity(str(self.folder / name))
        assert known is not None
        return known.device

    def _run(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        log = self._stack.enter_context((self.folder / f"{name}.log").open("ab"))
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        self._stack.callback(_end, process)
        return process

    def start(self) -> None:
        """The collector; returns once it takes results."""
        self._collector = self._run("collector", "sansang-collector", "run", "--config", str(self.config))
        self.until(lambda: ready(self.port), "the collector does not answer")

    def kill(self) -> None:
        """The collector, as a power cut would."""
        self._collector.send_signal(signal.SIGKILL)
        assert self._collector.wait(PATIENCE) == -signal.SIGKILL

    def command(self, *command: str) -> str:
        """What one of the collector's commands says; it must succeed."""
        arguments = [str(BIN / "sansang-collector"), *command, "--config", str(self.config)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=2 * PATIENCE)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{self._logs()}"
        return done.stdout.replace("\N{NO-BREAK SPACE}", " ")

    def ask(self, call: str, **arguments: str) -> Any:
        """As the commands ask the running collector."""
        return asyncio.run(ask(self.parts, call, **arguments))

    def page(self, path: str) -> str:
        status, text = get(self.port, path)
        assert status == 200
        return html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")

    def outcomes(self) -> dict[str, str]:
        """Of each PC's newest test its outcome, and its reason where there is one, as ``/metrics/devices`` tells."""
        found: dict[str, str] = {}
        for device, said in OUTCOME.findall(get(self.port, f"/metrics/devices?unit={UNIT}")[1]):
            found[device] = f"{found.get(device, '')} {said}".strip()
        return found

    def until(self, done: Callable[[], bool], complaint: str, pause: float = 0.1) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < until, f"{complaint}\n{self._logs()}"
            time.sleep(pause)

    def _logs(self) -> str:
        return "".join(file.read_text("utf-8", "replace")[-3000:] for file in sorted(self.folder.glob("*.log")))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with contextlib.ExitStack() as stack:
        yield Line(tmp_path, stack)


def test_a_collector_killed_in_the_middle_leaves_no_speed_and_the_next_test_stands(line: Line) -> None:
    """The PC's result says that it was cut; nothing of it is kept. On the other PC the test is granted, measured,
    signed, shown on the unit's page, and holds in a dispute."""
    first, second = line.devices
    request = line.ask("speed.start", unit=UNIT, author=AUTHOR, device=first)["request"]["id"]
    line.until(lambda: line.ask("speed.watch", request=request)["stage"] == "running", "no test began", pause=0.02)
    line.kill()
    line.start()
    line.until(lambda: first in line.outcomes(), "the cut test was not told")
    assert line.outcomes() == {first: "error test_cut"}
    found = line.ask("speed.show", unit=UNIT)
    assert (found["newest"], found["quantities"]) == ([], {})
    assert "sansang_bandwidth_" not in line.page(f"/metrics/devices?unit={UNIT}")

    told = line.command(
        "speed", "start", "--unit", UNIT, "--author", AUTHOR, "--device", second, "--watch"
    ).splitlines()
    assert told[-1].startswith("Done: download ")
    assert told[-1].endswith(" ms round trip under load; counts.")
    line.until(lambda: second in line.outcomes(), "the test was not told")
    assert line.outcomes() == {first: "error test_cut", second: "ok"}
    found = line.ask("speed.show", unit=UNIT)
    (measured,) = found["newest"]
    speeds = {way: found["quantities"][way]["last"] for way in ("down", "up")}
    assert all(0 < speed < LEASED for speed in speeds.values()), speeds
    verified = line.command("speed", "verify", str(measured["id"]), "--lang", "en").splitlines()
    assert verified[-1] == "The evidence stands."
    page = line.page(f"/units/{UNIT}?lang=en")
    for speed in speeds.values():
        shown = words.shown(speed, "bits_per_second", "en").replace("\N{NO-BREAK SPACE}", " ")
        assert shown in told[-1]
        assert shown in page
