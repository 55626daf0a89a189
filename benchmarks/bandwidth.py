"""How right bandwidth and call quality are, what they cost, and what a city's tests do to a line they share.

Lines are made by the kernel's token bucket between namespaces (:mod:`benchmarks.shaper`), so that the truth is known;
iperf3 measures the same lines by turns with us. Needs root.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, its folder is on the path instead

from benchmarks import bandwidth_city, bandwidth_rates, bandwidth_realtime
from benchmarks.table import Row, arguments, report

PARTS = (bandwidth_rates.rows, bandwidth_realtime.rows, bandwidth_city.rows)


def rows() -> Iterator[Row]:
    """Every row, one part after the other: about 25 minutes."""
    for part in PARTS:
        yield load()
        yield from part(short=False)
    yield load()


def glance() -> Iterator[Row]:
    """A quick look: all parts at once, so that their figures are worth little."""
    with ThreadPoolExecutor(len(PARTS)) as pool:
        for found in pool.map(lambda part: list(part(short=True)), PARTS):
            yield from found
    yield load()


def load() -> Row:
    """How busy the machine is with everything: figures of a busy one are worth less."""
    return Row(name="load of this machine, last minute", unit="processes", ours=os.getloadavg()[0])


def main() -> int:
    options = arguments(__doc__ or "")
    found = list(glance() if options.short else rows())
    report("Bandwidth and call quality against the truth", found, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
