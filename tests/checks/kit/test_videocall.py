"""How calls are sent, and when what was sent says nothing. The sessions themselves are in test_realtime."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from checks.kit import stamp
from checks.kit.stamp_session import Exchange, Session
from checks.kit.videocall import Profile, pace, synchronised


@pytest.mark.parametrize(
    ("name", "rate", "frames", "burst", "size"),
    [
        ("1500k", 1.5e6, 50, 4, 938), ("3000k", 3e6, 50, 7, 1071), ("1500k", 1.5e6, 10, 16, 1172),
        ("tiny", 8e3, 100, 1, 48),
    ],
)  # fmt: skip
def test_frames_are_cut_into_packets_that_pass_every_line(
    name: str, rate: float, frames: float, burst: int, size: int
) -> None:
    """Of 1,200 octets at most, and the rate of the call within a thousandth; never less than a padded packet has."""
    profile = Profile(name, rate, frames, 10.0)
    assert (profile.burst, profile.size(stamp.BASE)) == (burst, size)
    if name != "tiny":
        assert burst * size * 8 * frames == pytest.approx(rate, rel=0.001)
        assert profile.bytes == 2 * (500 if frames == 50 else 100) * burst * size + 2 * 20 * 112


def lateness(*milliseconds: float) -> list[Exchange]:
    return [Exchange(index, 100, 0, 0, round(late * 1e6)) for index, late in enumerate(milliseconds)]


@pytest.mark.parametrize(
    ("late", "kept"),
    [
        ([0.1] * 100, True), ([25.0] * 5 + [0.1] * 95, True), ([25.0] * 6 + [0.1] * 94, False),
        ([101.0] + [0.1] * 99, False), ([], True),
    ],
)  # fmt: skip
def test_a_sender_that_stalls_or_lags_did_not_keep_the_pace(late: list[float], kept: bool) -> None:
    """A tenth of a second once, or more than a frame for a twentieth of the packets."""
    worst, paced = pace(lateness(*late), 0.020)
    assert paced is kept
    assert worst == pytest.approx(max(late, default=0.0) / 1e3)


RIGHT = stamp.ErrorEstimate(synchronised=True, scale=20, multiplier=1)
"""244 µs."""


def session(**changes: object) -> Session:
    one = Exchange(0, 100, 1_000, 1_000, 0, t2=2_000, t3=3_000, t4=4_000, back=4_000, copies=1)
    made = Session(exchanges=[one], order=[0], foreign={}, theirs=RIGHT)
    return replace(made, **changes)


def test_one_way_times_are_told_when_both_clocks_vouch_for_themselves() -> None:
    """Synchronised, both, by their own word; within 5 ms together; nothing came before it was sent; never set."""
    loose = replace(RIGHT, scale=25, multiplier=1)  # 7.8 ms
    assert synchronised(session(), RIGHT)
    assert not synchronised(session(), replace(RIGHT, synchronised=False))
    assert not synchronised(session(theirs=replace(RIGHT, synchronised=False)), RIGHT)
    assert not synchronised(session(), loose)
    assert not synchronised(session(theirs=None), RIGHT)
    assert not synchronised(session(stepped="here"), RIGHT)
    early = Exchange(0, 100, 5_000, 5_000, 0, t2=2_000, t3=3_000, t4=4_000, back=9_000, copies=1)
    assert not synchronised(session(exchanges=[early]), RIGHT)
