"""Numbers, units and instants as people read them: ``1.234,5`` in Vietnamese, ``1,234.5`` in English."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

from checks.kit.model import Scalar

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CONVERSIONS: dict[tuple[str, str], float] = {
    ("seconds", "s"): 1.0,
    ("seconds", "ms"): 1000.0,
    ("seconds", "minutes"): 1 / 60,
    ("seconds", "hours"): 1 / 3600,
    ("seconds", "days"): 1 / 86400,
    ("ratio", "%"): 100.0,
    ("bytes", "MB"): 1e-6,
    ("bytes", "GB"): 1e-9,
    ("bytes_per_second", "Mbit/s"): 8e-6,
    ("years", "years"): 1.0,
}
"""From a base unit to one that people read. Decimal multiples, as disks and links are sold."""

LARGEST = 1e15
_UNITS = {
    "s": ("giây", "s"),
    "minutes": ("phút", "minutes"),
    "hours": ("giờ", "hours"),
    "days": ("ngày", "days"),
    "years": ("năm", "years"),
}
_CUT = frozenset({"%", "Mbit/s"})
"""Of these more is better, and the limits are round."""
_SIGNS = {"<=": "≤", ">=": "≥", "==": "="}


def number(value: float, lang: str, unit: str = "") -> str:
    """`value` with as many digits as matter. A percentage and a speed are cut, not rounded: 98.999 never reads as 99.
    What no decimal holds, since a device may tell any number, is written ``1e+308``."""
    if not abs(value) < LARGEST:
        return f"{value:.3g}"
    cut = unit in _CUT
    places = 2 if unit == "%" or abs(value) < 10 else (1 if abs(value) < 1000 else 0)
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_DOWN if cut else ROUND_HALF_EVEN)
    return str(format_decimal(exact, "#,##0.##", locale=lang))


def unit_word(unit: str, lang: str) -> str:
    """A unit in the reader's language; what needs no translation stays."""
    return _UNITS.get(unit, (unit, unit))[lang == "en"]


def quantity(value: Scalar, unit: str, lang: str) -> str:
    """A measured value with its unit; ``—`` when there is none."""
    if value is None:
        return "—"
    if isinstance(value, bool | str):
        return str(value)
    return f"{number(value, lang, unit)} {unit_word(unit, lang)}".rstrip()


@lru_cache(512)
def need(op: str, limit: float | str, unit: str, lang: str) -> str:
    """A limit as shown: ``≤ 100 ms``."""
    return f"{_SIGNS.get(op, op)} {quantity(limit, unit, lang)}"


def instant(at: int, now: int, lang: str, zone: ZoneInfo = ZONE) -> str:
    """`at` (µs) as the hour, with the date when it is another day than `now`: ``08:12``, ``08:12 ngày 20/11/2025``."""
    moment, today = (datetime.fromtimestamp(time / 1e6, UTC).astimezone(zone) for time in (at, now))
    hour = f"{moment:%H:%M}"
    if moment.date() == today.date():
        return hour
    return f"{hour} ngày {moment:%d/%m/%Y}" if lang == "vi" else f"{hour} on {format_date(moment, 'd MMM yyyy', 'en')}"
