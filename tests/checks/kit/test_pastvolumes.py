"""What a device remembers of its volumes: labels that stay, bounded, and what refusing to write means."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import filling, pastvolumes
from checks.kit.pastvolumes import MOST, Past, decoded, know
from checks.kit.volumes import Volume

NOW = 1_794_200_400.0
DAY = 86400


def volume(key: str, **known: Any) -> Volume:
    return Volume(**{"key": key, "system": key == "/", "size": 100 << 30, "free": 50 << 30, **known})


def labels(volumes: tuple[Volume, ...], past: dict[str, Past]) -> dict[str, str]:
    return {one.volume.key: one.label for one in know(volumes, past, NOW)[0]}


def test_labels_stay_when_volumes_come_and_go() -> None:
    """A series in Prometheus is named after its label."""
    _, past = know((volume("/"), volume("/home"), volume("/srv")), {}, NOW)
    assert labels((volume("/"), volume("/data"), volume("/srv")), past) == {
        "/": "system", "/data": "data3", "/srv": "data2",
    }  # fmt: skip


def test_a_system_that_moves_to_another_disk_keeps_the_past_of_the_others() -> None:
    """A label has one past: with two of them the next run would believe none."""
    _, past = know((volume("a", system=True), volume("d")), {}, NOW)
    _, past = know((volume("b", system=True), volume("d")), past, NOW + DAY)
    after = decoded(msgspec.to_builtins(past))
    assert sorted((one.label, len(one.points)) for one in after.values()) == [("data1", 2), ("system", 1)]


def test_what_is_kept_holds_no_mount_point() -> None:
    """A mount point may name a person."""
    _, past = know((volume("/"), volume("/home/nguyen.van.a")), {}, NOW)
    assert "nguyen" not in msgspec.json.encode(past).decode()


def test_what_is_kept_fits_what_the_agent_keeps() -> None:
    """Ten volumes with full series stay below 16 kB."""
    volumes = tuple(volume(f"/{number}") for number in range(7))
    _, past = know((volume("/"), *volumes), {}, NOW)
    _, past = know(tuple(volume(f"/{number}") for number in range(5, 8)), past, NOW + DAY)
    for kept in past.values():
        kept.points = [(int(NOW) + number, 2**20) for number in range(filling.MOST)]
    assert len(past) <= MOST
    assert len(msgspec.json.encode({"volumes": past})) < 16_000


def test_a_remembered_past_is_decoded_as_it_was() -> None:
    """Through JSON, as it lies on the disk."""
    _, past = know((volume("/"), volume("/srv")), {}, NOW)
    assert decoded(msgspec.json.decode(msgspec.json.encode(past))) == past


@pytest.mark.parametrize(
    "kept",
    [
        None,
        [],
        {"a": 1},
        {"a": {"label": "system", "size": -1}},
        {"a": {"label": "evil", "size": 1}},
        {"a": {"label": "data1", "size": 1}, "b": {"label": "data1", "size": 1}},
        {"a": {"label": "data1", "size": 1, "points": [[1]]}},
    ],
)
def test_a_damaged_past_is_none(kept: Any) -> None:
    """The volume starts anew; nothing fails."""
    assert decoded(kept) == {}


def test_a_volume_of_another_size_starts_anew() -> None:
    """It was enlarged, or another disk took its place."""
    _, past = know((volume("/"),), {}, NOW)
    _, past = know((volume("/"),), past, NOW + DAY)
    _, grown = know((volume("/", size=200 << 30),), past, NOW + 2 * DAY)
    assert [len(one.points) for one in (*past.values(), *grown.values())] == [2, 1]


@pytest.mark.parametrize(
    ("refuses", "gave_up", "meant", "writable", "faulty"),
    [
        (False, False, None, True, False),
        (True, False, None, True, True),
        (True, False, None, False, False),
        (True, False, False, False, True),
        (True, False, True, True, False),
        (True, True, True, False, True),
        (True, True, None, False, True),
    ],
)
def test_refusing_to_write_is_a_fault_unless_it_is_meant(
    refuses: bool, gave_up: bool, meant: bool | None, writable: bool, faulty: bool
) -> None:
    """fstab says what is meant; without a word of it, a volume that once took writes is meant to."""
    past: dict[str, Past] = {}
    if writable:
        _, past = know((volume("/srv"),), {}, NOW)
    known, _ = know((volume("/srv", refuses=refuses, gave_up=gave_up, meant=meant),), past, NOW + DAY)
    assert known[0].read_only is faulty


def test_the_fault_stays_until_the_volume_takes_writes_again() -> None:
    """What was writable once is remembered."""
    _, past = know((volume("/srv"),), {}, NOW)
    for day in (1, 2, 3):
        known, past = know((volume("/srv", refuses=True),), past, NOW + day * DAY)
        assert known[0].read_only
    known, _ = know((volume("/srv"),), past, NOW + 4 * DAY)
    assert not known[0].read_only


KEYS = st.lists(st.sampled_from(["/", *(f"/{letter}" for letter in "abcdefghijklmnop")]), max_size=8, unique=True)


@given(st.lists(KEYS, max_size=12))
def test_labels_are_never_shared_and_the_past_stays_bounded(history: list[list[str]]) -> None:
    """Whatever is mounted when."""
    past: dict[str, Past] = {}
    for day, keys in enumerate(history):
        known, past = know(tuple(volume(key) for key in keys), past, NOW + day * DAY)
        assert len({one.label for one in known}) == len(keys)
        assert {one.label for one in known} <= set(pastvolumes.LABELS)
        assert decoded(msgspec.to_builtins(past)) == past
