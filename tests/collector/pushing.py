"""A device as the tests play it: a key, numbered results, sealed batches."""

from __future__ import annotations

import time
import uuid
from typing import Any

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from checks.kit import wire
from checks.kit.model import Outcome, Result, Sample
from checks.kit.wire import Batch
from collector.store import devices
from collector.store.engine import Store

BOOT = "0b0b0b0b-0000-4000-8000-000000000001"
XOM_CHIEU = "27259"
DAY = 86_400_000_000


def wall() -> int:
    return time.time_ns() // 1000


class Signer:
    """An Ed25519 key from a small number."""

    def __init__(self, number: int = 1) -> None:
        self.public, self._secret = crypto_sign_seed_keypair(number.to_bytes(32, "big"))

    def sign(self, message: bytes) -> bytes:
        return crypto_sign(message, self._secret)[:64]


class Known:
    """What ingest must know, as a configuration would say it."""

    def __init__(self, *jobs: str) -> None:
        self._jobs = frozenset(jobs or ("connectivity|dichvucong", "connectivity|1022", "device|"))

    def jobs(self, unit: str, role: str) -> frozenset[str]:
        return self._jobs

    @property
    def distributions(self) -> dict[str, tuple[str, ...]]:
        return {"connectivity_phase": ("phase",)}


class Sender:
    """A device that pushes. ``mono`` runs one second ahead of nothing: tests set times themselves."""

    def __init__(self, device: str | None = None, key: int = 1, epoch: int = 1) -> None:
        self.device, self.signer, self.epoch = device or str(uuid.UUID(int=key)), Signer(key), epoch
        self.next = 1

    def result(self, at: int | None = None, **changes: Any) -> Result:
        """The next numbered result: 20 ms to dichvucong, unless `changes` say otherwise."""
        values: dict[str, Any] = {
            "seq": self.next, "check": "connectivity", "target": "dichvucong", "outcome": Outcome.OK,
            "at": wall() if at is None else at, "mono": 1_000_000, "boot": BOOT, "took": 20_000,
            "samples": (Sample("connectivity_up", 1.0), Sample("connectivity_phase", 0.02, {"phase": "tcp"})),
        }  # fmt: skip
        self.next += 1
        return Result(**(values | changes))

    def batch(self, *results: Result, **changes: Any) -> Batch:
        values: dict[str, Any] = {
            "v": wire.VERSION, "agent": self.device, "epoch": self.epoch, "boot": BOOT, "sent_at": wall(),
            "sent_mono": 2_000_000, "oldest": 1, "results": list(results),
        }  # fmt: skip
        return Batch(**(values | changes))

    def sealed(self, *results: Result, **changes: Any) -> bytes:
        return wire.seal(self.batch(*results, **changes), self.signer)


def enrolled(store: Store, sender: Sender, unit: str = XOM_CHIEU, *, review: bool = False) -> Sender:
    """Gives `sender` a place in the store, by a token like any other device."""
    with store.begin() as connection:
        token = devices.create_token(connection, unit=unit, seats=1, now=wall(), days=1, review=review)
        device = devices.enrol(connection, token=token, public_key=sender.signer.public, role="pc", now=wall())
    sender.device = device.id
    return sender
