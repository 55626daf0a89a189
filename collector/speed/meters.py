"""What the speed server counts of itself, beside the collector's other numbers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.speed.record import End

TESTS = ("download", "upload")
REFUSALS = (
    "bad_handshake", "subprotocol_missing", "query_too_long", "busy", "stopping", "forbidden", "lease_missing",
    "lease_forged", "lease_early", "lease_expired", "lease_used", "lease_foreign", "lease_spent", "internal",
)  # fmt: skip


class Meters:
    """Prometheus counters in the registry of :class:`collector.telemetry.Telemetry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "sansang_collector_speed_"
        self.tests = Counter(f"{name}tests", "Speed tests, by what ended them.", ("test", "end"), registry=registry)
        self.bytes = Counter(
            f"{name}bytes", "Payload that speed tests sent to clients (download) or took.", ("test",), registry=registry
        )
        self.refusals = Counter(
            f"{name}refusals", "Requests that opened no speed test, by error code.", ("code",), registry=registry
        )
        self.connections = Gauge(f"{name}connections", "Connections of speed tests now.", registry=registry)
        for test in TESTS:
            self.bytes.labels(test)
            for end in End:
                self.tests.labels(test, end)
        for code in REFUSALS:
            self.refusals.labels(code)
