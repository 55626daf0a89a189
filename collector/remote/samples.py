"""Results as samples of the series that ``/metrics/devices`` shows, each at the time it was taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct, field

from checks.kit.model import Outcome, Reason, Result
from collector.exposition import Catalogue, admitted
from collector.remote.proto import SAMPLE_BYTES, SERIES_BYTES, Point, Series, series

_decode = msgspec.json.Decoder(Result).decode
_REASONS = frozenset(Reason)
Labels = tuple[tuple[str, str], ...]
Name = tuple[str, str, str, str, str, Labels]
"""Unit, device, check, target, series, and what else tells it from its siblings."""


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """A result that waits: whose, when it was taken (µs, the collector's clock), as it was sent."""

    unit: str
    device: str
    at: int
    raw: bytes


class Found(Struct):
    """The samples of some results, those of a series in the order of their time; what gives none, by reason."""

    points: list[Point] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)


def count(result: Result) -> int:
    """How many samples it gives at most."""
    return len(Outcome) + 1 + bool(result.reason) + len(result.samples)


def points(entries: Iterable[Entry], catalogue: Catalogue, added: Labels) -> Found:
    """The samples of `entries` with the labels `added`. A series has one value a millisecond: of two the later entry's
    stays. What cannot be read gives nothing; nothing makes this raise."""
    found = Found()
    values: dict[Name, dict[int, float]] = {}
    for entry in entries:
        try:
            result = _decode(entry.raw)
        except msgspec.MsgspecError:
            found.lost["unreadable"] += 1
            continue
        _add(values, entry, result, catalogue, found.lost)
    for name, held in values.items():
        one = _series(name, added)
        found.points.extend((one, at, held[at]) for at in sorted(held))
    return found


def _add(
    values: dict[Name, dict[int, float]],
    entry: Entry,
    result: Result,
    catalogue: Catalogue,
    lost: Counter[str],
) -> None:
    at = entry.at // 1000

    def put(shown: str, value: float, labels: Labels = ()) -> None:
        held = values.setdefault((entry.unit, entry.device, result.check, result.target, shown, labels), {})
        if held.setdefault(at, value) != value:
            held[at] = value
            lost["same_time"] += 1

    for outcome in Outcome:
        put("sansang_check_outcome", float(result.outcome is outcome), (("outcome", outcome.value),))
    if result.reason:
        known = result.reason if result.reason in _REASONS else "other"
        put("sansang_check_reason", 1.0, (("reason", known),))
    put("sansang_check_timestamp_seconds", entry.at / 1e6)
    for sample, _ in admitted(result, catalogue):
        put(catalogue.metrics[sample.name].series, sample.value, tuple(sorted(sample.labels.items())))


def _series(name: Name, added: Labels) -> Series:
    unit, device, check, target, shown, labels = name
    own = {"unit": unit, "device": device, "check": check, "target": target} | dict(labels)
    return series((dict(added) | own | {"__name__": shown}).items())


def cut(found: Sequence[Point], most: int, size: int) -> list[list[Point]]:
    """`found` in requests of at most `most` samples and about `size` bytes, in its order; at least one a request."""
    parts: list[list[Point]] = []
    held, last = 0, None
    for point in found:
        whole = SAMPLE_BYTES + SERIES_BYTES + len(point[0].block)
        cost = SAMPLE_BYTES if point[0] is last else whole
        if not parts or len(parts[-1]) >= most or held + cost > size:
            parts.append([])
            held, cost = 0, whole
        parts[-1].append(point)
        held, last = held + cost, point[0]
    return parts
