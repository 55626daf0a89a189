"""Lengths of time as people write them in configuration: ``30s``, ``5m``, ``24h``, ``7d``."""

from __future__ import annotations

import re

SECOND = 1_000_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WRITTEN = re.compile(r"(\d{1,6})([smhd])")
EXPECTED = 'expected a length of time such as "30s", "5m", "24h" or "7d"'


def parse(text: str | int) -> int | None:
    """`text` in µs; None when it is no length of time. The bare number 0 is one, any other lacks its unit."""
    match = _WRITTEN.fullmatch(str(text))
    if match is None:
        return 0 if str(text) == "0" else None
    return int(match[1]) * _UNITS[match[2]] * SECOND
