"""Saves what can be read from a spool that SQLite cannot use any more."""

# ruff: noqa: PTH105, PTH108, PTH110, PTH118, PTH120, PTH123, PTH208
from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator

from agent import files, frame, ledger
from agent.frame import Frame, Meta


def begin(path: str) -> None:
    """Renames the damaged file to ``spool.rescue``, and its journal, which would break a new file if replayed into it.

    While that file is there the rescue is not complete: a start that finds it goes on with it. Raises files.FileError.
    """
    files.set_aside(f"{path}-journal", "old")
    try:
        os.replace(path, pending(path))
        files.sync_directory(os.path.dirname(path) or ".")
    except FileNotFoundError:
        return
    except OSError as error:
        raise files.FileError(f"{path}: cannot be renamed: {files.why(error)}") from None


def pending(path: str) -> str:
    """Where a damaged spool waits until it is searched."""
    return path.removesuffix(".db") + ".rescue"


def is_pending(path: str) -> bool:
    return os.path.exists(pending(path))


def end(path: str, stamp: str) -> str:
    """Keeps the searched file as ``spool.corrupt-<stamp>``, for whoever wants to look; older ones go."""
    directory, name = os.path.split(pending(path))
    stem = name.removesuffix(".rescue")
    for entry in os.listdir(directory or "."):
        if entry.startswith(f"{stem}.corrupt-"):
            os.unlink(os.path.join(directory, entry))
    kept = os.path.join(directory, f"{stem}.corrupt-{stamp}")
    os.replace(pending(path), kept)
    return kept


def salvage(connection: sqlite3.Connection, path: str, epoch: int) -> tuple[Meta, int, int]:
    """Copies the unacknowledged records of the broken file `path` into a new spool, in their order.

    They belong to `epoch`, or to a later one when the broken file's was not earlier. Numbers that should be there and
    are not become a gap ``spool_corrupt``. Returns the new spool's numbers, how many records were saved and how many
    were lost. Runs inside the caller's transaction.
    """
    old = _numbers(path)
    if old is None:
        return Meta(epoch, 1, 1), 0, 0
    epoch, shift = max(epoch, old.epoch + 1), old.durable - 1
    saved, highest = 0, old.next - 1
    for found in _records(path, old):
        highest = max(highest, found.seq)
        saved += _keep(connection, found, epoch, found.seq - shift)
    following = highest - shift + 1
    lost = ledger.fill_holes(connection, 1, following, "spool_corrupt")
    return Meta(epoch, following, 1), saved, lost


def _numbers(path: str) -> Meta | None:
    """The broken spool's numbers, guessed from its records when both copies are gone; None when nothing is left."""
    metas: list[Meta] = []
    epoch = lowest = 0
    with open(path, "rb") as file:
        for found in frame.scan(file):
            if found.kind == frame.META:
                metas.append(frame.meta(found))
            elif found.epoch > epoch:
                epoch, lowest = found.epoch, found.seq
            elif found.epoch == epoch:
                lowest = min(lowest, found.seq)
    if metas:
        return max(metas)
    return Meta(epoch, lowest, lowest) if epoch else None


def _records(path: str, old: Meta) -> Iterator[Frame]:
    with open(path, "rb") as file:
        for found in frame.scan(file):
            if found.kind == frame.RESULT and found.epoch == old.epoch and found.seq >= old.durable:
                yield found


def _keep(connection: sqlite3.Connection, found: Frame, epoch: int, seq: int) -> int:
    try:
        result = frame.result(found)
    except frame.FrameError:
        return 0
    data = frame.pack_result(epoch, seq, result)
    row = (seq, result.at, ledger.job_name(result.check, result.target), data)
    return connection.execute("INSERT OR IGNORE INTO record (seq, at, job, frame) VALUES (?, ?, ?, ?)", row).rowcount
