"""What the resident agent costs beside node_exporter, Zabbix agent 2 and Prometheus in agent mode: memory, CPU and
start time, each doing its ordinary work on loopback. What it sends, benchmarks/traffic.py counts.

Ours: every job of a PC of Ho Chi Minh City at its interval in office hours, push every 60 s, against a collector that
acknowledges, watched for 300 s after each job has run once. All of it runs in the namespace of a PC with a token, a
card reader and a UPS, whose line leads to a router and a server of the benchmark's own; that needs root, and without it
the checks of the line are left out and the desk is empty. The others, watched for 120 s: node_exporter scraped every
15 s, Zabbix agent 2 with 40 active items of 60 s, Prometheus in agent mode scraping node_exporter and itself every 15 s
and writing on. CPU is from /proc, children that ended included. Memory is taken while no child lives.

After its first run a job is at least half its interval away: in the window hardly any runs, and what it shows is the
agent between runs. The rest is added up: "by sum" is the CPU of the agent's own process in the window and, for each
check, one run's, measured by itself, times its runs in an office hour. A quick look (--short) begins in the midst
of the first runs: its CPU says nothing.
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
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, its folder is on the path and the repository is not

from benchmarks import footprint_jobs  # noqa: E402
from benchmarks.accuracy_lab import answers, end  # noqa: E402
from benchmarks.desk import Desk, desk  # noqa: E402
from benchmarks.footprint_jobs import HOUR, Cost  # noqa: E402
from benchmarks.peers import Sinks, sinks  # noqa: E402
from benchmarks.table import Row, arguments, report  # noqa: E402
from checks.kit.registry import RESIDENT  # noqa: E402
from tests.lab.namespaces import Namespace, Office, office  # noqa: E402

BIN = Path(sys.executable).parent
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024.0
BEFORE = 14.27
"""MiB at rest, as the kernel counted it before there were checks of the desk."""
PSS_GOAL, ALONE_GOAL, CPU_GOAL = 1.10 * BEFORE, 19.0, 0.0005 * HOUR
WINDOW = 300.0
LOOK = 0.1
"""Seconds between two looks for children."""
FIRST_RUNS = 120.0
"""Seconds that the first run of all jobs may take."""
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
    the same program; CPU in seconds an hour, ``own`` without that of children; start in seconds until it first did its
    work; ``children``: the share of the window in which one lived."""

    pss: float
    alone: float
    cpu: float
    own: float
    start: float
    children: float


def tree(root: int) -> list[int]:
    """A process and its living descendants."""
    found = [root]
    for pid in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu(pids: list[int]) -> tuple[float, float]:
    """Seconds used by `pids`, threads that ended included, to the nanosecond; and by children of theirs that ended."""
    own = ended = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            own += time.clock_gettime((~pid << 3) | 2)  # the process's own clock: clock_getcpuclockid(3)
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ended += (int(fields[13]) + int(fields[14])) / TICKS
    return own, ended


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
def started(
    command: list[str], folder: Path, works: Callable[[], bool], environment: Mapping[str, str] | None = None
) -> Iterator[tuple[int, float]]:
    """The process id and the seconds until `works()`; ended afterwards."""
    began = time.monotonic()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment)
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


def watch(pid: int, start: float, settle: float, window: float, each: Callable[[], object] = lambda: None) -> Figures:
    """The costs over `window` seconds, after `settle` seconds of rest; `each` is called every 15 s."""
    rest(settle, pid, each)
    own, ended = cpu(idle(pid))
    began = time.monotonic()
    children = rest(window, pid, each)
    alive = idle(pid)
    took = time.monotonic() - began
    own, ended = (after - before for after, before in zip(cpu(alive), (own, ended), strict=True))
    pss, alone = memory(alive)
    hour = HOUR / took
    return Figures(
        pss=pss,
        alone=alone,
        cpu=(own + ended) * hour,
        own=own * hour,
        start=start,
        children=children,
    )


