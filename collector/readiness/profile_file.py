"""Reads a profile from YAML and refuses what cannot be judged by, saying where and why."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from checks.kit import strict
from checks.kit.model import Check, Fact, Metric
from collector.readiness import duration
from collector.readiness.profile import (
    AGENT_FACTS,
    Band,
    Freshness,
    Hold,
    Kind,
    Profile,
    Requirement,
)
from collector.readiness.schema import Length, ProfileFile
from collector.readiness.text import CONVERSIONS

_BAND = re.compile(r"(<=|>=|==|<|>)\s*(\S.*)")


class Known(Protocol):
    """What checks can tell: :class:`collector.catalog.Measures`. ``metrics`` come with the name of their check."""

    @property
    def checks(self) -> Mapping[str, Check]: ...
    @property
    def metrics(self) -> Mapping[str, tuple[str, Metric]]: ...
    @property
    def facts(self) -> Mapping[str, Fact]: ...


def load(file: Path | str, known: Known) -> Profile:
    """The profile in `file`, checked against what is `known` to be measured. Raises ConfigError."""
    document = strict.load(file, ProfileFile)
    written = document.value
    seen: dict[str, int] = {}
    for index, requirement in enumerate(written.requirements):
        if requirement.id in seen:
            where = ("requirements", index, "id")
            raise document.error(
                where, f"{requirement.id!r} stands twice, first as requirements[{seen[requirement.id]}]"
            )
        seen[requirement.id] = index
    if not any(requirement.mandatory for requirement in written.requirements):
        raise document.error(("requirements",), "expected at least one mandatory requirement, else all is ready always")
    freshness = _freshness(document)
    return Profile(
        id=written.id,
        version=written.version,
        title=written.title.both,
        freshness=freshness,
        coverage=written.coverage.minimum,
        requirements=tuple(
            _Reader(document, index, known).requirement(freshness) for index in range(len(written.requirements))
        ),
    )


def nearest(word: str, words: Collection[str]) -> str:
    """``did you mean …`` with the known words most like `word`, or all of them."""
    close = difflib.get_close_matches(word, sorted(words), 3, 0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(sorted(words))}"


def _freshness(document: strict.Document[ProfileFile]) -> Freshness:
    written = document.value.freshness
    lost = _length(document, ("freshness", "lost_contact", "after"), written.lost_contact.after)
    gone = _length(document, ("freshness", "no_data", "after"), written.no_data.after)
    if not 0 < lost < gone:
        raise document.error(
            ("freshness", "no_data", "after"), "expected a longer time than lost_contact, and both above 0"
        )
    return Freshness(lost, gone)


def _length(document: strict.Document[ProfileFile], where: strict.Where, text: Length) -> int:
    length = duration.parse(text)
    if length is None:
        raise document.error(where, f"{duration.EXPECTED}, got {text!r}")
    return length


LONGEST = 7 * 86_400_000_000
"""µs; collector.windows and collector.housekeeping keep half-hours for it."""


class _Reader:
    """Turns one written requirement into one that judges."""

    def __init__(self, document: strict.Document[ProfileFile], index: int, known: Known) -> None:
        self._document, self._known = document, known
        self._at: strict.Where = ("requirements", index)
        self._written = document.value.requirements[index]

    def requirement(self, freshness: Freshness) -> Requirement:
        written = self._written
        kind, check, name = self._subject()
        ready, at_risk = self._bands()
        window = 0 if written.window == "now" else _length(self._document, (*self._at, "window"), written.window)
        self._fits(kind, name, window)
        hold = Hold(*(self._length(("hold", way), getattr(written.hold, way)) for way in ("up", "down")))
        coverage = self._document.value.coverage.minimum if written.coverage is None else written.coverage
        return Requirement(
            id=written.id,
            title=written.title.both,
            kind=kind,
            check=check,
            name=name,
            labels=written.labels,
            scope=written.scope,
            roles=written.roles,
            targets=written.targets,
            aggregate=written.aggregate,
            window=window,
            max_age=self._max_age(freshness, window),
            office_hours=written.office_hours,
            ready=ready,
            at_risk=at_risk,
            unit=written.unit,
            scale=self._scale(kind, check, name),
            minimum_samples=written.minimum_samples,
            coverage=coverage,
            hold=hold,
            mandatory=written.mandatory,
            source=written.source.both,
            remedy=written.remedy.both if written.remedy else {},
            procure=written.procure.both if written.procure else {},
        )

    def _wrong(self, key: str, expected: str) -> strict.ConfigError:
        return self._document.error((*self._at, *key.split(".")) if key else self._at, expected)

    def _length(self, where: strict.Where, text: Length) -> int:
        return _length(self._document, (*self._at, *where), text)

    def _max_age(self, freshness: Freshness, window: int) -> int:
        written = self._written.max_age
        if written is not None and window:
            raise self._wrong("max_age", "expected none with a window: it says itself how far back to look")
        return freshness.no_data if written is None else self._length(("max_age",), written)

    def _subject(self) -> tuple[Kind, str, str]:
        written, known = self._written, self._known
        named = [kind for kind in Kind if getattr(written, kind.value) is not None]
        if len(named) != 1:
            raise self._wrong("", f"expected exactly one of metric, fact and runs, got {len(named)}")
        if written.metric is not None:
            if written.metric not in known.metrics:
                raise self._wrong(
                    "metric", f"no check measures {written.metric!r}; {nearest(written.metric, known.metrics)}"
                )
            return Kind.METRIC, known.metrics[written.metric][0], written.metric
        if written.runs is not None:
            if written.runs not in known.checks:
                raise self._wrong("runs", f"no check is called {written.runs!r}; {nearest(written.runs, known.checks)}")
            return Kind.RUNS, written.runs, "runs"
        return self._fact(written.fact or "")

    def _fact(self, text: str) -> tuple[Kind, str, str]:
        facts = {*self._known.facts, *(f"agent.{name}" for name in AGENT_FACTS)}
        if text not in facts:
            raise self._wrong("fact", f"no check states {text!r}; {nearest(text, facts)}")
        check, _, name = text.partition(".")
        return Kind.FACT, check, name

    def _scale(self, kind: Kind, check: str, name: str) -> float:
        base = "ratio"
        if kind is Kind.METRIC:
            base = self._known.metrics[name][1].unit
        elif kind is Kind.FACT:
            base = "seconds" if check == "agent" else self._known.facts[f"{check}.{name}"].unit
        unit = self._written.unit
        if unit == base or (not base and not unit):
            return 1.0
        scale = CONVERSIONS.get((base, unit))
        if scale is None:
            fitting = [shown for measured, shown in CONVERSIONS if measured == base] or [base or "none"]
            raise self._wrong("unit", f"expected a unit for {base or 'words'}: {', '.join(fitting)}, got {unit!r}")
        return scale

    def _fits(self, kind: Kind, name: str, window: int) -> None:
        written = self._written
        if (kind is Kind.RUNS) != (written.aggregate == "ratio"):
            raise self._wrong("aggregate", "expected ratio with runs, and with nothing else")
        if kind is Kind.RUNS and written.scope != "unit":
            raise self._wrong("scope", "expected unit: the ratio of runs is taken over the unit's devices")
        if window and written.scope != "unit":
            raise self._wrong("window", "expected now: only what is kept per unit has a past")
        if window > LONGEST:
            raise self._wrong("window", 'expected at most "7d": that is how far back half-hours are kept')
        if written.office_hours and not window:
            raise self._wrong("office_hours", 'expected a window such as "7d": the newest results have no hours')
        if kind is Kind.METRIC:
            self._fits_metric(self._known.metrics[name][1], window)
        elif written.labels:
            raise self._wrong("labels", "expected none: only a metric has labels")
        if kind is Kind.FACT and (window or written.scope != "device" or written.aggregate != "last"):
            raise self._wrong("fact", "expected scope device, window now and aggregate last with a fact")

    def _fits_metric(self, metric: Metric, window: int) -> None:
        written = self._written
        if set(written.labels) != set(metric.labels):
            wanted = ", ".join(metric.labels) or "none"
            raise self._wrong("labels", f"expected the labels of {metric.name}: {wanted}")
        if window and not metric.distribution:
            raise self._wrong("metric", f"{metric.name} has no past: its distribution is not kept")
        if bool(window) != (written.aggregate in ("median", "p95", "max", "min")):
            names = "median, p95, max or min" if window else "last"
            raise self._wrong("aggregate", f"expected {names} with this window, got {written.aggregate}")
        if (written.scope == "unit") != bool(window):
            raise self._wrong("scope", "expected device with the window now")

    def _bands(self) -> tuple[Band, Band | None]:
        written = self._written.bands
        ready = self._band("ready", written.ready)
        if written.at_risk is None:
            return ready, None
        at_risk = self._band("at_risk", written.at_risk)
        if at_risk.op[0] != ready.op[0]:
            raise self._wrong("bands.at_risk", f"expected the same direction as ready ({ready.op}), got {at_risk.op}")
        if not _weaker(at_risk, ready):
            raise self._wrong(
                "bands.at_risk", f"expected a weaker limit than ready ({written.ready}), got {written.at_risk}"
            )
        return ready, at_risk

    def _band(self, key: str, text: str) -> Band:
        match = _BAND.fullmatch(text.strip())
        limit = match and _limit(match[2].strip())
        if match is None or limit is None or (isinstance(limit, str) and match[1] != "=="):
            raise self._wrong(f"bands.{key}", f'expected a limit such as "<= 100", ">= 99" or "== ssd", got {text!r}')
        return Band(match[1], limit)  # type: ignore[arg-type]  # the pattern admits these five only


def _limit(text: str) -> float | str | None:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else None


def _weaker(at_risk: Band, ready: Band) -> bool:
    """Whether everything inside `ready` is also inside `at_risk`, and more; of words: whether it is another word."""
    if ready.op == "==" or isinstance(ready.limit, str) or isinstance(at_risk.limit, str):
        return at_risk.limit != ready.limit
    if at_risk.limit == ready.limit:
        return "=" in at_risk.op and "=" not in ready.op
    return at_risk.limit > ready.limit if ready.op[0] == "<" else at_risk.limit < ready.limit
