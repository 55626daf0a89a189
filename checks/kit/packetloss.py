"""Where packets of a STAMP session were lost, and how they were lost together. Pure.

A stateful reflector numbers its answers (RFC 8762 §4.3): a number that never came back was lost on the way back, and
all other losses happened on the way there. A stateless one repeats the sender's number: nothing tells the ways apart.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

from checks.kit import stamp

ARRIVED, UP, DOWN, SOMEWHERE = "", "up", "down", "somewhere"
"""What became of a packet: its answer came, or it was lost on the way there, on the way back, or one of these."""
GMIN = 16
"""Packets that must arrive between two losses for these to be apart (RFC 3611 §4.7.2)."""
_NEAR = 64
Heard = tuple[int, int]
"""Of one answer: the sender's number in it, and the reflector's own."""


class Fates(Struct, frozen=True):
    """What became of each packet, as they were sent; ``stateful`` says whether the reflector counts for itself,
    ``renumbered`` that it began to count anew in between."""

    each: tuple[str, ...]
    stateful: bool
    renumbered: bool = False


class Bursts(Struct, frozen=True):
    """Losses in a row: ``longest``, and the ``mean`` length (packets; 0 without loss). ``density`` is the share of lost
    packets within bursts, ``share`` how much of all packets lies in bursts, as RFC 3611 §4.7.2 has them with GMIN."""

    longest: int
    mean: float
    density: float
    share: float


def fates(sent: Sequence[int], heard: Sequence[Heard]) -> Fates:
    """`sent` are the numbers of all packets of a session, `heard` its answers as they came, duplicates too."""
    place = {number: index for index, number in enumerate(sent)}
    known = [(place[number], number, own) for number, own in heard if number in place]
    came = {index for index, _, _ in known}
    unknown = tuple(ARRIVED if index in came else SOMEWHERE for index in range(len(sent)))
    if all(number == own for _, number, own in known):
        return Fates(unknown, stateful=False)
    lost = [index for index in range(len(sent)) if index not in came]
    back = _lost_back(known, lost)
    if back is None:
        return Fates(unknown, stateful=True, renumbered=True)
    end = max(came)
    return Fates(
        tuple(
            ARRIVED if index in came else DOWN if index in back else SOMEWHERE if index > end else UP
            for index in range(len(sent))
        ),
        stateful=True,
    )


def _lost_back(known: Sequence[tuple[int, int, int]], lost: list[int]) -> set[int] | None:
    """The packets whose answers were sent and never came; None when the numbers are not of one count. Of several
    packets lost between two answers, the first are taken to be those that had been answered. Where packets overtook one
    another it is the nearest; where some were doubled on the way there, a missing number may be a copy's."""
    first = known[0][2]
    by_own: dict[int, int] = {}
    for index, _, own in known:
        if by_own.setdefault(stamp.ahead(own, first), index) != index:
            return None
    left, back, unplaced = list(lost), set[int](), []
    for before, after in itertools.pairwise(sorted(by_own)):
        low, high = by_own[before], by_own[after]
        for _ in range(min(after - before - 1, len(lost))):
            at = bisect_right(left, low)
            if at < len(left) and left[at] < high:
                back.add(left.pop(at))
            else:
                unplaced.append(low)
    if len(by_own) == len(set(by_own.values())):
        back.update(_nearest(left, unplaced))
    return back


def _nearest(left: list[int], places: Sequence[int]) -> Iterator[int]:
    """For each place the lost packet that was sent at about the same time."""
    for place in places:
        at = bisect_right(left, place)
        near = [index for index in range(max(0, at - 1), min(at + 1, len(left))) if abs(left[index] - place) <= _NEAR]
        if near:
            yield left.pop(min(near, key=lambda index: abs(left[index] - place)))


def bursts(lost: Sequence[bool]) -> Bursts:
    """What a series of packets says, True for a lost one."""
    runs = list(_runs(lost))
    places = [index for index, one in enumerate(lost) if one]
    inside = inside_lost = 0
    for group in _groups(places):
        if len(group) > 1:
            inside += group[-1] - group[0] + 1
            inside_lost += len(group)
    return Bursts(
        longest=max(runs, default=0),
        mean=sum(runs) / len(runs) if runs else 0.0,
        density=inside_lost / inside if inside else 0.0,
        share=inside / len(lost) if lost else 0.0,
    )


def _runs(lost: Sequence[bool]) -> Iterator[int]:
    length = 0
    for one in (*lost, False):
        if one:
            length += 1
        elif length:
            yield length
            length = 0


def _groups(places: Sequence[int]) -> list[list[int]]:
    """Losses with fewer than GMIN arrivals between each two."""
    found: list[list[int]] = []
    for place in places:
        if found and place - found[-1][-1] - 1 < GMIN:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def reordered(order: Sequence[int]) -> int:
    """How many of these, in the order in which they came, are reordered: later than one that was sent after them
    (RFC 4737 §3.3). Copies do not count."""
    expected, found = min(order, default=0), 0
    seen: set[int] = set()
    for one in order:
        if one in seen:
            continue
        seen.add(one)
        if one < expected:
            found += 1
        else:
            expected = one
    return found
