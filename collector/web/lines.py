"""How a result's numbers and facts are called and read. What a check's own words do not cover is shown as it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from msgspec import Struct

from checks.kit.model import Bilingual, Check, Fact, Metric, Result, Sample
from collector.web.format import SECOND, day, exact, number, quantity, scalar
from collector.web.i18n import text

LONG = 80
"""Characters past which a fact has a row of its own: a signed text in a column of three is a wall."""


class Line(Struct, frozen=True):
    """A number or a fact: ``name`` is its code. One with labels has no ``value`` but ``parts``, for each of its
    label values the word and the number; a LONG fact has one part without a word."""

    name: str
    title: str
    value: str
    hint: str
    parts: list[tuple[str, str]] = []


def lines_of(result: Result, check: Check | None, lang: str, zone: tzinfo) -> list[Line]:
    """The numbers as they first came, those of one metric together, then the facts in the order the check declares
    them; what a number has said already, under the same title, no fact says again. What is unknown comes last, in one
    line."""
    metrics = {metric.name: metric for metric in check.metrics} if check else {}
    facts = {fact.name: fact for fact in check.facts} if check else {}
    order = {name: place for place, name in enumerate(facts)}
    grouped: dict[str, list[Sample]] = {}
    for sample in result.samples:
        grouped.setdefault(sample.name, []).append(sample)
    numbers = [_number(metrics.get(name), name, samples, lang) for name, samples in grouped.items()]
    stated = sorted(result.facts.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
    said = {(line.title, line.value) for line in numbers}
    found = [_fact(facts.get(name), name, value, lang, zone) for name, value in stated if value is not None]
    unknown = [_called(facts.get(name), name, lang)[0] for name, value in stated if value is None]
    last = [Line("", text("unknown_facts", lang), "", "", [("", "; ".join(unknown))])] if unknown else []
    return numbers + [line for line in found if (line.title, line.value) not in said] + last


def fact_word(check: Check | None, name: str, value: str, lang: str) -> str:
    """What the check calls this value of its fact `name`."""
    fact = next((fact for fact in check.facts if fact.name == name), None) if check else None
    return _word(fact.words if fact else {}, value, lang)


def _number(metric: Metric | None, name: str, samples: Sequence[Sample], lang: str) -> Line:
    title, hint = _called(metric, name, lang)
    parts = [(_labels(metric, sample, lang), _value(metric, sample.value, lang)) for sample in samples]
    if len(parts) == 1 and not samples[0].labels:
        return Line(name, title, parts[0][1], hint)
    return Line(name, title, "", hint, parts)


def _labels(metric: Metric | None, sample: Sample, lang: str) -> str:
    words = metric.words if metric else {}
    known = metric is not None and all(
        value in words for name, value in sample.labels.items() if name not in metric.open
    )
    return ", ".join(
        _word(words, value, lang) if known else f"{name} {value}"
        for name, value in sorted(sample.labels.items())
        if value
    )


def _value(metric: Metric | None, value: float, lang: str) -> str:
    if metric is None:
        return number(value, lang)
    if f"{value:g}" in metric.words:
        return metric.words[f"{value:g}"][lang]
    return " ".join(quantity(value, metric.unit, lang)).strip()


def _fact(fact: Fact | None, name: str, value: str | float | bool, lang: str, zone: tzinfo) -> Line:
    (title, hint), stated = _called(fact, name, lang), _stated(fact, value, lang, zone)
    return Line(name, title, "", hint, [("", stated)]) if len(stated) > LONG else Line(name, title, stated, hint)


def _stated(fact: Fact | None, value: str | float | bool, lang: str, zone: tzinfo) -> str:
    if isinstance(value, str):
        return day(_word(fact.words if fact else {}, value, lang))
    if isinstance(value, bool) or fact is None or not fact.unit:
        return scalar(value, lang)
    if fact.unit == "timestamp":
        return exact(int(value * SECOND), zone) if isinstance(value, int) else scalar(value, lang)
    return " ".join(quantity(value, fact.unit, lang)).strip()


def _called(one: Metric | Fact | None, name: str, lang: str) -> tuple[str, str]:
    """The title, and what is said on hover: the code, and what it means where that is the reader's language."""
    if one is None:
        return name, name
    return one.title.get(lang, name), f"{name}: {one.help}" if lang == "en" else name


def _word(words: Mapping[str, Bilingual], value: str, lang: str) -> str:
    return words[value].get(lang, value) if value in words else value
