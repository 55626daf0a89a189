"""Raw text from a device."""

from __future__ import annotations

import os
from pathlib import Path

from checks.kit.host import MAX_TEXT, Host


def test_texts_come_from_below_the_root(tmp_path: Path) -> None:
    """A recorded tree stands for a device."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_bytes(b"NAME=\xff\n")
    host = Host(str(tmp_path))
    assert host.read("/etc/os-release") == "NAME=\ufffd\n"
    assert host.names("/etc") == ["os-release"]


def test_what_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    """Absent, or a folder: no exception."""
    host = Host(str(tmp_path))
    assert host.read("/none") is None
    assert host.read("/") is None
    assert host.names("/none") == []
    assert host.usage("/none") is None


def test_a_text_is_bounded(tmp_path: Path) -> None:
    """A file without end does not fill the agent."""
    (tmp_path / "long").write_bytes(b"x" * (MAX_TEXT + 1))
    assert len(Host(str(tmp_path)).read("/long") or "") == MAX_TEXT


def test_the_file_system_is_measured_for_ordinary_users() -> None:
    """What root keeps for itself is not free."""
    found, known = Host().usage("/"), os.statvfs("/")
    assert found is not None
    assert found.size == known.f_blocks * known.f_frsize
    assert 0 <= found.free <= known.f_bfree * known.f_frsize


def test_the_system_is_the_kernels_answer() -> None:
    """Name, release, architecture; no host name."""
    system = Host().system()
    assert (system.name, system.kernel, system.architecture) == ("linux", os.uname().release, os.uname().machine)
    assert os.uname().nodename not in (system.kernel, system.architecture)


def test_there_is_no_registry_here() -> None:
    """Unknown, as everything that cannot be read."""
    assert Host().registry("SOFTWARE", "x") is None
    assert Host().registry_names("SYSTEM\\Setup") == []


def test_what_is_no_text_stays_as_it_is(tmp_path: Path) -> None:
    """A screen's description would not survive as text."""
    (tmp_path / "edid").write_bytes(b"\x00\xff" + b"x" * MAX_TEXT)
    assert Host(str(tmp_path)).data("/edid") == b"\x00\xff" + b"x" * (MAX_TEXT - 2)
    assert Host(str(tmp_path)).data("/none") is None


def test_times_of_change_are_below_the_root_too(tmp_path: Path) -> None:
    """Of files and of folders."""
    os.utime(tmp_path, (1.5e9, 1.5e9))
    assert Host(str(tmp_path)).modified("/") == 1.5e9
    assert Host(str(tmp_path)).modified("/none") is None
