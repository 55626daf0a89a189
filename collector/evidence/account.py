"""What is known of the speed of a unit's line: what its counters say, what was measured, what is contracted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from checks.kit.model import Bilingual, Result, Scalar
from collector.evidence.figures import WAYS, Figures, figures
from collector.evidence.model import Measurement
from collector.evidence.summary import Contract, Quantity, Seen, against, quantities
from collector.leases.model import MEGABIT, Traffic
from collector.readiness.model import UnitVerdict, Verdict
from collector.readiness.profile import Requirement
from collector.roster.model import UnitRoster

NEWEST = 20
"""Measurements that are shown one by one."""
UTILISATION = "uplink_utilisation"
DIRECTIONS = {"receive": "download", "transmit": "upload"}
_decode = msgspec.json.Decoder(Result).decode


class Use(Struct, frozen=True):
    """How full the line is one ``way``, by the router's counters and as the profile judges it: the P95 (``unit``) of
    ``samples`` five-minute samples, and what is ready."""

    way: str
    state: Verdict
    value: Scalar
    unit: str
    need: str
    samples: int
    source: Bilingual


class Passive(Struct, frozen=True):
    """What no test is needed for. ``full`` is whether the line is: ``not_ready`` yes, ``at_risk`` nearly, ``ready`` no,
    ``unknown`` where the counters do not tell yet; empty where no router answers. ``traffic`` is the newest reading."""

    full: str = ""
    uses: list[Use] = []
    traffic: Traffic | None = None


class Shown(Struct, frozen=True):
    """A measurement as people see it."""

    id: int
    unit: str
    device: str
    provider: str
    check: str
    at: int
    lease: str
    valid: str
    outcome: str
    reason: str
    figures: Figures


class Account(Struct, frozen=True):
    """``contract`` by way, where the roster tells one; ``invalid`` counts what of 30 days counts for nothing, by why;
    ``truncated`` whether there was more than is read at once."""

    unit: str
    provider: str
    passive: Passive
    quantities: dict[str, Quantity]
    contract: dict[str, Contract]
    newest: list[Shown]
    invalid: dict[str, int]
    truncated: bool = False


def shown(one: Measurement) -> Shown:
    """`one` with its figures."""
    result = _decode(one.body)
    told = (one.id, one.unit, one.device, one.provider, one.check, one.at, one.lease, one.valid)
    return Shown(*told, str(result.outcome), result.reason, figures(result))


def seen(found: Iterable[Shown]) -> list[Seen]:
    """Those that count."""
    return [Seen(one.at, one.figures) for one in found if not one.valid]


def account(
    unit: str, provider: str, found: Sequence[Shown], contracted: Mapping[str, float], passive: Passive, now: int,
    zone: ZoneInfo,
) -> Account:  # fmt: skip
    """Of what was measured in 30 days, newest first; `contracted` is bit/s by way."""
    counted = seen(found)
    return Account(
        unit=unit,
        provider=provider,
        passive=passive,
        quantities=quantities(counted, now, zone),
        contract={way: against(counted, way, contracted[way], now) for way in WAYS if way in contracted},
        newest=list(found[:NEWEST]),
        invalid=dict(sorted(Counter(one.valid for one in found if one.valid).items())),
    )


def contracted(told: UnitRoster | None) -> dict[str, float]:
    """bit/s by way, as the roster has it."""
    rates = {"download": told.contracted_down_mbps, "upload": told.contracted_up_mbps} if told else {}
    return {way: mbps * MEGABIT for way, mbps in rates.items() if mbps}


def passive(verdict: UnitVerdict | None, asked: Iterable[Requirement], traffic: Traffic | None) -> Passive:
    """From the verdict, which has judged the counters already; `asked` are the profile's requirements."""
    ways = {one.id: DIRECTIONS.get(one.labels.get("direction", "")) for one in asked if one.name == UTILISATION}
    uses = [
        Use(way, need.state, need.value, need.unit, need.need, need.samples, need.source)
        for need in (verdict.requirements if verdict else ())
        if (way := ways.get(need.id)) is not None
    ]
    known = [use.state for use in uses if use.value is not None]
    if not known and traffic is None:
        return Passive()
    return Passive(str(max(known, key=_fullness, default=Verdict.UNKNOWN)), uses, traffic)


def _fullness(state: Verdict) -> int:
    return (Verdict.UNKNOWN, Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY).index(state)
