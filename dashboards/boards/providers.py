"""Providers and systems: whose fault it is when it is not the ward's."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.boards import frame, look, promql
from dashboards.boards.charts import heat_panel, states_panel
from dashboards.boards.city import findings_table
from dashboards.boards.kit import DEVICES_EVERY, Query, Sheet
from dashboards.boards.tables import Column, table_panel
from dashboards.boards.ward import held

CHOSEN = 'provider=~"$provider"'
UP = f"provider:sansang_connectivity_up:ratio{{{CHOSEN}}}"
P95 = f"provider:sansang_connectivity_duration_seconds:p95{{{CHOSEN}}}"
SYSTEM_UP = "target:sansang_connectivity_up:ratio"


def build(lang: str) -> tuple[sdk.Dashboard, Sheet]:
    sheet = Sheet("providers", lang)
    sheet.row(8, (11, _providers(sheet)), (13, _systems(sheet)))
    sheet.row(6, (24, _findings(sheet)))
    sheet.row(9, (12, _provider_states(sheet)), (12, _system_states(sheet)))
    sheet.row(16, (24, _latency(sheet)))
    sheet.row(16, (24, _reach(sheet)))
    board = frame.dashboard(sheet, ["locality", "provider"], since="now-24h", product="${collector}/findings")
    return board, sheet


def _providers(sheet: Sheet) -> sdk.Panel:
    lines = promql.among(f"max by (unit, provider) (sansang_unit_line_info{{{CHOSEN}}})")
    blamed = f'max by (id, provider) (sansang_finding{{segment="provider", {CHOSEN}}})'
    stopped = f"{blamed} * on (id) group_left () max by (id) (sansang_finding_units)"
    untold = sheet.word("no_provider")
    exprs = (
        f'label_replace(count by (provider) ({lines}), "provider", "{untold}", "provider", "")',
        f"avg by (provider) ({UP})",
        f"max by (provider) ({P95})",
        f"sum by (provider) ({stopped})",
    )
    columns = (
        Column("provider", "provider"),
        Column("A", "lines", decimals=0, width=115),
        Column("B", "reached", "percentunit", decimals=2, width=110),
        Column("C", "slowest_p95", "s", decimals=2, width=130),
        Column("D", "stopped_units", decimals=0, width=130),
    )
    return table_panel(sheet, "providers", exprs, columns, by="provider", sort="D")


def _systems(sheet: Sheet) -> sdk.Panel:
    title = f"title_{sheet.lang}"
    blamed = 'max by (id, subject) (sansang_finding_info and on (id) sansang_finding{segment="destination"})'
    stopped = f"{blamed} * on (id) group_left () max by (id) (sansang_finding_units)"
    exprs = (
        promql.one("target", f"{title}, network, mandatory", promql.told("sansang_target_info")),
        f"avg by (target) ({SYSTEM_UP})",
        f"max by (target) ({P95})",
        f'sum by (target) (label_replace({stopped}, "target", "$1", "subject", "(.*)"))',
    )
    must = look.mapped({"true": (sheet.word("yes"), ""), "false": (sheet.word("no"), "")})
    columns = (
        Column(title, "system"),
        Column("network", "network", mappings=(look.closed("network", sheet.lang),), width=130),
        Column("mandatory", "mandatory", mappings=(must,), width=90),
        Column("B", "reached", "percentunit", decimals=2, width=110),
        Column("C", "slowest_p95", "s", decimals=2, width=130),
        Column("D", "stopped_units", decimals=0, width=130),
    )
    return table_panel(sheet, "systems", exprs, columns, by="target", sort="B", rising=True)


def _findings(sheet: Sheet) -> sdk.Panel:
    chosen = promql.findings('sansang_finding{segment=~"provider|destination|access"}')
    return findings_table(sheet, "findings", chosen)


def _provider_states(sheet: Sheet) -> sdk.Panel:
    expr = held(f"avg by (provider) ({UP})", "systems_now")
    return states_panel(sheet, "provider_states", Query(expr, "{{provider}}"), mappings=[look.ranks(sheet.lang)])


def _system_states(sheet: Sheet) -> sdk.Panel:
    expr = promql.system(held(f"avg by (target) ({SYSTEM_UP})", "systems_now"), sheet.lang)
    legend = f"{{{{title_{sheet.lang}}}}}"
    return states_panel(sheet, "system_states", Query(expr, legend), mappings=[look.ranks(sheet.lang)])


def _latency(sheet: Sheet) -> sdk.Panel:
    """A row for each provider and system."""
    expr = promql.system(f"max by (provider, target) ({P95})", sheet.lang)
    legend = f"{{{{provider}}}} · {{{{title_{sheet.lang}}}}}"
    return heat_panel(sheet, "latency", Query(expr, legend), unit="s", every=DEVICES_EVERY)


def _reach(sheet: Sheet) -> sdk.Panel:
    expr = promql.system(f"1 - avg by (provider, target) ({UP})", sheet.lang)
    legend = f"{{{{provider}}}} · {{{{title_{sheet.lang}}}}}"
    return heat_panel(sheet, "reach", Query(expr, legend), unit="percentunit", every=DEVICES_EVERY)
