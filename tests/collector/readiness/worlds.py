"""Units as they may be, drawn by hypothesis, and a profile with every kind, aggregate and scope to judge them by."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.kit.model import Outcome, Result, Sample
from collector.readiness.model import ALWAYS_OPEN, Calendar, DeviceFacts, UnitFacts, Waiver
from collector.readiness.profile import Band, Hold, Kind, Part, Requirement
from tests.collector.readiness.cities import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    half_hour,
    line,
    median,
    pc,
    profile,
    ran,
    reach,
    reached,
    unit,
)

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For the suite; the campaign tries thousands."""
MORE = Band(">=", 5.0)
PARTS = tuple(
    Part(id=name, title={}, kind=kind, check=check, name=name, labels={}, where=where)
    for name, kind, check, where in (
        ("x", Kind.FACT, "device", Band("<=", 5.0)),
        ("y", Kind.FACT, "device", MORE),
        ("token", Kind.RUNS, "token", Band(">=", 1.0)),
        ("load", Kind.METRIC, "device", Band("<=", 5.0)),
    )
)


def together(name: str, aggregate: str, /, **more: Any) -> Requirement:
    return line(name, **{"name": "x", "scope": "unit", "aggregate": aggregate, **more})


AGGREGATED = (
    together("x_median", "median"),
    together("x_p95", "p95", scope="role", coverage=0.5),
    together("x_max", "max", roles=("pc",)),
    together("x_min", "min", coverage=0.0),
    together("x_ratio", "ratio", where=Band("<=", 5.0), ready=Band(">=", 0.9), at_risk=Band(">=", 0.5)),
    together("x_count", "count", where=Band("<=", 5.0), ready=Band(">=", 3.0), at_risk=Band(">=", 2.0), coverage=0.0),
    together("x_all", "all", where=Band("<=", 5.0), ready=Band("<=", 0.0), at_risk=Band("<=", 1.0)),
    together("load_max", "max", kind=Kind.METRIC, name="load"),
)
ROSTERED = (
    line("contract", kind=Kind.ROSTER, check="", name="contracted_down_mbps", ready=MORE, at_risk=Band(">=", 2.0)),
    line("per_counter", kind=Kind.ROSTER, check="", name="stations", per="counters", ready=MORE, at_risk=None),
    line(
        "officials", kind=Kind.DEVICES, check="", name="reporting", scope="unit", aggregate="count", per="staff",
        roles=("pc",), ready=Band(">=", 1.0), at_risk=Band(">=", 0.9),
    ),
    line(
        "by_role", kind=Kind.DEVICES, check="", name="reporting", scope="role", aggregate="count",
        ready=Band(">=", 1.0), at_risk=None,
    ),
    line(
        "signers", kind=Kind.RUNS, check="token", name="runs", scope="unit", aggregate="count", per="signers",
        ready=Band(">=", 1.0), at_risk=Band(">=", 0.5), coverage=0.0,
    ),
)  # fmt: skip
LINES = (
    line("x", max_age=HOUR, roles=("pc",)),
    line("y", mandatory=False, ready=MORE, at_risk=Band(">=", 2.0)),
    line("clock", check="agent", name="clock_offset"),
    line("age_years", unit="years", mandatory=False, mandatory_from=NOW + HOUR),
    line("stands_in", name="y", mandatory=False, mandatory_without="load_max", ready=MORE, at_risk=Band(">=", 2.0)),
    line("word", ready=Band("==", "ssd"), at_risk=Band("==", "hdd"), coverage=0.5),
    line("wards", name="x", kinds=("Phường",)),
    line("parts", kind=Kind.PARTS, check="", name="", scope="unit", aggregate="all", parts=PARTS, ready=Band("<=", 0.0),
         at_risk=Band("<=", 1.0)),
    line("token", kind=Kind.RUNS, check="token", name="runs", ready=Band(">=", 1.0), at_risk=None),
    line("lag", kind=Kind.METRIC, check="connectivity", targets="all", coverage=0.0),
    line("lag_of_most", kind=Kind.METRIC, check="connectivity", name="lag", targets="all", at_risk=None),
    reach(max_age=HOUR),
    reach("by_role_now", scope="role", targets="all", coverage=0.5),
    reached(minimum_samples=3),
    reached("failures", aggregate="all", scale=1.0, ready=Band("<=", 0.0), at_risk=Band("<=", 1.0), window=DAY),
    median(hold=Hold(up=10 * MINUTE, down=5 * MINUTE)),
    *AGGREGATED,
    *ROSTERED,
)  # fmt: skip
RICH = profile(*LINES)

ages = st.integers(0, 40 * MINUTE) | st.sampled_from([0, 30 * MINUTE, HOUR, 25 * HOUR, 40 * DAY])
values = st.sampled_from([None, 0, 1, 4, 5, 6, 7, 8, 100])
words = st.sampled_from([None, "ssd", "hdd", "tape"])


@st.composite
def results(draw: st.DrawFn) -> list[Result]:
    outcome = draw(st.sampled_from([*Outcome, Outcome.OK, Outcome.OK]))
    facts = {"x": draw(values), "y": draw(values), "word": draw(words), "age_years": draw(values)}
    load = draw(values)
    samples = () if load is None else (Sample("load", float(load)),)
    lag, at = draw(values), [NOW - draw(ages) for _ in range(3)]
    lagging = () if lag is None else (Sample("lag", float(lag)),)
    kinds: list[dict[str, Any]] = [{"outcome": Outcome.OK}, {"outcome": Outcome.FAILED, "reason": "tcp_timeout"}]
    kinds += [{"outcome": Outcome.ERROR, "reason": "internal"}]
    found = [
        ran("device", outcome=outcome, at=at[0], facts=facts, samples=samples),
        ran("connectivity", "portal", at=at[1], samples=lagging, **draw(st.sampled_from(kinds))),
        ran(
            "connectivity",
            "mail",
            at=at[2],
            samples=draw(st.sampled_from([(), lagging])),
            **draw(st.sampled_from(kinds)),
        ),
        ran("token", at=at[2], **draw(st.sampled_from([*kinds, {"outcome": Outcome.NOT_APPLICABLE}]))),
    ]
    return draw(st.lists(st.sampled_from(found), unique_by=id))


