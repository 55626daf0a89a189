"""Seven days as buckets: nothing twice, nothing missing, whatever is kept in between."""

from __future__ import annotations

from pathlib import Path

from collector import tally
from collector.store import states
from collector.store.engine import Store
from collector.tally import BUCKET_SECONDS, Tally
from collector.windows import DAY, QUIET, Windows
from tests.collector.pushing import XOM_CHIEU

NOW = 1_795_000_000


def office(start: int) -> bool:
    return start % DAY < DAY // 2


def filled(tmp_path: Path) -> Store:
    """One run in every half-hour of nine days."""
    store = Store(f"sqlite:///{tmp_path / 'x.db'}")
    store.open()
    first = (NOW - 9 * DAY) // BUCKET_SECONDS * BUCKET_SECONDS
    rows = [
        {"unit": XOM_CHIEU, "start": start, "writer": "a", "jobs": tally.encode({"connectivity|x": Tally(1, 1)})}
        for start in range(first, NOW, BUCKET_SECONDS)
    ]
    with store.begin() as connection:
        states.save_tallies(connection, rows)
    return store


def runs(windows: Windows, store: Store, now: int = NOW, *, inside: bool | None = None) -> int:
    with store.reader() as connection:
        buckets = windows.read(connection, XOM_CHIEU, now)
    return sum(b.jobs["connectivity|x"].runs for b in buckets if inside is None or b.office is inside)


def test_every_half_hour_of_the_window_counts_once(tmp_path: Path) -> None:
    """The second reading, from days that were kept, gives the same."""
    store, windows = filled(tmp_path), Windows(office, [7 * DAY, DAY])
    wanted = (7 * DAY + QUIET) // BUCKET_SECONDS + 1
    assert runs(windows, store) == runs(windows, store) == wanted
    assert runs(windows, store, inside=True) + runs(windows, store, inside=False) == wanted
    assert 0 < runs(windows, store, inside=True) < wanted
    store.close()


def test_a_late_result_is_seen_in_a_day_that_was_kept(tmp_path: Path) -> None:
    """Once it is told which half-hour changed."""
    store, windows = filled(tmp_path), Windows(office, [7 * DAY, DAY])
    before = runs(windows, store)
    start = (NOW - 4 * DAY) // BUCKET_SECONDS * BUCKET_SECONDS
    with store.begin() as connection:
        jobs = tally.encode({"connectivity|x": Tally(5, 5)})
        states.save_tallies(connection, [{"unit": XOM_CHIEU, "start": start, "writer": "a", "jobs": jobs}])
    assert runs(windows, store) == before
    windows.invalidate([(XOM_CHIEU, start)])
    assert runs(windows, store) == before + 4
    store.close()


def test_a_shorter_window_has_its_edge_where_it_belongs(tmp_path: Path) -> None:
    """Buckets from 24 hours ago on hold 24 hours, and no bucket straddles that edge."""
    store, windows = filled(tmp_path), Windows(office, [7 * DAY, DAY])
    with store.reader() as connection:
        buckets = windows.read(connection, XOM_CHIEU, NOW)
    edge = NOW // BUCKET_SECONDS * BUCKET_SECONDS - DAY
    assert sum(b.jobs["connectivity|x"].runs for b in buckets if b.start >= edge) == DAY // BUCKET_SECONDS + 1
    assert len(buckets) < 25
    store.close()


def test_a_window_shorter_than_a_half_hour_ends_between_half_hours(tmp_path: Path) -> None:
    """Each bucket tells when the first of its half-hours began: none is taken for an older one."""
    store, windows = filled(tmp_path), Windows(office, [7 * DAY, 15 * 60])
    with store.reader() as connection:
        buckets = windows.read(connection, XOM_CHIEU, NOW)
    newest = NOW // BUCKET_SECONDS * BUCKET_SECONDS
    recent = [(bucket.start, bucket.jobs["connectivity|x"].runs) for bucket in buckets[-4:]]
    assert recent == [(newest - ago * BUCKET_SECONDS, 1) for ago in (3, 2, 1, 0)]
    store.close()


def test_the_window_slides(tmp_path: Path) -> None:
    """Two days on without results, two days less; nothing is kept of days that are past."""
    store, windows = filled(tmp_path), Windows(office, [7 * DAY, DAY])
    before = runs(windows, store)
    assert runs(windows, store, NOW + 2 * DAY) == before - 2 * DAY // BUCKET_SECONDS
    assert min(day for _, day in windows._days) >= (NOW + 2 * DAY - 7 * DAY) // DAY
    store.close()


def test_writers_add_up(tmp_path: Path) -> None:
    """Two replicas' rows of the same half-hour."""
    store, windows = filled(tmp_path), Windows(office, [7 * DAY, DAY])
    before = runs(windows, store)
    start = (NOW - DAY) // BUCKET_SECONDS * BUCKET_SECONDS
    with store.begin() as connection:
        jobs = tally.encode({"connectivity|x": Tally(3, 0)})
        states.save_tallies(connection, [{"unit": XOM_CHIEU, "start": start, "writer": "b", "jobs": jobs}])
    assert runs(Windows(office, [7 * DAY, DAY]), store) == before + 3
    store.close()
