"""A child process with two pipes. ``subprocess`` would cost the resident agent 0.4 MB; only Windows needs it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

_PAUSE = 0.001
_LONGEST_PAUSE = 0.02


class Process:
    """A running command: ``stdin`` and ``stdout`` are descriptors of this process's ends, closed by who uses them; what
    it says on standard error goes nowhere. With `group` it leads a process group of its own, which :meth:`end` kills.

    Raises OSError when it cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, group: bool) -> None:
        self._group, self._code, self._popen = group, None, None
        if hasattr(os, "posix_spawn"):
            self.pid, self.stdin, self.stdout = _spawn(command, environment, group)
        else:
            self._popen = _windows(command, environment)
            self.pid = int(self._popen.pid)
            self.stdin, self.stdout = os.dup(self._popen.stdin.fileno()), os.dup(self._popen.stdout.fileno())
            self._popen.stdin.close()
            self._popen.stdout.close()

    _code: int | None
    _popen: Any

    def wait(self, seconds: float) -> int | None:
        """The exit status, negative for a signal; None while it still runs after `seconds`."""
        until, pause = time.monotonic() + seconds, _PAUSE
        while (code := self._poll()) is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return code

    def end(self, grace: float) -> None:
        """Kills it, with the group it leads, and waits up to `grace` seconds until it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._popen is not None:
                self._popen.kill()
            elif self._group:
                os.killpg(self.pid, signal.SIGKILL)
            elif self._code is None:
                os.kill(self.pid, signal.SIGKILL)
        self.wait(grace)

    def _poll(self) -> int | None:
        if self._code is None:
            if self._popen is not None:
                self._code = self._popen.poll()
            else:
                with contextlib.suppress(ChildProcessError):
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                    self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code


def _spawn(command: Sequence[str], environment: Mapping[str, str], group: bool) -> tuple[int, int, int]:
    # pipes of Python close themselves in a child, but for the ends that are put in place of its standard streams
    with contextlib.ExitStack() as failed, contextlib.ExitStack() as theirs:
        read, stdin = os.pipe()
        theirs.callback(os.close, read)
        failed.callback(os.close, stdin)
        stdout, write = os.pipe()
        theirs.callback(os.close, write)
        failed.callback(os.close, stdout)
        streams = [
            (os.POSIX_SPAWN_DUP2, read, 0),
            (os.POSIX_SPAWN_DUP2, write, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        pid = os.posix_spawn(command[0], list(command), dict(environment), file_actions=streams, setsid=group)
        failed.pop_all()
    return pid, stdin, stdout


def _windows(command: Sequence[str], environment: Mapping[str, str]) -> Any:
    import subprocess

    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=dict(environment),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
