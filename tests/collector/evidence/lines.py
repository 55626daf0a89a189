"""A month of a line, and a desk that tells of it without a database."""

from __future__ import annotations

import random
from zoneinfo import ZoneInfo

from checks.kit.leasing import Denial, Denied
from collector.evidence import account as accounts
from collector.evidence.account import Account, Passive, Shown, Use
from collector.evidence.desk import City, Provider
from collector.evidence.figures import Figures
from collector.evidence.model import DAY
from collector.evidence.summary import quantities
from collector.evidence.watching import Watch
from collector.leases.model import SECOND, Traffic
from collector.readiness.model import Verdict
from collector.store.devices import Refused
from collector.store.leases import Request
from tests.collector.evidence.measuring import NOW
from tests.collector.pushing import XOM_CHIEU

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = 3600 * SECOND
MBIT = 1_000_000
SOURCE = {"vi": "[V] TT 06/2026", "en": "[V] TT 06/2026"}
PASSIVE = Passive(
    "ready",
    [
        Use("download", Verdict.READY, 41.2, "%", "≤ 75 %", 1998, SOURCE),
        Use("upload", Verdict.READY, 12.6, "%", "≤ 75 %", 1998, SOURCE),
    ],
    Traffic(NOW - 300 * SECOND, NOW, 23.4e6, 200e6),
)


def speed_test(number: int, at: int, down: float, up: float, valid: str = "", limited: str = "line") -> Shown:
    found = Figures(
        down=down * MBIT, up=up * MBIT, limited={"download": limited, "upload": limited}, disturbed="none", idle=0.009,
        loaded=0.12 if down < 150 else 0.06, rpm=480.0 if down < 150 else 900.0,
    )  # fmt: skip
    return Shown(number, XOM_CHIEU, "pc", "VNPT", "bandwidth", at, f"{number:016x}", valid, "ok", "", found)


def call(number: int, at: int) -> Shown:
    found = Figures(loss=0.004, jitter=0.0061, variation=0.018, mos=4.18)
    return Shown(number, XOM_CHIEU, "pc", "VNPT", "realtime", at, f"{number:016x}", "", "ok", "", found)


def month() -> list[Shown]:
    """A test at noon and one in the evening each day, slow at eight in the evening; a call each week; newest first."""
    pick, found = random.Random(7), list[Shown]()
    for day in range(30):
        for hours, speed in ((2.5, 196.0), (6.0, 190.0), (11.0 + day % 3, 118.0 + 12 * (day % 3))):
            at = NOW - day * DAY - DAY + int(hours * HOUR)
            found.append(speed_test(900 - 3 * day, at, speed + pick.uniform(-9, 9), 97.0 + pick.uniform(-6, 6)))
        if day % 7 == 0:
            found.append(call(100 + day, NOW - day * DAY - 2 * HOUR))
    found.append(speed_test(901, NOW - HOUR, 61.0, 40.0, limited="pc"))
    found.append(speed_test(902, NOW - 2 * HOUR, 930.0, 900.0, valid="counts_disagree"))
    return sorted(found, key=lambda one: -one.at)


def account(found: list[Shown] | None = None, passive: Passive = PASSIVE) -> Account:
    rates = {"download": 200e6, "upload": 100e6}
    return accounts.account(XOM_CHIEU, "VNPT", month() if found is None else found, rates, passive, NOW, ZONE)


REQUEST = Request(
    id="00000000000000aa", unit=XOM_CHIEU, check="bandwidth", author="Lê An", created_at=NOW - 20 * SECOND,
    expires_at=NOW + 1800 * SECOND,
)  # fmt: skip
WAITING = Watch(request=REQUEST, stage="waiting", heard=NOW - 40 * SECOND)
RUNNING = Watch(request=REQUEST, stage="running", share=0.45, rates={"download": 93.4e6}, used=38_000_000)
DONE = Watch(request=REQUEST, stage="done", result=speed_test(903, NOW, 93.4, 41.2), used=120_000_000)
REFUSED = Watch(request=REQUEST, stage="refused", denied=Denied(reason=Denial.DEVICE, retry_in=86_400.0))


class FakeDesk:
    """Implements :class:`collector.web.speed.Desk`: ``states`` are handed out one by one, the last one again."""

    def __init__(self) -> None:
        self.found = account()
        self.states = [WAITING]
        self.asked: list[tuple[str, str, str]] = []
        self.trouble: Exception | None = None

    async def account(self, unit: str) -> Account:
        if self.trouble:
            raise self.trouble
        if unit != XOM_CHIEU:
            raise Refused("unknown_unit", f"no unit has the code {unit!r} in this locality")
        return self.found

    async def list_units(self, unit: str | None = None) -> City:
        seen = accounts.seen(month())
        return City([self.found], [Provider("VNPT", 1, quantities(seen, NOW, ZONE))])

    async def start(self, unit: str, author: str, device: str = "", check: str = "bandwidth") -> Watch:
        if self.trouble:
            raise self.trouble
        self.asked.append((unit, author, check))
        return self.states[0]

    async def watch(self, request: str) -> Watch:
        if request != REQUEST.id:
            raise Refused("unknown_request", f"no request for a test has the id {request!r}")
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]
