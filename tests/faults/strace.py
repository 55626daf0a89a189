"""Kills a process on its way into any one of the system calls that it makes: that call does not happen.

strace counts each kind of call by itself, so a point is a name and how many of that name came before: found by
watching the same work once unharmed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

PATIENCE = 60.0
MISSING = "strace is not installed: `apt-get install strace` (make test does it when it runs as root)"
_CALL = re.compile(r"^(?:(\d+) +)?([a-z_0-9]+)\(")
LAST = ("exit_group", "exit", "restart_syscall")


class Call(NamedTuple):
    """The `nth` call of `name` that a thread makes, from 1, since it is watched."""

    name: str
    nth: int


class Strace:
    """strace, attached to the thread `thread`; to all of its process with `log`, in which it then writes every call.
    `kill`: the call that is to be the last."""

    def __init__(self, thread: int, *, kill: Call | None = None, log: Path | None = None) -> None:
        program = shutil.which("strace")
        if program is None:
            raise RuntimeError(MISSING)
        wanted = ["-f"] if log else []
        if kill:
            wanted = ["-e", f"trace={kill.name}", "-e", f"inject={kill.name}:signal=KILL:when={kill.nth}"]
        command = [program, "-p", str(thread), "-o", str(log or os.devnull), *wanted]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr
        said = self._process.stderr.readline()
        if "attached" not in said:
            self._process.kill()
            raise RuntimeError(f"strace cannot watch this process: {said}{self._process.communicate()[1]}")

    def over(self) -> None:
        """Returns when the process has ended, by the kill or by itself."""
        self._process.communicate(timeout=PATIENCE)

    def let_go(self) -> None:
        """Stops watching; the process, if it lives, goes on."""
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=PATIENCE)


def calls(log: Path) -> dict[int, list[Call]]:
    """What each thread called, in order, by its id."""
    found: dict[int, list[Call]] = {}
    counts: Counter[tuple[int, str]] = Counter()
    for line in log.read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if match and match[2] not in LAST:
            thread = int(match[1] or 0)
            counts[thread, match[2]] += 1
            found.setdefault(thread, []).append(Call(match[2], counts[thread, match[2]]))
    return found
