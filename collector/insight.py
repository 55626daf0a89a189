"""What follows from the verdicts, worked out when a reader asks: the way to ready, and why nothing is heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from collector.attribution.around import Around, around
from collector.attribution.observe import silent_since
from collector.attribution.silent import Silent, why_device_silent, why_silent
from collector.attribution.topology import provider
from collector.attribution.tracker import is_present
from collector.expects import missing, sentence
from collector.facts import Facts
from collector.live import Live
from collector.plan import Locality
from collector.readiness.fixes import Path
from collector.readiness.model import DeviceFacts, Silence, Target, UnitVerdict
from collector.rules import Rules


class Insight:
    """Reads what the sweep has made, on the loop's thread; answers of one generation are kept."""

    def __init__(self, live: Live, facts: Facts, rules: Rules, locality: Locality, now: Callable[[], int]) -> None:
        self._listening_since = now()
        self._live, self._facts, self._rules, self._locality, self._now = live, facts, rules, locality, now
        self._generation = -1
        self._silent: dict[str, int | None] = {}

    def path(self, unit: str) -> Path | None:
        """The shortest path of `unit` to ready; None while nothing at all is known of it."""
        verdict = self._live.verdicts.get(unit)
        if verdict is None or not verdict.requirements or _is_mute(verdict):
            return None
        findings = [one for one in self._live.findings if unit in one.units and is_present(one)]
        return self._rules.paths.of(self._rules.profile, self._facts.present(unit, verdict.at), verdict, findings)

    def targets_of(self, unit: str) -> list[Target]:
        """The systems that this unit is asked to reach."""
        return self._rules.targets(unit)

    def silence_of(self, unit: str, device: str = "") -> Silent | None:
        """Why `unit`, or one of its devices, is not heard; None while it is."""
        if unit not in self._live.units:
            return None
        now, freshness = self._now(), self._rules.profile.freshness
        facts = self._facts.present(unit, now)
        if not device:
            return why_silent(facts, freshness, now, self._around(unit, now))
        found = next((one for one in facts.devices if one.id == device), None)
        return why_device_silent(found, facts, freshness, now, self._around(unit, now)) if found else None

    def successors(self, code: str) -> list[str]:
        """Today's units of a former one's code."""
        return [one.code for one in self._locality.former.resolve(code) if one.code in self._live.units]

    def missing(self, lang: str) -> str:
        """What the locality is known to have and nobody has listed yet, in one sentence."""
        stations = self._live.stations.roster
        return sentence(missing(self._locality.expects, self._live.units.values(), stations), lang)

    def _around(self, unit: str, now: int) -> Around:
        if self._generation != self._live.generation:
            self._generation = self._live.generation
            self._silent = self._silences(now)
        told = {code: self._live.told(code) for code in self._silent}
        shared = self._locality.networks.get("internet", "")
        providers = {code: provider(one.provider if one else shared) for code, one in told.items()}
        return around(
            unit,
            self._live.units,
            self._silent,
            providers,
            filter(is_present, self._live.findings),
            self._listening_since,
        )

    def _silences(self, now: int) -> dict[str, int | None]:
        """Since when each unit that was ever heard of is silent, None while it reports."""
        calendar, freshness = self._facts.calendar(now), self._rules.profile.freshness
        found: dict[str, int | None] = {}
        for unit in self._live.populated & self._live.units.keys():
            heard: Iterable[DeviceFacts] = (one for one in self._live.devices_of(unit) if one.last_seen is not None)
            since = [silent_since(one, freshness, calendar, now) for one in heard]
            if since:
                known = [at for at in since if at is not None]
                found[unit] = max(known) if len(known) == len(since) else None
        return found


def _is_mute(verdict: UnitVerdict) -> bool:
    return verdict.silence in (Silence.NEVER_ENROLLED, Silence.LOST_CONTACT, Silence.NO_DATA)
