"""``/metrics`` and ``/metrics/devices`` from lines that are rendered when they change, joined when they are scraped."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from checks.kit.model import Metric
from collector.families import DEVICE, FINDING, UNIT, family
from collector.scrape.deflate import Packed, merge, pack
from collector.scrape.formats import Format
from collector.scrape.section import Section, View
from collector.scrape.shards import Shard
from collector.textformat import Lines

BUCKETS = 64  # of units; a bucket of a city is three of them, one of the country fifty
KEPT = 16  # compressed pages that are kept until something changes
Key = tuple[str, frozenset[str] | None, Format]


class Page(Struct, frozen=True):
    """What one scrape serves: one state of the collector, whatever changes meanwhile. ``name`` and ``only``, the series
    that it is limited to, tell it from the other pages of its generation."""

    name: str
    views: tuple[View, ...]
    tail: str = ""
    only: frozenset[str] | None = None

    def texts(self, form: Format) -> Iterator[str]:
        """In pieces, without the end that a format may have."""
        for view in self.views:
            yield from view.texts(form)
        if self.tail:
            yield self.tail

    def packed(self, form: Format) -> Packed:
        """The same, compressed; to be run in a thread."""
        parts = [part for view in self.views for part in view.packed(form)]
        return merge([*parts, pack(self.tail.encode())])


class Exposition:
    """Takes the lines of units, devices and findings. Scrapes see what was there at the last :meth:`publish`."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._units, self._findings = Section(UNIT), Section(FINDING)
        self._devices = Section((*DEVICE, *map(family, metrics)))
        self._standards = self._published = ""
        self._pages: OrderedDict[Key, Packed] = OrderedDict()
        self.generation = 0

    def put_findings(self, lines: Lines) -> None:
        """Those that are present, by family (:mod:`collector.attribution.exported`)."""
        self._findings.put("", "", lines)

    def put_standards(self, text: str) -> None:
        """What is judged by: families as they are served, gauges all."""
        self._standards = text

    def put_unit(self, unit: str, lines: Lines) -> None:
        self._units.put(f"{zlib.crc32(unit.encode()) % BUCKETS:02}", unit, lines)

    def put_device(self, unit: str, device: str, lines: Lines) -> None:
        self._devices.put(unit, device, lines)

    def keep_devices(self, unit: str, devices: set[str]) -> None:
        """Forgets the unit's other devices: moved, revoked."""
        self._devices.keep(unit, devices)

    def publish(self) -> None:
        """Shows all that was put since the last call, at once: the next generation."""
        changed = [section.publish() for section in (self._units, self._findings, self._devices)]
        if any(changed) or self._standards != self._published:
            self._published = self._standards
            self._pages.clear()
            self.generation += 1

    @property
    def unit_series(self) -> int:
        own = sum(not line.startswith("#") for line in self._standards.splitlines())
        return own + sum(self._units.counts.values()) + sum(self._findings.counts.values())

    @property
    def device_series(self) -> Mapping[str, int]:
        """By unit."""
        return self._devices.counts

    def units_page(self) -> Page:
        return Page("units", (self._units.view(), self._findings.view()), self._published)

    def devices_page(
        self, *, unit: str | None = None, shard: Shard | None = None, only: frozenset[str] | None = None
    ) -> Page:
        """Of all devices, of one unit's or of one shard's; all their series or `only` those of these names."""
        if unit is not None:
            return Page(f"unit {unit}", (self._devices.view(lambda group: group == unit, only),), only=only)
        if shard is not None:
            return Page(f"shard {shard}", (self._devices.view(shard.holds, only),), only=only)
        return Page("devices", (self._devices.view(only=only),), only=only)

    def kept(self, page: Page, form: Format) -> Packed | None:
        """`page`, compressed, when a scrape of this generation asked for it before."""
        return self._pages.get((page.name, page.only, form))

    def keep(self, page: Page, form: Format, packed: Packed, generation: int) -> None:
        """Remembers it, if it still is what would be served."""
        if generation == self.generation:
            self._pages[page.name, page.only, form] = packed
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)

    def units_text(self) -> str:
        """All units' families in the classic format."""
        return "".join(self.units_page().texts(Format.CLASSIC))

    def devices_text(self, unit: str | None = None) -> str:
        """The families of one unit's devices, or of all, in the classic format."""
        return "".join(self.devices_page(unit=unit).texts(Format.CLASSIC))
