"""The office's calls for speed, and what the pages show of it: accounts, requests for a test, tokens, verification."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection

from checks.kit.leasing import Answer, Denial, Denied, Want
from checks.kit.ndt7 import DOWNLOAD, UPLOAD
from collector.attribution.topology import provider
from collector.evidence import account as accounts
from collector.evidence import dispute
from collector.evidence.account import Account, Shown
from collector.evidence.dispute import Verified
from collector.evidence.model import CHECKS, DAY, MINUTE
from collector.evidence.summary import Quantity, Seen, quantities
from collector.evidence.watching import Watch, watch
from collector.leases import calendar, policy
from collector.leases.model import Line, Policy
from collector.leases.place import Place
from collector.leases.policy import Case
from collector.readiness.model import DeviceFacts, UnitVerdict
from collector.readiness.profile import Requirement
from collector.roster.model import UnitRoster
from collector.store import leases, measurements
from collector.store.devices import ACTIVE, Refused
from collector.store.engine import Store
from collector.store.leases import Request

PATIENCE = 30 * MINUTE
"""µs for which a request waits for a device: three missed pushes of the slowest job, and a PC that is being started."""
MONTH = 30 * DAY
SECONDS, BYTES = 30.0, 500_000_000
"""What a test asks for, to tell beforehand what it would be told: both directions of ten seconds, and their setting-up;
200 Mbit/s both ways for ten seconds."""
GIVEN_SECONDS, GIVEN_MEGABYTES = 60.0, 250.0
SHOWN_PROVIDERS = 100
log = logging.getLogger("sansang.speed")


class Board(Protocol):
    """Implemented by :class:`collector.live.Live`."""

    @property
    def units(self) -> Mapping[str, Any]: ...
    @property
    def verdicts(self) -> Mapping[str, UnitVerdict]: ...
    def devices_of(self, unit: str) -> list[DeviceFacts]: ...
    def told(self, unit: str) -> UnitRoster | None: ...


class Giver(Protocol):
    """Implemented by :class:`collector.leases.book.Book`."""

    async def start(self) -> None: ...
    async def give(self, unit: str, check: str, *, seconds: float, bytes_: int, rate: float, author: str) -> Answer: ...


class Given(Struct, frozen=True):
    """A token that an engineer gave away, as addresses for a public client, or why there is none."""

    answer: Answer
    urls: dict[str, str] = {}


class Provider(Struct, frozen=True):
    """What was measured in 30 days on the lines of one provider, in so many ``units``."""

    name: str
    units: int
    quantities: dict[str, Quantity]


class City(Struct, frozen=True):
    """The accounts of the units asked for, and of their providers. ``truncated``: there was more than is read."""

    units: list[Account]
    providers: list[Provider]
    truncated: bool = False


class Speeds:
    """Arguments and answers of ``calls`` are plain JSON; each raises Refused. `lines` tells what is known of a unit's
    line at an instant, `profile` the requirements in force."""

    def __init__(
        self,
        store: Store,
        board: Board,
        giver: Giver,
        lines: Callable[[str, int], Line],
        rules: Policy,
        place: Place,
        profile: Callable[[], Iterable[Requirement]],
        zone: ZoneInfo,
        now: Callable[[], int],
    ) -> None:
        self._store, self._board, self._giver, self._lines = store, board, giver, lines
        self._rules, self._place, self._profile = rules, place, profile
        self.zone, self._now = zone, now
        self.calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "speed.list": self.list_units,
            "speed.show": self.account,
            "speed.start": self.start,
            "speed.watch": self.watch,
            "speed.verify": self.verify,
            "speed.grant": self.grant,
        }

    # --- what was measured ---
    async def account(self, unit: str) -> Account:
        """All that is known of the unit's line."""
        self._known(unit)
        since = self._now() - MONTH
        found = await self._store.read(
            lambda connection: [accounts.shown(one) for one in measurements.of_unit(connection, unit, since)]
        )
        return self._account(unit, found)

    async def list_units(self, unit: str | None = None) -> City:
        """Of every unit that has a device or a measurement, or of one."""
        if unit is not None:
            self._known(unit)
        codes = set(self._board.units) if unit is None else {unit}
        since = self._now() - MONTH
        rows = await self._store.read(
            lambda connection: [
                accounts.shown(one)
                for one in measurements.since(connection, since, units=None if unit is None else codes)
            ]
        )
        by_unit: dict[str, list[Shown]] = {}
        for row in rows:
            if row.unit in codes:
                by_unit.setdefault(row.unit, []).append(row)
        wanted = [code for code in sorted(codes) if code in by_unit or self._board.devices_of(code)]
        found = [self._account(code, by_unit.get(code, [])) for code in wanted]
        return City(found, self._providers(by_unit), len(rows) >= measurements.MOST)

    def _account(self, unit: str, found: list[Shown]) -> Account:
        now, told = self._now(), self._board.told(unit)
        line = self._lines(unit, now)
        passive = accounts.passive(self._board.verdicts.get(unit), self._profile(), line.traffic)
        contract = accounts.contracted(told)
        return accounts.account(unit, line.provider, found, contract, passive, now, self.zone)

    def _providers(self, by_unit: Mapping[str, list[Shown]]) -> list[Provider]:
        """By whose line each measurement was taken on; the most measured first."""
        seen: dict[str, list[Seen]] = {}
        units: dict[str, set[str]] = {}
        for unit, rows in by_unit.items():
            for row in rows:
                name = provider(row.provider)
                if not row.valid and name:
                    seen.setdefault(name, []).append(Seen(row.at, row.figures))
                    units.setdefault(name, set()).add(unit)
        names = sorted(seen, key=lambda name: (-len(seen[name]), name))[:SHOWN_PROVIDERS]
        now = self._now()
        return [Provider(name, len(units[name]), quantities(seen[name], now, self.zone)) for name in names]

    # --- on demand ---
    async def start(self, unit: str, author: str, device: str = "", check: str = "bandwidth") -> Watch:
        """Asks for a test. A request that is open already is given again."""
        self._known(unit)
        if check not in CHECKS:
            raise Refused("unknown_check", f"expected one of {', '.join(CHECKS)}, got {check!r}")
        now = self._now()
        request = Request(
            id="", unit=unit, device=device, check=check, author=_author(author), created_at=now,
            expires_at=now + PATIENCE,
        )  # fmt: skip
        if device and device not in {one.id for one in self._board.devices_of(unit)}:
            raise Refused("unknown_device", f"no device of the unit {unit} has the id {device!r}")
        never = self._never(request)
        if never is not None:
            return Watch(request=request, stage="refused", denied=never)
        made = await self._store.write(lambda connection: measurements.ask(connection, request))
        log.info("test requested", extra={"unit": unit, "check": check, "request": made.id, "author": made.author})
        return await self.watch(made.id)

    async def watch(self, request: str) -> Watch:
        """How the request stands now."""
        found = await self._store.read(lambda connection: self._watch(connection, request))
        if found is None:
            raise Refused("unknown_request", f"no request for a test has the id {request!r}")
        return found

    def _watch(self, connection: Connection, key: str) -> Watch | None:
        request, now = leases.request(connection, key), self._now()
        if request is None:
            return None
        lease = leases.by_id(connection, request.lease) if request.lease else None
        rows = measurements.of_lease(connection, lease) if lease else []
        mine = [one for one in rows if lease and one.device == lease.device]
        result = accounts.shown(mine[0]) if mine else None
        waits = result is None and (lease is None or not lease.holds(now)) and now < request.expires_at
        denied = (self._never(request) or self._would(connection, request, now)) if waits else None
        return watch(request, lease, result, now, heard=self._heard(request), denied=denied)

    def _fit(self, request: Request) -> list[DeviceFacts]:
        """Who may answer."""
        here = self._board.devices_of(request.unit)
        return [one for one in here if one.status == ACTIVE and request.device in ("", one.id)]

    def _heard(self, request: Request) -> int | None:
        return max((one.last_seen for one in self._fit(request) if one.last_seen is not None), default=None)

    def _never(self, request: Request) -> Denied | None:
        """What no waiting helps against."""
        if not self._place.enabled:
            return Denied(reason=Denial.SPEED_OFF, retry_in=DAY / 1e6)
        return None if self._fit(request) else Denied(reason=Denial.DEVICE, retry_in=DAY / 1e6)

    def _would(self, connection: Connection, request: Request, now: int) -> Denied | None:
        """What a device that asked for it now would be told; None: it would get its lease."""
        rules = self._rules
        lengths = (rules.period, rules.period_with_counters)
        begins = [calendar.period(rules.calendar, length, now)[1] for length in lengths]
        since = min(*begins, calendar.days_since(rules.calendar, now)[1])
        case = Case(
            want=Want(check=request.check, seconds=SECONDS, bytes=BYTES, asked="engineer"),
            device=request.device,
            line=self._lines(request.unit, now),
            held=leases.held(connection, now),
            past=leases.of_unit(connection, request.unit, since),
            policy=rules,
            room=self._place.room,
            now=now,
        )
        found = policy.decide(case)
        return found if isinstance(found, Denied) else None

    async def grant(
        self, unit: str, author: str, seconds: float = GIVEN_SECONDS, megabytes: float = GIVEN_MEGABYTES,
        mbps: float = 0.0,
    ) -> Given:  # fmt: skip
        """A lease for whoever has its token: any public ndt7 client."""
        self._known(unit)
        if not 0 < seconds <= 120:
            raise Refused("bad_seconds", f"expected 1 to 120 seconds, got {seconds:g}")
        if not 1 <= megabytes <= 10_000:
            raise Refused("bad_megabytes", f"expected 1 to 10,000 MB, got {megabytes:g}")
        if not 0 <= mbps <= 1_000_000:
            raise Refused("bad_mbps", f"expected 0 (any) to 1,000,000 Mbit/s, got {mbps:g}")
        who = _author(author)
        await self._giver.start()
        answer = await self._giver.give(
            unit, "bandwidth", seconds=seconds, bytes_=int(megabytes * 1e6), rate=mbps * 1e6, author=who
        )
        if answer.grant is None:
            return Given(answer)
        base = "ws" + answer.grant.server.url.removeprefix("http").rstrip("/")
        token = answer.grant.token
        return Given(
            answer, {path.rpartition("/")[2]: f"{base}{path}?access_token={token}" for path in (DOWNLOAD, UPLOAD)}
        )

    # --- disputes ---
    async def verify(self, measurement: int) -> Verified:
        """The measurement with that number, judged anew from what is kept."""
        found = await self._store.read(lambda connection: dispute.verified(connection, measurement))
        if found is None:
            raise Refused("unknown_measurement", f"no measurement has the number {measurement}")
        return found

    def _known(self, unit: str) -> None:
        if unit not in self._board.units:
            raise Refused("unknown_unit", f"no unit has the code {unit!r} in this locality")


def _author(text: str) -> str:
    found = " ".join(text.split())
    if not found.isprintable() or not 2 <= len(found) <= 80:
        raise Refused("bad_author", f"expected an author of 2 to 80 letters and signs, got {len(found)}")
    return found
