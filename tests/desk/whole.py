"""A whole desk around resident agents: a token that signs, time stamps and revocation, a UPS, a printer, a second disk,
and a name of somebody in each of them. Everything but PC/SC runs in one namespace."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes

from tests.checks.printing import Queue, cupsd
from tests.desk import canaries, services, tokens
from tests.desk.place import DESK, Collector, Jobs, Pc, collecting, end, series
from tests.faults.proxy import Proxy, proxy
from tests.faults.rig import wait_until
from tests.lab import nut
from tests.lab.desk import ROOTS
from tests.lab.softhsm import MODULE

OFTEN = "6s"
HOST, USER, VOLUME = "canary-host-5d2f", "canary-user-c07e", "canary-volume-91ab"
BODY, QUEUE, UPS_SERIAL = "Phòng Canary Tuyệt Mật", "Canary-May-In-P203", nut.SERIAL
SERIAL = 0x7EADBEEFCAFE0BADF00D1234567890
UPS = {"ups.status": "OL CHRG", "battery.charge": "97", "battery.runtime": "1260", "ups.load": "31"}
ROSTER = {
    "units.csv": "Mã đơn vị;Số cán bộ;Số người ký số;Số máy in;Nhà cung cấp Internet;Tải xuống hợp đồng (Mbps)\n"
    "27259;45;2;1;VNPT;200\n",
    "stations.csv": "Mã đơn vị;Mã vị trí *;Vai trò;Tên vị trí;Ngày mua;Kiểu máy;Có ký số;Cài phần mềm đo\n"
    "27259;Q01;quầy;Quầy 1 – Hộ tịch;15/08/2023;Dell OptiPlex 3080;có;có\n"
    "27259;Q02;quầy;Quầy 2 – Đất đai;2017;HP ProDesk 400 G4;có;có\n"
    "27259;K01;kiosk;Kiosk tra cứu;;;không;có\n",
}
_SURROUNDED = f"""
set -e
hostname {HOST}
mount -t tmpfs tmpfs /run; mkdir /run/cups; mount --bind "$1" /run/cups
mount -o loop "$2/image" "$2/{VOLUME}"
shift 2
exec "$@"
"""


class Whole:
    """``first`` stands at the station Q01 of the roster, ``second`` has the same token; both send through ``wire``."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder, self._stack = folder, stack
        drawer = tokens.Drawer(self._made("drawer"), stack)
        street = services.Street(self._made("street"), drawer, stack)
        self.leaf, asked = services.good(street, body=BODY, serial=SERIAL)
        self.hsm = drawer.token(self.leaf)
        self._readers = drawer.known
        stack.enter_context(street.space.inside())
        upses = stack.enter_context(nut.serving(self._made("nut"), {"desk": UPS}))
        self._printing = Path(stack.enter_context(cupsd(Queue(QUEUE)))).parent
        held = {"modules": [MODULE], "roots": ROOTS, "authorities": drawer.pem(), "expected": True}
        ups = {"nut": upses.address, "ups": "desk"}
        jobs: Jobs = {"signing_token": held, "signing_service": asked, "power": ups, "storage": {}}
        self.collector: Collector = stack.enter_context(collecting(self._made("city"), jobs, OFTEN))
        self.wire: Proxy = stack.enter_context(proxy(self.collector.port))
        self.dry, self.taken = self._roster()
        self.first, self.second = self._pc("first"), self._pc("second")
        self.agents: list[subprocess.Popen[bytes]] = []
        self._join(self.first, "--station", "Q01")
        self._join(self.second)
        self.begun = time.monotonic()
        for pc in (self.first, self.second):
            self.agents.append(pc.start(self.log(pc)))
            stack.callback(end, self.agents[-1])

    @property
    def pcs(self) -> tuple[Pc, Pc]:
        return self.first, self.second

    def log(self, pc: Pc) -> Path:
        return pc.folder / "agent.log"

    def ok(self, pc: Pc) -> set[str]:
        """The checks of the desk that are well on `pc`, as the collector exports it."""
        text = self.collector.devices_text()
        named = {"device": pc.device, "outcome": "ok"}
        return {name for name in DESK if series(text, "sansang_check_outcome", check=name, **named) == [1.0]}

    def measured(self, pc: Pc) -> set[str]:
        text = self.collector.devices_text()
        return {name for name in DESK if series(text, "sansang_check_timestamp_seconds", check=name, device=pc.device)}

    def until_measured(self, seconds: float) -> None:
        """Until every check of both PCs has arrived."""
        for pc in self.pcs:
            complaint = f"not every check of {pc.folder.name} arrives"
            wait_until(lambda pc=pc: self.measured(pc) == set(DESK), complaint, self.log(pc), seconds)  # type: ignore[misc]

    def until_ok(self, pc: Pc, wanted: set[str], seconds: float) -> None:
        """Until all of `wanted` is well on `pc`: most of it is measured again every few seconds."""
        until = time.monotonic() + seconds
        while missing := wanted - self.ok(pc):
            reasons = [line for line in self.collector.devices_text().splitlines() if "sansang_check_reason{" in line]
            assert time.monotonic() < until, (missing, reasons)
            time.sleep(0.5)

    def end_agents(self) -> None:
        for agent in self.agents:
            end(agent)

    def secrets(self) -> set[bytes]:
        """Every form of everything that belongs to somebody, or that tells a thing of his from all others."""
        named = {*tokens.SECRETS, BODY, HOST, USER, VOLUME, QUEUE, UPS_SERIAL, "Nguyễn Văn A"} - {tokens.FORMER}
        certificate = self.leaf.certificate
        marks = [certificate.fingerprint(hashes.SHA1()), certificate.fingerprint(hashes.SHA256())]
        texts = [canaries.of_text(text) for text in named]
        return canaries.of_number(SERIAL).union(*texts, *(canaries.of_bytes(mark) for mark in marks))

    def _roster(self) -> tuple[str, str]:
        """What the import says when it is tried, and when it is meant."""
        for name, text in ROSTER.items():
            (self.folder / name).write_text(text, "utf-8")
        files = [self.folder / name for name in ROSTER]
        tried = self.collector.command("roster", "import", "--dry-run", *files)
        return tried, self.collector.command("roster", "import", *files)

    def _pc(self, name: str) -> Pc:
        folder = self._made(name)
        (folder / VOLUME).mkdir()
        with (folder / "image").open("wb") as image:
            image.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", folder / "image"], check=True)
        own = {"PCSCLITE_CSOCK_NAME": self._readers.socket, **self.hsm.environment}
        somebody = {"USER": USER, "LOGNAME": USER, "USERNAME": USER, "HOME": f"/home/{USER}"}
        wrapped = ["unshare", "--mount", "--uts", "sh", "-c", _SURROUNDED, "sh", str(self._printing), str(folder)]
        return Pc(folder, {}, own | somebody, wrapped=wrapped)

    def _join(self, pc: Pc, *more: str) -> None:
        said = pc.agent("enrol", self.wire.url, self.collector.token(1), *more)
        assert said.code == 0, said
        pc.device = said.out.split()[-1]

    def _made(self, name: str) -> Path:
        made = self.folder / name
        made.mkdir()
        return made
