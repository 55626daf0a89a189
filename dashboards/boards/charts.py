"""The kinds of panels that are no tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.models import barchart, bargauge, common, geomap, heatmap, stat, statetimeline, timeseries
from grafana_foundation_sdk.models import dashboard as sdk
from msgspec import Struct

from dashboards.boards import look
from dashboards.boards.kit import DEVICES_EVERY, TEXT, UNITS_EVERY, Query, Sheet, lettered, override, to_ward

LAST = common.ReduceDataOptions(values=False, calcs=["lastNotNull"], fields="")
NO_LEGEND = common.VizLegendOptions(
    display_mode=common.LegendDisplayMode.LIST, placement=common.LegendPlacement.BOTTOM, show_legend=False, calcs=[]
)
LEGEND = common.VizLegendOptions(
    display_mode=common.LegendDisplayMode.LIST, placement=common.LegendPlacement.BOTTOM, show_legend=True, calcs=[]
)
ALL = common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING)
ONE = common.VizTooltipOptions(mode=common.TooltipDisplayMode.SINGLE, sort=common.SortOrder.NONE)


class Line(Struct, frozen=True):
    """One line of a chart: what it shows, its name and its fill. A limit is dashed and thin, without an area."""

    expr: str
    name: str
    fill: str
    dashed: bool = False


def stat_panel(
    sheet: Sheet,
    key: str,
    *queries: Query,
    unit: str = "none",
    decimals: int | None = 0,
    fill: str = "",
    mappings: Sequence[sdk.ValueMapping] = (),
    alarm: str = "",
    every: str = UNITS_EVERY,
    named: bool = False,
) -> sdk.Panel:
    """Large numbers. `fill` colours the first one, `alarm` does so when it is more than none; `mappings` fill the
    background by what they say. A `named` one shows the series' name in its place."""
    mode = common.BigValueColorMode.BACKGROUND_SOLID if mappings else common.BigValueColorMode.VALUE
    text = common.BigValueTextMode.VALUE_AND_NAME if len(queries) > 1 else common.BigValueTextMode.VALUE
    if named:
        text = common.BigValueTextMode.NAME
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=mode,
        justify_mode=common.BigValueJustifyMode.AUTO,
        text_mode=text,
        reduce_options=LAST,
        percent_change_color_mode=common.PercentChangeColorMode.STANDARD,
        orientation=common.VizOrientation.AUTO,
    )
    field = sdk.FieldConfig(unit=unit, decimals=decimals, mappings=list(mappings))
    first: dict[str, object] = {"mode": "fixed", "fixedColor": fill} if fill else {"mode": "thresholds"}
    if alarm:
        field.thresholds = look.steps([(0.5, alarm)])
    if not mappings:
        field.color = look.fixed("text")
    overrides = [override("A", by="byFrameRefID", color=first)] if fill or alarm else []
    return sheet.panel(key, "stat", queries, options, field, overrides=overrides, every=every)


def lines_panel(
    sheet: Sheet,
    key: str,
    *lines: Line,
    unit: str,
    decimals: int | None = None,
    stacked: bool = False,
    least: float | None = 0,
    every: str = UNITS_EVERY,
    transformations: Sequence[sdk.DataTransformerConfig] = (),
    extra: Sequence[Query] = (),
) -> sdk.Panel:
    """Lines over time, each with a fill of its own and, being a limit, dashes of its own. `extra` queries feed
    `transformations` and are not drawn."""
    custom = common.GraphFieldConfig(
        draw_style=common.GraphDrawStyle.LINE,
        line_width=1 if stacked else 2,
        fill_opacity=70 if stacked else 0,
        line_interpolation=common.LineInterpolation.STEP_AFTER if stacked else common.LineInterpolation.LINEAR,
        show_points=common.VisibilityMode.NEVER,
        span_nulls=False,
        axis_placement=common.AxisPlacement.AUTO,
        stacking=common.StackingConfig(
            mode=common.StackingMode.NORMAL if stacked else common.StackingMode.NONE, group="A"
        ),
    )
    field = sdk.FieldConfig(unit=unit, decimals=decimals, min_val=least, custom=custom)
    overrides = [
        override(
            each.ref,
            by="byFrameRefID",
            color={"mode": "fixed", "fixedColor": line.fill},
            custom__lineStyle={"fill": "dash", "dash": [8, 6]} if line.dashed else {"fill": "solid"},
            custom__lineWidth=1 if line.dashed else 2,
        )
        for each, line in zip(lettered([Query(line.expr) for line in lines]), lines, strict=True)
    ]
    queries = [*(Query(line.expr, line.name) for line in lines), *extra]
    options = timeseries.Options(legend=LEGEND, tooltip=ALL)
    return sheet.panel(
        key,
        "timeseries",
        queries,
        options,
        field,
        overrides=overrides,
        every=every,
        transformations=transformations,
    )


