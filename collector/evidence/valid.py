"""Whether a measurement counts, from what the device sent, what it signed, its lease and what the server saw. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from checks.kit.model import Outcome, Reason, Result
from collector.directory import Key
from collector.evidence.figures import WAYS, counted, figures, reflected
from collector.evidence.model import LATE, Invalid
from collector.evidence.signed import CLAIMS, agrees, arrived, evidence_of, signature_holds
from collector.leases.model import Lease

TOLERANCE = 0.25
"""How far the device's figure may lie outside what the server's counts allow for. The server's two rates are of the
whole test and of its second half; a device may take a trailing window, whose rate differs by as much as the line's does
within a test [A]: an honest pair differs by a few percent, and a figure that was made up by far more."""
LOST, AROUND = 0.02, 200
"""By how much the packets that the reflector counted may differ from those that the device says got there: a part of
them, and the packets around a test, which it does not count [A]."""
_GOOD_ENDS = frozenset({"completed", "client_closed", "client_gone", "lease_over", "time_over"})
_CUT_ENDS = frozenset({"server_stopping", "failed"})
_TOLD = {Reason.CLOCK_STEPPED: Invalid.CLOCK_STEPPED, Reason.TEST_CUT: Invalid.TEST_CUT}
_ID = frozenset("0123456789abcdef")


class Case(Struct, frozen=True, kw_only=True):
    """``result`` with its time ``at`` on the collector's clock, as ``device`` sent it; ``active`` is whether what that
    device says counts. ``lease`` is the one that it names, ``records`` what the server saw under it, and ``first``
    whether no other measurement of it came before."""

    result: Result
    at: int
    device: str
    active: bool = True
    key: Key | None = None
    lease: Lease | None = None
    records: Sequence[Mapping[str, Any]] = ()
    first: bool = True


def lease_of(result: Result) -> str:
    """The lease that `result` names; empty for what cannot be one."""
    told = result.facts.get("lease")
    return told if isinstance(told, str) and 0 < len(told) <= 16 and _ID.issuperset(told) else ""


def judge(case: Case) -> str:
    """Empty where it counts, else the first Invalid that applies. What failed claims no figure: it needs neither the
    server's word nor a signature of its own beside the batch's."""
    wrong = _lease(case)
    if wrong or not claims(case.result):
        return wrong
    return _signed(case.result, case.key) or _told(case.result) or _seen(case)


def claims(result: Result) -> bool:
    """Whether it carries figures that somebody could rely on."""
    return any(one.name in CLAIMS for one in result.samples)


def _lease(case: Case) -> str:
    lease, result = case.lease, case.result
    if not case.active:
        return Invalid.DEVICE
    if lease is None:
        return Invalid.LEASE_UNKNOWN if result.facts.get("lease") else Invalid.LEASE_MISSING
    if lease.device != case.device or lease.check != result.check:
        return Invalid.LEASE_FOREIGN
    if not lease.starts_at - LATE <= case.at <= lease.ends_at + LATE:
        return Invalid.LEASE_EXPIRED
    return "" if case.first else Invalid.LEASE_USED


def _signed(result: Result, key: Key | None) -> str:
    holds = signature_holds(result, key)
    if not holds:
        return Invalid.UNSIGNED if holds is None else Invalid.SIGNATURE_WRONG
    return "" if agrees(result, evidence_of(result)) else Invalid.EVIDENCE_WRONG


def _told(result: Result) -> str:
    """What the device says itself."""
    if result.outcome is Outcome.OK:
        return ""
    return next((invalid for reason, invalid in _TOLD.items() if result.reason == reason), "")


def _seen(case: Case) -> str:
    """What the server says."""
    if case.result.check == "realtime":
        return _reflected(case)
    sent = figures(case.result)
    if sent.down is None and sent.up is None:
        return Invalid.COUNTS_DISAGREE  # a rate that no line has
    for way in WAYS:
        rate = sent.rate(way)
        if rate is None:
            continue
        seen = counted(case.records, way)
        if seen is None:
            return Invalid.UNCONFIRMED
        if not _GOOD_ENDS.issuperset(seen.ends):
            return Invalid.TEST_CUT if (_GOOD_ENDS | _CUT_ENDS).issuperset(seen.ends) else Invalid.SERVER_ENDED
        if not seen.least * (1 - TOLERANCE) <= rate <= seen.most * (1 + TOLERANCE):
            return Invalid.COUNTS_DISAGREE
    return ""


def _reflected(case: Case) -> str:
    """Of the reflector: packets that came, which the device's own count must be near."""
    seen = reflected(case.records)
    if not seen:
        return Invalid.UNCONFIRMED
    told = arrived(evidence_of(case.result))
    if told is None or abs(seen["packets"] - told) > AROUND + LOST * told:
        return Invalid.COUNTS_DISAGREE
    return ""
