"""What a test of throughput is asked to do, and what it found: between :mod:`checks.bandwidth` and its child.

Bytes are TCP payload unless they are said to be WebSocket payload, rates bit/s, times seconds.
"""

from __future__ import annotations

from msgspec import Struct, field


class Plan(Struct, kw_only=True):
    """One test: against ``url`` (without a path), each of ``ways`` for ``seconds`` at most, ``total`` seconds and
    ``bytes`` in all; ``rate`` is the most each way (0: none), ``streams`` the most connections. With ``early`` a way
    ends once its error is within ``error`` and ``least`` seconds have passed. ``patience`` is for one answer;
    ``settle`` before more streams are thought of; rates are taken over ``grid`` seconds; ``pause`` lies between two
    round trips without load."""

    url: str
    token: str = ""
    proof: str = ""
    ca_file: str = ""
    ways: tuple[str, ...] = ("download", "upload")
    seconds: float = 10.0
    total: float = 30.0
    bytes: int = 1 << 40
    rate: float = 0.0
    streams: int = 1
    early: bool = True
    least: float = 3.0
    error: float = 0.05
    interface: str = ""
    patience: float = 5.0
    settle: float = 1.0
    grid: float = 0.25
    pause: float = 0.1


class Probes(Struct, kw_only=True):
    """Round trips of one phase: TCP handshakes, TLS handshakes, first answers on new connections, and answers to
    WebSocket pings on the connections that carry the load."""

    tcp: list[float] = []
    tls: list[float] = []
    http: list[float] = []
    self: list[float] = []


class Way(Struct, kw_only=True):
    """One direction. ``rate`` None: there is none, ``reason`` and ``detail`` say why. ``counted`` says who counted:
    ``kernel`` or ``client`` (here), ``server``, ``acknowledged``. ``told`` is what the server said it received,
    ``given`` what it was given (WebSocket payload, upload only). ``core`` and ``machine`` are the use of one core by
    this test and of all processors by all. ``late`` is how much less (a share) the line gave later than in the first
    seconds, None where the test was too short to tell."""

    direction: str
    rate: float | None = None
    error: float | None = None
    stopped: str = ""
    seconds: float = 0.0
    used: int = 0
    streams: int = 0
    streams_why: str = ""
    counted: str = ""
    given: int = 0
    told: int = 0
    retransmitted: float | None = None
    cross: float | None = None
    machine: float = 0.0
    core: float = 0.0
    queued: bool = False
    probes: Probes = field(default_factory=Probes)
    late: float | None = None
    reason: str = ""
    detail: str = ""


class Report(Struct, kw_only=True):
    """A whole test: round trips without load, and each way that was begun."""

    idle: Probes = field(default_factory=Probes)
    ways: tuple[Way, ...] = ()


class Look(Struct, kw_only=True):
    """The interface towards a server, and what others move on it meanwhile (bit/s); ``speed`` is the system's word.
    All None or empty where the system does not tell."""

    interface: str = ""
    speed: float | None = None
    receive: float | None = None
    transmit: float | None = None
    cpu: float | None = None
