"""The time of this device: wall clock, time since boot with sleep counted, and which boot it is."""

from __future__ import annotations

import time

BOOT_ID = "/proc/sys/kernel/random/boot_id"
_GRAIN = 120
_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """Reads the system's clocks. The boot id is read once: it cannot change while a process lives."""

    def __init__(self, boot_id: str = BOOT_ID) -> None:
        self._boot = _recorded(boot_id) or derived(self.wall(), self.mono())

    def wall(self) -> int:
        """Microseconds since 1970, UTC, as this device believes it to be."""
        return time.time_ns() // 1000

    def mono(self) -> int:
        """Microseconds since boot. Sleep counts where the system can tell (Linux, Windows)."""
        return (time.monotonic_ns() if _BOOTTIME is None else time.clock_gettime_ns(_BOOTTIME)) // 1000

    def boot(self) -> str:
        return self._boot


def derived(wall: int, mono: int) -> str:
    """An id from when the device booted, for systems that keep none: the same within one boot while nobody sets the
    clock, to two minutes. A different id for the same boot costs only precision: times are compared within one id."""
    return f"booted-{round((wall - mono) / 1_000_000 / _GRAIN) * _GRAIN}"


def _recorded(path: str) -> str | None:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib costs the resident agent 2.5 MB
            return file.read(64).strip() or None
    except (OSError, UnicodeDecodeError):
        return None
