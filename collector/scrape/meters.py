"""What scraping costs, beside the collector's other numbers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, Histogram

PAGES = ("units", "devices")
KINDS = ("units", "devices", "collector")


class Meters:
    """In the registry of :class:`collector.telemetry.Telemetry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "sansang_collector_scrape_seconds", "Time of one scrape, until its last byte was handed over.", ("page",),
            registry=registry, buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )  # fmt: skip
        self.series = Gauge(
            "sansang_collector_series", "Series that are exported: of units, of devices, of the collector itself.",
            ("kind",), registry=registry,
        )  # fmt: skip
        for page in PAGES:
            self.seconds.labels(page)
        for kind in KINDS:
            self.series.labels(kind)
