"""Functions in processes of their own, and every way in which such a process can fail."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from checks.kit import child
from checks.kit.model import Child, Reason


class Point(Struct, frozen=True):
    x: int
    y: int


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def _call(name: str, argument: Any = None, answer: type[Any] = str, timeout: float = 20.0, **more: Any) -> Any:
    return child.call(f"functions:{name}", argument, answer=answer, timeout=timeout, **more)


def _failure(name: str, argument: Any = None, answer: type[Any] = str, timeout: float = 20.0) -> tuple[Reason, str]:
    with pytest.raises(child.ChildError) as caught:
        _call(name, argument, answer, timeout)
    return caught.value.reason, caught.value.detail


def test_the_answer_comes_back_typed() -> None:
    """A structure is decoded as what was asked for."""
    assert _call("echo", {"x": 1, "y": 2}, Point) == Point(1, 2)


def test_the_module_is_what_checks_call_child() -> None:
    """It has the shape that Env.child promises."""
    used: Child = child
    assert used.call("functions:echo", "chữ có dấu", answer=str, timeout=20) == "chữ có dấu"


def test_a_program_of_another_licence_speaks_the_same_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module without a function is run as it is: argument on its standard input, answer on its standard output."""
    program = "import json, sys\nprint(json.dumps({'answer': [sys.argv[1:], json.load(sys.stdin)]}))\n"
    (tmp_path / "foreign.py").write_text(program, "ascii")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    told = child.call("foreign", {"do": "this"}, answer=tuple[list[str], dict[str, str]], timeout=20, memory=2**28)
    assert told == ([str(2**28)], {"do": "this"})


def test_what_is_printed_is_not_the_answer() -> None:
    """Even where it looks like one."""
    assert _call("noisy", "true") == "true"


@pytest.mark.parametrize(
    ("name", "argument", "answer", "reason", "detail"),
    [
        ("die", int(signal.SIGSEGV), str, Reason.CHILD_CRASHED, "it was killed by SIGSEGV"),
        ("leave", 3, str, Reason.CHILD_CRASHED, "it ended with exit status 3 and no answer"),
        ("quit_politely", 0, str, Reason.CHILD_CRASHED, "SystemExit: 0"),
        ("fail", "two\nlines", str, Reason.CHILD_CRASHED, "ValueError: two lines"),
        ("fail", "x" * 500, str, Reason.CHILD_CRASHED, "ValueError: " + "x" * 188),
        ("strange", None, str, Reason.CHILD_CRASHED, "TypeError: Encoding objects of type object is unsupported"),
        ("missing", None, str, Reason.CHILD_CRASHED,
         "AttributeError: module 'functions' has no attribute 'missing'"),
        ("echo", {"x": 1}, Point, Reason.CHILD_GARBAGE,
         "the answer is not what was expected: Object missing required field `y`"),
        ("echo", "1", int, Reason.CHILD_GARBAGE,
         "the answer is not what was expected: Expected `int`, got `str`"),
        ("long", child.MAX_ANSWER + 1, str, Reason.CHILD_GARBAGE, "the answer is past 4194304 bytes"),
        ("hoard", 1 << 40, int, Reason.CHILD_MEMORY, "it needed more memory than it may use"),
        ("hoard", child.MEMORY, int, Reason.CHILD_MEMORY, "it needed more memory than it may use"),
    ],
)  # fmt: skip
def test_each_failure_has_its_reason(name: str, argument: Any, answer: type[Any], reason: Reason, detail: str) -> None:
    """A crash, nonsense and greed are told apart in one line each."""
    assert _failure(name, argument, answer) == (reason, detail)


def test_a_hang_is_killed_at_the_deadline() -> None:
    """Signals that can be ignored would not end it."""
    started = time.monotonic()
    assert _failure("hang", timeout=0.5) == (Reason.CHILD_HUNG, "no answer within 0.5 s")
    assert time.monotonic() - started < 10


def test_what_it_started_dies_with_it() -> None:
    """The whole process group is killed, and a grandchild that lives on does not hold the answer up."""
    number = _call("breed", answer=int)
    until = time.monotonic() + 10
    while _alive(number) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _alive(number)


def _alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_large_argument_is_taken() -> None:
    """More than a pipe holds at once, both ways."""
    assert len(_call("echo", "x" * 1_000_000)) == 1_000_000


def test_an_argument_that_nobody_reads_is_no_failure_of_its_own() -> None:
    """A child that dies first breaks the pipe; its death is the reason."""
    assert _failure("leave", 0) == (Reason.CHILD_CRASHED, "it ended with exit status 0 and no answer")


def test_our_settings_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vendor libraries that run in children do not see where the agent reports to."""
    monkeypatch.setenv("SANSANG_AGENT_CONFIG", "secret")
    names = _call("environment", answer=list[str])
    assert "PATH" in names
    assert [name for name in names if name.startswith("SANSANG")] == ["SANSANG_CHILD"]


def test_an_interpreter_that_cannot_start_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, no traceback."""
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    assert _failure("echo") == (Reason.CHILD_CRASHED, "cannot be started: no such file or directory")


def test_noise_before_the_answer_is_garbage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that prints on its way up has spoilt the one pipe that counts."""
    (tmp_path / "usercustomize.py").write_text("print('hello')")
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.stdout.write('hello'); sys.stdout.flush()")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{Path(__file__).parent}")
    assert _failure("echo", "x") == (Reason.CHILD_GARBAGE, "the answer is not JSON")


def _descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def test_no_descriptor_is_left() -> None:
    """Each call cleans up, failed or not."""
    _call("echo", "warm")
    before = _descriptors()
    _call("echo", "x")
    _failure("leave", 1)
    _failure("hang", timeout=0.2)
    until = time.monotonic() + 10
    while _descriptors() - before and time.monotonic() < until:
        time.sleep(0.01)
    assert not _descriptors() - before
