"""Parsers of /proc, /sys and os-release."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from checks.kit import linux, systemdisk
from checks.kit.edid import Screen
from checks.kit.host import Host
from checks.kit.linux import Cpu


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


def test_memory_is_in_bytes_and_other_lines_are_left_out() -> None:
    """The kernel's kB are 1,024 bytes."""
    assert linux.parse_meminfo("MemTotal: 2 kB\nHugePages_Total: 5\nx\n") == {"MemTotal": 2048}


def test_a_load_that_reads_otherwise_is_unknown() -> None:
    """Never a crash."""
    assert linux.parse_load("0.42 0.30 0.21 1/612 4211") == 0.42
    assert linux.parse_load("") is None


@given(st.text())
def test_no_text_breaks_a_parser(text: str) -> None:
    """These files come from the kernel, but also from containers and other people's kernels."""
    for parse in (
        linux.parse_os_release, linux.parse_meminfo, linux.parse_load, linux.parse_cpuinfo, systemdisk.parse_root,
    ):  # fmt: skip
        parse(text)
    systemdisk.parse_disk("sda", text, text, text)


def _put(folder: Path, files: dict[str, str | bytes]) -> Host:
    for path, contents in files.items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    return Host(str(folder))


def test_screens_are_the_connected_ones(tmp_path: Path) -> None:
    """One without a description has the resolution of its first mode; cards themselves are no connectors."""
    host = _put(
        tmp_path,
        {
            "/sys/class/drm/card0/dev": "226:0\n",
            "/sys/class/drm/card0-VGA-1/status": "connected\n",
            "/sys/class/drm/card0-VGA-1/modes": "1366x768\n1024x768\n",
            "/sys/class/drm/card0-DP-1/status": "connected\n",
            "/sys/class/drm/card0-HDMI-A-1/status": "disconnected\n",
            "/sys/class/drm/card0-HDMI-A-1/modes": "1920x1080\n",
        },
    )
    assert linux.screens_of(host) == [Screen(), Screen(width=1366, height=768)]


def test_no_screen_is_told_from_no_driver(tmp_path: Path) -> None:
    """A kiosk whose screen is off, and a server that cannot know."""
    assert linux.screens_of(_put(tmp_path, {"/sys/class/drm/card0-DP-1/status": "disconnected\n"})) == []
    assert linux.screens_of(Host(str(tmp_path / "none"))) is None


def test_memory_slots_are_counted_by_everybody_and_read_by_root(tmp_path: Path) -> None:
    """The tables of an ordinary user are missing here as they are forbidden there."""
    assert linux.memory_slots(Host(str(tmp_path))) == (None, None)
    empty, full, large = (b"\x11\x28" + bytes(10) + size + bytes(26) for size in (b"\0\0", b"\0\x10", b"\xff\x7f"))
    entries = "/sys/firmware/dmi/entries/"
    one = _put(tmp_path, {f"{entries}17-0/raw": full, f"{entries}17-1/type": "17\n", f"{entries}16-0/type": "16\n"})
    assert linux.memory_slots(one) == (2, None)
    both = _put(tmp_path, {f"{entries}17-1/raw": empty, f"{entries}17-2/raw": large})
    assert linux.memory_slots(both) == (3, 2)
    assert not linux.holds_module(b"\x11\x0c")
