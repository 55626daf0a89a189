"""How right our numbers are: phases of a request beside curl and blackbox_exporter, round trips, jitter and loss beside
ping, fping and blackbox_exporter, counter rates across a wrap and a reboot. All of it on one emulated line whose truth
is known, all tools in the same run. Needs root.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, its folder is on the path instead

from benchmarks import accuracy_counters, accuracy_http, accuracy_icmp
from benchmarks.accuracy_lab import Bench, bench
from benchmarks.table import Row, arguments, report


def rows(here: Bench, *, short: bool) -> Iterator[Row]:
    """Every row, in full or as a quick look."""
    yield from accuracy_http.rows(here, 3 if short else 50, (0.02,) if short else (0.0, 0.02, 0.08))
    yield from accuracy_icmp.rtt_rows(here, 20 if short else 200, (0.02,) if short else (0.0, 0.005, 0.02, 0.08))
    yield from accuracy_icmp.jitter_rows(here, 50 if short else 500)
    yield from accuracy_icmp.loss_rows(here, 100 if short else 1000, (0.05,) if short else (0.0, 0.01, 0.02, 0.05, 0.3))
    yield from accuracy_counters.rows()


def main() -> int:
    options = arguments(__doc__ or "")
    with bench() as here:
        found = list(rows(here, short=options.short))
    report("Accuracy against the truth", found, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
