"""The instant that ``?at=`` asks for."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.web.format import SECOND, local
from collector.web.i18n import text

FORM = "%Y-%m-%dT%H:%M"
MOST = 32


class Moment(Struct, frozen=True):
    """``at`` in µs, None for the present; ``field`` is what the page's own field shows, ``said`` the instant as people
    read it, ``wrong`` why it was not taken."""

    at: int | None
    field: str
    said: str
    wrong: str = ""


def moment(asked: str, now: int, lang: str, zone: ZoneInfo) -> Moment:
    """`asked` as local time of `zone` (``2026-11-20T08:00``; an offset is honoured); the present where it is empty,
    unreadable or still to come."""
    asked = asked.strip()[:MOST]
    present = f"{local(now, zone):{FORM}}"
    if not asked:
        return Moment(None, present, "")
    at = _read(asked, zone)
    if at is None:
        return Moment(None, present, "", text("then_wrong", lang, at=asked))
    said = f"{local(at, zone):%H:%M %d/%m/%Y}"
    if at > now:
        return Moment(None, present, said, text("then_future", lang, at=said))
    return Moment(at, f"{local(at, zone):{FORM}}", said)


def _read(asked: str, zone: ZoneInfo) -> int | None:
    """None for what is no time, or one that no calendar here has: the year 1 in Viet Nam began in the year 0 UTC."""
    try:
        parsed = datetime.fromisoformat(asked)
        at = int((parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).timestamp()) * SECOND
    except (ValueError, OverflowError):
        return None
    return at if local(at, zone) else None
