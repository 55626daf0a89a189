"""A simulated device measures, falls silent and says so as a real one would."""

from __future__ import annotations

from checks.kit import registry
from checks.kit.model import Outcome, Result
from collector.plan import Limits
from collector.served import DeviceConfig, Push, ServedJob
from collector.simulate import city
from collector.simulate.agent import Agent
from collector.simulate.machine import WRONG
from collector.simulate.model import SECOND, Desk, Fault, Kind, Trouble
from collector.simulate.outbox import Key, Outbox

CHECKS = registry.find()
NOW = 1_795_228_200 * SECOND
HOUR = 3600 * SECOND
POWER, PORTAL = ServedJob(check="power", every=900.0), ServedJob(check="connectivity", target="portal", every=600.0)
CONFIG = DeviceConfig(
    etag="e", unit="27259", jobs=[POWER, PORTAL, ServedJob(check="newer", every=60.0)], push=Push(60.0), hours=None,
    maintenance=[], limits=Limits(),
)  # fmt: skip


def desk() -> Desk:
    """One with a UPS."""
    return next(
        one for one in city.desks("27259", ["router", "kiosk", *["pc"] * 4], 1, NOW // SECOND) if one.ups
    )  # fmt: skip


def agent(*kinds: Kind, begin: int = NOW, end: int | None = None, silent: bool = False) -> Agent:
    at = desk()
    troubles = [
        Trouble(
            fault=Fault(kind=kind, silent=silent), begin=begin, end=end, units=frozenset({at.unit}), subject=at.unit,
            devices={at.unit: frozenset({at.station})},
        )
        for kind in kinds
    ]  # fmt: skip
    box = Outbox("0b0b0b0b-0000-4000-8000-000000000001", Key(b"\2" * 32), 1)
    return Agent(at, city.office(at.unit, 1), box, CONFIG, CHECKS, {"portal": "internet"}, troubles)


def measured(one: Agent) -> list[Result]:
    return list(one.outbox._held.values())


def test_a_history_holds_every_run_in_order() -> None:
    """Of the checks that are known: four of power and six of the portal an hour, numbered by time."""
    one = agent()
    one.history(NOW - HOUR, NOW)
    found = measured(one)
    assert sorted(result.check for result in found) == ["connectivity"] * 6 + ["power"] * 4
    assert [result.seq for result in found] == list(range(1, 11))
    assert [result.at for result in found] == sorted(result.at for result in found)
    assert all(NOW - HOUR <= result.at < NOW for result in found)


def test_power_fails_with_a_last_word() -> None:
    """Who has a UPS says that it runs on it; then nothing, and the next boot tells how long it was."""
    one = agent(Kind.POWER_CUT, begin=NOW - 2 * HOUR, end=NOW - HOUR)
    one.history(NOW - 3 * HOUR, NOW)
    found = measured(one)
    dark = [result for result in found if NOW - 2 * HOUR <= result.at < NOW - HOUR]
    assert [(result.check, result.reason) for result in dark] == [("power", "on_battery")]
    before, after = ({result.boot for result in found if begin <= result.at < begin + HOUR}
                     for begin in (NOW - 3 * HOUR, NOW - HOUR))  # fmt: skip
    assert (len(before), len(after), before & after) == (1, 1, set())
    told = [
        result.facts["last_outage_seconds"] for result in found if result.at > NOW - HOUR and result.check == "power"
    ]
    assert told == [3600.0] * 4
    assert all(0 <= result.mono <= HOUR for result in found if result.at > NOW - HOUR)


def test_nothing_is_heard_of_a_device_without_power() -> None:
    """But for the seconds in which its battery carries its last word."""
    one = agent(Kind.POWER_CUT, end=NOW + HOUR)
    seen = [(one.is_dark(at), one.is_mute(at)) for at in (NOW - 1, NOW + SECOND, NOW + 60 * SECOND, NOW + HOUR)]
    assert seen == [(False, False), (True, False), (True, True), (False, False)]
    assert [one.measure(PORTAL, NOW + SECOND), one.measure(POWER, NOW + SECOND, dying=True)] == [False, True]


def test_an_agent_that_stopped_measures_and_sends_nothing() -> None:
    """While it lasts."""
    one = agent(Kind.AGENT_SILENT, end=NOW + HOUR)
    assert (one.is_dark(NOW), one.is_mute(NOW), one.is_dark(NOW + HOUR)) == (True, True, False)


def test_a_device_behind_a_broken_line_keeps_what_it_measures() -> None:
    """Where its reports take the same way they come afterwards; else at once."""
    quiet, heard = (agent(Kind.LINE_CUT, silent=silent) for silent in (True, False))
    assert [one.is_mute(NOW) for one in (quiet, heard)] == [True, False]
    for one in (quiet, heard):
        assert one.measure(PORTAL, NOW)
        assert measured(one)[-1].outcome is Outcome.FAILED


def test_a_wrong_clock_shows_in_every_time_but_the_one_since_boot() -> None:
    """Ten minutes ahead."""
    right, wrong = agent(), agent(Kind.CLOCK_WRONG)
    for one in (right, wrong):
        one.measure(PORTAL, NOW)
    (good,), (bad,) = measured(right), measured(wrong)
    assert (bad.at - good.at, bad.mono - good.mono) == (WRONG * SECOND, 0)


def test_its_health_is_what_waits() -> None:
    """As a real agent's: how much, and since when; while its history is sent, what it was then."""
    one = agent()
    one.measure(PORTAL, NOW - HOUR)
    told = one._health(NOW)
    assert (told["spool_records"], told["spool_age_seconds"], told["spool_dropped"]) == (1.0, 3600.0, 0.0)
    one.is_past = True
    assert (one._health(NOW)["spool_records"], one._health(NOW)["spool_age_seconds"]) == (0.0, 0.0)
