"""Volumes and disks of a Windows PC from one query. Written from the documentation and tested on recorded answers: not
yet proven on a PC.

Windows 8 and later describe disks by the storage management classes (MSFT_Disk, MSFT_Partition, MSFT_PhysicalDisk); the
wear and the hours of a disk (MSFT_StorageReliabilityCounter), and on Windows 7 the disk's own warning
(MSStorageDriver_FailurePredictStatus), need elevation: without it they are unknown.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from checks.kit import powershell
from checks.kit.smart import Kind, Method, Smart, Survey
from checks.kit.volumes import MOST, Found, Volume

SCRIPT = r"""
$storage = 'root\Microsoft\Windows\Storage'
Say system $env:SystemDrive
SayAll volume (Get-WmiObject Win32_LogicalDisk) @('DeviceID', 'DriveType', 'FileSystem', 'Size', 'FreeSpace')
SayAll partition (Get-WmiObject -Namespace $storage MSFT_Partition) @('DriveLetter', 'DiskNumber')
SayAll disk (Get-WmiObject -Namespace $storage MSFT_Disk) @('Number', 'BusType', 'IsReadOnly')
$fields = @('DeviceId', 'MediaType', 'BusType', 'HealthStatus', 'OperationalStatus', 'Size', 'FriendlyName')
SayAll physical (Get-WmiObject -Namespace $storage MSFT_PhysicalDisk) $fields
$fields = @('DeviceId', 'Wear', 'PowerOnHours', 'Temperature', 'ReadErrorsUncorrected')
SayAll counter (Get-PhysicalDisk | Get-StorageReliabilityCounter) $fields
SayAll predicted (Get-WmiObject -Namespace 'root\wmi' MSStorageDriver_FailurePredictStatus) @('PredictFailure')
SayAll drive (Get-WmiObject Win32_DiskDrive) @('Model', 'Size', 'Status', 'InterfaceType')
"""
_REMOVABLE, _LOCAL, _NETWORK, _OPTICAL = 2, 3, 4, 5  # Win32_LogicalDisk.DriveType
_USB, _NVME, _VIRTUAL, _FILE_BACKED = 7, 17, 14, 15  # BusType of MSFT_Disk and MSFT_PhysicalDisk
_MEDIA: dict[int, Kind] = {3: "hdd", 4: "ssd"}
_HEALTHY, _WARNING, _UNHEALTHY = 0, 1, 2  # MSFT_PhysicalDisk.HealthStatus; 5 is unknown
_PREDICTED = "5"  # OperationalStatus: predictive failure
_LONGEST_LIFE = 50 * 8766
Bytes = Annotated[int, Meta(ge=0, le=2**60)]


class LogicalDisk(Struct, frozen=True):
    """Win32_LogicalDisk; a locked volume has no size."""

    DeviceID: str = ""
    DriveType: int = 0
    FileSystem: str = ""
    Size: Bytes | None = None
    FreeSpace: Bytes | None = None


class Partition(Struct, frozen=True):
    """MSFT_Partition."""

    DriveLetter: str = ""
    DiskNumber: int = -1


class Disk(Struct, frozen=True):
    """MSFT_Disk."""

    Number: int = -2
    BusType: int = 0
    IsReadOnly: bool = False


class Physical(Struct, frozen=True):
    """MSFT_PhysicalDisk."""

    DeviceId: str = ""
    MediaType: int = 0
    BusType: int = 0
    HealthStatus: int = 5
    OperationalStatus: str = ""
    Size: Bytes | None = None
    FriendlyName: str = ""


class Counter(Struct, frozen=True):
    """MSFT_StorageReliabilityCounter; ``Wear`` is the used part in percent."""

    DeviceId: str = ""
    Wear: int | None = None
    PowerOnHours: int | None = None
    Temperature: int | None = None
    ReadErrorsUncorrected: int | None = None


class Predicted(Struct, frozen=True):
    """MSStorageDriver_FailurePredictStatus."""

    PredictFailure: bool = False


class Drive(Struct, frozen=True):
    """Win32_DiskDrive."""

    Model: str = ""
    Size: Bytes | None = None
    Status: str = ""
    InterfaceType: str = ""


class Answer(Struct, frozen=True):
    """What the query writes."""

    system: str = "C:"
    volume: tuple[LogicalDisk, ...] = ()
    partition: tuple[Partition, ...] = ()
    disk: tuple[Disk, ...] = ()
    physical: tuple[Physical, ...] = ()
    counter: tuple[Counter, ...] = ()
    predicted: tuple[Predicted, ...] = ()
    drive: tuple[Drive, ...] = ()


def query(seconds: float) -> Answer:
    """Asks this PC; called in a child. Raises PowerShellError, msgspec.ValidationError for an answer of other types."""
    return parse(powershell.query(SCRIPT, seconds))


def parse(text: str) -> Answer:
    """The answer in what the query wrote. Raises msgspec.ValidationError."""
    return msgspec.convert(powershell.parse(text), Answer, strict=False)


def volumes(answer: Answer) -> Found:
    """The volumes with a letter that stay in this PC, the system's first. A disk that Windows holds read-only refuses
    writes; nothing says whether it is meant to."""
    disks = {one.Number: one for one in answer.disk}
    of_letter = {
        f"{one.DriveLetter}:": disks.get(one.DiskNumber) for one in answer.partition if one.DriveLetter.strip()
    }
    kinds = {"local": 0, "removable": 0, "image": 0, "network": 0}
    found = []
    for one in answer.volume:
        disk, system = of_letter.get(one.DeviceID), one.DeviceID == answer.system
        plugged = one.DriveType == _LOCAL and not system and disk is not None and disk.BusType == _USB
        kind = "removable" if plugged else _KINDS.get(one.DriveType, "")
        if kind in kinds:
            kinds[kind] += 1
        if kind == "local" and one.Size:
            refuses = disk is not None and disk.IsReadOnly
            free = min(one.FreeSpace or 0, one.Size)
            found.append(Volume(key=one.DeviceID, system=system, size=one.Size, free=free, refuses=refuses))
    found.sort(key=lambda volume: (not volume.system, volume.key))
    return Found(tuple(found[:MOST]), kinds, "local" if any(volume.system for volume in found) else None)


_KINDS = {_REMOVABLE: "removable", _LOCAL: "local", _NETWORK: "network", _OPTICAL: "image"}


def disks(answer: Answer) -> Survey:
    """The built-in disks, as Windows 8 and later judge them, else as Windows 7 does."""
    counters = {one.DeviceId: one for one in answer.counter}
    found = [_physical(one, counters.get(one.DeviceId, Counter())) for one in answer.physical if one.BusType != _USB]
    if not answer.physical:
        # the two lists of Windows 7 have no common key that is no serial number: with one disk they mean the same
        alone = answer.predicted[0].PredictFailure if len(answer.predicted) == len(answer.drive) == 1 else None
        found = [_drive(one, alone) for one in answer.drive if one.InterfaceType != "USB"]
    method: Method = "windows" if any(one.access == "read" for one in found) else "hidden" if found else "no_disk"
    return Survey(method, tuple(found))


def _physical(one: Physical, counter: Counter) -> Smart:
    if one.BusType in (_VIRTUAL, _FILE_BACKED) or "virtual" in one.FriendlyName.lower():
        return Smart(access="hidden", size=one.Size)
    predicted = _PREDICTED in one.OperationalStatus.split()
    health = {_HEALTHY: True, _WARNING: False if predicted else None, _UNHEALTHY: False}.get(one.HealthStatus)
    return Smart(
        kind="nvme" if one.BusType == _NVME else _MEDIA.get(one.MediaType, "unknown"),
        health=health,
        power_on_hours=_within(counter.PowerOnHours, _LONGEST_LIFE),
        wear_ratio=None if (wear := _within(counter.Wear, 255)) is None else wear / 100,
        uncorrectable=_within(counter.ReadErrorsUncorrected, 2**40),
        temperature=_within(counter.Temperature, 200) or None,  # 0 where the disk tells none
        model=one.FriendlyName[:64] or None,
        size=one.Size,
    )


def _drive(one: Drive, alone: bool | None) -> Smart:
    if any(word in one.Model.lower() for word in ("virtual", "vbox", "vmware", "qemu")):
        return Smart(access="hidden", size=one.Size)
    told = {"Pred Fail": False, "Error": False}.get(one.Status)
    health = told if told is not None or alone is None else not alone
    return Smart(health=health, model=one.Model[:64] or None, size=one.Size)


def _within(value: int | None, most: int) -> int | None:
    return value if value is not None and 0 <= value <= most else None
