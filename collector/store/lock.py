"""What keeps a second collector off a database: a lock file, or PostgreSQL's own lock. Both die with their holder."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import sqlalchemy as sa

try:
    import fcntl
except ImportError:  # the collector serves from Linux; elsewhere only its libraries are imported
    fcntl = None  # type: ignore[assignment]


class Lock:
    """An advisory lock on `path`, held while the process lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """True when the lock is ours now; False when another process holds it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __str__(self) -> str:
        return f"lock file {self.path}"


class SessionLock:
    """An advisory lock of PostgreSQL on the whole database, held while our session lasts. A restart of the server ends
    it; who holds it then is not asked again."""

    KEY = int.from_bytes(b"sansang")

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._session: sa.Connection | None = None

    def take(self) -> bool:
        """True when the lock is ours now; False when another session holds it. Raises SQLAlchemyError."""
        session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not session.scalar(sa.select(sa.func.pg_try_advisory_lock(self.KEY))):
            session.close()
            return False
        self._session = session
        return True

    def release(self) -> None:
        if self._session is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self._session.scalar(sa.select(sa.func.pg_advisory_unlock(self.KEY)))
            self._session.invalidate()
            self._session = None

    def __str__(self) -> str:
        return "advisory lock of PostgreSQL"
