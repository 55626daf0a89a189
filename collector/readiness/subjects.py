"""What a requirement, or a part of one, looks at: found among what the checks and the roster can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from checks.kit.model import Check, Fact, Metric
from checks.kit.strict import ConfigError, Where
from collector.readiness import bands, duration
from collector.readiness.bands import Measure
from collector.readiness.layers import Layers, nearest
from collector.readiness.profile import AGENT_FACTS, NEEDS, Band, Kind
from collector.readiness.schema import Length, PartFile, RequirementFile
from collector.readiness.text import ZONE

UNKNOWN = "unknown"
"""The word of a fact that says that nobody knows: neither good nor bad, so that no limit may ask for it."""


class Known(Protocol):
    """What checks can tell: :class:`collector.catalog.Measures`. ``metrics`` come with the name of their check."""

    @property
    def checks(self) -> Mapping[str, Check]: ...
    @property
    def metrics(self) -> Mapping[str, tuple[str, Metric]]: ...
    @property
    def facts(self) -> Mapping[str, Fact]: ...


class Subject:
    """What a requirement or a part of one looks at: its kind, its check, its name, and what it can say."""

    def __init__(self, kind: Kind, check: str, name: str, measure: Measure, metric: Metric | None = None) -> None:
        self.kind, self.check, self.name, self.measure, self.metric = kind, check, name, measure, metric


class Reader:
    """Reads what stands at `at` in `layers`. Every method raises ConfigError with the place."""

    def __init__(self, layers: Layers, at: Where, known: Known) -> None:
        self._layers, self._at, self._known = layers, at, known

    def wrong(self, key: str, expected: str) -> ConfigError:
        """The error at `key`, dotted; empty: of the whole."""
        return self._layers.error((*self._at, *key.split(".")) if key else self._at, expected)

    def length(self, where: Where, text: Length) -> int:
        """`text` in µs."""
        return length(self._layers, (*self._at, *where), text)

    def subject(self, written: RequirementFile | PartFile) -> Subject:
        kinds = [kind for kind in Kind if getattr(written, kind.value, None) is not None]
        if len(kinds) != 1:
            choice = [kind.value for kind in Kind if hasattr(written, kind.value)]
            expected = f"expected exactly one of {', '.join(choice[:-1])} and {choice[-1]}, got {len(kinds)}"
            raise self.wrong("", expected)
        named = {Kind.METRIC: self._metric, Kind.FACT: self._fact, Kind.RUNS: self._runs, Kind.ROSTER: self._roster}
        if kinds[0] in named:
            return named[kinds[0]](str(getattr(written, kinds[0].value)))
        high = float(len(written.parts or ())) if isinstance(written, RequirementFile) else 0.0
        if kinds[0] is Kind.DEVICES:
            return Subject(Kind.DEVICES, "", "reporting", Measure(name="devices", exact=True))
        return Subject(Kind.PARTS, "", "parts", Measure(name="parts", high=high, exact=True))

    def band(self, key: str, text: str) -> Band:
        found = bands.parse(text)
        if found is None:
            raise self.wrong(key, f'expected a limit such as "<= 100", ">= 99" or "== ssd", got {text!r}')
        return found

    def where(self, key: str, text: str, measure: Measure) -> Band:
        """A band in the base unit of `measure` that some value can lie in."""
        found = self.band(key, text)
        if why := bands.trouble(found, measure, measure.unit, 1.0):
            raise self.wrong(key, why)
        return found

    def labels(self, labels: Mapping[str, str], subject: Subject) -> None:
        metric = subject.metric
        if metric is None:
            if labels:
                raise self.wrong("labels", "expected none: only a metric has labels")
            return
        if set(labels) != set(metric.labels):
            wanted = ", ".join(metric.labels) or "none"
            raise self.wrong("labels", f"expected the labels of {metric.name}: {wanted}")
        for name, value in labels.items():
            if metric.words and name not in metric.open and value not in metric.words:
                meant = nearest(value, metric.words)
                raise self.wrong(f"labels.{name}", f"{metric.name} is never of the {name} {value!r}; {meant}")

    def _metric(self, name: str) -> Subject:
        known = self._known.metrics
        if name not in known:
            raise self.wrong("metric", f"no check measures {name!r}; {nearest(name, known)}")
        check, metric = known[name]
        return Subject(Kind.METRIC, check, name, _measured(name, metric.unit), metric)

    def _fact(self, text: str) -> Subject:
        facts = {*self._known.facts, *(f"agent.{name}" for name in AGENT_FACTS)}
        if text not in facts:
            raise self.wrong("fact", f"no check states {text!r}; {nearest(text, facts)}")
        check, _, name = text.partition(".")
        if check == "agent":
            return Subject(Kind.FACT, check, name, _measured(text, "seconds"))
        fact = self._known.facts[text]
        if fact.words:
            words = tuple(word for word in fact.words if word != UNKNOWN)
            return Subject(Kind.FACT, check, name, Measure(name=text, words=words))
        measure = _measured(text, fact.unit) if fact.unit else Measure(name=text, spoken=True)
        return Subject(Kind.FACT, check, name, measure)

    def _runs(self, name: str) -> Subject:
        if name not in self._known.checks:
            raise self.wrong("runs", f"no check is called {name!r}; {nearest(name, self._known.checks)}")
        return Subject(Kind.RUNS, name, "runs", Measure(name=name, unit="ratio", high=1.0, exact=True))

    def _roster(self, name: str) -> Subject:
        if name not in NEEDS:
            raise self.wrong("roster", f"the roster has no number {name!r}; {nearest(name, NEEDS)}")
        unit = "Mbps" if name.endswith("_mbps") else ""
        return Subject(Kind.ROSTER, "", name, Measure(name=name, unit=unit, exact=True))


def _measured(name: str, unit: str) -> Measure:
    """Nothing good is below 0: not even of what may fall below it, such as the time that is left."""
    return Measure(name=name, unit=unit, high=1.0 if unit == "ratio" else float("inf"))


def length(layers: Layers, where: Where, text: Length) -> int:
    """`text` in µs. Raises ConfigError."""
    found = duration.parse(text)
    if found is None:
        raise layers.error(where, f"{duration.EXPECTED}, got {text!r}")
    return found


def day(layers: Layers, where: Where, text: str) -> int:
    """The beginning of the day `text` in Viet Nam, in µs. Raises ConfigError."""
    found = duration.day(text, ZONE)
    if found is None:
        raise layers.error(where, f"{duration.EXPECTED_DAY}, got {text!r}")
    return found
