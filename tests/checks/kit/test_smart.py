"""Disks as smartctl describes them: recorded answers, and the real program on this machine."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import smart
from checks.kit.smart import Smart, Survey

RECORDED = Path(__file__).parents[1] / "recorded" / "smart"
FOUND: dict[str, Smart] = {
    "ssd-samsung-860": Smart(
        kind="ssd", health=True, power_on_hours=18211, wear_ratio=0.07, reallocated=0, uncorrectable=0, temperature=34,
        model="Samsung SSD 860 EVO 250GB", size=250059350016,
    ),
    "ssd-crucial-mx500": Smart(
        kind="ssd", health=True, power_on_hours=9120, wear_ratio=0.12, reallocated=2, pending=0, uncorrectable=0,
        temperature=41, model="CT500MX500SSD1", size=500107862016,
    ),
    "ssd-kingston-a400": Smart(
        kind="ssd", health=True, power_on_hours=12044, wear_ratio=0.29, temperature=38, model="KINGSTON SA400S37240G",
        size=240057409536,
    ),
    "ssd-intel-545s": Smart(
        kind="ssd", health=True, power_on_hours=7021, wear_ratio=0.03, reallocated=0, uncorrectable=0, temperature=29,
        model="INTEL SSDSC2KW256G8", size=256060514304,
    ),
    "ssd-samsung-870-smartctl-7.4": Smart(
        kind="ssd", health=True, power_on_hours=9955, wear_ratio=0.04, reallocated=21, uncorrectable=160,
        temperature=33, model="Samsung SSD 870 EVO 500GB", size=500107862016,
    ),
    "hdd-failing": Smart(
        kind="hdd", health=False, power_on_hours=43911, reallocated=1936, pending=1042, uncorrectable=611,
        temperature=45, model="WDC WD5000AAKX-00ERMA0", size=500107862016,
        flags=("failing", "prefail_now", "error_log", "self_test"),
    ),
    "hdd-old-sound": Smart(
        kind="hdd", health=True, power_on_hours=42102, reallocated=8, pending=0, uncorrectable=0, temperature=39,
        model="ST500DM002-1BD142", size=500107862016, flags=("prefail_past",),
    ),
    "nvme-sound": Smart(
        kind="nvme", health=True, power_on_hours=5230, wear_ratio=0.06, uncorrectable=0, temperature=44,
        model="SAMSUNG MZVLQ256HBJD-00BH1", size=256060514304,
    ),
    "nvme-worn-out": Smart(
        kind="nvme", health=False, power_on_hours=5230, wear_ratio=1.04, uncorrectable=38, temperature=44,
        model="KBG40ZNV256G KIOXIA", size=256060514304, flags=("failing",),
    ),
    "nvme-hot": Smart(
        kind="nvme", health=True, power_on_hours=5230, wear_ratio=0.06, uncorrectable=0, temperature=83,
        model="SAMSUNG MZVLQ256HBJD-00BH1", size=256060514304, flags=("failing",),
    ),
    "usb-bridge-refused": Smart(access="hidden", flags=("command_line",)),
    "without-rights": Smart(access="forbidden", flags=("not_opened",)),
    "vm-virtio": Smart(access="hidden", flags=("command_line",)),
    "vm-sata": Smart(access="hidden", model="QEMU HARDDISK", size=68719476736),
    "raid-logical-volume": Smart(
        access="hidden", model="DELL PERC H330 Adp", size=999653638144, flags=("command_failed",)
    ),
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.json").read_text()


@pytest.mark.parametrize("name", FOUND)
def test_a_disk_is_read_from_its_answer(name: str) -> None:
    """Vendors' wear by the names of smartmontools' database, raw values as printed, refusals as unknown."""
    assert smart.parse(recorded(name)) == FOUND[name]


def test_every_record_is_used() -> None:
    """A file that no test reads proves nothing."""
    assert {file.stem for file in RECORDED.glob("*.json")} == {*FOUND, "scan"}


@pytest.mark.parametrize("name", FOUND)
def test_no_serial_number_is_kept(name: str) -> None:
    """Neither it nor the world-wide name nor the firmware's id."""
    tree = json.loads(recorded(name))
    kept = msgspec.json.encode(smart.parse(recorded(name))).decode()
    for key in ("serial_number", "firmware_version", "wwn"):
        if key in tree:
            assert json.dumps(tree[key]).strip('"') not in kept
    assert "serial" not in kept


def test_attributes_that_only_share_a_number_are_no_wear() -> None:
    """202 and 231 mean marking errors and temperature on a hard disk."""
    assert smart.parse(recorded("hdd-failing")).wear_ratio is None


def test_a_status_that_only_the_exit_code_tells_counts() -> None:
    """Bit 3 is "DISK FAILING"; without it and without a status nothing is known."""
    tree = json.loads(recorded("hdd-failing"))
    del tree["smart_status"]
    assert smart.parse(json.dumps(tree)).health is False
    tree["smartctl"]["exit_status"] = 0
    assert smart.parse(json.dumps(tree)).health is None


def test_every_bit_of_the_exit_status_has_its_name() -> None:
    """From smartctl(8)."""
    for bit, name in enumerate(smart.FLAGS):
        assert smart.parse(json.dumps({"smartctl": {"exit_status": 1 << bit}})).flags == (name,)


@pytest.mark.parametrize(
    ("hours", "kept"), [(0, 0), (438300, 438300), (438301, None), (-1, None), (True, None), (1.5, None), ("9", None)]
)
def test_impossible_hours_are_unknown(hours: Any, kept: int | None) -> None:
    """Past fifty years it is a counter of something else."""
    assert smart.parse(json.dumps({"power_on_time": {"hours": hours}})).power_on_hours == kept


