"""The office's calls about verdicts: how one came about, what it was, what would change it, whose fault it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from collector.attribution.model import Finding
from collector.attribution.words import Names, rows
from collector.facts import Facts
from collector.live import Live
from collector.readiness import past
from collector.readiness.explain import Explained, explain
from collector.readiness.explained import lines
from collector.readiness.fixes import Path
from collector.readiness.model import UnitFacts, UnitVerdict
from collector.readiness.past import Summary
from collector.readiness.profile import Profile
from collector.readiness.profile_file import nearest, restored
from collector.readiness.whatif import Row, would_change
from collector.rules import Rules
from collector.store import findings, history
from collector.store.devices import Refused
from collector.store.engine import Store

DAY = 86_400_000_000


class History(Struct, frozen=True):
    """What a unit's transitions tell from ``start`` to ``end`` (µs), by subject."""

    start: int
    end: int
    subjects: dict[str, Summary]


class Judgement:
    """Arguments and answers are plain JSON; calls raise Refused."""

    def __init__(self, store: Store, live: Live, facts: Facts, rules: Rules, now: Callable[[], int]) -> None:
        self._store, self._live, self._facts, self._rules, self._now = store, live, facts, rules, now
        self.calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "readiness": self.readiness,
            "readiness.at": self.at,
            "readiness.explain": self.explain,
            "readiness.history": self.history,
            "readiness.paths": self.paths,
            "profile.try": self.try_profile,
            "findings": self.findings,
            "findings.told": self.told,
        }

    async def readiness(self, unit: str | None = None) -> list[UnitVerdict]:
        """The verdict of one unit, or of all that have a device."""
        verdicts = self._live.verdicts
        codes = [unit] if unit else [code for code in verdicts if code in self._live.populated]
        return [verdicts[code] for code in codes]

    async def at(self, unit: str, at: str) -> UnitVerdict:
        """The unit's verdict at a time such as ``2026-11-20T08:00``, the locality's where no offset is said."""
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise Refused("bad_time", f'expected a time such as "2026-11-20T08:00", got {at!r}') from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=self._facts.zone)
        instant = round(moment.timestamp() * 1e6)
        if instant > self._now():
            raise Refused("bad_time", f"expected a time that is past, {at} is to come")
        found = await self._live.verdict_at(unit, instant)
        if found is None:
            raise Refused("no_verdict", f"the unit {unit} had no verdict yet at {at}")
        return found

    async def explain(self, unit: str, lang: str, requirement: str = "") -> list[str]:
        """The whole derivation of the unit's present verdict, or of one `requirement` of it, line by line."""
        profile, verdict = self._rules.profile, self._live.verdicts[unit]
        facts = self._facts.copy()
        facts.use(profile)  # windows of its own: those of the sweep are for one thread

        def work(connection: Connection) -> Explained:
            return explain(profile, facts.of(connection, unit, verdict.at), verdict.at, verdict)

        found = await self._store.read(work)
        named = replace(verdict, unit=f"{unit} {self._live.units[unit].name}")
        steps = tuple(step for step in found.steps if requirement in ("", step.line.id))
        if requirement and not steps:
            raise Refused("unknown_requirement", _no_step(requirement, profile, found))
        return lines(replace(found, verdict=named, steps=steps), lang, self._facts.zone)

    async def history(self, unit: str, days: int) -> History:
        """Time in state, first failed and last ready of each subject over the last `days`."""
        now = self._now()
        period = await self._store.read(lambda connection: history.of_period(connection, unit, now - days * DAY, now))
        return History(period.start, now, past.summary(period.changes, period.start, now))

    async def paths(self, unit: str | None = None) -> list[Path]:
        """The shortest paths to ready, of one unit or of all that are not ready and of which something is known."""
        codes = [unit] if unit else sorted(self._live.populated & self._live.units.keys())
        return [path for code in codes if (path := self._live.path(code)) is not None]

    async def try_profile(self, profile: str) -> list[Row]:
        """Which units `profile` (as :func:`collector.readiness.profile_file.stored` writes it) would judge otherwise
        than the one in force; nothing is stored."""
        other, now = restored(profile), self._now()
        codes = sorted(self._live.populated & self._live.units.keys())
        trial = self._facts.copy()
        trial.use(self._rules.profile, other)

        def work(connection: Connection) -> list[Row]:
            facts: list[UnitFacts] = [trial.of(connection, code, now) for code in codes]
            return would_change(facts, self._rules.profile, other, now)

        return await self._store.read(work)

    async def findings(self, unit: str | None = None, days: int = 0) -> list[Finding]:
        """Those that are not closed, and those that closed within the last `days`; in one unit or in all."""
        since = self._now() - days * DAY
        found = self._live.findings
        if days:
            found = await self._store.read(lambda connection: findings.since(connection, since))
        return [one for one in found if unit is None or unit in one.units]

    async def told(self, lang: str, unit: str | None = None, days: int = 0) -> list[dict[str, str]]:
        """The same in words, as :func:`collector.attribution.words.rows` tells them."""
        found = await self.findings(unit, days)
        concerned = {one for finding in found for one in (finding.subject, *finding.devices)}
        devices = {one: device.name for one in concerned if (device := self._live.device(one)) is not None}
        names = Names(
            units=self._live.units, targets={target.id: target for target in self._live.targets}, devices=devices
        )
        return rows(found, names, lang, self._now(), self._facts.zone)


def _no_step(requirement: str, profile: Profile, found: Explained) -> str:
    if requirement in found.left_out:
        return f"{requirement} is not asked of units of this kind"
    hint = nearest(requirement, {line.id for line in profile.requirements})
    return f"no requirement of {profile.name} is called {requirement!r}; {hint}"
