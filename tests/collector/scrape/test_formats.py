"""Which format and which coding a client gets."""

from __future__ import annotations

import pytest

from collector.families import Family
from collector.scrape.formats import Format, negotiate, takes_gzip

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_HISTOGRAMS = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," + (PROMETHEUS_3)
)
VICTORIA = "text/plain;version=0.0.4;q=1,*/*;q=0.1"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize("accept", [
    PROMETHEUS_2_42, PROMETHEUS_3, PROMETHEUS_3_HISTOGRAMS, "application/openmetrics-text",
    'application/openmetrics-text; version="1.0.0"; charset=utf-8',
    "APPLICATION/OpenMetrics-Text; Version=1.0.0 ; Q=.2",
    "text/plain;version=0.0.4;q=nonsense, application/openmetrics-text;version=1.0.0;q=0.1",
])  # fmt: skip
def test_openmetrics_for_whom_it_is_the_first_choice(accept: str) -> None:
    """Prometheus since 2.5 asks for it first."""
    assert negotiate(accept) is Format.OPENMETRICS


@pytest.mark.parametrize("accept", [
    "", "*/*", VICTORIA, BROWSER, "application/json", "application/*", "text/*", ";;;,,q=1", "a" * 5000,
    "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=9.0.0,*/*;q=0.1",
    "application/openmetrics-text;version=1.0.0;q=0", "application/openmetrics-text;version=1.0.0;q=nan",
    "application/openmetrics-text;version=1.0.0;q=0.3, text/plain;version=0.0.4;q=0.5",
    "application/openmetrics-text;version=1.0.0;q=2", "application/openmetrics-text;version=1.0.0;q=-1",
])  # fmt: skip
def test_the_classic_format_for_everybody_else(accept: str) -> None:
    """Also for whom neither would do: a page that can be read is better than a refusal."""
    assert negotiate(accept) is Format.CLASSIC


@pytest.mark.parametrize(("header", "wanted"), [
    ("gzip", True), ("gzip, deflate, br", True), ("GZip", True), ("x-gzip", True), ("*", True), ("br, *;q=0.1", True),
    ("gzip;q=0.5", True), ("gzip;q=0.5, identity;q=0.5", True),
    ("", False), ("identity", False), ("gzip;q=0", False), ("gzip; q=0.000", False), ("*;q=0", False),
    ("*;q=1, gzip;q=0", False), ("gzip;q=0.2, identity;q=0.8", False), ("deflate, br", False), ("gzip;q=x", False),
    ("gzipped", False),
])  # fmt: skip
def test_gzip_for_who_asks_for_it(header: str, wanted: bool) -> None:
    """By quality values, RFC 9110 §12.5.3."""
    assert takes_gzip(header) is wanted


def test_a_family_is_introduced_as_each_format_asks() -> None:
    """OpenMetrics calls a counter without its suffix, tells the unit, and escapes quotes."""
    counter = Family("sansang_uplink_received_bytes_total", ("unit",), 'Octets of "the" line.', "counter")
    assert Format.CLASSIC.head(counter) == (
        '# HELP sansang_uplink_received_bytes_total Octets of "the" line.\n'
        "# TYPE sansang_uplink_received_bytes_total counter\n"
    )
    assert Format.OPENMETRICS.head(counter) == (
        "# TYPE sansang_uplink_received_bytes counter\n# UNIT sansang_uplink_received_bytes bytes\n"
        '# HELP sansang_uplink_received_bytes Octets of \\"the\\" line.\n'
    )
    since = Family("sansang_unit_verdict_since_timestamp_seconds", ("unit",), "Since when.")
    assert "# UNIT sansang_unit_verdict_since_timestamp_seconds seconds\n" in Format.OPENMETRICS.head(since)
    assert "# UNIT" not in Format.OPENMETRICS.head(Family("sansang_unit_info", (), "A unit."))
