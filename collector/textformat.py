"""Samples in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats)."""

from __future__ import annotations

import math
from collections.abc import Mapping

Lines = dict[str, str]
"""A unit's or a device's lines by series name, each line ended."""


def line(series: str, value: float, labels: Mapping[str, str]) -> str:
    """One sample."""
    return f"{series}{{{inner(labels)}}} {number(value)}\n"


def inner(labels: Mapping[str, str]) -> str:
    """What stands between the braces."""
    return ",".join([f'{name}="{_escaped(text)}"' for name, text in labels.items()])


def _escaped(text: str) -> str:
    if "\\" in text or '"' in text or "\n" in text:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return text


def number(value: float) -> str:
    """The shortest text that reads back as `value`; ``+Inf``, ``-Inf`` and ``NaN`` for what is no number."""
    if -1e15 < value < 1e15:
        whole = int(value)
        return str(whole) if whole == value else repr(value)
    if math.isfinite(value):
        return repr(float(value))
    return "NaN" if math.isnan(value) else f"{value:+}".replace("inf", "Inf")
