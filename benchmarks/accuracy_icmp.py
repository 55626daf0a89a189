"""Round-trip times, jitter and loss as ours, ping, fping and blackbox_exporter see them, against the truth.

The truth about a round trip is what the kernel's timestamps at the device say of that very echo (the witness); about
delay what the emulator held; about loss its log, and for one row the kernel's packet filter.
"""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from benchmarks.accuracy_lab import Bench, busy
from benchmarks.table import Row
from checks.kit import echo
from checks.kit.echo import Echoes
from tests.lab.emulator import FAR, ICMP, ICMPV6, Shape, holds, lost
from tests.lab.witness import Witness

INTERVAL, LOSS_INTERVAL = 0.02, 0.005
HOGS, ROUNDS = 4, 5
ABOVE = "above what was imposed"
"""Against the imposed delay ping is right to half a step of 0.1 ms, and the way to the emulator differs by as much from
run to run: below that, only the error against the wire tells tools apart."""
Z95 = 1.959964
LOSSY = """\
add table inet lossy; add chain inet lossy input {{ type filter hook input priority 0; }};
add rule inet lossy input icmp type echo-request numgen random mod 100 < {percent} counter drop
"""
Rtts = list[float | None]


def ours(bench: Bench, address: str, count: int, interval: float) -> Rtts:
    """Seconds of each answer; a lost one is absent, where it was is not told."""
    told = {"address": address, "count": count, "interval": interval, "timeout": 1.0}
    found = bench.ask({"ping": told}, Echoes)
    return [*found.rtts, *[None] * (found.sent - len(found.rtts))]


def ping(bench: Bench, address: str, count: int, interval: float) -> Rtts:
    command = ("ping", "-n", "-c", str(count), "-i", str(interval), "-W", "1", address)
    text = bench.line.near.run(*command, check=False).stdout
    found: Rtts = [float(number) / 1e3 for number in re.findall(r"time=([\d.]+) ms(?! \(DUP)", text)]
    return found + [None] * (count - len(found))


def fping(bench: Bench, address: str, count: int, interval: float) -> Rtts:
    period = str(round(interval * 1e3))
    command = ("fping", "-q", "-C", str(count), "-p", period, "-t", "1000", address)
    text = bench.line.near.run(*command, check=False).stderr.splitlines()[-1]
    return [None if word == "-" else float(word) / 1e3 for word in text.rpartition(" : ")[2].split()]


def blackbox(bench: Bench, address: str, count: int, interval: float) -> Rtts:
    found: Rtts = []
    for _ in range(count):
        found.append(bench.blackbox("icmp", address)['probe_icmp_duration_seconds{phase="rtt"}'])
        time.sleep(interval)
    return found


Tool = Callable[[Bench, str, int, float], Rtts]
TOOLS: dict[str, Tool] = {"ours": ours, "ping": ping, "fping": fping, "blackbox": blackbox}


