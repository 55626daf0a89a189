"""Values of results: what a requirement or a part looks at, read from many results at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from checks.kit.model import Outcome, Sample, Scalar
from collector.readiness.profile import AGE, Band, Kind, Part, Requirement
from collector.readiness.scene import Told

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


def read(subject: Subject, told: list[Told], outcomes: list[Outcome]) -> list[Any]:
    """The value of each result, None where it has none of the right kind."""
    if subject.kind is Kind.RUNS:
        good, bad = ("ok", "failed") if subject.words else (subject.scale, 0.0)
        if outcomes.count(Outcome.OK) == len(outcomes):
            return [good] * len(outcomes)
        worth = {Outcome.OK: good, Outcome.FAILED: bad}
        return [worth.get(outcome) for outcome in outcomes]
    if subject.kind is Kind.METRIC:
        return _scaled(_metrics(subject, told), subject.scale)
    name = subject.name
    values = [result.facts.get(name) for _, result in told]
    return [as_word(value) for value in values] if subject.words else _scaled(values, subject.scale)


def _metrics(subject: Subject, told: list[Told]) -> list[float | None]:
    """Results of one check list their samples alike: the place of the first one's is tried for all at once."""
    name, labels = subject.name, subject.labels
    lists = [result.samples for _, result in told]
    place = next((found for samples in lists if (found := _place(subject, samples)) is not None), None)
    if place is None:
        return [None] * len(lists)
    picked = [samples[place] if len(samples) > place else _NONE for samples in lists]
    count = [sample.name for sample in picked].count(name)
    if count == len(picked) == [sample.labels for sample in picked].count(labels):
        return [sample.value for sample in picked]
    return [
        sample.value if sample.name == name and sample.labels == labels else _value(subject, samples)
        for sample, samples in zip(picked, lists, strict=True)
    ]


_NONE = Sample("", 0.0)


def _place(subject: Subject, samples: Sequence[Sample]) -> int | None:
    return next((number for number, sample in enumerate(samples) if _fits(subject, sample)), None)


def _value(subject: Subject, samples: Sequence[Sample]) -> float | None:
    place = _place(subject, samples) if samples else None
    return None if place is None else samples[place].value


def _fits(subject: Subject, sample: Sample) -> bool:
    return sample.name == subject.name and sample.labels == subject.labels


def _scaled(values: Sequence[Any], scale: float) -> list[float | None]:
    """What is no finite number becomes None."""
    kinds = set(map(type, values))
    if kinds <= _FLOATS and math.isfinite(sum(values)):
        return [value * scale for value in values] if scale != 1.0 else list(values)
    if kinds <= _NUMBERS and math.isfinite(sum([value for value in values if value is not None])):
        return [None if value is None else value * scale for value in values]
    return [value * scale if _is_number(value) else None for value in values]


_FLOATS = {float}
_NUMBERS = {int, float, type(None)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


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


def as_word(value: Scalar) -> str | None:
    """A word, or true and false as words; of anything else None: a number is no word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None
