"""Asking a router over SNMP, in the child it is done in: Debian's snmpd, and routers that misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import child, snmp
from checks.kit.model import Reason
from checks.kit.survey import FUNCTION, Access, Answer, Question, Survey
from tests.checks.snmp_peers import (
    AUTH_KEY,
    C64,
    COMMUNITY,
    IF,
    IFX,
    PRIVACY_KEY,
    TEXT,
    USER,
    Responder,
    router,
    snmpd,
)
from tests.ports import free_port

V3 = {"version": "3", "user": USER, "auth_protocol": "SHA-256", "auth_key": AUTH_KEY, "privacy_key": PRIVACY_KEY}
SECRETS = (COMMUNITY, AUTH_KEY, PRIVACY_KEY, "sai-hoan-toan")


def asked(port: int, access: dict[str, str] | None = None, host: str = "127.0.0.1", **question: Any) -> Answer:
    """What the child answers."""
    given = {"timeout": 1.0, "retries": 0, **question}
    whole = Question(hosts=(host,), port=port, access=Access(**(access or {"community": COMMUNITY})), **given)
    answer: Answer = child.call(FUNCTION, whole, answer=Answer, timeout=30)
    assert not any(secret in repr(answer) for secret in SECRETS)
    return answer


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Debian's snmpd on both families of loopback."""
    found = free_port()
    with snmpd(tmp_path_factory.mktemp("snmpd"), f"udp:127.0.0.1:{found},udp6:[::1]:{found}"):
        yield found


@pytest.mark.parametrize(
    ("access", "host"),
    [
        ({"community": COMMUNITY}, "127.0.0.1"),
        ({"community": COMMUNITY}, "::1"),
        (V3, "127.0.0.1"),
        (V3, "::1"),
        ({"version": "3", "user": "signer", "auth_key": AUTH_KEY}, "127.0.0.1"),
    ],
)
def test_a_real_agent_is_read(port: int, access: dict[str, str], host: str) -> None:
    """v2c, v3 signed and v3 encrypted, over IPv4 and IPv6."""
    answer = asked(port, access, host, interface="lo")
    assert (answer.problem, answer.detail) == ("", "")
    assert answer.survey is not None
    assert (answer.survey.interface, answer.survey.chosen_by, answer.survey.vendor) == ("lo", "declared", "net-snmp")
    (snapshot,) = answer.snapshots
    assert {"uptime", "boots", "hc_in", "hc_out", "host_uptime", "errors_in"} <= set(snapshot.values)
    assert answer.sent > 300
    assert answer.received > answer.sent


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"auth_key": "sai-hoan-toan"}, Reason.SNMP_AUTH),
        ({"privacy_key": "sai-hoan-toan"}, Reason.SNMP_AUTH),
        ({"user": "nguoi-la"}, Reason.SNMP_AUTH),
        ({"auth_protocol": "SHA-512"}, Reason.SNMP_AUTH),
        ({"privacy_key": ""}, Reason.SNMP_AUTH),
        ({"version": "2c", "community": "sai-hoan-toan"}, Reason.SNMP_TIMEOUT),
    ],
)
def test_a_wrong_account_has_its_reason(port: int, changes: dict[str, str], reason: Reason) -> None:
    """SNMP v3 says so; v2c, by its nature, is silent."""
    answer = asked(port, {**V3, **changes}, interface="lo")
    assert answer.problem == reason
    assert not answer.snapshots


def test_nobody_there_is_a_timeout() -> None:
    answer = asked(free_port())
    assert answer.problem == Reason.SNMP_TIMEOUT


@pytest.mark.parametrize("survey", [None, Survey(index=1, interface="lo")])
def test_the_second_address_is_asked_when_the_first_is_silent(port: int, survey: Survey | None) -> None:
    question = Question(
        hosts=("127.0.0.9", "127.0.0.1"), port=port, access=Access(community=COMMUNITY), interface="lo", timeout=1,
        retries=0, survey=survey,
    )  # fmt: skip
    answer = child.call(FUNCTION, question, answer=Answer, timeout=30)
    assert (answer.problem, answer.host, len(answer.snapshots)) == ("", 1, 1)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """pysnmp is optional on a PC."""
    monkeypatch.setitem(__import__("sys").modules, "pysnmp", None)
    question = {"hosts": ["127.0.0.1"], "port": 1, "access": {}}
    answer = snmp.ask(question)
    assert (answer.problem, answer.detail) == (
        Reason.UNSUPPORTED,
        "pysnmp is not installed: it comes with sansang[snmp]",
    )


def test_the_default_route_chooses_the_interface() -> None:
    with Responder(router()) as peer:
        answer = asked(peer.port)
    assert answer.survey is not None
    assert (answer.survey.index, answer.survey.interface, answer.survey.chosen_by) == (2, "wan", "default_route")
    assert (answer.survey.vendor, answer.survey.model, answer.survey.firmware) == ("MikroTik", "RB750Gr3", "7.15.3")
    assert answer.snapshots[0].values["hc_in"] == 2_000


@pytest.mark.parametrize("wanted", ["lan", "ether1", "alias of lan"])
def test_a_declared_interface_is_found_by_name_description_or_alias(wanted: str) -> None:
    with Responder(router()) as peer:
        answer = asked(peer.port, interface=wanted)
    assert answer.survey is not None
    assert (answer.survey.index, answer.survey.interface, answer.survey.chosen_by) == (1, "lan", "declared")


