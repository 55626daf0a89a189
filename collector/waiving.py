"""The office's calls for waivers and approvals, and what each of them must say for itself."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Container
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.readiness.model import Waiver
from collector.readiness.profile import Profile
from collector.readiness.profile_file import nearest
from collector.store import waivers
from collector.store.devices import Refused
from collector.store.engine import Store
from collector.waivers import Waivers as Waivers
from collector.waivers import told

DAY = 86_400_000_000
LONGEST = 92 * DAY
"""µs: a quarter. What is excused for longer is no exception and belongs in the profile, where everybody sees it."""
SHORTEST_REASON = 10
"""Characters: "x" or "ok" explains nothing to who reads it a month later."""
KINDS: dict[str, Literal["waiver", "approval"]] = {"waiver": "waiver", "approval": "approval"}
EXPECTED = 'expected a day such as "2026-12-31" or a time such as "2026-12-31T17:00"'
log = logging.getLogger("sansang.waivers")


class Request(Struct, frozen=True, kw_only=True):
    """What a person asks for; ``until`` is a day, which is meant whole, or a time, of the locality."""

    unit: str
    requirement: str
    reason: str
    author: str
    until: str
    kind: str = "waiver"


def wanted(request: Request, units: Container[str], profile: Profile, zone: ZoneInfo, now: int) -> Waiver:
    """The waiver that `request` means, without an id yet. Raises Refused: ``unknown_unit``, ``unknown_requirement``,
    ``bad_kind``, ``bad_reason``, ``bad_author``, ``bad_expiry``."""
    if request.unit not in units:
        raise Refused("unknown_unit", f"no unit has the code {request.unit!r} in this locality")
    known = {line.id for line in profile.requirements}
    if request.requirement not in known:
        hint = nearest(request.requirement, known)
        raise Refused(
            "unknown_requirement", f"no requirement of {profile.name} is called {request.requirement!r}; {hint}"
        )
    kind = KINDS.get(request.kind)
    if kind is None:
        raise Refused("bad_kind", f"expected waiver or approval, got {request.kind!r}")
    return Waiver(
        id="",
        unit=request.unit,
        requirement=request.requirement,
        kind=kind,
        reason=_plain("reason", request.reason, SHORTEST_REASON, 500),
        author=_plain("author", request.author, 2, 80),
        created_at=now,
        expires_at=_expiry(request.until, zone, now),
    )


def _plain(name: str, text: str, least: int, most: int) -> str:
    """`text` on one line. What cannot be printed has no place in a page, a log or the database."""
    found = " ".join(text.split())
    if not found.isprintable():
        raise Refused(f"bad_{name}", f"expected a {name} of letters and signs: it holds a control character")
    if not least <= len(found) <= most:
        raise Refused(f"bad_{name}", f"expected {_AN[name]} of {least} to {most} characters, got {len(found)}")
    return found


_AN = {"reason": "a reason", "author": "an author"}


def _expiry(text: str, zone: ZoneInfo, now: int) -> int:
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        else:
            moment = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), zone)
        at = int(moment.timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        raise Refused("bad_expiry", f"{EXPECTED}, got {text!r}") from None
    if at <= now:
        raise Refused("bad_expiry", f"expected an expiry to come, {text} is past")
    if at - now > LONGEST:
        last = datetime.fromtimestamp((now + LONGEST) / 1e6, UTC).astimezone(zone).date() - timedelta(days=1)
        raise Refused(
            "bad_expiry",
            f"expected an expiry within {LONGEST // DAY} days, at most {last}, got {text}: "
            "what is excused for longer belongs in the profile",
        )
    return at


class Waiving:
    """The office's calls. Arguments and answers are plain JSON; every call raises Refused. `after` runs once something
    was changed: the units are judged anew."""

    def __init__(
        self,
        store: Store,
        units: Container[str],
        profile: Callable[[], Profile],
        zone: ZoneInfo,
        now: Callable[[], int],
        after: Callable[[], Awaitable[None]],
    ) -> None:
        self._store, self._units, self._profile, self._zone = store, units, profile, zone
        self._now, self._after = now, after
        self.calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "waivers.grant": self.grant,
            "waivers.revoke": self.revoke,
            "waivers.list": self.list_waivers,
        }

    async def grant(
        self, unit: str, requirement: str, reason: str, author: str, until: str, kind: str = "waiver"
    ) -> Waiver:
        """The waiver or approval as stored. Arguments are those of :class:`Request`."""
        request = Request(unit=unit, requirement=requirement, reason=reason, author=author, until=until, kind=kind)
        asked = wanted(request, self._units, self._profile(), self._zone, self._now())
        done = await self._store.write(lambda connection: waivers.grant(connection, asked))
        log.info("%s granted", done.kind, extra=told(done))
        await self._after()
        return done

    async def revoke(self, waiver: str, author: str) -> Waiver:
        """Ends one before its time."""
        who, now = _plain("author", author, 2, 80), self._now()
        done = await self._store.write(lambda connection: waivers.revoke(connection, waiver, author=who, now=now))
        if done is None:
            raise Refused("unknown_waiver", f"no waiver or approval with the id {waiver!r} is in force")
        log.info("%s revoked", done.kind, extra=told(done) | {"author": who})
        await self._after()
        return done

    async def list_waivers(self, unit: str | None = None, everything: bool = False) -> list[Waiver]:
        """Those that hold, with `everything` all there ever were; of one unit or of all."""
        if unit is not None and unit not in self._units:
            raise Refused("unknown_unit", f"no unit has the code {unit!r} in this locality")
        now = self._now()
        found = await self._store.read(
            lambda connection: waivers.since(connection, 0) if unit is None else waivers.of_unit(connection, unit)
        )
        return [one for one in found if everything or one.holds(now)]
