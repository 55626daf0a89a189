"""336,000 series scraped by Debian's Prometheus: from this collector's handlers, from Pushgateway, from
prometheus-client and from VictoriaMetrics' federation, the same samples of the same 8,400 devices.

Servers are pinned to core 0, Prometheus to core 1. CPU is the server's whole process, from /proc; the first scrape is
told apart from the steady ones. What changes cost is CPU of rendering, putting and scraping with gzip together.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from msgspec import Struct

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, only its folder is on the path

from benchmarks.exposition_city import DEVICES, SERIES
from benchmarks.exposition_scrape import Scraped, Size, changes, client, ours, pushgateway, stall, victoria
from benchmarks.table import Row, arguments, report

PG, PC, VM = "pushgateway", "prometheus-client", "victoria-metrics /federate"
FULL, SHORT = Size(devices=DEVICES, every=30, steady=3, rounds=3), Size(devices=420, every=2, steady=2, rounds=1)
TWENTIETH, THIRD, STRAIGHT = 1 / 20, 1 / 3, 0.95
"""Goals of the issue: CPU of an unchanged scrape and its duration beside Pushgateway's, and how well a straight line
explains what changes cost (the determination coefficient)."""
BREAK = 5.0
"""ms that agents' pushes may wait for a scrape."""


class Line(Struct):
    """The straight line nearest to some points: what is fixed, what each change adds, how much of it that explains."""

    fixed: float
    each: float
    explains: float


def fit(points: dict[int, float]) -> Line:
    """Least squares."""
    found = statistics.linear_regression(list(points), list(points.values()))
    mean = statistics.fmean(points.values())
    off = sum((value - found.intercept - found.slope * count) ** 2 for count, value in points.items())
    spread = sum((value - mean) ** 2 for value in points.values())
    return Line(found.intercept, found.slope, 1 - off / spread if spread else 1.0)


def beside(us: Scraped, peer: Scraped, name: str) -> list[Row]:
    """Our figures beside one peer's; the goals are set against Pushgateway."""
    cpu = peer.cpu * TWENTIETH if name == PG else None
    took = peer.took * THIRD if name == PG else None
    rows = [
        Row(name="CPU per unchanged scrape", unit="ms", ours=us.cpu * 1e3, peer=peer.cpu * 1e3, peer_name=name),
        Row(name="duration of a scrape, unchanged", unit="s", ours=us.took, peer=peer.took, peer_name=name),
        Row(
            name="CPU of the first scrape",
            unit="ms",
            ours=us.first_cpu * 1e3,
            peer=peer.first_cpu * 1e3,
            peer_name=name,
        ),
        Row(name="duration of the first scrape", unit="s", ours=us.first_took, peer=peer.first_took, peer_name=name),
        Row(name="memory (RSS)", unit="MiB", ours=us.rss, peer=peer.rss, peer_name=name),
        Row(name="bytes on the wire, gzip", unit="MB", ours=us.packed / 1e6, peer=peer.packed / 1e6, peer_name=name),
        Row(name="bytes on the wire, plain", unit="MB", ours=us.plain / 1e6, peer=peer.plain / 1e6, peer_name=name),
    ]
    for row, goal in zip(rows, (cpu and cpu * 1e3, took), strict=False):
        row.goal, row.met = goal, None if goal is None else row.ours <= goal
    return rows


def changed(points: dict[int, float], rendering: dict[int, float], devices: int, peer: Scraped) -> list[Row]:
    """What changes between two scrapes cost; Pushgateway's scrape costs the same whatever changed."""
    line, rows = fit(points), []
    for share in (0.01, 0.1, 1.0):
        count = round(share * devices)
        rows.append(Row(
            name=f"CPU, {share:.0%} of devices changed", unit="ms", ours=points[count] * 1e3, peer=peer.cpu * 1e3,
            peer_name=PG,
        ))  # fmt: skip
        rows.append(Row(name="  of which rendering", unit="ms", ours=rendering[count] * 1e3))
    return [
        *rows,
        Row(name="fitted: each changed device", unit="µs", ours=line.each * 1e6),
        Row(name="fitted: fixed", unit="ms", ours=line.fixed * 1e3),
        Row(
            name="fitted: explained by a straight line", unit="share", ours=line.explains, goal=STRAIGHT,
            met=line.explains >= STRAIGHT,
        ),
    ]  # fmt: skip


def measured(folder: Path, size: Size) -> list[Row]:
    us = ours(folder, size)
    points, rendering, plain = changes(folder, size)
    longest = stall(folder, size)
    peers = {PG: pushgateway(folder, size), PC: client(folder, size), VM: victoria(folder, size)}
    rows = [row for name, peer in peers.items() for row in beside(us, peer, name)]
    rows += changed(points, rendering, size.devices, peers[PG])
    rows.append(Row(name="CPU per unchanged scrape, without gzip", unit="ms", ours=plain * 1e3))
    rows.append(Row(
        name="longest work of the event loop without a break, all changed", unit="ms", ours=longest * 1e3, goal=BREAK,
        met=longest * 1e3 <= BREAK,
    ))  # fmt: skip
    return rows


def main() -> None:
    options = arguments(__doc__ or "")
    size = SHORT if options.short else FULL
    with tempfile.TemporaryDirectory(prefix="sansang-bench-") as name:
        rows = measured(Path(name), size)
    report(f"Exposition: {size.devices * SERIES:,} series, one core", rows, as_json=options.json)


if __name__ == "__main__":
    main()
