"""Which file systems people write to, from recorded mounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import volumes
from checks.kit.host import Usage
from checks.kit.volumes import Found, Mount, Volume
from tests.checks.desks import GIB, Tree

RECORDED = Path(__file__).parents[1] / "recorded" / "storage"
LINUX = ("linux-office-pc", "linux-live-usb", "linux-btrfs-readonly", "linux-sandboxed-agent")


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


def gathered(name: str) -> Found:
    record = recorded(name)
    return volumes.gather(Tree(record["files"], {point: Usage(*usage) for point, usage in record["usage"].items()}))


@pytest.mark.parametrize("name", LINUX)
def test_the_volumes_of_a_pc_are_found(name: str) -> None:
    """Built-in ones, once each, the system's first; the others only counted."""
    found, expected = gathered(name), recorded(name)["found"]
    assert [one.key for one in found.volumes] == expected["volumes"]
    assert found.kinds == expected["kinds"]
    assert found.system_kind == expected["system_kind"]
    assert [one.key for one in found.volumes if one.refuses] == expected["refuses"]
    assert [one.key for one in found.volumes if one.gave_up] == expected["gave_up"]
    assert {one.key: one.meant for one in found.volumes} == expected["meant"]


def test_space_is_what_ordinary_users_may_fill() -> None:
    """With the share of inodes that is left, where there are any."""
    assert gathered("linux-office-pc").volumes[0] == Volume(
        key="/", system=True, size=244529655808, free=97811862323, inodes_free=0.95, meant=False
    )
    assert gathered("linux-btrfs-readonly").volumes[0].inodes_free is None


@pytest.mark.parametrize(
    ("options", "refuses", "gave_up"),
    [
        ("rw,errors=remount-ro", False, False),
        ("ro,errors=remount-ro", True, False),
        ("rw,errors=remount-ro,emergency_ro", True, True),
        ("rw,attr2,shutdown", True, True),
    ],
)
def test_a_file_system_that_gave_up_says_so(options: str, refuses: bool, gave_up: bool) -> None:
    """Since Linux 6.15 ext4 no longer calls itself read-only after an error."""
    host = Tree({"/proc/self/mountinfo": f"27 1 8:2 / / rw,relatime - ext4 /dev/sda2 {options}\n"}, {"/": Usage(9, 5)})
    (found,) = volumes.gather(host).volumes
    assert (found.refuses, found.gave_up) == (refuses, gave_up)


@pytest.mark.parametrize(
    ("name", "point", "kind"),
    [
        ("ext4", "/", "local"),
        ("fuseblk", "/data", "local"),
        ("vfat", "/media/lan/USB STICK", "removable"),
        ("exfat", "/run/media/lan/x", "removable"),
        ("squashfs", "/snap/core/1", "image"),
        ("cifs", "/mnt/share", "network"),
        ("nfs4", "/home", "network"),
        ("fuse.sshfs", "/mnt/x", "network"),
        ("overlay", "/", "overlay"),
        ("tmpfs", "/tmp", "pseudo"),
        ("fuse.gvfsd-fuse", "/run/user/1000/gvfs", "pseudo"),
    ],
)
def test_a_kind_follows_from_the_file_system_and_its_place(name: str, point: str, kind: str) -> None:
    """Pseudo, images, network, overlays and what is plugged in are told apart."""
    assert volumes.kind(Mount("8:1", point, name, "/dev/x", frozenset())) == kind


def test_a_later_mount_hides_an_earlier_one() -> None:
    """The kernel lists both."""
    text = "1 0 0:2 / / rw - rootfs rootfs rw\n26 1 8:2 / / rw shared:1 master:2 - ext4 /dev/sda2 rw\n"
    assert [(one.number, one.kind) for one in volumes.parse(text)] == [("8:2", "ext4")]


def test_blanks_in_names_are_undone() -> None:
    """The kernel and fstab write them in octal."""
    (found,) = volumes.parse("30 1 8:9 / /srv/hồ\\040sơ rw - ext4 /dev/sda9 rw\n")
    assert found.point == "/srv/hồ sơ"
    assert volumes.parse_fstab("# x\nUUID=1 /srv/a\\040b ext4 defaults,ro 0 2\nbroken\n") == {"/srv/a b": True}


def test_at_most_eight_volumes_are_measured_the_systems_first() -> None:
    """A server with twenty is not what this is for."""
    lines = [f"3{n} 1 8:{n} / /data{n:02} rw - ext4 /dev/sd{n} rw" for n in range(20)]
    mounts = volumes.parse("\n".join([*lines, "99 1 9:1 / / rw - ext4 /dev/x rw", ""]))
    chosen = volumes.choose(mounts)
    assert len(chosen) == volumes.MOST
    assert chosen[0].point == "/"


def test_a_volume_that_cannot_be_asked_is_left_out() -> None:
    """It may be gone by then."""
    host = Tree({"/proc/self/mountinfo": "27 1 8:2 / / rw - ext4 /dev/sda2 rw\n"})
    assert volumes.gather(host) == Found((), {"local": 1, "removable": 0, "image": 0, "network": 0}, "local")


def test_more_free_than_size_is_not_believed() -> None:
    """A share above 1 would be nonsense."""
    host = Tree({"/proc/self/mountinfo": "27 1 8:2 / / rw - ext4 /dev/sda2 rw\n"}, {"/": Usage(5 * GIB, 9 * GIB)})
    assert volumes.gather(host).volumes[0].free == 5 * GIB


@given(st.text(), st.text())
def test_any_text_is_parsed(mountinfo: str, fstab: str) -> None:
    """Whatever these files hold."""
    host = Tree({"/proc/self/mountinfo": mountinfo, "/etc/fstab": fstab})
    assert volumes.gather(host).volumes == ()


def test_every_record_is_used() -> None:
    """A file that no test reads proves nothing; those of Windows have their own test."""
    assert {file.stem for file in RECORDED.glob("*.json")} == set(LINUX)
