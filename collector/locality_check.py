"""What is refused anywhere in a locality's file, with its place. Every function raises ConfigError."""

from __future__ import annotations

from checks.kit import strict
from checks.kit.strict import Where
from collector import address
from collector.locality_file import HoursFile, LocalityFile
from collector.plan import COLLECTOR
from collector.readiness import duration
from collector.readiness.hours import DAYS, Span, minutes
from collector.readiness.profile_file import nearest

Document = strict.Document[LocalityFile]


def once(document: Document, where: Where, key: str, names: list[str]) -> None:
    """Refuses names that stand twice in the list at `where`; with `key`, they are that key of its entries."""
    for index, name in enumerate(names):
        if name in names[:index]:
            place = (*where, index, key) if key else (*where, index)
            expected = f"{name!r} stands twice, first as {strict.dotted((*where, names.index(name)))}"
            raise document.error(place, expected)


def known_target(document: Document, where: Where, name: str) -> None:
    """Refuses what is no target's id."""
    known = [target.id for target in document.value.targets]
    if name not in known:
        raise document.error(where, f"no target is called {name!r}; {nearest(name, known)}")


def known_check(document: Document, where: Where, check: str) -> None:
    """Refuses a check that no job runs."""
    known = {job.check for job in document.value.jobs}
    if check not in known:
        raise document.error(where, f"no job runs {check!r}; {nearest(check, known)}")


def measurable(document: Document, where: Where, url: str | None) -> None:
    """Refuses an address that agents may not measure."""
    if url is not None:
        wrong = address.fault(url.replace(COLLECTOR, "http://collector", 1) if url.startswith(COLLECTOR) else url)
        if wrong:
            raise document.error(where, wrong)


def measurable_all(document: Document, where: Where, params: dict[str, object]) -> None:
    """Refuses parameters that hold such an address."""
    for place, wrong in address.faults(params):
        raise document.error((*where, *place), wrong)


def seconds(document: Document, where: Where, text: str | int, least: float, most: float) -> float:
    """A length of time, in seconds from `least` to `most`."""
    length = duration.parse(text)
    if length is None:
        raise document.error(where, f"{duration.EXPECTED}, got {text!r}")
    if not least <= length / duration.SECOND <= most:
        raise document.error(where, f"expected from {least:g} to {most:g} seconds, got {text!r}")
    return length / duration.SECOND


def span(document: Document, where: Where, rule: HoursFile) -> Span:
    """A part of the week."""
    times = []
    for key, text in (("from", rule.begin), ("to", rule.end)):
        time = minutes(text)
        if time is None:
            raise document.error((*where, key), f'expected a time such as "07:30", got {text!r}')
        times.append(time)
    if times[0] >= times[1]:
        raise document.error((*where, "to"), "expected a later time than from")
    return Span(frozenset(DAYS.index(day) for day in rule.days), times[0], times[1])
