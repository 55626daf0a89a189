"""What the reflector counts, and how Prometheus reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Dropped = Literal[
    "too_short", "malformed", "answer", "unknown_session", "expired", "spent", "bad_hmac", "replayed", "not_open",
    "rate", "overload", "overflow", "unsent",
]  # fmt: skip
"""Why a packet has no answer. ``answer``: it was one itself. ``spent``: the lease's bytes are. ``rate``: more than the
lease or the source may have; ``overload``: than the reflector sends; ``overflow``: than waited in the kernel's buffer.
``unsent``: the system did not take the answer."""


class Counts(Collector):
    """Plain numbers, counted per packet, read per scrape."""

    def __init__(self) -> None:
        self.received = self.octets_in = self.reflected = self.octets_out = 0
        self.dropped: dict[Dropped, int] = dict.fromkeys(get_args(Dropped), 0)
        self.sessions: Callable[[], int] = lambda: 0

    def collect(self) -> Iterator[Metric]:
        """Asked by the registry."""
        name = "sansang_collector_reflector"
        yield CounterMetricFamily(f"{name}_packets", "STAMP packets that came.", value=self.received)
        yield CounterMetricFamily(f"{name}_bytes", "Octets of UDP payload that came.", value=self.octets_in)
        yield CounterMetricFamily(f"{name}_reflected", "STAMP packets that were answered.", value=self.reflected)
        yield CounterMetricFamily(f"{name}_reflected_bytes", "Octets of UDP payload sent.", value=self.octets_out)
        dropped = CounterMetricFamily(f"{name}_dropped", "STAMP packets without an answer, by why.", labels=["reason"])
        for reason, count in self.dropped.items():
            dropped.add_metric([reason], count)
        yield dropped
        yield GaugeMetricFamily(f"{name}_sessions", "STAMP sessions that are remembered.", value=self.sessions())
