"""How much checks may use of the network in an hour. Pure: the time is an argument, in seconds of a monotonic clock."""

from __future__ import annotations

import collections

from checks.kit.model import Meter

HOUR = 3600.0
SLOT = 300.0


class Budget:
    """Watches what `meter` counts. A run may start while the last hour's use is below each limit (None: no limit), so
    an hour's use passes a limit by no more than the runs then under way."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._seen = (0, 0)
        self._slots: collections.deque[tuple[float, int, int]] = collections.deque()
        self.sockets: int | None = None
        self.bytes: int | None = None

    def wait(self, now: float) -> float:
        """Seconds until a run may start; 0.0 when one may now."""
        self._take(now)
        sockets = sum(slot[1] for slot in self._slots)
        used = sum(slot[2] for slot in self._slots)
        wait = 0.0
        for begin, of_sockets, of_bytes in self._slots:
            if not self._is_over(sockets, used):
                break
            sockets, used = sockets - of_sockets, used - of_bytes
            wait = begin + SLOT + HOUR - now
        return wait

    def _is_over(self, sockets: int, used: int) -> bool:
        return (self.sockets is not None and sockets >= self.sockets) or (self.bytes is not None and used >= self.bytes)

    def _take(self, now: float) -> None:
        """Books what was used since the last look, and forgets what is older than an hour."""
        meter = self._meter
        seen = (meter.sockets, meter.sent + meter.received)
        begin = now // SLOT * SLOT
        sockets, used = seen[0] - self._seen[0], seen[1] - self._seen[1]
        self._seen = seen
        if self._slots and self._slots[-1][0] == begin:
            _, of_sockets, of_bytes = self._slots.pop()
            sockets, used = sockets + of_sockets, used + of_bytes
        self._slots.append((begin, sockets, used))
        while self._slots[0][0] + SLOT + HOUR <= now:
            self._slots.popleft()
