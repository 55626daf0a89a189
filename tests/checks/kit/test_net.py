"""Names, addresses and errors of the network primitives."""

from __future__ import annotations

import errno
import socket
import threading
import time
from typing import Any

import pytest

from checks.kit.failure import from_os
from checks.kit.model import Meter, Reason
from checks.kit.net import MAX_HANGING, Address, Net, NetError
from tests.checks.conftest import but_loopback
from tests.checks.servers import blackhole, closed_port


def _failing(code: int, after: float = 0.0) -> Any:
    def lookup(host: bytes, port: int, **_: object) -> list[tuple[Any, ...]]:
        time.sleep(after)
        raise socket.gaierror(code, "words of the system")

    return lookup


@pytest.mark.parametrize(
    ("code", "reason", "detail"),
    [
        (socket.EAI_NONAME, Reason.DNS_NXDOMAIN, "the name does not exist"),
        (socket.EAI_NODATA, Reason.DNS_NO_ADDRESS, "the name has no address"),
        (socket.EAI_ADDRFAMILY, Reason.DNS_NO_ADDRESS, "the name has no address"),
        (socket.EAI_AGAIN, Reason.DNS_SERVFAIL, "the name server could not answer"),
        (socket.EAI_FAIL, Reason.DNS_SERVFAIL, "the name server could not answer"),
    ],
)
def test_the_resolvers_answers_become_reasons(code: int, reason: Reason, detail: str) -> None:
    """Each cause has its own."""
    with pytest.raises(NetError) as caught:
        Net(_failing(code)).resolve("nonexistent.invalid", 443, 5)
    assert (caught.value.reason, caught.value.detail) == (reason, detail)


def test_a_late_try_again_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system says the same for a name server that errs and one that is silent; only the time differs."""
    monkeypatch.setattr("checks.kit.net.AGAIN_IS_TIMEOUT", 0.02)
    with pytest.raises(NetError) as caught:
        Net(_failing(socket.EAI_AGAIN, after=0.03)).resolve("a.invalid", 443, 5)
    assert caught.value.reason is Reason.DNS_TIMEOUT


def test_a_resolver_that_hangs_ends_in_dns_timeout_and_hangs_are_bounded() -> None:
    """Lookups that never return cost at most MAX_HANGING threads; once they end, others are asked again."""
    release = threading.Event()

    def lookup(host: bytes, port: int, **_: object) -> list[tuple[Any, ...]]:
        release.wait(20)
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]

    net = Net(lookup, forbidden=but_loopback)
    details = []
    for _ in range(MAX_HANGING + 1):
        with pytest.raises(NetError) as caught:
            net.resolve("a.invalid", 443, 0.01)
        details.append((caught.value.reason, caught.value.detail))
    assert details[:-1] == [(Reason.DNS_TIMEOUT, "no answer in time from the name server")] * MAX_HANGING
    assert details[-1] == (Reason.DNS_TIMEOUT, "8 earlier lookups still wait for the name server")
    release.set()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            assert net.resolve("a.invalid", 443, 5).addresses
            break
        except NetError:
            time.sleep(0.01)
    else:
        pytest.fail("the slots of ended lookups are not free again")


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", "ipv4"), ("::1", "ipv6")])
def test_a_literal_address_asks_nobody(host: str, family: str) -> None:
    """It has no dns phase."""
    found = Net(_failing(socket.EAI_FAIL)).resolve(host, 443, 5)
    assert (found.took, [address.family for address in found.addresses]) == (None, [family])


def test_addresses_keep_their_order_and_stand_once() -> None:
    """The system's order of preference (RFC 6724) is not ours to change; families we cannot use are left out."""
    rows: list[tuple[Any, ...]] = [
        (socket.AF_INET6, 1, 6, "", ("::1", 1, 0, 0)),
        (socket.AF_INET, 1, 6, "", ("127.0.0.1", 1)),
        (socket.AF_INET, 1, 6, "", ("127.0.0.1", 1)),
        (socket.AF_UNIX, 1, 6, "", "x"),
    ]
    found = Net(lambda *_, **__: rows, forbidden=but_loopback).resolve("a.invalid", 1, 5)
    assert [address.family for address in found.addresses] == ["ipv6", "ipv4"]
    assert found.took is not None


def test_no_usable_address_is_no_address() -> None:
    """An empty answer is not a success."""
    with pytest.raises(NetError) as caught:
        Net(lambda *_, **__: []).resolve("a.invalid", 1, 5)
    assert caught.value.reason is Reason.DNS_NO_ADDRESS


def test_a_name_that_cannot_be_encoded_is_raised_as_it_is() -> None:
    """A fault of ours is not dressed up as the network's."""
    with pytest.raises(UnicodeEncodeError):
        Net().resolve("một-cửa.invalid", 1, 5)


