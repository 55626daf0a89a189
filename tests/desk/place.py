"""A collector and the PCs of one unit, through the installed commands: each PC has settings and a state of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from agent import enrol
from agent.config import AgentConfig, PushConfig, SpoolConfig
from collector.config import SHIPPED
from tests.faults.rig import BIN, get, ready, wait_until
from tests.lab.namespaces import Namespace
from tests.ports import free_port

UNIT = "27259"
SECONDS = 60
SYSTEM = {
    "id": "mot-cua", "title": {"vi": "Một cửa", "en": "One stop"}, "url": "{collector}/healthz", "mandatory": True,
    "source": "this test",
}  # fmt: skip
DESK = ("device", "support", "storage", "power", "peripherals", "signing_token", "signing_service")
"""The checks of this issue."""
Jobs = Mapping[str, Mapping[str, Any]]
"""Parameters by the name of the check."""


class Said(Struct, frozen=True):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


class Collector:
    """``sansang-collector run`` on loopback, for the units of Ho Chi Minh City: every check of the desk, those
    that `jobs` have params for so `often`."""

    def __init__(self, folder: Path, jobs: Jobs, often: str) -> None:
        self.folder, self.port, self.log = folder, free_port(), folder / "collector.log"
        self.settings = folder / "collector.yaml"
        self._process: subprocess.Popen[bytes] | None = None
        place = {
            "id": "lab", "title": {"vi": "Phòng thử", "en": "Lab"}, "province_code": "79", "profile": "default",
            "timezone": "Asia/Ho_Chi_Minh", "office_hours": "always", "push_linger": "1s", "targets": [SYSTEM],
            "jobs": [
                {"check": "connectivity", "every": "1h", "targets": "all"},
                {"check": "bandwidth", "every": "1d", "roles": ["kiosk"]},  # the profile wants it asked; of no PC here
                *({"check": name, "every": often if name in jobs else "1h", "params": dict(jobs.get(name, {}))}
                  for name in DESK),
            ],
        }  # fmt: skip
        settings = {
            "listen": f"127.0.0.1:{self.port}", "state_dir": str(folder / "collector"), "sweep_seconds": 0.5,
            "locality": str(folder / "lab.yaml"), "units": str(SHIPPED / "units.csv"), "lang": "vi",
        }  # fmt: skip
        (folder / "lab.yaml").write_text(json.dumps(place), "utf-8")  # what is JSON is YAML too
        self.settings.write_text(json.dumps(settings), "utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once it takes results."""
        with self.log.open("ab") as log:
            command: list[str | Path] = [BIN / "sansang-collector", "run", "--config", self.settings]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        process = self._process
        wait_until(lambda: ready(self.port) or process.poll() is not None, "the collector does not answer", self.log)
        assert process.poll() is None, self.log.read_text("utf-8")

    def stop(self) -> None:
        if self._process:
            end(self._process)

    def command(self, *words: str | Path, code: int = 0) -> str:
        """What ``sansang-collector`` prints; it must end with `code`."""
        said = run([BIN / "sansang-collector", *words, "--config", self.settings])
        assert said.code == code, said
        return said.out

    def token(self, seats: int) -> str:
        found = re.search(r"ssk_\S+", self.command("tokens", "create", "--unit", UNIT, "--seats", str(seats)))
        assert found
        return found[0]

    def page(self, path: str) -> str:
        status, text = get(self.port, path)
        assert status == 200, (path, status, text[:500])
        return text

    def devices_text(self) -> str:
        return self.page(f"/metrics/devices?unit={UNIT}")


@contextlib.contextmanager
def collecting(folder: Path, jobs: Jobs, often: str = "1h") -> Iterator[Collector]:
    """A collector that runs until the end of the block."""
    made = Collector(folder, jobs, often)
    try:
        made.start()
        yield made
    finally:
        made.stop()


class Pc:
    """A PC with `jobs` of its own. What it runs has `environment` besides this process's, and is started in `space`
    behind `wrapped`, such as ``unshare … sh -c … sh``."""

    def __init__(
        self,
        folder: Path,
        jobs: Jobs,
        environment: Mapping[str, str] | None = None,
        *,
        space: Namespace | None = None,
        wrapped: Sequence[str] = (),
    ) -> None:
        self.folder, self.device = folder, ""
        self.state, self._settings = folder / "state", folder / "agent.yaml"
        self._environment, self._space, self._wrapped = dict(environment or {}), space, list(wrapped)
        folder.mkdir(parents=True, exist_ok=True)
        self.set_up({"jobs": [{"check": name, "params": dict(params)} for name, params in jobs.items()]})

    def set_up(self, more: Mapping[str, Any]) -> None:
        self._settings.write_text(json.dumps({"state_dir": str(self.state), **more}), "utf-8")

    def enrolled(self, url: str, token: str) -> None:
        """As ``sansang-agent enrol`` does it, without its second of starting."""
        config = AgentConfig(state_dir=str(self.state), spool=SpoolConfig(), push=PushConfig())
        self.device = enrol.enrol(url, token, config).device

    def agent(self, *words: str | Path) -> Said:
        """``sansang-agent`` to its end."""
        return run(self._command(*words), self._environment)

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """``sansang-agent run``; the caller ends it."""
        with log.open("ab") as file:
            return subprocess.Popen(
                self._command("run"), env=os.environ | self._environment, stdin=subprocess.DEVNULL, stdout=file,
                stderr=file,
            )  # fmt: skip

    def check(self, name: str, lang: str, *more: str | Path) -> Said:
        return self.agent("check", name, "--lang", lang, *more)

    def _command(self, *words: str | Path) -> list[str | Path]:
        inside = ["ip", "netns", "exec", self._space.name] if self._space else []
        return [*inside, *self._wrapped, BIN / "sansang-agent", *words, "--config", self._settings]


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Said:
    """`command` to its end, its text in UTF-8."""
    done = subprocess.run(
        command, env={**os.environ, "PYTHONUTF8": "1", **(environment or {})}, capture_output=True, encoding="utf-8",
        timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def series(text: str, name: str, **labels: str) -> list[float]:
    """The values of the series of `name` whose labels contain `labels`."""
    found = []
    for line in text.splitlines():
        head, _, value = line.rpartition(" ")
        if head.startswith(name + "{") and all(f'{key}="{said}"' in head for key, said in labels.items()):
            found.append(float(value))
    return found
