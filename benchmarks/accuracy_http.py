"""The phases of an HTTP request as our check times them, beside curl and blackbox_exporter, on the same servers.

What is compared: ``dns`` with time_namelookup, ``tcp`` with time_connect − time_namelookup, ``tls`` with
time_appconnect − time_connect, ``answer`` (our request and ttfb) with time_starttransfer − time_pretransfer,
``transfer`` with time_total − time_starttransfer, ``total`` with time_total. blackbox_exporter calls them resolve,
connect, tls, processing and transfer.

curl first asks a server beside it, and the times of its second request are taken: the first in a process pays for
loading OpenSSL and the authorities inside the TLS phase (1.5 ms here) and for the resolver's start (0.5 ms), which no
agent that stays does.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator

from benchmarks.accuracy_lab import NAME, WARM, Bench
from benchmarks.table import Row
from tests.lab.emulator import Shape

PHASES = ("dns", "tcp", "tls", "answer", "transfer", "total")
SCENARIOS = {
    "http": f"http://{NAME}/",
    "https": f"https://{NAME}/",
    "first byte after 0.2 s": f"http://{NAME}/slow",
    "1 MB": f"http://{NAME}/large",
}
CURL = ("namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total")
SELDOM = 3
"""blackbox_exporter is only looked at beside: it takes every third turn, after the first."""
Times = dict[str, float]


def ours(bench: Bench, url: str) -> Times:
    found = bench.ask({"reach": {"url": url, "ca_file": bench.root}}, dict[str, float])
    return {**found, "answer": found["request"] + found["ttfb"]}


def curl(bench: Bench, url: str) -> Times:
    form = " ".join(f"%{{time_{name}}}" for name in CURL) + "\n"
    fixed = ("--silent", "--show-error", "--http1.1", "--cacert", bench.root, "--write-out", form)
    nowhere = ("--output", "/dev/null")
    pages = (*nowhere, url.partition("://")[0] + f"://{WARM}/", *nowhere, url)
    text = bench.line.near.run("curl", "-q", *fixed, *pages).stdout.splitlines()[1]
    at = dict(zip(CURL, (float(number) for number in text.split()), strict=True))
    return {
        "dns": at["namelookup"],
        "tcp": at["connect"] - at["namelookup"],
        **({"tls": at["appconnect"] - at["connect"]} if url.startswith("https") else {}),
        "answer": at["starttransfer"] - at["pretransfer"],
        "transfer": at["total"] - at["starttransfer"],
        "total": at["total"],
    }


def blackbox(bench: Bench, url: str) -> Times:
    found = bench.blackbox("http", url)
    known = {"resolve": "dns", "connect": "tcp", "tls": "tls", "processing": "answer", "transfer": "transfer"}
    times = {name: found[f'probe_http_duration_seconds{{phase="{phase}"}}'] for phase, name in known.items()}
    return {**times, "total": found["probe_duration_seconds"]}


TOOLS: dict[str, Callable[[Bench, str], Times]] = {"ours": ours, "curl": curl, "blackbox": blackbox}


def compare(bench: Bench, url: str, count: int) -> dict[str, Times]:
    """The median of `count` runs of each tool, which take turns so that noise meets all of them."""
    seen: dict[str, list[Times]] = {name: [] for name in TOOLS}
    for number in range(count + 1):
        for name, measure in TOOLS.items():
            if name == "blackbox" and number > 1 and number % SELDOM:
                continue
            times = measure(bench, url)
            if number:  # the first run of each warms what stays
                seen[name].append(times)
    return {
        name: {phase: statistics.median(run[phase] for run in runs) for phase in PHASES if phase in runs[0]}
        for name, runs in seen.items()
    }


def rows(bench: Bench, count: int, delays: tuple[float, ...]) -> Iterator[Row]:
    """Each phase of each scenario: how far ours and blackbox_exporter's medians are from curl's."""
    for delay in delays:
        bench.line.emulator.set(Shape(delay=delay))
        for name, url in SCENARIOS.items():
            yield from _rows(f"{name}, {delay * 1e3:g} ms", compare(bench, url, count))
    bench.line.emulator.set(Shape(delay=0.02))
    yield from _rows("1 MB over TLS, 20 ms", compare(bench, f"https://{NAME}/large", count))
    with limited(bench, "20mbit"):
        yield from _rows("1 MB, 20 ms, 20 Mbit/s", compare(bench, SCENARIOS["1 MB"], count))


def _rows(scenario: str, medians: dict[str, Times]) -> Iterator[Row]:
    for phase, truth in medians["curl"].items():
        mine = medians["ours"].get(phase, 0.0)
        goal = max(1.0, truth * 1e3 * 0.05)
        off = {tool: abs(medians[tool].get(phase, 0.0) - truth) * 1e3 for tool in ("ours", "blackbox")}
        yield Row(
            name=f"{scenario}: {phase} {mine * 1e3:.2f}, curl {truth * 1e3:.2f}",
            unit="ms apart",
            ours=off["ours"],
            peer=off["blackbox"],
            peer_name="blackbox",
            goal=goal,
            met=off["ours"] <= goal,
        )


@contextlib.contextmanager
def limited(bench: Bench, rate: str) -> Iterator[None]:
    """The kernel's token bucket on what the servers send."""
    far = bench.line.far
    far.run("tc", "qdisc", "add", "dev", "line", "root", "tbf", "rate", rate, "burst", "16kb", "limit", "4mb")
    try:
        yield
    finally:
        far.run("tc", "qdisc", "del", "dev", "line", "root")
