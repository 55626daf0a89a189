"""Draws a city from a seed: the same seed gives the same offices, devices and keys, and more units only add to it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence

from collector.plan import Locality
from collector.simulate.model import Desk, Office

PROVIDERS = ("Nhà mạng A", "Nhà mạng B", "Nhà mạng C", "Nhà mạng D")
"""Made up, so that nobody's outage is invented; weights as a few that serve most and some that serve little."""
WEIGHTS = (5, 3, 2, 1)
CONTRACTS = (100.0, 200.0, 200.0, 200.0, 300.0)
"""Mbit/s; 200 is what VNPT reports between commune and province (domain.md §2)."""
DAY = 86_400
GB = 1_000_000_000
RELEASES = (("Windows 10 Pro", "22H2"), ("Windows 11 Pro", "24H2"), ("Windows 11 Pro", "25H2"))
PLACES = {"pc": "counter", "kiosk": "kiosk", "router": "router"}


def chosen(codes: Sequence[str], many: int, seed: int) -> list[str]:
    """`many` of `codes`: the first of one order that the seed gives."""
    shuffled = sorted(codes)
    random.Random(f"{seed} units").shuffle(shuffled)  # noqa: S311
    return shuffled[:many]


def office(code: str, seed: int) -> Office:
    chance = random.Random(f"{seed} {code}")  # noqa: S311
    down, staff = chance.choice(CONTRACTS), chance.randint(15, 45)
    return Office(
        code=code,
        provider=chance.choices(PROVIDERS, WEIGHTS)[0],
        down=down,
        up=down,
        rtt=0.012 * chance.lognormvariate(0.0, 0.4),
        busy=chance.betavariate(3, 4),
        staff=staff,
        signers=staff // 4,
    )


def roles(locality: Locality, many: int) -> list[str]:
    """The roles of a unit's `many` devices: a router and a kiosk where jobs of this locality are for such, and PCs."""
    asked = {role for plan in locality.plans for role in plan.roles}
    routers = any(plan.roles == ("router",) for plan in locality.plans)
    first = [role for role, there in (("router", routers), ("kiosk", "kiosk" in asked)) if there and many > 2]
    return [*first, *["pc"] * (many - len(first))]


def desks(code: str, kinds: Iterable[str], seed: int, now: int) -> list[Desk]:
    """The devices of a unit; `now` in seconds since the epoch."""
    return [_desk(code, number, role, seed, now) for number, role in enumerate(kinds)]


def _desk(code: str, number: int, role: str, seed: int, now: int) -> Desk:
    letter = {"router": "R", "kiosk": "K"}.get(role, "M")
    chance = random.Random(f"{seed} {code} {number}")  # noqa: S311
    signs = role == "pc" and chance.random() < 0.5
    age = chance.triangular(0.2, 11, 4) * 365.25 * DAY
    memory = chance.choice((4, 8, 8, 8, 16, 16)) * 1_073_741_824
    return Desk(
        unit=code,
        station=f"{letter}{number + 1:02}",
        role=role,
        number=number,
        place=PLACES[role],
        chance=chance,
        born=round(now - age) // DAY * DAY,
        booted=round(now - chance.uniform(0.2, 5) * DAY),
        memory=round(memory * 0.97),
        disk=chance.choice((128, 256, 256, 512)) * GB,
        ssd=chance.random() < 0.8,
        filled=chance.betavariate(4, 4) * 0.85,
        drift=chance.gauss(0, 3e-6),
        windows=" ".join(chance.choice(RELEASES)),
        laptop=role == "pc" and chance.random() < 0.15,
        ups=role == "pc" and number % 4 == 2,
        signs_until=round(now + chance.uniform(-0.02, 4) * 365 * DAY) if signs else None,
    )


def key_seed(seed: int, unit: str, station: str) -> bytes:
    """32 bytes for the device's Ed25519 key: its own for each seed, unit and station."""
    return hashlib.sha256(f"sansang.simulate.v1\0{seed}\0{unit}\0{station}".encode()).digest()
