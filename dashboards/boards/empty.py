"""What a small city has none of when nothing is wrong: queries that may return nothing, and why."""

from __future__ import annotations

from dashboards.boards.kit import uid
from dashboards.boards.words import LANGUAGES

ALL_READY = "every unit is ready"
NO_FINDING = "no finding is open"
NO_CHANGE = "no verdict changed within a day"
NO_YESTERDAY = "the city has not been watched for a day yet"
NOTHING_FAILS = "no check fails"
NOTHING_LOST = "nothing was refused or lost"

_EMPTY: dict[str, dict[str, str]] = {
    "city": {
        **dict.fromkeys(("map:B", "map:C", "map:D", "annotation:not_ready"), ALL_READY),
        **dict.fromkeys((f"worst:{ref}" for ref in "ABCDE"), ALL_READY),
        **dict.fromkeys((f"changes:{ref}" for ref in "ABC"), NO_CHANGE),
        **dict.fromkeys((f"findings:{ref}" for ref in "ABCDE"), NO_FINDING),
        **dict.fromkeys((f"{verdict}:B" for verdict in ("ready", "at_risk", "not_ready", "unknown")), NO_YESTERDAY),
        "annotation:finding": NO_FINDING,
    },
    "ward": {
        **dict.fromkeys((f"why:{ref}" for ref in "ABC"), ALL_READY),
        **dict.fromkeys((f"findings:{ref}" for ref in "ABCDE"), NO_FINDING),
        **dict.fromkeys((f"annotation:{verdict}" for verdict in ("at_risk", "not_ready", "unknown")), ALL_READY),
        **dict.fromkeys(("devices:C", "failing:A"), NOTHING_FAILS),
        "links:A": "every link of every signing chain holds",
        "annotation:finding": NO_FINDING,
    },
    "providers": {
        **dict.fromkeys((f"findings:{ref}" for ref in "ABCDE"), NO_FINDING),
        **dict.fromkeys(("providers:D", "systems:D", "annotation:finding"), NO_FINDING),
    },
    "devices": {"broken:A": "no disk fails and no volume is read-only", "annotation:finding": NO_FINDING},
    "lines": {"annotation:finding": NO_FINDING},
    "collector": {
        **dict.fromkeys(("gaps:A", "refusals:A", "sent:B", "sent:C", "not_written:A"), NOTHING_LOST),
        "annotation:finding": NO_FINDING,
    },
}
EXPECTED_EMPTY: dict[tuple[str, str], str] = {
    (uid(board, lang), name): why
    for board, names in _EMPTY.items()
    for name, why in names.items()
    for lang in LANGUAGES
}
"""By dashboard and panel, as :func:`dashboards.boards.expressions` calls them."""
