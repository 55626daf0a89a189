"""How ``profile diff`` shows what another profile would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collector import show
from collector.readiness import words
from collector.readiness.difference import Change
from collector.readiness.model import Bilingual, Unit
from collector.readiness.whatif import Row, Stand

_WORDS = {
    "mandatory": ("bắt buộc", "mandatory"), "advice": ("khuyến nghị", "advice"),
    "same": ("Hai bộ tiêu chí như nhau.", "Both profiles say the same."),
    "none": ("Theo {0}, không đơn vị nào thay đổi.", "By {0}, no unit would change."),
    "one": ("Theo {0}, 1 đơn vị thay đổi:", "By {0}, 1 unit would change:"),
    "several": ("Theo {0}, {1} đơn vị thay đổi:", "By {0}, {1} units would change:"),
}  # fmt: skip


def _word(name: str, lang: str, *values: object) -> str:
    return _WORDS[name][lang == "en"].format(*values)


def changes(found: Sequence[Change], lang: str) -> None:
    """What differs between two profiles."""
    for change in found:
        show.tell(f"- {change.words[lang]}")
    if not found:
        show.tell(_word("same", lang))


def would_change(
    found: Sequence[Row], titles: Mapping[str, Bilingual], units: Mapping[str, Unit], name: str, lang: str
) -> None:
    """Which units the profile `name` would judge otherwise, and why."""
    count = "none" if not found else ("one" if len(found) == 1 else "several")
    show.tell(_word(count, lang, name, len(found)))
    for row in found:
        old, new = (words.verdict_word(verdict, lang) for verdict in (row.old, row.new))
        show.tell(f"{show.called(row.unit, units)}: {old if row.old is row.new else f'{old} → {new}'}")
        for one in row.differs:
            title = titles.get(one.requirement, {}).get(lang, one.requirement)
            show.tell(f"  {title}: {_stand(one.old, lang)} → {_stand(one.new, lang)}")


def _stand(stand: Stand | None, lang: str) -> str:
    if stand is None:
        return "—"
    state, mandatory = stand
    return f"{words.verdict_word(state, lang)} ({_word('mandatory' if mandatory else 'advice', lang)})"
