"""Values of results: what a requirement or a part looks at, read from many results at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from checks.kit.model import Outcome, Result, Sample, Scalar
from collector.readiness.profile import AGE, Band, Kind, Part, Requirement
from collector.readiness.scene import Asked

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


KEPT = 4096
subjects: dict[tuple[int, int], tuple[Requirement | Part, Subject]] = {}
"""By the requirement or part itself, which is held so that its id is no other's: a country asks a million times."""


def subject_of(line: Requirement) -> Subject:
    """Of what ``where`` counts, the value is as it was measured; the scale is that of the count."""
    held = subjects.get((id(line), line.max_age))
    return held[1] if held else _keep(line, line.max_age, _subject(line))


def subject_of_part(part: Part, max_age: int) -> Subject:
    held = subjects.get((id(part), max_age))
    if held:
        return held[1]
    words = isinstance(part.where.limit, str)
    return _keep(part, max_age, Subject(part.kind, part.check, part.name, part.labels, 1.0, max_age, words))


def _subject(line: Requirement) -> Subject:
    counting = line.where is not None or (line.kind is Kind.RUNS and line.aggregate in COUNTING)
    limit = line.where.limit if line.where else line.ready.limit
    words = isinstance(limit, str) and line.kind is not Kind.RUNS
    scale, bought = 1.0 if counting else line.scale, line.name == _AGE_NAME and f"{line.check}.{line.name}" == AGE
    return Subject(line.kind, line.check, line.name, line.labels, scale, line.max_age, words, bought)


def _keep(what: Requirement | Part, max_age: int, subject: Subject) -> Subject:
    if len(subjects) >= KEPT:
        subjects.clear()
    subjects[id(what), max_age] = what, subject
    return subject


Column = tuple[list[Any], list[int]]
"""A value for each result, and the places of those that have none of the right kind: there it is None."""
_WHOLE: list[int] = []


def read(subject: Subject, asked: Asked) -> Column:
    """What those that report have told."""
    if subject.kind is Kind.RUNS:
        good, bad = _worth(subject)
        if asked.fine:
            return [good] * len(asked.outcomes), _WHOLE
        return _holed([good if one is _OK else (bad if one is _FAILED else None) for one in asked.outcomes])
    if subject.kind is Kind.METRIC:
        return _metrics(subject, asked.results)
    name = subject.name
    told = [result.facts.get(name) for result in asked.results]
    return _words(told) if subject.words else _scaled(told, subject.scale)


def _holed(values: list[Any]) -> Column:
    return values, [place for place, value in enumerate(values) if value is None]


def read_one(subject: Subject, result: Result) -> Any:
    """The value of one result, None where it has none of the right kind."""
    if subject.kind is Kind.RUNS:
        good, bad = _worth(subject)
        return good if result.outcome is _OK else (bad if result.outcome is _FAILED else None)
    if subject.kind is Kind.METRIC:
        value: Any = _value(subject, result.samples)
    else:
        value = result.facts.get(subject.name)
        if subject.words:
            return as_word(value)
    return value * subject.scale if _is_number(value) else None


_OK, _FAILED = Outcome.OK, Outcome.FAILED


def _worth(subject: Subject) -> tuple[float | str, float | str]:
    return ("ok", "failed") if subject.words else (subject.scale, 0.0)


def _metrics(subject: Subject, results: list[Result]) -> Column:
    """Results of one check list their samples alike: the place of the first one's is tried for all at once."""
    name, labels = subject.name, subject.labels
    place = next((first for result in results if (first := _place(subject, result.samples)) is not None), None)
    if place is None:
        return [None] * len(results), list(range(len(results)))
    try:
        found: list[Any] = [
            one.value
            if (samples := result.samples) and (one := samples[place]).name == name and one.labels == labels
            else None
            for result in results
        ]
    except IndexError:
        found = [_value(subject, result.samples, place) for result in results]
    if None in found:
        for number in _holed(found)[1]:
            found[number] = _value(subject, results[number].samples, place)
    return _scaled(found, subject.scale)


def _place(subject: Subject, samples: Sequence[Sample]) -> int | None:
    name, labels = subject.name, subject.labels
    for place, sample in enumerate(samples):
        if sample.name == name and sample.labels == labels:
            return place
    return None


def _value(subject: Subject, samples: Sequence[Sample], place: int = 0) -> float | None:
    """The sample at `place` if it is the one, else the first that is."""
    if len(samples) > place and samples[place].name == subject.name and samples[place].labels == subject.labels:
        return samples[place].value
    found = _place(subject, samples)
    return None if found is None else samples[found].value


def _scaled(values: list[Any], scale: float) -> Column:
    """What is no finite number becomes None."""
    kinds = set(map(type, values))
    if kinds <= _NUMBERS and math.isfinite(sum(values)):
        return (values if scale == 1.0 and kinds == _FLOATS else [value * scale for value in values]), _WHOLE
    if kinds <= _HOLED and math.isfinite(sum([value for value in values if value is not None])):
        return _holed([None if value is None else value * scale for value in values])
    return _holed([value * scale if _is_number(value) else None for value in values])


_FLOATS = {float}
_NUMBERS = {int, float}
_HOLED = {int, float, type(None)}


def _words(values: list[Any]) -> Column:
    if set(map(type, values)) <= {str}:
        return values, _WHOLE
    return _holed([as_word(value) for value in values])


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
