"""A Windows PC from its registry and one CIM query. Written from the documentation and tested on recorded answers:
not yet proven on a PC.
"""

from __future__ import annotations

from msgspec import Struct

from checks.kit.host import Host
from checks.kit.machine import Machine, date, first, is_shared_id, is_virtual
from checks.kit.model import Child

BIOS = r"HARDWARE\DESCRIPTION\System\BIOS"
CPU = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
VALUES = {
    BIOS: (
        "SystemManufacturer", "SystemProductName", "SystemVersion", "BaseBoardManufacturer", "BaseBoardProduct",
        "BIOSReleaseDate", "BIOSVersion",
    ),
    CPU: ("ProcessorNameString",),
    VERSION: ("ProductName", "DisplayVersion", "ReleaseId", "CurrentBuild", "UBR"),
}  # fmt: skip
_ELEVEN = 22000
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
_MEDIA = {3: "hdd", 4: "ssd"}
Registry = dict[str, dict[str, str | int | None]]

SCRIPT = """
$ErrorActionPreference = 'SilentlyContinue'
[Console]::OutputEncoding = [Text.Encoding]::UTF8
$os = Get-CimInstance Win32_OperatingSystem
$cs = Get-CimInstance Win32_ComputerSystem
$cpu = @(Get-CimInstance Win32_Processor)
$disk = Get-Partition -DriveLetter $env:SystemDrive.Substring(0, 1) | Get-Disk
$physical = Get-PhysicalDisk | Where-Object DeviceId -eq $disk.Number
$shared = (Get-CimInstance Win32_ComputerSystemProduct).UUID
ConvertTo-Json -Compress @{
  memory = $cs.TotalPhysicalMemory; available_kb = $os.FreePhysicalMemory
  pagefile_kb = $os.SizeStoredInPagingFiles; pagefile_free_kb = $os.FreeSpaceInPagingFiles
  cores = ($cpu | Measure-Object NumberOfCores -Sum).Sum; threads = $cs.NumberOfLogicalProcessors
  media = [int]$physical.MediaType; bus = [int]$physical.BusType
  disk = $disk.Size; disk_model = $disk.Model; hardware_id = $shared
}
"""


class Cim(Struct, frozen=True, kw_only=True):
    """The query's answer. ``media`` is MSFT_PhysicalDisk.MediaType, ``hardware_id_shared`` what is left of the UUID."""

    memory: int | None = None
    available_kb: int | None = None
    pagefile_kb: int | None = None
    pagefile_free_kb: int | None = None
    cores: int | None = None
    threads: int | None = None
    media: int | None = None
    bus: int | None = None
    disk: int | None = None
    disk_model: str | None = None
    hardware_id_shared: bool | None = None


def query(seconds: float) -> dict[str, object]:
    """Runs the query with PowerShell; called in a child. The hardware UUID is compared here and does not leave it."""
    import json
    import subprocess

    done = subprocess.run(
        ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", SCRIPT],
        capture_output=True,
        timeout=seconds,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout.decode("utf-8-sig"))
    found["hardware_id_shared"] = is_shared_id(str(found.pop("hardware_id") or ""))
    return found


def gather(host: Host, child: Child, timeout: float) -> Machine:
    """Everything registry and query tell within `timeout` seconds. Raises ChildError when the query fails."""
    registry: Registry = {key: {name: host.registry(key, name) for name in names} for key, names in VALUES.items()}
    cim: Cim = child.call("checks.kit.windows:query", timeout, answer=Cim, timeout=timeout, memory=1 << 30)
    system, usage = host.system(), host.usage("C:\\")
    return describe(
        registry,
        cim,
        kernel=system.kernel,
        architecture=system.architecture,
        volume=(usage.size, usage.free) if usage else None,
    )


def describe(registry: Registry, cim: Cim, kernel: str, architecture: str, volume: tuple[int, int] | None) -> Machine:
    """The machine of recorded answers; pure."""
    bios, version = _texts(registry.get(BIOS, {})), _texts(registry.get(VERSION, {}))
    virtual = is_virtual(bios.get("SystemManufacturer"), bios.get("SystemProductName"), cim.disk_model)
    lenovo = bios.get("SystemVersion") if bios.get("SystemManufacturer", "").lower() == "lenovo" else None
    return Machine(
        os_name=edition(version),
        os_version=first(version.get("DisplayVersion"), version.get("ReleaseId")),
        os_build=".".join(part for part in (version.get("CurrentBuild"), version.get("UBR")) if part) or None,
        kernel=kernel,
        architecture=_ARCHITECTURES.get(architecture, architecture),
        vendor=first(bios.get("SystemManufacturer"), bios.get("BaseBoardManufacturer")),
        model=first(lenovo, bios.get("SystemProductName"), bios.get("BaseBoardProduct")),
        firmware_date=date(bios.get("BIOSReleaseDate")),
        firmware_version=first(bios.get("BIOSVersion")),
        virtual=virtual,
        shared_hardware_id=cim.hardware_id_shared,
        cpu_model=first(_texts(registry.get(CPU, {})).get("ProcessorNameString")),
        cpu_cores=cim.cores,
        cpu_threads=cim.threads,
        memory_bytes=cim.memory,
        memory_available=_bytes(cim.available_kb),
        swap_bytes=_bytes(cim.pagefile_kb),
        swap_free=_bytes(cim.pagefile_free_kb),
        disk_kind=None if virtual else _MEDIA.get(cim.media or 0),
        disk_bytes=cim.disk,
        volume_bytes=volume[0] if volume else None,
        volume_free=volume[1] if volume else None,
    )


def edition(version: dict[str, str]) -> str | None:
    """The product's name; Windows 11 still calls itself 10 in the registry, only its build number tells."""
    name, build = first(version.get("ProductName")), version.get("CurrentBuild", "")
    if name and build.isdigit() and int(build) >= _ELEVEN:
        return name.replace("Windows 10", "Windows 11")
    return name


def _texts(values: dict[str, str | int | None]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


def _bytes(kilobytes: int | None) -> int | None:
    return None if kilobytes is None else kilobytes * 1024
