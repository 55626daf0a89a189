"""What Windows tells of its PC by one query, the same for Windows 7, 10 and 11. Written from the documentation (WMI and
the Windows Storage Management classes) and tested on recorded answers: not yet proven on a PC.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from checks.kit import powershell
from checks.kit.machine import is_shared_id

SCRIPT = """
$os = Get-WmiObject Win32_OperatingSystem
$pc = Get-WmiObject Win32_ComputerSystem
$storage = 'root\\Microsoft\\Windows\\Storage'
Say 'memory' $pc.TotalPhysicalMemory
Say 'available_kb' $os.FreePhysicalMemory
Say 'pagefile_kb' $os.SizeStoredInPagingFiles
Say 'pagefile_free_kb' $os.FreeSpaceInPagingFiles
Say 'threads' $pc.NumberOfLogicalProcessors
Say 'hardware_id' (Get-WmiObject Win32_ComputerSystemProduct).UUID
SayAll 'cpus' (Get-WmiObject Win32_Processor) @('NumberOfCores')
SayAll 'partitions' (Get-WmiObject -Query ('ASSOCIATORS OF {Win32_LogicalDisk.DeviceID=''' + $env:SystemDrive +
  '''} WHERE AssocClass=Win32_LogicalDiskToPartition')) @('DiskIndex')
SayAll 'disks' (Get-WmiObject Win32_DiskDrive) @('Index', 'Size', 'Model', 'InterfaceType')
SayAll 'physical' (Get-WmiObject -Namespace $storage MSFT_PhysicalDisk) @('DeviceId', 'MediaType', 'BusType')
SayAll 'hours' (Get-PhysicalDisk | Get-StorageReliabilityCounter) @('DeviceId', 'PowerOnHours')
SayAll 'arrays' (Get-WmiObject Win32_PhysicalMemoryArray) @('Use', 'MemoryDevices')
SayAll 'modules' (Get-WmiObject Win32_PhysicalMemory) @('Capacity')
$screen = @('InstanceName', 'Active', 'YearOfManufacture', 'WeekOfManufacture')
SayAll 'screens' (Get-WmiObject -Namespace root\\wmi WmiMonitorID) $screen
$sizes = Get-WmiObject -Namespace root\\wmi WmiMonitorBasicDisplayParams
SayAll 'sizes' $sizes @('InstanceName', 'MaxHorizontalImageSize', 'MaxVerticalImageSize')
$video = Get-WmiObject Win32_VideoController
SayAll 'video' $video @('CurrentHorizontalResolution', 'CurrentVerticalResolution')
"""


class Row(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One object of the query, of whatever class: the properties that were asked of it, as Windows names them."""

    number_of_cores: int | None = None
    disk_index: int | None = None
    index: int | None = None
    size: int | None = None
    model: str | None = None
    interface_type: str | None = None
    device_id: str | None = None
    media_type: int | None = None
    bus_type: int | None = None
    power_on_hours: int | None = None
    use: int | None = None
    memory_devices: int | None = None
    capacity: int | None = None
    instance_name: str | None = None
    active: bool | None = None
    year_of_manufacture: int | None = None
    week_of_manufacture: int | None = None
    max_horizontal_image_size: int | None = None
    max_vertical_image_size: int | None = None
    current_horizontal_resolution: int | None = None
    current_vertical_resolution: int | None = None


class Cim(Struct, frozen=True, kw_only=True):
    """The query's answer. ``hardware_id_shared`` is what is left of the UUID, ``physical`` is missing on Windows 7,
    ``hours`` where the agent may not ask disks."""

    memory: int | None = None
    available_kb: int | None = None
    pagefile_kb: int | None = None
    pagefile_free_kb: int | None = None
    threads: int | None = None
    hardware_id_shared: bool | None = None
    cpus: tuple[Row, ...] = ()
    partitions: tuple[Row, ...] = ()
    disks: tuple[Row, ...] = ()
    physical: tuple[Row, ...] = ()
    hours: tuple[Row, ...] = ()
    arrays: tuple[Row, ...] = ()
    modules: tuple[Row, ...] = ()
    screens: tuple[Row, ...] = ()
    sizes: tuple[Row, ...] = ()
    video: tuple[Row, ...] = ()


def query(seconds: float) -> Cim:
    """Asks with PowerShell; called in a child. Raises PowerShellError, ValidationError."""
    return read(powershell.query(SCRIPT, seconds))


def read(text: str) -> Cim:
    """The answer that `text` is. The hardware UUID is compared here and goes no further. Raises ValidationError."""
    found = powershell.parse(text)
    found["hardware_id_shared"] = is_shared_id(found.pop("hardware_id", None))
    return msgspec.convert(found, Cim, strict=False)
