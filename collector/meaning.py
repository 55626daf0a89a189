"""What the values of closed labels are called, in Vietnamese and English: one table of what other modules say."""

from __future__ import annotations

from checks.kit import words as kit
from checks.kit.model import Outcome, Reason
from collector.attribution.owners import OWNERS
from collector.attribution.words import CAUSES, NETWORKS, SEGMENTS
from collector.locality_file import ROLES
from collector.readiness.words import REASONS, SILENCES, VERDICTS
from collector.web.i18n import text
from collector.words import DROPS, FAILURES, GAPS, REFUSALS

Pair = tuple[str, str]
OTHER: Pair = ("lý do khác", "another reason")
"""What is exported for a reason of a newer release."""


def meanings() -> dict[str, dict[str, Pair]]:
    """By label (``verdict``, ``silence``, ``reason``, ``outcome``, ``segment``, ``cause``, ``owner``, ``network``,
    ``role``, ``code``) and value: the words (vi, en). The collector's own counters have other values of ``reason``: by
    what they count, ``gap``, ``failure`` and ``drop``. A verdict's, a silence's and an outcome's begin with its glyph.
    Closed: a value that is not here is not exported."""
    return {
        "verdict": {verdict.value: _marked(*words) for verdict, words in VERDICTS.items()},
        "silence": {silence.value: _marked(*words) for silence, words in SILENCES.items()},
        "reason": {reason.value: _titles(reason) for reason in Reason} | REASONS | {"other": OTHER},
        "outcome": {outcome.value: _outcome(outcome) for outcome in Outcome},
        "segment": {segment.value: words for segment, words in SEGMENTS.items()},
        "cause": {cause.value: words for cause, words in CAUSES.items()},
        "owner": {owner.value: words for owner, words in OWNERS.items()},
        "network": dict(NETWORKS),
        "role": {role: (text(f"role_{role}", "vi"), text(f"role_{role}", "en")) for role in ROLES},
        "code": dict(REFUSALS),
        "gap": GAPS | {"other": OTHER},
        "failure": dict(FAILURES),
        "drop": dict(DROPS),
    }


def _marked(vietnamese: str, english: str, glyph: str) -> Pair:
    return f"{glyph} {vietnamese}", f"{glyph} {english}"


def _titles(reason: Reason) -> Pair:
    return kit.reason(reason, "vi").title, kit.reason(reason, "en").title


def _outcome(outcome: Outcome) -> Pair:
    vietnamese, english = kit.outcome(outcome, "vi"), kit.outcome(outcome, "en")
    return f"{vietnamese.glyph} {vietnamese.word}", f"{english.glyph} {english.word}"
