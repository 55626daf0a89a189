"""The disk under the system, and the disks inside a PC."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.kit import systemdisk
from checks.kit.host import Host
from checks.kit.systemdisk import Disk


def _tree(folder: Path, mounted: str, files: dict[str, str]) -> Host:
    texts = {"/proc/self/mountinfo": f"26 1 {mounted} rw\n"} | files
    for path, text in texts.items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Host(str(folder))


def _disk(name: str, rotational: str, sectors: int, *parts: str) -> dict[str, str]:
    device = f"/sys/block/{name}/"
    files = {device + "queue/rotational": rotational, device + "size": f"{sectors}\n", device + "device/model": "X1\n"}
    return files | {f"{device}{part}/partition": "1\n" for part in parts}


def test_the_last_mount_of_the_root_counts() -> None:
    """An initial file system lies below it."""
    text = "1 0 0:2 / / rw - rootfs rootfs rw\n26 1 8:2 / / rw,relatime shared:1 master:2 - ext4 /dev/sda2 rw\n"
    text += "27 26 8:3 / /x rw - ext4 /dev/sda3 rw\n"
    assert systemdisk.parse_root(text) == ("8:2", "/dev/sda2")
    assert systemdisk.parse_root("") == ("", "")


@pytest.mark.parametrize(
    ("name", "rotational", "model", "kind"),
    [
        ("sda", "0\n", "Samsung SSD 870", "ssd"),
        ("sda", "1\n", "WDC WD5000", "hdd"),
        ("nvme0n1", "0\n", "KINGSTON", "ssd"),
        ("mmcblk0", "0\n", None, "ssd"),
        ("sda", None, "WDC", None),
        ("sda", "2\n", "WDC", None),
        ("vda", "1\n", None, None),
        ("sda", "1\n", "LOGICAL VOLUME", None),
        ("sda", "1\n", "MegaRAID 8708", None),
        ("", "0\n", None, None),
    ],
)
def test_a_kind_is_known_or_unknown(name: str, rotational: str | None, model: str | None, kind: str | None) -> None:
    """A controller that hides its disks says nothing about them."""
    assert systemdisk.parse_disk(name, rotational, "2048\n", model).kind == kind


def test_sizes_are_in_sectors_of_512() -> None:
    """Whatever the disk's own sector is; text that is no number is unknown."""
    assert systemdisk.parse_disk("sda", "0", "500118192\n", "X1\n") == Disk("ssd", 256060514304, "X1")
    for text in ("many", "²", "9" * 5000):
        assert systemdisk.parse_disk("sda", "0", text, None).size is None


def test_disks_that_point_at_each_other_end(tmp_path: Path) -> None:
    """A damaged tree is no endless loop."""
    for name, below in (("dm-0", "dm-1"), ("dm-1", "dm-0")):
        (tmp_path / f"sys/class/block/{name}/slaves/{below}").mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("26 1 8:2 / / rw - ext4 /dev/dm-0 rw\n")
    assert systemdisk.system_disk(Host(str(tmp_path))) == Disk(None, None, None)


def test_a_mirror_of_like_disks_has_their_kind(tmp_path: Path) -> None:
    """Software RAID below LVM: every disk is looked at, the first gives the size."""
    files = {"/sys/class/block/dm-0/dev": "253:0\n", "/sys/class/block/dm-0/slaves/md0/dev": "9:0\n"}
    files |= {f"/sys/class/block/md0/slaves/sd{letter}1/dev": "8:1\n" for letter in "ab"}
    files |= _disk("sda", "0", 2048, "sda1") | {"/sys/block/md0/size": "1024\n"}
    same = _tree(tmp_path / "same", "253:0 / / rw - ext4 /dev/mapper/vg-root", files | _disk("sdb", "0", 4096, "sdb1"))
    assert systemdisk.system_disk(same) == Disk("ssd", 2048 * 512, "X1")
    mixed = _tree(tmp_path / "mix", "253:0 / / rw - ext4 /dev/mapper/vg-root", files | _disk("sdb", "1", 4096, "sdb1"))
    assert systemdisk.system_disk(mixed).kind is None


def test_a_mapped_device_of_btrfs_is_found_by_its_name(tmp_path: Path) -> None:
    """Its number is none of a device."""
    files = {
        "/sys/class/block/dm-3/dev": "253:3\n", "/sys/class/block/dm-3/dm/name": "luks-root\n",
        "/sys/class/block/dm-3/slaves/sda3/dev": "8:3\n",
    }  # fmt: skip
    host = _tree(tmp_path, "0:25 /@ / rw - btrfs /dev/mapper/luks-root", files | _disk("sda", "1", 2048, "sda3"))
    assert systemdisk.system_disk(host) == Disk("hdd", 2048 * 512, "X1")


def test_the_disks_inside_are_told_from_those_plugged_in(tmp_path: Path) -> None:
    """By the vendor that SATA disks carry; namespaces belong to their controller."""
    vendors = {"sda": "ATA     ", "sdb": "WD      ", "sdc": "ATA     "}
    files = {f"/sys/block/{name}/device/vendor": f"{vendor}\n" for name, vendor in vendors.items()}
    files |= {f"/sys/block/{name}/size": "1\n" for name in ("nvme0n1", "nvme0n2", "mmcblk0", "loop0", "sr0")}
    assert systemdisk.inside(_tree(tmp_path, "8:1 / / rw - ext4 /dev/sda1", files)) == (
        "/dev/nvme0", "/dev/sda", "/dev/sdc",
    )  # fmt: skip
