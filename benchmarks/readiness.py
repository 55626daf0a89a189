"""How fast the country is judged: every unit from scratch on one core, and one unit again after one device's change.

3,321 units of 50 devices, the shipped default profile with a city's systems, a week of half-hours as Windows hands them
over. The facts are made unit by unit, outside the time that counts; garbage is collected as it is in the collector.
From scratch is timed twice, both times with no verdict from before and half-hours that nobody has put in order. First
nothing is known: each device's results are read into a row (:mod:`collector.readiness.rows`), which counts. Then by
rows that are there, as the collector has them of every device that has said nothing new; other units are judged in
between, so that no cache holds the unit. One device's change has the making of its row in it.
There is no peer: no other program judges by such a profile.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
from collections import Counter, deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, its folder is on the path and the repository is not

from benchmarks.country import DEVICES, NOW, SECOND, Country, anew  # noqa: E402
from benchmarks.table import Row, arguments, report  # noqa: E402
from checks.kit import registry  # noqa: E402
from collector import config, units  # noqa: E402
from collector.catalog import Measures  # noqa: E402
from collector.readiness import profile_file  # noqa: E402
from collector.readiness.evaluate import evaluate, next_change  # noqa: E402
from collector.readiness.model import Target, UnitFacts, UnitVerdict  # noqa: E402
from collector.readiness.profile import Profile  # noqa: E402

WHOLE, ONE = 5.0, 2.0
"""Seconds for the country, milliseconds for a device: the issue's goals."""
SYSTEMS = 14
"""As HCMC declares: eight mandatory systems with an address, and optional ones."""
MANDATORY = 8
NEWEST = 2
BETWEEN = 16
"""Units that are judged before one is judged again: 80 MB of facts."""


def systems() -> list[Target]:
    return [
        Target(
            id=f"system-{number}",
            title={"vi": f"Hệ thống {number}", "en": f"System {number}"},
            mandatory=number < MANDATORY,
        )
        for number in range(SYSTEMS)
    ]


def shipped() -> tuple[Profile, Measures]:
    measures = Measures(registry.find())
    return profile_file.load(config.SHIPPED / "profiles" / "default.yaml", measures), measures


class Measured:
    """What was measured: seconds for each unit with nothing known, by rows that are there, and for each change of one
    device."""

    def __init__(self) -> None:
        self.cold: list[float] = []
        self.whole: list[float] = []
        self.one: list[float] = []
        self.verdicts: Counter[str] = Counter()


def measure(codes: list[str], profile: Profile, measures: Measures) -> Measured:
    country, found, chance = Country(profile, measures, systems()), Measured(), random.Random(1)
    waiting: deque[UnitFacts] = deque()
    for place, code in enumerate(codes):
        facts = country.unit(code)
        found.cold.append(_judged(profile, facts)[0])
        waiting.append(facts)
        while len(waiting) > (BETWEEN if place < len(codes) - 1 else 0):
            _again(profile, waiting.popleft(), country, chance, found)
    return found


def _again(profile: Profile, facts: UnitFacts, country: Country, chance: random.Random, found: Measured) -> None:
    """By rows, and after one device's change."""
    facts.buckets = anew(facts.buckets)
    took, verdict = _judged(profile, facts)
    found.whole.append(took)
    found.verdicts[verdict.verdict.value] += 1
    found.one.append(_change(profile, facts, verdict, country, chance))


def _judged(profile: Profile, facts: UnitFacts) -> tuple[float, UnitVerdict]:
    started = time.process_time()
    verdict = evaluate(profile, facts, NOW, None)
    return time.process_time() - started, verdict


def _change(profile: Profile, facts: UnitFacts, verdict: UnitVerdict, country: Country, chance: random.Random) -> float:
    """One device says everything anew, and its unit is judged again, with when time alone will change it. The two
    newest half-hours are read anew, as :class:`collector.windows.Windows` does."""
    place = chance.randrange(len(facts.devices))
    before = facts.devices[place]
    facts.devices[place] = country.device(before.id, before.unit, before.role)
    facts.buckets[-NEWEST:] = anew(facts.buckets[-NEWEST:])
    started = time.process_time()
    again = evaluate(profile, facts, NOW + SECOND, verdict)
    next_change(profile, facts, again)
    return time.process_time() - started


def rows(found: Measured, count: int) -> list[Row]:
    """The country's figures are scaled up where fewer units were judged."""
    whole, cold = (sum(several) * count / len(several) for several in (found.whole, found.cold))
    middle = 1000 * statistics.median(found.one)
    worst = 1000 * sorted(found.one)[int(0.99 * (len(found.one) - 1))]
    return [
        Row(
            name=f"{count:,} units, {count * DEVICES:,} devices, by rows made as results came",
            unit="s",
            ours=whole,
            goal=WHOLE,
            met=whole <= WHOLE,
        ),
        Row(name="the same, nothing known, rows made", unit="s", ours=cold, goal=WHOLE, met=cold <= WHOLE),
        Row(name="one unit by rows, median", unit="ms", ours=1000 * statistics.median(found.whole)),
        Row(name="one unit, nothing known, median", unit="ms", ours=1000 * statistics.median(found.cold)),
        Row(name="one device's change, median", unit="ms", ours=middle, goal=ONE, met=middle <= ONE),
        Row(name="one device's change, 99 of 100", unit="ms", ours=worst, goal=ONE, met=worst <= ONE),
    ]


def main() -> None:
    told = arguments(__doc__ or "")
    codes = sorted(units.load(config.SHIPPED / "units.csv"))
    profile, measures = shipped()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)  # as the collector does
    found = measure(codes[:100] if told.short else codes, profile, measures)
    title = f"Judging by {profile.name}, {len(profile.requirements)} requirements: {dict(found.verdicts)}"
    report(title, rows(found, len(codes)), as_json=told.json)


if __name__ == "__main__":
    main()
