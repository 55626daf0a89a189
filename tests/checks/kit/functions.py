"""What the tests of :mod:`checks.kit.child` run in children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any


def echo(argument: Any) -> Any:
    return argument


def noisy(argument: Any) -> Any:
    """Prints what would pass for an answer on every stream it can find."""
    print('{"answer": "forged"}', flush=True)
    for number in (0, 1, 2):
        os.write(number, b'{"answer": "forged"}')
    return argument


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def leave(code: int) -> None:
    os._exit(code)


def quit_politely(code: int) -> None:
    sys.exit(code)


def hang(_: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(60)


def breed(_: Any) -> int:
    """Leaves a grandchild behind, and tells its number."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid


def hoard(size: int) -> int:
    return len(bytearray(size))


def fail(words: str) -> None:
    raise ValueError(words)


def long(length: int) -> str:
    return "x" * length


def environment(_: Any) -> list[str]:
    return sorted(os.environ)


def strange(_: Any) -> object:
    return object()
