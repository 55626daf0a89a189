"""What a PC is, from the texts that PCs give: the trees and answers in ``recorded/``."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.device import CHECK, Params, summarise
from checks.kit import child, smart
from checks.kit.age import YEAR
from checks.kit.child import ChildError
from checks.kit.machine import Machine
from checks.kit.model import Fact, Outcome, Reading, Reason
from checks.kit.smart import Smart
from tests.checks.conftest import FixedClock, environment, values
from tests.checks.device_records import (
    LINUX,
    NOW,
    WINDOWS,
    Child,
    RecordedHost,
    linux_reading,
    plant,
    recorded,
    stated,
    windows_reading,
)


def _reading(name: str, folder: Path) -> Reading:
    return linux_reading(name, folder) if name in LINUX else windows_reading(name)


@pytest.mark.parametrize("name", [*LINUX, *WINDOWS])
def test_a_pc_is_described(name: str, tmp_path: Path) -> None:
    """Every fact that can be known of it, and no other."""
    reading = _reading(name, tmp_path)
    assert reading.outcome is Outcome.OK
    assert stated(reading) == recorded(name)["facts"]


@pytest.mark.parametrize("name", [*LINUX, *WINDOWS])
def test_the_facts_are_the_declared_ones(name: str, tmp_path: Path) -> None:
    """Documentation is derived from the declarations; what is unknown is said to be."""
    reading = _reading(name, tmp_path)
    assert set(reading.facts) == {fact.name for fact in CHECK.facts}
    assert {found.name for found in reading.samples} <= {metric.name for metric in CHECK.metrics}


@pytest.mark.parametrize("name", [*LINUX, *WINDOWS])
def test_a_reading_is_small(name: str, tmp_path: Path) -> None:
    """A PC sends it several times a day."""
    assert len(msgspec.json.encode(_reading(name, tmp_path))) < 2000


@pytest.mark.parametrize("fact", [fact for fact in CHECK.facts if fact.words], ids=lambda fact: fact.name)
def test_every_closed_value_has_words(fact: Fact, tmp_path: Path) -> None:
    """Whatever PCs say, with a right clock and with a wrong one."""
    found = [_reading(name, tmp_path / name) for name in (*LINUX, *WINDOWS)]
    found.append(linux_reading("linux-optiplex-3060", tmp_path / "past", now=1.0))
    odd = (Machine(firmware_date="1970-01-01"), Machine(system_dates=(NOW - YEAR,)), Machine(power_on_hours=20000))
    found += [summarise(machine, NOW, 1.0) for machine in odd]
    assert {reading.facts[fact.name] for reading in found} - {None} == set(fact.words)


def test_the_numbers_are_samples_in_base_units(tmp_path: Path) -> None:
    """Bytes and seconds."""
    assert values(linux_reading("linux-optiplex-3060", tmp_path)) == {
        "device_memory_size": 8202682368.0, "device_memory_available": 5468323840.0, "device_swap_size": 2147479552.0,
        "device_swap_free": 2147479552.0, "device_disk_size": 244529655808.0, "device_disk_free": 97811862323.0,
        "device_uptime": 3600.0, "device_load1": 0.42, "device_cpu_threads": 2.0,
        "device_age": pytest.approx(NOW - datetime.datetime(2018, 5, 11, tzinfo=datetime.UTC).timestamp()),
    }  # fmt: skip


def test_what_is_unknown_has_no_sample() -> None:
    """Unknown is not zero."""
    reading = summarise(Machine(), NOW, 1.0)
    assert [found.name for found in reading.samples] == ["device_uptime"]
    assert reading.facts["disk_free_ratio"] is None


def test_an_empty_tree_knows_nothing_and_does_not_fail(tmp_path: Path) -> None:
    """A container without /sys still has a reading."""
    host = RecordedHost(tmp_path, {"system": ["linux", "6.1", "x86_64"], "usage": None})
    reading = CHECK.run(Params(), environment(host=host))
    assert reading.outcome is Outcome.OK
    assert stated(reading) == {
        "virtual": False, "kernel": "6.1", "architecture": "x86_64", "age_source": "no_firmware_date",
    }  # fmt: skip


@pytest.mark.parametrize("now", [1.0, 1_500_000_000.0])
def test_a_pc_whose_clock_stands_in_the_past_has_no_age(now: float, tmp_path: Path) -> None:
    """An empty CMOS battery must not make an old PC young."""
    reading = linux_reading("linux-optiplex-3060", tmp_path, now=now)
    assert (reading.facts["age_years"], reading.facts["age_source"]) == (None, "implausible_clock")
    assert "device_age" not in values(reading)


def test_a_new_disk_and_new_firmware_do_not_make_a_pc_young(tmp_path: Path) -> None:
    """Firmware of 2018, an SSD and a system of 2020: the processor still says how old this PC can be."""
    facts = linux_reading("linux-optiplex-2013-ssd", tmp_path).facts
    assert (facts["age_years"], facts["age_confidence"], facts["age_source"]) == (13.6, "medium", "cpu_release")


def test_the_hours_are_those_of_the_disks_inside(tmp_path: Path) -> None:
    """A disk behind USB, on for 21 years by its own account, is another PC's."""
    record = recorded("linux-optiplex-2013-ssd")
    assert max(disk["power_on_hours"] for disk in record["smart"]) == 190000
    assert linux_reading("linux-optiplex-2013-ssd", tmp_path).facts["age_disk_years"] == 3.4


