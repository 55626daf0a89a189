"""What remote write counts of itself, beside the collector's other numbers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from collector.remote.answers import DROPS, FAILURES


class Meters:
    """Prometheus metrics in the registry of :class:`collector.telemetry.Telemetry`; none of an endpoint that is not
    :meth:`opened`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"sansang_collector_remote_write_{name}", text, ("endpoint", *labels), registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"sansang_collector_remote_write_{name}", text, ("endpoint",), registry=registry)

        self.samples = counter("samples", "Samples that the receiver took.")
        self.requests = counter("sent_requests", "Requests that were answered, by HTTP status.", "code")
        self.failed = counter("failed", "Requests that are to be tried again, by cause.", "reason")
        self.dropped = counter("dropped_samples", "Samples that are sent no more, by cause.", "reason")
        self.pending_samples = gauge("pending_samples", "Samples that wait in the store, at most.")
        self.pending_bytes = gauge("pending_bytes", "Bytes that wait in the store.")
        self.oldest = gauge("oldest_timestamp_seconds", "When the oldest result that waits was taken; 0: none waits.")
        self.success = gauge("last_success_timestamp_seconds", "When the receiver last took something; 0: never.")

    def opened(self, endpoint: str) -> None:
        """Shows `endpoint` with nothing counted yet."""
        for one in (self.samples, self.pending_samples, self.pending_bytes, self.oldest, self.success):
            one.labels(endpoint)
        for reason in FAILURES:
            self.failed.labels(endpoint, reason)
        for reason in DROPS:
            self.dropped.labels(endpoint, reason)
