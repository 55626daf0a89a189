"""The records of a fault test: recognisable, each a function of its number, and what is noted of them on the way."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from agent.config import SpoolConfig
from agent.spool import Spool
from checks.kit.clock import SystemClock
from checks.kit.model import Outcome, Result, Sample
from tests.collector.pushing import BOOT

TARGETS = 64
"""Jobs; the collector keeps the newest result of each, byte for byte, so the last so many records can be compared."""
SPACING = 1_000
"""µs between two records."""


def target_of(number: int) -> str:
    return f"r{number % TARGETS:02d}"


def record(number: int, base: int) -> Result:
    """Record `number` of a series that begins at `base` (µs)."""
    return Result(
        check="connectivity",
        target=target_of(number),
        outcome=Outcome.OK,
        detail=f"record {number}",
        at=base + number * SPACING,
        mono=1_000_000 + number,
        boot=BOOT,
        samples=(Sample("connectivity_up", float(number)),),
    )


class Journal:
    """Lines of what happened, each one write: a kill loses none that was noted and tears none."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, what: str, *numbers: int) -> None:
        os.write(self._handle, json.dumps([what, *numbers]).encode() + b"\n")

    def close(self) -> None:
        os.close(self._handle)


def read_journal(path: Path, since: int = 0) -> tuple[list[list[Any]], int]:
    """The notes from byte `since` on, and where they end."""
    if not path.exists():
        return [], since
    with path.open("rb") as file:
        file.seek(since)
        noted = file.read()
    return [json.loads(line) for line in noted.splitlines()], since + len(noted)


class WitnessedSpool(Spool):
    """A spool that notes what it promises and what it is told, before anything else can happen."""

    def __init__(self, state_dir: str, journal: Journal, config: SpoolConfig | None = None) -> None:
        super().__init__(state_dir, config or SpoolConfig(), SystemClock())
        self._journal = journal
        journal.note("open", self.epoch, self.next, self.durable)

    def measure(self, number: int, base: int) -> int:
        """Puts record `number`."""
        self._journal.note("try", number)
        seq = self.put(record(number, base))
        self._journal.note("put", number, seq)
        return seq

    def acknowledge(self, durable: int, *rest: Any, **more: Any) -> str:
        self._journal.note("told", durable)
        return super().acknowledge(durable, *rest, **more)
