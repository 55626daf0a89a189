"""What each job's check keeps over restarts of the agent and of the PC.

One small JSON object per job, in ``STATE_DIR/lasting.json``. It is keyed by check and target and outlives changed
params: a check copes with what it finds. It goes when a configuration in force no longer names the job. Losing the
file costs trends, never results, so damage is logged and the agent goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import msgspec
from msgspec import Struct

from agent import files
from agent.log import silent

JOB_BYTES = 16 * 1024
"""The most that one job may keep."""
FILE_BYTES = 512 * 1024
"""The most that all jobs of a device may keep, as a file."""
SAVE_EVERY = 300.0
"""Seconds between two writes, unless the agent stops."""
Key = tuple[str, str]
Note = Callable[..., None]
_FRAME = 64
"""Bytes of the file around a job's names and what it keeps, at most."""


class _Entry(Struct):
    check: str
    target: str
    kept: dict[str, Any]


class _File(Struct):
    jobs: list[_Entry]


class Lasting:
    """What jobs left, as JSON. Without a `state_dir` it is in memory only. `note` logs an event with its fields.

    Used by one thread: a run gets an object of its own, and what it made of that comes back once its thread ended.
    """

    def __init__(self, state_dir: str = "", note: Note = silent) -> None:
        self._path, self._note = f"{state_dir}/lasting.json" if state_dir else "", note
        self._wanted: frozenset[Key] | None = None
        self._refused: set[Key] = set()
        self._changed, self._save_at = False, 0.0
        self.lost = 0
        self._kept = self._load()

    def of(self, key: Key) -> dict[str, Any]:
        """A copy of what the job `key` left; empty when it left nothing."""
        found: dict[str, Any] = msgspec.json.decode(self._kept.get(key, b"{}"))
        return found

    def put(self, key: Key, left: dict[str, Any]) -> None:
        """Takes what a run left. What is no JSON or too big is not kept: what there was stays, and the first refusal
        of a job is logged."""
        if self._wanted is not None and key not in self._wanted:
            return
        data, why = _encoded(left)
        if data is not None and self._size(key, data) > FILE_BYTES:
            data, why = None, f"all jobs together keep more than {FILE_BYTES} bytes"
        if data is None:
            self._refuse(key, why)
        elif data != self._kept.get(key, b"{}"):
            self._kept[key] = data
            self._changed = True

    def keep_only(self, keys: Collection[Key]) -> None:
        """Forgets what jobs left that are not among `keys`, now and when their last runs end."""
        self._wanted = frozenset(keys)
        gone = self._kept.keys() - self._wanted
        for key in gone:
            del self._kept[key]
        self._changed = self._changed or bool(gone)

    def save(self, now: float, *, at_once: bool = False) -> None:
        """Writes the file if something changed, at most every SAVE_EVERY seconds of `now` unless `at_once`: a power cut
        or a kill leaves the old file or the new one."""
        if not (self._changed and self._path) or (now < self._save_at and not at_once):
            return
        self._save_at = now + SAVE_EVERY
        try:
            files.write_durably(self._path, self._encode())
            self._changed = False
        except files.FileError as why:
            self._note("lasting_not_written", why=str(why))

    def _encode(self) -> bytes:
        jobs = [
            {"check": check, "target": target, "kept": msgspec.Raw(data)} for (check, target), data in self._sorted()
        ]
        return msgspec.json.encode({"jobs": jobs}) + b"\n"

    def _sorted(self) -> list[tuple[Key, bytes]]:
        return sorted((key, data) for key, data in self._kept.items() if data != b"{}")

    def _size(self, key: Key, data: bytes) -> int:
        others = sum(_weight(other, kept) for other, kept in self._kept.items() if other != key)
        return others + _weight(key, data)

    def _refuse(self, key: Key, why: str) -> None:
        self.lost += 1
        if key not in self._refused:
            self._refused.add(key)
            self._note("lasting_not_kept", check=key[0], target=key[1], why=why)

    def _load(self) -> dict[Key, bytes]:
        if not self._path:
            return {}
        try:
            text = files.read(self._path, FILE_BYTES + 1)
            if text is None:
                return {}
            if len(text) > FILE_BYTES:
                raise msgspec.DecodeError(f"more than {FILE_BYTES} bytes")
            found = msgspec.json.decode(text, type=_File)
        except (files.FileError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
            self._drop(str(why))
            return {}
        encoded = {(entry.check, entry.target): _encoded(entry.kept)[0] for entry in found.jobs}
        return {key: data for key, data in encoded.items() if data is not None}

    def _drop(self, why: str) -> None:
        self.lost += 1
        self._note("lasting_dropped", why=why)


def _encoded(left: Any) -> tuple[bytes | None, str]:
    """`left` as one JSON object, or None and why not."""
    try:
        data = msgspec.json.encode(left)
        msgspec.json.decode(data, type=dict[str, Any])
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as why:
        return None, f"it is no JSON object: {type(why).__name__}"
    return (data, "") if len(data) <= JOB_BYTES else (None, f"{len(data)} bytes are more than {JOB_BYTES}")


def _weight(key: Key, data: bytes) -> int:
    return len(msgspec.json.encode(key)) + len(data) + _FRAME
