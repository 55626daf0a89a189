"""What the kernel is asked for, and whether it took it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from collector.speed.line import Line

SO_MAX_PACING_RATE, TCP_NOTSENT_LOWAT = 47, 25
KNOWN = Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split()


@asynccontextmanager
async def connected(host: str) -> AsyncIterator[tuple[Line, socket.socket]]:
    """A line, and its own socket."""
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), host, 0)
    _, client = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
    writer = await accepted
    try:
        transport = writer.transport
        yield Line(cast("asyncio.Transport", transport)), transport.get_extra_info("socket")
    finally:
        client.close()
        writer.close()
        server.close()


async def test_a_sender_is_paced_by_the_kernel_and_keeps_its_queue_short() -> None:
    """In bytes a second on the wire; under BBR where there is one."""
    async with connected("127.0.0.1") as (line, sock):
        before = line.congestion
        line.prepare_to_send(8e6)
        assert struct.unpack("=I", sock.getsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, 4)) == (1_000_000,)
        assert sock.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 1 << 17
        assert line.congestion == ("bbr" if "bbr" in KNOWN else before)
        assert (line.bbr() is not None) == ("bbr" in KNOWN)


async def test_a_rate_past_what_the_option_holds_is_left_to_the_bucket() -> None:
    """34 Gbit/s and more: not some smaller number, wrapped around."""
    async with connected("127.0.0.1") as (line, sock):
        line.prepare_to_send(35e9)
        assert struct.unpack("=I", sock.getsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, 4)) == (0xFFFFFFFF,)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1:"), ("::1", "[::1]:")])
async def test_both_ends_are_named_as_the_specification_writes_them(host: str, shown: str) -> None:
    """Address and port."""
    async with connected(host) as (line, sock):
        told = line.connection("name")
        assert told.server == f"{shown}{sock.getsockname()[1]}"
        assert told.client == f"{shown}{sock.getpeername()[1]}"
        assert told.uuid == "name"


async def test_a_connection_that_closes_tells_nothing_more() -> None:
    """The number of its socket may already be another's."""
    async with connected("127.0.0.1") as (line, _):
        assert line.tcp() is not None
        line.transport.abort()
        assert (line.tcp(), line.bbr(), line.congestion) == (None, None, "")
