"""Where in time a lease fits beside those that are held. Exact, O(n log n). Pure."""

from __future__ import annotations

from collections.abc import Iterable

Load = tuple[int, int, int]
"""From when until when (µs), and how much (bit/s)."""
Spans = list[tuple[int, int]]


def full(loads: Iterable[Load], rate: int, limit: int) -> Spans:
    """Where `rate` more than `loads` would pass `limit`: [begin, end), ascending, apart from each other."""
    steps: dict[int, int] = {}
    for begin, end, load in loads:
        steps[begin] = steps.get(begin, 0) + load
        steps[end] = steps.get(end, 0) - load
    found: Spans = []
    total, since = 0, None
    for at in sorted(steps):
        total += steps[at]
        if total + rate > limit and since is None:
            since = at
        elif total + rate <= limit and since is not None:
            found.append((since, at))
            since = None
    return found


def gap(busy: Iterable[tuple[int, int]], length: int, since: int, until: int) -> int | None:
    """The first instant from `since` on at which `length` fits between `busy`, ending at `until` at the latest."""
    at = since
    for begin, end in sorted(busy):
        if begin >= at + length:
            break
        at = max(at, end)
    return at if at + length <= until else None


def largest(loads: Iterable[Load]) -> int:
    """The largest sum of `loads` at any instant."""
    edges = sorted(edge for begin, end, load in loads for edge in ((begin, 1, load), (end, 0, -load)))
    total = most = 0
    for _, _, load in edges:
        total += load
        most = max(most, total)
    return most
