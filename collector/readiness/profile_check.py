"""Turns one written requirement into one that judges, and refuses what could never be judged, or never be met."""

from __future__ import annotations

from collections.abc import Collection

from collector.readiness import bands
from collector.readiness.bands import Measure
from collector.readiness.layers import Layers, nearest
from collector.readiness.profile import NEEDS, Band, Freshness, Hold, Kind, Part, Profile, Requirement
from collector.readiness.schema import PartFile
from collector.readiness.subjects import Known, Reader, Subject, day
from collector.readiness.text import CONVERSIONS

LONGEST = 7 * 86_400_000_000
"""µs; collector.windows and collector.housekeeping keep half-hours for it."""
OVER_DEVICES = ("median", "p95", "max", "min")
COUNTED = ("ratio", "count")
_TOLD = ("roster", "devices", "parts")
_SHARES = {"": 1.0, "%": 100.0}
"""Units of what is divided by a number of the roster."""


def requirements(
    layers: Layers, known: Known, kinds: Collection[str], freshness: Freshness, valid_from: int
) -> tuple[Requirement, ...]:
    """All requirements of a profile in force from `valid_from` (µs) on; `kinds` are those of the country's units and
    offices. Raises ConfigError."""
    found = (_Whole(layers, index, known, kinds) for index in range(len(layers.value.requirements)))
    return tuple(each.read(freshness, valid_from) for each in found)


