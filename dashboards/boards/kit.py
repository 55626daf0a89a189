"""Panels of one dashboard in one language: what all kinds share, and where each stands on the grid."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.models import common, prometheus
from grafana_foundation_sdk.models import dashboard as sdk
from msgspec import Struct

from dashboards.boards import look
from dashboards.boards.texts import TEXTS
from dashboards.boards.words import LANGUAGES, word

WIDTH = 24
SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
TEXT = "string"
"""A label stays text though it looks like a number: a unit's code may be 00004, and links take what is shown."""
UNITS_EVERY, DEVICES_EVERY = "15s", "1m"
"""No finer steps than what is scraped: ``/metrics`` every 15 s, ``/metrics/devices`` every minute."""


class Query(Struct, frozen=True):
    """One expression. ``form`` is ``range`` (lines over time), ``instant`` (numbers now), ``table`` (rows now) or
    ``heatmap`` (buckets over time)."""

    expr: str
    legend: str = ""
    form: str = "range"
    ref: str = ""

    def target(self) -> prometheus.Dataquery:
        instant = self.form in ("instant", "table")
        formats = {"table": prometheus.PromQueryFormat.TABLE, "heatmap": prometheus.PromQueryFormat.HEATMAP}
        return prometheus.Dataquery(
            datasource=SOURCE,
            editor_mode=prometheus.QueryEditorMode.CODE,
            expr=self.expr,
            format_val=formats.get(self.form, prometheus.PromQueryFormat.TIME_SERIES),
            instant=instant,
            legend_format=self.legend or "__auto",
            range_val=not instant,
            ref_id=self.ref,
        )


def now(expr: str, legend: str = "") -> Query:
    return Query(expr, legend, "instant")


def rows(expr: str) -> Query:
    return Query(expr, "", "table")


def lettered(queries: Sequence[Query]) -> list[Query]:
    """With the reference ids A, B, C ... in their order; one that has its own keeps it."""
    return [Query(one.expr, one.legend, one.form, one.ref or chr(65 + place)) for place, one in enumerate(queries)]


class Sheet:
    """The panels of the dashboard `board` in `lang`, row under row, and what its annotations mark. A panel's id comes
    from its key, so that it keeps its address when others come and go."""

    def __init__(self, board: str, lang: str) -> None:
        self.board, self.lang = board, lang
        self.panels: list[sdk.Panel | sdk.RowPanel] = []
        self.keys: dict[int, str] = {}
        self.marks: list[str] = []
        self._next = 0

    def word(self, key: str) -> str:
        return word(key, self.lang)

    def uid(self, board: str) -> str:
        """The other dashboard's uid in this language."""
        return uid(board, self.lang)

    def panel(
        self,
        key: str,
        kind: str,
        queries: Sequence[Query],
        options: object,
        field: sdk.FieldConfig,
        *,
        overrides: Sequence[sdk.DashboardFieldConfigSourceOverrides] = (),
        transformations: Sequence[sdk.DataTransformerConfig] = (),
        every: str = UNITS_EVERY,
    ) -> sdk.Panel:
        """A panel with its words, not yet placed. Raises KeyError for one without words."""
        at = LANGUAGES.index(self.lang)
        words = TEXTS[f"{self.board}.{key}"]
        field.no_value = field.no_value or self.word("nothing")
        field.thresholds = field.thresholds or look.plain()
        return sdk.Panel(
            type_val=kind,
            id_val=self._id(key),
            title=words[at],
            description=words[2 + at],
            datasource=SOURCE,
            targets=[one.target() for one in lettered(queries)],
            interval=every,
            options=options,
            field_config=sdk.FieldConfigSource(defaults=field, overrides=list(overrides)),
            transformations=list(transformations),
        )

    def row(self, height: int, *placed: tuple[int, sdk.Panel]) -> None:
        """Puts panels of these widths beside each other. Raises ValueError where they do not fill the grid."""
        widths = [width for width, _ in placed]
        if sum(widths) != WIDTH:
            raise ValueError(f"{self.board}: widths {widths} make {sum(widths)}, not {WIDTH}")
        left = 0
        for width, panel in placed:
            panel.grid_pos = sdk.GridPos(h=height, w=width, x=left, y=self._next)
            self.panels.append(panel)
            left += width
        self._next += height

    def section(self, key: str) -> None:
        """A heading over what follows."""
        place = sdk.GridPos(h=1, w=WIDTH, x=0, y=self._next)
        row = sdk.RowPanel(title=self.word(key), id_val=self._id(f"section {key}"), grid_pos=place, panels=[])
        self.panels.append(row)
        self._next += 1

    def _id(self, key: str) -> int:
        number = zlib.crc32(f"{self.board}.{key}".encode()) % 1_000_000 + 1
        if self.keys.setdefault(number, key) != key:
            raise ValueError(f"{self.board}: the panels {self.keys[number]!r} and {key!r} have the same id")
        return number


def uid(board: str, lang: str) -> str:
    return f"sansang-{board}-{lang}"


def override(name: str, *, by: str = "byName", **properties: Any) -> sdk.DashboardFieldConfigSourceOverrides:
    """Properties of the fields called `name`; a dot in a property's id is written ``__``."""
    return sdk.DashboardFieldConfigSourceOverrides(
        matcher=sdk.MatcherConfig(id_val=by, options=name),
        properties=[
            sdk.DynamicConfigValue(id_val=key.replace("__", "."), value=value) for key, value in properties.items()
        ],
    )


def link(title: str, url: str, *, apart: bool = False) -> dict[str, object]:
    """A link on a value. `apart` opens it in another window: pages that are no dashboards."""
    return {"title": title, "url": url, "targetBlank": apart}


def to_ward(sheet: Sheet) -> list[dict[str, object]]:
    """From a row's field ``unit`` to the ward's dashboard, and to its page."""
    board = f"/d/{sheet.uid('ward')}?var-unit=${{__data.fields.unit}}&${{datasource:queryparam}}"
    return [
        link(sheet.word("to_ward"), f"{board}&${{locality:queryparam}}"),
        link(sheet.word("to_unit_page"), "${collector}/units/${__data.fields.unit}", apart=True),
    ]


def to_device(sheet: Sheet) -> list[dict[str, object]]:
    return [link(sheet.word("to_device_page"), "${collector}/devices/${__data.fields.device}", apart=True)]


def to_finding(sheet: Sheet) -> list[dict[str, object]]:
    return [link(sheet.word("to_finding_page"), "${collector}/findings/${__data.fields.id}", apart=True)]
