"""What the check never connects to: parameters, names and redirects are judged, and what was judged is used."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from checks.connectivity import CHECK
from checks.kit import guard
from checks.kit.model import Meter, Outcome, Reading, Reason, decode_params
from checks.kit.net import Lookup, Net
from tests.checks.conftest import always, environment, values
from tests.checks.servers import Server, http, say

WORDS = "every address of the host is one that must not be measured"


def check(url: str, lookup: Lookup = socket.getaddrinfo, **params: Any) -> Reading:
    """A run behind the guard that agents have."""
    reading: Reading = CHECK.run(decode_params(CHECK, {"url": url, **params}), environment(Net(lookup)))
    return reading


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://0.0.0.0:8420/", "http://224.0.0.1/",
     "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::7f00:1]/", "http://[fd00:ec2::254]/", "wss://100.100.100.200/",
     "http://[::ffff:127.0.0.1]/"],
)  # fmt: skip
def test_a_forbidden_literal_is_refused(url: str) -> None:
    """Nothing is opened, so nothing ran."""
    reading = check(url)
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.FAILED, Reason.ADDRESS_FORBIDDEN, WORDS)
    assert values(reading) == {"connectivity_up": 0.0}


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "0.0.0.0"])
def test_a_name_that_leads_to_a_forbidden_address_is_refused(address: str) -> None:
    """Rebinding: the name was allowed, its address is not."""
    with Server(say(http())) as server:
        reading = check(f"http://hethong.example:{server.port}/", always(address))
    assert reading.reason is Reason.ADDRESS_FORBIDDEN
    assert set(values(reading)) == {"connectivity_up"}
    assert server.requests == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1"])
def test_a_disguised_loopback_is_refused(host: str) -> None:
    """The system's resolver reads these as 127.0.0.1."""
    with Server(say(http())) as server:
        assert check(f"http://{host}:{server.port}/").reason is Reason.ADDRESS_FORBIDDEN


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reached_when_the_parameters_say_so(host: str) -> None:
    """The signing service of a PC listens there."""
    with Server(say(http())) as server:
        assert check(f"http://{host}:{server.port}/").outcome is Outcome.OK


def test_the_allowed_one_of_two_addresses_is_used() -> None:
    """The family that was left out says so."""
    seen: list[str] = []

    def forbidden(address: str, _loopback: bool) -> bool:
        seen.append(address)
        return guard.forbidden(address, address == "127.0.0.2")

    def lookup(host: bytes, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [(10, 1, 6, "", ("::1", port, 0, 0)), (2, 1, 6, "", ("127.0.0.2", port))]

    with Server(say(http()), host="127.0.0.2") as server:
        env = environment(Net(lookup, forbidden=forbidden))
        reading = CHECK.run(decode_params(CHECK, {"url": f"http://a.example:{server.port}/"}), env)
    assert reading.outcome is Outcome.OK
    assert (reading.facts["ipv4"], reading.facts["ipv6"]) == ("works", "address_forbidden")
    assert seen == ["::1", "127.0.0.2"]


def _answers() -> Iterator[str]:
    yield from ("127.0.0.2", "127.0.0.1", "127.0.0.1")


def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    """A resolver that says something else the second time is not asked a second time."""
    asked = _answers()

    def lookup(host: bytes, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [(2, 1, 6, "", (next(asked), port))]

    def forbidden(address: str, _loopback: bool) -> bool:
        return address == "127.0.0.1"

    with Server(say(http()), host="127.0.0.2") as judged, Server(say(http()), port=judged.port) as other:
        env = environment(Net(lookup, forbidden=forbidden))
        reading = CHECK.run(decode_params(CHECK, {"url": f"http://a.example:{judged.port}/"}), env)
    assert reading.outcome is Outcome.OK
    assert (len(judged.requests), other.requests) == (1, [])


def _named(host: bytes, port: int, **_: object) -> list[tuple[Any, ...]]:
    return [(2, 1, 6, "", ("127.0.0.1" if host == b"localhost" else "127.0.0.2", port))]


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://169.254.169.254/", "//[::1]:{port}/"]
)
def test_a_redirect_to_a_forbidden_address_is_not_followed(location: str) -> None:
    """A server that we may ask cannot make us ask another one."""

    def forbidden(address: str, loopback: bool) -> bool:
        return guard.forbidden(address, loopback or address == "127.0.0.2")

    with Server(say(http(200, b"secret"))) as inside:
        answer = say(http(302, b"", f"Location: {location.format(port=inside.port)}"))
        with Server(answer, host="127.0.0.2") as outside:
            net = Net(_named, forbidden=forbidden)
            params = decode_params(CHECK, {"url": f"http://a.example:{outside.port}/"})
            reading = CHECK.run(params, environment(net))
    assert reading.reason is Reason.ADDRESS_FORBIDDEN
    assert inside.requests == []


def test_this_machine_may_redirect_to_itself_but_not_through_a_name() -> None:
    """Only an address that plainly is this machine stays allowed."""
    with Server(say(http())) as inside:
        for host, outcome in (("127.0.0.1", Outcome.OK), ("a.example", Outcome.FAILED)):
            with Server(say(http(302, b"", f"Location: http://{host}:{inside.port}/"))) as outside:
                assert check(f"http://127.0.0.1:{outside.port}/", always()).outcome is outcome


def test_what_was_used_of_the_network_is_counted() -> None:
    """One lookup, one connection, the bytes of both."""
    meter = Meter()
    with Server(say(http(200, b"x" * 1000))) as server:
        net = Net(always(), forbidden=lambda *_: False, meter=meter)
        params = decode_params(CHECK, {"url": f"http://a.example:{server.port}/"})
        assert CHECK.run(params, environment(net)).outcome is Outcome.OK
    assert meter.sockets == 2
    assert meter.sent == len(server.requests[0]) + 2 * (18 + len("a.example"))
    answers = len(http(200, b"x" * 1000)) + 2 * (18 + len("a.example")) + 28
    assert meter.received - answers in (0, 1)  # Linux counts the end of the connection as a byte
