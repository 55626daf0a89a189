"""Name servers that are silent, lie, cut short, go in circles or talk nonsense: each has its own reason."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import dns.message
import pytest

from checks.kit.model import Outcome, Reason
from tests.checks.datagrams import place
from tests.checks.dnsservers import Speaker, Speech, answer, says
from tests.checks.test_dns import NAME, Look, look, numbers
from tests.ports import free_port

__all__ = ["look"]
Message = dns.message.Message
RIGHT = says(A=["203.0.113.10"])


def silent(_: Message) -> None:
    """Never answers."""


def garbage(question: Message) -> bytes:
    """The right id, then nonsense."""
    return question.to_wire()[:2] + b"\xff" * 9


def other_question(question: Message) -> bytes:
    """The right id over another name's answer."""
    other = dns.message.make_query("other.gov.vn", "A", id=question.id)
    return answer(other, "other.gov.vn. A 203.0.113.66")


def echo(question: Message) -> bytes:
    """The question, thrown back."""
    return question.to_wire()


def wrong_id(question: Message) -> bytes:
    """Somebody who guesses."""
    data = answer(question, f"{NAME}. A 203.0.113.66")
    return bytes([data[0] ^ 255]) + data[1:]


def cut(question: Message) -> bytes:
    """Cut short, within a record."""
    return answer(question, f"{NAME}. A 203.0.113.10", cut=True)[:-3]


def circle(question: Message) -> bytes:
    """Two aliases that lead to each other."""
    return answer(question, f"{NAME}. CNAME b.gov.vn.", f"b.gov.vn. CNAME {NAME}.")


def contradiction(question: Message) -> bytes:
    """Says that the name does not exist, with its address."""
    return answer(question, f"{NAME}. {question.question[0].rdtype.name} 203.0.113.10", rcode="NXDOMAIN")


@pytest.mark.parametrize(
    ("speech", "reason"),
    [
        (silent, Reason.DNS_TIMEOUT),
        (says("SERVFAIL"), Reason.DNS_SERVFAIL),
        (says("NOTIMP"), Reason.DNS_SERVFAIL),
        (says("REFUSED"), Reason.DNS_REFUSED),
        (says("NXDOMAIN"), Reason.DNS_NXDOMAIN),
        (says(), Reason.DNS_NO_ADDRESS),
        (garbage, Reason.DNS_MALFORMED),
        (other_question, Reason.DNS_MALFORMED),
        (echo, Reason.DNS_MALFORMED),
        (wrong_id, Reason.DNS_MALFORMED),
        (cut, Reason.DNS_TRUNCATED),
        (circle, Reason.DNS_LOOP),
    ],
)
def test_each_fault_has_its_reason(speech: Speech, reason: Reason, look: Look) -> None:
    """No exception, one line of ours."""
    with Speaker(speech) as server:
        reading = look(server.place, records=["A"], timeout=0.4)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, reason)
    assert numbers(reading, "up") == {"": 0.0}
    assert reading.detail
    assert "gov" not in reading.detail


def test_a_name_that_contradicts_itself_is_malformed(look: Look) -> None:
    """It cannot both exist and not."""
    with Speaker(contradiction) as server:
        assert look(server.place, records=["A"]).reason is Reason.DNS_MALFORMED


def test_nobody_on_the_port_is_a_timeout_at_once(look: Look) -> None:
    """The system says so; nothing is waited for."""
    started = time.monotonic()
    reading = look(place("127.0.0.1", free_port()), timeout=10.0, attempts=4)
    assert (reading.reason, reading.detail) == (Reason.DNS_TIMEOUT, "nothing listens on the name server's port")
    assert time.monotonic() - started < 8


def test_a_forged_answer_that_comes_first_is_waited_past(look: Look) -> None:
    """Its id is wrong, so it is somebody's guess."""

    def two(question: Message) -> list[bytes]:
        return [wrong_id(question), answer(question, f"{NAME}. A 203.0.113.10")]

    with Speaker(two) as server:
        reading = look(server.place, records=["A"], rewriting=False, expect=["203.0.113.10"])
    assert reading.outcome is Outcome.OK