def test_a_model_from_a_strange_disk_is_printable_and_bounded() -> None:
    """It is shown on pages and in terminals."""
    assert (
        smart.parse(json.dumps({"model_name": " A\u001b[31m\u202e B\n" + "x" * 99})).model
        == ("A [31m B " + "x" * 99)[:64]
    )


def test_the_scan_names_device_and_type() -> None:
    """Also what could not be opened: asking it says why."""
    assert smart.parse_scan(recorded("scan")) == [
        ("/dev/sda", "sat"), ("/dev/nvme0", "nvme"), ("/dev/sdb", "scsi"), ("/dev/bus/0", "megaraid,0"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"), [("--x", "sat"), ("/dev/sda; x", "sat"), ("/dev/sda", "-x"), (None, "sat"), ("/dev/sda", 3)]
)
def test_what_smartctl_would_not_write_is_no_argument(name: Any, kind: Any) -> None:
    """The scan's answer becomes the next command."""
    assert smart.parse_scan(json.dumps({"devices": [{"name": name, "type": kind}]})) == []


@given(st.one_of(st.text(), JSON.map(json.dumps)))
def test_any_text_is_parsed(text: str) -> None:
    """Whatever a program prints."""
    assert isinstance(smart.parse(text), Smart)
    assert isinstance(smart.parse_scan(text), list)


@given(st.sampled_from(sorted(FOUND)), st.data())
def test_a_field_of_another_type_is_unknown_not_fatal(name: str, data: st.DataObject) -> None:
    """Any field of a real answer may come as something else."""
    tree = json.loads(recorded(name))
    node: Any = tree
    while isinstance(node, dict) and node:
        key = data.draw(st.sampled_from(sorted(node)))
        if not isinstance(node[key], dict) or data.draw(st.booleans()):
            node[key] = data.draw(JSON)
            break
        node = node[key]
    assert isinstance(smart.parse(json.dumps(tree)), Smart)


def test_the_method_is_the_best_that_happened() -> None:
    """One disk that answered is enough; otherwise the reason that a technician can do something about comes first."""
    disks = {access: Smart(access=access) for access in ("read", "forbidden", "hidden", "silent")}
    assert smart.method((disks["hidden"], disks["read"])) == "smartctl"
    assert smart.method((disks["hidden"], disks["silent"], disks["forbidden"])) == "forbidden"
    assert smart.method((disks["hidden"], disks["silent"])) == "silent"
    assert smart.method((disks["hidden"],)) == "hidden"
    assert smart.method(()) == "no_disk"


def program(folder: Path, lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a shell script in smartctl's place."""
    file = folder / "smartctl"
    file.write_text(f"#!/bin/sh\n{lines}\n")
    file.chmod(0o755)
    monkeypatch.setattr(smart, "PROGRAMS", (str(file),))


def test_the_real_smartctl_is_run() -> None:
    """On this machine: a survey by it, with no disk or disks that it describes."""
    found = smart.survey(20.0)
    assert found.method != "missing"
    assert smart.read(20.0) == found.disks


def test_each_disk_of_the_scan_is_asked_as_its_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers keep the order of the scan, and the device they are of."""
    script = f"""case "$*" in
  --scan-open*) cat {RECORDED}/scan.json;;
  "-j -a -d sat /dev/sda") cat {RECORDED}/hdd-failing.json; exit 216;;
  "-j -a -d nvme /dev/nvme0") cat {RECORDED}/nvme-sound.json;;
  "-j -a -d scsi /dev/sdb") cat {RECORDED}/usb-bridge-refused.json; exit 1;;
  *) cat {RECORDED}/ssd-samsung-860.json;;
esac"""
    program(tmp_path, script, monkeypatch)
    found = smart.survey(20.0)
    assert found.method == "smartctl"
    assert [(disk.device, disk.access, disk.health) for disk in found.disks] == [
        ("/dev/sda", "read", False), ("/dev/nvme0", "read", True), ("/dev/sdb", "hidden", None),
        ("/dev/bus/0", "read", True),
    ]  # fmt: skip


def test_a_disk_that_hangs_is_silent_and_nothing_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dying disk may take minutes to answer; the check may not."""
    script = f'case "$*" in --scan-open*) cat {RECORDED}/scan.json;; *) exec sleep 60;; esac'
    program(tmp_path, script, monkeypatch)
    monkeypatch.setattr(smart, "_ONE_DISK", 0.5)
    began = time.monotonic()
    found = smart.survey(60.0)
    assert time.monotonic() - began < 30
    assert [disk.access for disk in found.disks] == ["silent"]
    assert found.method == "silent"


def test_a_scan_that_hangs_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No list, no disks."""
    program(tmp_path, "exec sleep 60", monkeypatch)
    assert smart.survey(0.5) == Survey("silent")


def test_without_smartctl_the_method_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a package of its own that many PCs lack."""
    monkeypatch.setattr(smart, "PROGRAMS", ("/nonexistent/smartctl",))
    assert smart.survey(5.0) == Survey("missing")


def test_a_program_that_cannot_run_knows_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another architecture is executable and yet is not."""
    file = tmp_path / "smartctl"
    file.write_bytes(b"\x7fELF nonsense")
    file.chmod(0o755)
    monkeypatch.setattr(smart, "PROGRAMS", (str(file),))
    assert smart.survey(5.0) == Survey("no_disk")
