"""What a result measured, as lines for people: each number and fact under its title."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import msgspec

from checks.kit.model import Check, Metric, Result, Sample

_UNKNOWN = {"vi": "Không rõ", "en": "Unknown"}
_YES = {True: {"vi": "có", "en": "yes"}, False: {"vi": "không", "en": "no"}}
_UNITS = {
    "years": {"vi": "năm", "en": "years"},
    "days": {"vi": "ngày", "en": "days"},
    "round_trips_per_minute": {"vi": "lượt/phút", "en": "round trips/min"},
}
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e4, "kB"), (1.0, "B"))  # below 10 kB whole: an MTU is 1500 B
_SPEEDS = ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"), (1.0, "bit/s"))
_LENGTHS = ((86_400.0, "ngày", "days"), (3_600.0, "giờ", "hours"), (60.0, "phút", "minutes"))


def lines(check: Check, result: Result, lang: str) -> Iterator[tuple[str, str]]:
    """(title, value) of everything in `result` that `check` declares, in the order it declares them; what is unknown
    comes last, in one line."""
    for metric in check.metrics:
        found = [sample for sample in result.samples if sample.name == metric.name]
        if found:
            yield _title(metric.title, metric.name, lang), ", ".join(_sample(metric, sample, lang) for sample in found)
    stated = [(fact, result.facts[fact.name]) for fact in check.facts if fact.name in result.facts]
    for fact, value in stated:
        if value is not None:
            yield _title(fact.title, fact.name, lang), _fact(value, fact.unit, fact.words, lang)
    unknown = [_title(fact.title, fact.name, lang) for fact, value in stated if value is None]
    if unknown:
        yield _UNKNOWN[lang], "; ".join(unknown)


def headline(check: Check, result: Result, lang: str) -> Iterator[tuple[str, str]]:
    """Of :func:`lines` the metrics for which people run `check`."""
    metrics = tuple(metric for metric in check.metrics if metric.name in check.headline)
    yield from lines(msgspec.structs.replace(check, metrics=metrics, facts=()), result, lang)


def glance(check: Check, progress: Mapping[str, float], lang: str) -> str:
    """What a run that is not over shows: the values of `progress`, by metric, that `check` declares."""
    units = {metric.name: metric.unit for metric in check.metrics}
    shown = [(name, value) for name, value in progress.items() if name in units and math.isfinite(value)]
    return "  ".join(number(value, units[name], lang) for name, value in shown)


def _title(title: Mapping[str, str], name: str, lang: str) -> str:
    return title.get(lang, name)


def _sample(metric: Metric, sample: Sample, lang: str) -> str:
    labels = " ".join(_word(metric.words, value, lang) for value in sample.labels.values() if value)
    bare = metric.words.get(f"{sample.value:g}")
    shown = bare.get(lang, "") if bare else number(sample.value, metric.unit, lang)
    return f"{labels} {shown}" if labels else shown


def _fact(value: str | float | bool, unit: str, words: Mapping[str, Mapping[str, str]], lang: str) -> str:
    if isinstance(value, bool):
        return _YES[value][lang]
    return _day(_word(words, value, lang)) if isinstance(value, str) else number(value, unit, lang)


def _day(text: str) -> str:
    """``2028-06-30`` as ``30/06/2028``, anything else as it is."""
    parts = text.split("-")
    is_day = [len(part) for part in parts] == [4, 2, 2] and all(part.isdecimal() for part in parts)
    return "/".join(reversed(parts)) if is_day else text


def _word(words: Mapping[str, Mapping[str, str]], value: str, lang: str) -> str:
    return words[value].get(lang, value) if value in words else value


def number(value: float, unit: str, lang: str) -> str:
    """`value` of a base unit in one that people read: ``12,3 ms``, ``8,1 GB``, ``41 %``."""
    if unit == "seconds":
        return _length(value, lang)
    if unit == "timestamp":
        return _date(value)
    if unit == "ratio":
        return f"{_figure(value * 100, lang)} %"
    if unit == "bytes":
        return _scaled(value, _SIZES, lang)
    if unit == "bits_per_second":
        return _scaled(value, _SPEEDS, lang)
    if unit == "bytes_per_second":
        return _scaled(value * 8, _SPEEDS, lang)  # lines are sold in bits
    return f"{_figure(value, lang)} {_unit(unit, lang)}".rstrip()


def _scaled(value: float, scales: tuple[tuple[float, str], ...], lang: str) -> str:
    scale, name = next(((scale, name) for scale, name in scales if abs(value) >= scale), scales[-1])
    shown = 1e3 if name == "kB" else scale
    return f"{_figure(value / shown, lang)} {name}"


def _length(value: float, lang: str) -> str:
    for scale, vi, en in _LENGTHS:
        if abs(value) >= 2 * scale:
            return f"{_figure(value / scale, lang)} {vi if lang == 'vi' else en}"
    if abs(value) >= 1:
        return f"{_figure(value, lang)} s"
    return f"{_figure(value * 1000, lang)} ms"


def _date(value: float) -> str:
    import time

    return time.strftime("%d/%m/%Y", time.gmtime(value))


def _unit(unit: str, lang: str) -> str:
    return _UNITS.get(unit, {}).get(lang, unit)


def _figure(value: float, lang: str) -> str:
    places = 0 if abs(value) >= 100 or value == int(value) else (1 if abs(value) >= 1 else 2)
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if lang == "vi" else text
