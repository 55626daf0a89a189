"""The strip of a day: what a line gives by the hour, on working days and at weekends, against what is contracted. Pure.

Like :mod:`collector.web.svg` it needs no style sheet, and is the same on the page and in print.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape
from msgspec import Struct

from collector.web.svg import MUTED

BAR, WORST = "#0072B2", "#D55E00"
"""Okabe-Ito blue, and vermilion for the worst hour, which is named too."""
ROW, HEAD, FOOT = 64, 28, 18
"""Pixels of a row's bars, of its name above them, and of the hours below all."""
SHARE = 0.62
"""Part of an hour's width that its bar takes."""
WIDE, NARROW = 720, 358


class Hour(Struct, frozen=True):
    """One bar: the hour of the day, its value, and what is said of it."""

    hour: int
    value: float
    title: str


class Row(Struct, frozen=True):
    """A kind of day. An hour that is not there was not measured: a gap. ``worst`` is the one that the label names."""

    label: str
    hours: Sequence[Hour]
    worst: int = -1


def strip(rows: Sequence[Row], limit: float | None, title: str, *, width: int) -> Markup:
    """`rows` over 24 hours; `limit` is drawn as a dashed line, and named in `title`."""
    rows = [row for row in rows if row.hours]
    most = max([limit or 0.0, *(hour.value for row in rows for hour in row.hours)], default=0.0) or 1.0
    height = len(rows) * (ROW + HEAD) + FOOT
    head = f'<svg class="hours" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    parts = [head, f"<title>{escape(title)}</title>"]
    for place, row in enumerate(rows):
        top = place * (ROW + HEAD) + HEAD
        parts.append(_row(row, top, most, width))
        if limit:
            y = top + ROW - ROW * limit / most
            parts.append(
                f'<path d="M0 {y:.1f}H{width}" stroke="currentColor" stroke-dasharray="4 3" stroke-opacity=".7"/>'
            )
    parts.append(_axis(height - 4, width))
    return Markup("".join(parts) + "</svg>")  # noqa: S704 - every text went through escape(), every number is ours


def _row(row: Row, top: int, most: float, width: int) -> str:
    pitch, foot = width / 24, top + ROW
    parts = [
        f'<text x="0" y="{top - 7}" font-size="13" fill="currentColor">{escape(row.label)}</text>',
        f'<path d="M0 {foot + 0.5}h{width}" stroke="{MUTED}" stroke-opacity=".45"/>',
    ]
    for hour in row.hours:
        tall, x = max(1.0, ROW * hour.value / most), hour.hour * pitch + pitch * (1 - SHARE) / 2
        parts.append(
            f'<rect x="{x:.1f}" y="{foot - tall:.1f}" width="{pitch * SHARE:.1f}" height="{tall:.1f}" '
            f'fill="{WORST if hour.hour == row.worst else BAR}"><title>{escape(hour.title)}</title></rect>'
        )
    return "".join(parts)


def _axis(y: int, width: int) -> str:
    step = 3 if width >= WIDE else 6
    return "".join(
        f'<text x="{hour * width / 24 + 2:.1f}" y="{y}" font-size="12" fill="currentColor" fill-opacity=".75">'
        f"{hour:02}</text>"
        for hour in range(0, 24, step)
    )
