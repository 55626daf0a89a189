"""What a measurement says, and what the server counted of the same test. Pure; nothing here raises for what is sent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from checks.kit.model import Result, Scalar

WAYS = ("download", "upload")
LIMITS = ("line", "pc", "lease", "unknown")
DISTURBED = ("none", "traffic", "processor", "unknown")
FASTEST = 1e12
"""bit/s past which what a device claims is no line."""
_WORST = {"loss": "realtime_loss", "jitter": "realtime_jitter", "variation": "realtime_variation"}
BITS = 8
"""Metrics are in bytes per second, everything else about lines in bit/s."""


class Figures(Struct, frozen=True, kw_only=True):
    """One measurement in numbers; None is what it does not tell.

    ``down`` and ``up`` are bit/s, ``limited`` says for each way what kept it from being faster (``line``, ``pc``,
    ``lease``, ``unknown``), ``disturbed`` who used the PC's interface meanwhile. Round trips are seconds: ``idle``, and
    ``loaded`` under the worse of the two loads; ``rpm`` is the lower responsiveness. Of a call, ``loss`` (ratio),
    ``jitter`` and ``variation`` (seconds) are of the worst call and way, ``mos`` of the worst call.
    """

    down: float | None = None
    up: float | None = None
    limited: Mapping[str, str] = {}
    disturbed: str = "unknown"
    idle: float | None = None
    loaded: float | None = None
    rpm: float | None = None
    loss: float | None = None
    jitter: float | None = None
    variation: float | None = None
    mos: float | None = None

    def rate(self, way: str) -> float | None:
        """Of ``download`` or ``upload``."""
        return self.down if way == "download" else self.up


def figures(result: Result) -> Figures:
    """What `result` says."""
    rates = {
        way: rate * BITS
        for way, rate in _by(result, "bandwidth_throughput", "direction").items()
        if rate * BITS <= FASTEST
    }
    latency = _by(result, "bandwidth_latency", "load")
    loaded = [latency[way] for way in WAYS if way in latency]
    limited = {
        way: _word(result.facts.get(f"{way}_limited_by", result.facts.get("limited_by")), LIMITS) for way in rates
    }
    worst = {name: _worst(result, metric) for name, metric in _WORST.items()}
    return Figures(
        down=rates.get("download"),
        up=rates.get("upload"),
        limited=limited,
        disturbed=_word(result.facts.get("disturbed"), DISTURBED),
        idle=latency.get("idle"),
        loaded=max(loaded, default=None),
        rpm=min(_values(result, "bandwidth_responsiveness"), default=None),
        mos=min(_values(result, "realtime_mos"), default=None),
        **worst,
    )


def _word(told: Scalar, known: tuple[str, ...]) -> str:
    return told if isinstance(told, str) and told in known else "unknown"


def _by(result: Result, metric: str, label: str) -> dict[str, float]:
    return {
        sample.labels.get(label, ""): sample.value
        for sample in result.samples
        if sample.name == metric and 0 <= sample.value <= FASTEST
    }


def _values(result: Result, metric: str) -> list[float]:
    return [one.value for one in result.samples if one.name == metric and 0 <= one.value <= FASTEST]


def _worst(result: Result, metric: str) -> float | None:
    """Of both ways of all calls; of round trips only where nobody could tell the ways apart."""
    values = [
        (one.labels.get("way"), one.value) for one in result.samples if one.name == metric and 0 <= one.value < 1e9
    ]
    one_way = [value for way, value in values if way in ("up", "down")]
    return max(one_way or [value for _, value in values], default=None)


class Counted(Struct, frozen=True):
    """What the server counted in one direction: the ``least`` and the ``most`` (bit/s) that its counts allow for, and
    ``bytes`` of payload on ``streams`` connections, ended as in ``ends``."""

    least: float
    most: float
    bytes: int
    streams: int
    ends: tuple[str, ...]


def counted(records: Iterable[Mapping[str, Any]], way: str) -> Counted | None:
    """Of the server's `records` of a lease; None where there is none in that direction.

    Two rates follow from a record: of the whole test, which the slow start lowers, and of its second half. What the
    client found, without the slow start, lies between them or about them.
    """
    found = [one for one in records if one.get("test") == way and _sane(one)]
    if not found:
        return None
    begin = min(one["at"] for one in found)
    end = max(one["at"] + one["seconds"] * 1e6 for one in found)
    total = sum(one["rate"] * one["seconds"] / 8 for one in found)
    whole = total * 8e6 / max(1.0, end - begin)
    last = max(one["at"] + _points(one)[-1][0] for one in found)
    middle = (begin + last) / 2
    tail = sum(_upto(one, last) - _upto(one, middle) for one in found) * 8e6 / max(1.0, last - middle)
    ends = tuple(str(one.get("end", "")) for one in found)
    return Counted(min(whole, tail), max(whole, tail), sum(int(one["bytes"]) for one in found), len(found), ends)


def reflected(records: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What the reflector counted (``packets`` that came, ``reflected``, the ``highest`` number): its newest record,
    since a test that goes on comes again with all that was seen of it. Empty where there is none."""
    newest: dict[str, int] = {}
    for one in records:
        numbers = {name: one.get(name, 0) for name in ("packets", "reflected", "highest")}
        if "reflected" in one and all(isinstance(value, int) for value in numbers.values()):
            newest = numbers
    return newest


def _sane(record: Mapping[str, Any]) -> bool:
    numbers = [record.get(name) for name in ("at", "seconds", "bytes", "rate")]
    return all(isinstance(value, int | float) and math.isfinite(value) and value >= 0 for value in numbers)


def _upto(record: Mapping[str, Any], at: float) -> float:
    """Bytes by the instant `at` (µs), on straight lines between the server's samples."""
    return _between(_points(record), at - record["at"])


def _points(record: Mapping[str, Any]) -> list[tuple[float, float]]:
    """(µs, bytes) since the test began: the server's samples, or, where it was too short for one, both ends."""
    samples = [(float(elapsed), float(count)) for elapsed, count in record.get("samples", ())]
    return [(0.0, 0.0), *(samples or [(record["seconds"] * 1e6, float(record["bytes"]))])]


def _between(points: Sequence[tuple[float, float]], x: float) -> float:
    before = points[0]
    for point in points:
        if point[0] >= x:
            share = (x - before[0]) / (point[0] - before[0]) if point[0] > before[0] else 1.0
            return before[1] + max(0.0, share) * (point[1] - before[1])
        before = point
    return before[1]