def rest(seconds: float, pid: int, each: Callable[[], object]) -> float:
    """The share of looks that found a child of `pid`, in so many seconds."""
    until, due, looks, seen = time.monotonic() + seconds, 0.0, 0, 0
    while (left := until - time.monotonic()) > 0:
        if time.monotonic() >= due:
            due = time.monotonic() + 15.0
            each()
        looks, seen = looks + 1, seen + (len(tree(pid)) > 1)
        time.sleep(min(LOOK, left))
    return seen / max(1, looks)


def idle(pid: int) -> list[int]:
    """The process alone, as soon as it has no child; with those that stay for longer than a check may."""
    until = time.monotonic() + FIRST_RUNS
    while len(found := tree(pid)) > 1 and time.monotonic() < until:
        time.sleep(LOOK / 10)
    return found


def fetch(url: str) -> int:
    """Bytes of a page, 0 when it is not there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return len(reply.read())
    except OSError:
        return 0


def ours(folder: Path, here: Sinks, place: Place, settle: float, window: float) -> Figures:
    """The agent, started once before, so that its bytecode is there as on every later start; at a quick look the first
    start counts. It finds its jobs as it keeps them: the collector here knows no others under their name."""
    file, status = folder / "agent.yaml", folder / "state/status.json"
    file.write_text(f"state_dir: {folder}/state\n", "utf-8")
    agent = str(BIN / "sansang-agent")
    url = f"http://127.0.0.1:{here.http}"
    subprocess.run([agent, "enrol", "--config", str(file), url, "bench"], check=True, stdout=subprocess.DEVNULL)
    told = {"etag": "bench", "unit": footprint_jobs.UNIT, "jobs": place.jobs, "push": {"linger": 60}}
    (folder / "state/config.json").write_text(json.dumps(told) + "\n", "utf-8")
    command = [agent, "run", "--config", str(file)]
    if window >= WINDOW:
        with started(command, folder, lambda: here.count("batches") > 0, place.environment):
            pass
        status.unlink()
    with started(command, folder, status.exists, place.environment) as (pid, start):
        if window >= WINDOW:
            every_job_ran(status, len(place.jobs))
        return watch(pid, start, settle, window)


def every_job_ran(status: Path, jobs: int) -> None:
    """Waits for the agent to say so. Raises SystemExit when one of them does not work."""
    until = time.monotonic() + FIRST_RUNS
    while len(results := json.loads(status.read_text())["results"]) < jobs:
        if time.monotonic() > until:
            raise SystemExit(f"only {len(results)} of {jobs} jobs ran")
        time.sleep(0.2)


def node_exporter(folder: Path, here: Sinks, settle: float, window: float) -> Figures:
    page = f"http://127.0.0.1:{here.ports[0]}/metrics"
    command = ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{here.ports[0]}"]
    with started(command, folder, lambda: fetch(page) > 0) as (pid, start):
        return watch(pid, start, settle, window, lambda: fetch(page))


def zabbix(folder: Path, here: Sinks, settle: float, window: float) -> Figures:
    (folder / "zabbix.conf").write_text(ZABBIX.format(sink=here.zabbix, own=here.ports[1], folder=folder), "utf-8")
    before = here.count("zabbix_asked")
    command = ["/usr/sbin/zabbix_agent2", "-f", "-c", str(folder / "zabbix.conf")]
    with started(command, folder, lambda: here.count("zabbix_asked") > before) as (pid, start):
        return watch(pid, start, settle, window)


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
        return watch(pid, start, settle, window)


PEERS: dict[str, tuple[str, Callable[[Path, Sinks, float, float], Figures]]] = {
    "node_exporter": ("prometheus-node-exporter", node_exporter),
    "zabbix_agent2": ("zabbix_agent2", zabbix),
    "prometheus agent": ("prometheus", prometheus),
}


class Place(Struct, frozen=True):
    """Where our agent works: its environment, and its jobs."""

    environment: dict[str, str]
    jobs: footprint_jobs.JOBS


@contextlib.contextmanager
def in_office(folder: Path) -> Iterator[Desk | None]:
    """Puts this thread and what it starts on an office's PC with a desk, where that is allowed."""
    if os.geteuid():
        yield None
        return
    with (
        office() as here,
        names(here.router),
        desk(folder, here.pc, here.server, Office.SERVER[0], *Office.SERVER) as found,
        here.pc.inside(),
    ):
        yield found


