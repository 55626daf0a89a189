"""What every benchmark prints: rows as a table, or as JSON with ``--json``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from msgspec import Struct, to_builtins
from rich.console import Console
from rich.table import Table


class Row(Struct, kw_only=True):
    """One figure of ours beside one peer's. ``goal`` is the figure to reach; ``met`` None where there is no goal."""

    name: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    goal: float | None = None
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.peer else None


def arguments(about: str) -> argparse.Namespace:
    """``--short`` and ``--json``, which every benchmark takes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--short", action="store_true", help="a quick look instead of the full measurement")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    return parser.parse_args()


def report(title: str, rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([to_builtins(row) | {"ratio": row.ratio} for row in rows], ensure_ascii=False, indent=2))
        return
    table = Table(title=title)
    for head in ("", "unit", "ours", "peer", "", "ratio", "goal", ""):
        table.add_column(head, justify="right" if head in ("ours", "peer", "ratio", "goal") else "left")
    for row in rows:
        figures = [_figure(row.ours), _figure(row.peer), row.peer_name, _figure(row.ratio), _figure(row.goal)]
        met = "" if row.met is None else ("met" if row.met else "not met")
        table.add_row(row.name, row.unit, *figures, met)
    Console(width=140).print(table)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
