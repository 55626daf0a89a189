"""The recorded PCs of ``recorded/``: Linux trees, and Windows registries with what PowerShell wrote, byte for byte."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

import msgspec

from checks.device import CHECK, summarise
from checks.kit import cim, powershell, windows
from checks.kit.child import ChildError
from checks.kit.cim import Cim
from checks.kit.host import Host, System, Usage
from checks.kit.model import Reading, Scalar, decode_params
from tests.checks.conftest import FixedClock, environment

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime.datetime(2026, 11, 10, tzinfo=datetime.UTC).timestamp()
LINUX = tuple(sorted(file.stem for file in RECORDED.glob("linux-*.json")))
WINDOWS = tuple(sorted(file.stem for file in RECORDED.glob("windows-*.json")))


class RecordedHost(Host):
    """A recorded tree, with the answers that are no files."""

    def __init__(self, root: Path, recorded: dict[str, Any]) -> None:
        super().__init__(str(root))
        self._recorded = recorded

    def system(self) -> System:
        return System(*self._recorded["system"])

    def usage(self, path: str) -> Usage | None:
        return Usage(*self._recorded["usage"]) if self._recorded["usage"] else None


class WindowsHost(RecordedHost):
    """A recorded registry."""

    def registry(self, key: str, value: str) -> str | int | None:
        found: str | int | None = self._recorded["registry"].get(key, {}).get(value)
        return found

    def registry_names(self, key: str) -> list[str]:
        known = self._recorded["registry"]
        return [name.removeprefix(key + "\\") for name in known if name.startswith(key + "\\")]


class Child:
    """A child that answers functions as they were recorded, or fails; any other call fails the test."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.called: list[str] = []

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        self.called.append(function)
        found = self._answers[function.rpartition(".")[2].replace(":", "_")]
        if isinstance(found, ChildError):
            raise found
        return msgspec.convert(msgspec.to_builtins(found), answer)


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


def plant(record: dict[str, Any], folder: Path) -> None:
    """The recorded tree below `folder`, with its binary files and its dates."""
    texts = {path: text.encode() for path, text in record["files"].items()}
    binaries = {path: bytes.fromhex(digits) for path, digits in record.get("binary", {}).items()}
    for path, data in (texts | binaries).items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    for path, time in record.get("times", {}).items():
        place = folder / path.lstrip("/")
        if not place.exists():
            place.mkdir(parents=True)
        os.utime(place, (time, time))


def linux_reading(name: str, folder: Path, now: float = NOW) -> Reading:
    """The reading of the recorded Linux PC."""
    record = recorded(name)
    plant(record, folder)
    env = environment(
        host=RecordedHost(folder, record),
        clock=FixedClock(int(now * 1e6)),
        child=Child(smart_read=record.get("smart", [])),
    )
    reading: Reading = CHECK.run(decode_params(CHECK, {}), env)
    return reading


def answer(name: str) -> Cim:
    """What the recorded answer of PowerShell says, from its bytes."""
    data = (RECORDED / f"{name}.txt").read_bytes()
    return cim.read(powershell.decode(data, recorded(name)["console"]))


def windows_reading(name: str) -> Reading:
    """The reading of the recorded Windows PC."""
    record = recorded(name)
    kernel, architecture = record["system"]
    volume = tuple(record["volume"]) if record["volume"] else None
    machine = windows.describe(record["registry"], answer(name), kernel, architecture, volume)
    return summarise(machine, NOW, 60.0)


def stated(reading: Reading) -> dict[str, Scalar]:
    """The facts that are known."""
    return {name: value for name, value in reading.facts.items() if value is not None}
