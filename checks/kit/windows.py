"""A Windows PC from its registry and one query (:mod:`checks.kit.cim`). Written from the documentation and tested on
recorded answers: not yet proven on a PC.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from checks.kit import edid
from checks.kit.cim import Cim, Row
from checks.kit.edid import Screen
from checks.kit.host import Host
from checks.kit.machine import Machine, date, first, is_virtual
from checks.kit.model import Child

BIOS = r"HARDWARE\DESCRIPTION\System\BIOS"
CPU = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SETUP = r"SYSTEM\Setup"
VALUES = {
    BIOS: (
        "SystemManufacturer", "SystemProductName", "SystemVersion", "BaseBoardManufacturer", "BaseBoardProduct",
        "BIOSReleaseDate", "BIOSVersion",
    ),
    CPU: ("ProcessorNameString",),
    VERSION: ("ProductName", "DisplayVersion", "ReleaseId", "CSDVersion", "CurrentBuild", "UBR", "InstallDate"),
}  # fmt: skip
_FORMER = ("ProductName", "CurrentBuild", "InstallDate")
_ELEVEN = 22000
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
_MEDIA = {3: "hdd", 4: "ssd"}
_RAID = 8  # MSFT_PhysicalDisk.BusType
_SYSTEM_MEMORY = 3  # Win32_PhysicalMemoryArray.Use
_SOLID = re.compile(r"\bssd\b|\bnvme\b", re.I)
# The first build that each product was released with, and when: an installation dated earlier had a wrong clock.
_RELEASED = (
    (22000, datetime.date(2021, 10, 5)),
    (10240, datetime.date(2015, 7, 15)),
    (9600, datetime.date(2013, 8, 27)),
    (9200, datetime.date(2012, 8, 1)),
    (7600, datetime.date(2009, 7, 22)),
)
Registry = dict[str, dict[str, str | int | None]]


def registry_of(host: Host) -> Registry:
    """The values that :func:`describe` wants, those of former systems (``Source OS …``) included."""
    former = {rf"{SETUP}\{name}": _FORMER for name in host.registry_names(SETUP) if name.startswith("Source OS")}
    return {key: {name: host.registry(key, name) for name in names} for key, names in (VALUES | former).items()}


def gather(host: Host, child: Child, timeout: float) -> Machine:
    """Everything registry and query tell within `timeout` seconds. Raises ChildError when the query fails."""
    cim: Cim = child.call("checks.kit.cim:query", timeout, answer=Cim, timeout=timeout, memory=1 << 30)
    system, usage = host.system(), host.usage("C:\\")
    return describe(
        registry_of(host),
        cim,
        kernel=system.kernel,
        architecture=system.architecture,
        volume=(usage.size, usage.free) if usage else None,
    )


def describe(registry: Registry, cim: Cim, kernel: str, architecture: str, volume: tuple[int, int] | None) -> Machine:
    """The machine of recorded answers; pure."""
    bios, version = _texts(registry.get(BIOS, {})), _texts(registry.get(VERSION, {}))
    disk = system_disk(cim)
    virtual = is_virtual(bios.get("SystemManufacturer"), bios.get("SystemProductName"), disk.model)
    lenovo = bios.get("SystemVersion") if bios.get("SystemManufacturer", "").lower() == "lenovo" else None
    return Machine(
        os_name=edition(version),
        os_version=first(version.get("DisplayVersion"), version.get("ReleaseId"), version.get("CSDVersion")),
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
        cpu_cores=sum(cpu.number_of_cores or 0 for cpu in cim.cpus) or None,
        cpu_threads=cim.threads,
        memory_bytes=cim.memory,
        memory_available=_bytes(cim.available_kb),
        swap_bytes=_bytes(cim.pagefile_kb),
        swap_free=_bytes(cim.pagefile_free_kb),
        disk_kind=None if virtual else kind(cim, disk),
        disk_bytes=disk.size,
        volume_bytes=volume[0] if volume else None,
        volume_free=volume[1] if volume else None,
        memory_slots=sum(row.memory_devices or 0 for row in cim.arrays if row.use == _SYSTEM_MEMORY) or None,
        memory_slots_used=len(cim.modules) or None,
        screen=edid.largest(screens(cim)),
        screen_count=len(screens(cim)) if cim.screens else None,
        disks=tuple(f"/dev/sd{chr(ord('a') + index)}" for index in sorted(inside(cim)) if index < 26),
        power_on_hours=max(_hours(cim), default=None),
        system_dates=tuple(installations(registry)),
    )


def system_disk(cim: Cim) -> Row:
    """The first disk that holds the system's volume; without properties where Windows does not tell (a volume over
    several disks, a storage pool)."""
    index = next((row.disk_index for row in cim.partitions), None)
    return next((row for row in cim.disks if index is not None and row.index == index), Row())


def kind(cim: Cim, disk: Row) -> str | None:
    """``ssd`` or ``hdd``. Windows 7 knows of no kinds, and later ones not of every disk: then a model that calls itself
    an SSD is one, and others are unknown. A RAID controller answers for disks that it does not show."""
    found = next((row for row in cim.physical if row.device_id == str(disk.index)), Row())
    if found.bus_type == _RAID:
        return None
    return _MEDIA.get(found.media_type or 0) or ("ssd" if _SOLID.search(disk.model or "") else None)


def inside(cim: Cim) -> set[int]:
    """The numbers of the disks that are not behind USB."""
    return {row.index for row in cim.disks if row.index is not None and row.interface_type not in (None, "USB", "1394")}


def screens(cim: Cim) -> list[Screen]:
    """The screens that are on. With one of them its resolution is the graphics controller's."""
    shown = [row for row in cim.screens if row.active is not False]
    sizes = {row.instance_name: row for row in cim.sizes}
    modes = [row for row in cim.video if row.current_horizontal_resolution and row.current_vertical_resolution]
    mode = modes[0] if len(shown) == len(modes) == 1 else Row()
    found = []
    for row in shown:
        size = sizes.get(row.instance_name, Row())
        found.append(
            Screen(
                edid.made(row.week_of_manufacture, row.year_of_manufacture),
                edid.inches(10 * (size.max_horizontal_image_size or 0), 10 * (size.max_vertical_image_size or 0)),
                mode.current_horizontal_resolution,
                mode.current_vertical_resolution,
            )
        )
    return found


