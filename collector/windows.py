"""A unit's last seven days as buckets to judge by: half-hours where the window's edge may fall, whole days between."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from collector.readiness.model import Bucket
from collector.store.states import load_tallies
from collector.tally import Jobs, decode, encode, merged

DAY = 86_400
DAYS = 7
QUIET = 3600
"""Windows end at a unit's newest result: this much further back, so that they are whole while it is quiet."""
Halves = tuple[bytes, bytes]
"""A day's tallies, encoded: inside office hours, and outside."""


class Windows:
    """Reads tallies, and keeps full days merged until a late result touches them. Used by the sweep's thread only."""

    def __init__(self, office: Callable[[int], bool]) -> None:
        self._office = office
        self._days: dict[tuple[str, int], Halves] = {}

    def invalidate(self, hours: Iterable[tuple[str, int]]) -> None:
        """Forgets the days that these (unit, start) half-hours belong to."""
        for unit, start in hours:
            self._days.pop((unit, start // DAY), None)

    def read(self, connection: Connection, unit: str, now: int) -> list[Bucket]:
        """Buckets of the seven days before `now` (epoch seconds) and a little more, oldest first."""
        since, today = now - DAYS * DAY - QUIET, now // DAY
        first_full, last_full = since // DAY + 1, today - 2
        for key in [key for key in self._days if key[0] == unit and key[1] < first_full]:
            del self._days[key]
        buckets = self._halves(connection, unit, since, first_full * DAY)
        for day in range(first_full, last_full + 1):
            buckets += self._day(connection, unit, day)
        return buckets + self._halves(connection, unit, (last_full + 1) * DAY, now + DAY)

    def _halves(self, connection: Connection, unit: str, since: int, until: int) -> list[Bucket]:
        rows = load_tallies(connection, unit, since, until)
        return [Bucket(start=start, office=self._office(start), jobs=decode(blob)) for start, blob in rows]

    def _day(self, connection: Connection, unit: str, day: int) -> list[Bucket]:
        held = self._days.get((unit, day))
        if held is None:
            halves = self._halves(connection, unit, day * DAY, (day + 1) * DAY)
            held = self._days[(unit, day)] = (_sum(halves, office=True), _sum(halves, office=False))
        start = day * DAY
        parts = [(True, decode(held[0])), (False, decode(held[1]))]
        return [Bucket(start=start, office=office, jobs=jobs) for office, jobs in parts if jobs]


def _sum(halves: list[Bucket], *, office: bool) -> bytes:
    jobs: list[Jobs] = [bucket.jobs for bucket in halves if bucket.office is office]
    return encode(merged(jobs))
