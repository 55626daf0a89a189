"""Pushes per second and CPU per push: this collector (authenticated, on disk before it answers) beside Pushgateway
and VictoriaMetrics (neither), with the same 40 samples of the same 8,400 devices.

Each server is pinned to core 0 and wrk to core 1. CPU is the server's whole process tree, from /proc; every request
is a different, signed, never repeated batch (the collector's own counter proves it).
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, only its folder is on the path

from benchmarks.load import (
    CITY,
    Measured,
    counter,
    drive,
    free_port,
    http,
    paced,
    server,
    write_requests,
)
from benchmarks.table import Row, arguments, report
from checks.kit import wire
from checks.kit.model import Outcome, Result, Sample
from checks.kit.wire import Batch
from collector import config as settings
from collector import units as nation
from collector.store import devices
from collector.store.engine import Store

DEVICES, TARGETS = 8_400, 5
PHASES = ("dns", "tcp", "tls", "ttfb", "transfer")
BOOT = "0b0b0b0b-0000-4000-8000-000000000001"
GOAL, RECORD = 126.0, 63.0  # µs a push: Pushgateway's, and half of it (performance.md §3)
UNJUDGED = 300.0
"""Seconds between sweeps: peers do not judge, so the first rows leave it out, and one row says what it costs."""
PG, VM = "pushgateway", "victoria-metrics"
CONNECTIONS = 1000  # kept alive, as a fleet does; the peers, which gain nothing from groups, do best with 32
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
  - {{check: bandwidth, every: 1d}}
"""


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


def text_body(at: int) -> bytes:
    """The same 40 samples as text exposition."""
    lines = []
    for result in results(1, at):
        for sample in result.samples:
            labels = {"check": result.check, "target": result.target} | sample.labels
            inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
            lines.append(f"sansang_{sample.name}{{{inner}}} {sample.value}\n")
    return "".join(lines).encode()


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
    command = [
        "prometheus-pushgateway",
        f"--web.listen-address=127.0.0.1:{port}",
        "--push.disable-consistency-check",
        "--persistence.file=",
    ]
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