def test_of_several_failures_the_one_that_came_furthest_counts() -> None:
    """A refusal says more than a silence."""
    with blackhole() as silent:
        addresses = [Address("ipv4", ("127.0.0.1", port)) for port in (closed_port(), silent)]
        with pytest.raises(NetError) as caught:
            Net().connect(addresses, 0.4)
    assert caught.value.reason is Reason.TCP_REFUSED


def test_a_silent_address_leaves_time_for_the_next() -> None:
    """Each address gets its share of what is left."""
    with blackhole() as silent, socket.create_server(("127.0.0.1", 0)) as alive:
        addresses = [Address("ipv4", ("127.0.0.1", port)) for port in (silent, alive.getsockname()[1])]
        connection = Net().connect(addresses, 1.0)
        connection.sock.close()
    assert connection.address is addresses[1]
    assert connection.took < 0.4


@pytest.mark.parametrize(
    ("number", "reason", "detail"),
    [
        (errno.ECONNREFUSED, Reason.TCP_REFUSED, "the connection was refused when testing"),
        (errno.ECONNRESET, Reason.TCP_RESET, "the connection was reset when testing"),
        (errno.EPIPE, Reason.TCP_RESET, "the connection was reset when testing"),
        (errno.ETIMEDOUT, Reason.HTTP_TIMEOUT, "no answer in time when testing"),
        (errno.ENETUNREACH, Reason.TCP_UNREACHABLE, "the network has no way there when testing"),
        (errno.EHOSTUNREACH, Reason.TCP_UNREACHABLE, "the network has no way there when testing"),
        (errno.EPERM, Reason.PERMISSION, "this device forbids it when testing"),
        (errno.EMFILE, Reason.INTERNAL, "error EMFILE when testing"),
    ],
)
def test_the_systems_errors_become_reasons(number: int, reason: Reason, detail: str) -> None:
    """A timeout takes the reason of the phase it hit."""
    found = from_os(OSError(number, "words of the system"), Reason.HTTP_TIMEOUT, "when testing")
    assert (found.reason, found.detail) == (reason, detail)


def test_what_several_jobs_want_to_know_is_asked_once() -> None:
    """Those who come while one asks wait for its answer; later it is asked again."""
    net, asked, begun, go = Net(), [0], threading.Event(), threading.Event()

    def find() -> int:
        asked[0] += 1
        begun.set()
        assert go.wait(10)
        return asked[0]

    found: list[int | None] = []
    threads = [threading.Thread(target=lambda: found.append(net.shared("x", 60, 10, find))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    assert net.shared("x", 60, 0.01, find) is None
    go.set()
    for thread in threads:
        thread.join(10)
    assert found == [1] * 5
    assert net.shared("x", 60, 1, find) == 1
    assert net.shared("y", 60, 1, find) == 2
    time.sleep(0.002)
    assert net.shared("x", 0.001, 1, find) == 3


def test_an_answer_that_failed_is_asked_for_again() -> None:
    """An exception is the asker's, and no answer."""
    net = Net()
    with pytest.raises(NetError):
        net.shared("x", 60, 1, lambda: net.resolve("169.254.169.254", 80, 1))
    assert net.shared("x", 60, 1, lambda: "known") == "known"


def test_echo_requests_are_counted() -> None:
    """On loopback, which answers."""
    meter = Meter()
    found = Net(meter=meter).ping("127.0.0.1", count=2, interval=0.01, timeout=2)
    assert len(found.rtts) == 2
    assert (meter.sockets, meter.sent, meter.received) == (1, found.bytes_sent, found.bytes_received)
    assert meter.sent > 0


def test_a_server_can_be_kept_from_running_ahead() -> None:
    """What it has to say waits there, on whichever family won; without a window far more comes than that."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.create_server((host, 0), family=family) as server:
            address = Address("ipv6" if ":" in host else "ipv4", server.getsockname())
            assert _ahead(server, Net().race([address], 5, 12_288).winner().sock) <= 2 * 12_288
            assert _ahead(server, Net().connect([address], 5, 12_288).sock) <= 2 * 12_288
            assert _ahead(server, Net().connect([address], 5).sock) > 2 * 12_288


def _ahead(server: socket.socket, sock: socket.socket) -> int:
    """How many bytes come although nobody reads."""
    with sock:
        connection, _ = server.accept()
        with connection:
            connection.setblocking(False)
            connection.send(bytes(1_000_000))
            until = time.monotonic() + 5
            while (come := _waiting(sock)) == 0 or come < _waiting(sock, 0.1):
                assert time.monotonic() < until
            return come


def _waiting(sock: socket.socket, after: float = 0.0) -> int:
    time.sleep(after)
    return len(sock.recv(1_000_000, socket.MSG_PEEK))
