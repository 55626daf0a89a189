"""How the simulation is told: the truth about its faults, a line while it runs, and what it came to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from collector.simulate.drive import Drive
from collector.simulate.model import SECOND, Trouble
from collector.simulate.words import said


def truth(troubles: Sequence[Trouble]) -> list[dict[str, Any]]:
    """The faults as they are, for comparing with what the collector finds; times in seconds since the epoch."""
    return [
        {
            "kind": one.kind.value, "subject": one.subject, "network": one.fault.network, "silent": one.fault.silent,
            "begin": one.begin / SECOND, "end": None if one.end is None else one.end / SECOND,
            "units": sorted(one.units), "devices": {unit: sorted(found) for unit, found in one.devices.items()},
        }
        for one in troubles
    ]  # fmt: skip


def write_truth(file: Path, troubles: Sequence[Trouble]) -> None:
    """Raises OSError."""
    file.write_text(json.dumps(truth(troubles), ensure_ascii=False, indent=2) + "\n", "utf-8")


def fault(one: Trouble, zone: ZoneInfo, lang: str) -> str:
    """A line for people."""
    end = "" if one.end is None else said("until", lang, end=moment(one.end, zone))
    return said(
        "fault", lang, kind=one.kind.value, subject=one.subject, begin=moment(one.begin, zone), end=end,
        many=len(one.units),
    )  # fmt: skip


def moment(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / SECOND, zone).strftime("%H:%M:%S %d/%m")


class Meter:
    """Says how it goes: on a terminal over one line each second, else in a line every ten."""

    def __init__(self, drive: Drive, lang: str, say: Callable[[str], None], *, terminal: bool) -> None:
        self._drive, self._lang, self._say, self._terminal = drive, lang, say, terminal
        self._told = time.monotonic()
        self._pushes = 0

    async def run(self, sleep: Callable[[float], Any]) -> None:
        while True:
            await sleep(1.0 if self._terminal else 10.0)
            self._say(self.line())

    def line(self) -> str:
        now, counts = time.monotonic(), self._drive.counts
        rate = (counts.pushes - self._pushes) / max(now - self._told, 1e-3)
        self._told, self._pushes = now, counts.pushes
        late = said("late", self._lang, seconds=round(counts.late)) if counts.late > 1 else ""
        return said(
            "line", self._lang, results=counts.results, pushes=counts.pushes, rate=round(rate),
            waiting=self._drive.waiting, refused=refused(self._drive), late=late,
        )  # fmt: skip


def refused(drive: Drive) -> str:
    """``0``, or how many by which code: ``3 (overloaded 3)``."""
    found = drive.counts.refused
    several = ", ".join(f"{code} {many}" for code, many in found.most_common())
    return f"{found.total()} ({several})" if several else "0"


def summary(drive: Drive, lang: str) -> str:
    counts = drive.counts
    return said(
        "ended", lang, results=counts.results, pushes=counts.pushes, waiting=drive.waiting, refused=refused(drive)
    )
