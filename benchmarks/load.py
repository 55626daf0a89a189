"""Servers pinned to one core, and load from the other: wrk at saturation, sockets at a city's pace."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import socket
import struct
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CITY, THREADS = 140, 8  # pushes a second: 8,400 agents, one a minute (faults.md, goals)
LUA = """
local file = io.open(os.getenv("REQUESTS"), "rb")
local all = {}
while true do
  local head = file:read(4)
  if not head or #head < 4 then break end
  local a, b, c, d = head:byte(1, 4)
  all[#all + 1] = file:read(((a * 256 + b) * 256 + c) * 256 + d)
end
local at = 0
request = function() at = at + 1; if at > #all then at = 1 end; return all[at] end
local bad = 0
response = function(status)
  if status >= 300 then bad = bad + 1; if bad < 3 then io.stderr:write("status ", status, "\\n") end end
end
"""


class Measured:
    """One run of one server."""

    def __init__(self, rate: float, cpu: float, p50: float, p99: float, rss: float) -> None:
        self.rate, self.cpu, self.p50, self.p99, self.rss = rate, cpu, p50, p99, rss
        self.city = float("nan")


def http(path: str, body: bytes, kind: str, method: str = "POST") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def write_requests(file: Path, requests: Iterator[bytes]) -> None:
    with file.open("wb") as out:
        for request in requests:
            out.write(struct.pack(">I", len(request)) + request)


@contextlib.contextmanager
def server(command: list[str], ready: str, log: Path, core: int = 0) -> Iterator[int]:
    """A server pinned to `core`; its pid once `ready` answers."""
    pinned = ["taskset", "-c", str(core), *command]
    with log.open("wb") as out:
        process = subprocess.Popen(pinned, stdout=out, stderr=out, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{command[0]} did not start: {log.read_text()[-600:]}")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def cpu_seconds(pid: int) -> float:
    """User and system time of `pid` and its children, by nanosecond accounting."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def rss(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024  # type: ignore[index]


def drive(pid: int, url: str, requests: Path, seconds: int, connections: int, count: Callable[[], float]) -> Measured:
    script = requests.with_suffix(".lua")
    script.write_text(LUA)
    before, cpu = count(), cpu_seconds(pid)
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(script),
        url,
    ]
    started = time.monotonic()
    done = subprocess.run(
        command, env=os.environ | {"REQUESTS": str(requests)}, capture_output=True, text=True, check=True
    )
    spent, took = cpu_seconds(pid) - cpu, time.monotonic() - started
    pushes = count() - before
    if "Non-2xx" in done.stdout or done.stderr:
        raise SystemExit(f"requests failed: {done.stdout}{done.stderr}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])  # type: ignore[index]
    pushes = pushes or rate * took
    return Measured(rate, spent / pushes * 1e6, _latency(done.stdout, "50%"), _latency(done.stdout, "99%"), rss(pid))


def _latency(text: str, rank: str) -> float:
    """Milliseconds."""
    found = re.search(rf"{rank}\s+([\d.]+)(us|ms|s)", text)
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]] if found else float("nan")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def counter(port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as reply:
        found = re.search(rf"^{name} ([\d.e+]+)", reply.read().decode(), re.M)
    return float(found[1]) if found else 0.0


def paced(pid: int, port: int, requests: Path, seconds: int) -> float:
    """Percent of a core that `pid` takes while a city pushes at its own pace: CITY requests a second, spread over
    THREADS kept-alive connections."""
    load = list(itertools.islice(read_requests(requests), CITY * seconds))
    shares = [load[number::THREADS] for number in range(THREADS)]
    spent, started = cpu_seconds(pid), time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        refused = sum(pool.map(lambda share: send_paced(port, share, THREADS / CITY), shares))
    if refused:
        raise SystemExit(f"{refused} requests of the city's load failed")
    return (cpu_seconds(pid) - spent) / (time.monotonic() - started) * 100


def send_paced(port: int, requests: list[bytes], every: float) -> int:
    """How many of `requests` were not taken; one is sent each `every` seconds."""
    refused = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        due = time.monotonic()
        for request in requests:
            time.sleep(max(0.0, due - time.monotonic()))
            due += every
            connection.sendall(request)
            reply = b""
            while b"\r\n\r\n" not in reply:
                reply += connection.recv(65536)
            head, _, body = reply.partition(b"\r\n\r\n")
            refused += not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202"))
            length = int((re.search(rb"Content-Length: (\d+)", head) or [0, 0])[1])
            while len(body) < length:
                body += connection.recv(65536)
    return refused


def read_requests(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while head := source.read(4):
            yield source.read(struct.unpack(">I", head)[0])
