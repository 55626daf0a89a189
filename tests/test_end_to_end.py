"""What `make up` does, as people meet it: one real measurement, from this PC to a page, and nothing of the PC's owner.

The programs run as somebody and on a host with names of their own, to be looked for in every byte that is kept, sent
or shown.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext

from agent import frame
from checks.kit import wire
from collector.store import states
from collector.store.cursor import Cursor
from collector.store.engine import Store
from tests.browser.chromium import chromium, screenshot
from tests.faults.proxy import Proxy, proxy
from tests.faults.rig import BIN, get, wait_until
from tests.ports import free_port
from tests.tree import ROOT

UNIT = "27259"
HOST, USER = "canary-host-7f3a", "canary-user-91c2"
SHOWN_WITHIN = 60.0
VERDICTS = ("Sẵn sàng từ", "Có nguy cơ từ", "Chưa sẵn sàng từ")


class Up:
    """tools/up.py with its data in `state`, in a host name and user name of its own. Its agent sends through `wire`."""

    def __init__(self, state: Path, through: Proxy) -> None:
        self.state, self.wire, self.port = state, through, through.target
        state.mkdir()
        settings = f"state_dir: {state / 'agent'}\ncollector: {through.url}\n"
        (state / "agent.yaml").write_text(settings, "utf-8")
        self.begun = 0.0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, str(ROOT / "tools/up.py"), "--state", str(self.state), "--port", str(self.port)]
        root = [] if os.geteuid() == 0 else ["--map-root-user"]
        named = ["unshare", *root, "--uts", "sh", "-c", f'hostname {HOST} && exec "$@"', "sh"]
        environment = {**os.environ, "USER": USER, "LOGNAME": USER}
        self.begun = time.monotonic()
        self._process = subprocess.Popen(
            [*named, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        assert self._process.stderr
        first = self._process.stdout.readline()
        assert f"http://127.0.0.1:{self.port}/" in first, self._process.stderr.read()

    def stop(self) -> int:
        """Its exit code after Ctrl-C."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=60)
        return self._process.returncode

    def running(self) -> list[str]:
        """The command lines of processes that work on its data."""
        lines = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
        return [line.replace(b"\0", b" ").decode() for line in lines if str(self.state).encode() in line]

    def device(self) -> str:
        return str(json.loads((self.state / "agent/identity.json").read_text("utf-8"))["device"])

    def cursors(self) -> dict[int, Cursor]:
        """How far the device's numbers are stored, by epoch."""
        store = Store(f"sqlite:///{self.state / 'collector/sansang.db'}")
        try:
            with store.reader() as connection:
                return next(states.load(connection, [self.device()])).cursors
        finally:
            store.close()

    def judged(self) -> bool:
        """Whether the unit has a verdict that is not "unknown"."""
        text = get(self.port, "/metrics")[1]
        found = re.findall(rf'^sansang_unit_verdict{{unit="{UNIT}",verdict="(\w+)"}} 1$', text, re.MULTILINE)
        return found not in ([], ["unknown"])


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A collector and this PC's agent, until the unit is judged."""
    with proxy(free_port()) as between:
        made = Up(tmp_path_factory.mktemp("up") / "state", between)
        made.start()
        try:
            wait_until(made.judged, "no verdict", made.state / "agent.log", SHOWN_WITHIN)
            yield made
        finally:
            assert made.stop() == 0


async def read(context: BrowserContext, address: str, name: str) -> str:
    """The text of a page as a person reads it; a screenshot is kept."""
    page = await context.new_page()
    await page.goto(address)
    png = await screenshot(page, name)
    assert png.startswith(b"\x89PNG")
    return await page.inner_text("body")


def assert_judged_with_reasons(text: str) -> None:
    """The unit's name, a verdict, values with unit and limit, and where the limit comes from."""
    assert "Phường Xóm Chiếu" in text
    assert any(verdict in text for verdict in VERDICTS), text[:500]
    assert "1/1 thiết bị báo cáo" in text
    assert re.search(r"\d+,\d+ ms\s+≤ 100 ms", text), text
    assert re.search(r"100 %\s+≥ 90 %", text), text
    assert "ITU-T G.114" in text


async def test_the_unit_page_shows_values_and_a_verdict_with_reasons_within_a_minute(up: Up) -> None:
    """In Chromium, from the collector's start on, with scripts and without; the overview leads to it."""
    unit = f"http://127.0.0.1:{up.port}/units/{UNIT}"
    async with chromium() as browser:
        with_scripts, without = await browser.new_context(), await browser.new_context(java_script_enabled=False)
        assert_judged_with_reasons(await read(with_scripts, unit, "end-to-end-unit"))
        assert time.monotonic() - up.begun < SHOWN_WITHIN
        assert_judged_with_reasons(await read(without, unit, "end-to-end-unit-without-scripts"))
        overview = await read(without, f"http://127.0.0.1:{up.port}/", "end-to-end-overview-without-scripts")
        assert "Phường Xóm Chiếu" in overview


