"""What :mod:`benchmarks.tokens` runs in children: a token read by our binding, by PyKCS11, and nothing read at all."""

from __future__ import annotations

import importlib
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct


class Used(Struct):
    """What a child has used until it answers: CPU seconds since it was started, the highest resident set in bytes; the
    milliseconds of loading the binding and reading; how many certificates it found, and their bytes."""

    cpu: float
    memory: float
    reading: float
    certificates: int
    size: int


def nothing(_: str) -> Used:
    """An interpreter and msgspec, as every child has them."""
    return _used(list)


def ours(path: str) -> Used:
    def read() -> list[bytes]:
        from checks.kit import pkcs11

        return [der for token in pkcs11.read(path).tokens for der in token.certificates]

    return _used(read)


def peer(path: str) -> Used:
    """PyKCS11, from where PYKCS11 says, else from where it is installed."""
    if os.environ.get("PYKCS11"):
        sys.path.append(os.environ["PYKCS11"])

    def read() -> list[bytes]:
        binding: Any = importlib.import_module("PyKCS11")
        library = binding.PyKCS11Lib()
        library.load(path)
        library.getInfo()
        return [der for slot in library.getSlotList(tokenPresent=True) for der in _certificates(binding, library, slot)]

    return _used(read)


def _certificates(binding: Any, library: Any, slot: int) -> list[bytes]:
    library.getSlotInfo(slot)
    if not library.getTokenInfo(slot).flags & binding.CKF_TOKEN_INITIALIZED:
        return []
    session = library.openSession(slot)
    wanted = [(binding.CKA_CLASS, binding.CKO_CERTIFICATE), (binding.CKA_CERTIFICATE_TYPE, binding.CKC_X_509)]
    found = [session.getAttributeValue(one, [binding.CKA_VALUE])[0] for one in session.findObjects(wanted)]
    session.closeSession()
    return [bytes(value) for value in found]


def _used(read: Callable[[], list[bytes]]) -> Used:
    started = time.perf_counter()
    found = read()
    reading = (time.perf_counter() - started) * 1e3
    known = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    memory = int(known[1]) * 1024.0 if known else 0.0
    return Used(time.process_time(), memory, reading, len(found), sum(map(len, found)))
