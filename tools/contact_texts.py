"""Values as Grafana writes them: words for values, units, decimals. Tests hold it against Grafana's own library."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Field = Mapping[str, Any]
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
TOKENS = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
SI = ("", "k", "M", "G", "T", "P")
BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi")
SHORT = ("", " K", " Mil", " Bil", " Tri")
COUNT = ("", "K", "M", "B", "T")
TIMES = (
    (1e-6, 1e-9, " ns"), (1e-3, 1e-6, " µs"), (1, 1e-3, " ms"), (60, 1, " s"), (3600, 60, " min"),
    (86_400, 3600, " hour"), (604_800, 86_400, " day"), (31_536_000, 604_800, " week"), (math.inf, 31_556_900, " year"),
)  # fmt: skip
"""Below which number of seconds which unit (toSeconds of Grafana's dateTimeFormatters.ts)."""
AGO = (
    (44.5, 1, "a few seconds"), (89.5, 1, "a minute"), (44.5 * 60, 60, "{} minutes"), (89.5 * 60, 1, "an hour"),
    (21.5 * 3600, 3600, "{} hours"), (35.5 * 3600, 1, "a day"), (25.5 * 86_400, 86_400, "{} days"),
    (45.5 * 86_400, 1, "a month"), (320 * 86_400, 30.436875 * 86_400, "{} months"), (547 * 86_400, 1, "a year"),
    (math.inf, 365.2425 * 86_400, "{} years"),
)  # fmt: skip
"""Below which number of seconds which words (moment's relative time, with its default thresholds)."""


def shown(value: object, field: Field) -> tuple[str, str]:
    """A value as its field shows it, and the fill that a mapping gives it. ``field["now"]`` is the present, in seconds
    since the epoch."""
    for mapping in field.get("mappings", []):
        key = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
        if key in mapping["options"]:
            result = mapping["options"][key]
            return str(result.get("text", key)), str(result.get("color", ""))
    if isinstance(value, float) and math.isnan(value):
        return "NaN", ""
    if not isinstance(value, float):
        return str("" if value is None else value) or str(field.get("noValue", "")), ""
    unit = str(field.get("unit", "none"))
    if unit == "dateTimeFromNow":
        return ago(field["now"] - value / 1000), ""
    if str(field.get("unit")).startswith("time:"):
        return moment(value / 1000, str(field["unit"]).removeprefix("time:")), ""
    if unit.startswith("time:"):
        return time.strftime(_strftime(unit.removeprefix("time:")), time.localtime(value / 1000)), ""
    return quantity(value, unit, field.get("decimals")), ""


def _strftime(moment: str) -> str:
    """A format of moment's as Python writes it."""
    for theirs, ours in (("HH", "%H"), ("mm", "%M"), ("DD", "%d"), ("MM", "%m"), ("YYYY", "%Y")):
        moment = moment.replace(theirs, ours)
    return moment


def moment(at: float, form: str) -> str:
    """A time in the tokens of moment.js, as offices in Viet Nam read it."""
    for token, directive in TOKENS.items():
        form = form.replace(token, directive)
    return datetime.fromtimestamp(at, ZONE).strftime(form)


def ago(seconds: float) -> str:
    """How long ago that was, or in how long it will be."""
    words = next(text.format(_whole(abs(seconds) / size)) for below, size, text in AGO if abs(seconds) < below)
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def quantity(value: float, unit: str, decimals: int | None) -> str:
    """A number with its unit, one of Grafana's ids."""
    if unit.startswith("suffix:"):
        return f"{fixed(value, decimals)} {unit.removeprefix('suffix:')}"
    return UNITS.get(unit, fixed)(value, decimals)


def fixed(value: float, decimals: int | None) -> str:
    """With so many decimals; without any said, with as many as it needs, and no zeros at its end."""
    if decimals is not None:
        return f"{_whole(value * 10**decimals) / 10**decimals:.{decimals}f}"
    places = _needed(value)
    return f"{_whole(value * 10**places) / 10**places:.{places}f}".rstrip("0").rstrip(".") if places else f"{value:.0f}"


def _needed(value: float) -> int:
    """As getDecimalsForValue of Grafana's valueFormats.ts finds."""
    if value % 1 == 0:
        return 0
    places = 1 - math.floor(math.log10(abs(value)))
    return max(0, places + (abs(value) * 10.0**places > 2.25))


def _whole(value: float) -> int:
    return math.floor(value + 0.5)


def _scaled(factor: int, prefixes: tuple[str, ...], unit: str) -> Callable[[float, int | None], str]:
    def written(value: float, decimals: int | None) -> str:
        step = math.floor(math.log(abs(value), factor) + 1e-12) if value else 0
        step = min(max(0, step), len(prefixes) - 1)
        return f"{fixed(value / factor**step, decimals)}{unit.format(prefixes[step])}"

    return written


def _seconds(value: float, decimals: int | None) -> str:
    if value == 0:
        return "0 s"
    size, unit = next((size, unit) for below, size, unit in TIMES if abs(value) < below)
    several = abs(value / size) > 1 and size >= 60
    return f"{fixed(value / size, decimals)}{unit}{'s' * several}"


UNITS: dict[str, Callable[[float, int | None], str]] = {
    "s": _seconds,
    "percentunit": lambda value, decimals: f"{fixed(100 * value, decimals)}%",
    "bytes": _scaled(1024, BINARY, " {}B"),
    "Bps": _scaled(1000, SI, " {}B/s"),
    "bps": _scaled(1000, SI, " {}b/s"),
    "short": _scaled(1000, SHORT, "{}"),
    "reqps": _scaled(1000, COUNT, "{} req/s"),
    "cps": _scaled(1000, COUNT, "{} c/s"),
}
