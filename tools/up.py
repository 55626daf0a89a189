"""`make up`: a collector and this PC's agent on the embedded default, with their data in .state; Ctrl-C stops both."""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from checks.kit.strict import ConfigError
from collector import config

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
UNIT = "27259"
READY_SECONDS = 30.0
STOP_SECONDS = 15.0
TIED = ("setpriv", "--pdeathsig=TERM", "--", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"')
"""Ends a program with its parent, whose number follows; a parent that has died already sends no signal, so it asks."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

COLLECTOR = """\
# Made by `make up`, kept when it is there. CONFIGURATION.md explains every key.
listen: "127.0.0.1:{port}"
state_dir: collector
units: {configs}/units.csv
locality: demo
"""
AGENT = """\
# Made by `make up`, kept when it is there. CONFIGURATION.md explains every key.
state_dir: {state}/agent
"""


class Failed(Exception):
    """Set-up cannot go on. ``str()`` is the one line to show."""


class Parts:
    """The programs that run: started in order, stopped in reverse, together. When one ends, the last `lines` of its log
    are shown."""

    def __init__(self, state: Path, lines: int = 1) -> None:
        self._state, self._lines = state, lines
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str) -> None:
        """Run `command` with its output in <state>/<name>.log. It ends when this process does, however that ends."""
        tied = [*TIED, str(os.getpid())] if shutil.which("setpriv") else []
        with (self._state / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [*tied, *command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def check(self) -> None:
        """Raises Failed when one of them has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                log = self._state / f"{name}.log"
                said = log.read_text("utf-8", "replace").strip().splitlines() or ["(no output)"]
                last = "\n    ".join(said[-self._lines :])
                raise Failed(f"{name} ended with {process.returncode}: {last} (all of it: {log})")

    def wait_for(self, name: str, port: int, path: str = "/readyz") -> None:
        """Until `name` answers on `port`. Raises Failed when it does not, or when any of them has ended."""
        until = time.monotonic() + READY_SECONDS
        while not answers(port, path):
            self.check()
            if time.monotonic() > until:
                log = self._state / f"{name}.log"
                raise Failed(f"the {name} does not answer after {READY_SECONDS:.0f} s (see {log})")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask each to finish, and see to it that it does."""
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run(*command: str) -> str:
    """The output of a command of ours. Raises Failed with its own error line."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise Failed(f"{Path(command[0]).name} {command[1]}: {said[-1]}")
    return done.stdout.strip()


def write_configs(state: Path, port: int) -> tuple[str, str]:
    """The configuration files of the collector and the agent, made where they are not there yet."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {"collector": COLLECTOR.format(port=port, configs=ROOT / "configs"), "agent": AGENT.format(state=state)}
    for name, text in made.items():
        file = state / f"{name}.yaml"
        if not file.exists():
            file.write_text(text, "utf-8")
    return str(state / "collector.yaml"), str(state / "agent.yaml")


def port_of(collector_yaml: str) -> int:
    """Where the collector will listen. Raises Failed."""
    try:
        return config.load(collector_yaml).address[1]
    except ConfigError as why:
        raise Failed(str(why)) from None


def answers(port: int, path: str = "/readyz") -> bool:
    """Whether what listens on `port` says that it is ready; on that path, a collector takes results."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def bring_up(state: Path, first_port: int, parts: Parts) -> int:
    """Start the collector, enrol this PC once, start its agent; the port of the pages. Raises Failed."""
    collector_yaml, agent_yaml = write_configs(state, first_port)
    port = port_of(collector_yaml)
    collector, agent = str(BIN / "sansang-collector"), str(BIN / "sansang-agent")
    enrolled = (state / "agent/identity.json").exists()
    create = [collector, "tokens", "create", "--config", collector_yaml, "--unit", UNIT, "--seats", "1"]
    token = "" if enrolled else run(*create)
    parts.start("collector", collector, "run", "--config", collector_yaml)
    parts.wait_for("collector", port)
    if not enrolled:
        run(agent, "enrol", "--config", agent_yaml, f"http://127.0.0.1:{port}", token)
    parts.start("agent", agent, "run", "--config", agent_yaml)
    return port


def keep_up(title: str, parts: Parts, start: Callable[[], Iterable[str]]) -> int:
    """Runs what `start` starts until a signal or the end of a part, and stops all of it; the exit code. `start` returns
    the lines to show once everything is ready."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        for line in start():
            print(f"» {line}", flush=True)
        while True:
            parts.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("\n» stopping · đang dừng", flush=True)
        return 0
    except Failed as why:
        print(f"{title}: {why}", file=sys.stderr)
        return 1
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        parts.stop()


def pages(port: int) -> list[str]:
    """Where to look first."""
    return [
        f"http://127.0.0.1:{port}/             all units · mọi đơn vị",
        f"http://127.0.0.1:{port}/units/{UNIT}  this PC's unit, Phường Xóm Chiếu · đơn vị của máy này",
    ]


def where(state: Path) -> str:
    return f"data and logs: {os.path.relpath(state)}   ·   Ctrl-C stops · Ctrl-C để dừng"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=ROOT / ".state", help="where data, settings and logs are kept")
    parser.add_argument("--port", type=int, default=8420, help="the port a first run writes into collector.yaml")
    options = parser.parse_args()
    state = options.state.resolve()
    parts = Parts(state)
    return keep_up("make up", parts, lambda: [*pages(bring_up(state, options.port, parts)), where(state)])


if __name__ == "__main__":
    sys.exit(main())
