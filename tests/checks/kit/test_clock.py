"""The device's clocks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from checks.kit.clock import BOOT_ID, SystemClock, derived


def test_times_are_microseconds() -> None:
    """Wall time since 1970, monotonic time since boot with sleep counted."""
    clock = SystemClock()
    assert abs(clock.wall() / 1e6 - time.time()) < 5
    assert abs(clock.mono() / 1e6 - time.clock_gettime(time.CLOCK_BOOTTIME)) < 5


def test_monotonic_time_never_falls() -> None:
    """Not even between two reads."""
    clock = SystemClock()
    times = [clock.mono() for _ in range(1000)]
    assert times == sorted(times)


def test_the_boot_is_the_kernels() -> None:
    """Two processes of one boot agree."""
    assert SystemClock().boot() == Path(BOOT_ID).read_text().strip() == SystemClock().boot()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_without_a_readable_id_one_is_derived(tmp_path: Path, content: bytes | None) -> None:
    """Absent, empty, unreadable."""
    file = tmp_path / "boot_id"
    if content is not None:
        file.write_bytes(content)
    assert SystemClock(str(file)).boot().startswith("booted-")


def test_a_derived_id_is_stable_within_a_boot_and_differs_between_boots() -> None:
    """A clock that drifts by seconds does not make a new boot."""
    booted = 1_800_000_000
    ids = {derived((booted + up) * 1_000_000 + drift, up * 1_000_000) for up in (5, 90_000) for drift in (0, 9_000_000)}
    assert ids == {"booted-1800000000"}
    assert derived((booted + 700) * 1_000_000, 0) not in ids
