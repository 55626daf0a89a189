"""The strip of a day, and quantities of speed as people read them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

import pytest

from collector.web import hours, line
from collector.web.format import quantity
from collector.web.hours import Hour, Row
from tests.collector.evidence.lines import account

SPACE = "\N{NO-BREAK SPACE}"


def rects(drawing: str) -> list[tuple[float, float, str]]:
    """Where each bar begins, how tall it is, its colour."""
    found = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="[\d.]+" height="([\d.]+)" fill="([^"]+)"', drawing)
    return [(float(x), float(tall), fill) for x, tall, fill in found]


def test_an_hour_that_was_not_measured_is_a_gap() -> None:
    """Two hours of a day are two bars, in their places, the worst in another colour."""
    bars = [Hour(8, 50.0, "8"), Hour(20, 100.0, "20")]
    drawn = str(hours.strip([Row("days", bars, 8)], None, "t", width=720))
    places = [(round((x - 5.7) / 30), tall, fill) for x, tall, fill in rects(drawn)]
    assert places == [(8, 32.0, hours.WORST), (20, 64.0, hours.BAR)]
    assert "stroke-dasharray" not in drawn


def test_the_contract_is_a_dashed_line_that_all_bars_are_measured_by() -> None:
    """It is drawn for each kind of day that has bars, and only for these."""
    rows = [Row("a", [Hour(1, 50.0, "1")]), Row("b", [])]
    drawn = str(hours.strip(rows, 200.0, "t", width=358))
    assert rects(drawn)[0][1] == 16.0
    assert drawn.count("stroke-dasharray") == 1


def test_what_is_written_in_a_drawing_is_only_text() -> None:
    """Well formed whatever the words are."""
    drawn = hours.strip([Row("<b>&", [Hour(0, 0.0, '"<i>')])], 1.0, "<script>", width=358)
    texts = [element.text for element in Xml.fromstring(str(drawn)).iter() if element.text]
    assert {"<script>", "<b>&", '"<i>'} <= set(texts)


def test_the_worst_hour_is_named() -> None:
    """The slowest for a speed, the longest for a round trip."""
    charts = line.build(account(), "en").charts
    assert [chart.title.split(":")[0] for chart in charts] == ["Download", "Round trip under load"]
    assert f"Monday to Friday: lowest 118.3{SPACE}Mbit/s, 20:00" in charts[0].wide
    assert f"Saturday, Sunday: highest 120{SPACE}ms, 8:00" in charts[1].narrow


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (93_412_345.0, "bits_per_second", ("93,4", "Mbit/s")),
        (1e9, "bits_per_second", ("1", "Gbit/s")),
        (0.0, "bits_per_second", ("0", "bit/s")),
        (640.4, "round_trips_per_minute", ("640", "vòng/phút")),
    ],
)
def test_speeds_are_read_as_lines_are_sold(value: float, unit: str, said: tuple[str, str]) -> None:
    """In bits, decimal."""
    assert quantity(value, unit, "vi") == said
