"""The whole line through the installed programs, in an office that has IPv6 only: agent on the PC, router with Debian's
snmpd, the provider's name server, the collector in the city's network; from the first echo to Prometheus' series."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import EXECUTABLE, FLAGS, OUTPUT
from tests.checks.snmp_peers import COMMUNITY, snmpd
from tests.lab.namespaces import Namespace, Office, office
from tests.tree import ROOT

BIN = Path(sys.executable).parent
UNIT, PORT = "27259", 8420
CITY = Office.SERVER[1]
LOCALITY = """\
id: lab
title: {{vi: Phòng thử, en: Lab}}
province_code: "79"
profile: default
timezone: Asia/Ho_Chi_Minh
office_hours: always
push_linger: 1s
targets:
  - id: mot-cua
    title: {{vi: Một cửa, en: One stop}}
    url: http://mot-cua.example:{port}/healthz
    mandatory: true
    source: this test
jobs:
  - {{check: connectivity, targets: all, every: 3s, params: {{anchors: ["{{collector}}"]}}}}
  - {{check: dns, every: 5s, params: {{names: ["{{mandatory}}"], rewriting: false}}}}
  - {{check: lan, every: 5s, params: {{echoes: 3}}}}
  - {{check: path, targets: [mot-cua], every: 10s, params: {{max_hops: 6}}}}
  - {{check: clock, every: 5s}}
  - check: uplink
    every: 4s
    params: {{community: {community}, capacity_down_mbps: 200, capacity_up_mbps: 100, sample_seconds: 4, settle: 0}}
  - {{check: device, every: 60s}}
  - {{check: bandwidth, every: 1d}}
"""
SERIES = {
    "sansang_connectivity_up": 1.0,
    "sansang_lan_link_up": 1.0,
    "sansang_lan_gateway_loss_ratio": 0.0,
    "sansang_dns_up": 1.0,
    "sansang_path_reached": 1.0,
    "sansang_path_hops": 3.0,
    "sansang_path_mtu_bytes": 1500.0,
    "sansang_uplink_up": 1.0,
}
PRESENT = (
    "sansang_uplink_receive_bytes_total", "sansang_uplink_utilisation_ratio", "sansang_lan_gateway_rtt_seconds",
    "sansang_path_last_mile_rtt_seconds", "sansang_device_clock_offset_seconds", "sansang_clock_frequency_ratio",
)  # fmt: skip


class Line:
    """The programs, each in its namespace, with what they wrote in `folder`."""

    def __init__(self, here: Office, folder: Path, stack: contextlib.ExitStack) -> None:
        self.here, self.folder, self._stack = here, folder, stack
        self._started: list[tuple[str, subprocess.Popen[Any]]] = []
        here.pc.resolver(Office.ISP[1])
        self._start(
            here.isp, "names", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
            "--user=root", "--pid-file=", f"--listen-address={Office.ISP[1]}", "--bind-interfaces",
            f"--address=/mot-cua.example/{CITY}",
        )  # fmt: skip
        stack.enter_context(
            snmpd(folder, "udp6:161", "", lambda command, **options: here.router.start(*command, **options))
        )
        self._collector()
        self._agent()

    def _collector(self) -> None:
        settings = self.folder / "collector.yaml"
        places = self.folder / "localities"
        places.mkdir()
        (places / "lab.yaml").write_text(LOCALITY.format(port=PORT, community=COMMUNITY), "utf-8")
        settings.write_text(
            f'listen: "[::]:{PORT}"\npublic_url: "http://[{CITY}]:{PORT}"\nstate_dir: {self.folder}/collector\n'
            f"locality: {places}/lab.yaml\nunits: {ROOT}/configs/units.csv\nlang: vi\nsweep_seconds: 1\n"
            'access: {pages: ["::/0"], metrics: ["::/0"]}\n',
            "utf-8",
        )
        command = str(BIN / "sansang-collector")
        self._start(self.here.server, "collector", command, "run", "--config", str(settings))
        self.until(lambda: bool(self.get("/readyz", check=False)), "the collector does not answer")
        told = subprocess.run(
            [command, "tokens", "create", "--config", settings, "--unit", UNIT, "--seats", "1"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = re.search(r"ssk_\S+", told.stdout)
        assert found, told.stdout
        self._token = found[0]

    def _agent(self) -> None:
        settings = self.folder / "agent.yaml"
        settings.write_text(f"state_dir: {self.folder}/agent\nplain_http: true\n", "utf-8")
        command = (str(BIN / "sansang-agent"), "--config", str(settings))
        address = f"http://[{CITY}]:{PORT}"
        self.here.pc.run(command[0], "enrol", address, self._token, *command[1:])
        self._start(self.here.pc, "agent", command[0], "run", *command[1:])

    def _start(self, space: Namespace, name: str, *command: str) -> None:
        log = self._stack.enter_context((self.folder / f"{name}.log").open("wb"))
        process = space.start(*command, stdout=log, stderr=log, cwd=ROOT)
        self._stack.callback(_end, process)

    def get(self, path: str, check: bool = True) -> str:
        """A page of the collector, as the city's own network sees it."""
        code = (
            "import sys, urllib.request as u;"
            f"sys.stdout.write(u.urlopen('http://[::1]:{PORT}{path}', timeout=10).read().decode())"
        )
        return self.here.server.run(sys.executable, "-c", code, check=check).stdout

    def photograph(self, path: str, name: str) -> None:
        """Kept under test-output/ for who wants to look."""
        OUTPUT.mkdir(parents=True, exist_ok=True)
        picture = OUTPUT / f"{name}.png"
        address = f"http://[::1]:{PORT}{path}"
        flags = [*FLAGS, "--headless=new", "--hide-scrollbars", "--window-size=1200,4200", f"--screenshot={picture}"]
        self.here.server.run(str(EXECUTABLE), *flags, address, env={**os.environ, "HOME": str(self.folder)})
        assert picture.stat().st_size > 20_000

    def until(self, done: Callable[[], bool], complaint: str, seconds: float = 90.0) -> None:
        until = time.monotonic() + seconds
        while not done():
            logs = "".join(file.read_text("utf-8", "replace")[-3000:] for file in sorted(self.folder.glob("*.log")))
            assert time.monotonic() < until, f"{complaint}\n{logs}"
            time.sleep(0.5)


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(office(ipv4=False))
        yield Line(here, tmp_path, stack)


