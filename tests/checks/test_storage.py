"""The check of disks over recorded PCs: what is stated, what fails, and that nothing personal is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.kit import child, powershell, storage_windows
from checks.kit.child import ChildError
from checks.kit.host import Usage
from checks.kit.model import Env, Outcome, Reading, Reason
from checks.kit.smart import Smart, Survey, parse
from checks.storage import CHECK, Params
from tests.checks.conftest import FixedClock, NoChild, environment, values
from tests.checks.desks import GIB, Answers, Tree, disks

RECORDED = Path(__file__).parent / "recorded"
NOW = 1_794_200_400
DAY = 86400
FREE = {"/": Usage(100 * GIB, 40 * GIB, 1000, 900), "/home": Usage(200 * GIB, 10 * GIB, 10, 9)}
PC: dict[str, str] = json.loads((RECORDED / "storage" / "linux-office-pc.json").read_text())["files"]


def disk(name: str) -> Smart:
    return parse((RECORDED / "smart" / f"{name}.json").read_text())


def look(told: Any, usage: dict[str, Usage] | None = None, files: dict[str, str] | None = None, **env: Any) -> Reading:
    host = Tree(PC if files is None else files, FREE if usage is None else usage)
    reading: Reading = CHECK.run(Params(), _env(told, host, **env))
    return reading


def _env(told: Any, host: Tree, lasting: dict[str, Any] | None = None, day: int = 0) -> Env:
    env = environment(host=host, child=told, clock=FixedClock((NOW + day * DAY) * 1_000_000))
    return msgspec.structs.replace(env, lasting={} if lasting is None else lasting)


def windows(name: str) -> Reading:
    answer = storage_windows.parse(powershell.decode((RECORDED / "storage" / f"{name}.txt").read_bytes()))
    reading: Reading = CHECK.run(Params(), _env(Answers(answer), Tree({}, system="windows")))
    return reading


def test_volumes_and_disks_become_samples_in_base_units() -> None:
    """Bytes, seconds, ratios, by neutral labels."""
    reading = look(disks(disk("ssd-samsung-860"), disk("hdd-old-sound")))
    assert reading.outcome is Outcome.OK
    assert values(reading) == {
        "storage_size:system": 100 * GIB, "storage_free:system": 40 * GIB, "storage_read_only:system": 0,
        "storage_inodes_free": 0.9, "storage_size:data1": 200 * GIB, "storage_free:data1": 10 * GIB,
        "storage_read_only:data1": 0, "storage_file_systems:local": 3, "storage_file_systems:removable": 2,
        "storage_file_systems:image": 2, "storage_file_systems:network": 1,
        "storage_disk_healthy:disk1": 1, "storage_disk_wear:disk1": 0.07, "storage_disk_power_on:disk1": 18211 * 3600,
        "storage_disk_reallocated:disk1": 0, "storage_disk_uncorrectable:disk1": 0,
        "storage_disk_temperature_celsius:disk1": 34,
        "storage_disk_healthy:disk2": 1, "storage_disk_power_on:disk2": 42102 * 3600,
        "storage_disk_reallocated:disk2": 8, "storage_disk_pending:disk2": 0, "storage_disk_uncorrectable:disk2": 0,
        "storage_disk_temperature_celsius:disk2": 39,
    }  # fmt: skip


def test_the_facts_say_it_in_short() -> None:
    """The fullest volume, the most worn disk."""
    assert look(disks(disk("ssd-samsung-860"), disk("hdd-old-sound"))).facts == {
        "volumes": 2, "system_kind": "local", "least_free_ratio": 0.05, "trend": None, "days_until_full": None,
        "read_only": 0, "smart_method": "smartctl", "disks": 2, "disk_health": "good", "wear_ratio": 0.07,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["hdd-failing", "nvme-worn-out"])
def test_a_disk_that_says_it_will_fail_fails_the_check(name: str) -> None:
    """Its volumes are measured all the same."""
    reading = look(disks(disk("ssd-samsung-860"), disk(name)))
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DISK_FAILING)
    assert reading.detail == "disk 2 says that it will fail"
    assert reading.facts["disk_health"] == "failing"
    assert values(reading)["storage_disk_healthy:disk2"] == 0
    assert values(reading)["storage_free:system"] == 40 * GIB


@pytest.mark.parametrize(
    ("names", "method"),
    [
        (("without-rights",), "forbidden"),
        (("usb-bridge-refused", "raid-logical-volume", "vm-sata"), "hidden"),
        ((), "no_disk"),
    ],
)
def test_disks_that_tell_nothing_are_unknown_not_bad(names: tuple[str, ...], method: str) -> None:
    """And the method says why."""
    found = tuple(disk(name) for name in names)
    reading = look(Answers(Survey(method, found)))  # type: ignore[arg-type]
    assert reading.outcome is Outcome.OK
    assert (reading.facts["smart_method"], reading.facts["disks"], reading.facts["disk_health"]) == (method, 0, None)
    assert not [one for one in reading.samples if one.name.startswith("storage_disk")]


def test_asking_the_disks_may_fail_and_the_volumes_are_still_measured() -> None:
    """A disk that hangs is the worst moment to know nothing of the others."""
    reading = look(Answers(ChildError(Reason.CHILD_HUNG, "no answer within 80 s")))
    assert reading.outcome is Outcome.OK
    assert (reading.facts["smart_method"], reading.facts["volumes"]) == ("silent", 2)


def test_a_failing_disk_comes_before_what_it_causes() -> None:
    """The technician should buy a disk, not run fsck on it."""
    files = {"/proc/self/mountinfo": "28 1 8:2 / / rw - ext4 /dev/sda2 rw,emergency_ro\n"}
    full = {"/": Usage(100 * GIB, 0)}
    assert look(disks(disk("hdd-failing")), full, files).reason is Reason.DISK_FAILING
    reading = look(disks(), full, files)
    assert (reading.reason, reading.detail) == (Reason.DISK_READ_ONLY, "the volume system takes no writes")


def test_a_read_only_system_that_is_meant_so_is_not_full() -> None:
    """An image of a kiosk has no byte free and needs none."""
    files = {"/proc/self/mountinfo": "28 1 8:2 / / ro - ext4 /dev/sda2 ro\n"}
    reading = look(disks(), {"/": Usage(100 * GIB, 0)}, files)
    assert (reading.outcome, values(reading)["storage_read_only:system"]) == (Outcome.OK, 0)


def test_a_data_volume_that_is_full_is_measured_only() -> None:
    """The system goes on; how bad it is, the collector says."""
    reading = look(disks(), FREE | {"/home": Usage(200 * GIB, 0)})
    assert (reading.outcome, reading.facts["least_free_ratio"]) == (Outcome.OK, 0)


def test_the_trend_outlives_the_agent() -> None:
    """What lasts goes through JSON between the runs, and nothing else is needed."""
    lasting: dict[str, Any] = {}
    for day in range(6):
        lasting = msgspec.json.decode(msgspec.json.encode(lasting))
        usage = FREE | {"/": Usage(100 * GIB, (40 - day) * GIB, 1000, 900)}
        reading = look(disks(), usage, lasting=lasting, day=day)
    assert (reading.facts["trend"], reading.facts["days_until_full"]) == ("filling", 35.0)
    assert values(reading)["storage_until_full:system"] == 35 * DAY
    assert values(reading)["storage_filling:data1"] == 0
    assert "storage_until_full:data1" not in values(reading)


@pytest.mark.parametrize("kept", [None, 3, "x", {"a": []}])
def test_what_lasts_may_be_damaged(kept: Any) -> None:
    """It lay on a disk."""
    lasting: dict[str, Any] = {"volumes": kept}
    assert look(disks(), lasting=lasting).outcome is Outcome.OK
    assert [past["label"] for past in lasting["volumes"].values()] == ["system", "data1"]


def test_an_overlay_system_has_no_system_volume() -> None:
    """What is written there is gone at the next start: that is the fact, not its free space."""
    files = json.loads((RECORDED / "storage" / "linux-live-usb.json").read_text())["files"]
    reading = look(disks(), {"/": Usage(9, 8)}, files)
    assert (reading.outcome, reading.facts["system_kind"], reading.facts["volumes"]) == (Outcome.OK, "overlay", 0)


def test_windows_pcs_are_judged_alike() -> None:
    """From one query, recorded; not yet proven on a PC."""
    eleven, seven = windows("windows-11-nvme"), windows("windows-7-not-elevated")
    assert (eleven.reason, eleven.facts["smart_method"], eleven.facts["disks"]) == (Reason.DISK_FAILING, "windows", 2)
    assert values(eleven)["storage_free:data1"] == 702103283968
    assert (seven.reason, seven.facts["disk_health"]) == (Reason.DISK_FULL, None)
    assert windows("windows-7-elevated-failing").reason is Reason.DISK_FAILING
    assert windows("windows-server-vm").outcome is Outcome.OK


def test_a_query_that_fails_is_an_error_with_the_childs_reason() -> None:
    """Without it nothing is known of a Windows PC's disks."""
    failing = Answers(ChildError(Reason.CHILD_CRASHED, "PowerShellError: PowerShell cannot be started"))
    reading = CHECK.run(Params(), _env(failing, Tree({}, system="windows")))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.CHILD_CRASHED)


