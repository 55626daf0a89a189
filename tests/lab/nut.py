"""Debian's upsd with drivers of dummy UPS devices, in a private folder and on a free port; needs no system service."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from checks.kit import nut
from checks.kit.nut import NutError, Ups
from tests.ports import free_port

PROGRAMS = Path("/lib/nut")
PATIENCE = 30.0
SERIAL = "CANARY-SN-4711"
_COMMON = {"ups.mfr": "Santak", "ups.model": "Blazer 1000", "ups.serial": SERIAL, "battery.date": "2024/03/01"}


class NutServer:
    """`devices` are the variables of each UPS by its name, besides those that all have. A driver that says nothing for
    `max_age` seconds has lost its UPS; a busy machine wants it long."""

    def __init__(self, folder: Path, devices: Mapping[str, Mapping[str, str]], max_age: int = 60) -> None:
        self.port, self._folder, self._age = free_port(), folder, 0
        self._etc, self._run = folder / "etc", folder / "run"
        self._drivers: dict[str, subprocess.Popen[bytes]] = {}
        for made in (self._etc, self._run):
            made.mkdir(mode=0o700)
        sections = [
            f'[{name}]\ndriver = dummy-ups\nport = {name}.dev\ndesc = "a \\"quoted\\" desk"' for name in devices
        ]
        self._write("ups.conf", "pollinterval = 1\n" + "\n".join([*sections, ""]))
        self._write("upsd.conf", f"LISTEN 127.0.0.1 {self.port}\nMAXAGE {max_age}\n")
        self._write("upsd.users", "")
        for name, variables in devices.items():
            self.set(name, **variables)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def set(self, name: str, **variables: str) -> None:
        """What the UPS `name` says from its driver's next look on, within a second or two."""
        told = _COMMON | variables
        self._write(f"{name}.dev", "".join(f"{key}: {value}\n" for key, value in told.items()))
        self._age += 1  # the driver looks at the whole seconds of the file's age
        past = time.time() - 10_000 + self._age
        os.utime(self._etc / f"{name}.dev", (past, past))

    def start(self) -> None:
        """Returns once every UPS says its state."""
        for name in self._state_files():
            self._drivers[name] = self._program("dummy-ups", "-D", "-a", name)
        self._wait(lambda: all((self._run / f"dummy-ups-{name}").exists() for name in self._drivers))
        self._upsd = self._program("upsd", "-F")
        self._wait(lambda: all(self.ask(name).why != "no-status" for name in self._drivers))

    def ask(self, name: str) -> Ups:
        """What the server says of `name` now; one that is unreachable while the server is not there."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as sock:
                return nut.ask(sock, name, lambda: 2.0)[0]
        except (OSError, NutError):
            return Ups("unreachable", why="no-status")

    def until(self, name: str, state: str, why: str = "") -> None:
        """Waits until `name` is in `state`, for the reason `why`."""
        self._wait(lambda: (lambda ups: (ups.state, ups.why) == (state, why))(self.ask(name)))

    def signal_driver(self, name: str, number: signal.Signals) -> None:
        self._drivers[name].send_signal(number)

    def stop(self) -> None:
        """Ends all of it, what was stopped included."""
        for process in (*self._drivers.values(), *([self._upsd] if hasattr(self, "_upsd") else [])):
            with suppress(ProcessLookupError):
                process.kill()
            process.wait(PATIENCE)

    def _state_files(self) -> list[str]:
        return sorted(file.stem for file in self._etc.glob("*.dev"))

    def _write(self, name: str, text: str) -> None:
        beside = self._etc / f"{name}.new"
        beside.write_text(text, "utf-8")
        beside.replace(self._etc / name)

    def _program(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [PROGRAMS / name, *arguments, "-u", user],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "NUT_CONFPATH": str(self._etc), "NUT_STATEPATH": str(self._run),
                     "NUT_ALTPIDPATH": str(self._run)},
            )  # fmt: skip

    def _wait(self, done: object) -> None:
        until = time.monotonic() + PATIENCE
        while not done():  # type: ignore[operator]
            assert time.monotonic() < until, (self._folder / "upsd.log").read_text("utf-8", "replace")[-2000:]
            time.sleep(0.05)


@contextmanager
def serving(folder: Path, devices: Mapping[str, Mapping[str, str]], max_age: int = 60) -> Iterator[NutServer]:
    """A server that leaves no process behind."""
    server = NutServer(folder, devices, max_age)
    try:
        server.start()
        yield server
    finally:
        server.stop()
