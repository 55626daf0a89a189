"""Measurements as tests play them: a device that measures and signs, the lease it had, and what the server saw."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import msgspec

from checks.kit.leasing import EVIDENCE_CONTEXT
from checks.kit.model import Outcome, Result, Sample
from collector.leases.model import MEGABIT, SECOND, Lease
from tests.collector.pushing import BOOT, XOM_CHIEU, Signer

NOW = 1_795_228_323 * SECOND  # Saturday 21/11/2026 09:32:03 in Ho Chi Minh City
LEASE = "0123456789abcdef"


def lease(device: str, **changes: Any) -> Lease:
    """One of a minute that began at NOW, used."""
    values: dict[str, Any] = {
        "id": LEASE, "device": device, "unit": XOM_CHIEU, "provider": "VNPT", "check": "bandwidth", "server": "tdc",
        "rate": 250 * MEGABIT, "bytes": 250_000_000, "granted_at": NOW, "starts_at": NOW,
        "ends_at": NOW + 60 * SECOND, "state": "running", "used": 120_000_000,
    }  # fmt: skip
    return Lease(**(values | changes))


def record(test: str, rate: float, seconds: float = 4.0, begin: float = 0.0, **changes: Any) -> dict[str, Any]:
    """What the server keeps of a stream that was slow for half a second and then ran at `rate` (bit/s)."""
    times = [0.25 * step for step in range(1, int(seconds * 4) + 1)]
    samples = [(int(time * 1e6), int(max(0.0, time - 0.5) * rate / 8)) for time in times]
    total = samples[-1][1]
    values = {
        "test": test, "server": "tdc", "uuid": "u", "at": NOW + int(begin * SECOND), "seconds": seconds,
        "bytes": total, "rate": total * 8 / seconds, "paced": 250e6, "end": "client_closed", "samples": samples,
    }  # fmt: skip
    return values | changes


@dataclasses.dataclass
class Pc:
    """A device's words: ``down`` and ``up`` in Mbit/s."""

    signer: Signer = dataclasses.field(default_factory=Signer)

    def result(
        self, down: float = 93.4, up: float = 41.2, *, signed: dict[str, Any] | None = None, **changes: Any
    ) -> Result:
        """A test of both directions, its evidence signed; `signed` changes what is signed, and not what is sent."""
        rates = {"download": down * MEGABIT, "upload": up * MEGABIT}
        told: dict[str, Any] = {
            "check": "bandwidth", "protocol": "ndt7", "version": "0.11", "at": NOW, "lease": LEASE, "server": "tdc",
            "params": {"seconds": 10_000_000, "bytes": 250_000_000},
        }  # fmt: skip
        told |= {way: {"rate": round(rate), "used": 40_000_000, "limited": "line"} for way, rate in rates.items()}
        text = msgspec.json.encode(told | (signed or {}), order="sorted").decode()
        samples = [Sample("bandwidth_throughput", rate / 8, {"direction": way}) for way, rate in rates.items()]
        samples += [
            Sample("bandwidth_latency", 0.012, {"load": "idle"}),
            Sample("bandwidth_latency", 0.048, {"load": "download"}),
            Sample("bandwidth_latency", 0.091, {"load": "upload"}),
            Sample("bandwidth_responsiveness", 900.0, {"direction": "download"}),
            Sample("bandwidth_responsiveness", 640.0, {"direction": "upload"}),
        ]
        facts = self.facts(text) | {"limited_by": "line", "disturbed": "none"}
        return self.made({"check": "bandwidth", "samples": tuple(samples), "facts": facts} | changes)

    def call(self, lost: int = 20, mos: float = 4.21, **changes: Any) -> Result:
        """A call of 2,000 packets each way."""
        way = [2000, lost, 21_000, 1_800, 5_200]
        told = {
            "check": "realtime", "protocol": "stamp", "version": "RFC 8762", "lease": LEASE, "server": "tdc",
            "1500k": {"mos": round(mos * 100), "up": way, "down": way, "round_trip": [2000, 2 * lost, 0, 0, 0]},
        }  # fmt: skip
        text = msgspec.json.encode(told, order="sorted").decode()
        samples = (
            Sample("realtime_loss", lost / 2000, {"call": "1500k", "way": "up"}),
            Sample("realtime_loss", 2 * lost / 2000, {"call": "1500k", "way": "round_trip"}),
            Sample("realtime_jitter", 0.0018, {"call": "1500k", "way": "up"}),
            Sample("realtime_mos", mos, {"call": "1500k"}),
        )
        return self.made({"check": "realtime", "samples": samples, "facts": self.facts(text)} | changes)

    def facts(self, text: str) -> dict[str, Any]:
        signature = base64.b64encode(self.signer.sign(EVIDENCE_CONTEXT + text.encode())).decode()
        return {"evidence": text, "signature": signature, "lease": LEASE, "server": "tdc", "protocol": "ndt7"}

    def made(self, given: dict[str, Any]) -> Result:
        values: dict[str, Any] = {
            "seq": 1, "outcome": Outcome.OK, "at": NOW, "mono": 1_000_000, "boot": BOOT, "took": 9_000_000,
        }  # fmt: skip
        return Result(**(values | given))


BOTH = [record("download", 93.4e6), record("upload", 41.2e6, begin=5.0)]
REFLECTED = {"test": "realtime", "packets": 2010, "reflected": 2010, "highest": 2010, "at": NOW}