class Series(Struct, frozen=True):
    """One tool's run: what it said, what the wire said of the same echoes and how long the emulator held them both
    ways, seconds; packets lost by the tool and in truth."""

    told: list[float]
    wire: list[float]
    held: list[float]
    lost: tuple[int, int]

    @property
    def errors(self) -> list[float]:
        """Seconds that each time told is off that echo's own, where all were answered."""
        return [abs(told - wire) for told, wire in zip(self.told, self.wire, strict=False)]

    @property
    def above(self) -> float:
        """Seconds that a time told is above the hold of that echo: the mean of the middle half. A median would be
        one of the steps of 0.1 ms that ping and fping print."""
        found = sorted(told - held for told, held in zip(self.told, self.held, strict=False))
        return statistics.mean(found[len(found) // 4 : -(len(found) // 4) or None])

    def __add__(self, other: Series) -> Series:
        gone = (self.lost[0] + other.lost[0], self.lost[1] + other.lost[1])
        return Series(self.told + other.told, self.wire + other.wire, self.held + other.held, gone)


def run(bench: Bench, tool: Tool, address: str, count: int, interval: float = INTERVAL) -> Series:
    """One tool's series, with the truth of just that time."""
    emulator, protocol = bench.line.emulator, ICMPV6 if ":" in address else ICMP
    witness = Witness(bench.line.near)
    try:
        emulator.take()
        told = tool(bench, address, count, interval)
        time.sleep(0.2)
        packets, echoes = emulator.take(), witness.take()
    finally:
        witness.close()
    there, back = holds(packets, protocol=protocol), holds(packets, protocol=protocol, back=True)
    gone = lost(packets, protocol=protocol)[0] + lost(packets, protocol=protocol, back=True)[0]
    return Series(
        told=[each for each in told if each is not None],
        wire=[each.rtt for each in echoes if each.rtt is not None],
        held=[sum(both) for both in zip(there, back, strict=False)],
        lost=(told.count(None), gone),
    )


def rtt_rows(bench: Bench, count: int, delays: tuple[float, ...]) -> Iterator[Row]:
    """The error of a round-trip time: against the wire's for the same echo, and above the delay imposed, which is the
    emulator's hold. The way to it and back, 0.1 ms here, is in what every tool says above it and is no error of theirs:
    that row has no goal."""
    for delay in delays:
        bench.line.emulator.set(Shape(delay=delay))
        for load, hogs in (("quiet", 0), (f"{HOGS} CPU hogs", HOGS)):
            with busy(hogs):
                found = in_turns(bench, TOOLS, FAR[0], count)
            yield from _rtt_rows(f"{delay * 1e3:g} ms, {load}", found)
    bench.line.emulator.set(Shape(delay=0.02))
    tools = {name: tool for name, tool in TOOLS.items() if name != "blackbox"}
    yield from _rtt_rows("20 ms, quiet, IPv6", in_turns(bench, tools, FAR[1], count))


def in_turns(bench: Bench, tools: dict[str, Tool], address: str, count: int) -> dict[str, Series]:
    """Each tool's series of `count`, in ROUNDS parts that take turns, so that noise meets all of them."""
    found = {name: run(bench, tool, address, count // ROUNDS) for name, tool in tools.items()}
    for _ in range(ROUNDS - 1):
        found = {name: found[name] + run(bench, tool, address, count // ROUNDS) for name, tool in tools.items()}
    return found


def _rtt_rows(where: str, found: dict[str, Series]) -> Iterator[Row]:
    figures: dict[str, Callable[[Series], float]] = {
        "error, median": lambda series: statistics.median(series.errors),
        "error, p99": lambda series: quantile(series.errors, 0.99),
        ABOVE: lambda series: abs(series.above),
    }
    for name, figure in figures.items():
        mine, goal = figure(found["ours"]) * 1e3, figure(found["ping"]) * 1e3
        for peer in [peer for peer in found if peer != "ours"]:
            yield Row(
                name=f"RTT {where}: {name}",
                unit="ms",
                ours=mine,
                peer=figure(found[peer]) * 1e3,
                peer_name=peer,
                goal=goal if peer == "ping" and name != ABOVE else None,
                met=mine <= goal if peer == "ping" and name != ABOVE else None,
            )


def jitter_rows(bench: Bench, count: int) -> Iterator[Row]:
    """Jitter by RFC 3550 and as p95 − p50, against the same formula over the true round trips."""
    bench.line.emulator.set(Shape(delay=0.02, jitter=0.003, seed=5))
    found = {name: run(bench, TOOLS[name], FAR[0], count) for name in ("ours", "ping", "fping")}
    formulas: dict[str, Callable[[Sequence[float]], float]] = {
        "RFC 3550": lambda rtts: echo.jitter(tuple(rtts)) or 0.0,
        "p95 − p50": lambda rtts: quantile(rtts, 0.95) - quantile(rtts, 0.5),
    }
    for name, formula in formulas.items():
        off = {tool: abs(formula(series.told) - formula(series.wire)) * 1e3 for tool, series in found.items()}
        truth = formula(found["ours"].wire) * 1e3
        for peer in ("ping", "fping"):
            yield Row(
                name=f"jitter, {name}: error (truth {truth:.2f} ms)",
                unit="ms",
                ours=off["ours"],
                peer=off[peer],
                peer_name=peer,
                goal=off["ping"] if peer == "ping" else None,
                met=off["ours"] <= off["ping"] if peer == "ping" else None,
            )


def loss_rows(bench: Bench, count: int, shares: tuple[float, ...]) -> Iterator[Row]:
    """Loss: whether the 95 % interval of the estimate holds what was imposed, and how many packets it is off."""
    for number, share in enumerate(shares):
        bench.line.emulator.set(Shape(delay=0.005, loss=share, seed=11 + number))
        found = {name: run(bench, TOOLS[name], FAR[0], count, LOSS_INTERVAL) for name in ("ours", "fping")}
        yield from _loss_rows(f"loss {share:.0%}", share, count, found)
    bench.line.emulator.set(Shape(delay=0.005))
    found = {name: _filtered(bench, TOOLS[name], count, 5) for name in ("ours", "fping")}
    yield from _loss_rows("loss 5% by the kernel's filter", 0.05, count, found)


def _loss_rows(name: str, share: float, count: int, found: dict[str, Series]) -> Iterator[Row]:
    mine, peer = found["ours"].lost[0], found["fping"].lost[0]
    low, high = wilson(mine, count)
    held = f"{low:.2%} to {high:.2%} hold it"
    yield Row(
        name=f"{name}: {held}",
        unit="share",
        ours=mine / count,
        peer=peer / count,
        peer_name="fping",
        goal=share,
        met=low <= share <= high,
    )
    wrong = {tool: float(abs(series.lost[0] - series.lost[1])) for tool, series in found.items()}
    yield Row(
        name=f"{name}: miscounted",
        unit="packets",
        ours=wrong["ours"],
        peer=wrong["fping"],
        peer_name="fping",
        goal=0.0,
        met=wrong["ours"] == 0,
    )


def _filtered(bench: Bench, tool: Tool, count: int, percent: int) -> Series:
    """A run whose requests the far kernel drops by chance and counts."""
    far = bench.line.far
    far.run("nft", LOSSY.format(percent=percent))
    try:
        series = run(bench, tool, FAR[0], count, LOSS_INTERVAL)
        dropped = re.search(r"packets (\d+)", far.run("nft", "list", "table", "inet", "lossy").stdout)
    finally:
        far.run("nft", "delete", "table", "inet", "lossy")
    return Series(series.told, series.wire, series.held, (series.lost[0], int(dropped[1]) if dropped else -1))


def wilson(lost_: int, sent: int) -> tuple[float, float]:
    """The binomial 95 % interval of a share (E. B. Wilson, 1927)."""
    share, square = lost_ / sent, Z95 * Z95 / sent
    middle = (share + square / 2) / (1 + square)
    half = Z95 / (1 + square) * math.sqrt(share * (1 - share) / sent + square / (4 * sent))
    return middle - half if lost_ else 0.0, middle + half if lost_ < sent else 1.0


def quantile(values: Sequence[float], part: float) -> float:
    return echo.quantile(values, part) or 0.0
