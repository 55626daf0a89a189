"""A collector as a process of its own on loopback, to be killed and started again, and agents enrolled with it."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agent.config import PushConfig
from agent.http import Client
from agent.identity import Identity
from agent.push import Pusher
from agent.remote import Refused, RemoteConfig
from checks.kit.clock import SystemClock
from collector.config import SHIPPED
from collector.store.engine import Store
from tests.collector.pushing import XOM_CHIEU, Sender, Signer, enrolled, wall
from tests.faults.nursery import Nursery
from tests.faults.records import TARGETS, Journal, WitnessedSpool, target_of
from tests.ports import free_port

PATIENCE = 60.0
BIN = Path(sys.executable).parent

COLLECTOR = """\
listen: "127.0.0.1:{port}"
state_dir: collector
database: "{database}"
units: {configs}/units.csv
locality: places.yaml
sweep_seconds: {sweep}
ingest: {{commit_window_ms: 1}}
"""
LOCALITY = """\
id: places
title: {vi: Nơi thử, en: Place of trial}
province_code: "79"
profile: demo
timezone: Asia/Ho_Chi_Minh
office_hours: always
push_linger: 1s
jobs: [{check: connectivity, every: EVERY, targets: all}, {check: device, every: 1h}]
targets:
"""
TARGET = """\
  - {{id: {id}, title: {{vi: {id}, en: {id}}}, mandatory: true, source: a test, url: "{{collector}}/healthz"}}
"""


class Rig:
    """A collector in `folder`, its database at `database` (the embedded one when empty). Started by a nursery, or,
    without one, as its command."""

    def __init__(
        self,
        folder: Path,
        nursery: Nursery | None = None,
        database: str = "",
        *,
        sweep: float = 300,
        every: str = "1h",
        targets: int = TARGETS,
    ) -> None:
        self.folder, self._nursery = folder, nursery
        self.port = free_port()
        self.database = database or f"sqlite:///{folder / 'collector' / 'sansang.db'}"
        self.config = folder / "collector.yaml"
        self.log = folder / "collector.log"
        self.pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        listed = "".join(TARGET.format(id=target_of(number)) for number in range(targets))
        (folder / "places.yaml").write_text(LOCALITY.replace("EVERY", every) + listed, "utf-8")
        text = COLLECTOR.format(port=self.port, database=database, configs=SHIPPED, sweep=sweep)
        self.config.write_text(text, "utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def enrol(self, key: int = 1, unit: str = XOM_CHIEU) -> str:
        """The id of a new device with the key :class:`Signer` (`key`). Before the collector starts."""
        store = Store(self.database)
        store.open()
        try:
            return enrolled(store, Sender(key=key), unit).device
        finally:
            store.close()

    def start(self) -> None:
        """Returns once it takes results."""
        arguments = ("run", "--config", str(self.config))
        if self._nursery:
            self.pid = self._nursery.start("collector.main:main", *arguments, log=self.log)
        else:
            with self.log.open("ab") as log:
                command = [str(BIN / "sansang-collector"), *arguments]
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.pid = self._process.pid
        wait_until(lambda: ready(self.port), "the collector does not answer", self.log)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert self.ended() == -signal.SIGKILL

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        assert self.ended() == 0, self.log.read_text()

    def ended(self) -> int:
        """The exit code of the collector, once it has one."""
        pid, self.pid = self.pid, 0
        if self._nursery:
            return self._nursery.wait(pid)
        assert self._process
        return self._process.wait(PATIENCE)

    def metric(self, line: str) -> float:
        """The value of the sample of ``/metrics`` that begins with `line`; 0 when there is none."""
        rows = [row for row in get(self.port, "/metrics")[1].splitlines() if row.startswith(line + " ")]
        return float(rows[0].rpartition(" ")[2]) if rows else 0.0

    def close(self) -> None:
        """Ends it, however it is."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.ended()


@contextlib.contextmanager
def rig(folder: Path, nursery: Nursery | None = None, database: str = "", **options: Any) -> Iterator[Rig]:
    """A rig that leaves no process behind. The `options` are those of :class:`Rig`."""
    made = Rig(folder, nursery, database, **options)
    try:
        yield made
    finally:
        made.close()


class Agent:
    """The real spool and the real pusher of an agent, in this process, with an oracle's witness between them."""

    def __init__(self, folder: Path, url: str, device: str, key: int = 1) -> None:
        self.base = wall() - 3_600_000_000
        self.journal = folder / "journal"
        folder.mkdir(exist_ok=True)
        self._notes = Journal(self.journal)
        self.spool = WitnessedSpool(str(folder), self._notes)
        self.pusher = make_pusher(self.spool, url, device, key)
        self.count = 0

    def measure(self, records: int = 1) -> None:
        for _ in range(records):
            self.spool.measure(self.count, self.base)
            self.count += 1

    def close(self) -> None:
        self.spool.close()
        self._notes.close()


def make_pusher(
    spool: WitnessedSpool,
    url: str,
    device: str,
    key: int,
    *,
    offer: Callable[[bytes], RemoteConfig] | None = None,
    etag: str = "",
    timeout: float = 10,
) -> Pusher:
    """A pusher as :mod:`agent.service` makes it."""

    def refuse(_body: bytes) -> RemoteConfig:
        raise Refused("this agent measures for a test")

    return Pusher(
        spool,
        Client(url, timeout=timeout),
        Identity(device=device, unit=XOM_CHIEU, collector=url),
        Signer(key),
        PushConfig(),
        SystemClock(),
        health=spool.numbers,
        offer=offer or refuse,
        etag=etag,
        share=lambda: 0.0,
    )


def get(port: int, path: str) -> tuple[int, str]:
    """Status and text of a page of the collector at `port`; status 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def ready(port: int) -> bool:
    """Whether a collector takes results there."""
    return get(port, "/readyz")[0] == 200


def wait_until(done: Callable[[], bool], complaint: str, log: Path | None = None, seconds: float = PATIENCE) -> None:
    """Raises AssertionError with `complaint` and the end of `log` when it does not come."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, f"{complaint}\n{log.read_text()[-2000:] if log and log.exists() else ''}"
        time.sleep(0.02)
