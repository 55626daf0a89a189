"""The disk that holds a Linux system, and the disks inside the PC, from sysfs.

lsblk would be a program more to start (3 ms of CPU) and to have, and reads the same files: partitions, LVM,
encryption and software RAID are all links in ``slaves``. It knows nothing more of a hardware RAID either.
"""

from __future__ import annotations

import re

from msgspec import Struct

from checks.kit.host import Host
from checks.kit.machine import first

_SECTOR = 512
_DEEPEST = 8
_NO_REAL_DISK = re.compile(r"vd[a-z]+|xvd[a-z]+|zram\d+|loop\d+|nbd\d+|ram\d+|md\d+")
_LOGICAL_VOLUME = re.compile(r"virtual|logical volume|qemu|vbox|vmware|perc|raid", re.I)


class Disk(Struct, frozen=True):
    """The disk that holds the system: ``ssd``, ``hdd`` or None, and its size in bytes."""

    kind: str | None
    size: int | None
    model: str | None


def parse_root(mountinfo: str) -> tuple[str, str]:
    """``major:minor`` and source of what is mounted on ``/`` last (proc_pid_mountinfo(5)), or two empty texts."""
    found = re.findall(r"^\d+ \d+ (\d+:\d+) \S+ / .*? - \S+ (\S+)", mountinfo, re.M)
    return found[-1] if found else ("", "")


def system_disk(host: Host) -> Disk:
    """The disk under ``/``, through partitions, LVM, encryption and software RAID. Of several disks the first counts;
    their kind is known when it is the same."""
    disks = [_disk(host, name) for name in _below(host, _root(host))]
    if not disks:
        return Disk(None, None, None)
    kinds = {disk.kind for disk in disks}
    return Disk(kinds.pop() if len(kinds) == 1 else None, disks[0].size, disks[0].model)


def inside(host: Host) -> tuple[str, ...]:
    """The disks in the PC, as smartctl names them: SATA and NVMe; those behind USB or a RAID controller are not."""
    found = []
    for name in host.names("/sys/block"):
        if re.fullmatch(r"sd[a-z]+", name) and (host.read(f"/sys/block/{name}/device/vendor") or "").strip() == "ATA":
            found.append(f"/dev/{name}")
        elif namespace := re.fullmatch(r"(nvme\d+)n\d+", name):
            found.append(f"/dev/{namespace[1]}")
    return tuple(dict.fromkeys(found))


def parse_disk(name: str, rotational: str | None, sectors: str | None, model: str | None) -> Disk:
    """A disk from its sysfs texts. The kind is unknown behind a RAID controller and in a virtual machine: both answer
    for a disk they do not show."""
    hidden = not name or _NO_REAL_DISK.fullmatch(name) or _LOGICAL_VOLUME.search(model or "")
    kind = None if hidden else {"0": "ssd", "1": "hdd"}.get((rotational or "").strip())
    count = re.fullmatch(r"[0-9]{1,15}", (sectors or "").strip())
    return Disk(kind, int(count[0]) * _SECTOR if count else None, first(model))


def _root(host: Host) -> str:
    """The block device that is mounted on ``/``. The number of btrfs is none of a device: its source then names it."""
    number, source = parse_root(host.read("/proc/self/mountinfo") or "")
    mapped = source.removeprefix("/dev/mapper/") if source.startswith("/dev/mapper/") else None
    for block in host.names("/sys/class/block"):
        known = f"/sys/class/block/{block}/"
        if (host.read(known + "dev") or "").strip() == number:
            return block
        if mapped and (host.read(known + "dm/name") or "").strip() == mapped:
            return block
    return source.rpartition("/")[2]


def _below(host: Host, name: str) -> list[str]:
    """The whole disks that carry the block device `name`, in order."""
    level = [name]
    for _ in range(_DEEPEST):
        under = {one: host.names(f"/sys/class/block/{one}/slaves") for one in level}
        if not any(under.values()):
            break
        level = list(dict.fromkeys(below for one in level for below in (under[one] or [one])))
    disks = host.names("/sys/block")
    whole = (_whole(host, disks, one) for one in level)
    return list(dict.fromkeys(disk for disk in whole if disk))


def _whole(host: Host, disks: list[str], name: str) -> str:
    if name in disks:
        return name
    return next((disk for disk in disks if name and name in host.names(f"/sys/block/{disk}")), "")


def _disk(host: Host, name: str) -> Disk:
    device = f"/sys/block/{name}/"
    return parse_disk(
        name, host.read(device + "queue/rotational"), host.read(device + "size"), host.read(device + "device/model")
    )
