"""Checks in processes of their own: the agent sees their readings, and nothing else of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.kit import child, registry
from checks.kit.apart import Checks, Done, Task
from checks.kit.child import ChildError
from checks.kit.model import Boot, Env, Job, Meter, Outcome, Reading, Reason, decode_params
from tests.checks.conftest import environment
from tests.tree import ROOT


class Answering:
    """A child that answers what it is told, and keeps what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, list[Any]()

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        self.asked.append((function, argument, timeout))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def run(checks: Checks, name: str, params: dict[str, Any], **more: Any) -> tuple[Reading, Env]:
    """One run, as the agent's runner makes it."""
    env = msgspec.structs.replace(environment(child=child, seconds=30.0), **more)
    check = checks.find(name)
    reading: Reading = check.run(decode_params(check, params), env)
    return reading, env


def test_a_check_runs_and_its_file_is_never_imported_here() -> None:
    """What it declares, and what it loads, is in the child's memory only."""
    code = (
        "import sys, time\n"
        "from checks.kit import child\n"
        "from checks.kit.apart import Checks\n"
        "from checks.kit.model import Env, decode_params\n"
        "from checks.kit.clock import SystemClock\n"
        "check = Checks(child).find('clock')\n"
        "env = Env(clock=SystemClock(), net=None, host=None, child=child, deadline=time.monotonic() + 30,"
        " now=time.monotonic)\n"
        "reading = check.run(decode_params(check, {}), env)\n"
        "found = [name for name in sys.modules if name in ('checks.clock', 'ntplib', 'subprocess', 'checks.kit.net')]\n"
        "print(reading.outcome.value, len(reading.facts) > 3, sorted(env.memory), found, check.timeout)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    timeout = registry.load("clock").timeout
    assert done.stdout.split("\n")[0] == f"ok True ['apart', 'mono', 'steps'] [] {timeout}"


def test_what_a_run_leaves_the_next_one_finds() -> None:
    """Across processes: the second run compares with the first."""
    checks, memory = Checks(child), dict[str, Any]()
    run(checks, "clock", {}, memory=memory)
    first = memory["mono"]
    assert "clock_moved" not in {found.name for found in run(checks, "clock", {}, memory={})[0].samples}
    reading, _ = run(checks, "clock", {}, memory=memory)
    assert memory["mono"] > first
    assert "clock_moved" in {found.name for found in reading.samples}


def test_params_are_judged_before_anything_runs() -> None:
    """All jobs by one child; the first that does not fit is named, and resident checks without any child."""
    checks = Checks(child)
    good = Job(check="clock", params={"samples": 4})
    assert checks.fault([good, Job(check="lan"), Job(check="device")]) is None
    assert checks.fault([good, Job(check="clock", target="t", params={"samples": 99})]) == (
        "clock t: Expected `int` <= 8 - at `$.samples`"
    )
    assert Checks(Answering(None)).fault([Job(check="connectivity", target="x")]) == (
        "connectivity x: Object missing required field `url`"
    )


def test_params_that_do_not_fit_are_no_measurement() -> None:
    """A configuration that was never judged still harms nobody."""
    reading, _ = run(Checks(child), "clock", {"samples": 99})
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.BAD_PARAMS)
    assert reading.detail == "Expected `int` <= 8 - at `$.samples`"


def test_a_child_that_fails_is_an_error_with_its_reason() -> None:
    """And the job's memory stays as it was."""
    failing = Answering(ChildError(Reason.CHILD_HUNG, "no answer within 5 s"))
    env = environment(child=failing)
    env.memory["kept"] = 1
    reading = Checks(failing).run("lan", {}, env)
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.CHILD_HUNG)
    assert reading.detail == "the check's own process: no answer within 5 s"
    assert env.memory == {"kept": 1}


def test_what_the_child_used_counts_as_the_agents() -> None:
    """The hour's budget covers every process."""
    meter = Meter()
    told = Answering(Done(Reading(outcome=Outcome.OK), {"a": 1}, {"b": 2}, 2, 30, 40))
    env = msgspec.structs.replace(environment(child=told), meter=meter)
    assert Checks(told).run("lan", {"echoes": 5}, env).outcome is Outcome.OK
    assert (meter.sockets, meter.sent, meter.received, env.memory, env.lasting) == (2, 30, 40, {"a": 1}, {"b": 2})
    function, task, timeout = told.asked[0]
    assert (function, task.check, task.params) == ("checks.kit.apart:perform", "lan", {"echoes": 5})
    assert task.seconds < timeout


def test_an_unknown_check_is_refused_without_a_child() -> None:
    """As the registry does."""
    with pytest.raises(LookupError, match="no check is called 'nothing'"):
        Checks(Answering(None)).find("nothing")


def test_a_check_that_cannot_be_loaded_is_a_lookup_error() -> None:
    """The agent goes on without it."""
    with pytest.raises(LookupError, match="the checks lan cannot be loaded: broken"):
        Checks(Answering(ChildError(Reason.CHILD_CRASHED, "broken"))).find("lan")


def test_every_check_that_is_not_resident_can_run_apart() -> None:
    """Its reading, memory and facts hold only what JSON holds, and its timeout is known."""
    for name in set(registry.names()) - registry.RESIDENT:
        check = registry.load(name)
        assert Checks(child).find(name).timeout == check.timeout
    assert set(registry.names()) >= registry.RESIDENT


def test_inside_a_child_functions_are_called_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process in a process: the answer is typed all the same, and each failure keeps its reason."""
    (tmp_path / "inner.py").write_text(
        "import os, time\ndef pid(_): return os.getpid()\n"
        "def hang(_): time.sleep(20)\ndef fail(_): raise OSError('x')\n",
        "ascii",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert child.within("inner:pid", None, answer=int, timeout=10) == os.getpid()
    began = time.monotonic()
    for function, reason in (
        ("inner:hang", Reason.CHILD_HUNG), ("inner:fail", Reason.CHILD_CRASHED), ("inner:pid", Reason.CHILD_GARBAGE)
    ):  # fmt: skip
        with pytest.raises(ChildError) as caught:
            child.within(function, None, answer=str, timeout=0.3)
        assert caught.value.reason is reason
    assert time.monotonic() - began < 10


def test_what_lasts_the_boots_and_the_secret_reach_a_child() -> None:
    """As JSON over its standard input, bytes included; what a run leaves comes back."""
    boot = Boot("a", 1_790_000_000_000_000, 1_790_000_000_000_001, 30.5, True)
    secret = bytes(range(224, 256))
    env = msgspec.structs.replace(environment(), lasting={"a": [1]}, boots=(boot,), secret=secret)
    told = Answering(Done(Reading(outcome=Outcome.OK), {}, {"a": [1, 2]}))
    Checks(told).run("clock", {}, env)
    task = msgspec.json.decode(msgspec.json.encode(told.asked[0][1]))
    assert msgspec.convert(task, Task) == told.asked[0][1]
    assert (told.asked[0][1].boots, told.asked[0][1].secret) == ((boot,), secret)
    assert env.lasting == {"a": [1, 2]}
