"""Limits as people write them, and whether they can be met at all."""

from __future__ import annotations

import math
import re

from msgspec import Struct

from collector.readiness.layers import nearest
from collector.readiness.profile import Band
from collector.readiness.text import number, quantity

_BAND = re.compile(r"(<=|>=|==|<|>)\s*(\S.*)")


class Measure(Struct, frozen=True, kw_only=True):
    """What values there can be of something called ``name``, in its base ``unit``: numbers from ``low`` to ``high``, or
    one of ``words``. ``exact``: none lies outside. ``spoken``: it may say words that nobody has listed."""

    name: str
    unit: str = ""
    low: float = 0.0
    high: float = math.inf
    exact: bool = False
    words: tuple[str, ...] = ()
    spoken: bool = False


def parse(text: str) -> Band | None:
    """`text` such as ``<= 100`` or ``== ssd``; None when it is no limit."""
    match = _BAND.fullmatch(text.strip())
    limit = match and _limit(match[2].strip())
    if match is None or limit is None or (isinstance(limit, str) and match[1] != "=="):
        return None
    return Band(match[1], limit)  # type: ignore[arg-type]  # the pattern admits these five only


def trouble(band: Band, measure: Measure, unit: str, scale: float) -> str:
    """Why no value of `measure`, times `scale` in `unit`, is in `band`; empty when some is."""
    if isinstance(band.limit, str):
        return _unsaid(band.limit, measure)
    if measure.words and not measure.spoken:
        return f"{measure.name} is a word: {', '.join(measure.words)}, got {band.limit:g}"
    low, high = measure.low * scale, measure.high * scale
    if not _meets(band, low, high):
        return f"nothing can be {band.op} {quantity(band.limit, unit, 'en')}: {_range(low, high, unit)}"
    return ""


def is_idle(band: Band, measure: Measure, scale: float) -> bool:
    """Whether every value that there can be is in `band`."""
    if not measure.exact or isinstance(band.limit, str) or band.op == "==":
        return False
    worst = measure.high if band.op[0] == "<" else measure.low
    return math.isfinite(worst) and band.holds(worst * scale)


def is_weaker(at_risk: Band, ready: Band) -> bool:
    """Whether everything inside `ready` is also inside `at_risk`, and more; of words: whether it is another word."""
    if ready.op == "==" or isinstance(ready.limit, str) or isinstance(at_risk.limit, str):
        return at_risk.limit != ready.limit
    if at_risk.limit == ready.limit:
        return "=" in at_risk.op and "=" not in ready.op
    return at_risk.limit > ready.limit if ready.op[0] == "<" else at_risk.limit < ready.limit


def _limit(text: str) -> float | str | None:
    try:
        found = float(text)
    except ValueError:
        return text
    return found if math.isfinite(found) else None


def _unsaid(word: str, measure: Measure) -> str:
    if measure.words and word not in measure.words:
        return f"{measure.name} never says {word!r}; {nearest(word, measure.words)}"
    if not measure.words and not measure.spoken:
        return f"expected a number: {measure.name} is no word, got {word!r}"
    return ""


def _meets(band: Band, low: float, high: float) -> bool:
    """Whether some number from `low` to `high` is in `band`."""
    if isinstance(band.limit, str) or band.op == "==":
        return isinstance(band.limit, float) and low <= band.limit <= high
    best = low if band.op[0] == "<" else high
    return band.holds(best) or math.isinf(best)


def _range(low: float, high: float, unit: str) -> str:
    if math.isinf(high):
        return f"expected a limit from {quantity(low, unit, 'en')} on"
    return f"expected a limit from {number(low, 'en')} to {quantity(high, unit, 'en')}"
