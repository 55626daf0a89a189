"""How an engineer's request stands: waiting, planned, running, done, or why it is none of these. Pure."""

from __future__ import annotations

import json
from typing import Literal

from msgspec import Struct

from checks.kit.leasing import Denied
from collector.evidence.account import Shown
from collector.evidence.model import MINUTE
from collector.leases.model import DONE, GRANTED, SECOND, Lease
from collector.store import leases
from collector.store.leases import Request

Stage = Literal["refused", "waiting", "planned", "running", "arriving", "done", "lost", "expired"]
OVER: frozenset[Stage] = frozenset({"refused", "done", "lost", "expired"})
ARRIVES = 10 * MINUTE
"""µs after a lease's end in which its result is waited for: pushes come every minute, and a PC that sleeps is not
waited for. Where a check could not measure, it says so with an error, and that is no measurement."""


class Watch(Struct, frozen=True, kw_only=True):
    """``waiting`` for a device to ask (``denied`` is what it would be told now; ``heard`` when one that may answer was
    last heard, µs), ``planned`` to start in ``starts_in`` seconds, ``running`` with ``rates`` (bit/s by direction) and
    the ``share`` of the direction under way, ``arriving``: measured, and not pushed yet, ``done`` with its ``result``,
    ``lost``: nothing that could be kept came of it. ``refused``: no request was made."""

    request: Request
    stage: Stage
    starts_in: float = 0.0
    share: float = 0.0
    rates: dict[str, float] = {}
    packets: int = 0
    used: int = 0
    heard: int | None = None
    denied: Denied | None = None
    result: Shown | None = None

    @property
    def over(self) -> bool:
        """Whether it will not change any more."""
        return self.stage in OVER


def watch(
    request: Request, lease: Lease | None, result: Shown | None, now: int, *, heard: int | None, denied: Denied | None
) -> Watch:
    """How `request` stands at `now`, with the `lease` that was granted for it and the `result` of that lease."""
    if result is not None:
        return Watch(request=request, stage="done", result=result, used=lease.used if lease else 0)
    if lease is not None and (lease.holds(now) or request.ended_at is not None or lease.state == DONE):
        return _under(request, lease, now)
    if now >= request.expires_at or request.ended_at is not None:
        return Watch(request=request, stage="expired", heard=heard, denied=denied)
    return Watch(request=request, stage="waiting", heard=heard, denied=denied)


def _under(request: Request, lease: Lease, now: int) -> Watch:
    if not lease.holds(now):
        stage: Stage = "arriving" if now < lease.ends_at + ARRIVES else "lost"
        return Watch(request=request, stage=stage, used=lease.used)
    if lease.state == GRANTED:
        return Watch(request=request, stage="planned", starts_in=max(0, lease.starts_at - now) / SECOND)
    told = leases.measured(lease)
    rates: dict[str, float] = {way: float(told[way]) for way in ("download", "upload") if way in told}
    shares = [float(told[f"{way}_share"]) for way in ("upload", "download") if f"{way}_share" in told]
    return Watch(
        request=request,
        stage="running",
        share=shares[0] if shares else 0.0,
        rates=rates,
        packets=int(told.get("realtime_packets", 0)),
        used=lease.used,
    )


def line(found: Watch) -> str:
    """What changes while it is watched, as one text: two that are alike need not be shown twice."""
    parts = (found.stage, round(found.starts_in), found.share, sorted(found.rates.items()), found.packets)
    return json.dumps([*parts, found.denied and found.denied.reason, found.result and found.result.id])
