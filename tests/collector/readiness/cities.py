"""Facts and profiles of a few lines each, to judge."""

from __future__ import annotations

from typing import Any

from checks.kit.model import Outcome, Result, Sample, Scalar
from collector.readiness.model import Bucket, DeviceFacts, Target, Unit, UnitFacts, UnitVerdict
from collector.readiness.profile import Band, Freshness, Hold, Kind, Profile, Requirement
from collector.tally import Sketch, Tally, job_key, series_key

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_795_228_200 * SECOND  # 21/11/2026 09:30:00 in Ho Chi Minh City, a Saturday
FRESHNESS = Freshness(30 * MINUTE, 24 * HOUR)
PORTAL = Target(id="portal", title={"vi": "Cổng dịch vụ công", "en": "Service portal"}, mandatory=True)
MAIL = Target(id="mail", title={"vi": "Thư công vụ", "en": "Official mail"})
XOM_CHIEU = Unit(
    code="27259", name="Phường Xóm Chiếu", kind="Phường", province_code="79", province="TP HCM", lat=10.75, lon=106.71
)


def line(name: str, /, **changes: Any) -> Requirement:
    """A mandatory line on one fact of the check ``device``, 5 or less is ready, 7 or less at risk; `changes` differ."""
    given: dict[str, Any] = {
        "id": name, "title": {"vi": f"Tiêu chí {name}", "en": f"Line {name}"}, "kind": Kind.FACT, "check": "device",
        "name": name, "labels": {}, "scope": "device", "roles": (), "targets": "none", "aggregate": "last",
        "window": 0, "max_age": DAY, "office_hours": False, "ready": Band("<=", 5.0), "at_risk": Band("<=", 7.0),
        "unit": "", "scale": 1.0, "minimum_samples": 1, "coverage": 0.8, "hold": Hold(), "mandatory": True,
        "source": {"vi": "thử", "en": "test"}, "remedy": {"vi": "Sửa đi", "en": "Mend it"}, "procure": {},
    }  # fmt: skip
    return Requirement(**{**given, **changes})


def reach(name: str = "now", /, **changes: Any) -> Requirement:
    """The share of devices that reach each mandatory target: 90 % is ready, 50 % at risk."""
    return line(
        name,
        **{
            "kind": Kind.RUNS, "check": "connectivity", "name": "runs", "scope": "unit", "targets": "mandatory",
            "aggregate": "ratio", "ready": Band(">=", 90.0), "at_risk": Band(">=", 50.0), "unit": "%", "scale": 100.0,
            **changes,
        },
    )  # fmt: skip


def reached(name: str = "week", /, **changes: Any) -> Requirement:
    """The share of runs that were OK in 7 days: 99 % is ready, 95 % at risk."""
    return reach(name, **{"window": 7 * DAY, "ready": Band(">=", 99.0), "at_risk": Band(">=", 95.0), **changes})


def median(name: str = "rtt", /, **changes: Any) -> Requirement:
    """The median round trip of 7 days: 100 ms is ready, 150 at risk."""
    return reached(
        name,
        **{
            "kind": Kind.METRIC, "name": "connectivity_phase", "labels": {"phase": "tcp"}, "aggregate": "median",
            "ready": Band("<=", 100.0), "at_risk": Band("<=", 150.0), "unit": "ms", "scale": 1000.0, **changes,
        },
    )  # fmt: skip


def profile(*lines: Requirement, coverage: float = 0.8) -> Profile:
    return Profile(
        id="test", version=3, title={"vi": "Thử", "en": "Test"}, freshness=FRESHNESS, coverage=coverage,
        requirements=lines,
    )  # fmt: skip


def ran(check: str, target: str = "", outcome: Outcome = Outcome.OK, *, at: int = NOW, **more: Any) -> Result:
    return Result(check=check, target=target, outcome=outcome, at=at, mono=0, boot="b", **more)


def failed(target: str, reason: str, *, at: int = NOW) -> Result:
    return ran("connectivity", target, Outcome.FAILED, at=at, reason=reason)


def pc(name: str, /, *results: Result, seen: int | None = NOW, offset: float | None = 0.0, **more: Any) -> DeviceFacts:
    return DeviceFacts(
        id=name,
        unit="27259",
        last_seen=seen,
        clock_offset=offset,
        results={(result.check, result.target): result for result in results},
        **more,
    )


def states(**facts: Scalar) -> Result:
    """A result of the check ``device`` with these facts."""
    return ran("device", facts=facts)


def numbers(check: str, target: str, **values: float) -> Result:
    return ran(check, target, samples=tuple(Sample(name, value) for name, value in values.items()))


def unit(*devices: DeviceFacts, expected: int | None = None, buckets: tuple[Bucket, ...] = ()) -> UnitFacts:
    """A unit with PORTAL and MAIL to reach."""
    return UnitFacts(
        unit="27259",
        expected=len(devices) if expected is None else expected,
        devices=list(devices),
        targets=[PORTAL, MAIL],
        buckets=list(buckets),
    )


def half_hour(
    ago: int, ok: int, reasons: dict[str, int] | None = None, *, rtt: tuple[float, ...] = (), office: bool = True
) -> Bucket:
    """What the runs against PORTAL came to in the half-hour that began `ago` µs before NOW."""
    sketch = Sketch()
    for value in rtt:
        sketch.add(value)
    tally = Tally(ok + sum((reasons or {}).values()), ok, reasons or {})
    if rtt:
        tally.sketches[series_key("connectivity_phase", {"phase": "tcp"})] = sketch
    return Bucket(start=(NOW - ago) // SECOND, office=office, jobs={job_key("connectivity", "portal"): tally})


def state_of(verdict: UnitVerdict, name: str) -> Any:
    """The requirement's state in `verdict`."""
    return next(state for state in verdict.requirements if state.id == name)
