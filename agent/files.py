"""Files of the state directory. Plain ``os`` calls: importing pathlib costs the resident process 2 MB."""

# ruff: noqa: PTH103, PTH105, PTH120, PTH123
from __future__ import annotations

import os


class FileError(Exception):
    """A file that cannot be used. ``str()`` is the one line to show."""


def why(error: OSError) -> str:
    """The operating system's words for `error`, in lower case and without the path."""
    return (error.strerror or str(error)).lower()


def make_directory(path: str) -> None:
    """Creates `path`, readable by its owner alone. Raises FileError."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        raise FileError(f"{path}: cannot be created: {why(error)}") from None


def read(path: str, at_most: int = 1 << 20) -> bytes | None:
    """The first `at_most` bytes of a file, None when there is none. Raises FileError."""
    try:
        with open(path, "rb") as file:
            return file.read(at_most)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {why(error)}") from None


def write_durably(path: str, data: bytes, mode: int = 0o600) -> None:
    """Replaces `path` by `data` so that a power cut leaves the old file or the new one. Raises FileError."""
    write(path, data, mode, durable=True)


def write(path: str, data: bytes, mode: int = 0o600, *, durable: bool = False) -> None:
    """Replaces `path` in one step; a reader never sees half of it. Raises FileError."""
    beside = f"{path}.new"
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), mode)
        try:
            _write_all(handle, data)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(beside, path)
        if durable:
            sync_directory(os.path.dirname(path) or ".")
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {why(error)}") from None


def sync_directory(path: str) -> None:
    """Makes a rename in `path` last. Windows has no such call and needs none."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def set_aside(path: str, mark: str) -> str | None:
    """Renames `path` to ``<path>.<mark>`` and returns that name; None when there is no such file."""
    aside = f"{path}.{mark}"
    try:
        os.replace(path, aside)
        sync_directory(os.path.dirname(path) or ".")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path}: cannot be renamed: {why(error)}") from None
    return aside


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
