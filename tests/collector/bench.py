"""A ledger over a store of its own, for tests of what is stored."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from checks.kit.model import Result
from checks.kit.wire import Batch
from collector import tally
from collector.absorb import Push
from collector.ledger import Ledger, Rejected
from collector.store import states
from collector.store.engine import Store
from collector.store.states import State
from collector.telemetry import Telemetry
from tests.collector.pushing import XOM_CHIEU, Known, Sender


def pushed(batch: Batch, now: int, *, counts: bool = True) -> Push:
    return Push(batch, [msgspec.json.encode(result) for result in batch.results], XOM_CHIEU, "pc", counts, now)


@dataclasses.dataclass
class Bench:
    """A ledger over a store, and what stands in it."""

    store: Store
    ledger: Ledger
    now: int

    def push(self, sender: Sender, *results: Result, counts: bool = True, **changes: Any) -> int | Rejected:
        batch = sender.batch(*results, **({"sent_at": self.now} | changes))
        return self.ledger.write([pushed(batch, self.now, counts=counts)])[0]

    def state(self, sender: Sender) -> State:
        with self.store.reader() as connection:
            return next(states.load(connection, [sender.device]))

    def runs(self) -> int:
        """How many runs all half-hours together count."""
        with self.store.reader() as connection:
            rows = states.load_tallies(connection, XOM_CHIEU, 0, 2**40)
        return sum(t.runs for _, blob in rows for t in tally.decode(blob).values())

    def again(self) -> Bench:
        """The same store under a ledger that remembers nothing."""
        return Bench(self.store, Ledger(self.store, Known(), Telemetry()), self.now)
