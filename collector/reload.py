"""Takes a changed profile or price list into force while the collector runs, or says why it does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from checks.kit.strict import ConfigError
from collector.log import one_line
from collector.readiness.text import ZONE, instant
from collector.store.engine import StoreError

T = TypeVar("T")
Stat = tuple[int, int, int] | None
RETRY = 3600 * 1_000_000
"""µs after which refused files are read again, though they stand still: a profile's first day may have come."""
LATER = 2**63
log = logging.getLogger("sansang.reload")


class Trouble(Struct, frozen=True, kw_only=True):
    """Why the files are not in force: the error's line, and since when (µs)."""

    why: str
    since: int

    def said(self, profile: str, now: int, lang: str, zone: ZoneInfo = ZONE) -> str:
        """For the banner of a page; `profile` is the one that stays in force."""
        return _SAID[lang == "en"].format(at=instant(self.since, now, lang, zone), why=self.why, profile=profile)


_SAID = (
    "Cấu hình mới (bộ tiêu chí, bảng giá) bị từ chối từ {at}, {profile} vẫn được dùng: {why}",
    "The new configuration (profile, prices) is refused since {at}, {profile} stays in force: {why}",
)


class Reload(Generic[T]):
    """Watches the files that what is in force was read from.

    `read` reads it anew, on a thread, with the files that it came from; `accept` may refuse it still, as a profile that
    changed without raising its version. Where either raises, what was in force stays, and :attr:`trouble` says why
    until the files are good again.
    """

    def __init__(
        self,
        files: Iterable[Path],
        read: Callable[[], tuple[T, Iterable[Path]]],
        accept: Callable[[T], Awaitable[object]],
        now: Callable[[], int],
    ) -> None:
        self._read, self._accept, self._now = read, accept, now
        self.trouble: Trouble | None = None
        self._files = tuple(files)
        self._done = self._last = _stats(self._files)
        self._again_at = LATER

    async def look(self) -> T | None:
        """What the files say, once they have changed and have stood still since the look before: a file that is being
        written is left alone. None while there is nothing new, or nothing good. Cheap: a stat for each file."""
        found = _stats(self._files)
        settled, self._last = found == self._last, found
        if not settled or (found == self._done and self._now() < self._again_at):
            return None
        self._again_at = LATER
        try:
            value, files = await asyncio.to_thread(self._read)
            self._files = tuple(files)
            if _stats(found) != found:
                return None
            await self._accept(value)
        except SQLAlchemyError:
            raise  # says nothing of the files: they are read again at the next look
        except Exception as why:
            self._refuse(why, found)
            return None
        self.trouble = None
        self._watch(found)
        log.info("profile reloaded")
        return value

    def _refuse(self, why: Exception, found: dict[Path, Stat]) -> None:
        """Remembers it, whatever it is. The error may lie in a file that is new: that one is watched too."""
        foreseen = isinstance(why, ConfigError | StoreError)
        text = str(why) if foreseen else f"{type(why).__name__}: {one_line(why)}"
        self.trouble = Trouble(why=text, since=self.trouble.since if self.trouble else self._now())
        if isinstance(why, ConfigError) and Path(why.file) not in self._files:
            self._files = (*self._files, Path(why.file))
        self._again_at = self._now() + RETRY
        self._watch(found)
        log.warning("profile refused", extra={"why": text})

    def _watch(self, found: dict[Path, Stat]) -> None:
        """From `found` on: a file that has changed since is seen at the next look."""
        self._done = self._last = {file: found.get(file, _stat(file)) for file in self._files}


def _stats(files: Iterable[Path]) -> dict[Path, Stat]:
    return {file: _stat(file) for file in files}


def _stat(file: Path) -> Stat:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
