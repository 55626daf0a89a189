"""Values of results: what a requirement or a part looks at, and whether it lies in a band."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from checks.kit.model import Outcome, Result, Scalar
from collector.readiness.profile import AGE, Band, Kind, Part, Requirement

COUNTING = frozenset({"ratio", "count", "all"})
_AGE_NAME = AGE.partition(".")[2]


class Subject(Struct, frozen=True):
    """What is looked at. Of ``words`` a number is no value, else a word is none. ``bought``: it is the age, and the
    roster's purchase date goes before what the device makes of it."""

    kind: Kind
    check: str
    name: str
    labels: dict[str, str]
    scale: float
    max_age: int
    words: bool
    bought: bool = False


def subject_of(line: Requirement) -> Subject:
    """Of what ``where`` counts, the value is as it was measured; the scale is that of the count."""
    counting = line.where is not None or (line.kind is Kind.RUNS and line.aggregate in COUNTING)
    limit = line.where.limit if line.where else line.ready.limit
    words = isinstance(limit, str) and line.kind is not Kind.RUNS
    scale, bought = 1.0 if counting else line.scale, line.name == _AGE_NAME and f"{line.check}.{line.name}" == AGE
    return Subject(line.kind, line.check, line.name, line.labels, scale, line.max_age, words, bought)


def subject_of_part(part: Part, max_age: int) -> Subject:
    words = isinstance(part.where.limit, str)
    return Subject(part.kind, part.check, part.name, part.labels, 1.0, max_age, words)


Read = Callable[[Result, dict[int, int]], Any]
"""The value of one result, None where it has none of the right kind. What is handed in besides is where samples stood
in the results read before: those of one check and one device list them alike."""


def reader(subject: Subject) -> Read:
    """Reads what `subject` looks at. Asked once, it reads many times."""
    if subject.kind is Kind.RUNS:
        return _runs(*(("ok", "failed") if subject.words else (subject.scale, 0.0)))
    if subject.kind is Kind.METRIC:
        return _metric(subject)
    return _word(subject.name) if subject.words else _fact(subject.name, subject.scale)


def _runs(good: float | str, bad: float | str) -> Read:
    worth = {Outcome.OK: good, Outcome.FAILED: bad}
    return lambda result, _: worth.get(result.outcome)


def _word(name: str) -> Read:
    return lambda result, _: as_word(result.facts.get(name))


def _fact(name: str, scale: float) -> Read:
    def read(result: Result, _: dict[int, int]) -> float | None:
        value: Any = result.facts.get(name)
        return value * scale if _is_number(value) else None

    return read


def _metric(subject: Subject) -> Read:
    name, labels, scale, own = subject.name, subject.labels, subject.scale, id(subject)

    def read(result: Result, places: dict[int, int]) -> float | None:
        samples, place = result.samples, places.get(own, 0)
        if place >= len(samples) or samples[place].name != name or samples[place].labels != labels:
            for place, sample in enumerate(samples):
                if sample.name == name and sample.labels == labels:
                    places[own] = place
                    break
            else:
                return None
        value = samples[place].value
        return value * scale if _is_number(value) else None

    return read


_NUMBERS = {int, float}


def _is_number(value: object) -> bool:
    return type(value) in _NUMBERS and math.isfinite(value)  # type: ignore[arg-type]


def all_inside(band: Band, values: list[Any]) -> bool:
    """Whether all of some `values` are in `band`: of those that can be ordered the worst one tells."""
    limit: Any = band.limit
    if band.op == "<=":
        return bool(max(values) <= limit)
    if band.op == ">=":
        return bool(min(values) >= limit)
    if band.op == "<":
        return bool(max(values) < limit)
    if band.op == ">":
        return bool(min(values) > limit)
    return values.count(limit) == len(values)


def inside(band: Band, values: Iterable[Any]) -> list[Any]:
    """The `values` in `band`, as :meth:`Band.holds` has it, without a call for each."""
    limit: Any = band.limit
    if band.op == "<=":
        return [value for value in values if value <= limit]
    if band.op == ">=":
        return [value for value in values if value >= limit]
    if band.op == "<":
        return [value for value in values if value < limit]
    if band.op == ">":
        return [value for value in values if value > limit]
    return [value for value in values if value == limit]


def outside(band: Band, values: list[Any]) -> list[int]:
    """The places of those `values` that are not in `band`."""
    limit: Any = band.limit
    if band.op == "<=":
        return [place for place, value in enumerate(values) if not value <= limit]
    if band.op == ">=":
        return [place for place, value in enumerate(values) if not value >= limit]
    if band.op == "<":
        return [place for place, value in enumerate(values) if not value < limit]
    if band.op == ">":
        return [place for place, value in enumerate(values) if not value > limit]
    return [place for place, value in enumerate(values) if value != limit]


def as_word(value: Scalar) -> str | None:
    """A word, or true and false as words; of anything else None: a number is no word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None
