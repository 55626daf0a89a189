"""The file systems that people of this PC write to, as /proc/self/mountinfo tells them. Parsers are pure;
:func:`gather` reads for them.

Measured are local volumes that stay: not removable media (what a visitor plugs in is nobody's business), not images,
network shares, overlays and what the kernel makes up, and not the volumes that only start the PC. No mount point
leaves this module but as a key that tells volumes apart.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct, field

from checks.kit.host import Host, Usage

MOST = 8
Kind = Literal["local", "removable", "image", "network", "overlay", "pseudo"]
_LOCAL = frozenset((
    "ext2", "ext3", "ext4", "xfs", "btrfs", "bcachefs", "f2fs", "jfs", "nilfs2", "reiserfs", "zfs",
    "vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "hfsplus",
))  # fmt: skip
_IMAGE = frozenset(("squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"))
_NETWORK = re.compile(
    r"nfs4?|cifs|smb[23]?|smbfs|9p|virtiofs|ceph|afs|ncpfs|fuse\.(sshfs|davfs2?|rclone|glusterfs|.*smb.*)"
)
_OVERLAY = frozenset(("overlay", "overlayfs", "aufs", "fuse.fuse-overlayfs"))
_MEDIA = re.compile(r"/(run/)?media(/.*)?")
_STARTS = re.compile(r"/(boot|efi)(/.*)?")
_ESCAPED = re.compile(r"\\([0-7]{3})")
# ext4 since Linux 6.15 says so instead of "ro" when an error made it refuse to write; "shutdown" is ext4's and XFS's
# word for having given up altogether
_GAVE_UP = frozenset(("emergency_ro", "shutdown"))


class Mount(Struct, frozen=True):
    """A line of mountinfo: ``options`` are the file system's own (of its superblock), not those of the mount: the
    agent's service may see everything mounted read-only that is not."""

    number: str
    point: str
    kind: str
    source: str
    options: frozenset[str]


class Volume(Struct, frozen=True, kw_only=True):
    """A volume: its size and what ordinary users may still write, bytes; the free share of the files it can have.

    ``key`` tells it from the others on this device and stays here. ``refuses`` that it takes no writes, ``meant`` that
    it is to take none; unknown where nothing says how it is to be mounted.
    """

    key: str
    system: bool
    size: int
    free: int
    inodes_free: float | None = None
    refuses: bool = False
    gave_up: bool = False
    meant: bool | None = None


class Found(Struct, frozen=True):
    """The volumes, the system's first; how many file systems of each kind there are; what holds the system."""

    volumes: tuple[Volume, ...] = ()
    kinds: dict[str, int] = field(default_factory=dict)
    system_kind: str | None = None


def gather(host: Host) -> Found:
    """Everything mounted now, and how full it is."""
    mounts = parse(host.read("/proc/self/mountinfo") or "")
    removable = _removable(host)
    kinds = {mount.point: kind(mount, mount.number in removable) for mount in mounts}
    chosen = choose(tuple(mount for mount in mounts if kinds[mount.point] == "local"))
    meant = parse_fstab(host.read("/etc/fstab") or "")
    volumes = (_volume(mount, host.usage(mount.point), meant.get(mount.point)) for mount in chosen)
    return Found(
        tuple(volume for volume in volumes if volume),
        count(mounts, kinds),
        kinds.get("/"),
    )


def parse(text: str) -> tuple[Mount, ...]:
    """The mounts of proc_pid_mountinfo(5) that are not hidden below a later one at the same point."""
    found = re.findall(r"^\d+ \d+ (\d+:\d+) \S+ (/\S*) \S+(?: [^-\s]\S*)* - (\S+) (\S+) (\S+)$", text, re.M)
    return tuple(
        {
            point: Mount(number, _unescaped(point), name, _unescaped(source), frozenset(options.split(",")))
            for number, point, name, source, options in found
        }.values()
    )


def kind(mount: Mount, removable: bool = False) -> Kind:
    """What sort of file system it is; ``removable`` also by where desktops mount what is plugged in."""
    name = mount.kind
    if name in _LOCAL:
        return "removable" if removable or _MEDIA.fullmatch(mount.point) else "local"
    if name in _IMAGE:
        return "image"
    if name in _OVERLAY:
        return "overlay"
    return "network" if _NETWORK.fullmatch(name) else "pseudo"


def choose(mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """One mount of each local file system, the shortest point of those that show it, the system's first; at most MOST.
    What only starts the PC is left out."""
    shown: dict[str, Mount] = {}
    for mount in sorted(mounts, key=lambda mount: (mount.point != "/", len(mount.point), mount.point)):
        if not _STARTS.fullmatch(mount.point):
            shown.setdefault(mount.number, mount)
    return tuple(shown.values())[:MOST]


def count(mounts: tuple[Mount, ...], kinds: dict[str, Kind]) -> dict[str, int]:
    """File systems by kind: each once, however often it is mounted; what the kernel makes up is not counted."""
    numbers: dict[str, set[str]] = {"local": set(), "removable": set(), "image": set(), "network": set()}
    for mount in mounts:
        if kinds[mount.point] in numbers:
            numbers[kinds[mount.point]].add(mount.number)
    return {name: len(found) for name, found in numbers.items()}


def parse_fstab(text: str) -> dict[str, bool]:
    """By mount point of fstab(5): whether it is to be mounted read-only."""
    rows = (line.split() for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {_unescaped(row[1]): "ro" in row[3].split(",") for row in rows if len(row) >= 4}


def _volume(mount: Mount, usage: Usage | None, meant: bool | None) -> Volume | None:
    if usage is None or usage.size <= 0:
        return None
    return Volume(
        key=mount.point,
        system=mount.point == "/",
        size=usage.size,
        free=max(0, min(usage.free, usage.size)),
        inodes_free=round(usage.files_free / usage.files, 4) if usage.files > 0 else None,
        refuses="ro" in mount.options or bool(mount.options & _GAVE_UP),
        gave_up=bool(mount.options & _GAVE_UP),
        meant=meant,
    )


def _removable(host: Host) -> set[str]:
    """``major:minor`` of the disks that the kernel calls removable, and of their partitions."""
    found = set()
    for disk in host.names("/sys/block"):
        if (host.read(f"/sys/block/{disk}/removable") or "").strip() == "1":
            parts = [name for name in host.names(f"/sys/block/{disk}") if name.startswith(disk)]
            paths = [f"/sys/block/{disk}/dev", *(f"/sys/block/{disk}/{part}/dev" for part in parts)]
            found |= {(host.read(path) or "").strip() for path in paths}
    return found - {""}


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)