def test_without_smart_the_disks_age_is_unknown(tmp_path: Path) -> None:
    """Without rights, or when it hangs, the rest is still told."""
    record = recorded("linux-optiplex-2013-ssd")
    plant(record, tmp_path)
    hung = ChildError(Reason.CHILD_HUNG, "no answer within 12 s")
    forbidden = (Smart(access="forbidden", device="/dev/sda"),)
    for told in (hung, forbidden, ()):
        disks = Child(smart_read=told)
        clock = FixedClock(int(NOW * 1e6))
        reading = CHECK.run(Params(), environment(host=RecordedHost(tmp_path, record), child=disks, clock=clock))
        assert disks.called == ["checks.kit.smart:read"]
        assert (reading.outcome, reading.facts["age_disk_years"], reading.facts["age_years"]) == (
            Outcome.OK, None, 13.6,
        )  # fmt: skip


def test_disks_are_asked_as_the_child_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, over JSON: a program stands for smartctl."""
    scan = '{"devices": [{"name": "/dev/sda", "type": "sat"}]}'
    disk = '{"device": {"protocol": "ATA"}, "model_name": "X", "power_on_time": {"hours": 8766}}'
    program = tmp_path / "smartctl"
    program.write_text(f"#!/bin/sh\ncase $1 in --scan-open) echo '{scan}';; *) echo '{disk}';; esac\n")
    program.chmod(0o755)
    monkeypatch.setattr(smart, "PROGRAMS", (str(program),))
    disks: tuple[Smart, ...] = child.within("checks.kit.smart:read", 20.0, answer=tuple[Smart, ...], timeout=30)
    assert [(found.device, found.power_on_hours) for found in disks] == [("/dev/sda", 8766)]


@pytest.mark.parametrize("name", ["linux-vm-kvm", "linux-arm-mini"])
def test_disks_that_tell_nothing_are_not_asked(name: str, tmp_path: Path) -> None:
    """Virtual disks and memory cards have no hours; a child would be started for nothing."""
    record = recorded(name)
    plant(record, tmp_path)
    disks = Child()
    CHECK.run(Params(), environment(host=RecordedHost(tmp_path, record), child=disks))
    assert disks.called == []


def test_this_machine_is_described() -> None:
    """Whatever it is: memory, disk, kernel and uptime are known on every Linux."""
    reading = CHECK.run(Params(), environment(seconds=20, child=Child(smart_read=())))
    found = values(reading)
    assert reading.outcome is Outcome.OK
    assert found["device_memory_size"] >= found["device_memory_available"] > 0
    assert found["device_disk_size"] > found["device_disk_free"] >= 0
    assert reading.facts["kernel"] == Path("/proc/sys/kernel/osrelease").read_text().strip()
    assert isinstance(reading.facts["memory_bytes"], int)


def test_another_system_is_unsupported(tmp_path: Path) -> None:
    """Said once, plainly."""
    record: dict[str, Any] = {"system": ["sunos5", "11", "sparc"], "usage": None}
    reading = CHECK.run(Params(), environment(host=RecordedHost(tmp_path, record)))
    assert (reading.outcome, reading.reason, reading.detail) == (
        Outcome.ERROR, Reason.UNSUPPORTED, "no way is known to read a device that runs sunos5",
    )  # fmt: skip
