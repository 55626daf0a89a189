"""The locks: what pyproject.toml asks for, every file by its hash, on Windows too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCKS = {
    "agent": ["agent"],
    "snmp": ["snmp"],
    "scapy": ["scapy"],
    "speed": ["speed"],
    "token": ["token"],
    "collector": ["collector"],
    "postgres": ["postgres"],
    "grafana": ["grafana"],
    "dev": ["agent", "snmp", "scapy", "speed", "token", "collector", "postgres", "grafana", "dev"],
}


def pins(lock: str) -> dict[str, str]:
    """name → version of every package in requirements/<lock>.txt."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    return {
        name.lower(): version for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("lock", sorted(LOCKS))
def test_each_lock_satisfies_pyproject(lock: str) -> None:
    """A requirement changed in pyproject.toml without `make lock` shows here."""
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *(line for extra in LOCKS[lock] for line in extras[extra])]
    for requirement in map(Requirement, wanted):
        version = pins(lock).get(re.sub(r"[-_.]+", "-", requirement.name).lower())
        assert version is not None, f"{requirement} is not locked: run `make lock`"
        assert requirement.specifier.contains(version), f"{requirement} but {version}: run `make lock`"


@pytest.mark.parametrize(
    "lock", ["agent", "snmp", "scapy", "speed", "token", "collector", "postgres", "grafana", "build"]
)
def test_every_lock_agrees_with_the_one_the_tests_run_on(lock: str) -> None:
    """What is tested is what is installed."""
    assert pins(lock).items() <= pins("dev").items()


@pytest.mark.parametrize("lock", [*LOCKS, "build"])
def test_every_pin_has_a_hash(lock: str) -> None:
    """pip refuses anything else than the files that were seen when the lock was made."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def resolve_for_windows(lock: Path, version: str, target: Path) -> subprocess.CompletedProcess[str]:
    """Ask uv for the wheels that `lock` takes on Windows; nothing is downloaded."""
    command = [
        sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--target", str(target), "--python-version", version,
        "--python-platform", "x86_64-pc-windows-msvc", "--only-binary", ":all:", "--require-hashes", "-r", str(lock),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_the_agent_installs_on_windows_from_wheels_alone(version: str, tmp_path: Path) -> None:
    """No compiler is needed on a commune office PC."""
    done = resolve_for_windows(ROOT / "requirements/agent.txt", version, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"^ \+ ([a-z0-9-]+)==", done.stderr, re.MULTILINE)) == set(pins("agent"))


def test_a_package_without_a_windows_wheel_is_refused(tmp_path: Path) -> None:
    """uvloop has none: the test above can fail."""
    text = (ROOT / "requirements/collector.txt").read_text("utf-8")
    entry = re.search(r"^uvloop==[^ ]+.*?(?=^[a-z])", text, re.MULTILINE | re.DOTALL)
    assert entry
    lock = tmp_path / "lock.txt"
    lock.write_text(entry[0].replace("; sys_platform != 'win32' ", ""), "utf-8")
    assert "Wheels are required for `uvloop`" in resolve_for_windows(lock, "3.12", tmp_path / "site").stderr
