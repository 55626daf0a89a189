"""Numbers, lengths and instants as people read them. Pure: `now` is given, the zone too."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from checks.kit.model import Scalar
from collector.readiness.text import number, unit_word
from collector.web.i18n import text

__all__ = ["ago", "day", "exact", "iso", "local", "number", "quantity", "scalar", "signed", "unbroken"]
SECOND = 1_000_000
MINUS = "−"
_bytes = ("B", "kB", "MB", "GB", "TB")
_bits = ("bit/s", "kbit/s", "Mbit/s", "Gbit/s")
_QUANTITY = re.compile(r"(?<=[≤≥<>=]) (?=\d)|(?<=\d) (?=(?:%|m?s|[kMGT]?B|[kMG]?bit/s|giây|phút|giờ|ngày|năm)\b|%)")
WHOLE = 10_000  # bytes shown as they are: an MTU is 1500 B


def quantity(value: float, unit: str, lang: str) -> tuple[str, str]:
    """`value` in base unit `unit` as (number, unit) of a fitting size: 0.0128 seconds is ``("12,8", "ms")``."""
    if unit == "seconds":
        return _seconds(value, lang)
    if unit == "bytes":
        return (number(value, lang), "B") if abs(value) < WHOLE else _sized(value, _bytes, lang)
    if unit == "bytes_per_second":
        return _sized(value * 8, _bits, lang)  # lines are sold in bits
    if unit == "bits_per_second":
        return _sized(value, _bits, lang)
    if unit == "round_trips_per_minute":
        return number(round(value), lang), text("rpm", lang)
    if unit == "ratio":
        return number(round(value * 100, 9), lang, "%"), "%"  # 0.412 is 41.2: what is cut must not begin with 41.199…
    return number(value, lang), unit_word({"celsius": "°C"}.get(unit, unit), lang)


def _seconds(value: float, lang: str) -> tuple[str, str]:
    size = abs(value)
    if size >= 172_800:
        return number(value / 86_400, lang), unit_word("days", lang)
    if size >= 7_200:
        return number(value / 3_600, lang), unit_word("hours", lang)
    if size >= 600:
        return number(value / 60, lang), unit_word("minutes", lang)
    return (number(value, lang), unit_word("s", lang)) if size >= 1 or not value else (number(value * 1000, lang), "ms")


def _sized(value: float, names: tuple[str, ...], lang: str) -> tuple[str, str]:
    step = 0
    while abs(value) >= 1000 and step < len(names) - 1:
        value, step = value / 1000, step + 1
    return number(value, lang), names[step]


def scalar(value: Scalar, lang: str) -> str:
    """A fact, without its unit; None is ``—``."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return text("yes" if value else "no", lang)
    return value if isinstance(value, str) else number(value, lang)


def day(said: str) -> str:
    """``2028-06-30`` as ``30/06/2028``, anything else as it is."""
    parts = said.split("-")
    is_day = [len(part) for part in parts] == [4, 2, 2] and all(part.isdecimal() for part in parts)
    return "/".join(reversed(parts)) if is_day else said


def unbroken(said: str) -> str:
    """`said` with its quantities kept on one line: no line ends with a bare sign or number."""
    return _QUANTITY.sub("\N{NO-BREAK SPACE}", said)


def signed(value: int) -> str:
    return f"+{value}" if value > 0 else f"{MINUS}{-value}" if value else "0"


def ago(at: int, now: int, lang: str) -> str:
    """How long before `now` (µs) `at` was, in one unit."""
    seconds = (now - at) // SECOND
    if seconds < -60:
        return text("in_future", lang)
    if seconds < 60:
        return text("now", lang)
    if seconds < 3600:
        return text("minutes", lang, n=seconds // 60)
    if seconds < 86_400:
        return text("hours", lang, n=seconds // 3600)
    return text("days", lang, n=seconds // 86_400)


def local(at: int, zone: tzinfo) -> datetime | None:
    """The instant in `zone`; None for one no calendar has (a clock that is far off can send any)."""
    try:
        return datetime.fromtimestamp(at / SECOND, zone)
    except (OverflowError, OSError, ValueError):
        return None


def exact(at: int, zone: tzinfo) -> str:
    """``21/11/2026 08:12:03``, or the number itself when it is no date."""
    when = local(at, zone)
    return when.strftime("%d/%m/%Y %H:%M:%S") if when else f"{at / SECOND:.0f} s"


def iso(at: int) -> str:
    """For ``<time datetime>``; empty when it is no date."""
    when = local(at, UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else ""
