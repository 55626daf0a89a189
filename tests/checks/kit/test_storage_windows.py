"""Volumes and disks of Windows PCs from recorded answers; not yet proven on a PC."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import powershell, storage_windows
from checks.kit.smart import Smart, Survey
from checks.kit.storage_windows import Answer, Drive, Physical, Predicted, disks, parse, volumes
from checks.kit.volumes import Found, Volume

RECORDED = Path(__file__).parents[1] / "recorded" / "storage"
WINDOWS = ("windows-11-nvme", "windows-7-not-elevated", "windows-7-elevated-failing", "windows-server-vm")


def answer(name: str) -> Answer:
    return parse(powershell.decode((RECORDED / f"{name}.txt").read_bytes()))


def test_windows_11_tells_volumes_and_the_disk_below_each() -> None:
    """A USB disk is plugged in whatever its drive type says; a disk held read-only takes no writes."""
    assert volumes(answer("windows-11-nvme")) == Found(
        (
            Volume(key="C:", system=True, size=255266385920, free=61203283968),
            Volume(key="D:", system=False, size=1000202039296, free=702103283968, refuses=True),
        ),
        {"local": 2, "removable": 2, "image": 1, "network": 1},
        "local",
    )


def test_windows_11_tells_health_and_with_elevation_wear_and_hours() -> None:
    """A warning is a failure when it is the disk's own prediction; 0 °C is no temperature."""
    assert disks(answer("windows-11-nvme")) == Survey(
        "windows",
        (
            Smart(
                kind="nvme", health=True, power_on_hours=5230, wear_ratio=0.06, uncorrectable=0, temperature=44,
                model="KBG40ZNV256G KIOXIA", size=256060514304,
            ),
            Smart(
                kind="hdd", health=False, power_on_hours=21400, wear_ratio=0.0, uncorrectable=17,
                model="ST1000DM010-2EP102", size=1000204886016,
            ),
        ),
    )  # fmt: skip


def test_windows_7_without_elevation_knows_no_health() -> None:
    """ "OK" there only means that the driver works; a locked volume has no size."""
    found = answer("windows-7-not-elevated")
    assert [(one.key, one.free) for one in volumes(found).volumes] == [("C:", 0)]
    assert disks(found) == Survey("windows", (Smart(model="WDC WD5000AAKX-00ERMA0 ATA Device", size=500105249280),))


def test_windows_7_with_elevation_passes_on_the_disks_own_warning() -> None:
    """By both of its ways."""
    assert disks(answer("windows-7-elevated-failing")).disks[0].health is False
    told = Answer(predicted=(Predicted(PredictFailure=False),), drive=(Drive(Model="X", Status="OK"),))
    assert disks(told).disks[0].health is True
    told = Answer(predicted=(Predicted(PredictFailure=True),), drive=(Drive(Model="X"), Drive(Model="Y")))
    assert [disk.health for disk in disks(told).disks] == [None, None]


def test_a_virtual_disk_is_hidden() -> None:
    """Its host answers for it."""
    assert disks(answer("windows-server-vm")) == Survey("hidden", (Smart(access="hidden", size=64424509440),))


@pytest.mark.parametrize(
    ("status", "operational", "health"),
    [(0, "2", True), (1, "5", False), (1, "2 5", False), (1, "3", None), (2, "6", False), (5, "0", None)],
)
def test_health_is_what_windows_says_or_unknown(status: int, operational: str, health: bool | None) -> None:
    """MSFT_PhysicalDisk: healthy, warning, unhealthy, unknown."""
    told = Answer(physical=(Physical(HealthStatus=status, OperationalStatus=operational),))
    assert disks(told).disks[0].health is health


def test_nothing_answered_is_no_disk_and_no_volume() -> None:
    """WMI may be broken."""
    assert volumes(parse("")) == Found((), {"local": 0, "removable": 0, "image": 0, "network": 0}, None)
    assert disks(parse("")) == Survey("no_disk")


def test_every_record_is_used() -> None:
    """A file that no test reads proves nothing."""
    assert {file.stem for file in RECORDED.glob("*.txt")} == set(WINDOWS)


def test_the_script_can_be_sent_and_asks_for_no_serial_number() -> None:
    """No double quote (the command line), nothing that names a disk."""
    assert '"' not in storage_windows.SCRIPT
    assert "serial" not in storage_windows.SCRIPT.lower()
    assert "*" not in storage_windows.SCRIPT


FIELDS = st.from_regex(
    r"(system|(volume|disk|physical|counter|drive|partition)\.[0-3]\.[A-Za-z]{1,12})=.*", fullmatch=True
)


@given(st.lists(FIELDS | st.text(), max_size=12))
def test_any_answer_is_read_or_refused_as_a_whole(lines: list[str]) -> None:
    """A field of another type is no crash of the check: the child's error says so."""
    try:
        found = parse("\n".join(lines))
    except msgspec.ValidationError:
        return
    assert len(volumes(found).volumes) <= 8
    assert isinstance(disks(found), Survey)
