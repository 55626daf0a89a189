"""Parsers of /proc, /sys and os-release."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import linux
from checks.kit.host import Host
from checks.kit.linux import Cpu, Disk


def test_os_release_is_unquoted() -> None:
    """Double, single and no quotes, backslashes, comments (os-release(5))."""
    text = 'NAME="Red \\"Hat\\""\nID=rhel\nVERSION_ID=\'9.4\'\n# VERSION_ID=1\nBROKEN="x\nEMPTY=\n'
    assert linux.parse_os_release(text) == {"NAME": 'Red "Hat"', "ID": "rhel", "VERSION_ID": "9.4", "EMPTY": ""}


def test_an_arm_board_has_its_model_at_the_end() -> None:
    """Its blocks carry no name and no core ids."""
    text = "processor\t: 0\nBogoMIPS\t: 108.00\n\nprocessor\t: 1\n\n"
    text += "Hardware\t: BCM2835\nModel\t\t: Raspberry Pi 4 Model B\n"
    assert linux.parse_cpuinfo(text) == Cpu("Raspberry Pi 4 Model B", None, 2, False)


def test_hyperthreads_are_told_from_cores() -> None:
    """Two threads of one core, one core each on two sockets."""
    block = "processor\t: {0}\nphysical id\t: {1}\ncore id\t\t: {2}\n\n"
    text = block.format(0, 0, 0) + block.format(1, 0, 0) + block.format(2, 1, 0)
    found = linux.parse_cpuinfo(text)
    assert (found.cores, found.threads) == (2, 3)


def test_the_last_mount_of_the_root_counts() -> None:
    """An initial file system lies below it."""
    text = "1 0 0:2 / / rw - rootfs rootfs rw\n26 1 8:2 / / rw,relatime shared:1 master:2 - ext4 /dev/sda2 rw\n"
    text += "27 26 8:3 / /x rw - ext4 /dev/sda3 rw\n"
    assert linux.parse_root(text) == ("8:2", "/dev/sda2")
    assert linux.parse_root("") == ("", "")


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
    assert linux.parse_disk(name, rotational, "2048\n", model).kind == kind


def test_sizes_are_in_sectors_of_512() -> None:
    """Whatever the disk's own sector is; text that is no number is unknown."""
    assert linux.parse_disk("sda", "0", "500118192\n", "X1\n") == Disk("ssd", 256060514304, "X1")
    for text in ("many", "²", "9" * 5000):
        assert linux.parse_disk("sda", "0", text, None).size is None


def test_memory_is_in_bytes_and_other_lines_are_left_out() -> None:
    """The kernel's kB are 1,024 bytes."""
    assert linux.parse_meminfo("MemTotal: 2 kB\nHugePages_Total: 5\nx\n") == {"MemTotal": 2048}


def test_a_load_that_reads_otherwise_is_unknown() -> None:
    """Never a crash."""
    assert linux.parse_load("0.42 0.30 0.21 1/612 4211") == 0.42
    assert linux.parse_load("") is None


def test_disks_that_point_at_each_other_end(tmp_path: Path) -> None:
    """A damaged tree is no endless loop."""
    for name, below in (("dm-0", "dm-1"), ("dm-1", "dm-0")):
        (tmp_path / f"sys/class/block/{name}/slaves/{below}").mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("26 1 8:2 / / rw - ext4 /dev/dm-0 rw\n")
    assert linux.system_disk(Host(str(tmp_path))) == Disk(None, None, None)


@given(st.text())
def test_no_text_breaks_a_parser(text: str) -> None:
    """These files come from the kernel, but also from containers and other people's kernels."""
    for parse in (
        linux.parse_os_release, linux.parse_meminfo, linux.parse_load, linux.parse_cpuinfo, linux.parse_root,
    ):  # fmt: skip
        parse(text)
    linux.parse_disk("sda", text, text, text)
