"""The durable queue of results between the checks and the collector.

One SQLite file with a rollback journal, ``synchronous=FULL``: a number that :meth:`Spool.put` returned survives a
power cut. A number is never used twice. Every number that was given out is a record, acknowledged, or in a gap.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from agent import files, frame, ledger, rescue
from agent.config import SpoolConfig
from agent.frame import Meta
from agent.ledger import DURABLE, UNSENT
from agent.room import CHUNK, ENOUGH, FULL, HOUR, Room, drop_aged, forget_acknowledged
from checks.kit.model import Clock, Result
from checks.kit.wire import Gap

T = TypeVar("T")
KEPT_QUARANTINED = 200
_BACKLOG = "SELECT seq, frame FROM record WHERE state = 0 ORDER BY seq LIMIT ?"
_LIVE = (
    "SELECT seq, frame FROM record WHERE seq IN "
    "(SELECT max(seq) FROM record WHERE state = 0 AND seq > ? GROUP BY job ORDER BY 1 DESC LIMIT ?) ORDER BY seq"
)
_UNSENT = "SELECT count(*) FROM record WHERE state = 0"
_WAITING = "SELECT at FROM record WHERE state = 0 ORDER BY seq LIMIT 1"


class SpoolError(Exception):
    """The spool cannot be used. ``str()`` is the one line to show."""


class SpoolUnavailable(SpoolError):
    """The disk refuses just now: full, read-only or failing. Trying again later may work."""


class Spool:
    """The queue kept in `state_dir`. Any thread may call it; one call is one transaction.

    `note` is told what a reader of the log must know: event name and fields. Raises SpoolError when another agent
    holds the file or it cannot be opened; a damaged file is set aside and what can be read of it is saved.
    """

    def __init__(
        self,
        state_dir: str,
        config: SpoolConfig,
        clock: Clock,
        note: Callable[..., None] = lambda *_, **__: None,
    ) -> None:
        self._path, self._config, self._clock, self._note = f"{state_dir}/spool.db", config, clock, note
        self._lock = threading.RLock()
        self._wall, self._mono = clock.wall(), clock.mono()
        self._cap = int(config.megabytes * 1048576)
        self._next_tidy = 0
        files.make_directory(state_dir)
        self._connection, self._meta = self._open()

    @property
    def epoch(self) -> int:
        return self._meta.epoch

    @property
    def next(self) -> int:
        """The number the next result gets."""
        return self._meta.next

    @property
    def durable(self) -> int:
        """Everything below it is on the collector's disk."""
        return self._meta.durable

    def put(self, result: Result) -> int:
        """Stores `result` durably and returns its number. Raises SpoolUnavailable; nothing is stored then."""

        def work() -> int:
            meta = self._meta
            row = (meta.next, result.at, ledger.job_name(result.check, result.target))
            data = frame.pack_result(meta.epoch, meta.next, result)
            self._connection.execute("INSERT INTO record (seq, at, job, frame) VALUES (?, ?, ?, ?)", (*row, data))
            self._set(meta._replace(next=meta.next + 1))
            return meta.next

        with self._lock:
            self._make_room()
            return self._run(work)

    def lose(self, number: int, reason: str) -> None:
        """Gives `number` results that could not be stored their numbers, as a gap."""

        def work() -> None:
            first = self._meta.next
            ledger.add_gap(self._connection, first, first + number - 1, reason)
            ledger.count(self._connection, "dropped", number)
            self._set(self._meta._replace(next=first + number))

        if number > 0:
            self._run(work)

    def peek_live(self, after: int, at_most: int) -> list[Result]:
        """The newest unsent result of each job, of those numbered above `after`, in order."""
        return self._peek(_LIVE, (after, at_most))

    def peek_backlog(self, at_most: int) -> list[Result]:
        """The oldest unsent results, in order."""
        return self._peek(_BACKLOG, (at_most,))

    def gaps(self, at_most: int = 500) -> list[Gap]:
        """Numbers that will never come and that the collector was not told of, lowest first."""
        rows = self._run(
            lambda: self._connection.execute(
                "SELECT first, last, reason FROM gap WHERE state = 0 ORDER BY first LIMIT ?", (at_most,)
            ).fetchall()
        )
        return [Gap(*row) for row in rows]

    def oldest(self) -> int:
        """The lowest number still held; the next one when nothing is."""
        row = self._run(lambda: self._connection.execute("SELECT min(seq) FROM record").fetchone())
        return self._meta.next if row[0] is None else int(row[0])

    def unsent(self) -> int:
        """How many results wait to be sent."""
        return int(self._run(lambda: self._connection.execute(_UNSENT).fetchone())[0])

    def acknowledge(self, durable: int, seqs: Iterable[int], gaps: Iterable[Gap], epoch: int | None = None) -> str:
        """Takes the answer to a batch of `seqs` and `gaps`: the collector has them, and everything below `durable`.

        Returns ``ok``; ``replay`` when `durable` fell, so that what is above it will be sent again; ``restored``
        when it lies above our own next number, so that a new epoch began; ``missing`` when all was sent and the
        collector still lacks some, which will be sent again; ``stale`` when `epoch`, in which the batch was sent, is no
        longer the present one: its numbers are other results' now.
        """
        durable = max(1, durable)
        sent, told = [(seq,) for seq in seqs], [(gap.first, gap.last) for gap in gaps]

        def work() -> str:
            meta = self._meta
            if epoch not in (None, meta.epoch):
                return "stale"
            if durable > meta.next:
                self._begin_epoch()
                return "restored"
            fell = durable < meta.durable
            if fell:
                self._unsend(durable)
                ledger.fill_holes(self._connection, max(1, durable), meta.durable, "expired")
            self._connection.executemany("UPDATE record SET state = 1 WHERE seq = ? AND state = 0", sent)
            self._connection.executemany("UPDATE gap SET state = 1 WHERE first = ? AND last = ? AND state = 0", told)
            self._settle(durable)
            self._set(meta._replace(durable=durable))
            if fell:
                return "replay"
            return "missing" if self._resend_missing() else "ok"

        return self._run(work)

    def quarantine(self, seq: int, why: str, epoch: int | None = None) -> None:
        """Takes a record the collector cannot read out of the queue, and declares it; not one of another `epoch`."""

        def work() -> None:
            if epoch not in (None, self._meta.epoch):
                return
            self._connection.execute(
                "INSERT INTO quarantine (seq, why, frame) SELECT seq, ?, frame FROM record WHERE seq = ?", (why, seq)
            )
            self._connection.execute(
                "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", (KEPT_QUARANTINED,)
            )
            if ledger.drop(self._connection, [seq], "quarantined"):
                ledger.count(self._connection, "quarantined", 1)

        self._run(work)

    def tidy(self) -> None:
        """Forgets what was acknowledged long ago and drops what is too old. Call it often; it works once an hour."""
        now = self._now()
        if now < self._next_tidy:
            return
        self._next_tidy = now + HOUR
        kept = now - int(self._config.keep_acknowledged_hours * HOUR)
        while self._run(lambda: forget_acknowledged(self._connection, kept)) == CHUNK:
            pass
        aged = now - int(self._config.days * 24 * HOUR)
        while self._run(lambda: drop_aged(self._connection, aged)) == CHUNK:
            pass

    def numbers(self) -> dict[str, float]:
        """The spool's health: unsent records, bytes in use, seconds that the oldest of them has waited (0: there is
        none), and what was ever lost, by cause."""
        found = {"spool_records": float(self.unsent()), "spool_age_seconds": self._age()}
        used, counted = self._run(lambda: (ledger.used_bytes(self._connection), ledger.counters(self._connection)))
        found["spool_bytes"] = float(used)
        for name in ("dropped", "thinned", "quarantined", "corrupt", "rescues"):
            found[f"spool_{name}"] = float(counted.get(name, 0))
        return found

    def _age(self) -> float:
        row = self._run(lambda: self._connection.execute(_WAITING).fetchone())
        return 0.0 if row is None else max(0.0, (self._now() - row[0]) / 1e6)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _peek(self, statement: str, values: tuple[int, ...]) -> list[Result]:
        found: list[Result] = []
        with self._lock:
            for seq, data in self._run(lambda: self._connection.execute(statement, values).fetchall()):
                try:
                    found.append(self._read(seq, data))
                except (frame.FrameError, TypeError) as why:
                    self._give_up(seq, str(why))
        return found

    def _read(self, seq: int, data: bytes) -> Result:
        unpacked = frame.unpack(data)
        if (unpacked.epoch, unpacked.seq) != (self._meta.epoch, seq):
            raise frame.FrameError("it bears another number")
        return frame.result(unpacked)

    def _give_up(self, seq: int, why: str) -> None:
        def work() -> None:
            ledger.drop(self._connection, [seq], "spool_corrupt")
            ledger.count(self._connection, "corrupt", 1)

        self._run(work)
        self._note("spool_record_damaged", seq=seq, why=why)

    def _settle(self, durable: int) -> None:
        values = (DURABLE, self._now(), durable, DURABLE)
        self._connection.execute("UPDATE record SET state = ?, acked = ? WHERE seq < ? AND state < ?", values)
        self._connection.execute("UPDATE gap SET state = ?, acked = ? WHERE last < ? AND state < ?", values)

    def _unsend(self, durable: int) -> None:
        values = (UNSENT, durable, UNSENT)
        self._connection.execute("UPDATE record SET state = ?, acked = NULL WHERE seq >= ? AND state > ?", values)
        self._connection.execute("UPDATE gap SET state = ?, acked = NULL WHERE last >= ? AND state > ?", values)

    def _resend_missing(self) -> bool:
        """Whether everything was sent and the watermark says that something did not arrive."""
        meta = self._meta
        waiting = self._connection.execute(
            "SELECT 1 FROM record WHERE state = 0 UNION ALL SELECT 1 FROM gap WHERE state = 0 LIMIT 1"
        ).fetchone()
        if waiting is not None or meta.durable >= meta.next:
            return False
        self._unsend(meta.durable)
        lost = ledger.fill_holes(self._connection, max(1, meta.durable), meta.next, "expired")
        ledger.count(self._connection, "dropped", lost)
        return True

    def _begin_epoch(self) -> None:
        """Renumbers what is not acknowledged from 1 in a new epoch: the collector knows numbers of the old one that we
        would give out again."""
        old = self._meta
        epoch, shift = self._new_epoch(old.epoch), old.durable - 1
        self._connection.execute("DELETE FROM record WHERE seq < ?", (old.durable,))
        self._connection.execute("DELETE FROM gap WHERE last < ?", (old.durable,))
        seqs = self._connection.execute("SELECT seq FROM record ORDER BY seq").fetchall()
        for (seq,) in seqs:
            self._renumber(seq, epoch, seq - shift)
        gaps = self._connection.execute("SELECT first, last, reason FROM gap ORDER BY first").fetchall()
        self._connection.execute("DELETE FROM gap")
        for first, last, reason in gaps:
            ledger.add_gap(self._connection, max(1, first - shift), last - shift, reason)
        self._connection.execute("UPDATE record SET state = 0, acked = NULL")
        self._set(Meta(epoch, old.next - shift, 1))
        self._note("spool_epoch", why="the collector knows later numbers than this disk", epoch=epoch)

    def _renumber(self, seq: int, epoch: int, number: int) -> None:
        data = self._connection.execute("SELECT frame FROM record WHERE seq = ?", (seq,)).fetchone()[0]
        try:
            moved = frame.renumber(data, epoch, number)
        except (frame.FrameError, TypeError):
            ledger.drop(self._connection, [seq], "spool_corrupt")
            return
        self._connection.execute("UPDATE record SET seq = ?, frame = ? WHERE seq = ?", (number, moved, seq))

    def _new_epoch(self, before: int = 0) -> int:
        """A number no earlier epoch of this device had: seconds, then 16 random bits in case the clock is wrong."""
        made = (max(1, self._clock.wall() // 1_000_000) << 16) | int.from_bytes(os.urandom(2), "big")
        return max(made, before + 1)

    def _now(self) -> int:
        """Wall time that runs evenly from when the spool was opened: a clock set forward by a year must not age
        a month's results out of the spool."""
        return self._wall + self._clock.mono() - self._mono

    def _make_room(self) -> None:
        if self._run(lambda: ledger.used_bytes(self._connection)) < self._cap * FULL:
            return
        room = Room(self._connection)
        while self._run(lambda: ledger.used_bytes(self._connection)) > self._cap * ENOUGH:
            if not self._run(room.step):
                return

    def _set(self, meta: Meta) -> None:
        ledger.write_meta(self._connection, meta)
        self._meta = meta

    def _run(self, work: Callable[[], T]) -> T:
        """`work` as one transaction, all or nothing; a file found damaged is rescued and `work` tried once more."""
        with self._lock:
            try:
                return self._transact(work)
            except sqlite3.DatabaseError as error:
                # The plain class means a damaged file; its subclasses blame the call, as one on a closed spool does.
                if type(error) not in (sqlite3.DatabaseError, sqlite3.IntegrityError):
                    raise SpoolUnavailable(f"{self._path}: {error}") from None
                self._rescue(str(error))
            return self._transact(work)

    def _transact(self, work: Callable[[], T]) -> T:
        before = self._meta
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            found = work()
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._meta = before
            self._roll_back()
            if isinstance(error, sqlite3.OperationalError):
                raise SpoolUnavailable(f"{self._path}: {error}") from None
            raise
        return found

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            self._note("spool_rollback_failed", why=str(error))

    def _open(self) -> tuple[sqlite3.Connection, Meta]:
        try:
            connection = ledger.open_database(self._path, self._config.megabytes)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise SpoolError(f"{self._path}: another agent is using this spool") from None
            raise SpoolError(f"{self._path}: cannot be opened: {error}") from None
        except sqlite3.DatabaseError as error:
            return self._recover(str(error))
        try:
            return connection, self._begin(connection)
        except sqlite3.OperationalError as error:
            connection.close()
            raise SpoolError(f"{self._path}: cannot be used: {error}") from None
        except sqlite3.DatabaseError as error:
            connection.close()
            return self._recover(str(error))

    def _begin(self, connection: sqlite3.Connection) -> Meta:
        """The spool's numbers: those in the file; in a new file, those of what could be saved from a damaged one.

        What is saved and the numbers are one transaction, so that a kill in between changes nothing.
        """
        meta = ledger.read_meta(connection)
        if meta is None:
            meta = self._fill(connection)
        if rescue.is_pending(self._path):
            rescue.end(self._path, str(self._clock.wall() // 1_000_000))
        return meta

    def _fill(self, connection: sqlite3.Connection) -> Meta:
        connection.execute("BEGIN IMMEDIATE")
        meta, saved, lost = Meta(self._new_epoch(), 1, 1), 0, 0
        damaged = rescue.is_pending(self._path)
        if damaged:
            meta, saved, lost = rescue.salvage(connection, rescue.pending(self._path), meta.epoch)
            ledger.count(connection, "rescues", 1)
            ledger.count(connection, "corrupt", lost)
        ledger.write_meta(connection, meta)
        connection.execute("COMMIT")
        if damaged:
            self._note("spool_rescued", saved=saved, lost=lost)
        return meta

    def _rescue(self, why: str) -> None:
        self._connection.close()
        self._connection, self._meta = self._recover(why)

    def _recover(self, why: str) -> tuple[sqlite3.Connection, Meta]:
        """A new file with what the damaged one still gives."""
        self._note("spool_damaged", why=why)
        try:
            rescue.begin(self._path)
            connection = ledger.open_database(self._path, self._config.megabytes)
            return connection, self._begin(connection)
        except (sqlite3.Error, OSError, files.FileError) as error:
            raise SpoolError(f"{self._path}: cannot be used: {error}") from None
