"""Name lookup against name servers as Debian has them: unbound and dnsmasq, started by the test."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.dns import CHECK
from checks.kit import child
from checks.kit.host import Host
from checks.kit.model import Env, Outcome, Reading, Reason, decode_params
from tests.checks.conftest import environment
from tests.checks.datagrams import place
from tests.checks.dnsservers import (
    Speaker,
    answer,
    dnsmasq,
    running,
    says,
    unbound,
    unbound_command,
    until_listening,
)
from tests.lab import namespaces
from tests.ports import free_port

NAME = "dichvucong.gov.vn"
RIGHT = (
    f'local-data: "{NAME}. 300 IN A 203.0.113.10"',
    f'local-data: "{NAME}. 300 IN AAAA 2001:db8::10"',
)
FORGED = (f'local-data: "{NAME}. 300 IN A 198.51.100.66"',)
Look = Callable[..., Reading]


@pytest.fixture
def look() -> Look:
    """Runs the check with these parameters, its questions in a real child."""

    def run(*servers: str, env: Env | None = None, host: str = NAME, **params: Any) -> Reading:
        given = {"host": host, "servers": servers or ("system",), "timeout": 1.0, "attempts": 1, **params}
        reading: Reading = CHECK.run(decode_params(CHECK, given), env or environment(child=child))
        return reading

    return run


@contextlib.contextmanager
def unbound_in(space: namespaces.Namespace, folder: Path, address: str, *more: str) -> Iterator[None]:
    """unbound on port 53 inside `space`."""
    command = unbound_command(folder, address, 53, *more)

    def start(words: list[str], **options: Any) -> Any:
        process = space.start(*words, **options)
        space.call(lambda: until_listening(process, address, 53))
        return process

    with running(command, address, 53, start):
        yield


def stub_zone(authority: str) -> tuple[str, ...]:
    """Lines that make unbound ask `authority` for all of gov.vn."""
    return (
        'local-zone: "gov.vn." transparent',
        "stub-zone:",
        'name: "gov.vn"',
        f"stub-addr: {authority.replace(':', '@')}",
    )


def numbers(reading: Reading, name: str) -> dict[str, float]:
    """One metric's values by its labels' values, joined."""
    return {"/".join(found.labels.values()): found.value for found in reading.samples if found.name == f"dns_{name}"}


def test_a_right_zone_is_ok_with_times_and_facts(look: Look, tmp_path: Path) -> None:
    """Both families, over UDP, nothing invented; what was used of the network is counted."""
    env = environment(child=child)
    with unbound(tmp_path, *RIGHT) as server:
        reading = look(server, env=env, expect=["203.0.113.0/24", "2001:db8::10"])
    assert (reading.outcome, reading.reason) == (Outcome.OK, None)
    assert numbers(reading, "up") == {"": 1.0}
    assert numbers(reading, "server_up") == {"1": 1.0}
    assert numbers(reading, "unanswered") == {"1": 0.0}
    times = numbers(reading, "lookup")
    assert set(times) == {"1/a/udp", "1/aaaa/udp"}
    assert all(0 < took < 1 for took in times.values())
    assert reading.facts == {
        "servers": "127.0.0.1", "servers_asked": 1, "servers_answering": 1, "addresses": 2, "families": "both",
        "aliases": 0, "agreement": None, "rewritten": False, "authenticated": False, "transport": "udp",
        "wrong_address": None,
    }  # fmt: skip
    assert env.meter.sockets == 3
    assert 100 < env.meter.sent < 300
    assert 100 < env.meter.received < 600


def test_a_forged_address_is_wrong_and_named(look: Look, tmp_path: Path) -> None:
    """Any server that lies fails the check, also one that is only asked beside the right one."""
    (tmp_path / "forged").mkdir()
    with unbound(tmp_path, *RIGHT) as right, unbound(tmp_path / "forged", *FORGED) as forged:
        alone = look(forged, expect=["203.0.113.10"])
        beside = look(right, forged, expect=["203.0.113.10", "2001:db8::/32"])
        unjudged = look(right, forged)
    assert (alone.outcome, alone.reason) == (Outcome.FAILED, Reason.DNS_WRONG)
    assert (beside.reason, beside.facts["agreement"]) == (Reason.DNS_WRONG, False)
    assert beside.facts["wrong_address"] == "private"
    assert numbers(beside, "server_up") == {"1": 1.0, "2": 1.0}
    assert (unjudged.outcome, unjudged.facts["agreement"]) == (Outcome.OK, False)


def test_a_public_wrong_address_is_evidence(look: Look, tmp_path: Path) -> None:
    """It says where the name leads; an address inside the office would not leave the PC."""
    with unbound(tmp_path, f'local-data: "{NAME}. A 8.8.4.4"') as server:
        reading = look(server, expect=["203.0.113.10"])
    assert reading.facts["wrong_address"] == "8.8.4.4"


def test_a_name_that_does_not_exist_is_named(look: Look, tmp_path: Path) -> None:
    """The server works, the name is at fault."""
    with unbound(tmp_path, *RIGHT) as server:
        reading = look(server, host="dichvucon.gov.vn")
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DNS_NXDOMAIN)
    assert (numbers(reading, "up"), numbers(reading, "server_up")) == ({"": 0.0}, {"1": 1.0})


def test_a_name_without_an_address_is_named(look: Look, tmp_path: Path) -> None:
    """It exists, but with other records only."""
    with unbound(tmp_path, f'local-data: "{NAME}. TXT here"') as server:
        reading = look(server)
    assert (reading.reason, reading.facts["families"]) == (Reason.DNS_NO_ADDRESS, "none")


def test_a_zone_whose_authority_does_not_know_it_is_a_servfail(look: Look, tmp_path: Path) -> None:
    """A resolver says so when nobody answers for the zone."""
    with Speaker(says("REFUSED")) as authority, unbound(tmp_path, *stub_zone(authority.place)) as server:
        reading = look(server, records=["A"], rewriting=False, timeout=8.0)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DNS_SERVFAIL)


def test_a_dead_zone_is_a_timeout(look: Look, tmp_path: Path) -> None:
    """unbound goes on trying for longer than anybody waits."""
    with unbound(tmp_path, *stub_zone(place("127.0.0.1", free_port()))) as server:
        reading = look(server, records=["A"], rewriting=False, timeout=0.5)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DNS_TIMEOUT)
    assert numbers(reading, "unanswered") == {"1": 1.0}


def test_a_slow_zone_shows_as_time(look: Look, tmp_path: Path) -> None:
    """What the resolver waits for its authority, the PC waits too."""

    def slow(question: Any) -> Any:
        time.sleep(0.3)
        return says(A=["203.0.113.10"])(question)

    with Speaker(slow) as authority, unbound(tmp_path, *stub_zone(authority.place)) as server:
        reading = look(server, records=["A"], rewriting=False, timeout=8.0)
    assert reading.outcome is Outcome.OK
    assert 0.3 <= numbers(reading, "lookup")["1/a/udp"] < 8


def test_a_loop_of_aliases_is_found_behind_a_real_resolver(look: Look, tmp_path: Path) -> None:
    """unbound only says SERVFAIL of it."""

    def circle(question: Any) -> Any:
        asked = question.question[0].name.to_text()
        other = "a.gov.vn." if asked.startswith("b.") else "b.gov.vn."
        return answer(question, f"{asked} CNAME {other}")

    with Speaker(circle) as authority, unbound(tmp_path, *stub_zone(authority.place)) as server:
        reading = look(server, host="a.gov.vn", records=["A"], rewriting=False, timeout=8.0)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DNS_LOOP)


def test_names_that_do_not_exist_are_not_invented(look: Look) -> None:
    """dnsmasq made to answer for everything is a name server that rewrites NXDOMAIN."""
    with dnsmasq("--address=/#/203.0.113.7") as server:
        reading = look(server)
        unasked = look(server, rewriting=False)
    assert (reading.outcome, reading.reason, reading.facts["rewritten"]) == (
        Outcome.FAILED, Reason.DNS_REWRITTEN, True,
    )  # fmt: skip
    assert (unasked.outcome, unasked.facts["rewritten"]) == (Outcome.OK, None)


def test_a_domain_that_rightly_answers_for_every_name_is_no_rewriting(look: Look) -> None:
    """Unless the configuration says that nothing exists there."""
    with dnsmasq(f"--address=/{NAME}/203.0.113.7", "--local=/vn/") as server:
        reading = look(server)
        told = look(server, canary=NAME)
    assert (reading.outcome, reading.facts["rewritten"]) == (Outcome.OK, False)
    assert told.reason is Reason.DNS_REWRITTEN


def test_an_alias_is_followed_and_counted(look: Look) -> None:
    """dnsmasq gives the chain in one answer."""
    with dnsmasq(f"--host-record={NAME},203.0.113.10", f"--cname=www.gov.vn,{NAME}", "--local=/vn/") as server:
        reading = look(server, host="www.gov.vn")
        alias = look(server, host="www.gov.vn", records=["CNAME"])
    assert (reading.outcome, reading.facts["aliases"], reading.facts["families"]) == (Outcome.OK, 1, "ipv4")
    assert (alias.outcome, set(numbers(alias, "lookup"))) == (Outcome.OK, {"1/cname/udp"})


def test_a_long_answer_comes_over_tcp(look: Look, tmp_path: Path) -> None:
    """More addresses than 512 bytes hold."""
    many = [f'local-data: "{NAME}. A 203.0.113.{number}"' for number in range(1, 61)]
    with unbound(tmp_path, *many) as server:
        reading = look(server, records=["A"])
    assert (reading.outcome, reading.facts["transport"]) == (Outcome.OK, "tcp")
    assert (reading.facts["addresses"], set(numbers(reading, "lookup"))) == (32, {"1/a/tcp"})


def test_one_dead_server_of_two_is_told_and_does_not_fail_the_check(look: Look, tmp_path: Path) -> None:
    """The PC finds its names all the same."""
    with unbound(tmp_path, *RIGHT) as server:
        reading = look(place("127.0.0.1", free_port()), server)
    assert reading.outcome is Outcome.OK
    assert numbers(reading, "server_up") == {"1": 0.0, "2": 1.0}
    assert (reading.facts["servers_asked"], reading.facts["servers_answering"]) == (2, 1)


def test_an_ipv6_only_office_is_measured(look: Look, tmp_path: Path) -> None:
    """Its resolver has only IPv6, and so has the name."""
    with (
        namespaces.office(ipv4=False) as office,
        unbound_in(office.router, tmp_path, office.ROUTER[1], f'local-data: "{NAME}. AAAA 2001:db8:3::10"'),
    ):
        reading = office.pc.call(lambda: look(place(office.ROUTER[1], 53), timeout=3.0, attempts=2))
    assert (reading.outcome, reading.facts["families"]) == (Outcome.OK, "ipv6")


def test_the_systems_own_servers_are_asked_in_their_order(look: Look, tmp_path: Path) -> None:
    """As resolv.conf has them; the router's address stays in the office."""
    (tmp_path / "etc").mkdir()
    with namespaces.office() as office:
        (tmp_path / "etc/resolv.conf").write_text(f"nameserver {office.ROUTER[0]}\nnameserver {office.SERVER[1]}\n")
        env = environment(child=child, host=Host(str(tmp_path)))
        with unbound_in(office.router, tmp_path, office.ROUTER[0], *RIGHT):
            reading = office.pc.call(lambda: look(env=env, timeout=3.0))
    assert (reading.outcome, reading.facts["servers"]) == (Outcome.OK, "private, private")
    assert numbers(reading, "server_up") == {"1": 1.0, "2": 0.0}
