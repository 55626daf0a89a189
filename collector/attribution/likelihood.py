"""Log-likelihood ratios of single ways, in nats."""

from __future__ import annotations

import math
from typing import NamedTuple

from collector.attribution.prior import SETTLED


class Sign(NamedTuple):
    """What of a failing way counts where one suspect is scored; thousands of ways have the same."""

    failed: float
    worked: float
    chance: float
    covered: float


def rise(chance: float, sure: float) -> float:
    """ln of how much more probable a failure becomes; 0 where it needs no further explanation."""
    return 0.0 if chance >= SETTLED else math.log((1 - (1 - chance) * (1 - sure)) / chance)


def ratio(sign: Sign, sure: float) -> float:
    """The log-likelihood ratio of a way whose part fails it with `sure`."""
    works = math.log(1 - sure)
    if not sign.covered:
        return (sign.failed + sign.worked) * works
    return sign.failed * rise(sign.chance, sure * sign.covered) + sign.worked * works


def mixed(share: float, value: float) -> float:
    """ln(1 - θ + θ·eˣ)."""
    return math.log(share) + value if value > 40 else math.log(1 - share + share * math.exp(value))


def posterior(share: float, value: float) -> float:
    """How probable it is that what scored `value` is affected."""
    odds = math.exp(min(value, 40.0)) * share / (1 - share)
    return odds / (1 + odds)