def test_promtool_has_nothing_to_say_about_the_metrics(up: Up) -> None:
    """Units and devices, as `curl | promtool check metrics` sees them."""
    for path in ("/metrics", "/metrics/devices"):
        status, text = get(up.port, path)
        command = ["promtool", "check", "metrics"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert (status, done.returncode, done.stdout, done.stderr) == (200, 0, "", ""), path
        assert f'unit="{UNIT}"' in text


def canaries() -> list[bytes]:
    """The names of the host and the user, and the addresses of the network cards in every usual spelling."""
    addresses = {file.read_text().strip() for file in Path("/sys/class/net").glob("*/address")}
    found = [HOST, USER]
    for address in addresses - {"", "00:00:00:00:00:00"}:
        found += [address, address.replace(":", "-"), address.replace(":", "")]
    return [text.lower().encode() for text in found]


def kept(state: Path) -> Iterator[tuple[str, bytes]]:
    """Every file under `state` that is not compiled code, and what is compressed inside the spool."""
    for file in state.rglob("*"):
        if file.is_file() and "pycache" not in file.parts:
            yield str(file.relative_to(state)), file.read_bytes()
    with (state / "agent/spool.db").open("rb") as spool:
        for each in frame.scan(spool):
            if each.kind == frame.RESULT:
                yield f"spooled result {each.seq}", zlib.decompress(each.body)


def sent(requests: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every request of the agent, batches inflated."""
    for number, request in enumerate(requests):
        head, _, body = request.partition(b"\r\n\r\n")
        yield f"request {number}", head
        if head.startswith(b"POST /v1/results"):
            yield f"batch {number}", zlib.decompress(wire.take_apart(body).body, 31)


def served(up: Up) -> Iterator[tuple[str, bytes]]:
    """Every page about the unit and its device, and the metrics."""
    for path in ("/", f"/units/{UNIT}", f"/devices/{up.device()}", "/metrics", "/metrics/devices"):
        status, text = get(up.port, path)
        assert status == 200, path
        yield path, text.encode()


def test_no_name_and_no_hardware_address_of_this_pc_is_kept_sent_or_shown(up: Up) -> None:
    """Spool, batches, database, logs, pages and metrics are searched byte by byte."""
    everything = [*kept(up.state), *sent(up.wire.requests), *served(up)]
    wanted = canaries()
    found = [(where, canary) for where, data in everything for canary in wanted if canary in data.lower()]
    assert found == []
    kinds = " ".join(where for where, _ in everything)
    assert all(part in kinds for part in ("spooled result", "batch", "collector/sansang.db", "/metrics/devices"))
    assert len(wanted) >= 3


def test_a_second_start_goes_on_with_the_same_data(up: Up) -> None:
    """Ctrl-C ends every process; then the same device goes on in the same epoch where it was, without enrolling."""
    device, before = up.device(), up.cursors()
    assert up.running()
    assert up.stop() == 0
    assert up.running() == []
    up.start()
    (epoch,) = before
    wait_until(lambda: up.cursors()[epoch].low > before[epoch].low, "nothing new arrives", up.state / "agent.log")
    enrolled = [request for request in up.wire.requests if request.startswith(b"POST /v1/enrol")]
    assert (up.device(), list(up.cursors()), enrolled) == (device, [epoch], [])
    assert devices_of(up) == [device]
    wait_until(up.judged, "no verdict", up.state / "agent.log")


def devices_of(up: Up) -> list[str]:
    """The ids of every device that the collector knows."""
    done = subprocess.run(
        [str(BIN / "sansang-collector"), "devices", "--config", str(up.state / "collector.yaml"), "--lang", "en"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", done.stdout)


def refused(*command: str) -> str:
    """What a command says on standard error; it ends with 1 and prints nothing else."""
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    return done.stderr


def test_a_port_in_use_is_one_line(up: Up, tmp_path: Path) -> None:
    """A second collector on the first one's port."""
    config = tmp_path / "collector.yaml"
    config.write_text(f'listen: "127.0.0.1:{up.port}"\nstate_dir: {tmp_path}\nunits: {ROOT}/configs/units.csv\n')
    said = refused("sansang-collector", "run", "--config", str(config))
    reason = "the port is in use by another program (change `listen`, or stop it)"
    assert said == f"sansang-collector: cannot listen on 127.0.0.1:{up.port}: {reason}\n"


def test_a_database_in_use_is_one_line(up: Up, tmp_path: Path) -> None:
    """A second collector on the first one's data."""
    config = tmp_path / "collector.yaml"
    text = f'listen: "127.0.0.1:{free_port()}"\nstate_dir: {up.state}/collector\nunits: {ROOT}/configs/units.csv\n'
    config.write_text(text)
    said = refused("sansang-collector", "run", "--config", str(config))
    lock = f"lock file {up.state}/collector/collector.lock"
    assert said == f"sansang-collector: another collector uses this database already ({lock})\n"


def test_a_wrong_token_is_one_line(up: Up, tmp_path: Path) -> None:
    """Nothing is enrolled."""
    settings = tmp_path / "agent.yaml"
    settings.write_text(f"state_dir: {tmp_path}/agent\n")
    url = f"http://127.0.0.1:{up.port}"
    said = refused("sansang-agent", "enrol", "--config", str(settings), url, "ssk_wrong")
    assert said == f"sansang-agent: {url}: the collector does not know this token\n"
    assert not (tmp_path / "agent/identity.json").exists()


def test_an_unreadable_spool_is_one_line(up: Up, tmp_path: Path) -> None:
    """A directory where the spool should be."""
    state = tmp_path / "agent"
    (state / "spool.db").mkdir(parents=True)
    for name in ("device.key", "identity.json"):
        (state / name).write_bytes((up.state / "agent" / name).read_bytes())
    settings = tmp_path / "agent.yaml"
    settings.write_text(f"state_dir: {state}\n")
    said = refused("sansang-agent", "run", "--config", str(settings))
    assert said == f"sansang-agent: {state}/spool.db: cannot be opened: unable to open database file\n"
