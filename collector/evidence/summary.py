"""Many measurements in few numbers: medians and percentiles of a time, by the hour, against the contract. Pure.

Only what counts is given here (an empty ``valid``). Percentiles are nearest-rank: a value that was measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.evidence.figures import Figures
from collector.evidence.model import DAY

Z95 = 1.959964
"""The normal quantile of a two-sided interval of 95 %."""
PAYLOAD = 1448 / 1514
"""TCP payload in a full Ethernet frame (with time stamps, RFC 7323): what a line of 1 bit/s can carry of what is
measured. A contract is of the line."""
NEAR = 0.9
"""The part of the contract below which a measurement is well below it."""
QUANTITIES: Mapping[str, str] = {
    "down": "bits_per_second", "up": "bits_per_second", "idle": "seconds", "loaded": "seconds",
    "rpm": "round_trips_per_minute", "loss": "ratio", "jitter": "seconds", "variation": "seconds", "mos": "",
}  # fmt: skip
"""What is summed up, as :class:`Figures` calls it, and its unit."""
BY_HOUR = ("down", "up", "loaded", "loss", "mos")


class Seen(Struct, frozen=True):
    """A measurement that counts: when (µs), and its figures."""

    at: int
    figures: Figures


class Spread(Struct, frozen=True):
    """``count`` values of a time; ``low`` is what all but 5 % of them reach (P5)."""

    count: int = 0
    low: float | None = None
    median: float | None = None
    p95: float | None = None


class Cell(Struct, frozen=True):
    """The median of an hour of the day, of working days or of Saturdays and Sundays, by the locality's clock."""

    weekend: bool
    hour: int
    count: int
    median: float


class Quantity(Struct, frozen=True):
    """One quantity: the newest value and when it was measured, the last 7 and 30 days, and 30 days by the hour."""

    unit: str
    last: float
    last_at: int
    week: Spread
    month: Spread
    hours: list[Cell] = []


class Share(Struct, frozen=True):
    """``part`` of ``count`` measurements, and between which shares (``least``, ``most``) the true share lies with
    95 % confidence (Wilson, J. Am. Stat. Assoc. 22, 1927, 209-212)."""

    count: int
    part: int
    share: float
    least: float
    most: float


class Contract(Struct, frozen=True):
    """What is contracted (bit/s of the line; ``payload`` is what it can carry of TCP payload) against what was measured
    in 30 days: the share ``below`` that, and ``well_below`` (90 % of it). ``left_out`` were slower for another reason
    than the line, or for one that nobody knows: they say nothing of the contract."""

    rate: float
    payload: float
    below: Share | None
    well_below: Share | None
    left_out: int


def quantile(values: Sequence[float], q: float) -> float | None:
    """The least of the sorted `values` that q·n of the n do not exceed; None without values."""
    return values[max(1, math.ceil(q * len(values) - 1e-9)) - 1] if values else None


def spread(values: Iterable[float]) -> Spread:
    found = sorted(values)
    return Spread(len(found), quantile(found, 0.05), quantile(found, 0.5), quantile(found, 0.95))


def quantities(seen: Sequence[Seen], now: int, zone: ZoneInfo) -> dict[str, Quantity]:
    """Each quantity that was measured in the 30 days before `now`."""
    found = {}
    for name, unit in QUANTITIES.items():
        told = sorted((one.at, value) for one in seen if (value := getattr(one.figures, name)) is not None)
        month = [(at, value) for at, value in told if now - 30 * DAY < at]
        if month:
            last_at, last = month[-1]
            week = spread(value for at, value in month if now - 7 * DAY < at)
            cells = by_hour(month, zone) if name in BY_HOUR else []
            found[name] = Quantity(unit, last, last_at, week, spread(value for _, value in month), cells)
    return found


def by_hour(told: Iterable[tuple[int, float]], zone: ZoneInfo) -> list[Cell]:
    """The median of each hour that has values, working days first."""
    cells: dict[tuple[bool, int], list[float]] = {}
    for at, value in told:
        moment = datetime.fromtimestamp(at / 1e6, zone)
        cells.setdefault((moment.weekday() >= 5, moment.hour), []).append(value)
    return [
        Cell(weekend, hour, len(values), middle)
        for (weekend, hour), values in sorted(cells.items())
        if (middle := quantile(sorted(values), 0.5)) is not None
    ]


def wilson(part: int, count: int) -> Share | None:
    """None of nothing."""
    if not count:
        return None
    share, z2 = part / count, Z95 * Z95
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z95 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    return Share(count, part, share, max(0.0, middle - half), min(1.0, middle + half))


def against(seen: Iterable[Seen], way: str, rate: float, now: int) -> Contract:
    """The 30 days before `now` in the direction `way` against `rate` (bit/s).

    What reached it shows that the line can, whatever else was going on. What did not is held against the line only
    where the line, and nothing else, was what limited it.
    """
    told = [one.figures for one in seen if now - 30 * DAY < one.at]
    rates = [(found, value) for found in told if (value := found.rate(way)) is not None]
    payload = PAYLOAD * rate
    counted = [value for found, value in rates if value >= payload or _of_the_line(found, way)]
    below, well_below = sum(value < payload for value in counted), sum(value < NEAR * payload for value in counted)
    count = len(counted)
    return Contract(rate, payload, wilson(below, count), wilson(well_below, count), len(rates) - count)


def _of_the_line(found: Figures, way: str) -> bool:
    return found.limited.get(way) == "line" and found.disturbed == "none"
