"""What every dashboard has around its panels: variables, links, annotations, time."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.boards import look, promql
from dashboards.boards.kit import SOURCE, Sheet, uid
from dashboards.boards.texts import BOARDS
from dashboards.boards.words import LANGUAGES

TAG = "sansang"
PRODUCT = "${collector}/"
"""The product's own pages, by the address that the collector of what is chosen tells of itself."""
CLASSIC = 5
"""Grafana's number for a variable's query that is written as text (PrometheusVariableQueryType.ClassicQuery)."""


def dashboard(
    sheet: Sheet,
    variables: Sequence[str],
    *,
    since: str,
    refresh: str = "1m",
    transitions: Sequence[str] = (),
    product: str = PRODUCT,
) -> sdk.Dashboard:
    """`sheet` whole, with these of the variables locality, provider, unit and requirement; it shows the time `since`
    then. Marks when units changed to one of `transitions`, and when findings were opened."""
    at = LANGUAGES.index(sheet.lang)
    sheet.marks = [*transitions, "finding"]
    words = BOARDS[sheet.board]
    return sdk.Dashboard(
        uid=uid(sheet.board, sheet.lang),
        title=words[at],
        description=words[2 + at],
        tags=[TAG, sheet.lang],
        timezone="browser",
        editable=True,
        graph_tooltip=sdk.DashboardCursorSync.CROSSHAIR,
        time=sdk.DashboardDashboardTime(from_val=since, to="now"),
        timepicker=sdk.TimePickerConfig(refresh_intervals=["15s", "30s", "1m", "5m", "15m"]),
        refresh=refresh,
        week_start="monday",
        panels=sheet.panels,
        templating=sdk.DashboardDashboardTemplating(list_val=_variables(sheet, variables)),
        annotations=sdk.AnnotationContainer(list_val=_annotations(sheet, transitions)),
        links=_links(sheet, product),
    )


def _variables(sheet: Sheet, wanted: Sequence[str]) -> list[sdk.VariableModel]:
    title = f"title_{sheet.lang}"
    asked = {
        "locality": ("label_values(sansang_unit_info, locality)", ""),
        "provider": ("label_values(sansang_unit_line_info, provider)", ""),
        "unit": (f"query_result(max by (name, unit) ({promql.UNITS}))", _read("name", "unit")),
        "requirement": (
            f"query_result(max by (requirement, {title}) (sansang_requirement_info))",
            _read("requirement", title, value_first=True),
        ),
    }
    return [_datasource(sheet), *(_query(sheet, name, *asked[name]) for name in wanted), _collector(sheet, wanted)]


def _read(first: str, second: str, *, value_first: bool = False) -> str:
    """Reads text and value out of a series as Prometheus writes it, its labels in alphabetical order."""
    text, value = ("value", "text") if value_first else ("text", "value")
    return f'/{first}="(?<{text}>[^"]+)".*{second}="(?<{value}>[^"]+)"/'


def _query(sheet: Sheet, name: str, query: str, regex: str) -> sdk.VariableModel:
    """A variable from a query. Where `regex` finds text and value it takes one value, else several, and all at
    first."""
    several = not regex
    everything = sdk.VariableOption(selected=True, text=[sheet.word("all")], value=["$__all"])
    return sdk.VariableModel(
        type_val=sdk.VariableType.QUERY,
        name=name,
        label=sheet.word(name),
        datasource=SOURCE,
        query={"qryType": CLASSIC, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        definition=query,
        regex=regex or None,
        multi=several,
        include_all=several,
        all_value=".*" if several else None,
        current=everything if several else None,
        refresh=sdk.VariableRefresh.ON_DASHBOARD_LOAD,
        sort=sdk.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC,
        allow_custom_value=True,
    )


def _datasource(sheet: Sheet) -> sdk.VariableModel:
    return sdk.VariableModel(
        type_val=sdk.VariableType.DATASOURCE, name="datasource", label=sheet.word("datasource"), query="prometheus"
    )


def _collector(sheet: Sheet, wanted: Sequence[str]) -> sdk.VariableModel:
    """The address of the collector that judges the chosen unit or localities; of several, as where none does, the first
    by address. Nobody chooses it, and no address of a dashboard brings another one."""
    judged = promql.told("sansang_collector_info", promql.UNIT_HERE if "unit" in wanted else promql.UNITS)
    query = f"query_result(max by (url) ({judged}) or on () max by (url) (sansang_collector_info))"
    found = _query(sheet, "collector", query, '/url="([^"]+)"/')
    found.hide = sdk.VariableHide.HIDE_VARIABLE
    found.skip_url_sync = True
    return found


def _links(sheet: Sheet, product: str) -> list[sdk.DashboardLink]:
    """The other dashboards in this language, this one in the other language, and the product's own page: above the
    panels, where Grafana draws them that have no placement (12.3 drew placed ones nowhere: grafana/grafana#115084)."""
    other = next(lang for lang in LANGUAGES if lang != sheet.lang)
    links = [
        sdk.DashboardLink(
            title=sheet.word("dashboards"),
            type_val=sdk.DashboardLinkType.DASHBOARDS,
            icon="dashboard",
            tags=[TAG, sheet.lang],
            include_vars=True,
            keep_time=True,
        ),
        _link(sheet.word("other_language"), f"/d/{uid(sheet.board, other)}", "doc", keep=True),
        _link(sheet.word("product"), product, "external link", keep=False),
    ]
    for link in links:
        link.placement = None  # type: ignore[assignment]  # the SDK knows no link without
    return links


def _link(title: str, url: str, icon: str, *, keep: bool) -> sdk.DashboardLink:
    return sdk.DashboardLink(
        title=title,
        type_val=sdk.DashboardLinkType.LINK,
        icon=icon,
        url=url,
        target_blank=not keep,
        include_vars=keep,
        keep_time=keep,
    )


def _annotations(sheet: Sheet, transitions: Sequence[str]) -> list[sdk.AnnotationQuery]:
    one_unit = "sansang_unit_verdict_since_timestamp_seconds" + (promql.HERE if sheet.board == "ward" else "")
    made = [
        _annotation(
            look.said("verdict", verdict, sheet.lang),
            promql.named(f'1000 * ({one_unit} and on (unit) sansang_unit_verdict{{verdict="{verdict}"}} == 1)'),
            "{{name}}",
            look.FILLS[verdict],
        )
        for verdict in transitions
    ]
    title = f"title_{sheet.lang}"
    opened = (
        f"1000 * max by (id) (sansang_finding_opened_timestamp_seconds) "
        f"* on (id) group_left ({title}) max by (id, {title}) (sansang_finding_info)"
    )
    return [*made, _annotation(sheet.word("finding"), opened, f"{{{{{title}}}}}", look.PURPLE)]


def _annotation(name: str, expr: str, text: str, fill: str) -> sdk.AnnotationQuery:
    """The series' value is the time, in milliseconds as Grafana takes it."""
    return sdk.AnnotationQuery(
        name=name,
        datasource=SOURCE,
        enable=True,
        icon_color=fill,
        expr=expr,
        step="60s",
        title_format=name,
        text_format=text,
        tag_keys="",
        use_value_for_time=True,
    )