@contextlib.contextmanager
def names(router: Namespace) -> Iterator[None]:
    """The router resolves the name that the agent asks for."""
    process = router.start(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file=",
        "--user=root", f"--address=/bench.test/{Office.SERVER[0]}", f"--address=/bench.test/{Office.SERVER[1]}",
    )  # fmt: skip
    try:
        answers(router, Office.ROUTER[0], 53)
        yield
    finally:
        end(process)


def rows(own: Figures, costs: Mapping[str, Cost], peers: dict[str, Figures]) -> list[Row]:
    """Each figure of ours beside each peer's."""
    by_sum = own.own + sum(cost.cpu * cost.hourly for cost in costs.values())
    shown = (
        ("memory at rest (PSS)", "MiB", own.pss, "pss", PSS_GOAL),
        ("memory, no other such program", "MiB", own.alone, "alone", ALONE_GOAL),
        ("CPU between runs", "s/h", own.cpu, "cpu", CPU_GOAL),
        ("CPU by sum, office hours", "s/h", by_sum, "cpu", CPU_GOAL),
        ("start", "s", own.start, "start", None),
    )
    found: list[Row] = []
    for name, unit, figure, field, goal in shown:
        for peer, figures in peers.items() or [("", None)]:
            beside = None if figures is None else getattr(figures, field)
            met = None if goal is None else figure <= goal
            found.append(Row(name=name, unit=unit, ours=figure, peer=beside, peer_name=peer, goal=goal, met=met))
    alive = sum(cost.wall * cost.hourly for name, cost in costs.items() if name not in RESIDENT) / HOUR
    found.append(Row(name="a child lives, between runs", unit="% of time", ours=100 * own.children))
    found.append(Row(name="a child lives, by sum, office hours", unit="% of time", ours=100 * alive))
    return found


def measured(folder: Path, *, settle: float, window: float, runs: int, others: Collection[str]) -> list[list[Row]]:
    """Both tables: the agent beside `others`, and the runs of its checks."""

    def room(name: str) -> Path:
        made = folder / name.replace(" ", "_")
        made.mkdir()
        return made

    with in_office(folder / "desk") as found, sinks(office=found is not None) as here:
        environment = {**os.environ, **(found.environment if found else {})}
        page = f"http://127.0.0.1:{here.http}/page"
        place = Place(environment, footprint_jobs.jobs(page, found is not None, found.params if found else {}))
        own = ours(room("ours"), here, place, settle, max(window, WINDOW) if window >= 60 else window)
        costs = footprint_jobs.costs(folder / "ours", environment, place.jobs, runs)
        peers = {name: PEERS[name][1](room(name), here, settle, window) for name in others}
    return [rows(own, costs, peers), list(footprint_jobs.rows(costs))]


def main() -> int:
    options = arguments(__doc__ or "")
    settle, window, runs = (1.0, 3.0, 1) if options.short else (30.0, 120.0, 5)
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    others = [name for name, (program, _) in PEERS.items() if shutil.which(program, path=path)]
    for name in PEERS.keys() - set(others):
        print(json.dumps({"not installed": PEERS[name][0]}), file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        agents, checks = measured(Path(folder), settle=settle, window=window, runs=runs, others=others)
    if options.json:
        report("", agents + checks, as_json=True)
        return 0
    report("The agent at rest", agents, as_json=False)
    report("One run of each check", checks, as_json=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
