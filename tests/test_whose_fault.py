"""A technician at a desk, and one thing broken on the way: the command says which part it is, from what it measured.

A whole small country in namespaces: the PC, the office's router, the provider with its name server, two systems.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from agent.locate import locate
from checks.kit.model import Outcome, Result
from checks.kit.segment import Segment
from tests.lab.namespaces import Namespace, Office, office
from tests.tree import ROOT

AGENT = Path(sys.executable).parent / "sansang-agent"
SECOND = ("198.51.100.11", "2001:db8:3::11")
SITES = {"mot-cua": Office.SERVER, "van-ban": SECOND}
SETTINGS = """\
state_dir: {folder}
jobs:
  - {{check: lan}}
  - {{check: dns, params: {{host: mot-cua.example, timeout: 1, rewriting: false}}}}
  - {{check: path, params: {{target: "http://mot-cua.example/", max_hops: 3, probes: 1, mtu: false}}}}
  - {{check: connectivity, target: mot-cua, params: {{url: "http://mot-cua.example/", timeout: 2, anchors: [van-ban.example:80]}}}}
  - {{check: connectivity, target: van-ban, params: {{url: "http://van-ban.example/", timeout: 2, anchors: [mot-cua.example:80]}}}}
"""  # noqa: E501
WEB = """\
import http.server, socket, socketserver
class Server(socketserver.ThreadingTCPServer):
    address_family, allow_reuse_address, daemon_threads = socket.AF_INET6, True, True
http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None
Server(("{address}", 80), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


class Country:
    """The office and what it is joined to; ``systems`` are the processes that serve."""

    def __init__(self, here: Office, folder: Path) -> None:
        self.office, self._file = here, folder / "agent.yaml"
        self._file.write_text(SETTINGS.format(folder=folder), "utf-8")
        for address, bits in zip(SECOND, (24, 64), strict=True):
            here.server.ip("addr", "add", f"{address}/{bits}", "dev", "isp")
        records = [f"--address=/{name}.example/{address}" for name, both in SITES.items() for address in both]
        self._named = here.isp.start(
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
            "--pid-file=", f"--listen-address={Office.ISP[0]}", "--bind-interfaces", *records,
        )  # fmt: skip
        here.pc.resolver(Office.ISP[0])
        here.pc.hurries("router")
        self.systems = {name: _serve(here.server, folder, both) for name, both in SITES.items()}
        self._settle()

    def check(self, *more: str) -> subprocess.CompletedProcess[str]:
        command = [str(AGENT), "check", "--config", str(self._file), *more]
        return self.office.pc.run(*command, check=False, timeout=170, cwd=ROOT)

    def results(self) -> list[Result]:
        done = self.check("--json")
        return msgspec.json.decode(done.stdout, type=list[Result])

    def _settle(self) -> None:
        """Until everyone knows his neighbours and both systems answer by both families."""
        until = time.monotonic() + 20
        for address in (*Office.SERVER, *SECOND):
            while not self._answers(address):
                assert time.monotonic() < until, address
                time.sleep(0.1)

    def _answers(self, address: str) -> bool:
        try:
            self.office.pc.call(lambda: socket.create_connection((address, 80), 2)).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        for process in (self._named, *(one for both in self.systems.values() for one in both)):
            process.kill()
            process.wait()


def _serve(space: Namespace, folder: Path, addresses: tuple[str, str]) -> list[subprocess.Popen[bytes]]:
    folder.joinpath("index.html").write_text("ok", "utf-8")
    as_ipv6 = ("::ffff:" + addresses[0], addresses[1])
    return [space.start(sys.executable, "-c", WEB.format(address=one), cwd=folder) for one in as_ipv6]


@contextlib.contextmanager
def country_in(folder: Path) -> Iterator[Country]:
    with office() as here, contextlib.closing(Country(here, folder)) as built:
        yield built


def unplugged(country: Country) -> None:
    country.office.pc.ip("link", "set", "router", "down")


def router_dead(country: Country) -> None:
    country.office.router.ip("addr", "flush", "dev", "pc")
    country.office.pc.ip("neigh", "flush", "all")


def line_cut(country: Country) -> None:
    country.office.isp.filter("prerouting", "iifname router drop", priority=-300)


def provider_broken(country: Country) -> None:
    country.office.isp.filter("forward", "drop")


def system_down(country: Country) -> None:
    for process in country.systems["mot-cua"]:
        process.kill()
        process.wait()


def test_with_everything_whole_nothing_is_blamed(tmp_path: Path) -> None:
    """And the command says so."""
    with country_in(tmp_path) as country:
        results = country.results()
        assert {result.outcome for result in results} == {Outcome.OK}
        assert locate(results) == []
        assert country.check("--lang", "en").stdout.endswith("The way to the systems is clear\n")


Break = Callable[[Country], None]
BREAKS: dict[Break, tuple[Segment, str | None, set[str]]] = {
    unplugged: (Segment.DEVICE, "link_down", {"mot-cua", "van-ban"}),
    router_dead: (Segment.LAN, "gateway_unreachable", {"mot-cua", "van-ban"}),
    line_cut: (Segment.ACCESS, None, {"mot-cua", "van-ban"}),
    provider_broken: (Segment.PROVIDER, "tcp_timeout", {"mot-cua", "van-ban"}),
    system_down: (Segment.DESTINATION, "tcp_refused", {"mot-cua"}),
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[Break, list[Result]]:
    """What the agent measures in a country of its own for each fault; together, as most of it is waiting."""

    def measure(breaks: Break) -> list[Result]:
        with country_in(tmp_path_factory.mktemp(breaks.__name__)) as country:
            breaks(country)
            return country.results()

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(BREAKS, pool.map(measure, BREAKS), strict=True))


@pytest.mark.parametrize("breaks", BREAKS, ids=lambda breaks: breaks.__name__)
def test_the_broken_part_is_the_one_that_is_named(measured: dict[Break, list[Result]], breaks: Break) -> None:
    """One fault, in its place, with what it stops; in words too."""
    segment, reason, stopped = BREAKS[breaks]
    faults = locate(measured[breaks])
    assert [fault.segments[0] for fault in faults] == [segment]
    assert set(faults[0].targets) == stopped
    assert reason in (None, faults[0].reason)
    assert len(faults[0].segments) == 1 or segment is Segment.DEVICE
