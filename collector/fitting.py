"""Whether a locality fits the checks, the country's units and its profile. Every error names its place in the file."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping

import msgspec

from checks.kit.model import Check, decode_params
from checks.kit.strict import Where
from collector import units as nation
from collector.assignment import AIMS, Assignment, Task
from collector.locality import Document
from collector.measured import check_measured as check_measured
from collector.plan import Locality
from collector.readiness.model import Unit
from collector.readiness.profile_file import nearest


def units_of(
    locality: Locality, document: Document, country: dict[str, Unit], on: datetime.date | None = None
) -> dict[str, Unit]:
    """The locality's units by code, as of the day `on` (today, in its time zone): wards, then other offices. Raises
    ConfigError for a province without units, and for a code that none of it has on any day."""
    day = on or datetime.datetime.now(locality.hours.zone).date()
    found = known_units(locality, document, country)
    present = {code: unit for code, unit in found.items() if nation.holds(unit, day)}
    if not present:
        expected = f"no unit of province {locality.province_code} is one on {day.isoformat()}"
        raise document.error(("province_code",), expected)
    return present


def known_units(locality: Locality, document: Document, country: dict[str, Unit]) -> dict[str, Unit]:
    """The same, whatever the day: those that are no more, too, whose history can still be read."""
    wards = nation.of_province(country, locality.province_code)
    if not wards:
        expected = f"no unit of the units file is in province {locality.province_code!r}"
        raise document.error(("province_code",), expected)
    offices = nation.offices(locality.offices, wards.values()) if locality.offices else {}
    found = wards | offices
    for where, code in _codes(document):
        if code not in found:
            raise document.error(where, f"no unit of province {locality.province_code} has the code {code!r}")
    locality.former.fit(country | offices)
    return {
        code: unit for code, unit in found.items() if not locality.units or code in locality.units or code in offices
    }


def _codes(document: Document) -> Iterator[tuple[Where, str]]:
    """Every unit code in the file, and where it stands."""
    file = document.value
    lists: list[tuple[Where, list[str]]] = [(("units",), file.units)]
    for index, target in enumerate(file.targets):
        lists += [(("targets", index, key), getattr(target, key)) for key in ("units", "except_units")]
    for index, job in enumerate(file.jobs):
        lists += [(("jobs", index, key), getattr(job, key)) for key in ("units", "except_units")]
    lists += [(("unit_settings", index, "units"), part.units) for index, part in enumerate(file.unit_settings)]
    lists += [(("maintenance", index, "units"), part.units) for index, part in enumerate(file.maintenance)]
    for where, codes in lists:
        yield from (((*where, place), code) for place, code in enumerate(codes))


def check_jobs(locality: Locality, document: Document, checks: Mapping[str, Check], assignment: Assignment) -> None:
    """Refuses a job of a check that is not there, or whose parameters it does not take, in any unit."""
    for index, plan in enumerate(locality.plans):
        check = checks.get(plan.check)
        if check is None:
            expected = f"no check is called {plan.check!r}; {nearest(plan.check, checks)}"
            raise document.error(("jobs", index, "check"), expected)
        if plan.targets != "none" and not set(AIMS) & set(check.params.__struct_fields__):
            raise document.error(("jobs", index, "targets"), f"{plan.check} is not aimed at a system: expected none")
    seen: set[bytes] = set()
    for unit in assignment.examples():
        for task in assignment.tasks(unit):
            key = msgspec.msgpack.encode((task.job.check, task.job.params))
            if key not in seen:
                seen.add(key)
                _decode(document, checks[task.job.check], task)


def _decode(document: Document, check: Check, task: Task) -> None:
    try:
        decode_params(check, task.job.params)
    except msgspec.ValidationError as why:
        message, _, path = str(why).partition(" - at `$.")
        unknown = re.fullmatch(r"Object contains unknown field `(.+)`", message)
        if unknown and not path:
            known = nearest(unknown[1], check.params.__struct_fields__)
            expected = f"{check.name} takes no such parameter; {known}"
            raise document.error((*_written(task, unknown[1]), unknown[1]), expected) from None
        step = path.rstrip("`").split("[")[0].split(".")[0]
        expected = message.replace("`", "")
        where = (*_written(task, step), step) if step else _written(task, step)
        raise document.error(where, f"{check.name}: {expected[0].lower()}{expected[1:]}") from None


def _written(task: Task, key: str) -> Where:
    """Where the parameter `key` stands in the file, or would, were it missing."""
    return next((where for where, params in task.layers if key in params), task.layers[-1][0])
