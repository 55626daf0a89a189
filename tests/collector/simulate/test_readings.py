"""What simulated checks find is what the real ones may: names, labels and words as they are declared."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from msgspec import structs

from checks.kit import registry
from checks.kit.model import Check, Outcome, Reading, Reason
from collector.simulate import city, readings
from collector.simulate.model import OF_SYSTEMS, Desk, Fault, Kind, Trouble
from collector.simulate.run import Run

CHECKS = registry.find()
NOW = 1_795_228_200
DAY = 86_400
UNTOLD = {
    "bandwidth": 0, "clock": 1, "connectivity": 0, "device": 0, "dns": 0, "lan": 5, "path": 0, "peripherals": 0,
    "power": 0, "realtime": 0, "signing_service": 0, "signing_token": 0, "storage": 4, "support": 0, "uplink": 3,
}  # fmt: skip
"""How many metrics of each check no simulated device tells: a Wi-Fi's, a router's UPS, counts of bad sectors."""


def desks() -> list[Desk]:
    """A router, a kiosk and PCs, with and without UPS, battery and token."""
    return [desk for unit in ("27259", "27265") for desk in city.desks(unit, ["router", "kiosk", *["pc"] * 6], 7, NOW)]


def troubles(desk: Desk) -> list[tuple[Trouble, ...]]:
    """None, and each kind of fault."""
    return [(), *((in_place(kind, desk),) for kind in Kind)]


def in_place(kind: Kind, desk: Desk) -> Trouble:
    """A fault of `kind` that the device has, since an hour."""
    fault = Fault(kind=kind, target="portal" if kind in OF_SYSTEMS else "")
    return Trouble(
        fault=fault, begin=(NOW - 3600) * 1_000_000, end=None, units=frozenset({desk.unit}), subject="x",
        devices={desk.unit: frozenset({desk.station})},
    )  # fmt: skip


@functools.cache
def _found(name: str) -> list[tuple[Run, Reading]]:
    return list(_seen(CHECKS[name]))


def found(check: Check) -> list[tuple[Run, Reading]]:
    """Every kind of device, healthy and with every fault, in the night and in the morning."""
    return _found(check.name)


def _seen(check: Check) -> Iterator[tuple[Run, Reading]]:
    for desk in desks():
        over = structs.replace(in_place(Kind.POWER_CUT, desk), end=NOW * 1_000_000)
        for several in troubles(desk):
            for at in (NOW, NOW + 12 * 3600):
                run = Run(
                    desk=desk, office=city.office(desk.unit, 7), check=check.name, at=at * 1_000_000, target="portal",
                    troubles=several, cut=over,
                )  # fmt: skip
                yield run, readings.reading(check, run)


def wrong(check: Check, reading: Reading) -> Iterator[str]:
    metrics, facts = {one.name: one for one in check.metrics}, {one.name: one for one in check.facts}
    for sample in reading.samples:
        metric = metrics.get(sample.name)
        if metric is None:
            yield f"{sample.name} is not declared"
        elif set(sample.labels) != set(metric.labels):
            yield f"{sample.name} has the labels {sorted(sample.labels)}"
        else:
            closed = {value for name, value in sample.labels.items() if name not in metric.open}
            if metric.words and closed - metric.words.keys():
                yield f"{sample.name} has no words for {closed - metric.words.keys()}"
    for name, value in reading.facts.items():
        if name not in facts:
            yield f"the fact {name} is not declared"
        elif facts[name].words and value is not None and value not in facts[name].words:
            yield f"the fact {name} has no word for {value}"


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_reading_is_as_its_check_declares(name: str) -> None:
    """No metric, label, word or fact that the check could not tell, whatever is wrong."""
    assert sorted({line for _, reading in found(CHECKS[name]) for line in wrong(CHECKS[name], reading)}) == []


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_reading_tells_what_its_check_can(name: str) -> None:
    """A metric that is added to a check is added here, or counted among those that nobody tells."""
    told = {sample.name for _, reading in found(CHECKS[name]) for sample in reading.samples}
    untold = sorted({metric.name for metric in CHECKS[name].metrics} - told)
    assert len(untold) == UNTOLD[name], untold


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_reading_says_why_it_failed(name: str) -> None:
    """A reason of the closed enumeration where it failed, none where not; and both occur or the check cannot fail."""
    outcomes = set()
    for _, reading in found(CHECKS[name]):
        outcomes.add(reading.outcome)
        assert (reading.reason in {*Reason}) == (reading.outcome is Outcome.FAILED)
    assert Outcome.OK in outcomes


@pytest.mark.parametrize(
    ("kind", "check", "reason"),
    [
        (Kind.PROVIDER_OUTAGE, "connectivity", {Reason.TCP_TIMEOUT, Reason.TCP_UNREACHABLE}),
        (Kind.LINE_CUT, "uplink", {Reason.INTERFACE_DOWN}),
        (Kind.LINE_CUT, "path", {Reason.ROUTE_STOPS}),
        (Kind.LINE_CUT, "dns", {Reason.DNS_TIMEOUT}),
        (Kind.SYSTEM_DOWN, "connectivity", {Reason.HTTP_STATUS}),
        (Kind.CERTIFICATE_EXPIRED, "connectivity", {Reason.TLS_EXPIRED}),
        (Kind.CAPTIVE_PORTAL, "connectivity", {Reason.CAPTIVE_PORTAL}),
        (Kind.POWER_CUT, "power", {Reason.ON_BATTERY}),
        (Kind.CLOCK_WRONG, "clock", {Reason.CLOCK_WRONG}),
        (Kind.DISK_FULL, "storage", {Reason.DISK_FULL}),
        (Kind.DISK_FAILING, "storage", {Reason.DISK_FAILING}),
        (Kind.TOKEN_ABSENT, "signing_token", {Reason.TOKEN_ABSENT}),
        (Kind.PIN_LAST_TRY, "signing_token", {Reason.PIN_FINAL_TRY}),
        (Kind.PIN_LOCKED, "signing_token", {Reason.PIN_LOCKED}),
        (Kind.SIGNING_EXPIRED, "signing_token", {Reason.CERT_EXPIRED}),
    ],
)
def test_a_fault_shows_as_what_it_is(kind: Kind, check: str, reason: set[Reason]) -> None:
    """In the check that sees it."""
    seen = {
        reading.reason
        for run, reading in found(CHECKS[check])
        if run.has(kind) and reading.outcome is Outcome.FAILED
    }  # fmt: skip
    assert seen == reason


def test_a_full_line_is_slow_and_used() -> None:
    """Nine tenths of the contract and more, and several times the round trip."""
    runs = [run for run, _ in found(CHECKS["uplink"]) if run.desk.role == "router"]
    slow = [run for run in runs if run.has(Kind.SLOW_LINE)]
    assert all(run.load > 0.9 for run in slow)
    assert sum(run.rtt() for run in slow) / len(slow) > 3 * sum(run.rtt() for run in runs) / len(runs)


def test_no_lease_is_had_over_a_line_that_is_cut() -> None:
    """A test of speed gives no result then, and one otherwise."""
    run = next(run for run, _ in found(CHECKS["bandwidth"]) if not run.troubles)
    cut = structs.replace(run, troubles=(in_place(Kind.LINE_CUT, run.desk),))
    taken = [readings.result(CHECKS["bandwidth"], one, seq=1, boot="b", booted=0) for one in (run, cut)]
    assert [result is None for result in taken] == [False, True]


def test_a_check_without_a_generator_tells_what_it_declares() -> None:
    """One that is added to the registry is simulated from the first day."""
    check = structs.replace(CHECKS["support"], name="new")
    run = next(run for run, _ in found(CHECKS["support"]))
    reading = readings.reading(check, run)
    assert {sample.name for sample in reading.samples} == {metric.name for metric in check.metrics}
    assert reading.facts.keys() == {fact.name for fact in check.facts}
    assert list(wrong(check, reading)) == []
