"""The clock against time servers that are right, wrong, silent, unsynchronised or lie."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from checks.clock import CHECK
from checks.kit import child
from checks.kit.model import Env, Outcome, Reading, Reason, decode_params
from tests.checks.conftest import environment
from tests.checks.datagrams import Datagrams
from tests.checks.ntpservers import Speech, reply
from tests.lab import namespaces

Compare = Callable[..., Reading]


@pytest.fixture
def compare() -> Compare:
    """Runs the check against servers that speak so, its questions in a real child."""

    def run(*speeches: Speech, address: str = "127.0.0.1", env: Env | None = None, **params: Any) -> Reading:
        with contextlib.ExitStack() as stack:
            places = [stack.enter_context(Datagrams(speech, address)).place for speech in speeches]
            given = {"servers": places, "samples": 2, "spacing": 0.0, "timeout": 0.4, **params}
            reading: Reading = CHECK.run(decode_params(CHECK, given), env or environment(child=child))
            return reading

    return run


def numbers(reading: Reading) -> dict[str, float]:
    """Samples by name, those of time servers by state."""
    return {found.labels.get("state", found.name.removeprefix("clock_")): found.value for found in reading.samples}


def states(reading: Reading) -> dict[str, float]:
    """How many time servers are in which state; those without any left out."""
    servers = (found for found in reading.samples if found.name == "clock_ntp_servers")
    return {found.labels["state"]: found.value for found in servers if found.value}


def silent(_: bytes) -> None:
    """Never answers."""


def test_a_right_server_gives_offset_delay_and_bound(compare: Compare) -> None:
    """The offset is within what the exchange itself says it can be wrong by."""
    env = environment(child=child)
    reading = compare(reply, env=env)
    found = numbers(reading)
    assert (reading.outcome, states(reading)) == (Outcome.OK, {"agreeing": 1.0})
    assert abs(found["ntp_offset"]) <= found["ntp_error"] < 0.5
    assert 0 <= found["ntp_delay"] < 0.4
    assert reading.facts["ntp_stratum"] == 2
    assert str(reading.facts["ntp_server"]).startswith("127.0.0.1:")
    assert (env.meter.sockets, env.meter.sent, env.meter.received) == (2, 96, 96)


@pytest.mark.parametrize("ahead", [3600.0, -3600.0, 10 * 365 * 86400.0])
def test_a_clock_that_is_far_off_is_a_value_and_no_failure(ahead: float, compare: Compare) -> None:
    """Ten years ahead a new era of NTP has begun. What counts as wrong is judged at the collector."""
    reading = compare(lambda question: reply(question, ahead=ahead))
    assert reading.outcome is Outcome.OK
    assert numbers(reading)["ntp_offset"] == pytest.approx(-ahead, abs=0.5)


def test_the_least_delayed_answer_counts(compare: Compare) -> None:
    """One that was held up on its way back would be off by half of that."""
    count = iter(range(100))

    def once_late(question: bytes) -> bytes:
        data = reply(question)
        if next(count) == 0:
            time.sleep(0.25)
        return data

    found = numbers(compare(once_late, timeout=1.0))
    assert abs(found["ntp_offset"]) < 0.1
    assert found["ntp_delay"] < 0.2


@pytest.mark.parametrize(
    ("speech", "reason", "state"),
    [
        (silent, Reason.NTP_TIMEOUT, "silent"),
        (lambda question: reply(question, stratum=16), Reason.NTP_UNSYNCHRONISED, "unsynchronised"),
        (lambda question: reply(question, leap=3), Reason.NTP_UNSYNCHRONISED, "unsynchronised"),
        (lambda question: reply(question, stratum=0), Reason.NTP_UNSYNCHRONISED, "unsynchronised"),
        (lambda question: reply(question, origin=bytes(8)), Reason.NTP_IMPLAUSIBLE, "implausible"),
        (lambda question: reply(question, transmit=bytes(8)), Reason.NTP_IMPLAUSIBLE, "implausible"),
        (lambda question: reply(question)[:40], Reason.NTP_IMPLAUSIBLE, "implausible"),
        (lambda question: reply(question, mode=3), Reason.NTP_IMPLAUSIBLE, "implausible"),
        (lambda question: question, Reason.NTP_IMPLAUSIBLE, "implausible"),
        (lambda question: reply(question, root_dispersion=17.0), Reason.NTP_IMPLAUSIBLE, "implausible"),
        (lambda question: reply(question, root_delay=1.5), Reason.NTP_IMPLAUSIBLE, "implausible"),
    ],
    ids=["silent", "stratum_16", "leap_3", "kiss_of_death", "wrong_origin", "zero_transmit", "truncated", "wrong_mode",
         "echo", "dispersion", "root_delay"],
)  # fmt: skip
def test_each_fault_has_its_reason(speech: Speech, reason: Reason, state: str, compare: Compare) -> None:
    """And no offset: none can be believed."""
    reading = compare(speech)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, reason)
    assert states(reading) == {state: 1.0}
    assert "ntp_offset" not in numbers(reading)
    assert (reading.facts["ntp_server"], reading.facts["ntp_stratum"]) == (None, None)


def test_a_kiss_of_death_is_obeyed() -> None:
    """Who is told to stop, stops."""
    with Datagrams(lambda question: reply(question, stratum=0)) as server:
        params = decode_params(CHECK, {"servers": [server.place], "samples": 4, "spacing": 0.0})
        CHECK.run(params, environment(child=child))
        assert len(server.asked) == 1


def test_nobody_on_the_port_and_no_such_host_are_silence(compare: Compare) -> None:
    """As is a name that nobody knows."""
    with namespaces.namespace() as alone:
        reading = alone.call(lambda: compare(servers=["127.0.0.1:1", "no-such-host.invalid"]))
    assert (reading.reason, states(reading)) == (Reason.NTP_TIMEOUT, {"silent": 2.0})


def test_one_liar_among_four_is_told_and_not_believed(compare: Compare) -> None:
    """The majority's time stands."""
    reading = compare(reply, lambda question: reply(question, ahead=3600.0), reply, reply)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.NTP_IMPLAUSIBLE)
    assert states(reading) == {"agreeing": 3.0, "disagreeing": 1.0}
    assert abs(numbers(reading)["ntp_offset"]) < 0.5


