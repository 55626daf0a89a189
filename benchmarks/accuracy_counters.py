"""Rates from a router's counters over a simulated day of 5-minute readings, each interval's true bytes known."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.table import Row
from checks.kit.counters import TICKS, Count, between

READINGS, SECONDS, SPEED = 288, 300, 12.5e6
REBOOT_AT = 150


def rows() -> Iterator[Row]:
    """Bytes that the day's rates are off, and intervals without a rate: only the one with the reboot may be."""
    for bits, reboot in ((64, False), (32, False), (64, True), (32, True)):
        wrong, without, wraps = day(bits, reboot=reboot)
        name = f"counters of {bits} bits, {wraps} wraps{', a reboot' if reboot else ''}"
        yield Row(name=f"{name}: off", unit="bytes", ours=wrong, goal=0.0, met=wrong == 0)
        missing = float(reboot)
        yield Row(name=f"{name}: no rate", unit="intervals", ours=without, goal=missing, met=without == missing)


def day(bits: int, *, reboot: bool) -> tuple[float, float, int]:
    """(bytes wrong, intervals without a rate, wraps of the received counter) over a day up to full speed. Counters
    begin just below their wrap, sysUpTime ten minutes below its own."""
    dice = random.Random(bits)
    full = 2**bits
    received, sent, uptime = full - 1_000, full - 500_000_000, TICKS - 60_000
    wrong, without, wraps = 0.0, 0.0, 0
    before = _count(bits, received, sent, uptime, 0)
    for number in range(1, READINGS + 1):
        true = [int(dice.random() * SPEED * SECONDS) for _ in range(2)]
        wraps += (received + true[0]) // full
        received, sent, uptime = (received + true[0]) % full, (sent + true[1]) % full, uptime + SECONDS * 100
        if reboot and number == REBOOT_AT:
            received, sent, uptime = true[0] // 3, true[1] // 3, 10_000
        after = _count(bits, received, sent, uptime % TICKS, number)
        span = between(before, after, SPEED)
        if span.status == "measured":
            wrong += abs(span.received - true[0]) + abs(span.transmitted - true[1]) + abs(span.seconds - SECONDS)
        else:
            without += 1
        before = after
    return wrong, without, wraps


def _count(bits: int, received: int, sent: int, uptime: int, number: int) -> Count:
    return Count(
        interface="wan 2",
        received=received,
        transmitted=sent,
        mono=number * SECONDS * 1_000_000,
        bits=bits,
        uptime=uptime % TICKS,
    )
