"""How a state looks and is called: key, glyph, fill. The keys are CSS classes, filter values and sort ranks."""

from __future__ import annotations

from msgspec import Struct

from checks.kit.model import Outcome
from collector.readiness.model import Silence, UnitVerdict, Verdict
from collector.readiness.words import SILENCES, VERDICTS


class Face(Struct, frozen=True):
    """``rank`` puts what needs attention first; ``fill`` is "" for states that are drawn as an outline."""

    key: str
    glyph: str
    fill: str
    rank: int
    words: tuple[str, str]

    def word(self, lang: str) -> str:
        return self.words[0 if lang == "vi" else 1]


_FILLS: dict[Verdict | Silence, str] = {
    Verdict.NOT_READY: "#D55E00",
    Verdict.AT_RISK: "#E69F00",
    Silence.LOST_CONTACT: "",
    Silence.NO_DATA: "",
    Verdict.UNKNOWN: "url(#hatch)",
    Silence.LATE: "",
    Silence.OFFICE_CLOSED: "",
    Verdict.READY: "#009E73",
    Silence.NEVER_ENROLLED: "",
}
_NAMES = VERDICTS | SILENCES


def _face(rank: int, state: Verdict | Silence) -> Face:
    vietnamese, english, glyph = _NAMES[state]
    return Face(str(state), glyph, _FILLS[state], rank, (vietnamese, english))


FACES = {str(state): _face(rank, state) for rank, state in enumerate(_FILLS)}
"""By key, what needs attention first. Units that nobody has enrolled yet come last: they are work to plan, not news."""

OUTCOMES = {
    Outcome.OK: "ready",
    Outcome.FAILED: "not_ready",
    Outcome.ERROR: "unknown",
    Outcome.NOT_APPLICABLE: "none",
}
"""The ink an outcome is written in."""


def of(verdict: Verdict | str, silence: Silence | str | None = None) -> Face:
    """The face of a verdict; a silence, when there is one, shows instead of "unknown". Lateness is no reason for it:
    it is told beside the verdict."""
    if verdict == Verdict.UNKNOWN and silence and silence != Silence.LATE:
        return FACES.get(str(silence), FACES["unknown"])
    return FACES.get(str(verdict), FACES["unknown"])


def of_unit(verdict: UnitVerdict) -> Face:
    return of(verdict.verdict, verdict.silence)
