"""What a device signed of a measurement: whether it did, and whether it is what it sent. Pure; raises for nothing.

The batch that brings a result is signed too, but not kept. The signature over the evidence stays with the row, and can
be checked by whoever has the device's public key.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from checks.kit.leasing import EVIDENCE_CONTEXT
from checks.kit.model import Result, Sample
from collector.directory import Key
from collector.evidence.figures import BITS

LIKE = 0.02
"""How far a figure that is signed may be from the one that is sent, relatively: both are rounded."""
_RATE, _LOSS, _MOS = "bandwidth_throughput", "realtime_loss", "realtime_mos"
CLAIMS = frozenset({_RATE, _LOSS, _MOS})
"""Figures that somebody could rely on."""
_LEAST = {_RATE: 1.0, _LOSS: 1e-6, _MOS: 0.011}
"""What rounding alone makes of a figure near 0, and of an opinion score in hundredths."""


def signature_holds(result: Result, key: Key | None) -> bool | None:
    """Whether `key`, the device's, signed the evidence of `result`; None where nothing is signed."""
    text, signature = result.facts.get("evidence"), result.facts.get("signature")
    if not text or not signature:
        return None
    try:
        raw = base64.b64decode(str(signature), validate=True)
        message = EVIDENCE_CONTEXT + str(text).encode()
    except (binascii.Error, ValueError):
        return False
    return key is not None and key.verify(message, raw)


def evidence_of(result: Result) -> dict[str, Any]:
    """What is signed, as an object; empty where it is none."""
    try:
        found = msgspec.json.decode(str(result.facts.get("evidence", "")))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def agrees(result: Result, told: Mapping[str, Any]) -> bool:
    """Whether `told`, what is signed, names the same lease and check as `result`, and has each figure it claims."""
    if told.get("lease") != result.facts.get("lease") or told.get("check") != result.check:
        return False
    return all(_same(one, told) for one in result.samples if one.name in CLAIMS)


def _same(sent: Sample, told: Mapping[str, Any]) -> bool:
    signed = _signed(sent, told)
    value = sent.value * BITS if sent.name == _RATE else sent.value
    return signed is not None and abs(signed - value) <= max(LIKE * abs(value), _LEAST[sent.name])


def _signed(sent: Sample, told: Mapping[str, Any]) -> float | None:
    """The figure of `sent` as it is signed; None where it is not."""
    if sent.name == _RATE:
        return _number(_part(told, sent.labels.get("direction", "")).get("rate"))
    call = _part(told, sent.labels.get("call", ""))
    if sent.name == _MOS:
        hundredths = _number(call.get("mos"))
        return None if hundredths is None else hundredths / 100
    packets = packets_of(call.get(sent.labels.get("way", "")))
    return packets[1] / packets[0] if packets else None


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def packets_of(way: Any) -> tuple[float, float] | None:
    """(sent, lost) of one way of a call as the evidence has it; None where it has none."""
    if not isinstance(way, list) or len(way) < 2:
        return None
    sent, lost = _number(way[0]), _number(way[1])
    return (sent, lost) if sent and lost is not None and 0 <= lost <= sent else None


def arrived(told: Mapping[str, Any]) -> float | None:
    """Packets of all calls that got to the reflector, as the device has it; None where it does not tell."""
    found = [packets_of(part.get("up")) or packets_of(part.get("round_trip")) for part in told.values()
             if isinstance(part, dict) and ("up" in part or "round_trip" in part)]  # fmt: skip
    return sum(one[0] - one[1] for one in found if one) if any(found) else None
