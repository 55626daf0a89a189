"""A request is sent when it is made: benchmarks/accuracy.py found it one round trip late behind a TLS handshake."""

from __future__ import annotations

import socket

from checks.kit.net import Address, Net


def test_a_connection_sends_without_waiting_for_an_acknowledgement() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = Net().connect([Address("ipv4", server.getsockname())], 5)
        with connection.sock as sock:
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
