"""A simulated device's numbered results, and which of them its next batch holds: as an agent's spool does it."""

from __future__ import annotations

from msgspec import Struct
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from checks.kit import wire
from checks.kit.model import Result
from checks.kit.wire import Ack, Batch, WireError
from collector.simulate.model import MARK

WINDOW = 500
"""The most results of one batch."""


class Key:
    """An Ed25519 key (RFC 8032) from 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        self.public, self._secret = crypto_sign_seed_keypair(seed)

    def sign(self, message: bytes) -> bytes:
        return crypto_sign(message, self._secret)[:64]


class Sent(Struct, frozen=True):
    """A sealed batch on its way, and the numbers in it."""

    sealed: bytes
    digest: str
    numbers: tuple[int, ...]


class Outbox:
    """What a device has measured and nobody has acknowledged. ``epoch`` is larger than that of any earlier run."""

    def __init__(self, device: str, key: Key, epoch: int) -> None:
        self.device, self._key, self.epoch = device, key, epoch
        self._held: dict[int, Result] = {}
        self._next, self._window, self._told_live = 1, WINDOW, False
        self.failures = 0
        self.contact = 0
        """When (µs) the collector last answered."""

    @property
    def number(self) -> int:
        """That of the next result."""
        return self._next

    @property
    def waiting(self) -> int:
        return len(self._held)

    @property
    def oldest(self) -> Result | None:
        return next(iter(self._held.values()), None)

    def put(self, result: Result) -> None:
        """Keeps `result`, whose number is :attr:`number`."""
        self._held[result.seq] = result
        self._next += 1

    def sealed(self, *, boot: str, at: int, mono: int, health: dict[str, float], config: str) -> Sent:
        """The next batch: the newest of each job ahead of a backlog once, else the oldest in order; as many as fit."""
        while True:
            results = self._choose()
            batch = Batch(
                v=wire.VERSION, agent=self.device, epoch=self.epoch, boot=boot, sent_at=at, sent_mono=mono,
                oldest=next(iter(self._held), self._next), results=results, health=health, config=config, version=MARK,
            )  # fmt: skip
            try:
                sealed = wire.seal(batch, self._key)
            except WireError:
                if len(results) < 2:
                    raise
                self._window = len(results) // 2
                continue
            return Sent(sealed, wire.digest(sealed), tuple(result.seq for result in results))

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def _choose(self) -> list[Result]:
        if len(self._held) > self._window and not self._told_live:
            newest = {(result.check, result.target): result for result in self._held.values()}
            live = sorted(newest.values(), key=lambda result: result.seq)[-self._window :]
            if len(live) < len(self._held):
                return live
        return [result for result, _ in zip(self._held.values(), range(self._window), strict=False)]

    def acknowledged(self, sent: Sent, ack: Ack, at: int) -> bool:
        """Lets go of what is durable; False where `ack` is for another batch, which lets nothing go."""
        if (ack.agent, ack.epoch, ack.batch) != (self.device, self.epoch, sent.digest):
            return False
        for number in sent.numbers:
            self._held.pop(number, None)
        self._told_live = bool(self._held)
        self._window = min(WINDOW, self._window * 2)
        self.failures, self.contact = 0, at
        return True
