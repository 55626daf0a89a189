"""Knows what was promised, and looks whether it was kept.

It reads what an agent noted (:mod:`tests.faults.records`) and what lies in the collector's database, and never asks
either program. Obligations: what the agent was told is durable; once faults have stopped and the agent could send,
also everything its spool took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field
from sqlalchemy import Connection

from checks.kit.wire import Gap
from collector import tally
from collector.store import states
from collector.store.cursor import Cursor
from collector.store.engine import Store
from collector.store.states import State
from tests.collector.pushing import XOM_CHIEU
from tests.faults.records import read_journal, record, target_of


class Findings(Struct):
    """What a look found. ``unflushed`` records were being written to the spool when their process was killed, and are
    gone: nobody had been promised them."""

    stored: int = 0
    acknowledged: int = 0
    unflushed: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.altered]


class Oracle:
    """The obligations of the only agent of `unit`, whose records began at `base` (µs)."""

    def __init__(self, base: int, unit: str = XOM_CHIEU) -> None:
        self._base, self._unit = base, unit
        self._read = 0
        self._tried: int | None = None
        self.epochs: list[int] = []
        self.told = 1
        self.unflushed = 0
        self.broken: list[str] = []
        self.numbers: dict[int, int] = {}

    def read(self, journal: Path) -> None:
        """Takes in what was noted since the last time."""
        lines, self._read = read_journal(journal, self._read)
        for line in lines:
            self._take(*line)

    def _take(self, what: str, *numbers: int) -> None:
        if what == "try":
            self._tried = numbers[0]
        elif what == "put":
            self.numbers[numbers[1]], self._tried = numbers[0], None
        elif what == "told":
            self.told = max(self.told, numbers[0])
        elif what == "open":
            self._opened(*numbers)

    def _opened(self, epoch: int, following: int, durable: int) -> None:
        """A spool that begins again: the record that was under way when its process died is in it, or it is not."""
        if self.epochs and self.epochs[-1] != epoch:
            self.broken.append(f"a new epoch began: {epoch} after {self.epochs[-1]}")
        self.epochs.append(epoch)
        last = max(self.numbers, default=0)
        if self._tried is not None and following == last + 2:
            self.numbers[last + 1] = self._tried
        elif following != last + 1:
            self.broken.append(f"the spool goes on with {following} after {last}")
        else:
            self.unflushed += self._tried is not None
        self._tried = None
        if durable > self.told:
            self.broken.append(f"the spool counts {durable} durable, and was told {self.told}")

    def look(self, database: str, device: str, *, drained: bool = True) -> Findings:
        """Compares with the store behind `database`. `drained`: the agent says that nothing waits any more."""
        findings = Findings(unflushed=self.unflushed, acknowledged=self.told - 1, lost=list(self.broken))
        store = Store(database)
        try:
            with snapshot(store) as connection:
                state = next(states.load(connection, [device]))
                gaps = states.load_gaps(connection, device)
                counted = _counted(states.load_tallies(connection, self._unit, 0, 2**40))
        finally:
            store.close()
        cursor = state.cursors.get(self.epochs[-1], Cursor())
        self._compare(findings, cursor, gaps, drained)
        self._compare_counts(findings, counted, cursor)
        self._compare_bytes(findings, state, cursor)
        return findings

    def _compare(self, findings: Findings, cursor: Cursor, gaps: list[tuple[int, Gap]], drained: bool) -> None:
        owed = range(1, self.told) if not drained else sorted(self.numbers)
        findings.lost += [f"{seq} is not stored" for seq in owed if not cursor.holds(seq)]
        findings.lost += [f"{gap.first} to {gap.last} were declared {gap.reason}" for _, gap in gaps]
        if cursor.low < self.told:
            findings.lost.append(f"the collector counts {cursor.low} durable and said {self.told}")

    def _compare_counts(self, findings: Findings, counted: Counter[tuple[int, str]], cursor: Cursor) -> None:
        """Every record counts once in the half-hour it was taken in, under its own job."""
        findings.stored = sum(counted.values())
        owed = Counter(self._place(number) for seq, number in self.numbers.items() if cursor.holds(seq))
        for place in owed.keys() | counted.keys():
            found, want = counted[place], owed[place]
            if found > want:
                findings.doubled.append(f"{place[1]} at {place[0]} counts {found} runs, {want} were sent")
            elif found < want:
                findings.lost.append(f"{place[1]} at {place[0]} counts {found} runs, {want} are said to be stored")

    def _place(self, number: int) -> tuple[int, str]:
        made = record(number, self._base)
        return tally.bucket_of(made.at), tally.job_key(made.check, made.target)

    def _compare_bytes(self, findings: Findings, state: State, cursor: Cursor) -> None:
        newest: dict[str, int] = {}
        for seq in sorted(self.numbers):
            if cursor.holds(seq):
                newest[tally.job_key("connectivity", target_of(self.numbers[seq]))] = seq
        for key, seq in newest.items():
            made = record(self.numbers[seq], self._base)
            made.seq = seq
            held = state.results.get(key)
            if held is None or (held.seq, held.at, held.raw) != (seq, made.at, msgspec.json.encode(made)):
                findings.altered.append(f"{key}: expected {msgspec.json.encode(made)!r}, found {held!r}")


@contextmanager
def snapshot(store: Store) -> Iterator[Connection]:
    """A connection whose reads all see one moment, whatever the collector commits meanwhile."""
    with store.reader() as connection:
        if store.is_sqlite:
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _counted(rows: Iterable[tuple[int, bytes]]) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for start, blob in rows:
        for key, counts in tally.decode(blob).items():
            found[start, key] += counts.runs
    return found


def told(findings: Findings) -> dict[str, Any]:
    """The counts of `findings`, for people."""
    return {
        "records": findings.stored, "acknowledged": findings.acknowledged, "unflushed": findings.unflushed,
        "lost": len(findings.lost), "doubled": len(findings.doubled), "altered": len(findings.altered),
    }  # fmt: skip
