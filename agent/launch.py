"""Turns the command into the resident process, which holds none of the command's libraries."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from agent import resident
from agent.config import AgentConfig, state_dir

NEEDED = ("agent", "checks", "msgspec", "nacl", "_cffi_backend")
FLAGS = ("-OO", "-S", "-P", "-X", "no_debug_ranges")
"""Without docstrings, asserts and column tables; without site and its .pth files (5 MB) and the current folder."""
_LEAN = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MALLOC_TOP_PAD_": "4096",
    "LC_ALL": "C",
    "PYTHONUTF8": "1",
}
"""glibc gives memory back instead of keeping it, 0.5 MB; text is UTF-8 without the tables of a locale, 0.15 MB."""


def start(config: AgentConfig) -> int:
    """Becomes the resident process; where a process cannot be replaced (Windows), waits for it and returns its code."""
    command, environment = [sys.executable, *FLAGS, "-m", "agent.resident"], environment_for(config, os.environ)
    _compile(environment)
    if os.name == "posix":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(command[0], command, environment)  # noqa: S606
    return _wait(subprocess.Popen(command, env=environment))


def environment_for(config: AgentConfig, present: Mapping[str, str]) -> dict[str, str]:
    """The resident's environment: its settings, where its packages lie, and where its bytecode is kept.

    Bytecode for -OO is not installed by pip or Debian; made in memory at each start it would stay there, 3 MB.
    """
    return {
        **{name: value for name, value in present.items() if not name.startswith("PYTHON")},
        resident.VARIABLE: msgspec.json.encode(config).decode(),
        "PYTHONPATH": os.pathsep.join(search_path()),
        "PYTHONPYCACHEPREFIX": f"{state_dir(config)}/pycache",
        **_LEAN,
    }


def search_path() -> list[str]:
    """The folders that hold the packages of the resident process."""
    folders: dict[str, None] = {}
    for name in NEEDED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            place = Path(spec.origin).parent
            folders[str(place.parent if spec.submodule_search_locations else place)] = None
    return list(folders)


def _compile(environment: Mapping[str, str]) -> None:
    """Makes the bytecode in a process of its own when it is not there yet. Failing costs memory, nothing else."""
    if Path(environment["PYTHONPYCACHEPREFIX"]).is_dir():
        return
    code = "from agent import resident; resident.slim(); import agent.service, checks.kit.net, checks.kit.child"
    code += "; from checks.kit import clock, host, registry; registry.find()"
    subprocess.run([sys.executable, *FLAGS, "-c", code], env=dict(environment), check=False, stderr=subprocess.DEVNULL)


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
