"""The benchmark of scraping: that it measures what it says; never how fast anything is."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.exposition import fit, measured
from benchmarks.exposition_city import SERIES, City, rendered, texts
from benchmarks.exposition_scrape import Size, spent
from collector.scrape.deflate import file
from collector.scrape.formats import Format

PEERS = ("prometheus", "prometheus-pushgateway", "victoria-metrics", "taskset")
missing = [name for name in PEERS if not shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")]


def test_a_device_has_forty_series_and_never_says_the_same_twice() -> None:
    """Ours and the peers' are the same lines."""
    _, first = rendered(5, 1_000_000)
    _, second = rendered(5, 2_000_000)
    assert sum(text.count("\n") for text in first.values()) == SERIES
    assert sum(first[series] != second[series] for series in first) == 5
    assert [text.count("\n") for _, text in texts(3)] == [SERIES] * 3
    page = City(200).exposition.devices_page()
    assert gzip.decompress(b"".join(file(page.packed(Format.CLASSIC)))).count(b"\nsansang_") == 200 * SERIES


def test_a_straight_line_is_told_from_a_bent_one() -> None:
    """Fixed cost, cost of each, and what of it is explained."""
    line = fit({0: 2.0, 10: 7.0, 100: 52.0})
    assert (line.fixed, line.each, line.explains) == pytest.approx((2.0, 0.5, 1.0))
    assert fit({0: 0.0, 10: 50.0, 100: 52.0}).explains < 0.5
    assert fit({0: 1.0, 5: 1.0}).explains == 1.0


def test_cpu_is_counted_of_threads_that_are_gone_too() -> None:
    """As of a server that has one for each request."""
    code = (
        "import threading, time\n"
        "def work():\n until = time.thread_time() + 0.3\n while time.thread_time() < until: pass\n"
        "thread = threading.Thread(target=work)\nthread.start()\nthread.join()\nprint(flush=True)\ninput()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.01)
        assert spent(process.pid) >= 0.29
        process.kill()


@pytest.mark.skipif(bool(missing), reason=f"make bench installs {', '.join(missing)}")
def test_a_quick_look_gives_every_row_with_its_goal(tmp_path: Path) -> None:
    """Beside three peers, all series of all of them scraped by a real Prometheus."""
    found = measured(tmp_path, Size(devices=100, every=2, steady=1, rounds=1))
    rows = {(row.name, row.peer_name): row for row in found if not row.name.startswith(" ")}
    assert len(rows) == len([row for row in found if not row.name.startswith(" ")])
    assert {row.peer_name for row in found} == {"", "pushgateway", "prometheus-client", "victoria-metrics /federate"}
    for row in found:
        assert (row.met is None) == (row.goal is None), row.name
        assert bool(row.peer_name) == (row.peer is not None), row.name
    goals = {name for (name, _), row in rows.items() if row.goal is not None}
    assert goals == {
        "CPU per unchanged scrape", "duration of a scrape, unchanged", "fitted: explained by a straight line",
        "longest work of the event loop without a break, all changed",
    }  # fmt: skip
