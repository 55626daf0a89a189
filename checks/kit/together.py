"""Blocking work side by side in a child, within the address space that a child may have."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence

_STACK = 512 * 1024
_ARENA_MAX = -8  # M_ARENA_MAX of <malloc.h>


def together(works: Sequence[Callable[[], None]], until: float) -> None:
    """Runs `works` in threads of their own and returns when all are done or `until` (``perf_counter``) is over. What
    still runs then ends with the process."""
    _slender()
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.perf_counter()))


def _slender() -> None:
    """glibc reserves 64 MiB of address space for each thread that allocates, and 8 MiB for its stack: with six, a child
    would be out of its 256."""
    threading.stack_size(_STACK)
    if sys.platform == "linux":
        import ctypes

        setting = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has neither arenas nor this
        if setting:
            setting(_ARENA_MAX, 1)
