"""When results arrive at a collector and when it shows what follows from them, seen from outside while both go on.

Arrivals come from its database: the time that the collector itself gave to the push which brought a result. What it
shows comes from ``/metrics``, read ten times a second. All times are seconds since the epoch, of one machine's clock.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from collector.store import states
from collector.store.engine import Store
from tests.lab.namespaces import Namespace

PAUSE = 0.1
_LINE = re.compile(r"^(sansang_\w+)\{([^\n]*)\} 1$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


Job = tuple[str, str, str]
"""(device, check, target); without check and target any of the device's."""


class Arrival(Struct, frozen=True, kw_only=True):
    """A result at the collector. ``offset`` is how far the device's clock was ahead, by that push."""

    at: float
    device: str
    check: str
    target: str
    outcome: str
    reason: str
    offset: float


Located = tuple[str, str, str]


class Shown(Struct, frozen=True, kw_only=True):
    """What ``/metrics`` says from ``at`` on: of the units that are watched their verdicts and the requirements that are
    not ready, with their state; and the findings, as (segment, cause, provider)."""

    at: float
    verdicts: dict[str, str]
    requirements: dict[str, dict[str, str]]
    findings: list[Located]


class Sightings:
    """``arrivals`` and ``shown`` grow while it watches."""

    def __init__(self, database: str, port: int, units: tuple[str, ...]) -> None:
        self.arrivals: list[Arrival] = []
        self.shown: list[Shown] = []
        self._store, self._port, self._units = Store(database), port, units
        self._known: dict[tuple[str, str], tuple[int, int]] = {}
        self._stop = threading.Event()

    def watch(self) -> None:
        """Until :meth:`end`, in the network of the thread that calls it."""
        while not self._stop.wait(PAUSE):
            self._take_arrivals()
            self._take_shown()
        self._store.close()

    def end(self) -> None:
        self._stop.set()

    def first_shown(self, since: float, wanted: Callable[[Shown], bool]) -> float | None:
        """When, from `since` on, something was first shown that is `wanted`."""
        return next((one.at for one in list(self.shown) if one.at > since and wanted(one)), None)

    def first_arrivals(self, since: float, jobs: set[Job], wanted: Callable[[Arrival], bool]) -> dict[Job, float]:
        """When, from `since` on, the first result of each of `jobs` arrived that is `wanted`."""
        found: dict[Job, float] = {}
        for one in list(self.arrivals):
            if one.at > since and wanted(one):
                for job in jobs & {(one.device, one.check, one.target), (one.device, "", "")}:
                    found.setdefault(job, one.at)
        return found

    def _take_arrivals(self) -> None:
        with self._store.reader() as connection:
            found = list(states.load(connection))
        for state in found:
            for key, latest in state.results.items():
                if self._known.get((state.device, key)) == (latest.epoch, latest.seq):
                    continue
                self._known[state.device, key] = (latest.epoch, latest.seq)
                told = json.loads(latest.raw)
                self.arrivals.append(
                    Arrival(
                        at=(state.last_received or 0) / 1e6, device=state.device, check=told["check"],
                        target=told.get("target", ""), outcome=told["outcome"], reason=told.get("reason", ""),
                        offset=state.clock_offset or 0.0,
                    )
                )  # fmt: skip

    def _take_shown(self) -> None:
        text = page(self._port, "/metrics")
        at = time.time()
        rows = [(name, dict(_LABEL.findall(labels))) for name, labels in _LINE.findall(text)]
        present = self._shown(at, rows)
        if not self.shown or _content(self.shown[-1]) != _content(present):
            self.shown.append(present)

    def _shown(self, at: float, rows: list[tuple[str, dict[str, str]]]) -> Shown:
        mine = [(name, labels) for name, labels in rows if labels.get("unit") in self._units]
        worse: dict[str, dict[str, str]] = {unit: {} for unit in self._units}
        for name, labels in mine:
            if name == "sansang_unit_requirement" and labels["state"] != "ready":
                worse[labels["unit"]][labels["requirement"]] = labels["state"]
        told = (one for name, one in rows if name == "sansang_finding")
        return Shown(
            at=at,
            verdicts={one["unit"]: one["verdict"] for name, one in mine if name == "sansang_unit_verdict"},
            requirements=worse,
            findings=sorted((one["segment"], one["cause"], one["provider"]) for one in told),
        )


def _content(shown: Shown) -> tuple[object, ...]:
    return shown.verdicts, shown.requirements, shown.findings


def page(port: int, path: str) -> str:
    """What the collector at `port` answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@contextmanager
def watching(space: Namespace, database: str, port: int, units: tuple[str, ...]) -> Iterator[Sightings]:
    """Sightings made in `space`, where the collector is, until the end of the block."""
    made = Sightings(database, port, units)
    thread = threading.Thread(target=lambda: space.call(made.watch))
    thread.start()
    try:
        yield made
    finally:
        made.end()
        thread.join()
