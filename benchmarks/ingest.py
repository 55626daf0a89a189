"""Pushes per second and CPU per push: this collector (authenticated, on disk before it answers) beside Pushgateway
and VictoriaMetrics (neither), with the same 40 samples of the same 8,400 devices.

Each server is pinned to core 0 and wrk to core 1. CPU is the server's whole process tree, from /proc; every request
is a different, signed, never repeated batch (the collector's own counter proves it).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, only its folder is on the path

from benchmarks.table import Row, arguments, report
from checks.kit import wire
from checks.kit.model import Outcome, Result, Sample
from checks.kit.wire import Batch
from collector import config as settings
from collector import units as nation
from collector.store import devices
from collector.store.engine import Store

DEVICES, SAMPLES, TARGETS = 8_400, 40, 5
PHASES = ("dns", "tcp", "tls", "ttfb", "transfer")
BOOT = "0b0b0b0b-0000-4000-8000-000000000001"
GOAL, RECORD = 126.0, 63.0  # µs a push: Pushgateway's, and half of it (performance.md §3)
UNJUDGED = 300.0
"""Seconds between sweeps: peers do not judge, so the first rows leave it out, and one row says what it costs."""
CITY, THREADS = 140, 8  # pushes a second: 8,400 agents, one a minute (faults.md, goals)
PG, VM = "pushgateway", "victoria-metrics"
CONNECTIONS = 1000  # kept alive, as a fleet does; the peers, which gain nothing from groups, do best with 32
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
LOCALITY = """\
id: bench
title: {{vi: đo, en: bench}}
province_code: "79"
profile: default
timezone: Asia/Ho_Chi_Minh
office_hours: always
targets:
{targets}
jobs:
  - {{check: connectivity, every: 5m, targets: all}}
  - {{check: device, every: 1h}}
