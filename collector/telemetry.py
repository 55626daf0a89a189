"""The collector's own numbers, served beside the units' by prometheus-client. They describe this process only."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from checks.kit.leasing import Denial
from collector import VERSION, words
from collector.reflecting.counts import Counts
from collector.remote.meters import Meters as RemoteMeters
from collector.scrape.meters import Meters as ScrapeMeters
from collector.speed.meters import Meters

REFUSALS = tuple(words.REFUSALS)
ENROLMENTS = (
    "granted", "invalid", "bad_proof", "bad_token", "token_expired", "token_exhausted", "token_revoked",
    "unknown_station", "station_role", "station_taken",
)  # fmt: skip


# A ``_created`` beside every counter would double them and tell nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Telemetry:
    """One registry per collector, so that two of them can live in one test process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"sansang_collector_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"sansang_collector_{name}", text, registry=self.registry)

        text = "The release that runs, and where its pages are: 1; join on instance."
        self._info = Gauge("sansang_collector_info", text, ("version", "url"), registry=self.registry)
        self.serves_at("")
        self.pushes = counter("pushes", "Batches that were committed.")
        self.refusals = counter("refusals", "Batches that were refused, by the error code the agent was given.", "code")
        self.results = counter("results", "Results that were committed, duplicates apart.")
        self.duplicates = counter("duplicates", "Results that had been committed before and were absorbed.")
        self.unlisted = counter("unlisted_results", "Results of jobs that are not in the device's configuration.")
        self.unknown_metrics = counter("unknown_samples", "Samples of metrics this release does not know.")
        self.gaps = counter("gap_records", "Sequence numbers that will never come, by cause.", "reason")
        self.retimed = counter("retimed_results", "Results whose time was corrected because the device's clock is off.")
        self.enrolments = counter("enrolments", "Enrolment requests, by what became of them.", "code")
        self.commit = Histogram(
            "sansang_collector_commit_seconds", "Time of one group commit.", registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
        )  # fmt: skip
        self.group = Histogram(
            "sansang_collector_commit_batches", "Batches in one group commit.", registry=self.registry,
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
        )  # fmt: skip
        self.waiting = gauge("waiting_batches", "Batches that are read or wait for their commit.")
        self.sweep = gauge("sweep_seconds", "How long the last sweep took.")
        self.swept = gauge("sweep_timestamp_seconds", "When the last sweep ended.")
        self.sweep_failures = counter("sweep_failures", "Sweeps that ended in an error.")
        self.stall = gauge("loop_stall_seconds", "Longest delay of the event loop since the last scrape.")
        self.live_pages = gauge("live_pages", "Browsers that follow changes.")
        self.leases = counter("leases", "Leases asked for, by the answer: granted, or why not.", "answer")
        self.speed, self.reflector = Meters(self.registry), Counts()
        self.remote_write = RemoteMeters(self.registry)
        self.scrape = ScrapeMeters(self.registry)
        self.registry.register(self.reflector)
        for answer in ("granted", *Denial):
            self.leases.labels(answer)
        for code in REFUSALS:
            self.refusals.labels(code)
        for code in ENROLMENTS:
            self.enrolments.labels(code)

    def serves_at(self, url: str) -> None:
        """`url` is where people find the pages; alerts and dashboards lead there. A name and a password in it are left
        out, and so is what follows the path."""
        parts = urlsplit(url)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
        self._info.clear()
        self._info.labels(VERSION, urlunsplit(bare).rstrip("/")).set(1)
