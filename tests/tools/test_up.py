"""`make up` brings a collector and an enrolled agent up, stops both, and goes on with the same data."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tree import ROOT

PATIENCE = 60.0


@pytest.fixture
def port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def up(state: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """tools/up.py, once it has printed the page's address; stopped as Ctrl-C does."""
    command = [sys.executable, str(ROOT / "tools/up.py"), "--state", str(state), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        assert f"http://127.0.0.1:{port}/" in first, process.stderr.read()
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def get(port: int, path: str) -> tuple[int, str]:
    """Status and text of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def pushes(port: int) -> float:
    """How many batches the collector has committed."""
    found = re.search(r"^sansang_collector_pushes_total (\S+)", get(port, "/metrics")[1], re.MULTILINE)
    return float(found[1]) if found else 0.0


def wait_for_a_push(port: int) -> None:
    """Until the agent's first batch is on disk."""
    until = time.monotonic() + PATIENCE
    while pushes(port) == 0:
        assert time.monotonic() < until, "no batch arrived"
        time.sleep(0.2)


def device(state: Path) -> str:
    """The id that the collector gave this PC."""
    return str(json.loads((state / "agent/identity.json").read_text("utf-8"))["device"])


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that `process` started."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def test_up_enrols_once_measures_and_stops_without_a_trace(tmp_path: Path, port: int) -> None:
    """The unit's page is there, a real batch arrives, Ctrl-C ends everything, a second run is the same device."""
    with up(tmp_path, port) as first:
        status, page = get(port, "/units/27259")
        assert (status, "Xóm Chiếu" in page) == (200, True)
        wait_for_a_push(port)
        enrolled, running = device(tmp_path), children_of(first)
        assert len(running) == 2
    assert first.returncode == 0
    assert [pid for pid in running if Path(f"/proc/{pid}").exists()] == []
    with up(tmp_path, port) as second:
        assert device(tmp_path) == enrolled
        wait_for_a_push(port)
    assert second.returncode == 0


def test_a_port_in_use_ends_up_with_one_line(tmp_path: Path, port: int) -> None:
    """The collector's own words, no traceback, exit code 1, nothing left running."""
    command = [sys.executable, str(ROOT / "tools/up.py"), "--state", str(tmp_path), "--port", str(port)]
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"make up: collector ended with 1: .*127\.0\.0\.1:{port}.*port is in use.*\n", done.stderr)


def test_what_up_started_ends_with_it_when_it_is_killed(tmp_path: Path, port: int) -> None:
    """SIGKILL leaves no collector and no agent behind."""
    with up(tmp_path, port) as process:
        running = [os.pidfd_open(pid) for pid in children_of(process)]
        process.kill()
        process.wait()
        for descriptor in running:
            wait_for_end(descriptor)
    assert len(running) == 2


def wait_for_end(descriptor: int) -> None:
    """Until the process behind a pidfd has ended."""
    readable, _, _ = select.select([descriptor], [], [], 30)
    os.close(descriptor)
    assert readable
