"""The spool's tables, and the few statements its parts share. Every function runs inside its caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from agent import frame
from agent.frame import Meta

PAGE = 8192
UNSENT, DELIVERED, DURABLE = 0, 1, 2
"""States of a record or gap: not yet answered; answered, at or above the watermark; below the watermark."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, job TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  acked INTEGER, frame BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS unsent ON record (state) WHERE state = 0;
CREATE TABLE IF NOT EXISTS gap (
  first INTEGER PRIMARY KEY, last INTEGER NOT NULL, reason TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  acked INTEGER);
CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY, frame BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS mirror (id INTEGER PRIMARY KEY, frame BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL, why TEXT NOT NULL, frame BLOB NOT NULL);
"""


def open_database(path: str, megabytes: float, timeout: float = 2.0) -> sqlite3.Connection:
    """The spool's file, made when there is none and locked for this process until it is closed.

    Raises sqlite3.OperationalError when it is locked or cannot be opened, sqlite3.DatabaseError when it is damaged.
    """
    connection = sqlite3.connect(
        path, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=32
    )
    try:
        connection.execute(f"PRAGMA page_size={PAGE}")
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=TRUNCATE")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "PRAGMA secure_delete=ON"
        )  # what was dropped must not come back when a broken file is searched
        connection.execute("PRAGMA cache_size=-64")
        connection.execute(f"PRAGMA max_page_count={max(64, int(megabytes * 1048576 / PAGE))}")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()
        if answer[0] != "ok":
            raise sqlite3.DatabaseError(f"damaged: {answer[0]}")
        connection.executescript(SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def read_meta(connection: sqlite3.Connection) -> Meta | None:
    """The spool's numbers, from the copy that is whole; None in a new spool. Raises sqlite3.DatabaseError."""
    rows = [
        row[0]
        for table in ("meta", "mirror")
        for row in connection.execute(f"SELECT frame FROM {table} WHERE id = 1")  # noqa: S608
    ]
    found: list[Meta] = []
    for row in rows:
        try:
            found.append(frame.meta(frame.unpack(row)))
        except (frame.FrameError, TypeError):
            continue
    if rows and not found:
        raise sqlite3.DatabaseError("both copies of the spool's numbers are damaged")
    return max(found) if found else None


def write_meta(connection: sqlite3.Connection, meta: Meta) -> None:
    """Stores `meta` twice, on two pages: a file that loses one keeps the other."""
    data = frame.pack_meta(meta)
    connection.execute("INSERT INTO meta VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET frame = ?1", (data,))
    connection.execute("INSERT INTO mirror VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET frame = ?1", (data,))


def job_name(check: str, target: str) -> str:
    """A job's name in the record table."""
    return f"{check} {target}"


def count(connection: sqlite3.Connection, name: str, by: int) -> None:
    connection.execute(
        "INSERT INTO counter VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2", (name, by)
    )


def counters(connection: sqlite3.Connection) -> dict[str, int]:
    return {str(name): int(value) for name, value in connection.execute("SELECT name, value FROM counter")}


def used_bytes(connection: sqlite3.Connection) -> int:
    """What the spool holds, without the pages that are free to be used again."""
    pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
    return (pages - int(connection.execute("PRAGMA freelist_count").fetchone()[0])) * PAGE


def add_gap(connection: sqlite3.Connection, first: int, last: int, reason: str) -> None:
    """Declares `first` to `last` lost, in one range with its unsent neighbours of the same reason."""
    before = connection.execute(
        "SELECT first FROM gap WHERE last = ? AND reason = ? AND state = 0", (first - 1, reason)
    ).fetchone()
    after = connection.execute(
        "SELECT first, last FROM gap WHERE first = ? AND reason = ? AND state = 0", (last + 1, reason)
    ).fetchone()
    if before is not None:
        connection.execute("DELETE FROM gap WHERE first = ?", (before[0],))
    if after is not None:
        connection.execute("DELETE FROM gap WHERE first = ?", (after[0],))
    joined = (before[0] if before else first, after[1] if after else last, reason)
    connection.execute("INSERT OR REPLACE INTO gap (first, last, reason) VALUES (?, ?, ?)", joined)


def drop(connection: sqlite3.Connection, seqs: Iterable[int], reason: str) -> int:
    """Deletes records and declares their numbers lost. Returns how many."""
    numbers = sorted(seqs)
    connection.executemany("DELETE FROM record WHERE seq = ?", [(seq,) for seq in numbers])
    for first, last in runs(numbers):
        add_gap(connection, first, last, reason)
    count(connection, "dropped", len(numbers))
    return len(numbers)


def runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as ranges: 1, 2, 3, 7 is (1, 3), (7, 7)."""
    first = last = None
    for number in numbers:
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last


def holes(connection: sqlite3.Connection, first: int, end: int) -> list[tuple[int, int]]:
    """The ranges from `first` to before `end` that neither a record nor a gap accounts for."""
    covered = connection.execute(
        "SELECT seq, seq FROM record WHERE seq >= ?1 AND seq < ?2 "
        "UNION ALL SELECT first, last FROM gap WHERE last >= ?1 AND first < ?2 ORDER BY 1",
        (first, end),
    )
    found: list[tuple[int, int]] = []
    at = first
    for low, high in covered:
        if low > at:
            found.append((at, low - 1))
        at = max(at, high + 1)
    if at < end:
        found.append((at, end - 1))
    return found


def fill_holes(connection: sqlite3.Connection, first: int, end: int, reason: str) -> int:
    """Declares every hole from `first` to before `end` lost. Returns how many numbers that were."""
    found = holes(connection, first, end)
    for low, high in found:
        add_gap(connection, low, high, reason)
    return sum(high - low + 1 for low, high in found)
