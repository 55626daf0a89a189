"""The check of disks over a real one: ext4 on a loop device that fills up, runs out of files, goes read-only."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.kit.model import Outcome, Reason
from tests.checks.conftest import values
from tests.checks.loops import MIB, readings


def test_a_nearly_full_volume_is_measured_not_judged(tmp_path: Path) -> None:
    """How full is too full, the collector says."""
    (reading,) = readings("nearly_full", tmp_path)
    assert reading.outcome is Outcome.OK
    assert 0 < values(reading)["storage_free:system"] < 4 * MIB
    assert 0 < float(str(reading.facts["least_free_ratio"])) < 0.15


def test_a_volume_with_nothing_left_is_full(tmp_path: Path) -> None:
    """Really filled, to the last block."""
    (reading,) = readings("full", tmp_path)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DISK_FULL)
    assert reading.detail == "nothing is left on the system's volume"
    assert values(reading)["storage_free:system"] == 0


def test_a_volume_that_can_have_no_more_files_is_full(tmp_path: Path) -> None:
    """There is space, and yet nothing can be saved."""
    (reading,) = readings("no_files", tmp_path)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DISK_FULL)
    assert reading.detail == "the system's volume can have no more files"
    assert values(reading)["storage_inodes_free"] == 0
    assert values(reading)["storage_free:system"] > MIB


def test_a_volume_remounted_read_only_fails_until_it_is_writable_again(tmp_path: Path) -> None:
    """It took writes before; not when fstab means it so."""
    before, refusing, meant, after = readings("remounted", tmp_path)
    assert (refusing.outcome, refusing.reason) == (Outcome.FAILED, Reason.DISK_READ_ONLY)
    assert refusing.detail == "the volume system takes no writes"
    assert values(refusing)["storage_read_only:system"] == 1
    assert [one.outcome for one in (before, meant, after)] == [Outcome.OK] * 3


def test_a_volume_that_an_error_made_read_only_is_found(tmp_path: Path) -> None:
    """errors=remount-ro, with an error that the kernel was told to find."""
    before, after = readings("error", tmp_path)
    assert before.outcome is Outcome.OK
    assert (after.outcome, after.reason, after.facts["read_only"]) == (Outcome.FAILED, Reason.DISK_READ_ONLY, 1)


def test_a_volume_that_fills_says_when_it_will_be_full(tmp_path: Path) -> None:
    """Sixteen megabytes a day; and what was cleaned up starts anew."""
    *days, cleaned = readings("filling", tmp_path)
    assert [day.facts["trend"] for day in days[:3]] == [None] * 3
    last = days[-1]
    assert last.facts["trend"] == "filling"
    assert values(last)["storage_filling:system"] == pytest.approx(16 * MIB / 86400, rel=0.1)
    assert last.facts["days_until_full"] == pytest.approx(values(last)["storage_free:system"] / (16 * MIB), rel=0.1)
    assert (cleaned.facts["trend"], cleaned.facts["days_until_full"]) == (None, None)
