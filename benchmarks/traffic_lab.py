"""An office of Ho Chi Minh City in namespaces: a PC with a desk, a router that resolves names, and behind 10 ms of line
the locality's systems and a real collector, all over TLS, and the services that a signature needs."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks import chain
from benchmarks.accuracy_lab import ROOT, answers, end
from benchmarks.desk import Params, desk
from tests.lab.emulator import Emulator, Shape
from tests.lab.namespaces import Namespace, Office, office

SYSTEMS = ("203.0.113.10", "2001:db8:9::10")
SIGNING, SERVICES = "tsa.ca.gov.vn", ("203.0.113.11", "2001:db8:9::11")
"""The locality's time-stamp server; the token's issuer has its list and its responder there too."""
COLLECTOR, PORT, UNIT = "collector.bench.test", 8420, "27259"
PAGE = 60_000
BIN = Path(sys.executable).parent
HEADER = 14
"""Bytes of an Ethernet header, which the kernel counts on a device and no provider does."""
SETTINGS = """\
listen: "0.0.0.0:{port}"
public_url: "https://{name}:{port}"
state_dir: "{folder}/collector"
locality: hcmc
tls: {{certificate: "{pem}", key: "{pem}"}}
"""
COUNTING = """\
add table inet bench; add counter inet bench sent; add counter inet bench received;
add chain inet bench out {{ type filter hook output priority 0; }};
add chain inet bench in {{ type filter hook input priority 0; }};
add rule inet bench out tcp dport {port} counter name sent;
add rule inet bench in tcp sport {port} counter name received;
"""
JOBS = list[dict[str, Any]]


class Used(Struct, frozen=True):
    """Bytes of IP packets, headers included."""

    sent: float
    received: float

    def __add__(self, other: Used) -> Used:
        return Used(self.sent + other.sent, self.received + other.received)

    def __sub__(self, other: Used) -> Used:
        return Used(self.sent - other.sent, self.received - other.received)

    def __mul__(self, number: float) -> Used:
        return Used(self.sent * number, self.received * number)


class Place(Struct, frozen=True):
    """The office, the agent's folder and settings, the environment in which its programs run, and what its checks must
    be told to find the desk."""

    office: Office
    folder: Path
    environment: dict[str, str]
    params: dict[str, Params]

    @property
    def settings(self) -> str:
        return str(self.folder / "agent.yaml")

    @property
    def state(self) -> Path:
        return self.folder / "agent"

    def all(self) -> Used:
        """What the PC's device has carried."""
        numbers = self.office.pc.run(
            "sh", "-c", "cd /sys/class/net/router/statistics && cat tx_bytes tx_packets rx_bytes rx_packets"
        ).stdout.split()
        sent, packets_out, received, packets_in = (int(number) for number in numbers)
        return Used(sent - HEADER * packets_out, received - HEADER * packets_in)

    def push(self) -> Used:
        """What of it was between agent and collector."""
        listed = self.office.pc.run("nft", "list", "counters", "table", "inet", "bench").stdout
        found = dict(re.findall(r"counter (\w+) \{\s+packets \d+ bytes (\d+)", listed))
        return Used(int(found["sent"]), int(found["received"]))

    def told(self) -> dict[str, Any]:
        """The configuration that the agent keeps, with the params of the desk."""
        found: dict[str, Any] = msgspec.json.decode(self._kept().read_bytes())
        for job in found["jobs"]:
            job["params"] = job.get("params", {}) | self.params.get(job["check"], {})
        return found

    def tell(self, config: dict[str, Any]) -> None:
        """Puts another in its place; the collector does not know, and leaves it there."""
        self._kept().write_bytes(msgspec.json.encode(config) + b"\n")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode((self.state / "status.json").read_bytes())
        return found

    def _kept(self) -> Path:
        return self.state / "config.json"

    @contextlib.contextmanager
    def agent(self) -> Iterator[None]:
        """The resident agent, running in the PC."""
        command = [str(BIN / "sansang-agent"), "run", "--config", self.settings]
        with (self.folder / "agent.log").open("ab") as log:
            process = self.office.pc.start(*command, env=self.environment, stdout=log, stderr=log)
            try:
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


@contextlib.contextmanager
def place(hosts: list[str]) -> Iterator[Place]:
    """The office, its agent enrolled; everything gone at the end."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        office() as here,
        contextlib.closing(Emulator(here.isp, here.server, "access")) as access,
        contextlib.ExitStack() as running,
    ):
        folder = Path(temporary)
        _wire(here, access)
        found = running.enter_context(desk(folder / "desk", here.pc, here.server, SIGNING, *SERVICES))
        made = chain.make(folder, [*hosts, COLLECTOR], old=True)
        text = SETTINGS.format(port=PORT, name=COLLECTOR, folder=folder, pem=made.server)
        (folder / "collector.yaml").write_text(text, "utf-8")
        (folder / "agent.yaml").write_text(f"state_dir: {folder}/agent\nca_file: {made.root}\n", "utf-8")

        def start(space: Namespace, *command: str) -> None:
            quiet = subprocess.DEVNULL
            running.callback(end, space.start(*command, cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet))

        start(here.server, sys.executable, "-m", "benchmarks.accuracy_server", made.server, str(PAGE), *SYSTEMS)
        start(here.server, str(BIN / "sansang-collector"), "run", "--config", str(folder / "collector.yaml"))
        start(here.router, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
              "--pid-file=", "--user=root", "--local=/vn/", "--local=/test/", *_names(hosts))  # fmt: skip
        for port in (443, 80, PORT):
            answers(here.server, SYSTEMS[0], port)
        answers(here.router, Office.ROUTER[0], 53)
        environment = {**os.environ, "SSL_CERT_FILE": made.root, **found.environment}
        yield _enrolled(Place(here, folder, environment, found.params))


def _wire(here: Office, access: Emulator) -> None:
    here.pc.resolver(*Office.ROUTER)
    here.pc.run("ip", "link", "set", "router", "gso_max_segs", "1")  # so that the device counts what is on the wire
    here.pc.run("nft", COUNTING.format(port=PORT).replace("\n", " "))
    for index, pair in enumerate(zip(SYSTEMS, SERVICES, strict=True)):
        version, host = ("-4", "/32") if index == 0 else ("-6", "/128")
        for address in pair:
            here.server.ip(version, "addr", "add", address + host, "dev", "access")
            here.isp.ip(version, "route", "add", address + host, "dev", "access")
        here.server.ip(version, "route", "replace", "default", "dev", "access", "src", pair[0])
    access.set(Shape(delay=0.005), Shape(delay=0.005))


def _names(hosts: list[str]) -> list[str]:
    both = [f"--address=/{host}/{address}" for host in hosts for address in (SERVICES if host == SIGNING else SYSTEMS)]
    return [*both, f"--address=/{COLLECTOR}/{SYSTEMS[0]}"]


def _enrolled(made: Place) -> Place:
    config = str(made.folder / "collector.yaml")
    token = made.office.server.run(str(BIN / "sansang-collector"), "tokens", "create", "--config", config,
                                   "--unit", UNIT).stdout.split()[-1]  # fmt: skip
    command = (str(BIN / "sansang-agent"), "enrol", "--config", made.settings, f"https://{COLLECTOR}:{PORT}", token)
    made.office.pc.run(*command, env=made.environment)
    with made.agent():
        until = time.monotonic() + 30
        while not made._kept().exists() and time.monotonic() < until:
            time.sleep(0.1)
    return made
