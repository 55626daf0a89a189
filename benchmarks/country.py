"""The country as a collector of all of it would hold it: units, their devices' newest results, a week of half-hours.

Everything is drawn from a seed. Of each check every fact and metric that it declares is there; what the profile looks
at lies on the ready side for 98 of 100 devices. One in 33 devices is silent, one run in 100 could not be made.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from msgspec import Struct, field

from checks.kit.model import Check, Outcome, Result, Sample, Scalar
from collector.catalog import Measures
from collector.readiness.model import Bucket, DeviceFacts, Results, Target, UnitFacts
from collector.readiness.profile import Band, Kind, Profile
from collector.tally import BUCKET_SECONDS, Jobs, Sketch, Tally, decode, encode, job_key, merged, series_key

DEVICES = 50
SECOND = 1_000_000
MINUTE = 60 * SECOND
NOW = 1_795_228_200 * SECOND  # 21/11/2026 09:30:00 in Ho Chi Minh City, a Saturday
STAFF = 40.0
LEASED = frozenset({"bandwidth", "realtime"})
"""Checks that load the line: one PC of a unit a day."""
_MIDDLES = {"uplink_utilisation": 0.3, "bandwidth_throughput": 1e7}
"""Of the distributions whose good values are not about 0.02: a share, and bytes per second."""
_WORKDAY = 15
"""Half-hours of office hours in a day."""


class Wanted(Struct):
    """Which values of one check the profile calls good: by fact, and by metric and labels."""

    facts: dict[str, tuple[Scalar, Scalar]] = field(default_factory=dict)
    metrics: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    labels: dict[str, list[dict[str, str]]] = field(default_factory=dict)


class Country:
    """Makes units one at a time, so that all of it need not be in memory at once; buckets are shared by them."""

    def __init__(self, profile: Profile, measures: Measures, targets: list[Target], *, seed: int = 20_260_622) -> None:
        self._checks, self._targets = measures.checks, targets
        self._chance = random.Random(seed)
        self._wanted = _wanted(profile)
        self._pasts = [self._past() for _ in range(8)]

    def unit(self, code: str, devices: int = DEVICES) -> UnitFacts:
        """A unit with a router, a kiosk, and PCs."""
        roles = ["router", "kiosk", *["pc"] * (devices - 2)]
        return UnitFacts(
            unit=code,
            expected=devices,
            devices=[self.device(f"{code}-{number:02}", code, role) for number, role in enumerate(roles)],
            targets=self._targets,
            buckets=anew(self._chance.choice(self._pasts)),
            stations={"router": 1, "kiosk": 1, "pc": devices - 2},
            needs={"staff": STAFF, "signers": 10.0, "counters": 5.0, "contracted_down_mbps": 200.0},
            kind="Phường",
        )

    def device(self, name: str, unit: str, role: str) -> DeviceFacts:
        age = self._chance.randrange(3 * MINUTE) + (45 * MINUTE if self._chance.random() < 0.03 else 0)
        results = [result for check in self._checks.values() for result in self._results(check, role, NOW - age)]
        return DeviceFacts(
            id=name,
            unit=unit,
            role=role,
            last_seen=NOW - age,
            clock_offset=self._chance.gauss(0.0, 0.5),
            results=Results({(result.check, result.target): result for result in results}),
        )

    def _results(self, check: Check, role: str, newest: int) -> Iterable[Result]:
        if (check.name == "uplink") is not (role == "router") and check.name in ("uplink", "device", "signing_token"):
            return
        for target in self._of(check):
            yield self._result(check, target, newest - self._chance.randrange(MINUTE))

    def _of(self, check: Check) -> list[str]:
        """One system is traced, all are asked."""
        if check.name == "path":
            return [self._targets[0].id]
        return [target.id for target in self._targets] if check.name == "connectivity" else [""]

    def _result(self, check: Check, target: str, at: int) -> Result:
        draw = self._chance.random()
        if draw < 0.01:
            return Result(
                check=check.name, target=target, outcome=Outcome.ERROR, reason="child_hung", at=at, mono=0, boot="b"
            )
        good = draw < 0.98
        wanted = self._wanted.get(check.name, Wanted())
        facts = {fact.name: self._blurred(wanted.facts.get(fact.name, (7, 7))[not good]) for fact in check.facts}
        outcome = Outcome.OK if good or draw < 0.995 else Outcome.FAILED
        reason = "" if outcome is Outcome.OK else "tcp_timeout"
        samples = tuple(self._samples(check, wanted, good))
        return Result(
            check=check.name, target=target, outcome=outcome, reason=reason, at=at, mono=0, boot="b", samples=samples,
            facts=facts,
        )  # fmt: skip

    def _samples(self, check: Check, wanted: Wanted, good: bool) -> Iterable[Sample]:
        for metric in check.metrics:
            for labels in wanted.labels.get(metric.name) or [dict.fromkeys(metric.labels, "x")]:
                values = wanted.metrics.get((metric.name, series_key("", labels)), (1.0, 1.0))
                yield Sample(metric.name, values[not good] * self._chance.uniform(0.95, 1.0), labels)

    def _blurred(self, value: Scalar) -> Scalar:
        return value * self._chance.uniform(0.95, 1.0) if isinstance(value, float) else value

    def _past(self) -> list[Bucket]:
        """As :class:`collector.windows.Windows` hands a week over: the bulk in two buckets, one inside office hours and
        one outside, a day likewise, half-hours at the edges, and the two newest."""
        now = NOW // SECOND // BUCKET_SECONDS * BUCKET_SECONDS
        week, day = now - 7 * 86_400, now - 86_400
        edges = [start - quiet * BUCKET_SECONDS for start in (week, day) for quiet in (2, 1)]
        parts = [(start, 1, True) for start in [*edges, now - BUCKET_SECONDS, now]]
        parts += [(week, 80, True), (week, 204, False), (day, 15, True), (day, 31, False)]
        return [Bucket(start=start, office=office, jobs=self._jobs(halves)) for start, halves, office in sorted(parts)]

    def _jobs(self, halves: int) -> Jobs:
        jobs: Jobs = {}
        for check in self._checks.values():
            kept = [metric for metric in check.metrics if metric.distribution]
            for target in self._of(check) if check.name not in LEASED or halves >= _WORKDAY else []:
                runs = halves // _WORKDAY if check.name in LEASED else halves * DEVICES
                bad = sum(self._chance.random() < 0.003 for _ in range(min(runs, 500)))
                tally = Tally(runs, runs - bad, {"tcp_timeout": bad} if bad else {})
                for metric in kept:
                    for labels in self._wanted.get(check.name, Wanted()).labels.get(metric.name, []):
                        tally.sketches[series_key(metric.name, labels)] = self._sketch(metric.name, min(runs, 2000))
                jobs[job_key(check.name, target)] = tally
        return merged([decode(encode(jobs))]) if halves > 1 else decode(encode(jobs))

    def _sketch(self, metric: str, count: int) -> Sketch:
        sketch, middle = Sketch(), _MIDDLES.get(metric, 0.02)
        for _ in range(count):
            sketch.add(middle * self._chance.lognormvariate(0.0, 0.5))
        return sketch


def anew(buckets: list[Bucket]) -> list[Bucket]:
    """The same half-hours as nobody has looked at them yet."""
    return [Bucket(start=bucket.start, office=bucket.office, jobs=bucket.jobs) for bucket in buckets]


def _wanted(profile: Profile) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    for line in profile.requirements:
        band = line.where or line.ready
        subjects = [(line.kind, line.check, line.name, line.labels, band, 1.0 if line.where else line.scale)]
        subjects += [(part.kind, part.check, part.name, part.labels, part.where, 1.0) for part in line.parts]
        for kind, check, name, labels, where, scale in subjects:
            values, own = _values(where, scale), found.setdefault(check, Wanted())
            if kind is Kind.FACT:
                own.facts[name] = values
            elif kind is Kind.METRIC and all(isinstance(value, float) for value in values):
                own.labels.setdefault(name, []).append(labels)
                own.metrics[name, series_key("", labels)] = values  # type: ignore[assignment]  # both are floats here
    return found


def _values(band: Band, scale: float) -> tuple[Scalar, Scalar]:
    """A value well inside `band` and one well outside, in the base unit."""
    if isinstance(band.limit, str):
        words = {"true": True, "false": False}
        return words.get(band.limit, band.limit), "another" if band.limit not in words else band.limit == "false"
    if band.op == "==":
        return band.limit / scale, (band.limit + 1) / scale
    more, less = (band.limit * 1.5 + 1) / scale, band.limit * 0.5 / scale
    return (less, more) if band.op[0] == "<" else (more, less)