"""


class Measured:
    """One run of one server."""

    def __init__(self, rate: float, cpu: float, p50: float, p99: float, rss: float) -> None:
        self.rate, self.cpu, self.p50, self.p99, self.rss = rate, cpu, p50, p99, rss
        self.city = float("nan")


def results(first: int, at: int) -> list[Result]:
    """What one push carries: 40 samples, as five connectivity runs of seven and one device run of five."""
    line = [
        Result(
            seq=first + number, check="connectivity", target=f"t{number}", outcome=Outcome.OK, at=at, mono=9_000_000,
            boot=BOOT, took=40_000,
            samples=(
                Sample("connectivity_up_ratio", 1.0), Sample("connectivity_status", 200.0),
                *(Sample("connectivity_phase", 0.004 * (place + 1) + at % 997 / 1e6, {"phase": phase})
                  for place, phase in enumerate(PHASES)),
            ),
        )
        for number in range(TARGETS)
    ]  # fmt: skip
    machine = Result(
        seq=first + TARGETS, check="device", outcome=Outcome.OK, at=at, mono=9_000_000, boot=BOOT, took=90_000,
        samples=tuple(Sample(f"device_figure{number}", 1e9 + at % 1009) for number in range(5)),
        facts={"memory_bytes": 8 << 30, "disk_kind": "ssd", "os_name": "Windows 10"},
    )  # fmt: skip
    return [*line, machine]


def http(path: str, body: bytes, kind: str, method: str = "POST") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def text_body(at: int) -> bytes:
    """The same 40 samples as text exposition."""
    lines = []
    for result in results(1, at):
        for sample in result.samples:
            labels = {"check": result.check, "target": result.target} | sample.labels
            inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
            lines.append(f"sansang_{sample.name}{{{inner}}} {sample.value}\n")
    return "".join(lines).encode()


def write_requests(file: Path, requests: Iterator[bytes]) -> None:
    with file.open("wb") as out:
        for request in requests:
            out.write(struct.pack(">I", len(request)) + request)


def our_requests(ids: list[str], keys: list[bytes], rounds: int) -> Iterator[bytes]:
    for number in range(rounds):
        for device, key in zip(ids, keys, strict=True):
            now = time.time_ns() // 1000
            batch = Batch(
                v=1, agent=device, epoch=1, boot=BOOT, sent_at=now, sent_mono=9_000_000, oldest=1,
                results=results(1 + number * (TARGETS + 1), now), version="0.1.0",
            )  # fmt: skip
            yield http("/v1/results", wire.seal(batch, Signer(key)), wire.CONTENT_TYPE)


class Signer:
    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, message: bytes) -> bytes:
        return crypto_sign(message, self._secret)[:64]


@contextlib.contextmanager
def server(command: list[str], ready: str, log: Path) -> Iterator[int]:
    """A server pinned to core 0; its pid once `ready` answers."""
    with log.open("wb") as out:
        process = subprocess.Popen(["taskset", "-c", "0", *command], stdout=out, stderr=out, start_new_session=True)
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


@contextlib.contextmanager
def collector(folder: Path, sweep: float) -> Iterator[tuple[int, int, list[str], list[bytes]]]:
    """Our server with 8,400 devices enrolled: pid, port, device ids, keys. `sweep` is how often it judges (s)."""
    port = free_port()
    target = '  - {{id: t{0}, title: {{vi: t{0}, en: t{0}}}, url: "{1}/healthz", mandatory: true, source: bench}}'
    targets = "\n".join(target.format(number, f"http://127.0.0.1:{port}") for number in range(TARGETS))
    (folder / "localities").mkdir(exist_ok=True)
    (folder / "localities" / "bench.yaml").write_text(LOCALITY.format(targets=targets))
    (folder / "state").mkdir()
    file = folder / "collector.yaml"
    file.write_text(
        f'listen: "127.0.0.1:{port}"\nstate_dir: state\nlocality: localities/bench.yaml\n'
        f"units: {settings.SHIPPED / 'units.csv'}\nlog_level: warning\nsweep_seconds: {sweep}\n"
    )
    ids, keys = enrol(folder / "state" / "sansang.db")
    command = [str(Path(sys.executable).parent / "sansang-collector"), "run", "--config", str(file)]
    try:
        with server(command, f"http://127.0.0.1:{port}/readyz", folder / "collector.log") as pid:
            yield pid, port, ids, keys
    finally:
        shutil.rmtree(folder / "state")


def ours(folder: Path, seconds: int, rounds: int, sweep: float) -> Measured:
    """One run at saturation."""
    with collector(folder, sweep) as (pid, port, ids, keys):
        write_requests(folder / "ours.bin", our_requests(ids, keys, rounds))
        found = drive(
            pid, f"http://127.0.0.1:{port}", folder / "ours.bin", seconds, CONNECTIONS,
            lambda: counter(port, "sansang_collector_pushes_total"),
        )  # fmt: skip
        repeated = counter(port, "sansang_collector_duplicates_total")
    if repeated:
        raise SystemExit(f"the load ran out of fresh batches ({repeated:.0f} repeated): raise the number of rounds")
    return found


def our_city(folder: Path, seconds: int) -> float:
    """One run at a city's pace, judged every 5 s as by default."""
    with collector(folder, 5.0) as (pid, port, ids, keys):
        write_requests(folder / "city.bin", our_requests(ids, keys, 1))
        return paced(pid, port, folder / "city.bin", seconds)


def enrol(database: Path) -> tuple[list[str], list[bytes]]:
    """8,400 devices over the locality's units, straight into the store."""
    codes = list(nation.of_province(nation.load(settings.SHIPPED / "units.csv"), "79"))
    store = Store(f"sqlite:///{database}")
    store.open()
    now, ids, keys = time.time_ns() // 1000, [], []
    with store.begin() as connection:
        tokens = [devices.create_token(connection, unit=code, seats=DEVICES, now=now, days=1) for code in codes]
        for number in range(DEVICES):
            public, secret = crypto_sign_seed_keypair(number.to_bytes(32, "big"))
            token = tokens[number % len(tokens)]
            ids.append(devices.enrol(connection, token=token, public_key=public, role="pc", now=now).id)
            keys.append(secret)
    store.close()
    return ids, keys


