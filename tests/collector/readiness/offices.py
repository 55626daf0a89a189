"""Offices whose devices are switched off in the evening and on again in the morning."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from collector.readiness.model import Calendar, DeviceFacts, UnitFacts
from tests.collector.readiness.cities import DAY, HOUR, MINUTE, NOW, pc, ran, states, unit

OPEN, CLOSED = 2 * HOUR, 11 * HOUR
"""Of each day that begins at NOW."""
values = st.sampled_from([1, 1, 1, 1, 6, 9, None])


class Desk(Struct):
    """A device that is switched off at one time and on again at another, if ever; what it says before and after."""

    name: str
    role: str
    off: int
    on: int | None
    evening: dict[str, int | None]
    morning: dict[str, int | None]

    def at(self, now: int, day: int) -> DeviceFacts:
        off, on = day + self.off, None if self.on is None else day + DAY + self.on
        back = on is not None and now >= on
        seen = now if back else min(now, off)
        told = [states(**(self.morning if back else self.evening)), ran("connectivity", "portal")]
        for result in told:
            result.at = seen
        return pc(self.name, *told, seen=seen, role=self.role)


@st.composite
def desks(draw: st.DrawFn) -> list[Desk]:
    """Most people come and go about when the office opens and closes; a router stays on."""
    found = []
    for name in "abcde"[: draw(st.integers(1, 5))]:
        off = CLOSED + draw(st.sampled_from([-40, -10, -10, 0, 0, 20, 70])) * MINUTE
        on = draw(st.sampled_from([OPEN - 30 * MINUTE, OPEN, OPEN, OPEN + 10 * MINUTE, OPEN + 40 * MINUTE, None]))
        role = draw(st.sampled_from(["pc", "pc", "pc", "router"]))
        if role == "router":
            off, on = 2 * DAY, draw(st.sampled_from([None, 0]))
        evening = {key: draw(values) for key in "xyz"}
        morning = draw(st.sampled_from([evening, {key: draw(values) for key in "xyz"}]))
        found.append(Desk(name, role, off, on, evening, morning))
    return found


def calendar(now: int) -> Calendar:
    """Open each day from OPEN to CLOSED."""
    day = (now - NOW) // DAY * DAY + NOW
    edges = [day + OPEN - DAY, day + CLOSED - DAY, day + OPEN, day + CLOSED, day + OPEN + DAY]
    since = max(edge for edge in edges if edge <= now)
    is_open = since in (day + OPEN, day + OPEN - DAY)
    return Calendar(
        open=is_open,
        since=since,
        closed_at=max(edge for edge in (day + CLOSED - DAY, day + CLOSED) if edge <= now),
        until=min(edge for edge in edges if edge > now),
    )


def office(found: list[Desk], now: int, day: int, expected: int | None = None) -> UnitFacts:
    return replace(unit(*[desk.at(now, day) for desk in found], expected=expected), calendar=calendar(now))
