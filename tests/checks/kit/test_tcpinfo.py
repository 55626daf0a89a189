"""What Linux tells of a connection, and what is made of kernels that tell less."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from checks.kit import tcpinfo

FULL = struct.Struct("=8B 24I 4Q 6I 4Q 2I 2Q")


class Kernel:
    """Answers getsockopt as a kernel would whose structs are these."""

    def __init__(self, info: bytes = b"", congestion: bytes = b"", cc_info: bytes = b"") -> None:
        self._options = {tcpinfo.TCP_INFO: info, tcpinfo.TCP_CONGESTION: congestion, tcpinfo.TCP_CC_INFO: cc_info}

    def getsockopt(self, level: int, option: int, length: int, /) -> bytes:
        assert level == socket.IPPROTO_TCP
        return self._options[option][:length]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as mine:
        theirs, _ = server.accept()
        with theirs:
            yield mine, theirs


def numbered() -> bytes:
    """A struct tcp_info whose words are their places in <linux/tcp.h>."""
    return FULL.pack(*range(8 + 24 + 4 + 6 + 4 + 2 + 2))


def test_a_live_connection_is_told_as_the_kernel_counts_it(pair: tuple[socket.socket, socket.socket]) -> None:
    """Bytes exactly; a round trip that is neither zero nor a second."""
    mine, theirs = pair
    mine.sendall(b"x" * 100_000)
    received = 0
    while received < 100_000:
        received += len(theirs.recv(65_536))
    theirs.sendall(b"y" * 10)
    mine.recv(10)
    deadline = time.monotonic() + 5
    while (info := tcpinfo.read(mine, 7)) and info.bytes_acked < 100_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert info is not None
    assert (info.elapsed_time, info.bytes_sent, info.bytes_received) == (7, 100_000, 10)
    assert info.bytes_acked in (100_000, 100_001)  # the SYN counts, where it was ours
    assert 0 < info.min_rtt <= info.rtt * 8 < 8_000_000
    assert info.segs_out > 0


def test_every_field_is_read_from_its_place() -> None:
    """The layout of <linux/tcp.h>, by hand: rtt is the 16th word after the first eight bytes, and so on."""
    info = tcpinfo.read(Kernel(numbered()))
    assert info is not None
    assert (info.rtt, info.rtt_var, info.total_retrans) == (8 + 15, 8 + 16, 8 + 23)
    assert (info.bytes_acked, info.bytes_received, info.segs_out) == (34, 35, 36)
    assert (info.min_rtt, info.delivery_rate) == (39, 42)
    assert (info.busy_time, info.rwnd_limited, info.snd_buf_limited) == (43, 44, 45)
    assert (info.bytes_sent, info.bytes_retrans) == (48, 49)


@pytest.mark.parametrize(("length", "acked", "busy"), [(104, 0, 0), (136, 34, 0), (192, 34, 43), (200, 34, 43)])
def test_an_older_kernel_tells_less_and_the_rest_is_nought(length: int, acked: int, busy: int) -> None:
    """Linux 3.x, 4.1, 4.10: their struct ends earlier."""
    info = tcpinfo.read(Kernel(numbered()[:length]))
    assert info is not None
    assert (info.rtt, info.bytes_acked, info.busy_time, info.bytes_sent) == (23, acked, busy, 0)
    assert tcpinfo.bytes_both_ways(Kernel(numbered()[:length])) is None


def test_bbr_is_read_where_it_is_in_use_and_nowhere_else() -> None:
    """Bandwidth in two halves; the same bytes under another control mean something else."""
    told = struct.pack("=5I", 5, 1, 20_000, 739, 512)
    info = tcpinfo.bbr(Kernel(congestion=b"bbr\0garbage", cc_info=told), 9)
    assert info is not None
    assert (info.bw, info.min_rtt, info.pacing_gain, info.cwnd_gain, info.elapsed_time) == (
        (1 << 32) + 5, 20_000, 739, 512, 9,
    )  # fmt: skip
    assert tcpinfo.bbr(Kernel(congestion=b"cubic\0", cc_info=told)) is None
    assert tcpinfo.bbr(Kernel(congestion=b"bbr\0", cc_info=told[:8])) is None


def test_the_congestion_control_of_a_socket_is_named(pair: tuple[socket.socket, socket.socket]) -> None:
    """The one that was asked for."""
    mine, _ = pair
    mine.setsockopt(socket.IPPROTO_TCP, tcpinfo.TCP_CONGESTION, b"reno")
    assert tcpinfo.congestion(mine) == "reno"
    assert tcpinfo.bbr(mine) is None


def test_what_is_no_connection_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed socket, and a system without TCP_INFO."""
    closed = socket.socket()
    closed.close()
    assert tcpinfo.read(closed) is None
    assert tcpinfo.bytes_both_ways(closed) is None
    assert tcpinfo.congestion(closed) == ""
    monkeypatch.setattr(tcpinfo, "LINUX", False)
    assert tcpinfo.read(Kernel(numbered())) is None