def states_panel(
    sheet: Sheet, key: str, *queries: Query, mappings: Sequence[sdk.ValueMapping], per_page: int = 40, every: str = ""
) -> sdk.Panel:
    """A row of states for each series; gaps are left as gaps."""
    options = statetimeline.Options(
        show_value=common.VisibilityMode.NEVER,
        row_height=0.8,
        merge_values=True,
        align_value=common.TimelineValueAlignment.LEFT,
        legend=LEGEND,
        tooltip=ONE,
        per_page=per_page,
    )
    field = sdk.FieldConfig(
        unit="none",
        decimals=0,
        mappings=list(mappings),
        color=sdk.FieldColor(mode=sdk.FieldColorModeId.THRESHOLDS),
        custom=statetimeline.FieldConfig(line_width=0, fill_opacity=85, span_nulls=False),
    )
    return sheet.panel(key, "state-timeline", queries, options, field, every=every or UNITS_EVERY)


def heat_panel(sheet: Sheet, key: str, query: Query, *, unit: str, every: str = DEVICES_EVERY) -> sdk.Panel:
    """A row for each series (or bucket), darker to brighter by value: Viridis is read without telling red from
    green."""
    buckets = query.form == "heatmap"
    options = heatmap.Options(
        calculate=False,
        color=heatmap.HeatmapColorOptions(
            mode=heatmap.HeatmapColorMode.SCHEME,
            scheme="Viridis",
            fill=look.BLUE,
            scale=heatmap.HeatmapColorScale.EXPONENTIAL,
            exponent=0.5,
            steps=32,
        ),
        rows_frame=heatmap.RowsHeatmapOptions(layout=common.HeatmapCellLayout.AUTO),
        show_value=common.VisibilityMode.NEVER,
        cell_values=heatmap.CellValues(unit="short" if buckets else unit),
        y_axis=heatmap.YAxisConfig(unit=unit, axis_placement=common.AxisPlacement.LEFT),
        legend=heatmap.HeatmapLegend(show=True),
        tooltip=heatmap.HeatmapTooltip(mode=common.TooltipDisplayMode.SINGLE, show_color_scale=True),
        exemplars=heatmap.ExemplarConfig(color=look.PURPLE),
    )
    field = sdk.FieldConfig(unit=unit, custom=heatmap.FieldConfig())
    return sheet.panel(key, "heatmap", [query], options, field, every=every)


def bars_panel(
    sheet: Sheet,
    key: str,
    *queries: Query,
    unit: str = "none",
    decimals: int | None = 0,
    fills: Sequence[str] = (),
    mappings: Sequence[sdk.ValueMapping] = (),
    every: str = UNITS_EVERY,
) -> sdk.Panel:
    """A labelled bar for each number. `fills` colour the queries in their order."""
    options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        value_mode=common.BarGaugeValueMode.TEXT,
        name_placement=common.BarGaugeNamePlacement.LEFT,
        sizing=common.BarGaugeSizing.AUTO,
        legend=NO_LEGEND,
        reduce_options=LAST,
        orientation=common.VizOrientation.HORIZONTAL,
    )
    field = sdk.FieldConfig(
        unit=unit, decimals=decimals, min_val=0, color=look.fixed(look.SKY), mappings=list(mappings)
    )
    overrides = [
        override(one.ref, by="byFrameRefID", color={"mode": "fixed", "fixedColor": fill})
        for one, fill in zip(lettered(queries), fills, strict=False)
    ]
    return sheet.panel(key, "bargauge", queries, options, field, overrides=overrides, every=every)


