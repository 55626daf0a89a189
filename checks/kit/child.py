"""Runs a function in a process of its own, so that what crashes, hangs or hoards memory costs one reading only.

The child is ``python -m checks.kit.child``. It takes its argument as JSON on standard input and answers on what
was its standard output: before the function is even imported, that pipe moves to a private number and the
standard streams lead nowhere, so nothing the function or its libraries print can be taken for an answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import Any

import msgspec
from msgspec import Struct

from checks.kit.model import Reason
from checks.kit.process import Process

MEMORY = 256 * 1024 * 1024
MAX_ANSWER = 4 * 1024 * 1024
_GRACE = 2.0
_MARK = "SANSANG_CHILD"
_OUT_OF_MEMORY = ("cannot allocate memory", "failed to map segment", "out of memory")


class ChildError(Exception):
    """The child gave no usable answer. ``reason`` is one of the ``CHILD_`` reasons, ``detail`` one line."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class _Frame(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What a child writes: an answer, or why there is none."""

    answer: msgspec.Raw = msgspec.Raw()
    failure: str = ""
    memory: bool = False


def call(
    function: str,
    argument: Any,
    *,
    answer: type[Any],
    timeout: float,
    memory: int = MEMORY,
    alone: bool = True,  # noqa: ARG001
) -> Any:
    """What ``package.module:function`` answers to `argument`, decoded as `answer`, within `timeout` seconds.

    ``package.module`` alone is a program that shares nothing with us but this protocol, for what our licence may not
    be combined with: it is run with `memory` as its argument, reads JSON to the end of its standard input, and writes
    ``{"answer": …}`` or ``{"failure": "one line"}``.

    The child may use `memory` bytes of address space where the system can hold it to that (not on Windows). It is
    always `alone` in its process.
    Raises ChildError: CHILD_CRASHED (it raised or died), CHILD_HUNG, CHILD_GARBAGE (no JSON, or not an `answer`,
    or past MAX_ANSWER), CHILD_MEMORY.
    """
    process = _start(function, memory)
    talk = _Talk(process, msgspec.json.encode(argument))
    try:
        if not talk.finished(timeout):
            raise ChildError(Reason.CHILD_HUNG, f"no answer within {timeout:g} s")
        return _read(bytes(talk.heard), answer, process)
    finally:
        process.end(_GRACE)


def within(function: str, argument: Any, *, answer: type[Any], timeout: float) -> Any:
    """As :func:`call` of a function, in a thread of this process, which must be a child that ends soon: what does not
    answer in time is left behind. Raises ChildError: CHILD_CRASHED, CHILD_HUNG, CHILD_GARBAGE, CHILD_MEMORY."""
    frames: list[_Frame] = []
    given = msgspec.json.decode(msgspec.json.encode(argument))
    thread = threading.Thread(target=lambda: frames.append(_invoke(function, given)), name="within", daemon=True)
    thread.start()
    thread.join(timeout)
    if not frames:
        raise ChildError(Reason.CHILD_HUNG, f"no answer within {timeout:g} s")
    return _opened(frames[0], answer)


class _Talk:
    """Writes the argument and reads the answer in a thread, because pipes have no deadline on every system."""

    def __init__(self, process: Process, argument: bytes) -> None:
        self.heard = bytearray()
        self._thread = threading.Thread(target=self._run, args=(process, argument), name="child", daemon=True)
        self._thread.start()

    def finished(self, timeout: float) -> bool:
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self, process: Process, argument: bytes) -> None:
        left = memoryview(argument)
        try:
            with contextlib.suppress(OSError):
                while left:
                    left = left[os.write(process.stdin, left) :]
        finally:
            os.close(process.stdin)
        try:
            with contextlib.suppress(OSError):
                while len(self.heard) <= MAX_ANSWER and (part := os.read(process.stdout, 65536)):
                    self.heard += part
        finally:
            os.close(process.stdout)


def _start(function: str, memory: int) -> Process:
    optimised = ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []
    module = ["checks.kit.child", function] if ":" in function else [function]
    command = [sys.executable, *optimised, "-P", "-X", "utf8", "-m", *module, str(memory)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SANSANG_")} | {_MARK: "1"}
    try:
        return Process(command, environment, group=not is_child())
    except OSError as why:
        raise ChildError(Reason.CHILD_CRASHED, f"cannot be started: {(why.strerror or 'unknown').lower()}") from None


def is_child() -> bool:
    """Whether this process is a child itself. What it starts then stays in its group, to end with it."""
    return _MARK in os.environ


def _read(heard: bytes, answer: type[Any], process: Process) -> Any:
    if not heard:
        raise ChildError(Reason.CHILD_CRASHED, _ending(process))
    if len(heard) > MAX_ANSWER:
        raise ChildError(Reason.CHILD_GARBAGE, f"the answer is past {MAX_ANSWER} bytes")
    return _opened(_decoded(heard, _Frame), answer)


def _opened(frame: _Frame, answer: type[Any]) -> Any:
    if frame.memory:
        raise ChildError(Reason.CHILD_MEMORY, "it needed more memory than it may use")
    if not bytes(frame.answer):
        raise ChildError(Reason.CHILD_CRASHED, frame.failure or "no answer")
    return _decoded(frame.answer, answer)


def _decoded(data: bytes | msgspec.Raw, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as why:
        raise ChildError(Reason.CHILD_GARBAGE, f"the answer is not what was expected: {why}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ChildError(Reason.CHILD_GARBAGE, "the answer is not JSON") from None


def _ending(process: Process) -> str:
    code = process.wait(_GRACE)
    if code is None:
        return "it closed its answer and went on"
    if code >= 0:
        return f"it ended with exit status {code} and no answer"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)  # kept: a child of this one may be allowed more
    resource.setrlimit(resource.RLIMIT_AS, (memory, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _invoke(function: str, argument: Any) -> _Frame:
    import importlib

    module, _, name = function.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)(argument)
        return _Frame(answer=msgspec.Raw(msgspec.json.encode(found)))
    except MemoryError:
        return _Frame(memory=True)
    except BaseException as why:
        words = " ".join(f"{type(why).__name__}: {why}".split())[:200]
        return _Frame(memory=any(mark in words.lower() for mark in _OUT_OF_MEMORY), failure=words)


def _main(function: str, memory: str) -> None:
    """The child. It ends without unloading anything: a library that crashes on its way out has answered by then."""
    argument = sys.stdin.buffer.read()
    answer, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    _limit(int(memory))
    data = memoryview(msgspec.json.encode(_invoke(function, msgspec.json.decode(argument))))
    while data:
        data = data[os.write(answer, data) :]
    os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
