"""One run of one check on one device: what its generator is given, and how busy the hour is."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from msgspec import Struct

from checks.kit.model import Reading, Sample
from collector.simulate.model import Desk, Kind, Office, Trouble

ZONE = 7 * 3600
"""Seconds that Viet Nam is ahead of UTC, all year."""


class Run(Struct, frozen=True, kw_only=True):
    """``at`` is when (µs since the epoch). ``network`` is the one by which the target is reached, ``troubles`` are the
    device's own at that moment, ``cut`` the last power cut that is over."""

    desk: Desk
    office: Office
    check: str
    at: int
    target: str = ""
    network: str = "internet"
    troubles: tuple[Trouble, ...] = ()
    cut: Trouble | None = None

    @property
    def chance(self) -> random.Random:
        return self.desk.chance

    @property
    def seconds(self) -> float:
        return self.at / 1e6

    def has(self, *kinds: Kind) -> Trouble | None:
        """The first of the device's troubles of these kinds."""
        return next((trouble for trouble in self.troubles if trouble.kind in kinds), None)

    @property
    def is_cut_off(self) -> bool:
        """Whether nothing behind the line of the target's network is reached."""
        ways = (Kind.PROVIDER_OUTAGE, Kind.LINE_CUT)
        return any(one.kind in ways and one.fault.network == self.network for one in self.troubles)

    @property
    def of_target(self) -> Trouble | None:
        """What is wrong with the system that is asked."""
        return next((one for one in self.troubles if one.fault.target and one.fault.target == self.target), None)

    @property
    def load(self) -> float:
        """How busy the unit's line is now, 0 to 1: mornings most, then afternoons, little else."""
        if self.has(Kind.SLOW_LINE):
            return min(0.99, 0.95 + self.chance.gauss(0, 0.02))
        local = self.seconds + ZONE
        hour, weekday = local % 86_400 / 3600, int(local // 86_400 + 3) % 7
        bumps = math.exp(-(((hour - 9.5) / 1.6) ** 2)) + 0.8 * math.exp(-(((hour - 15) / 1.5) ** 2))
        work = bumps * (1.0, 1.0, 1.0, 1.0, 1.0, 0.6, 0.05)[weekday]
        return min(0.98, max(0.005, (0.03 + 0.8 * self.office.busy * work) * self.chance.lognormvariate(0, 0.3)))

    def around(self, middle: float, spread: float = 0.25) -> float:
        """A positive value, log-normal around `middle`."""
        return middle * self.chance.lognormvariate(0.0, spread)

    def rtt(self) -> float:
        """Seconds to the system and back: the unit's line, the system's distance, and what waits before them."""
        far = 1.0 + sum(self.target.encode()) % 7 / 3
        queue = 8.0 if self.has(Kind.SLOW_LINE) else 1.0 + 2 * self.load**4
        return self.around(self.office.rtt * far * queue)


Generator = Callable[[Run], Reading]


def of(name: str, value: float, **labels: str) -> Sample:
    return Sample(name, float(value), labels)
