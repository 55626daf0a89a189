"""Contexts for TLS, and the handshake's own corners."""

from __future__ import annotations

import socket
import ssl

import pytest

from checks.kit.failure import NetError
from checks.kit.model import Reason
from checks.kit.tls import Contexts, Trust, handshake


@pytest.mark.parametrize("check_time", [True, False])
def test_every_context_verifies(check_time: bool) -> None:
    """Also the one that overlooks dates: chain and name are required."""
    context = Contexts().get("", check_time)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_context_is_built_once() -> None:
    """Building one costs milliseconds and memory."""
    contexts = Contexts()
    assert contexts.get("") is contexts.get("")
    assert contexts.get("") is not contexts.get("", check_time=False)


def test_a_connection_that_was_cut_before_the_handshake_is_a_reset() -> None:
    """Between the connect and the hello: it must not be taken for a connection without TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        mine = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        theirs.close()
        closed: list[socket.socket] = []
        with pytest.raises(NetError) as caught:
            handshake(mine, "a.example", Trust(), Contexts().get(""), 5.0, closed.append)
    assert caught.value.reason is Reason.TCP_RESET
    assert len(closed) == 1
    closed[0].close()
