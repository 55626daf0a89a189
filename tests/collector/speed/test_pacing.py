"""Rates that hold, alone and together."""

from __future__ import annotations

import pytest

from collector.leases.gate import Pass
from collector.speed.pacing import PAYLOAD, Bucket, Groups


class Now:
    """A clock that goes when it is told."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def granted(lease: str = "a", *, rate: float = 10e6, left: int = 1000) -> Pass:
    return Pass(lease=lease, device="", unit="", rate=rate, left=left, ends_at=0)


@pytest.mark.parametrize("rate", [64e3, 10e6, 1e9])
def test_over_any_time_no_more_passes_than_the_rate_and_one_piece(rate: float) -> None:
    """Whoever waits as long as it is told."""
    now, total = Now(), 0
    bucket = Bucket(rate, now)
    while now.at < 105:
        total += bucket.piece
        now.at += bucket.take(bucket.piece)
    assert total * 8 <= rate * PAYLOAD * (now.at - 100) + bucket.piece * 8
    assert total * 8 >= rate * PAYLOAD * (now.at - 100) * 0.99


def test_idle_time_is_not_saved_up() -> None:
    """After an hour of nothing, 20 ms at the rate may pass at once."""
    now = Now()
    bucket = Bucket(8e6 / PAYLOAD, now)
    now.at += 3600
    assert bucket.take(20_000) == 0
    assert bucket.take(1_000_000) == pytest.approx(1.0)


def test_a_lease_is_one_group_in_each_direction() -> None:
    """Its streams share; another lease and the other direction do not."""
    groups = Groups(100e6, 1e6)
    first = groups.join(granted(), "download")
    assert groups.join(granted(left=500), "download") is first
    assert first.left == 500
    assert groups.join(granted(), "upload") is not first
    assert groups.join(granted("b"), "download") is not first
    groups.leave(first)
    groups.leave(first)
    assert groups.join(granted(), "download") is not first


def test_clients_without_a_lease_share_what_leases_leave() -> None:
    """Never below the floor, and back to all of it once the leases are gone."""
    groups = Groups(100e6, 2e6)
    common = groups.join(granted("", rate=100e6), "download")
    assert common.bucket.rate == 100e6
    leased = groups.join(granted("a", rate=70e6), "download")
    assert common.bucket.rate == pytest.approx(30e6)
    groups.join(granted("b", rate=70e6), "upload")
    assert common.bucket.rate == pytest.approx(30e6)
    other = groups.join(granted("c", rate=70e6), "download")
    assert common.bucket.rate == 2e6
    groups.leave(leased)
    groups.leave(other)
    assert common.bucket.rate == 100e6


def test_no_lease_is_faster_than_the_server_may_be() -> None:
    """Nor is one that names no rate."""
    groups = Groups(100e6, 1e6)
    assert groups.join(granted("a", rate=1e9), "download").bucket.rate == 100e6
    assert groups.join(granted("b", rate=0), "download").bucket.rate == 100e6
