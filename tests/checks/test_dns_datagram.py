"""One question over UDP or TCP: what is taken, how it is timed, and that it ends when it must."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from checks.kit.datagram import Endpoint, NoReply, Used, tcp, udp
from tests.checks.servers import Server, blackhole, closed_port


@pytest.fixture
def twice() -> Iterator[Endpoint]:
    """A server that sends two datagrams for one, ``no`` and ``yes``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as serving:
        serving.bind(("127.0.0.1", 0))

        def serve() -> None:
            _, peer = serving.recvfrom(100)
            serving.sendto(b"no", peer)
            serving.sendto(b"yes", peer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Endpoint("127.0.0.1", serving.getsockname()[1])
        thread.join()


@pytest.fixture
def stamping() -> Iterator[None]:
    """The kernel stamps packets: it begins to some time after the first socket that asks for it, and ends with the
    last one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        time.sleep(0.2)
        yield


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps what it receives")
@pytest.mark.usefixtures("stamping")
def test_the_kernels_time_counts_and_not_when_we_woke_up(twice: Endpoint) -> None:
    """The answer lay there for 0.4 s while this process was busy with another datagram."""

    def slow(data: bytes) -> bool:
        if data == b"no":
            time.sleep(0.4)
        return data == b"yes"

    used = Used()
    reply = udp(twice, b"?", slow, 5.0, used)
    assert reply.data == b"yes"
    assert reply.took < 0.3
    assert used == Used(1, 1, 5)


def test_only_what_is_not_accepted_is_junk(twice: Endpoint) -> None:
    """Not silence."""
    with pytest.raises(NoReply) as why:
        udp(twice, b"?", lambda data: False, 0.2, Used())
    assert why.value.why == "junk"


def test_each_way_of_not_answering_has_its_word() -> None:
    """Over UDP and TCP."""

    def word(ask: str, server: Endpoint) -> str:
        try:
            asked = (
                udp(server, b"?", lambda data: True, 0.3, Used()) if ask == "udp" else tcp(server, b"?", 0.3, Used())
            )
        except NoReply as why:
            return why.why
        raise AssertionError(f"{asked} is an answer")

    assert word("udp", Endpoint("127.0.0.1", 1)) == "closed"
    assert word("tcp", Endpoint("127.0.0.1", closed_port())) == "closed"
    assert word("udp", Endpoint("a" * 70, 1)) == "unreachable"
    with blackhole() as port:
        assert word("tcp", Endpoint("127.0.0.1", port)) == "silent"
    with Server(lambda connection, _: connection.sendall(b"\0\5ab"), reads=False) as server:
        assert word("tcp", Endpoint("127.0.0.1", server.port)) == "cut"


def test_an_answer_that_trickles_ends_at_the_deadline() -> None:
    """Each byte comes in time, the whole does not."""

    def trickle(connection: socket.socket, _: bytes) -> None:
        for _turn in range(40):
            connection.sendall(b"\1")
            time.sleep(0.05)

    with Server(trickle, reads=False) as server:
        started = time.monotonic()
        with pytest.raises(NoReply) as why:
            tcp(Endpoint("127.0.0.1", server.port), b"?", 0.3, Used())
    assert why.value.why == "silent"
    assert time.monotonic() - started < 1.5
