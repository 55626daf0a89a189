"""Tables: instant queries that share a label, joined by it, in columns that say what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.models import common, table
from grafana_foundation_sdk.models import dashboard as sdk
from msgspec import Struct

from dashboards.boards.kit import TEXT, UNITS_EVERY, Query, Sheet, lettered, override, rows

FILLED = {"type": "color-background", "mode": "basic"}
CLEAR = {"mode": "absolute", "steps": [{"value": None, "color": "transparent"}]}
"""Behind what has no colour of its own: a filled cell would be as bright as text."""


class Column(Struct, frozen=True):
    """A field as a column: a label of the query, or its number, which is called by the query's letter. ``word`` names
    it (:data:`dashboards.boards.words.WORDS`). A ``hidden`` one is there for links only."""

    field: str
    word: str
    unit: str = ""
    decimals: int | None = None
    width: int = 0
    mappings: tuple[sdk.ValueMapping, ...] = ()
    filled: bool = False
    links: tuple[dict[str, object], ...] = ()
    hidden: bool = False


def hidden(field: str) -> Column:
    return Column(field, "code", hidden=True)


def table_panel(
    sheet: Sheet,
    key: str,
    exprs: Sequence[str],
    columns: Sequence[Column],
    *,
    by: str = "unit",
    sort: str,
    rising: bool = False,
    among: str = "",
    every: str = UNITS_EVERY,
) -> sdk.Panel:
    """One row for each value of the label `by` that the first of `exprs` yields; `among` says the same at less cost.
    `exprs` are A, B, C ... Sorted by the column whose field is `sort`, the largest first unless `rising`."""
    wanted = [f"({expr}) and on ({by}) ({among or exprs[0]})" for expr in exprs[1:]]
    queries = lettered([rows(expr) for expr in (exprs[0], *wanted)])
    numbers = {query.ref: f"Value #{query.ref}" if len(queries) > 1 else "Value" for query in queries}
    names = {column.field: numbers.get(column.field, column.field) for column in columns}
    title = next(sheet.word(column.word) for column in columns if column.field == sort)
    options = table.Options(
        show_header=True,
        cell_height=common.TableCellHeight.SM,
        footer=common.TableFooterOptions(show=False, reducer=["sum"]),
        sort_by=[common.TableSortByFieldState(display_name=title, desc=not rising)],
    )
    custom = common.TableFieldOptions(align=common.FieldTextAlignment.AUTO, inspect=False, filterable=False)
    return sheet.panel(
        key,
        "table",
        queries,
        options,
        sdk.FieldConfig(unit="none", custom=custom),
        overrides=[_override(sheet, column, names[column.field]) for column in columns],
        transformations=_steps(queries, by, list(names.values())),
        every=every,
    )


def _steps(queries: Sequence[Query], by: str, names: Sequence[str]) -> list[sdk.DataTransformerConfig]:
    """Joined by `by`, then only the named fields, in their order."""
    joined = sdk.DataTransformerConfig(id_val="joinByField", options={"byField": by, "mode": "outer"})
    kept = sdk.DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": list(names)}})
    order = {name: place for place, name in enumerate(names)}
    organized = {"excludeByName": {}, "includeByName": {}, "indexByName": order, "renameByName": {}}
    ordered = sdk.DataTransformerConfig(id_val="organize", options=organized)
    return [joined, kept, ordered] if len(queries) > 1 else [kept, ordered]


def _override(sheet: Sheet, column: Column, name: str) -> sdk.DashboardFieldConfigSourceOverrides:
    said: dict[str, Any] = {"displayName": sheet.word(column.word), "noValue": "–"}
    if column.unit or column.field == name:
        said["unit"] = column.unit or TEXT
    if column.decimals is not None:
        said["decimals"] = column.decimals
    if column.mappings:
        said["mappings"] = list(column.mappings)
        said["custom__align"] = "left"
    if column.filled:
        said["custom__cellOptions"] = FILLED
        said["thresholds"] = CLEAR
    if column.width:
        said["custom__width"] = column.width
    if column.links:
        said["links"] = list(column.links)
    if column.hidden:
        said["custom__hidden"] = True
    return override(name, **said)
