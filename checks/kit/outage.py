"""When this device was off, reconstructed after it booted again, and whether it had been shut down in order.

A device is off from when it was last seen alive, which is renewed every 60 s, to when it booted: the beginning is
right to 90 s, the end to seconds. Sleep and hibernation belong to a boot and are no outage; so does Windows' fast
startup, which resumes the kernel.
"""

from __future__ import annotations

import itertools
import os
import struct
import sys
from collections.abc import Mapping

from msgspec import Struct

from checks.kit.model import Boot

PRECISION = 90.0
"""Seconds by which a beginning can be early: two boots that overlap by less are one after the other."""
EARLIEST = 1_735_689_600
"""2025-01-01: a clock that says less has lost its battery."""
LONGEST = 5 * 366 * 86400.0
"""Seconds; a device that was off for longer has had its clock set instead."""
WTMP = "/var/log/wtmp"
_MOST = 1024
# struct utmp of <bits/utmp.h>: ut_type, ut_user, ut_tv.tv_sec; 32-bit times on x86 and 32-bit ARM, 64-bit on others
_LAYOUTS = ((384, 340, "=i"), (400, 344, "=q"))
_USER = slice(44, 76)
_RUN_LEVEL, _BOOT_TIME, _LAST_TYPE = 1, 2, 9
_NEAR = 900.0
_FILETIME_EPOCH = 11_644_473_600  # seconds from 1601 to 1970
_SHUTDOWN = r"SYSTEM\CurrentControlSet\Control\Windows"


class Off(Struct, frozen=True):
    """A time between two boots: epoch seconds, None where a clock was wrong; ``seconds`` is how long it was, None when
    either end is unknown. ``clean``: whether the device had been shut down in order, None when nobody knows."""

    before: str
    began: int | None
    ended: int | None
    seconds: float | None
    clean: bool | None


class Entry(Struct, frozen=True):
    """What Linux writes down at a boot (``boot``) or a shutdown: its own time, epoch seconds."""

    at: int
    boot: bool


def gaps(boots: tuple[Boot, ...], told: Mapping[str, bool], otherwise: bool | None) -> tuple[Off, ...]:
    """The times between `boots`, oldest first.

    `told` is what the system itself says of how boots ended, by their ids; else a boot in which the agent was stopped
    in order ended in order, and one in which it was not, as `otherwise` says.
    """
    return tuple(
        _gap(boot, following, told.get(boot.id, True if boot.stopped else otherwise))
        for boot, following in itertools.pairwise(boots)
    )


def booted(boot: Boot) -> int | None:
    """When `boot` began, epoch seconds; None where its clock was wrong."""
    return _plausible(boot.first / 1e6 - boot.after)


def _gap(boot: Boot, following: Boot, clean: bool | None) -> Off:
    began, ended = boot.last / 1e6, following.first / 1e6 - following.after
    early, late = _plausible(began), _plausible(ended)
    length = ended - began if early is not None and late is not None else None
    if length is not None and not -PRECISION <= length <= LONGEST:
        return Off(boot.id, None, None, None, clean)  # one of the two clocks was wrong, nobody knows which
    if length is not None and early is not None and late is not None:
        return Off(boot.id, early, max(early, late), max(0.0, length), clean)
    return Off(boot.id, early, late, None, clean)


def _plausible(at: float) -> int | None:
    return int(at) if EARLIEST <= at < 2**32 else None


def entries(data: bytes) -> tuple[Entry, ...]:
    """Boots and shutdowns in the records of utmp(5), in their order; none when `data` is something else."""
    for size, offset, form in _LAYOUTS:
        if data and len(data) % size == 0:
            found = [data[at : at + size] for at in range(0, len(data), size)]
            kinds = [struct.unpack_from("=h", record)[0] for record in found]
            if all(0 <= kind <= _LAST_TYPE for kind in kinds):
                return tuple(
                    Entry(struct.unpack_from(form, record, offset)[0], kind == _BOOT_TIME)
                    for record, kind in zip(found, kinds, strict=True)
                    if kind == _BOOT_TIME or (kind == _RUN_LEVEL and _user(record) == b"shutdown")
                )
    return ()


def _user(record: bytes) -> bytes:
    return record[_USER].split(b"\0")[0]


def in_order(found: tuple[Entry, ...], booted: float) -> bool | None:
    """Whether what was written last before the present boot is a shutdown.

    None where nothing was written of a boot near `booted` (epoch seconds, by the device's clock), or no shutdown ever:
    that account is not kept, or not of both.
    """
    last = next((index for index in range(len(found) - 1, -1, -1) if found[index].boot), None)
    if last is None or last == 0 or abs(found[last].at - booted) > _NEAR or all(entry.boot for entry in found):
        return None
    return not found[last - 1].boot


def wtmp(path: str = "") -> tuple[Entry, ...]:
    """The newest entries of the file at `path`, WTMP when empty; none when it cannot be read."""
    data = b""
    try:
        with open(path or WTMP, "rb") as file:  # noqa: PTH123 - pathlib costs the resident agent 2.5 MB
            length = file.seek(0, os.SEEK_END)
            size = next((size for size, _, _ in _LAYOUTS if length % size == 0), 0)
            file.seek(max(0, length - _MOST * size))
            data = file.read(_MOST * size) if size else b""
    except OSError:
        return ()
    return entries(data)


def windows_shutdown() -> float | None:
    """When Windows last shut down in order (epoch seconds), as it noted itself. Not yet proven on a PC."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _SHUTDOWN) as opened:
                found, _ = winreg.QueryValueEx(opened, "ShutdownTime")
        except OSError:
            return None
        return filetime(found)
    return None


def filetime(data: object) -> float | None:
    """A FILETIME of 8 bytes as epoch seconds; None when it is none, or before any of our days."""
    if not isinstance(data, bytes) or len(data) != 8:
        return None
    found = struct.unpack("<Q", data)[0] / 1e7 - _FILETIME_EPOCH
    return found if EARLIEST <= found < 2**32 else None


def after_shutdown(at: float | None, boot: Boot) -> bool | None:
    """Whether a shutdown noted `at` is the one that ended `boot`; None when nothing was noted, or its clock is none to
    compare with. Not yet proven on a PC."""
    if at is None or _plausible(boot.last / 1e6) is None:
        return None
    return at >= boot.last / 1e6 - PRECISION
