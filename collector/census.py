"""How many series there are, of each family, and how many there can be at most by the configuration in force."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Container, Iterable
from itertools import chain
from typing import Any

from msgspec import Struct, field
from prometheus_client import generate_latest

from collector import cardinality
from collector.app import Parts
from collector.catalog import Catalog
from collector.locality_file import ROLES
from collector.roster.model import DEVICE_ROLES
from collector.scrape.formats import Format
from collector.scrape.groups import DASHBOARDS, Groups
from collector.scrape.watched import WATCHED
from collector.store.devices import ACTIVE


class Row(Struct, kw_only=True):
    """One family: the most that one unit and one device of each role can have, and the most of all; ``now`` is how many
    there are. None where that is not known: nothing runs, or the family's size is that of what goes wrong. ``group`` is
    the name by which ``collect[]`` has it among others, empty where it is no device's, and ``watched`` whether the
    shipped dashboards and alerts ask for it."""

    series: str
    labels: list[str]
    group: str = ""
    watched: bool = False
    per_unit: int | None = None
    per_device: dict[str, int] = field(default_factory=dict)
    most: int | None = None
    now: int | None = None

    @property
    def exceeds(self) -> bool:
        return self.now is not None and self.most is not None and self.now > self.most


class Share(Struct, kw_only=True):
    """What a page of devices has with ``collect[]=name``: the sums of its families."""

    name: str
    per_device: dict[str, int]
    most: int | None
    now: int | None


class Found(Struct, kw_only=True):
    """All families of a locality with so many ``units``, and the ``groups`` of those of devices; ``devices`` by role,
    None while no collector runs to ask."""

    units: int
    devices: dict[str, int] | None
    rows: list[Row]
    groups: list[Share] = field(default_factory=list)


class Count(Struct, kw_only=True):
    """What a running collector exports: series by name, active devices by role."""

    now: dict[str, int]
    devices: dict[str, int]


class Census:
    """The call of an Office."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.calls: dict[str, Callable[..., Awaitable[Any]]] = {"series.count": self.count}

    async def count(self) -> Count:
        """As it is scraped now."""
        parts = self._parts
        shown = [parts.exposition.units_page(), parts.exposition.devices_page()]
        own = generate_latest(parts.telemetry.registry).decode()
        texts = chain([own], *(page.texts(Format.CLASSIC) for page in shown))
        now = await asyncio.to_thread(counted, texts)
        codes = parts.directory.units & parts.live.units.keys()
        roles = (one.role for code in codes for one in parts.directory.of_unit(code) if one.status == ACTIVE)
        return Count(now=now, devices=dict(Counter(roles)))


def counted(texts: Iterable[str]) -> dict[str, int]:
    """Samples by series name of what is served, in whatever pieces."""
    lines = (line for text in texts for line in text.splitlines() if not line.startswith("#"))
    return dict(Counter(line.partition(" ")[0].partition("{")[0] for line in lines))


def census(catalog: Catalog, count: Count | None) -> Found:
    """`count` is what a running collector says, None where none runs."""
    names, profile, units = catalog.series(), catalog.profile, len(catalog.units)
    networks = {*(target.network for target in catalog.targets), *catalog.locality.networks, "internet"}
    unit = cardinality.of_unit(len(profile.requirements), len(networks), len(DEVICE_ROLES))
    devices: dict[str, dict[str, int]] = {role: catalog.most_of(role) for role in ROLES}
    standards = cardinality.of_standards(profile, len(catalog.targets), len(catalog.checks))
    groups = Groups(catalog.metrics.values())
    group = {one: name for name, own in groups.series.items() for one in own}
    rows = []
    for series, family in names.items():
        each = {role: found[series] for role, found in devices.items() if found.get(series)}
        row = Row(
            series=series, labels=list(family.labels), per_unit=unit.get(series), per_device=each,
            group=group.get(series, ""), watched=series in WATCHED,
        )  # fmt: skip
        row.now = count.now.get(series, 0) if count else None
        if series in unit:
            row.most = units * unit[series]
        elif series in standards:
            row.most = standards[series]
        elif count and any(series in found for found in devices.values()):
            row.most = sum(count.devices.get(role, 0) * found.get(series, 0) for role, found in devices.items())
        rows.append(row)
    shares = [_share(name, own, rows) for name, own in (*groups.series.items(), (DASHBOARDS, WATCHED))]
    return Found(units=units, devices=count.devices if count else None, rows=rows, groups=shares)


def _share(name: str, own: Container[str], rows: Iterable[Row]) -> Share:
    ours = [row for row in rows if row.series in own]
    each = {role: sum(row.per_device.get(role, 0) for row in ours) for role in ROLES}
    return Share(
        name=name, per_device={role: count for role, count in each.items() if count},
        most=_sum(row.most for row in ours), now=_sum(row.now for row in ours),
    )  # fmt: skip


def _sum(values: Iterable[int | None]) -> int | None:
    """Of those that are known."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
