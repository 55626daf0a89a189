"""The demo locality with its programs as `make up` starts them, in a town whose parts can be broken.

What is added to the locality are systems on the Internet, two for VNPT's customers and two for the others', one of them
with TLS; the collector's own addresses are said to be in the dedicated network, where they are in this town. Jobs,
profile and intervals are as shipped. Two requirements that look back over 7 days are excused: they would remember each
fault for as long.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import json
import os
import re
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from collector.config import SHIPPED
from collector.main import cli
from tests.checks.certs import DAY, NOW, Authority
from tests.checks.servers import Server, http, say
from tests.desk.place import end
from tests.faults.rig import BIN, ready
from tests.lab.clocks import Clock
from tests.lab.town import CENTRE, PROVIDERS, SYSTEMS, Town, town
from tests.tree import ROOT
from tools.up import COLLECTOR

PORT = 8420
UNITS = ("27259", "27265", "27286", "26743")
"""Xóm Chiếu, Khánh Hội, Vĩnh Hội, Bến Thành: one for each office of the town."""
VNPT, OTHERS = UNITS[:2], UNITS[2:]
SITES = {
    "van-ban": ("http://van-ban.example/", VNPT),
    "ho-tich": ("http://ho-tich.example/", VNPT),
    "mot-cua": ("https://mot-cua.example/", OTHERS),
    "dat-dai": ("http://dat-dai.example/", OTHERS),
}
"""The added systems: address, and the units that measure it. Apart, so that two faults at once are two."""
LOOKING_BACK = ("system_rtt", "systems_reachable")
PATIENCE = 60.0


class Site:
    """A system with TLS whose certificate can be exchanged while it serves."""

    def __init__(self, folder: Path, name: str) -> None:
        authority = Authority(folder, "Sở Thử Nghiệm")
        self.ca_file = authority.ca_file
        self._good, _ = authority.server((name,))
        self._expired, _ = authority.server((name,), NOW - 90 * DAY, NOW - DAY)
        self._present = self._good
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._present

    def expire(self) -> None:
        self._present = self._expired

    def renew(self) -> None:
        self._present = self._good


class Demo:
    """``devices`` and ``clocks`` are those of the town's offices, in their order."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.site = Site(folder / "tls", "mot-cua.example")
        self.town: Town = stack.enter_context(town({f"{name}.example": SYSTEMS for name in SITES}))
        stack.enter_context(self.town.systems.call(lambda: _serve(443, self.site.context)))
        stack.enter_context(self.town.systems.call(lambda: _serve(80, None)))
        self._configure()
        self.clocks = [self._clock(unit) for unit in UNITS]
        self._start_collector()
        self._tokens = [self._token(unit) for unit in UNITS]
        with concurrent.futures.ThreadPoolExecutor(len(UNITS)) as pool:
            self.devices = list(pool.map(self._enrol, range(len(UNITS))))
        for number, unit in enumerate(UNITS):
            self._run(f"agent-{unit}", *self._inside(number), "run", *self._agent(unit), clock=self.clocks[number])
        self._tell()

    def command(self, *words: str) -> str:
        """What ``sansang-collector`` prints."""
        done = subprocess.run(
            [str(BIN / "sansang-collector"), *words, "--config", str(self.settings)],
            capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def asked(self, *words: str) -> Any:
        """What it prints for programs."""
        return json.loads(self.command(*words, "--json"))

    @property
    def settings(self) -> Path:
        return self.folder / "collector.yaml"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'collector' / 'sansang.db'}"

    def logs(self) -> str:
        """The end of what each program said."""
        return "".join(f"\n{file.name}: {file.read_text()[-1500:]}" for file in sorted(self.folder.glob("*.log")))

    def _configure(self) -> None:
        """``collector.yaml`` as `make up` writes it, but for the address, which other machines than this one reach."""
        locality: dict[str, Any] = yaml.safe_load((SHIPPED / "localities" / "demo.yaml").read_text("utf-8"))
        kept = [target for target in locality["targets"] if target["id"] not in SITES]
        for target in kept:
            target["network"] = "tslcd"
        locality["targets"] = [*kept, *(self._target(name) for name in SITES)]
        places = self.folder / "localities"
        places.mkdir()
        (places / "demo.yaml").write_text(json.dumps(locality), "utf-8")
        text = COLLECTOR.format(port=PORT, configs=SHIPPED).replace(f"127.0.0.1:{PORT}", f"0.0.0.0:{PORT}")
        if "sweep_seconds" not in text:  # by default every 5 s: then a result shows up to 5 s later, and a moment more
            text += "sweep_seconds: 2\n"
        more = f'public_url: "http://{CENTRE}:{PORT}"\naccess: {{pages: ["0.0.0.0/0"]}}\n'
        self.settings.write_text(text + more, "utf-8")

    def _target(self, name: str) -> dict[str, Any]:
        address, units = SITES[name]
        params = {"ca_file": self.site.ca_file} if address.startswith("https:") else {}
        return {"id": name, "title": {"vi": name, "en": name}, "url": address, "mandatory": True,
                "source": "this test", "units": list(units), "params": params}  # fmt: skip

    def _clock(self, unit: str) -> Clock:
        folder = self.folder / f"agent-{unit}"
        folder.mkdir()
        (folder / "agent.yaml").write_text(f"state_dir: {folder}\nplain_http: true\n", "utf-8")
        return Clock(folder)

    def _start_collector(self) -> None:
        command = str(BIN / "sansang-collector")
        inside = ["ip", "netns", "exec", self.town.centre.name]
        self._run("collector", *inside, command, "run", "--config", str(self.settings))
        self.until(lambda: self.town.centre.call(lambda: ready(PORT)), "the collector does not answer")

    def _token(self, unit: str) -> str:
        found = re.search(r"ssk_\S+", self._quickly("tokens", "create", "--unit", unit, "--seats", "1"))
        assert found
        return found[0]

    def _tell(self) -> None:
        """Who provides the lines, and what is excused."""
        rows = [f"{unit};{provider}\n" for unit, provider in zip(UNITS, PROVIDERS, strict=True)]
        roster = self.folder / "units.csv"
        roster.write_text("Mã đơn vị;Nhà cung cấp Internet\n" + "".join(rows), "utf-8")
        self._quickly("roster", "import", str(roster))
        until = (NOW + 2 * DAY).strftime("%Y-%m-%d")
        told = ("--until", until, "--author", "Tổ kỹ thuật", "--reason", "nhìn lại 7 ngày")
        for unit, requirement in itertools.product(UNITS, LOOKING_BACK):
            self._quickly("waivers", "grant", "--unit", unit, requirement, *told)

    def _quickly(self, *words: str) -> str:
        """The same command without a process of its own, whose start would take longest."""
        done = CliRunner().invoke(cli, [*words, "--config", str(self.settings)])
        assert done.exit_code == 0, (words, done.output, done.exception, self.logs())
        return done.output

    def _enrol(self, number: int) -> str:
        """The device's id."""
        unit = UNITS[number]
        address = f"http://{CENTRE}:{PORT}"
        command = [*self._inside(number), "enrol", *self._agent(unit), address, self._tokens[number]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return str(json.loads((self.folder / f"agent-{unit}" / "identity.json").read_text("utf-8"))["device"])

    def _inside(self, number: int) -> list[str]:
        return ["ip", "netns", "exec", self.town.offices[number].pc.name, str(BIN / "sansang-agent")]

    def _agent(self, unit: str) -> list[str]:
        return ["--config", str(self.folder / f"agent-{unit}" / "agent.yaml")]

    def _run(self, name: str, *command: str, clock: Clock | None = None) -> None:
        log = self._stack.enter_context((self.folder / f"{name}.log").open("wb"))
        environment = {**os.environ, **(clock.environment if clock else {})}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._stack.callback(end, process)

    def until(self, done: Callable[[], bool], complaint: str, seconds: float = PATIENCE) -> None:
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, complaint + self.logs()
            time.sleep(0.05)


def _serve(port: int, context: ssl.SSLContext | None) -> Server:
    return Server(say(http(200, b"ok")), context, host=SYSTEMS, port=port)


@contextlib.contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    """A :class:`Demo` whose programs and namespaces are gone at the end."""
    with contextlib.ExitStack() as stack:
        yield Demo(folder, stack)
