"""What a collector may ask of an agent in its acknowledgements: a closed list, of one.

``{"do": "measure", "check": …, "request": …}`` hastens a job that the agent has anyway, and names the engineer's
request that its next lease is asked for. It sets no parameter, no target and no time.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from checks.kit.model import Name

AT_ONCE = 16
"""The most of one acknowledgement that are looked at."""
REMEMBERED = 64
"""Requests that are known to have been followed."""
APART = 600.0
"""Seconds between two that hasten the same check."""


class Measure(Struct, frozen=True):
    """Keys that are not known are a newer collector's, and mean nothing here."""

    do: Literal["measure"]
    check: Name
    request: Annotated[str, Meta(min_length=1, max_length=16, pattern=r"^[A-Za-z0-9_-]+\Z")]


class Directives:
    """Judges what is asked: ``followed`` counts what was done, ``ignored`` what no agent does. What comes again, or too
    soon after another, is neither: a collector repeats itself until it has what it asked for."""

    def __init__(self) -> None:
        self.followed = self.ignored = 0
        self._known: collections.deque[str] = collections.deque(maxlen=REMEMBERED)
        self._last: dict[str, float] = {}

    def follow(self, told: list[dict[str, Any]], now: float, hurry: Callable[[str], bool]) -> list[Measure]:
        """Those of `told` that were followed at `now` (``time.monotonic``). `hurry` hastens the job of a check, and
        says whether there is one."""
        done: list[Measure] = []
        self.ignored += max(0, len(told) - AT_ONCE)
        for item in told[:AT_ONCE]:
            asked = _read(item)
            if asked is None:
                self.ignored += 1
            elif asked.request in self._known or now - self._last.get(asked.check, -APART) < APART:
                continue
            elif hurry(asked.check):
                self._known.append(asked.request)
                self._last[asked.check] = now
                self.followed += 1
                done.append(asked)
            else:
                self.ignored += 1
        return done


def _read(item: Any) -> Measure | None:
    try:
        return msgspec.convert(item, Measure)
    except msgspec.ValidationError:
        return None
