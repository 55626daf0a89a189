"""A Linux PC from /proc, /sys and /etc/os-release. Parsers are pure; :func:`gather` reads for them.

Reading these files in the agent takes 1.2 ms of CPU; a child with psutil takes 57 ms and 16 MB for the
same numbers, and knows neither maker, model nor firmware.
"""

from __future__ import annotations

import re

from msgspec import Struct

from checks.kit.host import Host
from checks.kit.machine import Machine, date, first, is_shared_id, is_virtual

_DMI = "/sys/class/dmi/id/"
_SECTOR = 512
_NO_REAL_DISK = re.compile(r"vd[a-z]+|xvd[a-z]+|zram\d+|loop\d+|nbd\d+")
_LOGICAL_VOLUME = re.compile(r"virtual|logical volume|qemu|vbox|vmware|perc|raid", re.I)


class Cpu(Struct, frozen=True):
    """``cores`` is None where the system tells only ``threads``; ``guest`` that a hypervisor announces itself."""

    model: str | None
    cores: int | None
    threads: int | None
    guest: bool


class Disk(Struct, frozen=True):
    """The disk that holds the system: ``ssd``, ``hdd`` or None, and its size in bytes."""

    kind: str | None
    size: int | None
    model: str | None


def gather(host: Host) -> Machine:
    """Everything these files tell."""
    system, cpu, disk = host.system(), parse_cpuinfo(host.read("/proc/cpuinfo") or ""), system_disk(host)
    memory, release = parse_meminfo(host.read("/proc/meminfo") or ""), _release(host)
    dmi = {name: host.read(_DMI + name) for name in _NAMES}
    virtual = cpu.guest or is_virtual(dmi["sys_vendor"], dmi["product_name"], dmi["board_vendor"])
    usage = host.usage("/")
    return Machine(
        os_name=first(release.get("NAME")),
        os_version=first(release.get("VERSION_ID")),
        os_build=first(release.get("BUILD_ID")),
        kernel=system.kernel,
        architecture=system.architecture,
        vendor=first(dmi["sys_vendor"], dmi["board_vendor"]),
        model=first(*_models(dmi), host.read("/proc/device-tree/model")),
        firmware_date=date(dmi["bios_date"]),
        firmware_version=first(dmi["bios_version"]),
        virtual=virtual,
        shared_hardware_id=is_shared_id(host.read(_DMI + "product_uuid")),
        cpu_model=first(cpu.model),
        cpu_cores=cpu.cores,
        cpu_threads=cpu.threads,
        memory_bytes=memory.get("MemTotal"),
        memory_available=memory.get("MemAvailable"),
        swap_bytes=memory.get("SwapTotal"),
        swap_free=memory.get("SwapFree"),
        disk_kind=None if virtual else disk.kind,
        disk_bytes=disk.size,
        volume_bytes=usage.size if usage else None,
        volume_free=usage.free if usage else None,
        load=parse_load(host.read("/proc/loadavg") or ""),
    )


_NAMES = ("sys_vendor", "product_name", "product_version", "board_vendor", "board_name", "bios_date", "bios_version")


def _models(dmi: dict[str, str | None]) -> tuple[str | None, ...]:
    # Lenovo keeps the name people know in the version and a part number in the name
    lenovo = (dmi["sys_vendor"] or "").strip().lower() == "lenovo"
    return (dmi["product_version"] if lenovo else None, dmi["product_name"], dmi["board_name"])


def _release(host: Host) -> dict[str, str]:
    return parse_os_release(host.read("/etc/os-release") or host.read("/usr/lib/os-release") or "")


def parse_os_release(text: str) -> dict[str, str]:
    """os-release(5) as a mapping, quotes and backslashes undone."""
    found = re.findall(r"""^([A-Z0-9_]+)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']*))\s*$""", text, re.M)
    return {key: re.sub(r"\\(.)", r"\1", double) or single or bare for key, double, single, bare in found}


def parse_meminfo(text: str) -> dict[str, int]:
    """/proc/meminfo in bytes."""
    return {name: int(size) * 1024 for name, size in re.findall(r"^(\w+):\s+([0-9]{1,15}) kB$", text, re.M)}


def parse_load(text: str) -> float | None:
    """The one-minute average of /proc/loadavg."""
    found = re.match(r"([0-9]{1,9}\.[0-9]{1,9}) ", text)
    return float(found[1]) if found else None


def parse_cpuinfo(text: str) -> Cpu:
    """/proc/cpuinfo of x86 and ARM."""
    blocks = [dict(re.findall(r"^([^:\n]+?)\s*: ?(.*)$", block, re.M)) for block in text.split("\n\n")]
    cpus = [block for block in blocks if "processor" in block]
    cores = {(cpu["physical id"], cpu["core id"]) for cpu in cpus if "physical id" in cpu and "core id" in cpu}
    models = [cpu["model name"] for cpu in cpus if cpu.get("model name")]
    models += [block[key] for block in blocks for key in ("Model", "Hardware") if block.get(key)]
    guest = any("hypervisor" in cpu.get("flags", "").split() for cpu in cpus)
    return Cpu(models[0] if models else None, len(cores) or None, len(cpus) or None, guest)


def parse_root(mountinfo: str) -> tuple[str, str]:
    """``major:minor`` and source of what is mounted on ``/`` last (proc_pid_mountinfo(5)), or two empty texts."""
    found = re.findall(r"^\d+ \d+ (\d+:\d+) \S+ / .*? - \S+ (\S+)", mountinfo, re.M)
    return found[-1] if found else ("", "")


def system_disk(host: Host) -> Disk:
    """The disk under ``/``, through partitions, LVM and encryption."""
    number, source = parse_root(host.read("/proc/self/mountinfo") or "")
    blocks = host.names("/sys/class/block")
    name = next((block for block in blocks if (host.read(f"/sys/class/block/{block}/dev") or "").strip() == number), "")
    name = name or source.rpartition("/")[2]
    for _ in range(8):
        below = host.names(f"/sys/class/block/{name}/slaves")
        if not below:
            break
        name = below[0]
    whole = next(
        (disk for disk in host.names("/sys/block") if disk == name or name in host.names(f"/sys/block/{disk}")), ""
    )
    return parse_disk(
        whole,
        host.read(f"/sys/block/{whole}/queue/rotational") if whole else None,
        host.read(f"/sys/block/{whole}/size") if whole else None,
        host.read(f"/sys/block/{whole}/device/model") if whole else None,
    )


def parse_disk(name: str, rotational: str | None, sectors: str | None, model: str | None) -> Disk:
    """A disk from its sysfs texts. The kind is unknown behind a RAID controller and in a virtual machine: both answer
    for a disk they do not show."""
    hidden = not name or _NO_REAL_DISK.fullmatch(name) or _LOGICAL_VOLUME.search(model or "")
    kind = None if hidden else {"0": "ssd", "1": "hdd"}.get((rotational or "").strip())
    count = re.fullmatch(r"[0-9]{1,15}", (sectors or "").strip())
    return Disk(kind, int(count[0]) * _SECTOR if count else None, first(model))
