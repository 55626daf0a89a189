"""Pauses after failures: full jitter, so that a city's agents do not come back in step."""

from __future__ import annotations

import os
from collections.abc import Callable

LONGEST_ASKED = 3600.0
"""Seconds; a Retry-After past it is cut, so that one wrong header cannot silence an agent."""


def random_share() -> float:
    """A random number in [0, 1). The ``random`` module would be loaded for this alone."""
    return int.from_bytes(os.urandom(7), "big") / 2**56


class Backoff:
    """``failures`` counts those since the last success."""

    def __init__(self, cap: float, base: float = 1.0, share: Callable[[], float] = random_share) -> None:
        self._cap, self._base, self._share = cap, base, share
        self.failures = 0

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self, retry_after: float | None = None) -> float:
        """Seconds to wait: random up to twice as much with each failure; never less than the server asked for."""
        longest = min(self._cap, self._base * 2.0 ** min(self.failures, 30))
        self.failures += 1
        pause = max(0.1, self._share() * longest)
        if retry_after is None or not retry_after > 0:
            return pause
        return min(retry_after, LONGEST_ASKED) + self._share() * min(self._cap, retry_after)
