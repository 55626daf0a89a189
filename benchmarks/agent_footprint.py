"""What the resident agent costs beside node_exporter, Zabbix agent 2 and Prometheus in agent mode: memory, CPU, bytes
sent and start time, each doing its ordinary work on loopback.

Ours: five connectivity jobs every 300 s, device, lan, dns, path and clock at their default intervals, push every 60 s,
against a collector that acknowledges, watched for 300 s. All of it runs in the namespace of a PC whose line leads to a
router and a server of the benchmark's own; that needs root, and without it lan, dns, path and clock are left out. The
others, watched for 120 s: node_exporter scraped every 15 s, Zabbix agent 2 with 40 active items of 60 s, Prometheus in
agent mode scraping node_exporter and itself every 15 s and writing on. CPU is from /proc, children that ended included.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, its folder is on the path and the repository is not

from benchmarks.peers import Sinks, sinks  # noqa: E402
from benchmarks.table import Row, arguments, report  # noqa: E402
from tests.lab.namespaces import office  # noqa: E402

BIN = Path(sys.executable).parent
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024.0
PSS_GOAL, CPU_GOAL = 19.0, 0.0005 * 3600
INTERVAL = 300.0
"""Seconds in which each connectivity job runs once: less would miss what the agent does, more would repeat it."""
PROMETHEUS = """\
global: {{scrape_interval: 15s}}
scrape_configs:
- {{job_name: node, static_configs: [{{targets: ["127.0.0.1:{node}"]}}]}}
- {{job_name: self, static_configs: [{{targets: ["127.0.0.1:{own}"]}}]}}
remote_write: [{{url: "http://127.0.0.1:{sink}/write"}}]
"""
ZABBIX = """\
ServerActive=127.0.0.1:{sink}
Hostname=bench
ListenPort={own}
ListenIP=127.0.0.1
LogType=console
ControlSocket={folder}/zabbix.sock
"""


class Figures(Struct, kw_only=True):
    """One agent's costs. Memory in MiB: ``pss`` as the kernel counts it here, ``alone`` as if no second process ran
    the same program; CPU in seconds an hour; bytes an hour; start in seconds until it first did its work."""

    pss: float
    alone: float
    cpu: float
    sent: float
    start: float


def tree(root: int) -> list[int]:
    """A process and its living descendants."""
    found = [root]
    for pid in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu(pids: list[int]) -> float:
    """Seconds used by `pids`, threads that ended included, to the nanosecond; with those of children that ended."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += time.clock_gettime((~pid << 3) | 2)  # the process's own clock: clock_getcpuclockid(3)
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[13]) + int(fields[14])) / TICKS
    return total


def memory(pids: list[int]) -> tuple[float, float]:
    """(PSS, PSS without what only other processes of the same program share), MiB."""
    pss = alone = 0.0
    for pid in pids:
        executable = str(Path(f"/proc/{pid}/exe").resolve())
        strangers = mapped_by_others(executable)
        name = ""
        for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
            words = line.split()
            if not words[0].endswith(":"):
                name = words[5] if len(words) > 5 else ""
            elif words[0] == "Rss:":
                rss = int(words[1])
            elif words[0] == "Pss:":
                pss += int(words[1])
                alone += int(words[1]) if name in strangers else rss
    return pss / MIB, alone / MIB


