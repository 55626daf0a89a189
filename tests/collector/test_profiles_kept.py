"""A profile's name stands for one content, for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from collector.readiness import profile_file
from collector.readiness.profile import Band, Hold, Kind, Part, Profile
from collector.store import profiles
from collector.store.engine import Store, StoreError
from tests.collector.readiness.cities import NOW, line, median, profile, reach

PART = Part(
    id="ups", title={"vi": "Nguồn dự phòng", "en": "UPS"}, kind=Kind.FACT, check="power", name="ups", labels={},
    where=Band("==", "true"),
)  # fmt: skip
PROFILE = profile(
    line("x", at_risk=None, hold=Hold(up=60, down=5), kinds=("Phường",), mandatory_from=NOW),
    line("parts", kind=Kind.PARTS, parts=(PART,), aggregate="all", scope="unit"),
    reach(where=Band(">=", 1.0), per="staff"),
    median(),
)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    found = Store(database_url)
    found.open()
    yield found
    found.close()


def keep(store: Store, kept: Profile, now: int = NOW) -> bool:
    with store.begin() as connection:
        return profiles.keep(connection, kept, now)


def test_a_profile_comes_back_as_it_was(store: Store) -> None:
    """Kept once, whatever it is asked for again."""
    assert (keep(store, PROFILE), keep(store, PROFILE, NOW + 1)) == (True, False)
    with store.reader() as connection:
        assert profiles.load(connection, "test@3") == PROFILE
        assert profiles.load(connection, "test@4") is None
        assert profiles.names(connection) == [("test@3", NOW)]


def test_the_same_name_with_another_content_is_refused(store: Store) -> None:
    """What was judged by the first keeps its meaning; a raised version is another name."""
    keep(store, PROFILE)
    stricter = replace(PROFILE, coverage=0.9)
    with pytest.raises(StoreError) as why:
        keep(store, stricter)
    assert str(why.value) == "test@3 was changed without raising its version"
    assert keep(store, replace(stricter, version=4), NOW + 1)
    with store.reader() as connection:
        assert profiles.load(connection, "test@3") == PROFILE
        assert [name for name, _ in profiles.names(connection)] == ["test@3", "test@4"]


def test_a_profile_of_an_older_release_is_the_same_where_nothing_new_is_said(store: Store) -> None:
    """Its body lacks the fields that came since; they have their defaults."""
    old = profile(line("x"))
    body = profile_file.stored(old)
    for newer in (',"extends":""', ',"valid_from":0', ',"mandatory_from":null'):
        assert newer in body
        body = body.replace(newer, "")
    assert profile_file.restored(body) == old
