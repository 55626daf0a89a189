"""ndt7, M-Lab's speed test over WebSockets, as both sides speak it.

Source: the ndt7 protocol specification of m-lab/ndt-server (spec/ndt7-protocol.md, v0.11). Times are in microseconds,
rates in bytes per second where the specification says so. Keys are written as it writes them.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

DOWNLOAD, UPLOAD = "/ndt/v7/download", "/ndt/v7/upload"
SUBPROTOCOL = "net.measurementlab.ndt.v7"
VERSION = "ndt7"
MIN_MESSAGE, MAX_MESSAGE = 1 << 13, 1 << 20
"""Bytes of the first binary message, and of the largest we send: it may be up to 1 << 24."""
LARGEST = 1 << 24
SCALING = 16
"""A message may grow once as many bytes were sent as SCALING messages of its size."""
EVERY = 0.25
"""Seconds between two measurement messages."""
RUN, MOST = 10.0, 15.0
"""Seconds that a test runs, and after which either side gives it up."""
MAX_TEXT = 1 << 17
"""Bytes of the largest measurement message that is read."""
Test = Literal["download", "upload"]
Origin = Literal["client", "server"]


class AppInfo(Struct, frozen=True, rename="pascal"):
    """Bytes that the application on this side has sent or received (WebSocket payload) within ``elapsed_time`` µs."""

    elapsed_time: int
    num_bytes: int


class ConnectionInfo(Struct, frozen=True, rename={"client": "Client", "server": "Server", "uuid": "UUID"}):
    """Both ends as the server sees them, ``address:port``, and the name of the connection."""

    client: str
    server: str
    uuid: str


class BBRInfo(Struct, frozen=True, rename={"bw": "BW", "min_rtt": "MinRTT", "pacing_gain": "PacingGain",
                                           "cwnd_gain": "CwndGain", "elapsed_time": "ElapsedTime"}):  # fmt: skip
    """What BBR, where it is in use, makes of the path: ``bw`` in bytes/s, ``min_rtt`` in µs, gains times 256."""

    bw: int
    min_rtt: int
    pacing_gain: int
    cwnd_gain: int
    elapsed_time: int


class TCPInfo(
    Struct, frozen=True, omit_defaults=True,
    rename={
        "elapsed_time": "ElapsedTime", "rtt": "RTT", "rtt_var": "RTTVar", "min_rtt": "MinRTT",
        "bytes_acked": "BytesAcked", "bytes_received": "BytesReceived", "bytes_sent": "BytesSent",
        "bytes_retrans": "BytesRetrans", "busy_time": "BusyTime", "rwnd_limited": "RWndLimited",
        "snd_buf_limited": "SndBufLimited", "segs_out": "SegsOut", "total_retrans": "TotalRetrans",
        "delivery_rate": "DeliveryRate",
    },
):  # fmt: skip
    """The kernel's account of the connection; times in µs. The last three are not of the specification."""

    elapsed_time: int = 0
    rtt: int = 0
    rtt_var: int = 0
    min_rtt: int = 0
    bytes_acked: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    bytes_retrans: int = 0
    busy_time: int = 0
    rwnd_limited: int = 0
    snd_buf_limited: int = 0
    segs_out: int = 0
    total_retrans: int = 0
    delivery_rate: int = 0


class Measurement(
    Struct, frozen=True, omit_defaults=True,
    rename={
        "app_info": "AppInfo", "connection_info": "ConnectionInfo", "bbr_info": "BBRInfo", "tcp_info": "TCPInfo",
        "origin": "Origin", "test": "Test",
    },
):  # fmt: skip
    """One text message. Either side sends one every EVERY seconds at most; who gets it may leave it unread."""

    app_info: AppInfo | None = None
    connection_info: ConnectionInfo | None = None
    bbr_info: BBRInfo | None = None
    tcp_info: TCPInfo | None = None
    origin: Origin | None = None
    test: Test | None = None