def installations(registry: Registry) -> list[float]:
    """When this system and those it was upgraded from were installed (``InstallDate`` starts anew with every feature
    update, ``Source OS`` keeps the former ones), without those from before their product was released."""
    found = []
    for key, values in registry.items():
        made, build = values.get("InstallDate"), str(values.get("CurrentBuild") or "")
        if key != VERSION and not key.startswith(SETUP):
            continue
        if isinstance(made, int) and made >= _released(int(build) if build.isdigit() and len(build) < 9 else 0):
            found.append(float(made))
    return found


def _released(build: int) -> float:
    day = next((day for least, day in _RELEASED if build >= least), datetime.date(2001, 10, 25))
    return datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).timestamp()


def edition(version: dict[str, str]) -> str | None:
    """The product's name; Windows 11 still calls itself 10 in the registry, only its build number tells."""
    name, build = first(version.get("ProductName")), version.get("CurrentBuild", "")
    if name and build.isdigit() and len(build) < 9 and int(build) >= _ELEVEN:
        return name.replace("Windows 10", "Windows 11")
    return name


def _hours(cim: Cim) -> Iterable[int]:
    numbers = {str(index) for index in inside(cim)}
    return [row.power_on_hours for row in cim.hours if row.power_on_hours and row.device_id in numbers]


def _texts(values: dict[str, str | int | None]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


def _bytes(kilobytes: int | None) -> int | None:
    return None if kilobytes is None else kilobytes * 1024