def columns_panel(
    sheet: Sheet, key: str, query: Query, *, along: str, name: str, unit: str = "none", every: str = DEVICES_EVERY
) -> sdk.Panel:
    """How many there are of each number in the label `along`, ascending."""
    options = barchart.Options(
        x_field=along,
        orientation=common.VizOrientation.VERTICAL,
        show_value=common.VisibilityMode.ALWAYS,
        stacking=common.StackingMode.NONE,
        legend=NO_LEGEND,
        tooltip=ONE,
    )
    field = sdk.FieldConfig(
        unit=unit, decimals=0, min_val=0, color=look.fixed(look.SKY), custom=barchart.FieldConfig(line_width=0)
    )
    steps = [
        sdk.DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": [along, "Value"]}}),
        numbers(along),
        sdk.DataTransformerConfig(id_val="sortBy", options={"fields": {}, "sort": [{"field": along, "desc": False}]}),
    ]
    overrides = [override("Value", displayName=name)]
    return sheet.panel(
        key, "barchart", [query], options, field, overrides=overrides, transformations=steps, every=every
    )


def numbers(*fields: str) -> sdk.DataTransformerConfig:
    """Labels are text: these become numbers."""
    conversions = [{"targetField": field, "destinationType": "number"} for field in fields]
    return sdk.DataTransformerConfig(id_val="convertFieldType", options={"fields": {}, "conversions": conversions})


def map_panel(sheet: Sheet, key: str, queries: Mapping[str, Query]) -> sdk.Panel:
    """Units by state (:data:`dashboards.boards.look.SHAPES`), each state a layer with a shape and a fill of its own,
    later ones above. Rows need the labels ``unit``, ``name``, ``lat`` and ``lon``."""
    lettering = lettered(list(queries.values()))
    layers = [_layer(sheet, state, query.ref) for state, query in zip(queries, lettering, strict=True)]
    options = geomap.Options(
        view=geomap.MapViewConfig(id_val="fit", zoom=15, padding=8),
        controls=geomap.ControlsOptions(show_zoom=True, mouse_wheel_zoom=False, show_attribution=True),
        basemap=common.MapLayerOptions(type_val="default", name="Layer 0", config={}),
        layers=layers,
        tooltip=geomap.TooltipOptions(mode=geomap.TooltipMode.DETAILS),
    )
    field = sdk.FieldConfig(unit="none", decimals=0)
    hidden = {"viz": True, "legend": True, "tooltip": True}
    overrides = [
        override("name", displayName=sheet.word("unit"), unit=TEXT, links=to_ward(sheet)),
        override("unit", displayName=sheet.word("code"), unit=TEXT),
        override("/^Value/", by="byRegexp", displayName=sheet.word("state"), mappings=[look.ranks(sheet.lang)]),
        override("/^(Time|lat|lon)$/", by="byRegexp", custom__hideFrom=hidden),
    ]
    return sheet.panel(
        key,
        "geomap",
        list(queries.values()),
        options,
        field,
        overrides=overrides,
        transformations=[numbers("lat", "lon")],
    )


def _layer(sheet: Sheet, state: str, ref: str) -> common.MapLayerOptions:
    style = {
        "color": {"fixed": look.FILLS[state]},
        "opacity": 0.9,
        "rotation": {"fixed": 0, "max": 360, "min": -360, "mode": "mod"},
        "size": {"fixed": 6 if state == "ready" else 9, "max": 15, "min": 2},
        "symbol": {"fixed": f"img/icons/marker/{look.SHAPES[state]}.svg", "mode": "fixed"},
        "symbolAlign": {"horizontal": "center", "vertical": "center"},
    }
    return common.MapLayerOptions(
        type_val="markers",
        name=look.said("verdict", state, sheet.lang),
        config={"showLegend": True, "style": style},
        location=common.FrameGeometrySource(
            mode=common.FrameGeometrySourceMode.COORDS, latitude="lat", longitude="lon"
        ),
        filter_data={"id": "byRefId", "options": ref},
        tooltip=True,
    )
