"""What a device asks before it loads the line, and what the collector answers: ``POST /v1/leases``.

A device signs the exact body it sends (``Sansang-Agent``, and ``Sansang-Signature`` over CONTEXT and the body). Asking
again while a lease is held gives the same lease, so that a request which is repeated, by whomever, gains nothing.
"""

from __future__ import annotations

import enum
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

from checks.kit.model import INT63, Micros, Name

CONTEXT = b"sansang.lease.v1\0"
PROOF_CONTEXT = b"sansang.proof.v1\0"
"""Before a token, in what a device signs to show that the lease is its own: the header ``Sansang-Proof``."""
PROOF = "Sansang-Proof"
EVIDENCE_CONTEXT = b"sansang.evidence.v1\0"
"""Before the evidence of one measurement, in what a device signs: see :class:`Leases`."""
Asked = Literal["schedule", "technician", "engineer"]


class Denial(enum.StrEnum):
    """Why no lease is granted now. Closed: exported as a label."""

    SPEED_OFF = "speed_off"  # this collector measures no speed
    CLOSED_WINDOW = "closed_window"  # office peak
    REHEARSAL = "rehearsal"
    LINE_BUSY = "line_busy"  # the router or the PC shows traffic of others
    BUDGET_DAY = "budget_day"
    BUDGET_MONTH = "budget_month"
    SERVER_FULL = "server_full"
    PROVIDER_FULL = "provider_full"
    ENOUGH = "enough"  # the unit has been measured in this period
    PASSIVE = "passive"  # the router's counters answer already
    TURN = "turn"  # its turn in the quiet hours comes later
    DEVICE = "device"  # quarantined, revoked, or of a role that is not asked


class Want(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a device asks for: so many ``seconds`` of load and ``bytes`` at most, both directions together. ``rate`` is
    the most it would send or receive (bit/s; 0: what the line gives). ``cross`` is what others move on its interface
    now (bit/s), ``capacity`` how fast its own link is; None: not known. ``request`` names the engineer's request that
    it answers."""

    check: Name
    seconds: Annotated[float, Meta(gt=0, le=120)]
    bytes: Annotated[int, Meta(gt=0, le=INT63)]
    rate: Annotated[float, Meta(ge=0, le=1e12)] = 0.0
    cross: Annotated[float, Meta(ge=0, le=1e12)] | None = None
    capacity: Annotated[float, Meta(ge=0, le=1e12)] | None = None
    asked: Asked = "schedule"
    request: Annotated[str, Meta(max_length=16)] = ""
    at: Micros = 0


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The other body of ``POST /v1/leases``, signed the same way: the test of the lease ``release`` is over, after
    ``used`` bytes as the device counted them."""

    release: Annotated[str, Meta(min_length=1, max_length=64)]
    used: Annotated[int, Meta(ge=0, le=INT63)]


class Server(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Against whom to measure: ``url`` of the ndt7 server without a path (``https://host:8420``), ``host`` and ``port``
    of the STAMP reflector. ``name`` stands in the evidence."""

    name: str
    url: str = ""
    host: str = ""
    port: int = 0


class Grant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A lease: from ``start_in`` seconds from now on, for ``seconds``, at most ``bytes`` and ``rate`` (bit/s each
    way), in at most ``streams`` connections each way. ``token`` goes into ``access_token`` of each; ``key`` (base64) is
    the HMAC key of a STAMP session in authenticated mode, and ``session`` its SSID (RFC 8972 §3)."""

    id: str
    start_in: float
    seconds: float
    bytes: int
    rate: float
    streams: int
    server: Server
    token: str = ""
    key: str = ""
    session: int = 0


class Denied(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """No lease: why, and after how many seconds to ask again."""

    reason: Denial
    retry_in: float
    detail: str = ""


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of the answer 200: one of the two."""

    grant: Grant | None = None
    denied: Denied | None = None


class Postponed(Exception):
    """A check that may not run now: it comes again in ``seconds``, and leaves no result. ``reason`` is a Denial, or
    ``waiting`` for a lease whose time has not come, or ``no_answer`` of the collector."""

    def __init__(self, reason: str, seconds: float, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason, self.seconds, self.detail = reason, seconds, detail


class Leases(Protocol):
    """What the agent offers a check that loads the line. Where there is none (no collector), ``Env.leases`` is None."""

    def obtain(self, want: Want) -> Grant:
        """A lease whose time has come. Raises Postponed."""
        ...

    def proof(self, grant: Grant) -> str:
        """What goes into the header PROOF: base64 of the device's signature over PROOF_CONTEXT and the token."""
        ...

    def release(self, grant: Grant, used: int) -> None:
        """The test is over, after `used` bytes; never raises."""
        ...

    def sign(self, evidence: bytes) -> str:
        """Base64 of the device's signature over EVIDENCE_CONTEXT and `evidence`."""
        ...

    @property
    def address(self) -> str:
        """The collector's own address, against which the time and certificate of ``Server.url`` are checked."""
        ...

    @property
    def ca_file(self) -> str:
        """A PEM file with the only authorities trusted for the collector; empty: the system's."""
        ...