def test_a_lost_question_is_asked_again_and_counted(look: Look) -> None:
    """One lost packet is not a dead server."""
    heard: list[int] = []

    def second_time(question: Message) -> Any:
        heard.append(question.id)
        return RIGHT(question) if len(heard) > 1 else None

    with Speaker(second_time) as server:
        reading = look(server.place, records=["A"], rewriting=False, timeout=0.4, attempts=2)
    assert (reading.outcome, numbers(reading, "unanswered")) == (Outcome.OK, {"1": 1.0})
    assert heard[0] != heard[1]


def test_tcp_that_hangs_or_ends_early_is_truncated(look: Look) -> None:
    """The long answer is there and cannot be had."""

    def short(_: Message) -> bytes:
        return b""

    for tcp in (silent, short):
        with Speaker(cut, tcp) as server:
            reading = look(server.place, records=["A"], timeout=0.4)
        assert reading.reason in (Reason.DNS_TRUNCATED, Reason.DNS_MALFORMED)
    with Speaker(cut, RIGHT) as server:
        assert look(server.place, records=["A"], rewriting=False).facts["transport"] == "tcp"


def test_a_server_that_drops_one_kind_of_question_shows(look: Look) -> None:
    """Names are found, but slowly: home routers that ignore AAAA."""

    def only_a(question: Message) -> Any:
        return RIGHT(question) if question.question[0].rdtype.name == "A" else None

    with Speaker(only_a) as server:
        reading = look(server.place, timeout=0.4, rewriting=False)
    assert reading.outcome is Outcome.OK
    assert (numbers(reading, "unanswered"), set(numbers(reading, "lookup"))) == ({"1": 1.0}, {"1/a/udp"})


def test_a_silent_server_is_asked_once_and_not_for_every_name(look: Look) -> None:
    """The deadline holds with many names."""
    with Speaker(silent) as server:
        reading = look(server.place, names=["a.vn", "b.vn", "c.vn"], timeout=0.4, attempts=2)
        assert len(server.asked) == 2
    assert reading.reason is Reason.DNS_TIMEOUT


def test_when_all_servers_fail_the_one_that_came_furthest_says_why(look: Look) -> None:
    """A server that answers with an error tells more than one that is silent."""
    with Speaker(silent) as dead, Speaker(says("SERVFAIL")) as broken:
        assert look(dead.place, broken.place, timeout=0.4).reason is Reason.DNS_SERVFAIL


def test_the_first_final_answer_decides_as_in_a_resolver(look: Look) -> None:
    """That another server knows the name does not help this PC."""
    with Speaker(says("NXDOMAIN")) as first, Speaker(says("REFUSED")) as useless, Speaker(RIGHT) as second:
        assert look(first.place, second.place).reason is Reason.DNS_NXDOMAIN
        assert look(useless.place, second.place, rewriting=False).outcome is Outcome.OK


def test_a_flood_of_records_stays_bounded(look: Look) -> None:
    """Whatever comes, at most 32 records of a message are kept."""

    def flood(question: Message) -> bytes:
        return answer(question, *(f"{NAME}. A 203.0.{number // 256}.{number % 256}" for number in range(2000)))

    with Speaker(cut, flood) as server:
        reading = look(server.place, records=["A"], rewriting=False)
    assert (reading.outcome, reading.facts["addresses"]) == (Outcome.OK, 32)


def test_six_servers_fit_into_a_childs_memory(look: Look) -> None:
    """Threads reserve address space, of which a child has 256 MiB."""
    with contextlib.ExitStack() as stack:
        six = [stack.enter_context(Speaker(RIGHT)).place for _ in range(6)]
        reading = look(*six, records=["A"], rewriting=False)
    assert (reading.outcome, reading.facts["servers_answering"]) == (Outcome.OK, 6)


def test_a_name_too_long_for_a_label_before_it_is_looked_up_all_the_same(look: Look) -> None:
    """Only whether names are invented stays unknown."""
    name = ".".join(["a" * 62] * 4)
    with Speaker(says(A=["203.0.113.10"])) as server:
        reading = look(server.place, host=name, records=["A"])
    assert (reading.outcome, reading.facts["rewritten"]) == (Outcome.OK, None)
