"""This device as its operating system describes it: raw text, nothing parsed.

On Linux the files of /proc, /sys and /etc; on Windows the registry (written from the documentation, not yet
proven on a PC). What cannot be read is None, whether absent or forbidden: a check then knows nothing of it.
"""

from __future__ import annotations

import os
import sys

from msgspec import Struct

MAX_TEXT = 256 * 1024
_SUBKEYS = 1024


class System(Struct, frozen=True):
    """``name`` is ``linux`` or ``windows`` (others as ``sys.platform`` says), ``kernel`` its release."""

    name: str
    kernel: str
    architecture: str


class Usage(Struct, frozen=True):
    """A file system: its size and what an ordinary user may still write, bytes; how many files it can have in all and
    still, 0 and 0 where it does not count them."""

    size: int
    free: int
    files: int = 0
    files_free: int = 0


class Host:
    """Reads below `root`, so that a recorded tree can stand for a device."""

    def __init__(self, root: str = "/") -> None:
        self._root = root.rstrip("/")

    def system(self) -> System:
        # os.uname and sys.getwindowsversion rather than platform, which starts a shell on some systems
        if sys.platform == "win32":
            version = sys.getwindowsversion()
            machine = os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ.get("PROCESSOR_ARCHITECTURE", "")
            return System("windows", f"{version.major}.{version.minor}.{version.build}", machine.lower())
        known = os.uname()
        return System(sys.platform, known.release, known.machine)

    def read(self, path: str) -> str | None:
        """At most MAX_TEXT bytes of the file at the absolute `path`; bytes that are not UTF-8 become U+FFFD."""
        found = self.data(path)
        return None if found is None else found.decode("utf-8", "replace")

    def data(self, path: str) -> bytes | None:
        """As :meth:`read`, for a file that is no text."""
        try:
            with open(self._root + path, "rb") as file:  # noqa: PTH123 - pathlib costs the resident agent 2.5 MB
                return file.read(MAX_TEXT)
        except OSError:
            return None

    def modified(self, path: str) -> float | None:
        """When the file or directory was last changed, epoch seconds."""
        try:
            return os.stat(self._root + path).st_mtime  # noqa: PTH116
        except OSError:
            return None

    def names(self, path: str) -> list[str]:
        """The names in a directory, sorted; none when it cannot be read."""
        try:
            return sorted(os.listdir(self._root + path))  # noqa: PTH208
        except OSError:
            return []

    def usage(self, path: str) -> Usage | None:
        """The file system that holds `path`."""
        try:
            if sys.platform == "win32":
                import shutil

                total, _, free = shutil.disk_usage(path)
                return Usage(total, free)
            found = os.statvfs(self._root + path)
        except OSError:
            return None
        size, free = found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize
        return Usage(size, free, found.f_files, found.f_favail)

    def registry(self, key: str, value: str) -> str | int | None:
        """A value below HKEY_LOCAL_MACHINE, from the 64-bit view; None elsewhere than on Windows."""
        if sys.platform == "win32":
            import winreg

            access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            try:
                with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, access) as opened:
                    found, _ = winreg.QueryValueEx(opened, value)
            except OSError:
                return None
            return found if isinstance(found, (str, int)) else None
        return None

    def registry_names(self, key: str) -> list[str]:
        """The subkeys of a key below HKEY_LOCAL_MACHINE, from the 64-bit view, at most 1,024; none elsewhere than on
        Windows, and none when the key cannot be read."""
        if sys.platform == "win32":
            import winreg

            access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            try:
                with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, access) as opened:
                    count = min(winreg.QueryInfoKey(opened)[0], _SUBKEYS)
                    return [winreg.EnumKey(opened, index) for index in range(count)]
            except OSError:
                return []
        return []
