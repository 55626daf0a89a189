"""A real disk for the check of disks: an ext4 image on a loop device, mounted in a mount namespace of its own, which
ends with the program and takes everything along.

``unshare -m python -m tests.checks.loops SCENARIO FOLDER`` writes the readings as JSON; see :func:`readings`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from checks.kit.host import Host
from checks.kit.model import Env, Reading
from checks.kit.net import Net
from checks.storage import CHECK, Params
from tests.checks.conftest import FixedClock
from tests.checks.desks import disks

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
BEGIN = 1_794_200_400
DAY = 86400


def readings(scenario: str, folder: Path) -> list[Reading]:
    """The readings of the runs that `scenario` makes, in order."""
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.checks.loops"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, scenario, str(folder)], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=list[Reading])


class Below(Host):
    """This machine as it looks from `root`: what is really mounted there and below, and the `files` given."""

    def __init__(self, root: str, files: dict[str, str]) -> None:
        super().__init__(root)
        self._below, self._files = root, files

    def read(self, path: str) -> str | None:
        if path == "/proc/self/mountinfo":
            return "".join(self._mounts())
        return self._files.get(path)

    def _mounts(self) -> Iterator[str]:
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            words = line.split(" ")
            if words[4] == self._below or words[4].startswith(self._below + "/"):
                words[4] = words[4][len(self._below) :] or "/"
                yield " ".join(words) + "\n"


class Disk:
    """The mounted disk and the runs over it, which share what they remember."""

    def __init__(self, folder: Path, options: str = "", megabytes: int = 32, more: tuple[str, ...] = ()) -> None:
        self.image, self.root = folder / "image", folder / "root"
        self.root.mkdir()
        with self.image.open("wb") as file:
            file.truncate(megabytes * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-F", *more, self.image], check=True)
        self.mount(f"loop{options}", str(self.image))
        self.readings: list[Reading] = []
        self._lasting: dict[str, Any] = {}

    def mount(self, options: str, source: str = "") -> None:
        subprocess.run(["mount", "-o", options, *([source] if source else []), str(self.root)], check=True)

    def run(self, fstab: str = "", day: int = 0) -> None:
        env = Env(
            clock=FixedClock((BEGIN + day * DAY) * 1_000_000),
            net=Net(),
            host=Below(str(self.root), {"/etc/fstab": fstab}),
            child=disks(),
            deadline=time.monotonic() + 60,
            now=time.monotonic,
            lasting=self._lasting,
        )
        self.readings.append(CHECK.run(Params(), env))

    def write(self, name: str, size: int) -> None:
        """A file of so many bytes, or of as many as there is room for."""
        with (self.root / name).open("wb", buffering=0) as file:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError:
                for step in (MIB, 4096, 512):
                    self._until_full(file.fileno(), step)

    def _until_full(self, descriptor: int, step: int) -> None:
        try:
            while os.write(descriptor, b"x" * step):
                pass
        except OSError:
            os.fsync(descriptor)


def _nearly_full(folder: Path) -> Disk:
    disk = Disk(folder)
    free = os.statvfs(disk.root)
    disk.write("scan", free.f_bavail * free.f_frsize - 2 * MIB)
    disk.run()
    return disk


def _full(folder: Path) -> Disk:
    disk = Disk(folder)
    disk.write("scan", 64 * MIB)
    disk.run()
    return disk


def _no_files(folder: Path) -> Disk:
    disk = Disk(folder, more=("-N", "64"))
    for number in range(64):
        try:
            (disk.root / str(number)).touch()
        except OSError:
            break
    disk.run()
    return disk


def _remounted(folder: Path) -> Disk:
    disk = Disk(folder)
    disk.run()
    disk.mount("remount,ro")
    disk.run()
    disk.run(fstab="/dev/x / ext4 ro 0 1\n")
    disk.mount("remount,rw")
    disk.run()
    return disk


def _error(folder: Path) -> Disk:
    """An error that the kernel is told to find, on a disk that is to go read-only at errors."""
    disk = Disk(folder, ",errors=remount-ro")
    disk.run()
    number = disk.root.stat().st_dev
    name = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name
    Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("test")
    try:
        (disk.root / "after").touch()
    except OSError:
        disk.run()
    return disk


def _filling(folder: Path) -> Disk:
    disk = Disk(folder, megabytes=256)
    for day in range(7):
        disk.write(str(day), 16 * MIB)
        disk.run(day=day)
    for day in range(6):
        (disk.root / str(day)).unlink()
    os.sync()
    disk.run(day=7)
    return disk


SCENARIOS: dict[str, Callable[[Path], Disk]] = {
    "nearly_full": _nearly_full,
    "full": _full,
    "no_files": _no_files,
    "remounted": _remounted,
    "error": _error,
    "filling": _filling,
}

if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(SCENARIOS[sys.argv[1]](Path(sys.argv[2])).readings))
