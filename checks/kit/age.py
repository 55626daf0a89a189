"""How old a PC is, from several pieces of evidence that each bound its age; pure.

Every piece has a strength, from its source: above all of them stands the purchase date of the collector's roster,
which is not seen here and, where it exists, replaces this estimate there. Then, strongest first:

================== ========== =============================================================== ============
``cpu_release``    at most    no PC is older than its processor (``data/cpus.json``)          low alone
``firmware_date``  at least   firmware updates make a PC look younger, never older            medium alone
``disk_hours``     at least   hours that a disk was on; an old disk may sit in a newer PC     low alone
``system_date``    at least   systems are installed anew; the clock may have been wrong       low alone
``screen``         nothing    a screen may be older or newer than its PC: shown, never used   none
================== ========== =============================================================== ============

The rule:

1. A lower bound that lies above the upper one by more than a year contradicts it. The weaker piece, which is the
   lower bound, is left out, and the confidence falls by one step.
2. ``at_least`` is the greatest of what is left below, ``at_most`` the upper bound; a contradiction of less than a
   year is no more than the roundness of these dates, and ``at_least`` is then lowered to ``at_most``.
3. The estimate is ``at_most`` less a year, which [A] a PC is typically bought after its processor appeared, but not
   below ``at_least``; without an upper bound it is ``at_least``. ``source`` names the piece that decided.
4. The confidence is the best of the pieces alone; ``medium`` also where the bounds lie within five years, ``high``
   where they lie within two.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

YEAR = 365.2425 * 86400
TOLERANCE = 1.0
DELAY = 1.0
_CLOSE, _NEAR = 2.0, 5.0
_EARLIEST = 946857600  # 2000-01-03: before lie the dates that firmware shows when its battery or its maker failed
_CLOCK_SET = 1704067200  # 2024-01-01: a device that believes to live earlier cannot tell an age
_AHEAD = 86400.0
_QUARTER = 92 * 86400.0  # processors are sold to makers before their launch
CONFIDENCES = ("low", "medium", "high")
UPPER = "cpu_release"
STRENGTH = ("cpu_release", "firmware_date", "disk_hours", "system_date")
_ALONE = {"cpu_release": 0, "firmware_date": 1, "disk_hours": 0, "system_date": 0}
_HOURS = 8765.82
"""Hours in a year."""


class Evidence(Struct, frozen=True):
    """What one ``source`` of STRENGTH says: the PC is at least (``cpu_release``: at most) so many ``years`` old."""

    source: str
    years: float


class Age(Struct, frozen=True, kw_only=True):
    """Years, None where unknown: ``years`` is the best estimate. ``source`` names the piece that decided, or why
    nothing is known. ``dropped`` are the sources that were left out."""

    years: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    confidence: str | None = None
    source: str
    dropped: tuple[str, ...] = ()


class Traces(Struct, frozen=True, kw_only=True):
    """What was found on a PC, times in epoch seconds: ``firmware`` and ``cpu`` the dates, ``system`` all dates of
    installation, ``hours`` the longest time a disk was on, ``screen`` when the screen was made."""

    firmware: float | None = None
    system: tuple[float, ...] = ()
    cpu: float | None = None
    hours: int | None = None
    screen: float | None = None


class Found(Struct, frozen=True):
    """The age, and the years of each plausible piece of evidence by its source; ``screen`` among them."""

    age: Age
    pieces: dict[str, float]


def triangulate(traces: Traces, virtual: bool | None, now: float) -> Found:
    """The age at `now` (epoch seconds). Where it is unknown ``source`` says why: ``virtual_machine``,
    ``implausible_clock`` (also: earlier than the processor's launch), ``implausible_firmware_date``,
    ``no_firmware_date``. An impossible date is no evidence."""
    if virtual:
        return Found(Age(source="virtual_machine"), {})
    if now < _CLOCK_SET or (traces.cpu is not None and now < traces.cpu - _QUARTER):
        return Found(Age(source="implausible_clock"), {})
    pieces = _pieces(traces, now)
    estimated = estimate(Evidence(source, pieces[source]) for source in STRENGTH if source in pieces)
    if estimated is None:
        estimated = Age(source="no_firmware_date" if traces.firmware is None else "implausible_firmware_date")
    return Found(estimated, pieces)


def estimate(evidence: Iterable[Evidence]) -> Age | None:
    """The age that the rule above makes of `evidence`, in any order; None when there is none. Years below 0 are 0."""
    pieces = sorted((max(0.0, piece.years), piece.source) for piece in evidence)
    upper = min((years for years, source in pieces if source == UPPER), default=None)
    lower = [piece for piece in pieces if piece[1] != UPPER]
    kept = [piece for piece in lower if upper is None or piece[0] <= upper + TOLERANCE]
    if upper is None and not kept:
        return None
    at_least, by = max(kept, key=lambda piece: (piece[0], -STRENGTH.index(piece[1])), default=(None, UPPER))
    if at_least is not None and upper is not None:
        at_least = min(at_least, upper)
    years = max(at_least or 0.0, 0.0 if upper is None else upper - DELAY)
    dropped = tuple(sorted({piece[1] for piece in lower if piece not in kept}))
    return Age(
        years=years,
        at_least=at_least,
        at_most=upper,
        confidence=CONFIDENCES[max(0, _confidence(kept, at_least, upper) - bool(dropped))],
        source=by if at_least is not None and years == at_least else UPPER,
        dropped=dropped,
    )


def _confidence(kept: list[tuple[float, str]], at_least: float | None, at_most: float | None) -> int:
    alone = max((_ALONE[source] for _, source in kept), default=0)
    if at_least is None or at_most is None:
        return alone
    width = at_most - at_least
    return 2 if width <= _CLOSE else max(alone, 1 if width <= _NEAR else 0)


def _pieces(traces: Traces, now: float) -> dict[str, float]:
    """The years of each piece that is plausible at `now`. Of the installations the first counts."""
    found = {
        "firmware_date": _since(traces.firmware, now),
        "system_date": max((years for date in traces.system if (years := _since(date, now)) is not None), default=None),
        "cpu_release": _since(None if traces.cpu is None else min(traces.cpu, now), now),
        "disk_hours": _hours(traces.hours, now),
        "screen": _since(traces.screen, now),
    }
    return {source: years for source, years in found.items() if years is not None}


def _since(date: float | None, now: float) -> float | None:
    if date is None or not _EARLIEST <= date <= now + _AHEAD:
        return None
    return max(0.0, now - date) / YEAR


def _hours(hours: int | None, now: float) -> float | None:
    longest = (now - _EARLIEST) / YEAR
    return hours / _HOURS if hours is not None and 0 <= hours / _HOURS <= longest else None
