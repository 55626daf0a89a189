"""A Windows PC's registry and query, piece by piece; the recorded PCs are in test_device_windows."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.kit import child, cim, windows
from checks.kit.cim import Cim, Row
from checks.kit.edid import Screen


def _time(year: int, month: int = 1, day: int = 1) -> int:
    return int(datetime.datetime(year, month, day, tzinfo=datetime.UTC).timestamp())


def _cim(**rows: Any) -> Cim:
    return msgspec.convert(rows, Cim)


def test_the_script_keeps_to_what_windows_7_has() -> None:
    """PowerShell 2.0 has neither CIM cmdlets nor JSON; the storage cmdlets are passed over there."""
    assert "Cim" not in cim.SCRIPT
    assert "Json" not in cim.SCRIPT
    assert '"' not in cim.SCRIPT
    assert cim.SCRIPT.count("Get-PhysicalDisk") == 1


def test_every_property_that_is_asked_for_is_known() -> None:
    """And none is known that is not asked for: both sides of one format."""
    names = {field.encode_name for field in msgspec.structs.fields(Row)}
    assert names == {name for name in names if f"'{name}'" in cim.SCRIPT}
    asked = {field.name for field in msgspec.structs.fields(Cim)} - {"hardware_id_shared"}
    assert asked == {name for name in asked if f" '{name}' " in cim.SCRIPT}


@pytest.mark.parametrize(
    ("media", "bus", "model", "kind"),
    [(4, 17, "X", "ssd"), (3, 11, "X", "hdd"), (0, 11, "X", None), (None, None, "KINGSTON SSD A400", "ssd"),
     (None, None, "ST500DM002", None), (4, 8, "Intel Raid 1 Volume", None), (3, 8, "SSD volume", None),
     (None, None, "Assdorf 9", None)],
)  # fmt: skip
def test_a_kind_is_known_or_unknown(media: int | None, bus: int | None, model: str, kind: str | None) -> None:
    """From Windows where it says so, from a model that does; never through a RAID controller."""
    told = _cim(physical=[{"DeviceId": "0", "MediaType": media, "BusType": bus}])
    assert windows.kind(told, Row(index=0, model=model)) == kind


def test_the_systems_disk_is_found_by_its_number() -> None:
    """Not the first that is listed; none without a partition that says so."""
    disks = [{"Index": 1, "Model": "B"}, {"Index": 0, "Model": "A"}]
    assert windows.system_disk(_cim(disks=disks, partitions=[{"DiskIndex": 0}])).model == "A"
    assert windows.system_disk(_cim(disks=disks)).model is None
    assert windows.system_disk(_cim(disks=[{"Model": "C"}])).model is None


def test_disks_behind_usb_are_not_inside() -> None:
    """Their hours are no evidence; nor those of a disk that Windows does not name."""
    told = _cim(
        disks=[{"Index": 0, "InterfaceType": "IDE"}, {"Index": 1, "InterfaceType": "USB"}, {"Index": 2}],
        hours=[{"DeviceId": "0", "PowerOnHours": 10}, {"DeviceId": "1", "PowerOnHours": 99},
               {"DeviceId": "7", "PowerOnHours": 99}],
    )  # fmt: skip
    assert windows.inside(told) == {0}
    machine = windows.describe({}, told, "10.0", "amd64", None)
    assert (machine.disks, machine.power_on_hours) == (("/dev/sda",), 10)


def test_screens_and_sizes_are_joined_by_their_name() -> None:
    """In whatever order; one that is off does not count."""
    told = _cim(
        screens=[{"InstanceName": "A", "Active": True, "YearOfManufacture": 2020, "WeekOfManufacture": 2},
                 {"InstanceName": "B", "Active": False, "YearOfManufacture": 2010}],
        sizes=[{"InstanceName": "B", "MaxHorizontalImageSize": 30, "MaxVerticalImageSize": 20},
               {"InstanceName": "A", "MaxHorizontalImageSize": 48, "MaxVerticalImageSize": 27}],
        video=[{"CurrentHorizontalResolution": 1920, "CurrentVerticalResolution": 1080}, {}],
    )  # fmt: skip
    assert windows.screens(told) == [Screen(datetime.date(2020, 1, 8), 21.7, 1920, 1080)]


def test_of_two_screens_nobody_knows_which_has_the_resolution() -> None:
    """Unknown rather than guessed."""
    told = _cim(
        screens=[{"InstanceName": "A"}, {"InstanceName": "B"}],
        video=[{"CurrentHorizontalResolution": 1920, "CurrentVerticalResolution": 1080}],
    )
    assert [screen.width for screen in windows.screens(told)] == [None, None]


@pytest.mark.parametrize(
    ("build", "made", "counts"),
    [("7601", _time(2011), True), ("7601", _time(2002), False), ("9600", _time(2013), False),
     ("19045", _time(2015, 7, 15), True), ("19045", _time(2015, 7, 14), False), ("22631", _time(2020), False),
     (None, _time(2005), True), ("2600", _time(1999), False), ("9" * 5000, _time(2012), True)],
)  # fmt: skip
def test_an_installation_before_its_release_is_none(build: str | None, made: int, counts: bool) -> None:
    """The clock was wrong that day."""
    registry: windows.Registry = {windows.VERSION: {"CurrentBuild": build, "InstallDate": made}}
    assert windows.installations(registry) == ([float(made)] if counts else [])


def test_former_systems_count_and_other_keys_do_not() -> None:
    """``Source OS (Updated on …)`` keeps their dates."""
    registry: windows.Registry = {
        rf"{windows.SETUP}\Source OS (Updated on 1/2/2023 10:00:00)": {
            "CurrentBuild": "7601",
            "InstallDate": _time(2012),
        },
        windows.VERSION: {"CurrentBuild": "19045", "InstallDate": "tomorrow"},
        windows.BIOS: {"InstallDate": _time(2013)},
    }
    assert windows.installations(registry) == [float(_time(2012))]


def test_windows_11_is_told_by_its_build() -> None:
    """The registry still says 10; a build that is no number says nothing."""
    assert windows.edition({"ProductName": "Windows 10 Pro", "CurrentBuild": "22000"}) == "Windows 11 Pro"
    assert windows.edition({"ProductName": "Windows 10 Pro", "CurrentBuild": "19045"}) == "Windows 10 Pro"
    assert windows.edition({"ProductName": "Windows 10 Pro", "CurrentBuild": "9" * 5000}) == "Windows 10 Pro"
    assert windows.edition({"CurrentBuild": "22000"}) is None


def test_the_uuid_ends_in_the_child() -> None:
    """What is left of it is whether other PCs carry it."""
    identity = "4c4c4544-0042-3510-8054-b8c04f4e5032"
    found = cim.read(f"hardware_id={identity}\nmemory=1024\n")
    assert found == Cim(memory=1024, hardware_id_shared=False)
    assert identity not in msgspec.json.encode(found).decode()
    assert cim.read("").hardware_id_shared is None


def test_an_answer_that_is_none_is_an_error() -> None:
    """Words where a number belongs: the child says which."""
    with pytest.raises(msgspec.ValidationError, match="memory"):
        cim.read("memory=much\n")


def test_the_query_goes_through_powershell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the name that is called in the child, from the program's bytes to the answer."""
    program = tmp_path / "powershell.exe"
    program.write_text("#!/bin/sh\nprintf 'memory=2048\\r\\ncpus.0.NumberOfCores=2\\r\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    told = child.within("checks.kit.cim:query", 20, answer=Cim, timeout=30)
    assert told == Cim(memory=2048, cpus=(Row(number_of_cores=2),))
