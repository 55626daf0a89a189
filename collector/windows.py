"""A unit's past in few buckets: half-hours are added up once, and kept until a late result comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from msgspec import Struct
from sqlalchemy import Connection

from collector.readiness.model import Bucket
from collector.store.states import load_tallies
from collector.tally import BUCKET_SECONDS, decode, encode, merged

DAY = 86_400
DAYS = 7
"""The longest window a profile may have; housekeeping keeps half-hours for it."""
QUIET = 2 * BUCKET_SECONDS
"""Windows end at a unit's newest result: this much further back, so that they are whole while it is quiet."""
Halves = tuple[bytes, bytes]
"""A day's tallies, encoded: inside office hours, and outside."""


class Closed(Struct, frozen=True):
    """A unit's buckets that start before ``until`` (epoch seconds)."""

    until: int
    buckets: list[Bucket]


class Windows:
    """Reads tallies for windows of `spans` seconds. Used by the sweep only, one unit at a time.

    Between the edges of the windows half-hours are merged, so that judging adds a handful of buckets and not 336.
    The two newest half-hours stay as they are: results still come for them.
    """

    def __init__(self, office: Callable[[int], bool], spans: Iterable[int]) -> None:
        whole = {-(-span // BUCKET_SECONDS) * BUCKET_SECONDS for span in spans}  # edges lie between half-hours
        self._office, self._spans = office, sorted(whole) or [DAYS * DAY]
        self._days: dict[tuple[str, int], Halves] = {}
        self._closed: dict[str, Closed] = {}

    def invalidate(self, hours: Iterable[tuple[str, int]]) -> None:
        """Reads these (unit, start) half-hours again, where they were merged already."""
        for unit, start in hours:
            held = self._closed.get(unit)
            if held is not None and start < held.until:
                del self._closed[unit]
            self._days.pop((unit, start // DAY), None)

    def read(self, connection: Connection, unit: str, now: int) -> list[Bucket]:
        """Buckets of the longest window before `now` (epoch seconds) and QUIET more, oldest first."""
        until = (now // BUCKET_SECONDS - 1) * BUCKET_SECONDS
        held = self._closed.get(unit)
        if held is None or held.until != until:
            held = self._closed[unit] = Closed(until, self._close(connection, unit, until))
        return held.buckets + self._halves(connection, unit, until, now + DAY)

    def _close(self, connection: Connection, unit: str, until: int) -> list[Bucket]:
        newest = until + BUCKET_SECONDS
        edges = {newest - span - quiet for span in self._spans for quiet in range(0, QUIET + 1, BUCKET_SECONDS)}
        cuts = sorted(edge for edge in edges if edge < until)
        for key in [key for key in self._days if key[0] == unit and (key[1] + 1) * DAY <= cuts[0]]:
            del self._days[key]
        buckets: list[Bucket] = []
        for start, end in pairwise([*cuts, until]):
            buckets += self._merged(connection, unit, start, end)
        return buckets

    def _merged(self, connection: Connection, unit: str, start: int, end: int) -> list[Bucket]:
        """[start, end) as one bucket inside office hours and one outside, where there is anything."""
        first, last = -(-start // DAY), end // DAY
        if first >= last:
            parts = self._halves(connection, unit, start, end)
        else:
            parts = self._halves(connection, unit, start, first * DAY)
            for day in range(first, last):
                parts += self._day(connection, unit, day)
            parts += self._halves(connection, unit, last * DAY, end)
        sums = ((office, merged(part.jobs for part in parts if part.office is office)) for office in (True, False))
        return [Bucket(start=start, office=office, jobs=jobs) for office, jobs in sums if jobs]

    def _day(self, connection: Connection, unit: str, day: int) -> list[Bucket]:
        held = self._days.get((unit, day))
        if held is None:
            halves = self._halves(connection, unit, day * DAY, (day + 1) * DAY)
            inside, outside = (
                encode(merged(half.jobs for half in halves if half.office is office)) for office in (True, False)
            )
            held = self._days[(unit, day)] = (inside, outside)
        return [Bucket(start=day * DAY, office=office, jobs=decode(held[not office])) for office in (True, False)]

    def _halves(self, connection: Connection, unit: str, since: int, until: int) -> list[Bucket]:
        rows = load_tallies(connection, unit, since, until)
        return [Bucket(start=start, office=self._office(start), jobs=decode(blob)) for start, blob in rows]
