"""Bytes of a connection, as Linux counts them."""

from __future__ import annotations

import socket

from checks.kit import traffic


def test_the_bytes_of_a_connection_are_counted_exactly() -> None:
    """Both directions, as handed to and got from the system."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as mine:
        theirs, _ = server.accept()
        with theirs:
            mine.sendall(b"x" * 1234)
            theirs.recv(1234, socket.MSG_WAITALL)
            theirs.sendall(b"y" * 5678)
            mine.recv(5678, socket.MSG_WAITALL)
            assert traffic.of(mine) == (1234, 5678)


def test_what_is_no_connection_counts_nothing() -> None:
    """A closed one, and one of another kind."""
    closed = socket.socket()
    closed.close()
    assert traffic.of(closed) is None


def test_a_lookup_is_two_questions() -> None:
    """A and AAAA: header, name, type and class."""
    assert traffic.question("dichvucong.example") == 2 * (12 + len("dichvucong.example") + 2 + 4)
    assert traffic.answer("a.example", 2) == traffic.question("a.example") + 56
