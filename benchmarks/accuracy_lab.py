"""Where accuracy is measured: an emulated line with our checks and the peers at one end, servers at the other."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from benchmarks import chain
from tests.lab.emulator import FAR, Line, line
from tests.lab.namespaces import Namespace

ROOT = Path(__file__).resolve().parent.parent
NAME, WARM = "page.bench.test", "other.bench.test"
BLACKBOX = """\
modules:
  http:
    prober: http
    http: {{preferred_ip_protocol: ip4, tls_config: {{ca_file: {root}}}}}
  icmp:
    prober: icmp
    icmp: {{preferred_ip_protocol: ip4}}
"""
T = TypeVar("T")


class Bench(Struct, frozen=True):
    """The line, our process at its near end, and the authority that the servers' certificate is from."""

    line: Line
    ours: subprocess.Popen[bytes]
    root: str

    def ask(self, told: dict[str, Any], answer: type[T]) -> T:
        """What our process measured."""
        return exchange(self.ours, told, answer)

    def blackbox(self, module: str, target: str) -> dict[str, float]:
        """The series of one probe of blackbox_exporter, which has to have worked."""
        query = urllib.parse.urlencode({"module": module, "target": target})
        text = self.line.near.call(lambda: fetch(f"http://127.0.0.1:9115/probe?{query}"))
        series = dict(row.rsplit(" ", 1) for row in text.splitlines() if row and not row.startswith("#"))
        found = {name: float(value) for name, value in series.items()}
        if found["probe_success"] != 1:
            raise SystemExit(f"blackbox_exporter does not reach {target}")
        return found


def exchange(process: subprocess.Popen[bytes], told: object, answer: type[T]) -> T:
    """Writes `told` as a line of JSON; what comes back, decoded. Raises SystemExit when the process has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(told) + b"\n")
    process.stdin.flush()
    text = process.stdout.readline()
    if not text:
        raise SystemExit("our process ended")
    return msgspec.json.decode(text, type=answer)


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as reply:
        return str(reply.read(), "utf-8")


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """Everything started, and gone at the end."""
    with tempfile.TemporaryDirectory() as folder, line() as here, contextlib.ExitStack() as running:
        made = chain.make(Path(folder), [NAME, WARM])
        config = Path(folder) / "blackbox.yml"
        config.write_text(BLACKBOX.format(root=made.root), "utf-8")
        here.near.resolver(FAR[0])
        here.far.run("ip", "link", "set", "lo", "up")

        def start(space: Namespace, *command: str, pipe: bool = False) -> subprocess.Popen[bytes]:
            kind = subprocess.PIPE if pipe else subprocess.DEVNULL
            process = space.start(*command, cwd=ROOT, stdin=kind, stdout=kind, stderr=None if pipe else kind)
            running.callback(end, process)
            return process

        python = [sys.executable, "-m"]
        start(here.far, *python, "benchmarks.accuracy_server", made.server, "1000", FAR[0])
        start(here.near, *python, "benchmarks.accuracy_server", made.server, "1000", "127.0.0.1")
        names = (f"--address=/{NAME}/{FAR[0]}", f"--address=/{WARM}/127.0.0.1")
        start(here.far, "dnsmasq", *names, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
              f"--listen-address={FAR[0]}", "--bind-interfaces", "--pid-file=",
              "--cache-size=0", "--user=root")  # fmt: skip
        start(here.near, "prometheus-blackbox-exporter", f"--config.file={config}",
              "--web.listen-address=127.0.0.1:9115")  # fmt: skip
        ours = start(here.near, *python, "benchmarks.accuracy_ours", pipe=True)
        for port in (53, 80, 443):
            answers(here.far, FAR[0], port)
        for port in (80, 443, 9115):
            answers(here.near, "127.0.0.1", port)
        yield Bench(here, ours, made.root)


def answers(space: Namespace, address: str, port: int) -> None:
    """Waits until something listens there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            space.call(lambda: socket.create_connection((address, port), 1)).close()
            return
        time.sleep(0.02)
    raise SystemExit(f"nothing listens on port {port}")


@contextlib.contextmanager
def busy(hogs: int) -> Iterator[None]:
    """That many processes that only burn CPU."""
    command = [sys.executable, "-S", "-c", "while True: pass"]
    processes = [subprocess.Popen(command) for _ in range(hogs)]
    try:
        yield
    finally:
        for process in processes:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def settle(seconds: float, until: Callable[[], bool]) -> None:
    """Waits for `until`, at most so long."""
    limit = time.monotonic() + seconds
    while not until() and time.monotonic() < limit:
        time.sleep(0.01)
