"""Prometheus keeps scraping while the collector is stopped, killed and started again."""

from __future__ import annotations

import gzip
import http.client
import threading
from pathlib import Path

from collector.config import SHIPPED
from tests.faults.rig import Rig, rig, wait_until

UNITS = sum(",79," in row for row in (SHIPPED / "units.csv").read_text("utf-8").splitlines())
HEADERS = {"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"}


class Scraping(threading.Thread):
    """Scrapes all the time; ``seen`` are statuses (0 for a failure that the client is told of), ``torn`` the answers
    with status 200 that are no whole page."""

    def __init__(self, collector: Rig) -> None:
        super().__init__(daemon=True)
        self._port, self._over = collector.port, threading.Event()
        self.seen: list[int] = []
        self.torn: list[bytes] = []

    def run(self) -> None:
        while not self._over.wait(0.005):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            try:
                connection.request("GET", "/metrics", headers=HEADERS)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                self.seen.append(0)
                continue
            finally:
                connection.close()
            self.seen.append(answer.status)
            if answer.status == 200 and not whole(body):
                self.torn.append(body)

    def until_pages(self, more: int) -> None:
        enough = self.seen.count(200) + more
        wait_until(lambda: self.seen.count(200) >= enough, "no page comes")

    def end(self) -> None:
        self._over.set()
        self.join(30)


def whole(body: bytes) -> bool:
    text = gzip.decompress(body)
    return text.endswith(b"# EOF\n") and text.count(b"\nsansang_unit_info{") == UNITS


def test_a_scrape_during_a_restart_gets_a_whole_page_or_a_failure(tmp_path: Path) -> None:
    """Never a page of some units: not before the first judgement, not while it stops, not when it is killed."""
    with rig(tmp_path, sweep=0.1, targets=2) as collector:
        collector.start()
        scraping = Scraping(collector)
        scraping.start()
        for stop in (collector.stop, collector.kill):
            scraping.until_pages(3)
            stop()
            wait_until(lambda: scraping.seen[-1] == 0, "it still answers")
            collector.start()
        scraping.until_pages(1)
        scraping.end()
    assert scraping.torn == []
    assert set(scraping.seen) >= {0, 200}
    assert set(scraping.seen) <= {0, 200, 503}
    assert UNITS == 168
