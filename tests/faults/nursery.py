"""Starts processes of ours fast: a process that has everything imported forks them, so that a thousand kills take
minutes. What is forked is a process of its own in every other way.

``python -m tests.faults.nursery`` reads one JSON request a line and answers each with one; :class:`Nursery` asks it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.tree import ROOT

LOADED = ("agent.push", "agent.spool", "checks.connectivity", "checks.device", "collector.main", "tests.faults.driver")


class Nursery:
    """The asking side. Everything it started ends with it."""

    def __enter__(self) -> Nursery:
        command = [sys.executable, "-m", "tests.faults.nursery"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def start(self, function: str, *arguments: str, log: Path, stopped: bool = False) -> int:
        """The pid of a process that runs ``module:function`` with `arguments` as its ``sys.argv``, its output in `log`.

        `stopped`: it waits for SIGCONT before it begins.
        """
        return self._ask(run=function, arguments=arguments, log=str(log), stopped=stopped)

    def wait(self, pid: int) -> int:
        """Its exit code once it has ended, or minus the signal that ended it."""
        return self._ask(wait=pid)

    def _ask(self, **request: Any) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def main() -> None:
    """Answers requests until nobody asks any more."""
    for name in LOADED:
        importlib.import_module(name)
    alive: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "run" in request:
            answer = _fork(request)
            alive.add(answer)
        else:
            _, status = os.waitpid(request["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
            alive.discard(request["wait"])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _fork(request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _live(request)
    if request["stopped"]:
        os.waitpid(pid, os.WUNTRACED)
    return pid


def _live(request: dict[str, Any]) -> None:
    """The child's whole life; does not return."""
    code = 1
    try:
        os.setsid()
        for number, path in ((0, os.devnull), (1, request["log"]), (2, request["log"])):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(handle, number)
            os.close(handle)
        module, _, name = request["run"].partition(":")
        sys.argv = [module, *request["arguments"]]
        if request["stopped"]:
            os.kill(os.getpid(), signal.SIGSTOP)
        getattr(importlib.import_module(module), name)()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