def pushgateway(folder: Path, seconds: int, connections: int) -> Measured:
    port, at = free_port(), time.time_ns() // 1000
    write_requests(folder / "pg.bin", (
        http(f"/metrics/job/sansang/ward/{n % 168}/instance/{n}", text_body(at + n), "text/plain", "PUT")
        for n in range(DEVICES)
    ))  # fmt: skip
    command = ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}", "--push.disable-consistency-check"]
    with server(command, f"http://127.0.0.1:{port}/-/ready", folder / "pg.log") as pid:
        warm(pid, port, folder / "pg.bin", connections)
        city = paced(pid, port, folder / "pg.bin", seconds)
        found = drive(pid, f"http://127.0.0.1:{port}", folder / "pg.bin", seconds, connections, lambda: 0.0)
    found.city = city
    return found


def victoria(folder: Path, seconds: int, connections: int) -> Measured:
    port, at = free_port(), time.time_ns() // 1000
    labels = "?extra_label=job=sansang&extra_label=ward={}&extra_label=instance={}"
    write_requests(folder / "vm.bin", (
        http("/api/v1/import/prometheus" + labels.format(n % 168, n), text_body(at + n), "text/plain")
        for n in range(DEVICES)
    ))  # fmt: skip
    command = ["victoria-metrics", f"-storageDataPath={folder / 'vm'}", f"-httpListenAddr=127.0.0.1:{port}"]
    with server(command, f"http://127.0.0.1:{port}/health", folder / "vm.log") as pid:
        warm(pid, port, folder / "vm.bin", connections)
        return drive(pid, f"http://127.0.0.1:{port}", folder / "vm.bin", seconds, connections, lambda: 0.0)


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


def warm(pid: int, port: int, requests: Path, connections: int) -> None:
    """Sends until every device has pushed twice: peers register a series at its first push, which is not what is
    measured."""
    sent = 0.0
    while sent < 2 * DEVICES:
        sent += drive(pid, f"http://127.0.0.1:{port}", requests, 2, connections, lambda: 0.0).rate * 2


def middle(runs: list[Measured]) -> Measured:
    return sorted(runs, key=lambda run: run.cpu)[len(runs) // 2]


def main() -> None:
    options = arguments(__doc__ or "")
    seconds, repeats, rounds = (4, 1, 6) if options.short else (8, 3, 12)
    with tempfile.TemporaryDirectory(prefix="sansang-bench-") as name:
        folder = Path(name)
        runs: dict[str, list[Measured]] = {"ours": [], "judging": [], "pg": [], "vm": []}
        cities: list[float] = []
        for _ in range(repeats):
            runs["ours"].append(ours(folder, seconds, rounds, UNJUDGED))
            runs["judging"].append(ours(folder, seconds, rounds, 5.0))
            cities.append(our_city(folder, seconds))
            runs["pg"].append(pushgateway(folder, seconds, 32))
            runs["vm"].append(victoria(folder, seconds, 32))
        us, judging, pg, vm = (middle(runs[who]) for who in ("ours", "judging", "pg", "vm"))
        spread = statistics.pstdev([run.cpu for run in runs["ours"]])
    rows = [
        Row(name="CPU per push", unit="µs", ours=us.cpu, peer=pg.cpu, peer_name=PG, goal=GOAL, met=us.cpu < GOAL),
        Row(name="CPU per push", unit="µs", ours=us.cpu, peer=vm.cpu, peer_name=VM, goal=RECORD, met=us.cpu < RECORD),
        Row(name="CPU per push, spread of runs", unit="µs", ours=spread),
        Row(name="CPU per push, judged and rendered every 5 s", unit="µs", ours=judging.cpu, peer=pg.cpu, peer_name=PG),
        Row(
            name=f"CPU at a city's pace, {CITY}/s, judged",
            unit="% of a core",
            ours=statistics.median(cities),
            peer=pg.city,
            peer_name=PG,
        ),
        Row(name="pushes", unit="1/s", ours=us.rate, peer=pg.rate, peer_name=PG),
        Row(name="pushes", unit="1/s", ours=us.rate, peer=vm.rate, peer_name=VM),
        Row(name="latency p50", unit="ms", ours=us.p50, peer=pg.p50, peer_name=PG),
        Row(name="latency p99", unit="ms", ours=us.p99, peer=pg.p99, peer_name=PG),
        Row(name="memory", unit="MiB", ours=us.rss, peer=pg.rss, peer_name=PG),
    ]
    report("Ingest: 40 samples a push, 8,400 devices, one core", rows, as_json=options.json)


if __name__ == "__main__":
    main()
