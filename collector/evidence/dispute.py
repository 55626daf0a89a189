"""One measurement laid open: what was signed, by whom, with which parameters, and what each side counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from checks.kit.model import Result
from collector.directory import Key
from collector.evidence import account
from collector.evidence.account import Shown
from collector.evidence.figures import WAYS, Counted, counted, reflected
from collector.evidence.model import Invalid, Measurement
from collector.evidence.signed import evidence_of, signature_holds
from collector.evidence.valid import Case, judge
from collector.store import leases, measurements

_decode = msgspec.json.Decoder(Result).decode


class Verified(Struct, frozen=True):
    """``signed`` is whether the device's key signed ``evidence``, None where nothing is signed; ``text`` is exactly
    what. ``now`` is the Invalid, or empty, that what is kept gives today: another than the measurement's own tells that
    something was changed since. ``server`` is the server's count by way, ``packets`` what its reflector counted."""

    measurement: Shown
    now: str
    signed: bool | None
    key: str
    server_name: str
    protocol: str
    text: str
    signature: str
    evidence: dict[str, Any]
    server: dict[str, Counted]
    packets: dict[str, int]
    records: int

    @property
    def stands(self) -> bool:
        """Whether a dispute can rest on it."""
        return self.signed is True and not self.now and not self.measurement.valid


def verified(connection: Connection, key: int) -> Verified | None:
    """The measurement `key`, judged anew; None where there is none."""
    found = measurements.by_id(connection, key)
    if found is None:
        return None
    public = measurements.public_key(connection, found.device)
    result = _decode(found.body)
    records = json.loads(found.server) if found.server else []
    evidence = evidence_of(result)
    return Verified(
        measurement=account.shown(found),
        now=_judged(connection, found, result, records, public),
        signed=signature_holds(result, Key(public) if public else None),
        key=public.hex() if public else "",
        server_name=str(evidence.get("server") or result.facts.get("server") or ""),
        protocol=_protocol(evidence, result),
        text=str(result.facts.get("evidence") or ""),
        signature=str(result.facts.get("signature") or ""),
        evidence=evidence,
        server={way: seen for way in WAYS if (seen := counted(records, way)) is not None},
        packets=reflected(records),
        records=len(records),
    )


def _judged(
    connection: Connection, found: Measurement, result: Result, records: list[dict[str, Any]], public: bytes | None
) -> str:
    lease = leases.by_id(connection, found.lease) if found.lease else None
    others = measurements.of_lease(connection, lease) if lease else []
    first = next((one.id for one in others if one.device == found.device), found.id)
    return judge(
        Case(
            result=result,
            at=found.at,
            device=found.device,
            active=found.valid != Invalid.DEVICE,
            key=Key(public) if public else None,
            lease=lease,
            records=records,
            first=first == found.id,
        )
    )


def _protocol(evidence: Mapping[str, Any], result: Result) -> str:
    told = [evidence.get("protocol") or result.facts.get("protocol"), evidence.get("version")]
    return " ".join(str(one) for one in told if one)
