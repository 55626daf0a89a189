"""What `out/grafana` holds: each dashboard in each language, and what they ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as sdk
from grafana_foundation_sdk.models import prometheus

from dashboards.boards import city, collector, devices, lines, providers, ward
from dashboards.boards.kit import Sheet
from dashboards.boards.words import LANGUAGES

BOARDS = {
    "city": city.build,
    "ward": ward.build,
    "providers": providers.build,
    "devices": devices.build,
    "lines": lines.build,
    "collector": collector.build,
}
_QUERY = re.compile(r"^(?:query_result|label_values)\((.*?)(?:, \w+)?\)$", re.DOTALL)


@cache
def built() -> tuple[tuple[sdk.Dashboard, Sheet], ...]:
    """Every dashboard with its panels' keys, in each language."""
    return tuple(build(lang) for build in BOARDS.values() for lang in LANGUAGES)


def files() -> dict[str, str]:
    """The dashboards as JSON, by file name below `out/`."""
    return {f"grafana/{board.uid}.json": encoded(board) for board, _ in built()}


def encoded(board: sdk.Dashboard) -> str:
    """The same dashboard is always the same text."""
    return json.dumps(board, cls=JSONEncoder, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def expressions(**chosen: str) -> list[tuple[str, str, str]]:
    """(dashboard, panel, expression) of everything the dashboards ask in Vietnamese and English, variables replaced:
    by ``.*``, or by what `chosen` names (``unit="26734"``). A panel is called by its key and the query's letter
    (``worst:A``), a variable ``variable:unit``, an annotation ``annotation:not_ready`` or ``annotation:finding``."""
    found = []
    for board, sheet in built():
        asked = [*_of_panels(board, sheet), *_of_variables(board), *_of_annotations(board, sheet)]
        found += [(str(board.uid), name, replaced(expr, chosen)) for name, expr in asked]
    return found


def replaced(expr: str, chosen: dict[str, str]) -> str:
    """`expr` as Prometheus can take it."""
    times = {"__rate_interval": "5m", "__interval": "1m", "__range": "1h"}
    return re.sub(r"\$([a-z_]\w*)", lambda found: times.get(found[1], chosen.get(found[1], ".*")), expr)


def _of_panels(board: sdk.Dashboard, sheet: Sheet) -> Iterator[tuple[str, str]]:
    for panel in board.panels or []:
        for target in (panel.targets or []) if isinstance(panel, sdk.Panel) else []:
            if isinstance(target, prometheus.Dataquery):
                yield f"{sheet.keys[panel.id_val or 0]}:{target.ref_id}", target.expr


def _of_variables(board: sdk.Dashboard) -> Iterator[tuple[str, str]]:
    for variable in board.templating.list_val or []:
        if isinstance(variable.query, dict):
            inner = _QUERY.match(str(variable.query["query"]))
            yield f"variable:{variable.name}", inner[1] if inner else ""


def _of_annotations(board: sdk.Dashboard, sheet: Sheet) -> Iterator[tuple[str, str]]:
    for mark, annotation in zip(sheet.marks, board.annotations.list_val or [], strict=True):
        yield f"annotation:{mark}", str(annotation.expr)
