"""What is kept of a measurement of speed, and why one counts for nothing. Times are µs, rates bit/s."""

from __future__ import annotations

import enum

from msgspec import Struct

from checks.kit.model import Outcome, Result

CHECKS = ("bandwidth", "realtime")
MEASURED = frozenset(CHECKS)
"""Checks whose results are kept one by one, where the outcome is one of these. The push of every result asks for this,
and no more."""
KEPT_OUTCOMES = frozenset({Outcome.OK, Outcome.FAILED})
MINUTE, DAY = 60_000_000, 86_400_000_000
KEPT = 400 * DAY
"""µs that a measurement is kept: a contract year and a month in which to dispute it."""
LATE = 2 * MINUTE
"""µs by which a result's time may lie outside its lease: a run begins before the lease, and clocks differ."""


class Invalid(enum.StrEnum):
    """Why a measurement counts for nothing. Closed: stored, shown, exported."""

    DEVICE = "device"  # quarantined or pending when it was taken
    LEASE_MISSING = "lease_missing"  # it names none
    LEASE_UNKNOWN = "lease_unknown"  # nobody granted such a one
    LEASE_FOREIGN = "lease_foreign"  # another device's
    LEASE_EXPIRED = "lease_expired"  # it was not taken within its lease's time
    LEASE_USED = "lease_used"  # another measurement of the same lease came first
    UNSIGNED = "unsigned"
    SIGNATURE_WRONG = "signature_wrong"
    EVIDENCE_WRONG = "evidence_wrong"  # what is signed is not what is sent
    CLOCK_STEPPED = "clock_stepped"
    TEST_CUT = "test_cut"  # the collector stopped in the middle, or the device says so
    SERVER_ENDED = "server_ended"  # for what the client did: it lied, or kept to no protocol
    COUNTS_DISAGREE = "counts_disagree"  # the server's count is another than the device's
    UNCONFIRMED = "unconfirmed"  # the server knows of no such test, or not yet


OPEN = frozenset({"", Invalid.UNCONFIRMED, Invalid.COUNTS_DISAGREE})
"""What another record of the server's may still change."""


class Measurement(Struct, frozen=True, kw_only=True):
    """A row of ``measurements``. ``valid`` is empty, or an Invalid; ``body`` is the result as the device sent it,
    ``server`` JSON of the server's records of the same lease, in order."""

    id: int = 0
    unit: str
    device: str
    provider: str = ""
    check: str
    at: int
    lease: str = ""
    valid: str = ""
    body: bytes
    server: str = ""


class Taken(Struct, frozen=True, gc=False):
    """A result as it was pushed: by which device, of which unit, when (the collector's clock), whether it counts."""

    device: str
    unit: str
    result: Result
    at: int
    raw: bytes
    counts: bool
