"""When this device was alive: its last boots, in ``STATE_DIR/boots.json``.

The file is renewed every minute, on disk before the next one begins, so that after a power cut it says to the minute
when the device was last alive. Times are true ones as far as they are known: the present boot is placed by the
collector's clock from the first contact on, and by what an earlier agent of the same boot had learnt. Until then, and
for boots without any contact, they are what the device's own clock said when it was last looked at: a clock that is
set while the device runs moves the whole boot with it, because only the time since boot is trusted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from agent import files
from agent.log import silent
from checks.kit.model import INT63, Boot, Clock

KEPT = 32
"""Boots remembered: a month of office days."""
RENEW = 60.0
"""Seconds between two renewals; what is reckoned from them is right to this and half."""
_MOST = 64 * 1024
_DERIVED = "booted-"
_GRAIN = 240
"""Seconds by which the ids of one boot can differ where the system keeps none; see :func:`checks.kit.clock.derived`."""
Note = Callable[..., None]
_Time = Annotated[int, Meta(ge=-INT63 - 1, le=INT63)]


class Kept(Struct):
    """A boot as the file has it; see :class:`checks.kit.model.Boot`. ``sure``: its times are by the collector's
    clock."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    first: _Time
    last: _Time
    after: Annotated[float, Meta(ge=0, le=1e12)]
    stopped: bool = False
    sure: bool = False


class _File(Struct):
    boots: list[Kept]


class Lifetime:
    """The account of one device. Nothing is written before :meth:`renew`: who only reads it never changes it.

    `note` logs an event with its fields.
    """

    def __init__(self, state_dir: str, clock: Clock, note: Note = silent) -> None:
        self._path, self._clock, self._note = f"{state_dir}/boots.json", clock, note
        self._renew_at = 0.0
        self._boots = self._load()
        wall, mono = clock.wall(), clock.mono()
        if not (self._boots and _same(self._boots[-1], clock.boot(), mono)):
            fresh = Kept(id=clock.boot(), first=wall, last=wall, after=max(0, mono) / 1e6)
            self._boots = [*self._boots, fresh][-KEPT:]
        self._place(None)

    def boots(self) -> tuple[Boot, ...]:
        """The boots known, oldest first; the present one last, alive until now."""
        self._place(None)
        return tuple(Boot(boot.id, boot.first, boot.last, boot.after, boot.stopped) for boot in self._boots)

    def renew(self, now: float, ahead: float | None, *, stopped: bool = False) -> None:
        """Notes that the device is alive, at most every RENEW seconds of `now` unless the agent is `stopped`.

        `ahead` is what the true time, in epoch seconds, is ahead of the time since boot; None while nobody knows.
        A mark that the agent was stopped goes when it is renewed.
        """
        self._place(ahead)
        if now < self._renew_at and not stopped:
            return
        self._renew_at = now + RENEW
        self._boots[-1].stopped = stopped
        try:
            files.write_durably(self._path, msgspec.json.encode(_File(self._boots)) + b"\n")
        except files.FileError as why:
            self._note("boots_not_written", why=str(why))

    def wait(self, now: float) -> float:
        """Seconds until the next renewal."""
        return max(0.0, self._renew_at - now)

    def _place(self, ahead: float | None) -> None:
        """Moves the present boot to where it is now known to lie."""
        present, wall, mono = self._boots[-1], self._clock.wall(), self._clock.mono()
        if ahead is not None:
            base, present.sure = round(ahead * 1e6), True
        elif present.sure:
            base = present.first - round(present.after * 1e6)
        else:
            base = wall - mono
        present.first, present.last = base + round(present.after * 1e6), base + mono

    def _load(self) -> list[Kept]:
        try:
            text = files.read(self._path, _MOST)
            return [] if text is None else msgspec.json.decode(text, type=_File).boots[-KEPT:]
        except (files.FileError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
            self._note("boots_dropped", why=str(why))
            return []


def _same(boot: Kept, found: str, mono: int) -> bool:
    """Whether `boot` is the boot with the id `found`, `mono` µs old: where the id is derived from when it began, it
    wavers, and a boot that is younger than `boot` was is another."""
    if boot.id == found:
        return True
    one, other = _began(boot.id), _began(found)
    if one is None or other is None or abs(one - other) > _GRAIN:
        return False
    return mono >= boot.last - boot.first + round(boot.after * 1e6)


def _began(boot: str) -> int | None:
    text = boot.removeprefix(_DERIVED)
    return int(text) if text != boot and text.isascii() and text.isdigit() and len(text) < 20 else None
