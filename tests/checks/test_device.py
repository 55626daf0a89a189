"""What a PC is, from the texts that PCs give: the trees and answers in ``recorded/``."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.device import CHECK, Params, summarise
from checks.kit import windows
from checks.kit.child import ChildError
from checks.kit.host import Host, System, Usage
from checks.kit.machine import Machine
from checks.kit.model import Fact, Outcome, Reading, Reason, decode_params
from tests.checks.conftest import FixedClock, NoChild, environment, values

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime.datetime(2026, 11, 10, tzinfo=datetime.UTC).timestamp()
LINUX = ("optiplex-3060", "vm-without-dmi", "assembled-pc-1970", "board-2099", "thinkcentre-raid")
WINDOWS = ("windows-optiplex", "windows-11-placeholders")


class RecordedHost(Host):
    """A recorded tree, with the two answers that are no files."""

    def __init__(self, root: Path, recorded: dict[str, Any]) -> None:
        super().__init__(str(root))
        self._recorded = recorded

    def system(self) -> System:
        return System(*self._recorded["system"])

    def usage(self, path: str) -> Usage | None:
        return Usage(*self._recorded["usage"]) if self._recorded["usage"] else None


def _recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


def _linux(name: str, folder: Path, now: float = NOW) -> Reading:
    recorded = _recorded(name)
    for path, text in recorded["files"].items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    env = environment(host=RecordedHost(folder, recorded), clock=FixedClock(int(now * 1e6)))
    reading: Reading = CHECK.run(decode_params(CHECK, {}), env)
    return reading


def _windows(name: str) -> Reading:
    recorded = _recorded(name)
    kernel, architecture = recorded["system"]
    machine = windows.describe(
        recorded["registry"],
        msgspec.convert(recorded["cim"], windows.Cim),
        kernel,
        architecture,
        tuple(recorded["volume"]) if recorded["volume"] else None,
    )
    return summarise(machine, NOW, 60.0)


@pytest.mark.parametrize("name", LINUX)
def test_a_linux_pc_is_described(name: str, tmp_path: Path) -> None:
    """Every fact, the unknown ones as None."""
    reading = _linux(name, tmp_path)
    assert reading.outcome is Outcome.OK
    assert reading.facts == _recorded(name)["facts"]


@pytest.mark.parametrize("name", WINDOWS)
def test_a_windows_pc_is_described(name: str) -> None:
    """From registry and query; not yet proven on a PC."""
    assert _windows(name).facts == _recorded(name)["facts"]


def test_every_record_is_used() -> None:
    """A file that no test reads proves nothing."""
    assert {file.stem for file in RECORDED.glob("*.json")} == {*LINUX, *WINDOWS}


@pytest.mark.parametrize("name", [*LINUX, *WINDOWS])
def test_the_facts_are_the_declared_ones(name: str, tmp_path: Path) -> None:
    """Documentation is derived from the declarations."""
    reading = _windows(name) if name in WINDOWS else _linux(name, tmp_path)
    assert set(reading.facts) == {fact.name for fact in CHECK.facts}
    assert {found.name for found in reading.samples} <= {metric.name for metric in CHECK.metrics}


@pytest.mark.parametrize("fact", [fact for fact in CHECK.facts if fact.words], ids=lambda fact: fact.name)
def test_every_closed_value_has_words(fact: Fact, tmp_path: Path) -> None:
    """Whatever the recorded PCs say, with a right clock and with a wrong one."""
    clocks = [_linux("optiplex-3060", tmp_path / "past", now=1.0), _linux("vm-without-dmi", tmp_path / "vm")]
    found = [*(_windows(name) for name in WINDOWS), *(_linux(name, tmp_path / name) for name in LINUX), *clocks]
    assert {reading.facts[fact.name] for reading in found} - {None} == set(fact.words)


@pytest.mark.parametrize("name", LINUX)
def test_no_name_serial_or_id_leaves_the_pc(name: str, tmp_path: Path) -> None:
    """Neither the planted ones nor anything that looks like a hardware UUID."""
    sent = msgspec.json.encode(_linux(name, tmp_path)).decode().lower()
    files = _recorded(name)["files"]
    secrets = [text.strip() for path, text in files.items() if path.endswith(("hostname", "serial", "uuid"))]
    for secret in secrets:
        if secret != "To be filled by O.E.M.":
            assert secret.lower() not in sent
    assert "secret" not in sent


def test_the_numbers_are_samples_in_base_units(tmp_path: Path) -> None:
    """Bytes and seconds."""
    assert values(_linux("optiplex-3060", tmp_path)) == {
        "device_memory_size": 8202682368.0, "device_memory_available": 5468323840.0, "device_swap_size": 2147479552.0,
        "device_swap_free": 2147479552.0, "device_disk_size": 244529655808.0, "device_disk_free": 97811862323.0,
        "device_uptime": 3600.0, "device_age": NOW - datetime.datetime(2018, 5, 11, tzinfo=datetime.UTC).timestamp(),
        "device_load1": 0.42, "device_cpu_threads": 2.0,
    }  # fmt: skip


def test_what_is_unknown_has_no_sample(tmp_path: Path) -> None:
    """Unknown is not zero."""
    assert set(values(_linux("board-2099", tmp_path))) == {"device_uptime", "device_cpu_threads"}


def test_an_empty_tree_knows_nothing_and_does_not_fail(tmp_path: Path) -> None:
    """A container without /sys still has a reading."""
    host = RecordedHost(tmp_path, {"system": ["linux", "6.1", "x86_64"], "usage": None})
    reading = CHECK.run(Params(), environment(host=host))
    assert reading.outcome is Outcome.OK
    stated = {name: value for name, value in reading.facts.items() if value is not None}
    assert stated == {
        "virtual": False, "kernel": "6.1", "architecture": "x86_64", "age_source": "no_firmware_date",
    }  # fmt: skip


def test_a_pc_whose_clock_stands_in_the_past_has_no_age(tmp_path: Path) -> None:
    """An empty CMOS battery must not make an old PC young."""
    facts = _linux("optiplex-3060", tmp_path, now=1_500_000_000.0).facts
    assert (facts["age_years"], facts["age_source"]) == (None, "implausible_clock")


def test_this_machine_is_described() -> None:
    """Whatever it is: memory, disk, kernel and uptime are known on every Linux."""
    reading = CHECK.run(Params(), environment(seconds=20))
    found = values(reading)
    assert reading.outcome is Outcome.OK
    assert found["device_memory_size"] >= found["device_memory_available"] > 0
    assert found["device_disk_size"] > found["device_disk_free"] >= 0
    assert reading.facts["kernel"] == Path("/proc/sys/kernel/osrelease").read_text().strip()
    assert isinstance(reading.facts["memory_bytes"], int)


def test_another_system_is_unsupported(tmp_path: Path) -> None:
    """Said once, plainly."""
    host = RecordedHost(tmp_path, {"system": ["sunos5", "11", "sparc"], "usage": None})
    reading = CHECK.run(Params(), environment(host=host))
    assert (reading.outcome, reading.reason, reading.detail) == (
        Outcome.ERROR, Reason.UNSUPPORTED, "no way is known to read a device that runs sunos5",
    )  # fmt: skip


class WindowsHost(RecordedHost):
    def registry(self, key: str, value: str) -> str | int | None:
        found: str | int | None = self._recorded["registry"].get(key, {}).get(value)
        return found


class Query:
    """A child that answers the query as it was recorded, or fails."""

    def __init__(self, answer: dict[str, Any] | ChildError) -> None:
        self._answer = answer
        self.called: list[str] = []

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, memory: int = 0) -> Any:
        self.called.append(function)
        if isinstance(self._answer, ChildError):
            raise self._answer
        return msgspec.convert(self._answer, answer)


def test_on_windows_the_query_runs_in_a_child(tmp_path: Path) -> None:
    """Registry in the agent, PowerShell outside it, one answer."""
    recorded = _recorded("windows-optiplex")
    kernel, architecture = recorded["system"]
    host = WindowsHost(tmp_path, {**recorded, "system": ["windows", kernel, architecture], "usage": recorded["volume"]})
    child = Query(recorded["cim"])
    reading = CHECK.run(Params(), environment(host=host, child=child, clock=FixedClock(int(NOW * 1e6))))
    assert child.called == ["checks.kit.windows:query"]
    assert reading.facts == recorded["facts"]


def test_a_query_that_fails_is_an_error_with_the_childs_reason(tmp_path: Path) -> None:
    """PowerShell may hang or be forbidden."""
    host = WindowsHost(tmp_path, {"system": ["windows", "10.0", "amd64"], "usage": None, "registry": {}})
    child = Query(ChildError(Reason.CHILD_HUNG, "no answer within 25 s"))
    reading = CHECK.run(Params(), environment(host=host, child=child))
    assert (reading.outcome, reading.reason, reading.detail) == (
        Outcome.ERROR, Reason.CHILD_HUNG, "the query of this PC failed: no answer within 25 s",
    )  # fmt: skip


def test_linux_needs_no_child(tmp_path: Path) -> None:
    """A child would cost more than all the reading."""
    host = RecordedHost(tmp_path, {"system": ["linux", "6.1", "x86_64"], "usage": None})
    assert CHECK.run(Params(), environment(host=host, child=NoChild())).outcome is Outcome.OK


def test_a_machine_of_nothing_is_a_reading() -> None:
    """Every field may be unknown at once."""
    assert summarise(Machine(), NOW, 1.0).facts["disk_free_ratio"] is None