@pytest.mark.parametrize(
    ("values", "wanted", "words"),
    [
        (router(), "pppoe-wan", "no interface of the declared name"),
        (router(**{f"{IFX}1.1": TEXT("wan")}), "wan", "several interfaces"),
        ({k: v for k, v in router().items() if ".4.21." not in k}, "", "default route"),
    ],
)
def test_an_interface_is_never_guessed(values: dict[str, Any], wanted: str, words: str) -> None:
    with Responder(values) as peer:
        answer = asked(peer.port, interface=wanted)
    assert answer.problem == Reason.INTERFACE_MISSING
    assert words in answer.detail


def test_a_known_interface_costs_one_small_question_and_is_looked_for_when_it_moved() -> None:
    """ifIndex may change when a router restarts."""
    with Responder(router()) as peer:
        first = asked(peer.port)
        again = asked(peer.port, survey=first.survey)
        assert (again.survey, again.snapshots[0].values["hc_in"]) == (first.survey, 2_000)
        assert again.sent < first.sent / 2
        for column in (f"{IFX}1.", f"{IF}2."):
            peer.values[f"{column}1"], peer.values[f"{column}2"] = peer.values[f"{column}2"], peer.values[f"{column}1"]
        peer.values["1.3.6.1.2.1.4.21.1.2.0.0.0.0"] = peer.values["1.3.6.1.2.1.4.21.1.2.0.0.0.0"].clone(1)
        moved = asked(peer.port, survey=first.survey)
    assert moved.survey is not None
    assert (moved.survey.index, moved.snapshots[0].values["hc_in"]) == (1, 1_000)


def test_settling_reads_twice() -> None:
    with Responder(router()) as peer:
        answer = asked(peer.port, settle=0.2)
    first, second = answer.snapshots
    assert 0.2e6 <= second.mono - first.mono < 10e6


def cut(answer: bytes) -> bytes:
    return answer[: len(answer) // 2]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (cut, Reason.SNMP_MALFORMED),
        (lambda _: b"HTTP/1.0 400 Bad Request\r\n\r\n", Reason.SNMP_MALFORMED),
        (lambda _: b"\x30\x82\xff\xff" + b"\x30" * 60_000, Reason.SNMP_MALFORMED),
        (lambda _: None, Reason.SNMP_TIMEOUT),
    ],
)
def test_a_spoilt_answer_has_its_reason(spoil: Callable[[bytes], bytes | None], reason: Reason) -> None:
    """Cut off, no SNMP at all, nested without end, none."""
    with Responder(router(), spoil) as peer:
        answer = asked(peer.port)
    assert answer.problem == reason


def test_a_question_that_was_lost_is_asked_again() -> None:
    """UDP loses packets: the first answer does not arrive."""
    lost: list[bytes] = []

    def drop_first(answer: bytes) -> bytes | None:
        if not lost:
            lost.append(answer)
            return None
        return answer

    with Responder(router(), drop_first) as peer:
        answer = asked(peer.port, retries=1)
    assert (answer.problem, len(answer.snapshots)) == ("", 1)


def test_text_for_a_counter_is_malformed() -> None:
    with Responder(router(**{f"{IFX}6.2": TEXT("a lot")})) as peer:
        assert asked(peer.port).problem == Reason.SNMP_MALFORMED


def test_a_router_that_cannot_hold_the_answer_is_asked_in_parts() -> None:
    """tooBig of RFC 3416: small devices have small buffers."""
    with Responder(router()) as peer:
        peer.largest = 3
        answer = asked(peer.port)
    assert answer.problem == ""
    assert answer.snapshots[0].values["hc_in"] == 2_000


@pytest.mark.parametrize(("status", "reason"), [(16, Reason.SNMP_AUTH), (5, Reason.SNMP_MISSING)])
def test_an_error_status_has_its_reason(status: int, reason: Reason) -> None:
    """authorizationError; genErr."""
    with Responder(router()) as peer:
        peer.status = status
        assert asked(peer.port).problem == reason


def test_a_walk_that_goes_in_circles_ends() -> None:
    with Responder(router()) as peer:
        peer.circle = True
        assert asked(peer.port, interface="wan").problem == Reason.INTERFACE_MISSING
        assert len(peer.asked) < 20


def test_a_walk_without_end_ends() -> None:
    endless = {f"{IFX}1.{index}": TEXT(f"port {index}") for index in range(1, 3000)}
    with Responder({**router(), **endless}) as peer:
        answer = asked(peer.port, interface="port 7", left=20.0)
    assert answer.survey is not None
    assert answer.survey.index == 7


def test_everything_ends_by_the_deadline() -> None:
    """However patient the messages are."""
    with Responder(router(), lambda _: None) as peer:
        answer = asked(peer.port, timeout=60.0, left=1.0)
    assert answer.problem == Reason.SNMP_TIMEOUT


def test_what_is_shown_of_an_access_holds_no_secret() -> None:
    shown = repr(Question(hosts=(), port=161, access=Access(community=COMMUNITY, **{**V3, "version": "3"})))
    assert not any(secret in shown for secret in SECRETS)


@given(st.binary(max_size=200))
def test_any_bytes_are_well_formed_or_not(data: bytes) -> None:
    """Never an exception; and what is well-formed is no longer so with one byte less or more."""
    if snmp.well_formed(data):
        assert not snmp.well_formed(data[:-1])
        assert not snmp.well_formed(data + b"\x00")


def test_a_real_message_is_well_formed() -> None:
    caught: list[bytes] = []

    def keep(answer: bytes) -> bytes:
        caught.append(answer)
        return answer

    with Responder({**router(), f"{IFX}6.2": C64(2**64 - 1)}, keep) as peer:
        asked(peer.port)
    assert caught
    for message in caught:
        assert snmp.well_formed(message)
        assert not any(snmp.well_formed(message[:end]) for end in range(len(message)))
