"""A wall clock that is wrong, for one program and its children: a real process that is told another time.

Linux has no wall clock per namespace, and the machine's own is everybody's. So a library that is loaded before all
others (``wrong_clock.c``) answers for the system's; it leaves the clocks that count from boot alone.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("wrong_clock.c")
_EXACT = struct.Struct("=q")


class Clock:
    """The clock of the programs that run with ``environment``: right until :meth:`set`, at once and as often as
    wanted. Its files are kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file, library = folder / "clock", folder / "wrong_clock.so"
        command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(library), str(SOURCE)]
        done = subprocess.run([*command, "-ldl"], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self._file.write_bytes(_EXACT.pack(0))
        self.environment = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self._file)}

    def set(self, seconds: int) -> None:
        """How far it is ahead from now on; 0 makes it right, below 0 it is behind."""
        with self._file.open("r+b") as file:
            file.write(_EXACT.pack(seconds))
