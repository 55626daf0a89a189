"""Facts as a golden city writes them: times, devices with their results, a unit's past and roster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import asdict

from checks.kit.model import Outcome, Reason, Result, Sample
from checks.kit.strict import Document, Where
from collector.catalog import Catalog
from collector.readiness.model import Bucket, DeviceFacts, Target, Waiver
from collector.roster.model import Role, Station, UnitRoster
from collector.stations import bought_at
from collector.tally import BUCKET_SECONDS, Sketch, Tally, bucket_of, job_key, series_key
from tests.collector.readiness.golden_file import CityFile, DeviceFile, RosterFile, TallyFile, UnitFile

JUST_NOW = 10_000_000
"""µs since the newest result of a device of which nothing else is said: a demonstration measures every 10 s."""
FINE = {
    "connectivity/*": TallyFile(ok=480, values={"connectivity_phase{phase=tcp}": [(480, 0.04)]}),
    "bandwidth": TallyFile(
        ok=5,
        values={
            "bandwidth_throughput{direction=download}": [(5, 11_250_000)],
            "bandwidth_throughput{direction=upload}": [(5, 5_000_000)],
        },
    ),
}
"""A week in which each system answered 480 times, in 40 ms, and 5 tests of the line gave 90 Mbit/s down and 40 up."""
_STATIONS: dict[str, Role] = {"pc": "counter", "kiosk": "kiosk", "router": "router"}
_SERIES = re.compile(r"([a-z0-9_]+)(?:\{([a-z_]+)=([a-z0-9_]+)\})?")


class Facts:
    """Makes facts of what is written in `document`; `targets` are the unit's systems. Raises ConfigError."""

    def __init__(self, document: Document[CityFile], catalog: Catalog, targets: list[Target]) -> None:
        self._document, self._catalog, self._targets = document, catalog, targets

    def instant(self, text: str, where: Where) -> int:
        """µs of a time of the locality; of an hour alone, on the city's day."""
        day = f"{self._document.value.now[:10]}T{text}" if re.fullmatch(r"\d\d:\d\d", text) else text
        try:
            moment = datetime.fromisoformat(day)
        except ValueError:
            expected = f'expected a time such as "07:35" or "2026-11-20T09:00", got {text!r}'
            raise self._document.error(where, expected) from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=self._catalog.zone)
        return int(moment.timestamp()) * 1_000_000

    def device(self, name: str, unit: str, written: DeviceFile, now: int, where: Where) -> DeviceFacts:
        """The device at `now`; all its results are of the moment it was last heard of."""
        seen = self.instant(written.seen, (*where, "seen")) if written.seen else now - JUST_NOW
        station = Station(unit=unit, id=name, role="counter", purchase_date=written.purchased or None)
        if written.purchased:
            self.instant(written.purchased, (*where, "purchased"))
        return DeviceFacts(
            id=name,
            unit=unit,
            role=written.role or "pc",
            enrolled_at=self.instant("2026-06-01", where),
            name=name,
            last_seen=seen,
            clock_offset=written.clock_offset or 0.0,
            results={key: result for result in self._results(written, seen, where) for key in [_key(result)]},
            station=name,
            purchased=bought_at(station),
            purchase_date=written.purchased,
        )

    def _results(self, written: DeviceFile, at: int, where: Where) -> Iterator[Result]:
        ran = dict.fromkeys((*written.facts, *written.samples), "ok") | written.runs
        for job, said in ran.items():
            place: Where = (*where, "runs", job)
            outcome, reason = self._outcome(said, place)
            samples = tuple(
                Sample(name, value, labels)
                for series, value in written.samples.get(job, {}).items()
                for name, labels in [self._series(series, place)]
            )
            told = written.facts.get(job, {})
            for fact in told:
                if f"{job}.{fact}" not in self._catalog.facts:
                    raise self._document.error((*where, "facts", job, fact), f"{job} tells no such fact")
            for check, target in self._jobs(job, place):
                yield Result(
                    check=check, target=target, outcome=outcome, reason=reason, at=at, mono=0, boot="b", facts=told,
                    samples=samples,
                )  # fmt: skip

    def _outcome(self, said: str, where: Where) -> tuple[Outcome, str]:
        if said in (Outcome.OK, Outcome.NOT_APPLICABLE):
            return Outcome(said), ""
        return Outcome.FAILED, self._reason(said, where)

    def _reason(self, said: str, where: Where) -> str:
        if said not in set(Reason):
            raise self._document.error(where, f"expected ok, not_applicable or a reason, got {said!r}")
        return said

    def _jobs(self, job: str, where: Where) -> list[tuple[str, str]]:
        """The (check, target) that ``check``, ``check/target`` or ``check/*`` stands for."""
        check, _, target = job.partition("/")
        if check not in self._catalog.checks:
            raise self._document.error(where, f"no check is called {check!r}")
        declared = [one.id for one in self._targets if one.declared]
        if target not in ("", "*", *declared):
            raise self._document.error(where, f"no declared system is called {target!r}")
        return [(check, one) for one in declared] if target == "*" else [(check, target)]

    def _series(self, written: str, where: Where) -> tuple[str, dict[str, str]]:
        match = _SERIES.fullmatch(written)
        if match is None or match[1] not in self._catalog.metrics:
            raise self._document.error(where, f"no metric is called {written!r}")
        return match[1], {match[2]: match[3]} if match[2] else {}

    def past(self, code: str, unit: UnitFile, now: int) -> list[Bucket]:
        """A half-hour for each kind of time that the unit's past tells of."""
        found: list[Bucket] = []
        for key, ago, office in (("week", 51, True), ("day", 4, True), ("night", 2, False)):
            told = getattr(unit, key)
            where: Where = ("units", code, key)
            written = FINE if told == "fine" else told
            tallies = [one for job, tally in written.items() for one in self._tallies(job, tally, (*where, job))]
            if tallies:
                start = self._half_hour(now, ago, where, office=office)
                found.append(Bucket(start=start, office=office, jobs=dict(tallies)))
        return found

    def _half_hour(self, now: int, ago: int, where: Where, *, office: bool) -> int:
        """The last one, at least `ago` half-hours before `now`, inside office hours or outside."""
        newest, hours = bucket_of(now), self._catalog.locality.hours
        starts = (newest - back * BUCKET_SECONDS for back in range(ago, 7 * 48))
        found = next((start for start in starts if hours.office(start) is office), None)
        if found is None:
            raise self._document.error(where, "this locality has no such time within 7 days")
        return found

    def _tallies(self, job: str, written: TallyFile, where: Where) -> Iterator[tuple[str, Tally]]:
        failed = {self._reason(reason, where): count for reason, count in written.failed.items()}
        for check, target in self._jobs(job, where):
            tally = Tally(written.ok + sum(failed.values()), written.ok, dict(failed))
            for series, values in written.values.items():
                name, labels = self._series(series, where)
                sketch = tally.sketches.setdefault(series_key(name, labels), Sketch())
                for count, value in values:
                    for _ in range(count):
                        sketch.add(value)
            yield job_key(check, target), tally

    def waiver(self, code: str, unit: UnitFile, index: int) -> Waiver:
        where: Where = ("units", code, "waivers", index)
        written = unit.waivers[index]
        if written.requirement not in {line.id for line in self._catalog.profile.requirements}:
            raise self._document.error((*where, "requirement"), "the profile has no such requirement")
        created, expires = (self.instant(getattr(written, key), (*where, key)) for key in ("created", "expires"))
        return Waiver(
            id=f"{code}-{index}", unit=code, requirement=written.requirement, kind=written.kind, reason=written.reason,
            author=written.author, created_at=created, expires_at=expires,
        )  # fmt: skip


def changed(before: DeviceFile, change: DeviceFile) -> DeviceFile:
    """`before` with what `change` says besides; what it says of jobs comes last, so that it overrules ``/*``."""
    given, said = asdict(before), asdict(change)
    for key, value in said.items():
        if isinstance(value, dict):
            given[key] = {job: one for job, one in given[key].items() if job not in value} | value
        elif value not in ("", None):
            given[key] = value
    return DeviceFile(**given)


def told(code: str, roster: RosterFile | None) -> UnitRoster | None:
    if roster is None:
        return None
    return UnitRoster(unit=code, **{key: value for key, value in asdict(roster).items() if key != "stations"})


def stations(code: str, roster: RosterFile | None) -> list[Station]:
    counts = roster.stations if roster else {}
    return [
        Station(unit=code, id=f"{role}-{number}", role=_STATIONS[role])
        for role, count in counts.items()
        for number in range(count)
    ]


def _key(result: Result) -> tuple[str, str]:
    return result.check, result.target
