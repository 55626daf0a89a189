"""Lines of many members by family, of which a scrape sees one state and compresses what has changed since the last."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from collector.families import Family
from collector.scrape.deflate import Packed, merge, pack
from collector.scrape.formats import Format
from collector.textformat import Lines

BLOCK = 8192
"""Least bytes that are compressed together, where a group has as many. Compressing 8,400 devices of 40 series anew took
0.20 s by tens of devices, 0.28 s by fives and 0.83 s one by one, for 4.8, 5.4 and 9.7 MB; one that changes takes its
blocks with it."""
SLOTS = 16
_ALL = (1 << SLOTS) - 1
BATCH = 4  # groups that are joined between two breaths of the event loop


class Packs(Struct, frozen=True, gc=False):
    """A family of a group, compressed: its blocks, and all of them as one."""

    blocks: tuple[Packed, ...]
    whole: Packed


class Part:
    """One group as it was published. Never changes, but for what of it has been compressed."""

    def __init__(self, members: Mapping[str, Lines], before: Part | None, changed: Mapping[str, int]) -> None:
        """`changed` are the slots (one bit each) of the members that differ from `before`, by series."""
        self._named: Mapping[str, Lines] | None = members
        self._sorted: list[tuple[int, Lines]] = []
        self._series = frozenset[str]()
        packs, stale = before._state if before else ({}, {})
        more = {series: slots | stale.get(series, 0) for series, slots in changed.items()}
        self._state: tuple[Mapping[str, Packs], Mapping[str, int]] = (packs, {**stale, **more})

    def lines(self, series: str) -> list[str]:
        members = self._members()
        return [lines[series] for _, lines in members if series in lines] if series in self._series else []

    def _members(self) -> list[tuple[int, Lines]]:
        """Slot and lines of each, by name; put in order when first asked for."""
        named = self._named
        if named is not None:
            self._sorted = [(_slot(name), lines) for name, lines in sorted(named.items())]
            self._series = frozenset[str]().union(*named.values())
            self._named = None
        return self._sorted

    def packed(self, only: Container[str] | None = None) -> Mapping[str, Packs]:
        """Compressed, by series: of `only`, or of all, what is there now; of others it may be what was there before.
        Takes its time where something has changed; one thread at a time."""
        packs, stale = self._state
        due = {series: slots for series, slots in stale.items() if only is None or series in only}
        if due:
            fresh = dict(packs)
            for series, slots in due.items():
                before = fresh.pop(series, None)
                blocks = _blocks(self._members(), series, slots, before.blocks if before else ())
                if blocks:
                    fresh[series] = Packs(blocks, merge(blocks))
            packs = fresh
            self._state = (packs, {series: slots for series, slots in stale.items() if series not in due})
        return packs


def _slot(member: str) -> int:
    return zlib.crc32(member.encode()) % SLOTS


def _blocks(
    members: Sequence[tuple[int, Lines]], series: str, slots: int, before: tuple[Packed, ...]
) -> tuple[Packed, ...]:
    """A family of a group: what is `before`, with the blocks anew that a member of `slots` is in."""
    texts = [(slot, lines[series]) for slot, lines in members if series in lines]
    count, size = 1, sum(len(text) for _, text in texts)
    while count < SLOTS and size >= 2 * count * BLOCK:
        count *= 2
    if len(before) != count:
        slots = _ALL
    return tuple(
        pack("".join(text for slot, text in texts if slot % count == block).encode())
        if any(slots >> slot & 1 for slot in range(block, SLOTS, count))
        else before[block]
        for block in range(count if texts else 0)
    )


class Section:
    """Families in their order, and the lines of members in groups. What is put is seen once it is published. Of the
    event loop's thread alone."""

    def __init__(self, families: Iterable[Family]) -> None:
        self.families = tuple(families)
        self.parts: Mapping[str, Part] = {}
        self._groups: dict[str, dict[str, Lines]] = {}
        self._changed: dict[str, dict[str, int]] = {}
        self._counts: dict[str, int] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """Series of each group."""
        return self._counts

    def put(self, group: str, member: str, lines: Lines) -> None:
        """`lines` instead of the member's former ones; no lines, no member."""
        members = self._groups.setdefault(group, {})
        before = members.pop(member, {})
        same = {series: text for series, text in before.items() if lines.get(series) == text}
        changed = (before.keys() | lines.keys()) - same.keys()
        if lines:
            members[member] = {**lines, **same}  # what is the same stays the same object: half the memory
        marks, slot = self._changed.setdefault(group, {}), 1 << _slot(member)
        for series in changed:
            marks[series] = marks.get(series, 0) | slot
            more = lines.get(series, "").count("\n") - before.get(series, "").count("\n")
            self._counts[group] = self._counts.get(group, 0) + more

    def keep(self, group: str, members: set[str]) -> None:
        """Forgets the group's other members."""
        for member in self._groups.get(group, {}).keys() - members:
            self.put(group, member, {})

    def publish(self) -> bool:
        """What was put is what is seen from now on, all at once. Whether there was anything new."""
        changed = {group: marks for group, marks in self._changed.items() if marks}
        self._changed.clear()
        parts = dict(self.parts)
        for group, marks in changed.items():
            members = self._groups[group]
            if members:
                parts[group] = Part(dict(members), parts.get(group), marks)
            else:
                del self._groups[group], self._counts[group]
                parts.pop(group, None)
        self.parts = dict(sorted(parts.items())) if parts.keys() != self.parts.keys() else parts
        return bool(changed)

    def view(self, wanted: Callable[[str], bool] = lambda _: True, only: Container[str] | None = None) -> View:
        """What was published of the `wanted` groups; of `only` the families whose series are named, or of all."""
        families = tuple(one for one in self.families if only is None or one.series in only)
        return View(families, tuple(part for group, part in self.parts.items() if wanted(group)))


class View(Struct, frozen=True):
    """One state of a section, or of some of its groups and families."""

    families: tuple[Family, ...]
    parts: tuple[Part, ...]

    def texts(self, form: Format) -> Iterator[str]:
        """As it is served, in pieces that take little time each."""
        for family in self.families:
            told = form.head(family)
            for first in range(0, len(self.parts), BATCH):
                batch = self.parts[first : first + BATCH]
                lines = "".join([text for part in batch for text in part.lines(family.series)])
                if lines:
                    yield told + lines
                    told = ""

    def packed(self, form: Format) -> Iterator[Packed]:
        """The same, compressed; to be run in a thread."""
        wanted = {family.series for family in self.families}
        found = [part.packed(wanted) for part in self.parts]
        for family in self.families:
            wholes = [packs[family.series].whole for packs in found if family.series in packs]
            if wholes:
                yield pack(form.head(family).encode())
                yield from wholes
