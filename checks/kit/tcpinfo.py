"""What the kernel knows of a TCP connection: TCP_INFO, and BBR's own view of the path (TCP_CC_INFO). Linux only."""

from __future__ import annotations

import contextlib
import struct
import sys
from typing import Protocol

from checks.kit.ndt7 import BBRInfo, TCPInfo

LINUX = sys.platform == "linux"
IPPROTO_TCP = 6
TCP_INFO, TCP_CONGESTION, TCP_CC_INFO = 11, 13, 26
# struct tcp_info of <linux/tcp.h>, as far as tcpi_bytes_retrans. Fields were only ever added at its end: delivery_rate
# with Linux 4.9, busy_time and what limited it with 4.10, bytes_sent and bytes_retrans with 4.19.
_INFO = struct.Struct("=68x 2I 24x I 16x 2Q I 8x I 8x Q 3Q 8x 2Q")
_BBR = struct.Struct("=5I")
_RECEIVED_AT, _SENT_AT, _COUNTED = 128, 200, 208
_NUMBER = struct.Struct("=Q")
_NAME = 16


class Socket(Protocol):
    """A socket, or what an event loop gives out in its place."""

    def getsockopt(self, level: int, option: int, length: int, /) -> bytes: ...


def read(sock: Socket, elapsed: int = 0) -> TCPInfo | None:
    """TCP_INFO, taken `elapsed` µs after the test began; None where the system has none. What an older kernel does not
    tell is 0."""
    info = _option(sock, TCP_INFO, _INFO.size)
    if not info:
        return None
    (rtt, rtt_var, total_retrans, acked, received, segs_out, min_rtt, delivery, busy, rwnd, sndbuf, sent, retrans) = (
        _INFO.unpack(info.ljust(_INFO.size, b"\0"))
    )
    return TCPInfo(
        elapsed_time=elapsed, rtt=rtt, rtt_var=rtt_var, min_rtt=min_rtt, bytes_acked=acked, bytes_received=received,
        bytes_sent=sent, bytes_retrans=retrans, busy_time=busy, rwnd_limited=rwnd, snd_buf_limited=sndbuf,
        segs_out=segs_out, total_retrans=total_retrans, delivery_rate=delivery,
    )  # fmt: skip


def bytes_both_ways(sock: Socket) -> tuple[int, int] | None:
    """Bytes sent and received so far, retransmissions included; None where the system does not count both."""
    info = _option(sock, TCP_INFO, _COUNTED)
    if len(info) < _COUNTED:
        return None
    return _NUMBER.unpack_from(info, _SENT_AT)[0], _NUMBER.unpack_from(info, _RECEIVED_AT)[0]


def congestion(sock: Socket) -> str:
    """The name of the congestion control in use, such as ``bbr`` or ``cubic``; empty where the system does not tell."""
    return _option(sock, TCP_CONGESTION, _NAME).partition(b"\0")[0].decode("ascii", "replace")


def bbr(sock: Socket, elapsed: int = 0) -> BBRInfo | None:
    """What BBR makes of the path, `elapsed` µs after the test began; None for a connection under another control."""
    if not congestion(sock).startswith("bbr"):
        return None
    info = _option(sock, TCP_CC_INFO, _BBR.size)
    if len(info) < _BBR.size:
        return None
    low, high, min_rtt, pacing_gain, cwnd_gain = _BBR.unpack(info)
    return BBRInfo(
        bw=high << 32 | low, min_rtt=min_rtt, pacing_gain=pacing_gain, cwnd_gain=cwnd_gain, elapsed_time=elapsed
    )


def _option(sock: Socket, option: int, length: int) -> bytes:
    with contextlib.suppress(OSError):
        return sock.getsockopt(IPPROTO_TCP, option, length) if LINUX else b""
    return b""