def test_two_that_contradict_each_other_are_both_not_believed(compare: Compare) -> None:
    """Nobody can say which of them lies."""
    reading = compare(reply, lambda question: reply(question, ahead=3600.0))
    assert (reading.reason, states(reading)) == (Reason.NTP_IMPLAUSIBLE, {"disagreeing": 2.0})
    assert "ntp_offset" not in numbers(reading)


def test_a_dead_or_unsynchronised_server_beside_a_good_one_is_ok(compare: Compare) -> None:
    """The time is known all the same."""
    reading = compare(silent, reply, lambda question: reply(question, leap=3))
    assert reading.outcome is Outcome.OK
    assert states(reading) == {"silent": 1.0, "agreeing": 1.0, "unsynchronised": 1.0}


def test_a_forged_answer_that_comes_first_is_waited_past(compare: Compare) -> None:
    """It does not hold the random number that the question did."""
    reading = compare(lambda question: [reply(question, ahead=99.0, origin=bytes(8)), b"x", reply(question)])
    assert reading.outcome is Outcome.OK
    assert abs(numbers(reading)["ntp_offset"]) < 0.5


def test_the_question_tells_nothing_of_this_clock() -> None:
    """Its transmit time is random, and another each time."""
    with Datagrams(reply) as server:
        params = decode_params(CHECK, {"servers": [server.place], "samples": 3, "spacing": 0.0})
        CHECK.run(params, environment(child=child))
        assert {len(question) for question in server.asked} == {48}
        assert {question[0] for question in server.asked} == {4 << 3 | 3}
        assert {question[1:40] for question in server.asked} == {bytes(39)}
        assert len({question[40:] for question in server.asked}) == 3


def test_an_ipv6_only_office_compares_its_clock(compare: Compare) -> None:
    """In a namespace that has only IPv6."""
    with namespaces.namespace() as alone:
        reading = alone.call(lambda: compare(reply, address="::1"))
    assert (reading.outcome, states(reading)) == (Outcome.OK, {"agreeing": 1.0})


def test_without_servers_the_system_is_described() -> None:
    """No question is sent."""
    env = environment(child=child)
    reading = CHECK.run(decode_params(CHECK, {}), env)
    assert reading.outcome is Outcome.OK
    assert {fact.name for fact in CHECK.facts} == set(reading.facts)
    assert {"maximum_error", "estimated_error", "frequency"} <= set(numbers(reading))
    assert isinstance(reading.facts["synchronised"], bool)
    assert (env.meter.sockets, env.meter.sent) == (0, 0)
