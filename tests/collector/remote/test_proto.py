"""The wire: what the specification's own words decode is what was meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.remote.proto import Point, request, series
from tests.collector.remote.receiver import read

NAMES = st.sampled_from(["unit", "device", "phase", "__name__", "job"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
LABELS = st.dictionaries(NAMES, TEXTS, min_size=1)
TIMES = st.integers(0, 2**53)
VALUES = st.floats(allow_nan=False)


@given(st.lists(st.tuples(LABELS, st.lists(st.tuples(TIMES, VALUES), min_size=1, max_size=5)), max_size=5))
def test_every_point_is_read_as_it_was_meant(told: list[tuple[dict[str, str], list[tuple[int, float]]]]) -> None:
    """Whatever the texts, times and values; labels in order, empty ones left out."""
    points: list[Point] = []
    wanted = []
    for labels, samples in told:
        one = series(labels.items())
        points += [(one, at, value) for at, value in samples]
        kept = tuple(sorted((name, value) for name, value in labels.items() if value))
        wanted += [(kept, at, value) for at, value in samples]
    assert sorted(read(request(points))) == sorted(wanted)


def test_series_stand_in_order_and_samples_in_theirs() -> None:
    """Each series once, however its points lie among others."""
    late, early = series([("__name__", "b")]), series([("__name__", "a"), ("unit", "Xóm Chiếu")])
    found = read(request([(late, 1, 1.0), (early, 2, 2.0), (late, 3, 3.0)]))
    assert found == [
        ((("__name__", "a"), ("unit", "Xóm Chiếu")), 2, 2.0),
        ((("__name__", "b"),), 1, 1.0),
        ((("__name__", "b"),), 3, 3.0),
    ]


def test_an_empty_request_is_one_byte() -> None:
    """What asks a receiver whether it takes anything."""
    assert request([]) == b"\0"
