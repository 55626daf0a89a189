"""How many bytes a connection, a lookup or a handshake costs, without the headers of TCP, UDP and IP.

Linux counts the bytes of a connection, TLS and retransmissions included. Elsewhere, and for lookups, which the
system's resolver sends, they are estimated from what is known.
"""

from __future__ import annotations

import socket

from checks.kit import tcpinfo

EXACT = tcpinfo.LINUX
HANDSHAKE = (900, 4500)
"""Sent and received by a TLS 1.3 handshake whose chain is two certificates, about."""
HEAD = 400
"""The head of an answer, about."""
_QUESTIONS, _FIXED, _RECORD = 2, 18, 28


def of(sock: socket.socket) -> tuple[int, int] | None:
    """Bytes sent and received on a connection so far; None where the system does not count them."""
    return tcpinfo.bytes_both_ways(sock)


def question(host: str) -> int:
    """Bytes that asking a name server for A and AAAA of `host` takes (RFC 1035 §4)."""
    return _QUESTIONS * (_FIXED + len(host))


def answer(host: str, addresses: int) -> int:
    """Bytes of its answers, the names in them compressed."""
    return question(host) + _RECORD * addresses
