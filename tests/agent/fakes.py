"""Small stand-ins for what the agent's parts are given."""

from __future__ import annotations

import random
import time
from typing import Any

from msgspec import Struct

from checks.kit.leasing import Grant, Server
from checks.kit.model import Check, Env, Outcome, Reading, Result, ok

BOOT = "11111111-2222-3333-4444-555555555555"
START = 1_700_000_000_000_000


class FakeClock:
    """A clock that stands still until :meth:`pass_` moves it; ``wall_offset`` is how far somebody set it."""

    def __init__(self) -> None:
        self.elapsed = 0
        self.wall_offset = 0

    def wall(self) -> int:
        return START + self.elapsed + self.wall_offset

    def mono(self) -> int:
        return 1_000_000 + self.elapsed

    def boot(self) -> str:
        return BOOT

    def pass_(self, seconds: float) -> None:
        self.elapsed += int(seconds * 1e6)


class NoParams(Struct, frozen=True, forbid_unknown_fields=True):
    """A check without params."""


def make_check(
    run: Any = lambda params, env: ok(), name: str = "fake", timeout: float = 5.0, params: Any = NoParams
) -> Check:
    return Check(name=name, title={"vi": "Giả", "en": "Fake"}, params=params, metrics=(), run=run, timeout=timeout)


class NoChild:
    """Starts nothing."""

    def call(self, function: str, argument: Any, **_: Any) -> Any:
        raise AssertionError(f"{function} was called with {argument!r}")


def make_env(seconds: float, clock: Any = None) -> Env:
    return Env(
        clock=clock or FakeClock(),
        net=None,
        host=None,
        child=NoChild(),
        deadline=time.monotonic() + seconds,
        now=time.monotonic,
    )


def make_grant(**parts: Any) -> Grant:
    """A lease of 30 s, from now on."""
    whole: dict[str, Any] = {
        "id": "lease-1", "start_in": 0.0, "seconds": 30.0, "bytes": 10**8, "rate": 1e8, "streams": 2,
        "server": Server(name="hcmc", url="http://127.0.0.1:8420"), "token": "body.mac",
    }  # fmt: skip
    return Grant(**{**whole, **parts})


def make_result(number: int = 0, check: str = "fake", target: str = "", at: int = START, size: int = 0) -> Result:
    """A result whose fact ``number`` tells it from others; `size` characters of padding that does not compress."""
    padding = "".join(random.Random(number).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=size))
    return Result(
        check=check,
        target=target,
        outcome=Outcome.OK,
        at=at,
        mono=1,
        boot=BOOT,
        facts={"number": number, **{f"p{i}": padding[i : i + 900] for i in range(0, size, 900)}},
    )


def number_of(result: Result) -> int:
    found = result.facts["number"]
    assert isinstance(found, int)
    return found


__all__ = [
    "BOOT",
    "START",
    "FakeClock",
    "NoParams",
    "Reading",
    "make_check",
    "make_env",
    "make_grant",
    "make_result",
    "number_of",
]
