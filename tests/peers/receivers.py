"""Debian's Prometheus and VictoriaMetrics as receivers of remote write, on loopback, and every point they hold."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from collector.remote import proto
from tests.faults.rig import PATIENCE, get, wait_until
from tests.ports import free_port

MISSING = "{0} is not installed: `apt-get install {0}` (make test does it when it runs as root)"
CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
storage: {{tsdb: {{out_of_order_time_window: {window}}}}}
scrape_configs: [{scrape}]
"""
SCRAPE = (
    '{{job_name: sansang-devices, metrics_path: /metrics/devices, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}'
)
Labels = frozenset[tuple[str, str]]
Points = dict[Labels, dict[int, float]]
"""What a receiver holds: by labels (``__name__`` among them) values by ms."""


class Receiver(Struct, frozen=True):
    """A receiver that runs: where it takes samples, and how it is asked what it holds."""

    name: str
    port: int
    path: str = "/api/v1/write"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def write(self, body: bytes) -> None:
        """Gives it a request of remote write."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", self.path, body, proto.HEADERS)
            answer = connection.getresponse()
            assert answer.status == 204, answer.read()
        finally:
            connection.close()

    def points(self, selector: str) -> Points:
        """Every raw point of four days that `selector` finds."""
        return self._of_prometheus(selector) if self.name == "prometheus" else self._of_victoria(selector)

    def _of_prometheus(self, selector: str) -> Points:
        status, text = get(self.port, f"/api/v1/query?query={urllib.parse.quote(selector + '[4d]')}")
        assert status == 200, text
        found = json.loads(text)["data"]["result"]
        return {
            frozenset(one["metric"].items()): {round(at * 1000): float(value) for at, value in one["values"]}
            for one in found
        }

    def _of_victoria(self, selector: str) -> Points:
        assert get(self.port, "/internal/force_flush")[0] == 200
        status, text = get(self.port, f"/api/v1/export?match[]={urllib.parse.quote(selector)}&start=-4d")
        assert status == 200, text
        found: Points = {}
        for line in text.splitlines():
            one = json.loads(line)
            held = found.setdefault(frozenset(one["metric"].items()), {})
            held.update(zip(one["timestamps"], one["values"], strict=True))
        return found


@contextmanager
def prometheus(folder: Path, *, window: str = "7d", scrape: int = 0, port: int = 0) -> Iterator[Receiver]:
    """A Prometheus that takes samples of the last `window`; it scrapes the devices of the collector at `scrape`. Its
    data stays in `folder`."""
    port = port or free_port()
    folder.mkdir(exist_ok=True)
    scraped = SCRAPE.format(port=scrape) if scrape else ""
    (folder / "prometheus.yml").write_text(CONFIG.format(window=window, scrape=scraped), "utf-8")
    command = [
        program("prometheus"), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--log.level=warn",
    ]  # fmt: skip
    with running(command, port, "/-/ready", folder / "log"):
        yield Receiver("prometheus", port)


@contextmanager
def victoria(folder: Path, *, port: int = 0) -> Iterator[Receiver]:
    """A VictoriaMetrics of one node. Its data stays in `folder`."""
    port = port or free_port()
    folder.mkdir(exist_ok=True)
    command = [
        program("victoria-metrics"), f"-storageDataPath={folder / 'data'}", f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=1y", "-memory.allowedBytes=100MB", "-loggerLevel=WARN",
    ]  # fmt: skip
    with running(command, port, "/health", folder / "log"):
        yield Receiver("victoria", port)


def program(name: str) -> str:
    """Where the program of the Debian package `name` is. Raises RuntimeError without it."""
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(MISSING.format(name))
    return found


@contextmanager
def running(command: list[str], port: int, ready: str, log: Path) -> Iterator[None]:
    """`command` as a process that answers at `ready`."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_until(lambda: get(port, ready)[0] == 200, f"{command[0]} does not start", log)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)
