"""A lock file that dies with its holder."""

from __future__ import annotations

import os
from pathlib import Path

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
