"""The two text formats of ``/metrics``, and which of them a client gets. Samples are the same in both."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator

from msgspec import Struct

from collector.families import Family, head

UNITS = ("bytes_per_second", "timestamp_seconds", "seconds", "bytes", "ratio")
"""Ends of names that OpenMetrics is told of as a unit."""


class Format(enum.Enum):
    """A value is the content type."""

    CLASSIC = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    def head(self, family: Family) -> str:
        """What stands before the samples of `family`."""
        return head(family) if self is Format.CLASSIC else _openmetrics(family)

    @property
    def end(self) -> str:
        """What stands behind the last sample of a page."""
        return "# EOF\n" if self is Format.OPENMETRICS else ""


def _openmetrics(family: Family) -> str:
    """By OpenMetrics 1.0: a counter is called without ``_total``. State sets and infos stay gauges: ours do not repeat
    the family's name as a label, and ``sansang_finding_info`` stands beside ``sansang_finding``."""
    name = family.series.removesuffix("_total") if family.kind == "counter" else family.series
    unit = next((unit for unit in UNITS if name.endswith(f"_{unit}")), "").removeprefix("timestamp_")
    told = f"# UNIT {name} {unit}\n" if unit else ""
    text = family.help.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f"# TYPE {name} {family.kind}\n{told}# HELP {name} {text}\n"


class _Range(Struct, frozen=True):
    """One element of ``Accept`` or ``Accept-Encoding`` (RFC 9110, 12.5)."""

    name: str
    quality: float
    version: str


def _ranges(header: str) -> Iterator[_Range]:
    """Elements that cannot be read are left out."""
    for element in header.split(","):
        name, *rest = (part.strip() for part in element.lower().split(";"))
        told = dict(part.replace(" ", "").partition("=")[::2] for part in rest)
        try:
            quality = float(told.get("q", "1"))
        except ValueError:
            continue
        if name and math.isfinite(quality) and 0 <= quality <= 1:
            yield _Range(name, quality, told.get("version", "").strip('"'))


def negotiate(accept: str) -> Format:
    """What a client that sends `accept` gets: OpenMetrics 1.0.0 where it is named and nothing classic is liked better,
    else the classic format, which everybody reads."""
    openmetrics = classic = 0.0
    for each in _ranges(accept):
        if each.name == "application/openmetrics-text" and each.version in ("", "1.0.0"):
            openmetrics = max(openmetrics, each.quality)
        elif each.name == "text/plain" and each.version in ("", "0.0.4"):
            classic = max(classic, each.quality)
    return Format.OPENMETRICS if openmetrics and openmetrics >= classic else Format.CLASSIC


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client that sends `accept_encoding` wants gzip at least as much as none."""
    told = {each.name: each.quality for each in _ranges(accept_encoding)}
    gzip = told.get("gzip", told.get("x-gzip", told.get("*", 0.0)))
    return gzip > 0 and gzip >= told.get("identity", 0.0)
