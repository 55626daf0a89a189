"""Checks in processes of their own: what they load is given back when they end, and the agent at rest stays small.

The agent's side knows of such a check its name and its timeout; its file is imported by the child alone.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, field

from checks.kit import registry
from checks.kit.child import ChildError
from checks.kit.leasing import Leases, Postponed
from checks.kit.model import Boot, Check, Child, Env, Job, Meter, Reading, Reason, decode_params, error, not_applicable

_START = 1.0
"""Seconds of a run that a child may take to start and to end."""
_ASK = 30.0
Params = dict[str, Any]


class Lender(Struct, frozen=True):
    """What a child must know of the agent's leases; it asks for the rest (:mod:`checks.kit.lent`)."""

    address: str
    ca_file: str


class Task(Struct):
    """A run to make: ``seconds`` is what the check may take. Without ``lender`` there are no leases."""

    check: str
    params: Params
    seconds: float
    memory: dict[str, Any]
    lasting: dict[str, Any] = field(default_factory=dict)
    boots: tuple[Boot, ...] = ()
    secret: bytes = b""
    lender: Lender | None = None


class Delay(Struct, frozen=True):
    """A Postponed, on its way between two processes."""

    reason: str
    seconds: float
    detail: str = ""

    def exception(self) -> Postponed:
        return Postponed(self.reason, self.seconds, self.detail)


class Done(Struct):
    """What became of it, and what it used of the network. A ``delay`` is in the reading's place."""

    reading: Reading
    memory: dict[str, Any] = field(default_factory=dict)
    lasting: dict[str, Any] = field(default_factory=dict)
    sockets: int = 0
    sent: int = 0
    received: int = 0
    delay: Delay | None = None


class Outline(Struct):
    """What the agent must know of a check: its timeout, seconds, and what is wrong with each of the params asked about
    (empty: nothing)."""

    timeout: float
    faults: list[str]


class Checks:
    """Finds checks for the agent: the resident ones as they are, the others as stand-ins that run in children."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._timeouts: dict[str, float] = {}

    def find(self, name: str) -> Check:
        """The check called `name`. Raises LookupError when there is none, or when it cannot be loaded."""
        if name in registry.RESIDENT or name not in registry.names():
            return registry.load(name)
        if name not in self._timeouts:
            self._ask({name: []})

        def run(params: Params, env: Env) -> Reading:
            return self.run(name, params, env)

        anything: Any = dict[str, Any]
        return Check(
            name=name, title={}, params=anything, metrics=(), run=run, every=86400.0, timeout=self._timeouts[name]
        )

    def fault(self, jobs: list[Job]) -> str | None:
        """What is wrong with the params of the first of `jobs` whose check does not take them; None when all do.

        Raises LookupError when a check cannot be loaded.
        """
        apart: dict[str, list[Job]] = {}
        for job in jobs:
            if job.check not in registry.RESIDENT:
                apart.setdefault(job.check, []).append(job)
            elif wrong := _fault(registry.load(job.check), job.params):
                return f"{job.check} {job.target}: {wrong}"
        return self._ask(apart) if apart else None

    def run(self, name: str, params: Params, env: Env) -> Reading:
        """One run in a child, which is killed when it does not end in time. Raises Postponed as the check does."""
        seconds = max(0.0, env.left() - _START)
        lender = None if env.leases is None else Lender(env.leases.address, env.leases.ca_file)
        task = Task(name, params, seconds, env.memory, env.lasting, env.boots, env.secret, lender)
        hear = None if env.leases is None else functools.partial(_lend, env.leases)
        try:
            done: Done = self._child.call(f"{__name__}:perform", task, answer=Done, timeout=env.left(), hear=hear)
        except ChildError as why:
            return error(why.reason, f"the check's own process: {why.detail}")
        for kept, left in ((env.memory, done.memory), (env.lasting, done.lasting)):
            kept.clear()
            kept.update(left)
        env.meter.add(sockets=done.sockets, sent=done.sent, received=done.received)
        if done.delay is not None:
            raise done.delay.exception()
        return done.reading

    def _ask(self, apart: dict[str, list[Job]]) -> str | None:
        """Learns the timeouts of these checks; what is wrong with the first job whose params do not fit."""
        asked = {name: [job.params for job in jobs] for name, jobs in apart.items()}
        try:
            told: dict[str, Outline] = self._child.call(
                f"{__name__}:outline", asked, answer=dict[str, Outline], timeout=_ASK
            )
        except ChildError as why:
            raise LookupError(f"the checks {', '.join(apart)} cannot be loaded: {why.detail}") from None
        self._timeouts.update((name, found.timeout) for name, found in told.items())
        for name, found in told.items():
            for job, wrong in zip(apart[name], found.faults, strict=True):
                if wrong:
                    return f"{name} {job.target}: {wrong}"
        return None


def _lend(leases: Leases, asked: Any) -> Any:
    from checks.kit import lent  # by the first check that asks

    return lent.answer(leases, asked)


def outline(asked: dict[str, list[Params]]) -> dict[str, Outline]:
    """In the child: what the agent must know of these checks."""
    found = {}
    for name, several in asked.items():
        check = registry.load(name)
        found[name] = Outline(check.timeout, [_fault(check, params) for params in several])
    return found


def _fault(check: Check, params: Params) -> str:
    try:
        decode_params(check, params)
    except msgspec.ValidationError as why:
        return str(why)
    return ""


def perform(argument: dict[str, Any]) -> Done:
    """In the child: one run."""
    from checks.kit.clock import SystemClock
    from checks.kit.host import Host
    from checks.kit.net import Net

    task = msgspec.convert(argument, Task)
    check, meter = registry.load(task.check), Meter()
    try:
        params = decode_params(check, task.params)
    except msgspec.ValidationError as why:
        return Done(error(Reason.BAD_PARAMS, str(why)[:512]), task.memory, task.lasting)
    env = Env(
        clock=SystemClock(),
        net=Net(meter=meter),
        host=Host(),
        child=_Here(),
        deadline=time.monotonic() + task.seconds,
        now=time.monotonic,
        memory=task.memory,
        meter=meter,
        lasting=task.lasting,
        boots=task.boots,
        secret=task.secret,
        leases=_borrowed(task.lender),
    )
    delay = None
    try:
        reading = check.run(params, env)
    except Postponed as why:
        reading, delay = not_applicable(""), Delay(why.reason, why.seconds, why.detail)
    return Done(reading, env.memory, env.lasting, meter.sockets, meter.sent, meter.received, delay)


def _borrowed(lender: Lender | None) -> Leases | None:
    if lender is None:
        return None
    from checks.kit.lent import Lent

    return Lent(lender.address, lender.ca_file)


class _Here:
    """The child of a check that already runs in one: its functions are called here, in a thread that is left behind
    when it does not end in time; what is to be alone, or a program under another licence, is a process of its own."""

    def call(
        self,
        function: str,
        argument: Any,
        *,
        answer: type[Any],
        timeout: float,
        memory: int = 0,
        alone: bool = False,
        hear: Callable[[Any], Any] | None = None,
    ) -> Any:
        from checks.kit import child

        if alone or ":" not in function:
            memory = memory or child.MEMORY
            return child.call(function, argument, answer=answer, timeout=timeout, memory=memory, hear=hear)
        return child.within(function, argument, answer=answer, timeout=timeout, hear=hear)
