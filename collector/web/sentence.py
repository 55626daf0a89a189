"""The first line of the overview, and the one reason of each unit under it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from collector.readiness import words
from collector.readiness.model import Silence, UnitVerdict, Verdict
from collector.readiness.text import quantity
from collector.web.faces import FACES, Face, of_unit
from collector.web.format import ago, signed
from collector.web.i18n import text
from collector.web.spans import judged

_NUMBER = re.compile(r"(?<=\d) ")


class Count(Struct, frozen=True):
    face: Face
    units: int


class Reason(Struct, frozen=True):
    """The one reason: what, how much, and how much would do."""

    what: str
    value: str = ""
    need: str = ""


def counts(verdicts: Iterable[UnitVerdict]) -> list[Count]:
    """Units by state, in the order of attention; states nobody is in are left out."""
    found: dict[str, int] = {}
    for verdict in verdicts:
        key = of_unit(verdict).key
        found[key] = found.get(key, 0) + 1
    return [Count(face, found[key]) for key, face in FACES.items() if key in found]


def sentence(verdicts: dict[str, UnitVerdict], ready_before: int | None, lang: str) -> str:
    """``151/168 sẵn sàng, +4 so với hôm qua; 5 chưa sẵn sàng, 12 có nguy cơ.`` Silent units count as unknown, units
    that nobody has enrolled by themselves, and so do offices that are closed, with what they were when they closed.
    """
    found = {count.face.key: count.units for count in counts(verdicts.values())}
    ready, closed = found.get("ready", 0), found.get("office_closed", 0)
    shut = sum(1 for verdict in verdicts.values() if _shut(verdict) and judged(verdict) == Verdict.READY)
    unknown = sum(found.get(key, 0) for key in ("lost_contact", "no_data", "unknown"))
    told = [(found.get(key, 0), FACES[key].word(lang)) for key in ("not_ready", "at_risk")]
    told += [(unknown, text("not_known", lang)), (found.get("never_enrolled", 0), FACES["never_enrolled"].word(lang))]
    parts = [", ".join(f"{units} {word}" for units, word in told if units)]
    parts += [text("closed", lang, count=closed, ready=shut)] if closed else []
    change = "" if ready_before is None else _change(ready + shut - ready_before, lang)
    if change and closed:
        parts.append(text("together", lang, change=change))
    rest = "".join(f"; {_kept(part)}" for part in parts if part)
    first = f", {change}" if change and not closed else ""
    return text("sentence", lang, ready=ready, total=len(verdicts), change=first, rest=rest)


def _shut(verdict: UnitVerdict) -> bool:
    return verdict.silence is Silence.OFFICE_CLOSED


def _change(delta: int, lang: str) -> str:
    return text("change", lang, delta=signed(delta)) if delta else text("change_none", lang)


def _kept(part: str) -> str:
    """No line ends with a bare number."""
    return _NUMBER.sub("\N{NO-BREAK SPACE}", part)


def main_reason(verdict: UnitVerdict, now: int, lang: str) -> Reason:
    """Why the unit is not ready, in one line: what is silent, or the first requirement that decided."""
    if _shut(verdict) and verdict.known is not None:
        return Reason(text("when_closed", lang, state=words.verdict_word(verdict.known, lang)))
    if verdict.silence and verdict.silence is not Silence.LATE:
        heard = verdict.last_seen
        return Reason(text("last_heard", lang, ago=ago(heard, now, lang)) if heard else text("no_device_yet", lang))
    if verdict.verdict == "ready":
        return Reason(text("all_met", lang))
    found = words.deciding(verdict)
    if found is None:
        return Reason(text("few_report", lang, reporting=verdict.reporting, expected=verdict.expected))
    title = found.title.get(lang, found.id)
    if found.value is None or found.state is Verdict.UNKNOWN:
        return Reason(title, words.reason_word(found.reason, lang) if found.reason else text("no_value", lang))
    return Reason(title, quantity(found.value, found.unit, lang), words.need(found, lang))
