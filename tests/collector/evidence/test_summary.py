"""Percentiles, hours and shares of the contract, as small numbers that were worked out by hand."""

from __future__ import annotations

import math
from zoneinfo import ZoneInfo

import pytest

from checks.kit.model import Sample
from collector.evidence.figures import Figures, counted, figures
from collector.evidence.model import DAY
from collector.evidence.summary import Cell, Seen, Spread, against, by_hour, quantile, quantities, spread, wilson
from tests.collector.evidence.measuring import NOW, Pc, record

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = 3_600_000_000
MBIT = 1e6


def down(at: int, mbps: float, limited: str = "line", disturbed: str = "none") -> Seen:
    return Seen(at, Figures(down=mbps * MBIT, limited={"download": limited}, disturbed=disturbed))


def test_figures_are_the_worst_of_what_hurts() -> None:
    """Latency of the worse load, responsiveness of the worse direction, a call's worse way and not its round trip."""
    found = figures(Pc().result())
    assert (found.down, found.up, found.idle, found.loaded, found.rpm) == (93.4e6, 41.2e6, 0.012, 0.091, 640.0)
    assert (found.limited, found.disturbed) == ({"download": "line", "upload": "line"}, "none")
    call = figures(Pc().call())
    assert (call.loss, call.jitter, call.mos, call.down) == (0.01, 0.0018, 4.21, None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 1e300])
def test_a_rate_no_line_has_is_none(value: float) -> None:
    """What a device sends is not always a number to count with."""
    result = Pc().result(samples=(Sample("bandwidth_throughput", value / 8, {"direction": "download"}),))
    assert figures(result).down is None


def test_words_that_are_not_known_are_unknown() -> None:
    """Facts are free text: pages show only what is in the list."""
    whole = Pc().result()
    whole.facts |= {"limited_by": "<b>", "disturbed": 7}
    assert figures(whole).limited["download"] == figures(whole).disturbed == "unknown"


def test_the_servers_count_is_of_the_whole_test_and_of_its_second_half() -> None:
    """Half a second of slow start in four seconds."""
    seen = counted([record("download", 80e6)], "download")
    assert seen is not None
    assert seen.most == pytest.approx(80e6)
    assert seen.least == pytest.approx(70e6)
    assert (seen.bytes, seen.streams, seen.ends) == (35_000_000, 1, ("client_closed",))
    assert counted([record("download", 80e6)], "upload") is None


def test_a_test_too_short_for_a_sample_counts_as_one_line() -> None:
    """From nothing to all of it."""
    short = {"bytes": 1_000_000, "seconds": 0.2, "rate": 40e6, "samples": []}
    seen = counted([record("upload", 0.0) | short], "upload")
    assert seen is not None
    assert [seen.least, seen.most] == pytest.approx([40e6, 40e6])


def test_percentiles_are_values_that_were_measured() -> None:
    """Nearest rank."""
    values = [float(number) for number in range(1, 21)]
    assert spread(reversed(values)) == Spread(20, 1.0, 10.0, 19.0)
    assert spread([]) == Spread()
    assert quantile([5.0], 0.95) == 5.0


def test_seven_days_are_part_of_thirty() -> None:
    """And what is older is neither."""
    seen = [down(NOW - day * DAY - HOUR, 10.0 + day) for day in (0, 3, 6, 7, 20, 29, 30, 31)]
    found = quantities(seen, NOW, ZONE)
    assert list(found) == ["down"]
    told = found["down"]
    assert (told.last, told.last_at, told.unit) == (10 * MBIT, NOW - HOUR, "bits_per_second")
    assert (told.week.count, told.week.median, told.week.p95) == (3, 13 * MBIT, 16 * MBIT)
    assert (told.month.count, told.month.p95) == (6, 39 * MBIT)


def test_hours_are_the_localitys_and_weekends_their_own() -> None:
    """NOW is a Saturday, half past nine; 20 hours earlier it was a working day."""
    told = [(NOW, 5.0), (NOW + 60_000_000, 7.0), (NOW - 20 * HOUR, 3.0), (NOW - 24 * HOUR, 1.0)]
    assert by_hour(told, ZONE) == [Cell(False, 9, 1, 1.0), Cell(False, 13, 1, 3.0), Cell(True, 9, 2, 5.0)]


@pytest.mark.parametrize(
    ("part", "count", "least", "most"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (1, 29, 0.0061, 0.1718),
        (0, 1, 0.0, 0.7935),
    ],
)
def test_wilsons_interval(part: int, count: int, least: float, most: float) -> None:
    """81 of 263 and 1 of 29 are in Newcombe, Stat. Med. 17, 1998, table I; 0 of n is z²/(n+z²)."""
    found = wilson(part, count)
    assert found is not None
    assert [found.least, found.most] == pytest.approx([least, most], abs=5e-5)
    assert wilson(0, 0) is None


def test_the_line_answers_only_for_itself() -> None:
    """A slow PC, a small lease, other traffic and what nobody knows say nothing against the contract; what reached it
    does, whatever else was going on. A line of 100 Mbit/s carries 95.6 of TCP payload, nine tenths are 86.1."""
    seen = [
        *(down(NOW - day * DAY, 95.0) for day in range(3)),
        down(NOW - 3 * DAY, 86.0),
        down(NOW - 4 * DAY, 96.0, "pc"),
        down(NOW - 5 * DAY, 60.0, "pc"),
        down(NOW - 6 * DAY, 60.0, "lease"),
        down(NOW - 7 * DAY, 60.0, "unknown"),
        down(NOW - 8 * DAY, 60.0, "line", "traffic"),
        down(NOW - 40 * DAY, 10.0),
    ]
    found = against(seen, "download", 100 * MBIT, NOW)
    assert found.below == wilson(4, 5)
    assert found.well_below == wilson(1, 5)
    assert found.left_out == 4
    assert round(found.payload / MBIT, 2) == 95.64
    assert against(seen, "upload", 100 * MBIT, NOW).below is None