def test_another_system_is_unsupported() -> None:
    """Said once, plainly."""
    reading = CHECK.run(Params(), _env(NoChild(), Tree({}, system="sunos5")))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.UNSUPPORTED)


def _all() -> list[Reading]:
    failing = look(disks(*(disk(name) for name in ("hdd-failing", "nvme-hot", "ssd-crucial-mx500"))))
    return [failing, windows("windows-11-nvme"), windows("windows-7-not-elevated"), windows("windows-server-vm")]


def test_every_name_is_declared_and_every_label_has_words() -> None:
    """Documentation and pages are derived from the declarations."""
    metrics = {metric.name: metric for metric in CHECK.metrics}
    for reading in _all():
        assert set(reading.facts) == {fact.name for fact in CHECK.facts}
        for one in reading.samples:
            assert set(one.labels) == set(metrics[one.name].labels)
            assert set(one.labels.values()) <= set(metrics[one.name].words)
        for fact in CHECK.facts:
            if fact.words and reading.facts[fact.name] is not None:
                assert reading.facts[fact.name] in fact.words


def test_neither_names_nor_mount_points_nor_models_leave_the_pc() -> None:
    """A mount point may hold a user's name, a share the name of a server."""
    sent = msgspec.json.encode(_all()).decode().lower()
    for secret in ("nguyen", "kingston", "vanthu", "10.20.0.5", "chung", "wd-wcc", "/home", "samsung", "kioxia", "sda"):
        assert secret not in sent


def test_a_reading_is_small() -> None:
    """Two volumes and two disks, four times a day."""
    assert len(msgspec.json.encode(look(disks(disk("ssd-samsung-860"), disk("hdd-old-sound"))))) < 2500


def test_this_machine_is_described() -> None:
    """Whatever it is, by its real files and programs."""
    reading: Reading = CHECK.run(Params(), environment(child=child, seconds=60))
    assert reading.outcome in (Outcome.OK, Outcome.FAILED)
    assert reading.facts["system_kind"] is not None
