"""How this device keeps time: what the kernel says of its clock, who corrects it, in which zone it stands."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from msgspec import Struct

from checks.kit.host import Host

LOCALTIME = "/etc/localtime"
STEP = 0.128  # s; a clock that is further off is set, not slewed (RFC 5905 §11.3, STEPT)
SLEW = 500e-6  # s/s; the fastest a kernel slews
_UNSYNCHRONISED, _NANOSECONDS, _FAILED = 0x0040, 0x2000, 5  # STA_UNSYNC, STA_NANO, TIME_ERROR of <sys/timex.h>
_W32TIME = r"SYSTEM\CurrentControlSet\Services\W32Time"
_ZONE = r"SYSTEM\CurrentControlSet\Control\TimeZoneInformation"
_RUNNING = (
    ("/run", ("chrony", "chronyd.pid"), "chrony"),
    ("/run/chrony", ("chronyd.pid",), "chrony"),
    ("/run", ("ntpd.pid", "ntpd.sock"), "ntpd"),
    ("/run/systemd", ("timesync",), "timesyncd"),
)


class Kernel(Struct, frozen=True):
    """The kernel's clock (adjtimex(2)): whether somebody corrects it, how wrong it can be and is thought to be
    (seconds), and the correction of its rate that is applied (s/s, positive makes it faster)."""

    synchronised: bool
    maximum_error: float
    estimated_error: float
    frequency: float


class Local(Struct, frozen=True):
    """The zone's name where the system knows one, and seconds east of UTC now."""

    zone: str | None
    utc_offset: int | None


class Moved(Struct, frozen=True):
    """How far the wall clock moved against the time since boot (seconds, since the run before), and how often it was
    set since the first run."""

    by: float | None
    steps: int


def describe(state: int, status: int, maximum: int, estimated: int, frequency: int) -> Kernel:
    """adjtimex's return value and fields. Errors come in µs, the frequency in ppm with 16 binary places."""
    right = state != _FAILED and not status & _UNSYNCHRONISED
    return Kernel(right, maximum / 1e6, estimated / 1e6, frequency / 65536 / 1e6)


def kernel() -> Kernel | None:
    """Asks the kernel, which anybody may; None where there is no adjtimex. Only in a child: ctypes is 0.2 MiB."""
    if sys.platform != "linux":
        return None
    import ctypes

    class Timex(ctypes.Structure):
        _fields_ = [
            ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_long * 32),
        ]  # fmt: skip

    found = Timex()
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(found))
    return None if state < 0 else describe(state, found.status, found.maxerror, found.esterror, found.freq)


def local(path: str = LOCALTIME, variables: Mapping[str, str] = os.environ) -> Local:
    """The zone of this process: the variable TZ, else where the link `path` leads."""
    zone = variables.get("TZ", "").lstrip(":") or _linked(path)
    return Local(zone if zone and len(zone) <= 64 and zone.isprintable() else None, time.localtime().tm_gmtoff)


def _linked(path: str) -> str | None:
    try:
        _, found, name = os.readlink(path).partition("zoneinfo/")  # noqa: PTH115 - pathlib is 2.5 MB
    except OSError:
        return None
    return name if found else None


def service(host: Host) -> str:
    """Who corrects the clock on Linux: chrony, ntpd, timesyncd, or none that leaves a trace below /run."""
    for folder, traces, name in _RUNNING:
        if set(traces) & set(host.names(folder)):
            return name
    return "none"


def windows_service(host: Host) -> str:
    """``w32time`` when Windows' own service runs and has a source; else ``none``. Not yet proven on a PC."""
    disabled = host.registry(_W32TIME, "Start") == 4
    kind = host.registry(_W32TIME + r"\Parameters", "Type")
    return "none" if disabled or kind in (None, "NoSync") else "w32time"


def windows_local(host: Host) -> Local:
    """The zone from the registry, where the bias is minutes west of UTC as a DWORD. Not yet proven on a PC."""
    name, bias = host.registry(_ZONE, "TimeZoneKeyName"), host.registry(_ZONE, "ActiveTimeBias")
    west = (bias + 2**31) % 2**32 - 2**31 if isinstance(bias, int) else None
    zone = name.split("\0")[0][:64] if isinstance(name, str) else None
    return Local(zone or None, None if west is None else -60 * west)


def moved(memory: dict[str, float], wall: int, mono: int) -> Moved:
    """Compares the clocks (µs) with those of the run before, kept in `memory`. A move that no slewing explains is a
    step: somebody or something set the clock."""
    steps = int(memory.get("steps", 0))
    apart, before, at = (wall - mono) / 1e6, memory.get("apart"), memory.get("mono")
    by = None
    if before is not None and at is not None and mono > at:
        by = apart - before
        steps += abs(by) > STEP + SLEW * (mono - at) / 1e6
    memory.update(apart=apart, mono=mono, steps=steps)
    return Moved(by, steps)
