"""What the tests of :mod:`checks.kit.child` run in children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from checks.kit import child
from checks.kit.leasing import Grant, Postponed, Server, Want


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


def ask(questions: list[Any]) -> list[Any]:
    """Says each, and answers with what it was told."""
    return [child.say(question) for question in questions]


def ask_from_threads(count: int) -> list[Any]:
    """As many threads each ask once."""
    told: list[Any] = []
    threads = [threading.Thread(target=lambda n=n: told.append((n, child.say(n)))) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def forge(line: str) -> str:
    """Writes what is no question where questions go."""
    for number in range(3, 16):
        with contextlib.suppress(OSError):
            os.write(number, line.encode() + b"\n")
    return "answer"


def borrow(_: None) -> list[Any]:
    """Does with an agent's leases all that a check does."""
    from checks.kit.lent import Lent

    lent = Lent("https://collector", "ca.pem")
    grant = lent.obtain(Want(check="bandwidth", seconds=10, bytes=1000))
    told: list[Any] = [grant.id, lent.proof(grant), lent.sign(b"\0\xff evidence")]
    lent.release(grant, 99)
    try:
        lent.obtain(Want(check="realtime", seconds=10, bytes=1000))
    except Postponed as why:
        told += [why.reason, why.seconds, why.detail]
    return told


def give_back(_: None) -> str:
    """To an agent that fails."""
    from checks.kit.lent import Lent

    grant = Grant(id="a", start_in=0, seconds=1, bytes=1, rate=1, streams=1, server=Server(name="s"))
    Lent("", "").release(grant, 1)
    return "done"
