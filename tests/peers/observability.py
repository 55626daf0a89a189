"""A real Prometheus for tests, and a real collector with a simulated city to fill it."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from collector.config import SHIPPED
from collector.remote import proto
from tests.faults.proxy import ask
from tests.faults.rig import BIN, PATIENCE, get, ready, wait_until
from tests.peers.receivers import Receiver
from tests.ports import free_port

MISSING = "Prometheus is not installed: `apt-get install prometheus` (make test does it when it runs as root)"
SCRAPES = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - {{job_name: sansang, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
  - job_name: sansang-devices
    metrics_path: /metrics/devices
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
COLLECTOR = """\
listen: "127.0.0.1:{port}"
state_dir: state
locality: localities/town.yaml
units: {units}
lang: en
sweep_seconds: 1
speed: {{reflector: ""}}
remote_write:
- {{name: prometheus, url: "http://127.0.0.1:{receiver}/api/v1/write", out_of_order_window: 7d, late_after: 10m}}
"""
PROFILE = """\
id: town
version: 1
extends: default@{version}
title: {{vi: Thị trấn mô phỏng, en: A simulated town}}
freshness:
  late: {{after: 20s, source: a test has no half hours}}
  lost_contact: {{after: 30s, source: a test has no half hours}}
  no_data: {{after: 24h, source: a test has no half hours}}
requirements:
- {{id: uplink_p95_in, minimum_samples: 100}}
- {{id: uplink_p95_out, minimum_samples: 100}}
"""
LOCALITY = """\
id: demo
title: {{vi: Thị trấn mô phỏng, en: A simulated town}}
province_code: "79"
units: [{units}]
profile: town
timezone: Asia/Ho_Chi_Minh
office_hours: always
push_linger: 120s
networks: {{tslcd: {{provider: Mạng chuyên dùng}}}}
findings: {{close_after: 10m}}
targets:
- {{id: portal, title: {{vi: Cổng dịch vụ công, en: Service portal}}, source: a test, mandatory: true,
   url: "https://portal.example/"}}
- {{id: files, title: {{vi: Hồ sơ, en: Files}}, source: a test, mandatory: true, url: "https://files.example/"}}
- {{id: mail, title: {{vi: Thư điện tử, en: Mail}}, source: a test, url: "https://mail.example/"}}
- {{id: map, title: {{vi: Bản đồ, en: Map}}, source: a test, url: "https://map.example/"}}
- {{id: gateway, title: {{vi: Cổng mạng chuyên dùng, en: Gateway}}, source: a test, mandatory: true, network: tslcd,
   url: "https://gateway.example/"}}