def mapped_by_others(executable: str) -> set[str]:
    """Files that three other programs have mapped: those are shared on any machine, like libc."""
    programs: dict[str, set[str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            program = str((folder / "exe").resolve())
            for line in (folder / "maps").read_text().splitlines():
                words = line.split()
                if program != executable and len(words) > 5:
                    programs.setdefault(words[5], set()).add(program)
    return {file for file, users in programs.items() if len(users) >= 3}


@contextlib.contextmanager
def started(command: list[str], folder: Path, works: Callable[[], bool]) -> Iterator[tuple[int, float]]:
    """The process id and the seconds until `works()`; ended afterwards."""
    began = time.monotonic()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        while not works():
            if process.poll() is not None or time.monotonic() - began > 60:
                raise SystemExit(f"{command[0]} does not start: {(folder / 'output').read_text()[-500:]}")
            time.sleep(0.002)
        yield process.pid, time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def watch(
    pid: int, start: float, settle: float, window: float, sent: Callable[[], int], each: Callable[[], None]
) -> Figures:
    """The costs over `window` seconds, after `settle` seconds of rest; `each` is called every 15 s."""
    rest(settle, each)
    pids = tree(pid)
    before, bytes_before, began = cpu(pids), sent(), time.monotonic()
    rest(window, each)
    took = time.monotonic() - began
    alive = tree(pid)
    used = cpu(alive) - before
    pss, alone = memory(alive)
    hour = 3600 / took
    return Figures(pss=pss, alone=alone, cpu=used * hour, sent=(sent() - bytes_before) * hour, start=start)


def rest(seconds: float, each: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        each()
        time.sleep(min(15.0, left))


def fetch(url: str) -> int:
    """Bytes of a page, 0 when it is not there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return len(reply.read())
    except OSError:
        return 0


def ours(folder: Path, here: Sinks, settle: float, window: float) -> Figures:
    """The agent, started once before, so that its bytecode is there as on every later start."""
    file = folder / "agent.yaml"
    file.write_text(f"state_dir: {folder}/state\n", "utf-8")
    agent = str(BIN / "sansang-agent")
    url = f"http://127.0.0.1:{here.http}"
    subprocess.run([agent, "enrol", "--config", str(file), url, "bench"], check=True, stdout=subprocess.DEVNULL)
    command = [agent, "run", "--config", str(file)]
    status = folder / "state/status.json"
    with started(command, folder, lambda: here.count("batches") > 0):
        pass
    status.unlink()
    with started(command, folder, status.exists) as (pid, start):
        whole = window if window < 60 else max(window, INTERVAL)
        return watch(pid, start, settle, whole, lambda: here.count("bytes"), lambda: None)


def node_exporter(folder: Path, here: Sinks, settle: float, window: float) -> Figures:
    page = f"http://127.0.0.1:{here.ports[0]}/metrics"
    scraped = [0]

    def scrape() -> None:
        scraped[0] += fetch(page)

    command = ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{here.ports[0]}"]
    with started(command, folder, lambda: fetch(page) > 0) as (pid, start):
        return watch(pid, start, settle, window, lambda: scraped[0], scrape)


def zabbix(folder: Path, here: Sinks, settle: float, window: float) -> Figures:
    (folder / "zabbix.conf").write_text(ZABBIX.format(sink=here.zabbix, own=here.ports[1], folder=folder), "utf-8")
    before = here.count("zabbix_asked")
    command = ["/usr/sbin/zabbix_agent2", "-f", "-c", str(folder / "zabbix.conf")]
    with started(command, folder, lambda: here.count("zabbix_asked") > before) as (pid, start):
        return watch(pid, start, settle, window, lambda: here.count("zabbix_bytes"), lambda: None)


def prometheus(folder: Path, here: Sinks, settle: float, window: float) -> Figures:
    node, own = here.ports[0], here.ports[2]
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(node=node, own=own, sink=here.http), "utf-8")
    command = [
        "prometheus", "--enable-feature=agent", f"--config.file={folder}/prometheus.yml",
        f"--storage.agent.path={folder}/wal", f"--web.listen-address=127.0.0.1:{own}",
    ]  # fmt: skip
    exporter = ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{node}"]
    (folder / "node").mkdir()
    ready, scraped = f"http://127.0.0.1:{own}/-/ready", f"http://127.0.0.1:{node}/metrics"
    with (
        started(exporter, folder / "node", lambda: fetch(scraped) > 0),
        started(command, folder, lambda: fetch(ready) > 0) as (pid, start),
    ):
        return watch(pid, start, settle, window, lambda: here.count("write_bytes"), lambda: None)


PEERS: dict[str, tuple[str, Callable[[Path, Sinks, float, float], Figures]]] = {
    "node_exporter": ("prometheus-node-exporter", node_exporter),
    "zabbix_agent2": ("zabbix_agent2", zabbix),
    "prometheus agent": ("prometheus", prometheus),
}


@contextlib.contextmanager
def in_office() -> Iterator[bool]:
    """Puts this thread and what it starts on an office's PC, where that is allowed."""
    if os.geteuid():
        yield False
        return
    with office() as here, here.pc.inside():
        yield True


def rows(own: Figures, peers: dict[str, Figures]) -> list[Row]:
    """Each figure of ours beside each peer's."""
    shown = (
        ("memory at rest (PSS)", "MiB", "pss", PSS_GOAL),
        ("memory, no other such program", "MiB", "alone", PSS_GOAL),
        ("CPU", "s/h", "cpu", CPU_GOAL),
        ("sent", "bytes/h", "sent", None),
        ("start", "s", "start", None),
    )
    found: list[Row] = []
    for name, unit, field, goal in shown:
        figure = getattr(own, field)
        for peer, figures in peers.items() or [("", None)]:
            beside = None if figures is None else getattr(figures, field)
            met = None if goal is None else figure <= goal
            found.append(Row(name=name, unit=unit, ours=figure, peer=beside, peer_name=peer, goal=goal, met=met))
    return found


def main() -> int:
    options = arguments(__doc__ or "")
    settle, window = (10.0, 20.0) if options.short else (30.0, 120.0)
    peers: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as temporary, in_office() as inside, sinks(office=inside) as here:
        folder = Path(temporary)

        def place(name: str) -> Path:
            made = folder / name.replace(" ", "_")
            made.mkdir()
            return made

        own = ours(place("ours"), here, settle, window)
        for name, (program, measure) in PEERS.items():
            if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin"):
                peers[name] = measure(place(name), here, settle, window)
            else:
                print(json.dumps({"not installed": program}), file=sys.stderr)
    report("The agent at rest", rows(own, peers), as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
