"""What lies around a silent unit: who of its neighbours is silent too, since when, and by whose line. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from msgspec import Struct

from collector.attribution.model import Finding
from collector.readiness.model import Unit

NEAREST = 5
"""So many of the nearest units share a power cut. [A]"""


class Neighbour(Struct, frozen=True, kw_only=True):
    """Another unit that has devices: its provider (empty: not known), since when (µs) it is silent, None while it
    reports, and whether it is one of the nearest."""

    unit: str
    provider: str = ""
    silent_since: int | None = None
    is_near: bool = False


class Around(Struct, frozen=True, kw_only=True):
    """A unit's ``provider``, all other units of the city that were heard of, what is found now in the unit, and since
    when (µs) the collector listens."""

    provider: str = ""
    listening_since: int = 0
    neighbours: tuple[Neighbour, ...] = ()
    findings: tuple[Finding, ...] = ()


ALONE = Around()


def around(
    unit: str,
    units: Mapping[str, Unit],
    silent: Mapping[str, int | None],
    providers: Mapping[str, str],
    findings: Iterable[Finding] = (),
    listening_since: int = 0,
) -> Around:
    """Around `unit`: `silent` has every unit that was ever heard of, with since when (µs) it is silent or None;
    `providers` what :func:`collector.attribution.topology.provider` makes of the roster; `findings` those present."""
    here = units[unit]
    others = sorted(
        (other for other in silent if other != unit and other in units), key=lambda one: (_far(here, units[one]), one)
    )
    return Around(
        provider=providers.get(unit, ""),
        listening_since=listening_since,
        neighbours=tuple(
            Neighbour(unit=one, provider=providers.get(one, ""), silent_since=silent[one], is_near=place < NEAREST)
            for place, one in enumerate(others)
        ),
        findings=tuple(finding for finding in findings if unit in finding.units),
    )


def _far(here: Unit, there: Unit) -> float:
    """The square of the distance in degrees of latitude, on a plane: right enough within a province."""
    east = (there.lon - here.lon) * math.cos(math.radians(here.lat))
    return float((there.lat - here.lat) ** 2 + east**2)
