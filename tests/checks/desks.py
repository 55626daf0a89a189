"""What the tests of disks and peripherals share: a PC from recorded texts, and disks that answer as they are told."""

from __future__ import annotations

from typing import Any

import msgspec

from checks.kit.host import Host, System, Usage
from checks.kit.smart import Smart, Survey

GIB = 1 << 30


class Tree(Host):
    """A PC whose files are `files` by path; `usage` by mount point."""

    def __init__(self, files: dict[str, str], usage: dict[str, Usage] | None = None, system: str = "linux") -> None:
        super().__init__("/nonexistent")
        self.files, self._usage, self._system = files, usage or {}, system

    def system(self) -> System:
        return System(self._system, "6.1", "x86_64")

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def names(self, path: str) -> list[str]:
        below = (name[len(path) + 1 :] for name in self.files if name.startswith(path + "/"))
        return sorted({name.partition("/")[0] for name in below})

    def usage(self, path: str) -> Usage | None:
        return self._usage.get(path)


class Answers:
    """A child that answers one thing, or fails."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.called: list[str] = []

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        self.called.append(function)
        if isinstance(self._answer, Exception):
            raise self._answer
        return msgspec.json.decode(msgspec.json.encode(self._answer), type=answer)


def disks(*found: Smart) -> Answers:
    """A child whose smartctl finds these disks."""
    return Answers(Survey("smartctl" if found else "no_disk", found))
