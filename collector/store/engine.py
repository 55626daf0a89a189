"""Opens the database. One thread writes; readers have connections of their own.

With SQLite 3.40 two connections that write or checkpoint at once can corrupt the log (the WAL-reset bug, fixed in
3.51.3), so exactly one connection does both, and a lock file keeps a second process from opening one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event

from collector.log import one_line
from collector.store import migrate
from collector.store.lock import Lock, SessionLock

T = TypeVar("T")


class StoreError(Exception):
    """The database cannot be used; the text is one line for people."""


class Store:
    """A database that one process writes through one thread.

    Promises: what runs inside one :meth:`write` is committed whole or not at all; when :meth:`write` returns, it is
    on disk; writes run one after the other in the order they were asked for; :meth:`read` sees committed data only.
    """

    def __init__(self, url: str, *, lock: Path | None = None, alone: bool = False) -> None:
        """With `lock`, a file, or `alone`, on PostgreSQL, a second collector is refused."""
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine, self._readers = _engines(self.url)
        self._lock = Lock(lock) if lock else SessionLock(self._engine) if alone and not self.is_sqlite else None
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._reading = ThreadPoolExecutor(4, "store-reader")

    @property
    def exclusive(self) -> bool:
        """Whether no other process can write: then rows this process wrote last may be kept in memory."""
        return self.is_sqlite

    def open(self) -> None:
        """Takes the lock and brings the schema up to date. Raises StoreError."""
        try:
            if self._lock and not self._lock.take():
                raise StoreError(f"another collector uses this database already ({self._lock})")
            with self.begin() as connection:
                migrate.upgrade(connection)
        except migrate.NewerSchema as why:
            raise StoreError(str(why)) from None
        except sa.exc.DBAPIError as why:
            raise StoreError(f"cannot open {self.url.render_as_string()}: {one_line(why)}") from None

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._reading.shutdown(wait=True)
        if self._lock:
            self._lock.release()
        self._engine.dispose()
        self._readers.dispose()

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction, for the writer's thread or before it runs."""
        with self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reader(self) -> Iterator[Connection]:
        with self._readers.connect() as connection:
            yield connection

    async def run(self, work: Callable[[], T]) -> T:
        """`work` on the writer's thread, outside a transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """`work` in a transaction on the writer's thread; returns after the commit."""

        def transaction() -> T:
            with self.begin() as connection:
                return work(connection)

        return await self.run(transaction)

    async def read(self, work: Callable[[Connection], T]) -> T:
        def reading() -> T:
            with self.reader() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._reading, reading)


def _engines(url: sa.URL) -> tuple[Engine, Engine]:
    if url.get_backend_name() != "sqlite":
        engine = sa.create_engine(url, pool_size=6, max_overflow=4, pool_pre_ping=True)
        return engine, engine
    if url.database:
        folder = Path(url.database).parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as why:
            raise StoreError(f"{folder}: cannot be created: {(why.strerror or str(why)).lower()}") from None
    writer = sa.create_engine(url, poolclass=sa.pool.StaticPool, connect_args={"check_same_thread": False})
    readers = sa.create_engine(url, pool_size=4, max_overflow=4)
    event.listen(writer, "connect", _sqlite_writer)
    event.listen(writer, "begin", _begin_immediate)
    event.listen(readers, "connect", _sqlite_reader)
    return writer, readers


def _sqlite_writer(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "wal_autocheckpoint=2000",
        "cache_size=-32768", "temp_store=MEMORY",
    ):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _sqlite_reader(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in ("busy_timeout=5000", "wal_autocheckpoint=0", "query_only=ON"):
        connection.execute(f"PRAGMA {pragma}")
