"""Makes room in a spool: by age, and at its cap. What goes unsent is declared, number by number."""

from __future__ import annotations

import sqlite3

from agent import ledger
from agent.ledger import DELIVERED, DURABLE

CHUNK = 2000
"""Rows per transaction: it bounds the journal, and the time a put can wait."""
HOUR = 3_600_000_000
FULL, ENOUGH = 0.9, 0.8
"""Shares of the cap: making room begins above the first and ends below the second."""


class Room:
    """One pass of making room. Each method is one transaction's worth of work; its caller commits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thinned = 0

    def step(self) -> bool:
        """Frees something, the least valuable first: what the collector has, then all but one unsent result per job
        and hour of the oldest, then the oldest. False when nothing is left to free."""
        return self._drop_sent() or self._thin() or self._drop_oldest()

    def _drop_sent(self) -> bool:
        for state in (DURABLE, DELIVERED):
            seqs = self._seqs("SELECT seq FROM record WHERE state = ? ORDER BY seq LIMIT ?", state, CHUNK)
            if seqs:
                self._connection.executemany("DELETE FROM record WHERE seq = ?", [(seq,) for seq in seqs])
                return True
        return False

    def _thin(self) -> bool:
        rows = self._connection.execute(
            "SELECT seq, job, at FROM record WHERE seq > ? AND seq <= "
            "(SELECT seq FROM record ORDER BY seq DESC LIMIT 1 OFFSET ?) ORDER BY seq LIMIT ?",
            (self._thinned, CHUNK, CHUNK),
        ).fetchall()
        if not rows:
            return False
        self._thinned = rows[-1][0]
        kept = {(job, at // HOUR): seq for seq, job, at in rows}
        spare = {row[0] for row in rows} - set(kept.values())
        ledger.count(self._connection, "thinned", ledger.drop(self._connection, spare, "spool_cap"))
        return True

    def _drop_oldest(self) -> bool:
        seqs = self._seqs("SELECT seq FROM record ORDER BY seq LIMIT ?", CHUNK // 4)
        return bool(ledger.drop(self._connection, seqs, "spool_cap"))

    def _seqs(self, statement: str, *values: int) -> list[int]:
        return [row[0] for row in self._connection.execute(statement, values)]


def drop_aged(connection: sqlite3.Connection, before: int) -> int:
    """Drops up to CHUNK unsent results measured before `before` (µs). Returns how many."""
    rows = connection.execute(
        "SELECT seq FROM record WHERE state < ? AND at < ? ORDER BY seq LIMIT ?", (DURABLE, before, CHUNK)
    )
    return ledger.drop(connection, [row[0] for row in rows], "spool_age")


def forget_acknowledged(connection: sqlite3.Connection, before: int) -> int:
    """Forgets up to CHUNK records, and the gaps, below the watermark since `before` (µs). Returns how many records."""
    rows = connection.execute(
        "SELECT seq FROM record WHERE state = ? AND acked < ? LIMIT ?", (DURABLE, before, CHUNK)
    ).fetchall()
    connection.executemany("DELETE FROM record WHERE seq = ?", rows)
    connection.execute("DELETE FROM gap WHERE state = ? AND acked < ?", (DURABLE, before))
    return len(rows)