jobs:
- {{check: connectivity, targets: all, every: 1h}}
- {{check: dns, every: 6h, params: {{names: ["{{mandatory}}"]}}}}
- {{check: lan, every: 2h}}
- {{check: path, targets: [portal], every: 6h}}
- {{check: clock, every: 6h}}
- {{check: uplink, every: 5m, roles: [router]}}
- {{check: power, every: 4h}}
- {{check: signing_token, every: 6h, roles: [pc]}}
- {{check: signing_service, every: 12h, roles: [pc]}}
- {{check: device, every: 12h, roles: [pc, kiosk]}}
- {{check: storage, every: 12h, roles: [pc, kiosk]}}
- {{check: support, every: 12h, roles: [pc, kiosk]}}
- {{check: peripherals, every: 12h, roles: [pc, kiosk]}}
- {{check: bandwidth, every: 12h, roles: [pc]}}
- {{check: realtime, every: 12h, roles: [pc]}}
leases:
  quiet: [{{days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00"}}]
  closed: []
  period: 12h
  period_with_counters: 12h
"""
UNITS = (
    "27259", "27265", "26732", "27316", "26878", "26882", "25747", "25750", "25760", "26506", "26526", "26536", "26542",
    "25846",
)  # fmt: skip
"""The last that the seed draws is left out: a unit that was never heard of."""
FAULTS = (
    "provider_outage:provider=Nhà mạng B,start=-10m", "system_down:target=mail,start=-20m",
    "certificate_expired:target=map,start=-1d", "slow_line:start=-2d,units=27259",
    "captive_portal:start=-15m,units=26506", "power_cut:start=-5m,units=25760",
    "agent_silent:start=-3h,units=26882,share=1", "agent_silent:start=-2h,units=26732",
    "clock_wrong:start=-1h,units=25846", "disk_full:start=-3h,units=26878", "token_absent:start=-2h,units=26878",
    "pin_locked:start=-2h,units=25846", "signing_expired:start=-1d,units=25760", "disk_failing:start=-1d,units=26506",
    "pin_last_try:start=-2h,units=26506",
)  # fmt: skip
HEALTHY = ("26526", "26542", "27265", "27316")
AT_ONCE = 1000
"""Points in one request: a busy machine answers within seconds."""
COUNTED = "locality:sansang_unit_verdict:count"
_SAMPLE = re.compile(r"^(sansang_[a-z0-9_]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@contextlib.contextmanager
def prometheus(folder: Path, target: int, config: str = "", port: int = 0, *options: str) -> Iterator[int]:
    """The port, `port` or a free one, of a Prometheus that scrapes `target` every second, or follows the text `config`;
    `options` are added to its command."""
    program = shutil.which("prometheus")
    if program is None:
        raise RuntimeError(MISSING)
    port, log = port or free_port(), folder / "prometheus.log"
    (folder / "prometheus.yml").write_text(config or SCRAPES.format(port=target), "utf-8")
    command = [
        program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", *options,
    ]  # fmt: skip
    with _running(command, log):
        wait_until(lambda: get(port, "/-/ready")[0] == 200, "Prometheus does not start", log)
        yield port


@contextlib.contextmanager
def _running(command: list[str], log: Path, end: signal.Signals = signal.SIGTERM) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.send_signal(end)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()


def ask_promql(port: int, query: str) -> list[dict[str, Any]]:
    """The result vector of an instant query."""
    status, text = get(port, f"/api/v1/query?query={urllib.parse.quote(query)}")
    answer = json.loads(text)
    assert (status, answer["status"]) == (200, "success"), f"{answer.get('error', text)}\n{query}"
    result = answer["data"]["result"]
    if answer["data"]["resultType"] == "scalar":
        return [{"metric": {}, "value": result}]
    found: list[dict[str, Any]] = result
    return found


class Town(Struct, frozen=True):
    """A collector with a simulated city that lives, and a Prometheus that watches it and evaluates rules."""

    folder: Path
    collector: int
    prometheus: int

    def ask(self, query: str, patience: float = 0.0) -> list[dict[str, Any]]:
        """What `query` yields, waiting up to `patience` seconds for anything."""
        until = time.monotonic() + patience
        while not (found := ask_promql(self.prometheus, query)) and time.monotonic() < until:
            time.sleep(0.5)
        return found

    def office(self, *arguments: str) -> str:
        """What the command ``sansang-collector`` says here."""
        command = [str(BIN / "sansang-collector"), *arguments, "--config", str(self.folder / "collector.yaml")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextlib.contextmanager
def town(folder: Path, rules: Mapping[str, str], config: Callable[[int, int, str], str]) -> Iterator[Town]:
    """A town with a day behind it. `rules` are rule files by name, `config` makes prometheus.yml of the ports of the
    collector and of Prometheus, and of where the rule files lie."""
    (folder / "rules").mkdir()
    for name, text in rules.items():
        (folder / "rules" / name).write_text(text, "utf-8")
    port = free_port()
    with contextlib.ExitStack() as running:
        collector = running.enter_context(collecting(folder, port))
        text = config(collector, port, str(folder / "rules" / "*.yml"))
        running.enter_context(prometheus(folder, collector, text, port, "--web.enable-remote-write-receiver"))
        faults = [word for fault in FAULTS for word in ("--fault", fault)]
        lives = ("--units", str(len(UNITS) - 1), "--devices", "4", "--days", "1", "--speed", "120", "--lang", "en")
        running.enter_context(simulating(folder, *lives, *faults))
        made = Town(folder, collector, port)
        until = time.strftime("%Y-%m-%d", time.localtime(time.time() + 30 * 86_400))
        said = ("--author", "Lê An", "--reason", "new PCs are on their way")
        made.office("waivers", "grant", "--unit", UNITS[0], "pc_age", "--until", until, *said)
        as_yesterday(made)
        refuse(collector)
        yield made


def written(folder: Path, receiver: int) -> int:
    """Writes a collector's configuration; its port. What comes late goes to the port `receiver`."""
    port = free_port()
    default = yaml.safe_load((SHIPPED / "profiles" / "default.yaml").read_text("utf-8"))
    for part in ("localities", "profiles"):
        (folder / part).mkdir()
    own = COLLECTOR.format(port=port, units=SHIPPED / "units.csv", receiver=receiver)
    (folder / "collector.yaml").write_text(own, "utf-8")
    (folder / "profiles" / "town.yaml").write_text(PROFILE.format(version=default["version"]), "utf-8")
    listed = ", ".join(f'"{code}"' for code in UNITS)
    (folder / "localities" / "town.yaml").write_text(LOCALITY.format(units=listed), "utf-8")
    return port


@contextlib.contextmanager
def collecting(folder: Path, receiver: int) -> Iterator[int]:
    """The port of a running collector of the town in `folder`."""
    port, log = written(folder, receiver), folder / "collector.log"
    command = [str(BIN / "sansang-collector"), "run", "--config", str(folder / "collector.yaml")]
    with _running(command, log):
        wait_until(lambda: ready(port), "the collector does not start", log)
        yield port


@contextlib.contextmanager
def simulating(folder: Path, *options: str) -> Iterator[Path]:
    """A simulated city that lives on; what it says. Returns once its history is sent."""
    log = folder / "simulate.log"
    command = [sys.executable, "-m", "collector.main", "simulate", "--config", str(folder / "collector.yaml"), *options]
    with _running(command, log, signal.SIGINT) as process:
        wait_until(lambda: _sent(process, log), "the history is not sent", log)
        yield log


def _sent(process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text("utf-8")
    return "History since" in log.read_text("utf-8")


def as_yesterday(made: Town) -> None:
    """Writes what `/metrics` says of the units now as of the same time yesterday: what compares two days finds both."""
    text = get(made.collector, "/metrics")[1]
    found = [(match[1], _labels(match[2] or ""), float(match[3])) for match in _SAMPLE.finditer(text)]
    units = [(name, labels, value) for name, labels, value in found if not name.startswith("sansang_collector")]
    counts: dict[str, float] = {}
    for name, labels, value in units:
        if name == "sansang_unit_verdict":
            counts[labels["verdict"]] = counts.get(labels["verdict"], 0) + value
    place = {"locality": "demo", "province": "Thành phố Hồ Chí Minh"}
    units += [(COUNTED, place | {"verdict": verdict}, value) for verdict, value in counts.items()]
    begin = round(time.time()) - 86_400 - 120
    points = [
        (proto.series([("__name__", name), *labels.items()]), at * 1000, value)
        for name, labels, value in units
        for at in range(begin, begin + 960, 240)
    ]
    points.sort(key=lambda point: point[1])
    for first in range(0, len(points), AT_ONCE):
        Receiver("prometheus", made.prometheus).write(proto.request(points[first : first + AT_ONCE]))


def _labels(text: str) -> dict[str, str]:
    return {name: value.replace('\\"', '"') for name, value in _LABEL.findall(text)}


def refuse(port: int) -> None:
    """Sends the collector at `port` what is no batch."""
    body = b"nothing that anybody signed"
    request = f"POST /v1/results HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    assert ask(port, request).startswith(b"HTTP/1.1 400")
