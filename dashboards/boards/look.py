"""How states look on every dashboard: a word with its glyph, and a fill that colour-blind people tell apart.

Fills are Okabe and Ito's (jfly.uni-koeln.de/color), as on the product's own pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.boards.words import CLOSED, LANGUAGES, word

READY, AT_RISK, NOT_READY, UNKNOWN = "#009E73", "#E69F00", "#D55E00", "#8A8F98"
BLUE, SKY, PURPLE, YELLOW = "#0072B2", "#56B4E9", "#CC79A7", "#F0E442"
"""For what is no state: none of them is the colour of one."""
FILLS = {"ready": READY, "at_risk": AT_RISK, "not_ready": NOT_READY, "unknown": UNKNOWN}
RANKS = {"ready": 0, "unknown": 1, "at_risk": 2, "not_ready": 3}
"""A verdict as a number that grows with what is to be done: :func:`dashboards.boards.promql.rank`."""
SHAPES = {"ready": "circle", "unknown": "square", "at_risk": "triangle", "not_ready": "x-mark"}
"""Grafana's own markers (public/img/icons/marker)."""
OUTCOMES = {"ok": READY, "failed": NOT_READY, "error": UNKNOWN, "not_applicable": UNKNOWN}


def said(label: str, value: str, lang: str) -> str:
    """What the value of a closed label is called."""
    return CLOSED[label][value][LANGUAGES.index(lang)]


def ranks(lang: str) -> sdk.ValueMapping:
    """Ranks as words with their glyph, filled."""
    worst_first = sorted(RANKS, key=lambda verdict: -RANKS[verdict])
    return mapped({str(RANKS[each]): (said("verdict", each, lang), FILLS[each]) for each in worst_first})


def closed(label: str, lang: str) -> sdk.ValueMapping:
    """The values of a closed label as words."""
    return mapped({value: (said(label, value, lang), "") for value in CLOSED[label]})


def coded(label: str, lang: str, before: str = "") -> sdk.ValueMapping:
    """The same with the value behind it, for what is looked up by its code; `before` begins each."""
    return mapped({value: (f"{before}{said(label, value, lang)} ({value})", "") for value in CLOSED[label]})


def switch(lang: str, on: str = "yes", off: str = "no", *, bad: str = "0") -> sdk.ValueMapping:
    """0 and 1 as words; `bad` is the one that needs somebody."""
    fills = {bad: NOT_READY, str(1 - int(bad)): READY}
    glyphs = {bad: "✕", str(1 - int(bad)): "●"}
    words = {"1": word(on, lang), "0": word(off, lang)}
    return mapped({value: (f"{glyphs[value]} {words[value]}", fills[value]) for value in ("1", "0")})


def mapped(words: Mapping[str, tuple[str, str]]) -> sdk.ValueMapping:
    """A mapping from values to (text, fill), in their order; an empty fill colours nothing."""
    results = {
        value: sdk.ValueMappingResult(text=text, color=fill or None, index=index)
        for index, (value, (text, fill)) in enumerate(words.items())
    }
    return sdk.ValueMap(options=results)


def fixed(fill: str) -> sdk.FieldColor:
    return sdk.FieldColor(mode=sdk.FieldColorModeId.FIXED, fixed_color=fill)


def plain() -> sdk.ThresholdsConfig:
    """No threshold: limits are the profile's, and are queried."""
    return steps([])


def steps(limits: Iterable[tuple[float, str]]) -> sdk.ThresholdsConfig:
    """Text colour below the first limit. Only where there is nothing to be ready for: more than none is too many."""
    first = [sdk.Threshold(value=None, color="text")]
    return sdk.ThresholdsConfig(
        mode=sdk.ThresholdsMode.ABSOLUTE, steps=first + [sdk.Threshold(value=at, color=fill) for at, fill in limits]
    )
