"""Runs a function in a process of its own, so that what crashes, hangs or hoards memory costs one reading only.

The child is ``python -m checks.kit.child``. It takes its argument as JSON on standard input and answers on what
was its standard output: before the function is even imported, that pipe moves to a private number and the
standard streams lead nowhere, so nothing the function or its libraries print can be taken for an answer.

A child that is heard may ask and tell before it answers (:func:`say`): each is a line of JSON on the same two pipes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
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
_HEARD = "heard"
Hear = Callable[[Any], Any]


class ChildError(Exception):
    """The child gave no usable answer. ``reason`` is one of the ``CHILD_`` reasons, ``detail`` one line."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class _Frame(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What a child writes: what it says meanwhile, an answer, or why there is none; and what it is answered."""

    said: msgspec.Raw = msgspec.Raw()
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
    hear: Hear | None = None,
) -> Any:
    """What ``package.module:function`` answers to `argument`, decoded as `answer`, within `timeout` seconds.

    ``package.module`` alone is a program that shares nothing with us but this protocol, for what our licence may not
    be combined with: it is run with `memory` as its argument, reads JSON to the end of its standard input, and writes
    ``{"answer": …}`` or ``{"failure": "one line"}``.

    The child may use `memory` bytes of address space where the system can hold it to that (not on Windows). It is
    always `alone` in its process. What the function says is given to `hear`, in another thread, and what that returns
    is answered.
    Raises ChildError: CHILD_CRASHED (it raised or died), CHILD_HUNG, CHILD_GARBAGE (no JSON, or not an `answer`,
    or past MAX_ANSWER), CHILD_MEMORY.
    """
    process = _start(function, memory, heard=hear is not None)
    talk = _Talk(process, msgspec.json.encode(argument), hear)
    try:
        if not talk.finished(timeout):
            raise ChildError(Reason.CHILD_HUNG, f"no answer within {timeout:g} s")
        return _read(bytes(talk.heard), answer, process)
    finally:
        process.end(_GRACE)


def within(function: str, argument: Any, *, answer: type[Any], timeout: float, hear: Hear | None = None) -> Any:
    """As :func:`call` of a function, in a thread of this process, which must be a child that ends soon: what does not
    answer in time is left behind. Raises ChildError: CHILD_CRASHED, CHILD_HUNG, CHILD_GARBAGE, CHILD_MEMORY."""
    frames: list[_Frame] = []
    given = msgspec.json.decode(msgspec.json.encode(argument))

    def work() -> None:
        _here.hear = hear
        frames.append(_invoke(function, given))

    thread = threading.Thread(target=work, name="within", daemon=True)
    thread.start()
    thread.join(timeout)
    if not frames:
        raise ChildError(Reason.CHILD_HUNG, f"no answer within {timeout:g} s")
    return _opened(frames[0], answer)


_here = threading.local()
"""Who hears what is said in this thread, where a function was called in place."""
_parent: Hear | None = None
"""Who hears all else that is said in this process."""


def say(value: Any) -> Any:
    """What the caller of the function that runs here answers to `value`, both as JSON; None where nobody hears. From
    any thread of a child, and in the thread itself of a function called :func:`within` one.

    Raises RuntimeError when the caller fails, or is gone.
    """
    hear: Hear | None = getattr(_here, "hear", _parent)
    if hear is None:
        return None
    return hear(value) if hear is _parent else hear(msgspec.json.decode(msgspec.json.encode(value)))


class _Parent:
    """The caller's ear, from inside the child."""

    def __init__(self, inward: Any, outward: int) -> None:
        self._inward, self._outward, self._lock = inward, outward, threading.Lock()

    def __call__(self, value: Any) -> Any:
        line = msgspec.json.encode(_Frame(said=msgspec.Raw(msgspec.json.encode(value))))
        with self._lock:
            _write(self._outward, line + b"\n")
            heard = self._inward.readline()
        if not heard:
            raise RuntimeError("nobody hears what is said")
        frame = msgspec.json.decode(heard, type=_Frame)
        if frame.failure:
            raise RuntimeError(frame.failure)
        return msgspec.json.decode(frame.answer)


class _Talk:
    """Writes the argument and reads the answer in a thread, because pipes have no deadline on every system."""

    def __init__(self, process: Process, argument: bytes, hear: Hear | None = None) -> None:
        self.heard, self._hear = bytearray(), hear
        self._thread = threading.Thread(target=self._run, args=(process, argument), name="child", daemon=True)
        self._thread.start()

    def finished(self, timeout: float) -> bool:
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self, process: Process, argument: bytes) -> None:
        heard = self._hear is not None
        try:
            with contextlib.suppress(OSError):
                _write(process.stdin, argument + b"\n" if heard else argument)
        finally:
            if not heard:
                os.close(process.stdin)
        try:
            with contextlib.suppress(OSError):
                self._listen(process)
        finally:
            os.close(process.stdout)
            if heard:
                os.close(process.stdin)

    def _listen(self, process: Process) -> None:
        """Reads to the end, answering what is said on the way; what is neither said nor an answer stays, as garbage."""
        while len(self.heard) <= MAX_ANSWER and (part := os.read(process.stdout, 65536)):
            self.heard += part
            while self._hear is not None and (end := self.heard.find(b"\n")) >= 0:
                reply = _heard(bytes(self.heard[:end]), self._hear)
                if reply is None:
                    return
                del self.heard[: end + 1]
                _write(process.stdin, reply + b"\n")


def _heard(line: bytes, hear: Hear) -> bytes | None:
    """The frame that answers what a child said; None when this is nothing that it may say."""
    try:
        said = msgspec.json.decode(msgspec.json.decode(line, type=_Frame).said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    try:
        frame = _Frame(answer=msgspec.Raw(msgspec.json.encode(hear(said))))
    except Exception as why:
        frame = _Frame(failure=_words(why))
    return msgspec.json.encode(frame)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _start(function: str, memory: int, *, heard: bool = False) -> Process:
    optimised = ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []
    module = ["checks.kit.child", function] if ":" in function else [function]
    command = [sys.executable, *optimised, "-P", "-X", "utf8", "-m", *module, str(memory)]
    command += [_HEARD] if heard else []
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
        words = _words(why)
        return _Frame(memory=any(mark in words.lower() for mark in _OUT_OF_MEMORY), failure=words)


def _words(why: BaseException) -> str:
    return " ".join(f"{type(why).__name__}: {why}".split())[:200]


def _main(function: str, memory: str, mode: str = "") -> None:
    """The child. It ends without unloading anything: a library that crashes on its way out has answered by then."""
    inward = os.fdopen(os.dup(0), "rb")
    argument = inward.readline() if mode == _HEARD else inward.read()
    answer, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    _limit(int(memory))
    if mode == _HEARD:
        import importlib

        # this module by the name that others know: what runs here is __main__
        vars(importlib.import_module("checks.kit.child"))["_parent"] = _Parent(inward, answer)
    _write(answer, msgspec.json.encode(_invoke(function, msgspec.json.decode(argument))))
    os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
