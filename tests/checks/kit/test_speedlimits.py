"""What limited a measured throughput, and the text that a device signs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checks.kit import speedlimits
from checks.kit.speed import Report, Way
from checks.kit.speedlimits import disturbed, evidence, limited_by, overall


def way(rate: float | None = 94.1e6, **more: Any) -> Way:
    told: dict[str, Any] = {"error": 0.01, "stopped": "stable", "streams": 1, "streams_why": "one_fills", "cross": 0.0}
    return Way(direction="download", rate=rate, **(told | more))


@pytest.mark.parametrize(
    ("found", "lease", "speed", "wifi", "word"),
    [
        (way(), 0.0, 1e9, False, "line"),
        (way(), 0.0, None, False, "line"),
        (way(), 0.0, 100e6, False, "pc"),
        (way(), 0.0, 110e6, False, "line"),
        (way(), 0.0, 144e6, True, "pc"),
        (way(), 0.0, 433e6, True, "line"),
        (way(core=0.93), 0.0, 1e9, False, "pc"),
        (way(machine=0.97), 0.0, 1e9, False, "pc"),
        (way(), 100e6, 1e9, False, "lease"),
        (way(), 200e6, 1e9, False, "line"),
        (way(error=0.2), 0.0, 1e9, False, "unknown"),
        (way(streams_why="no_queue", streams=1), 0.0, 1e9, False, "unknown"),
        (way(None), 0.0, 1e9, False, "unknown"),
    ],
    ids=[
        "a line", "no interface speed", "Fast Ethernet", "a little faster", "slow Wi-Fi", "fast Wi-Fi", "one core",
        "all processors", "the lease's rate", "a wider lease", "not settled", "one stream, never full", "none",
    ],
)  # fmt: skip
def test_what_limited_is_named(found: Way, lease: float, speed: float | None, wifi: bool, word: str) -> None:
    """The PC before the lease, the lease before the line, and the line only where it was full."""
    assert limited_by(found, lease, speed, wifi=wifi) == word


def test_of_two_ways_the_word_that_says_less_stands() -> None:
    """So that nobody takes the PC's limit for the line's."""
    assert overall(["line", "pc"]) == "pc"
    assert overall(["lease", "line"]) == "lease"
    assert overall(["line", "line"]) == "line"
    assert overall([]) == "unknown"


@pytest.mark.parametrize(
    ("ways", "word"),
    [
        ([way()], "none"),
        ([way(cross=9e6)], "none"),
        ([way(cross=9.5e6)], "traffic"),
        ([way(1e6, cross=240e3)], "none"),
        ([way(1e6, cross=260e3)], "traffic"),
        ([way(machine=0.96)], "processor"),
        ([way(cross=None)], "unknown"),
        ([], "unknown"),
    ],
)
def test_what_disturbed_is_named(ways: list[Way], word: str) -> None:
    """A tenth of what was measured, and 250 kbit/s at least, is traffic of others."""
    assert disturbed(ways) == word


def test_the_evidence_is_canonical_and_fits_a_fact() -> None:
    """Sorted, whole numbers, ASCII whatever the server is called, and never longer than a fact may be."""
    full = way(949_999_999.6, used=10**12, seconds=9.999999, told=10**12, retransmitted=0.123456789, counted="kernel")
    full.direction = "upload"
    params = {"seconds": 10**7, "bytes": 10**10, "rate": 10**12, "streams": 16, "early": False, "least": 10**7}
    text = evidence(
        Report(ways=(full, full)), at=1_790_000_000_000_000, lease="L" * 99, server='Máy "chủ"\\' * 20,
        host="h" * 250, params=params, limited={"upload": "unknown"},
    )  # fmt: skip
    assert len(text) < speedlimits.MOST_EVIDENCE
    decoded = msgspec.json.decode(text)
    assert text == msgspec.json.encode(decoded, order="sorted").decode()
    assert text.isascii()
    assert "\\" not in text
    assert decoded["upload"]["rate"] == 950_000_000
    assert decoded["upload"]["resent"] == 123_457
    assert (decoded["protocol"], decoded["version"]) == ("ndt7", "0.11")