@st.composite
def devices(draw: st.DrawFn) -> list[DeviceFacts]:
    return [
        pc(
            f"d{index}",
            *draw(results()),
            seen=draw(st.none() | ages.map(lambda age: NOW - age)),
            offset=draw(st.sampled_from([None, 0.0, -6.0, 90.0])),
            role=draw(st.sampled_from(["pc", "pc", "pc", "router", "kiosk"])),
            status=draw(st.sampled_from(["active", "active", "active", "pending"])),
            purchased=draw(st.sampled_from([None, None, NOW // 1_000_000 - 8 * 365 * 86_400])),
        )
        for index in range(draw(st.integers(0, 8)))
    ]


@st.composite
def waivers(draw: st.DrawFn) -> list[Waiver]:
    return [
        Waiver(
            id=f"w{index}", unit="27259", requirement=draw(st.sampled_from([one.id for one in LINES] + ["gone"])),
            kind=draw(st.sampled_from(["waiver", "approval"])), reason="r", author="a", created_at=NOW - HOUR,
            expires_at=NOW + draw(st.sampled_from([-1, 0, 1, 5 * MINUTE, DAY])),
        )
        for index in range(draw(st.integers(0, 4)))
    ]  # fmt: skip


calendars = st.sampled_from(
    [
        ALWAYS_OPEN,
        Calendar(open=True, since=NOW - 10 * MINUTE, closed_at=NOW - 14 * HOUR, until=NOW + 3 * HOUR),
        Calendar(open=False, since=NOW - 2 * HOUR, closed_at=NOW - 2 * HOUR, until=NOW + 12 * HOUR),
        Calendar(open=False, since=NOW - 20 * MINUTE, closed_at=NOW - 20 * MINUTE, until=NOW + HOUR),
    ]
)
halves = st.integers(0, 7 * DAY - HOUR) | st.integers(7 * DAY + 2 * HOUR, 9 * DAY)
"""How long ago a half-hour began. None is near the window's edge, which itself moves with the newest result."""


@st.composite
def cities(draw: st.DrawFn) -> UnitFacts:
    buckets = tuple(
        half_hour(
            draw(halves),
            draw(st.integers(0, 20)),
            draw(st.sampled_from([{}, {"tcp_timeout": 1}, {"internal": 5}])),
            rtt=draw(st.sampled_from([(), (0.05,), (0.12, 0.12), (0.4,)])),
        )
        for _ in range(draw(st.integers(0, 4)))
    )
    needs = st.dictionaries(
        st.sampled_from(["staff", "signers", "counters", "contracted_down_mbps", "stations"]),
        st.integers(0, 6).map(float),
    )
    return replace(
        unit(*draw(devices()), expected=draw(st.integers(0, 10)), buckets=buckets),
        needs=draw(needs),
        kind=draw(st.sampled_from(["", "Phường", "Xã"])),
        waivers=draw(waivers()),
        calendar=draw(calendars),
        stations=draw(st.dictionaries(st.sampled_from(["pc", "kiosk", "router"]), st.integers(0, 4))),
    )


times = st.sampled_from([0, -1, NOW, NOW - HOUR, NOW + 1, NOW + HOUR, NOW + 2 * DAY, 2**62, -(2**62)])
strange: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, -1, 7, 2**62, 1e308, -0.0, float("inf"), float("nan"), "", "ok", "7", [], {}, b"7", (1,)]
)


@st.composite
def strangers(draw: st.DrawFn) -> UnitFacts:
    """A unit of which nothing is as it should be."""
    facts = draw(cities())
    for device in facts.devices:
        device.last_seen = draw(st.none() | times)
        device.clock_offset = draw(st.sampled_from([None, 0.0, float("inf"), float("nan"), 1e308]))
        device.purchased = draw(st.none() | st.sampled_from([0, -1, 2**40]))
        device.role = draw(st.sampled_from(["pc", "router", "", "toaster"]))
        for result in device.results.values():
            result.at = draw(times)
            result.facts = draw(st.dictionaries(st.sampled_from(["x", "y", "word", "age_years"]), strange))
            result.samples = tuple(
                draw(
                    st.lists(
                        st.sampled_from(
                            [Sample("load", 1.0), Sample("load", float("inf")), Sample("load", 2.0, {"a": "b"})]
                        )
                    )
                )
            )
            result.reason = draw(st.sampled_from(["", "dns_timeout", "of_a_newer_release"]))
    facts.needs = draw(st.dictionaries(st.sampled_from(["staff", "signers", "counters", "stations", "other"]), strange))
    facts.stations = draw(st.dictionaries(st.sampled_from(["pc", "toaster", ""]), st.integers(0, 3)))
    facts.expected = draw(st.sampled_from([0, 1, 50]))
    facts.targets = draw(st.sampled_from([facts.targets, []]))
    for bucket in facts.buckets:
        bucket.start = draw(st.sampled_from([0, NOW // 1_000_000, NOW // 1_000_000 + 86_400, -5]))
    return facts
