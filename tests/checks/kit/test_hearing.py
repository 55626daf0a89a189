"""What a function in a child says before it answers, and the leases that a check borrows that way."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.kit import apart, child, lent, registry
from checks.kit.apart import Checks, Delay, Done, Lender, Task
from checks.kit.leasing import Grant, Leases, Postponed, Server, Want
from checks.kit.model import Check, Outcome, Reading, Reason
from tests.checks.conftest import environment

GRANT = Grant(
    id="lease-1", start_in=0.0, seconds=10.0, bytes=1000, rate=1e6, streams=2, server=Server(name="s"), token="a.b"
)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def _call(name: str, argument: Any, hear: Any, answer: type[Any] = list[Any], timeout: float = 20.0) -> Any:
    return child.call(f"functions:{name}", argument, answer=answer, timeout=timeout, hear=hear)


def test_what_a_child_says_is_heard_and_answered() -> None:
    """In order, any JSON, both ways, before its answer."""
    heard: list[Any] = []

    def hear(said: Any) -> Any:
        heard.append(said)
        return {"n": len(heard)}

    said = [1, "chữ\n có dấu", {"share": 0.5}, None, "x" * 1_000_000]
    assert _call("ask", said, hear) == [{"n": number} for number in range(1, 6)]
    assert heard == said


def test_nobody_need_hear() -> None:
    """Who is not asked is told nothing, and the function goes on."""
    assert _call("ask", [1, 2], None) == [None, None]
    assert child.within("functions:ask", [1], answer=list[Any], timeout=10) == [None]


def test_a_function_called_in_place_is_heard_too() -> None:
    """By who called it, as JSON like any other."""
    told = child.within("functions:ask", [(1, 2)], answer=list[Any], timeout=10, hear=lambda said: [said])
    assert told == [[[1, 2]]]


def test_threads_of_a_child_may_ask_at_once() -> None:
    """Each gets its own answer."""
    assert _call("ask_from_threads", 8, lambda said: said * 2) == [[n, 2 * n] for n in range(8)]


def test_who_hears_may_fail() -> None:
    """The child learns why, in one line."""

    def hear(_: Any) -> Any:
        raise ValueError("two\nlines")

    with pytest.raises(child.ChildError) as caught:
        _call("ask", [1], hear)
    assert (caught.value.reason, caught.value.detail) == (
        Reason.CHILD_CRASHED, "RuntimeError: ValueError: two lines"
    )  # fmt: skip


@pytest.mark.parametrize("line", ["hello", "{", '{"said": }', '{"newer": 1}', '{"failure": "x"}\n{', "[]"])
def test_what_is_no_question_is_garbage(line: str) -> None:
    """A library that writes into the pipe spoils this reading, and nothing else."""
    heard: list[Any] = []
    with pytest.raises(child.ChildError) as caught:
        _call("forge", line, heard.append, str)
    assert caught.value.reason is Reason.CHILD_GARBAGE
    assert heard == []


def test_a_slow_ear_does_not_hold_the_deadline_up() -> None:
    """The child is killed in time although its question is not answered yet."""
    began = time.monotonic()
    with pytest.raises(child.ChildError) as caught:
        _call("ask", [1], lambda _: time.sleep(3), timeout=0.5)
    assert caught.value.reason is Reason.CHILD_HUNG
    assert time.monotonic() - began < 2.9


class Lending:
    """Grants to one check, refuses the other; remembers what was done."""

    address, ca_file = "https://collector", "ca.pem"

    def __init__(self) -> None:
        self.done: list[Any] = []

    def obtain(self, want: Want) -> Grant:
        self.done.append(want)
        if want.check == "bandwidth":
            return GRANT
        raise Postponed("line_busy", 600.0, "740 kbit/s")

    def proof(self, grant: Grant) -> str:
        return f"proof of {grant.token}"

    def release(self, grant: Grant, used: int) -> None:
        self.done.append((grant.id, used))

    def sign(self, evidence: bytes) -> str:
        return f"signed {evidence!r}"


def test_a_check_in_a_child_has_the_agents_leases() -> None:
    """The key, and the connection to the collector, stay with the agent."""
    lending = Lending()
    leases: Leases = lending
    told = _call("borrow", None, functools.partial(lent.answer, leases))
    assert told == ["lease-1", "proof of a.b", "signed b'\\x00\\xff evidence'", "line_busy", 600.0, "740 kbit/s"]
    first, second = (Want(check=name, seconds=10, bytes=1000) for name in ("bandwidth", "realtime"))
    assert lending.done == [first, ("lease-1", 99), second]


def test_giving_a_lease_back_never_fails() -> None:
    """Whatever the agent says to it."""

    def hear(_: Any) -> Any:
        raise OSError("broken")

    assert _call("give_back", None, hear, str) == "done"


class Telling:
    """A child that answers what it is told, once it has asked something."""

    def __init__(self, answer: Done, asked: Any = None) -> None:
        self.answer, self.asked, self.task, self.told = answer, asked, Task("", {}, 0, {}), None

    def call(
        self, function: str, argument: Any, *, answer: type[Any], timeout: float, hear: Any = None, **_: Any
    ) -> Any:
        self.task = argument
        self.told = None if self.asked is None else hear(self.asked)
        return self.answer


def test_a_run_apart_borrows_through_its_pipes() -> None:
    """The child learns where the collector is, asks for the rest, and puts the run off as the check does."""
    put_off = Done(Reading(outcome=Outcome.OK), {"a": 1}, delay=Delay("line_busy", 600.0, "740 kbit/s"))
    telling = Telling(put_off, {"evidence": "AP8="})
    env = msgspec.structs.replace(environment(child=telling), leases=Lending())
    with pytest.raises(Postponed) as caught:
        Checks(telling).run("clock", {}, env)
    assert (caught.value.reason, caught.value.seconds, caught.value.detail) == ("line_busy", 600.0, "740 kbit/s")
    assert env.memory == {"a": 1}
    assert telling.task.lender == Lender("https://collector", "ca.pem")
    assert telling.told == lent.Reply(said="signed b'\\x00\\xff'")


def test_without_a_collector_a_child_has_no_leases() -> None:
    """And nobody hears it."""
    telling = Telling(Done(Reading(outcome=Outcome.OK)))
    assert Checks(telling).run("clock", {}, environment(child=telling)).outcome is Outcome.OK
    assert telling.task.lender is None


@pytest.mark.parametrize("lender", [None, Lender("https://collector", "")])
def test_a_check_that_waits_in_a_child_says_so(lender: Lender | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it left in its memory; a collector's address is there when the agent has one."""

    def run(params: Any, env: Any) -> Reading:
        env.memory["address"] = None if env.leases is None else env.leases.address
        raise Postponed("waiting", 30.0)

    check = Check(name="x", title={}, params=msgspec.defstruct("P", []), metrics=(), run=run)
    monkeypatch.setattr(registry, "load", lambda _: check)
    task = msgspec.json.decode(msgspec.json.encode(Task("x", {}, 5.0, {}, lender=lender)))
    done = apart.perform(task)
    assert done.delay == Delay("waiting", 30.0)
    assert done.memory == {"address": None if lender is None else "https://collector"}
