"""What the server saw of one test: the half of the evidence that the device did not write."""

from __future__ import annotations

import enum

from msgspec import Struct, field

from checks.kit.ndt7 import MOST, RUN, BBRInfo, TCPInfo, Test
from collector.speed.frames import Code


class End(enum.StrEnum):
    """What ended a test. Closed: exported as a label."""

    COMPLETED = "completed"  # it ran its time
    CLIENT_CLOSED = "client_closed"  # the client had enough, or sent all
    CLIENT_GONE = "client_gone"  # the connection broke
    CLIENT_SILENT = "client_silent"  # an upload of which nothing came
    CLIENT_STALLED = "client_stalled"  # a download that nobody read
    CLIENT_LIED = "client_lied"  # it claims more bytes or time than there were
    BINARY_IN_DOWNLOAD = "binary_in_download"
    TEXT_UNREADABLE = "text_unreadable"  # no measurement message
    MESSAGES_TOO_OFTEN = "messages_too_often"  # texts, pings and pongs
    MESSAGE_TOO_BIG = "message_too_big"
    FRAMES_TOO_SMALL = "frames_too_small"
    PROTOCOL_ERROR = "protocol_error"
    LEASE_OVER = "lease_over"  # its bytes or its time are used up
    TIME_OVER = "time_over"  # MOST, and it would not end
    SERVER_STOPPING = "server_stopping"
    FAILED = "failed"  # the collector's log says why


CODES = {
    End.CLIENT_SILENT: Code.POLICY,
    End.CLIENT_STALLED: Code.POLICY,
    End.CLIENT_LIED: Code.POLICY,
    End.BINARY_IN_DOWNLOAD: Code.UNSUPPORTED,
    End.TEXT_UNREADABLE: Code.INVALID,
    End.MESSAGES_TOO_OFTEN: Code.POLICY,
    End.MESSAGE_TOO_BIG: Code.TOO_BIG,
    End.FRAMES_TOO_SMALL: Code.POLICY,
    End.PROTOCOL_ERROR: Code.PROTOCOL_ERROR,
    End.SERVER_STOPPING: Code.GOING_AWAY,
    End.FAILED: Code.INTERNAL,
}
"""The close code of each end; OK for the others."""


class Limits(Struct, frozen=True):
    """Seconds: how long a test runs, after which it is given up, and how long nothing may move in it."""

    run: float = RUN
    most: float = MOST
    stall: float = 5.0


class Claim(Struct, frozen=True):
    """The newest AppInfo of the client, as it was told and as far as it can be true."""

    bytes: int
    elapsed: int


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``bytes`` of payload were sent (download: handed to the system) or received within ``seconds``, from ``at`` (µs)
    on. ``rate`` (bit/s) is of what the client's system acknowledged where Linux tells (download), or of what was
    received (upload). ``paced`` is the most that the server allowed (bit/s on the wire), ``samples`` are (µs, bytes)
    on the way. ``client`` is what its program says of itself, ``claimed`` what it says it got or sent. No address: it
    would name an office's line, and the lease names the device."""

    protocol: str
    test: Test
    server: str
    uuid: str
    at: int
    seconds: float
    bytes: int
    rate: float
    paced: float
    end: End
    congestion: str = ""
    tcp: TCPInfo | None = None
    bbr: BBRInfo | None = None
    claimed: Claim | None = None
    client: dict[str, str] = field(default_factory=dict)
    samples: list[tuple[int, int]] = field(default_factory=list)