class _Whole(Reader):
    """Reads one requirement."""

    def __init__(self, layers: Layers, index: int, known: Known, kinds: Collection[str]) -> None:
        super().__init__(layers, ("requirements", index), known)
        self._written, self._units = layers.value.requirements[index], kinds

    def read(self, freshness: Freshness, valid_from: int) -> Requirement:
        written = self._written
        subject = self.subject(written)
        window = 0 if written.window == "now" else self.length(("window",), written.window)
        self._looks(subject, window)
        self.labels(written.labels, subject)
        where = self._where(subject)
        measure = self._value(subject)
        scale = self._scale(measure)
        ready, at_risk = self._bands(measure, scale)
        coverage = self._layers.value.coverage.minimum if written.coverage is None else written.coverage
        return Requirement(
            id=written.id,
            title=written.title.both,
            kind=subject.kind,
            check=subject.check,
            name=subject.name,
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
            scale=scale,
            minimum_samples=written.minimum_samples,
            coverage=coverage,
            hold=Hold(*(self.length(("hold", way), getattr(written.hold, way)) for way in ("up", "down"))),
            mandatory=written.mandatory,
            source=written.source.both,
            remedy=written.remedy.both if written.remedy else {},
            procure=written.procure.both if written.procure else {},
            where=where,
            per=written.per or "",
            parts=self._parts(),
            kinds=self._kinds(),
            mandatory_from=self._mandatory_from(valid_from),
            mandatory_without=self._mandatory_without(),
            systems=written.systems,
            network=written.network or "",
        )

    def _looks(self, subject: Subject, window: int) -> None:
        """Refuses what does not go together: the subject, how its values become one, how far back, and of what."""
        written, kind = self._written, subject.kind
        if window:
            self._looks_back(subject, window)
        else:
            self._aggregates(kind)
        if kind.value in _TOLD:
            for key in ("targets", "max_age") if kind is not Kind.PARTS else ("targets",):
                if getattr(written, key) not in ("none", None):
                    raise self.wrong(key, f"expected none with {kind.value}")
        if written.targets == "none" and (written.systems or written.network):
            key = "systems" if written.systems else "network"
            raise self.wrong(key, "expected targets: mandatory or all, of which these are chosen")
        if written.office_hours and not window:
            raise self.wrong("office_hours", 'expected a window such as "7d": the newest results have no hours')

    def _looks_back(self, subject: Subject, window: int) -> None:
        written = self._written
        if written.scope != "unit":
            raise self.wrong("window", "expected now: only what is kept per unit has a past")
        if window > LONGEST:
            raise self.wrong("window", 'expected at most "7d": that is how far back half-hours are kept')
        if subject.kind not in (Kind.METRIC, Kind.RUNS):
            raise self.wrong("window", f"expected now: only metric and runs have a past, not {subject.kind.value}")
        if subject.metric is not None and not subject.metric.distribution:
            raise self.wrong("metric", f"{subject.name} has no past: its distribution is not kept")
        fitting = OVER_DEVICES if subject.kind is Kind.METRIC else ("ratio",)
        if written.aggregate not in fitting:
            raise self.wrong("aggregate", f"expected {_either(fitting)} with this window, got {written.aggregate}")

    def _aggregates(self, kind: Kind) -> None:
        written = self._written
        fitting: tuple[str, ...] = {
            Kind.RUNS: COUNTED, Kind.ROSTER: ("last",), Kind.DEVICES: ("count",), Kind.PARTS: ("all",),
        }.get(kind, ("last", *OVER_DEVICES, *COUNTED))  # fmt: skip
        if written.aggregate not in fitting:
            raise self.wrong("aggregate", f"expected {_either(fitting)} with {kind.value}, got {written.aggregate}")
        if kind in (Kind.METRIC, Kind.FACT):
            single = written.aggregate == "last"
            if single != (written.scope == "device"):
                expected = "device with last" if single else f"unit or role with {written.aggregate}"
                raise self.wrong("scope", f"expected {expected}: one device has one value")
        elif written.scope == "device" and kind is not Kind.PARTS:
            raise self.wrong("scope", f"expected unit with {kind.value}, got device")

    def _where(self, subject: Subject) -> Band | None:
        text = self._written.where
        counts = subject.kind in (Kind.METRIC, Kind.FACT) and self._written.aggregate in COUNTED
        if text is not None and not counts:
            raise self.wrong("where", "expected none without ratio or count of a metric or a fact")
        if text is None and counts:
            raise self.wrong("where", f'is missing: {self._written.aggregate} of which values, such as ">= 1"?')
        return None if text is None else self.where("where", text, subject.measure)

    def _value(self, subject: Subject) -> Measure:
        """What can come of the subject's values, once they are one and divided."""
        written, found = self._written, subject.measure
        if written.aggregate == "ratio":
            found = Measure(name=subject.name, unit="ratio", high=1.0, exact=True)
        elif written.aggregate == "count":
            found = Measure(name=subject.name, exact=True)
        elif written.aggregate in OVER_DEVICES and found.words:
            raise self.wrong(
                "aggregate", f"expected ratio or count: {found.name} is a word, and has no {written.aggregate}"
            )
        return found if written.per is None else self._divided(found, subject)

    def _divided(self, value: Measure, subject: Subject) -> Measure:
        per = self._written.per or ""
        if per not in NEEDS:
            raise self.wrong("per", f"the roster has no number {per!r}; {nearest(per, NEEDS)}")
        if value.words or value.unit not in ("", "Mbps") or subject.kind is Kind.PARTS or subject.name == per:
            raise self.wrong(
                "per", f"expected none: only a number of things is divided, not {_called(value, subject, per)}"
            )
        return Measure(name=f"{value.name} per {per}", unit=value.unit or "share", exact=True)

    def _scale(self, measure: Measure) -> float:
        base, unit = measure.unit, self._written.unit
        if base == "share":
            if unit in _SHARES:
                return _SHARES[unit]
            raise self.wrong("unit", f"expected % or none for what is divided, got {unit!r}")
        if unit == base or (not base and not unit):
            return 1.0
        scale = CONVERSIONS.get((base, unit))
        if scale is None:
            fitting = [shown for measured, shown in CONVERSIONS if measured == base] or [base or "none"]
            if fitting == [base]:
                raise self.wrong("unit", f"expected {base}, got {unit!r}")
            named = base or ("words" if measure.words or measure.spoken else "numbers of things")
            raise self.wrong("unit", f"expected a unit for {named}: {', '.join(fitting)}, got {unit!r}")
        return scale

    def _bands(self, measure: Measure, scale: float) -> tuple[Band, Band | None]:
        written = self._written.bands
        ready = self._possible("bands.ready", written.ready, measure, scale)
        if bands.is_idle(ready, measure, scale):
            raise self.wrong("bands.ready", f"whatever is found is {written.ready}: such a line never says anything")
        if written.at_risk is None:
            return ready, None
        at_risk = self.band("bands.at_risk", written.at_risk)
        if at_risk.op[0] != ready.op[0]:
            raise self.wrong("bands.at_risk", f"expected the same direction as ready ({ready.op}), got {at_risk.op}")
        if not bands.is_weaker(at_risk, ready):
            expected = f"expected a weaker limit than ready ({written.ready}), got {written.at_risk}"
            raise self.wrong("bands.at_risk", expected)
        return ready, self._possible("bands.at_risk", written.at_risk, measure, scale)

    def _possible(self, key: str, text: str, measure: Measure, scale: float) -> Band:
        found = self.band(key, text)
        if why := bands.trouble(found, measure, self._written.unit, scale):
            raise self.wrong(key, why)
        return found

    def _max_age(self, freshness: Freshness, window: int) -> int:
        written = self._written.max_age
        if written is not None and window:
            raise self.wrong("max_age", "expected none with a window: it says itself how far back to look")
        return freshness.no_data if written is None else self.length(("max_age",), written)

    def _parts(self) -> tuple[Part, ...]:
        written = self._written.parts or ()
        seen: dict[str, int] = {}
        for place, part in enumerate(written):
            if part.id in seen:
                expected = f"{part.id!r} stands twice, first as parts[{seen[part.id]}]"
                raise self._layers.error((*self._at, "parts", place, "id"), expected)
            seen[part.id] = place
        return tuple(
            _part(Reader(self._layers, (*self._at, "parts", place), self._known), part)
            for place, part in enumerate(written)
        )

    def _kinds(self) -> tuple[str, ...]:
        for place, kind in enumerate(self._written.kinds):
            if kind not in self._units:
                where = (*self._at, "kinds", place)
                raise self._layers.error(where, f"no unit is a {kind!r}; {nearest(kind, self._units)}")
        return self._written.kinds

    def _mandatory_from(self, valid_from: int) -> int | None:
        text = self._written.mandatory_from
        if text is None:
            return None
        found = day(self._layers, (*self._at, "mandatory_from"), text)
        if self._written.mandatory:
            raise self.wrong("mandatory_from", "expected mandatory: false beside it, until that day")
        if found < valid_from:
            raise self.wrong(
                "mandatory_from", f"{text} is before {self._layers.value.valid_from}, when the profile begins"
            )
        return found

    def _mandatory_without(self) -> str:
        name = self._written.mandatory_without
        if name is None:
            return ""
        if self._written.mandatory:
            raise self.wrong("mandatory_without", "expected mandatory: false beside it, while the other is known")
        others = [one.id for one in self._layers.value.requirements if one.id != self._written.id]
        if name not in others:
            raise self.wrong("mandatory_without", f"there is no other requirement {name!r}; {nearest(name, others)}")
        other = next(one for one in self._layers.value.requirements if one.id == name)
        if other.mandatory_without is not None:
            raise self.wrong("mandatory_without", f"{name} depends on {other.mandatory_without} itself")
        return name


def _part(reader: Reader, written: PartFile) -> Part:
    subject = reader.subject(written)
    reader.labels(written.labels, subject)
    if subject.kind is Kind.RUNS:
        if written.where is not None:
            raise reader.wrong("where", "expected none with runs: a run is OK or not")
        where = Band(">=", 1.0)
    elif written.where is None:
        raise reader.wrong("where", 'is missing: at which values is it there, such as "== ok"?')
    else:
        where = reader.where("where", written.where, subject.measure)
    return Part(
        id=written.id,
        title=written.title.both,
        kind=subject.kind,
        check=subject.check,
        name=subject.name,
        labels=written.labels,
        where=where,
    )


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _called(value: Measure, subject: Subject, per: str) -> str:
    if subject.name == per:
        return f"{per} by itself"
    return "missing parts" if subject.kind is Kind.PARTS else f"a value in {value.unit}" if value.unit else "a word"


def mandatory(profile: Profile) -> bool:
    """Whether anything in `profile` decides, now or from some day on."""
    return any(
        line.mandatory or line.mandatory_from is not None or line.mandatory_without for line in profile.requirements
    )