def values(text: str) -> dict[str, float]:
    """The last value of each series, whatever its labels."""
    rows = re.findall(r"^(\w+)\{[^\n]*\} (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in rows}


def outcomes(text: str) -> dict[str, str]:
    """The outcome of each check's newest run."""
    rows = re.findall(r'^sansang_check_outcome\{.*?check="(\w+)".*?outcome="(\w+)"\} 1$', text, re.MULTILINE)
    return dict(rows)


CHECKS = ("clock", "connectivity", "device", "dns", "lan", "path", "uplink")


def test_every_check_of_the_line_reaches_prometheus_from_an_ipv6_only_office(line: Line) -> None:
    """Measured, signed, sent, stored, judged and exported, each as it is."""
    path = f"/metrics/devices?unit={UNIT}"

    def complete() -> bool:
        found = line.get(path, check=False)
        return all(outcomes(found).get(name) == "ok" for name in CHECKS) and "uplink_utilisation" in found

    line.until(complete, "not every check came through")
    text = line.get(path)
    found = values(text)
    assert {name: found.get(name) for name in SERIES} == SERIES
    assert [name for name in PRESENT if name not in found] == []
    assert re.search(r'sansang_connectivity_family_up\{[^}]*family="ipv6"\} 1', text)
    assert "# TYPE sansang_uplink_receive_bytes_total counter" in text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    device = re.search(r'device="([0-9a-f-]{36})"', text)
    assert device
    line.photograph(f"/devices/{device[1]}", "line-device")
    line.photograph(f"/units/{UNIT}", "line-unit")
    page = line.get(f"/devices/{device[1]}")
    assert all(title in page for title in ("Mạng nội bộ", "Đường đi tới hệ thống", "Mbit/s"))
