"""Collector and agents: whether what the other dashboards show can be believed."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.boards import frame, look, promql
from dashboards.boards.charts import Line, heat_panel, lines_panel, stat_panel, states_panel
from dashboards.boards.kit import DEVICES_EVERY, Query, Sheet, now, to_device, to_ward
from dashboards.boards.tables import Column, hidden, table_panel

OWN = "sansang_collector_"
WRITE = f"{OWN}remote_write_"
RATE = "[$__rate_interval]"
WORST = 20


def build(lang: str) -> tuple[sdk.Dashboard, Sheet]:
    sheet = Sheet("collector", lang)
    sheet.row(4, *((4, panel) for panel in _numbers(sheet)))
    sheet.section("intake")
    sheet.row(8, (8, _pushes(sheet)), (8, _refusals(sheet)), (8, _commits(sheet)))
    sheet.row(8, (8, _queue(sheet)), (8, _pace(sheet)), (8, _process(sheet)))
    sheet.section("agents")
    sheet.row(4, *((4, panel) for panel in _agents(sheet)))
    sheet.row(10, (8, _gaps(sheet)), (16, _behind(sheet)))
    sheet.section("prometheus")
    sheet.row(8, (8, _scrapes(sheet)), (8, _scrape_time(sheet)), (8, _series(sheet)))
    sheet.section("remote_write")
    sheet.row(8, (8, _sent(sheet)), (8, _pending(sheet)), (8, _lost(sheet)))
    return frame.dashboard(sheet, ["locality"], since="now-6h", refresh="30s"), sheet


def _numbers(sheet: Sheet) -> list[sdk.Panel]:
    refused = f"sum(rate({OWN}refusals_total{RATE}))"
    share = f"{refused} / (sum(rate({OWN}pushes_total{RATE})) + {refused})"
    loaded = look.switch(sheet.lang, "loaded", "refused")
    return [
        stat_panel(sheet, "version", now(f"max by (version) ({OWN}info)", "{{version}}"), named=True),
        stat_panel(sheet, "profile", now("min(sansang_profile_loaded)"), mappings=[loaded]),
        stat_panel(sheet, "push_rate", now(f"sum(rate({OWN}pushes_total{RATE}))"), unit="reqps", decimals=1),
        stat_panel(sheet, "refused", now(share), unit="percentunit", decimals=2),
        stat_panel(sheet, "swept", now(f"time() - max({OWN}sweep_timestamp_seconds)"), unit="s", decimals=0),
        stat_panel(sheet, "failures", now(f"sum(increase({OWN}sweep_failures_total[1h]))"), alarm=look.NOT_READY),
    ]


def _pushes(sheet: Sheet) -> sdk.Panel:
    lines = (
        Line(f"sum(rate({OWN}pushes_total{RATE}))", sheet.word("pushes"), look.SKY),
        Line(f"sum(rate({OWN}refusals_total{RATE}))", sheet.word("refusals"), look.NOT_READY),
        Line(f"sum(rate({OWN}results_total{RATE}))", sheet.word("results"), look.PURPLE),
        Line(f"sum(rate({OWN}duplicates_total{RATE}))", sheet.word("duplicates"), look.UNKNOWN),
    )
    return lines_panel(sheet, "pushes", *lines, unit="cps", decimals=1)


def _refusals(sheet: Sheet) -> sdk.Panel:
    expr = f"sum by (code) (increase({OWN}refusals_total[$__range])) > 0"
    return _counted(sheet, "refusals", expr, "code", "batches", (look.coded("code", sheet.lang),))


def _counted(
    sheet: Sheet, key: str, expr: str, label: str, what: str, mappings: tuple[sdk.ValueMapping, ...]
) -> sdk.Panel:
    """How many there are of each value of `label`: in words and with the code, by which RUNBOOK.md explains it."""
    columns = (Column(label, "cause", mappings=mappings), Column("A", what, "short", decimals=0, width=90))
    return table_panel(sheet, key, [expr], columns, by=label, sort="A")


def _commits(sheet: Sheet) -> sdk.Panel:
    expr = f"sum by (le) (increase({OWN}commit_seconds_bucket{RATE}))"
    return heat_panel(sheet, "commits", Query(expr, "{{le}}", "heatmap"), unit="s", every="15s")


def _queue(sheet: Sheet) -> sdk.Panel:
    waiting = Line(f"max({OWN}waiting_batches)", sheet.word("waiting_batches"), look.SKY)
    group = f"sum(rate({OWN}commit_batches_sum{RATE})) / sum(rate({OWN}commit_batches_count{RATE}))"
    return lines_panel(
        sheet, "queue", waiting, Line(group, sheet.word("batches_a_commit"), look.PURPLE), unit="none", decimals=1
    )


def _pace(sheet: Sheet) -> sdk.Panel:
    p99 = f"histogram_quantile(0.99, sum by (le) (rate({OWN}commit_seconds_bucket{RATE})))"
    lines = (
        Line(f"max({OWN}loop_stall_seconds)", sheet.word("stall"), look.SKY),
        Line(f"max({OWN}sweep_seconds)", sheet.word("sweep"), look.PURPLE),
        Line(p99, sheet.word("commit_p99"), look.YELLOW),
    )
    return lines_panel(sheet, "pace", *lines, unit="s")


def _process(sheet: Sheet) -> sdk.Panel:
    return lines_panel(
        sheet,
        "process",
        Line(f'sum(rate(process_cpu_seconds_total{{job="sansang"}}{RATE}))', sheet.word("cores"), look.SKY),
        unit="none",
        decimals=2,
    )


def _agents(sheet: Sheet) -> list[sdk.Panel]:
    lost = "sansang_agent_spool_dropped_total", "sansang_agent_spool_corrupt_total"
    asked = (
        ("spooled", f"sum({promql.among('sansang_agent_spool_records')})", "short", ""),
        ("oldest", f"max({promql.among('sansang_agent_spool_age_seconds')})", "s", ""),
        ("dead", _grown("sansang_agent_spool_quarantined_total"), "none", look.NOT_READY),
        ("lost", " + ".join(_grown(series) for series in lost), "none", look.NOT_READY),
        ("thinned", _grown("sansang_agent_spool_thinned_total"), "none", ""),
        ("skipped", _grown("sansang_agent_skipped_runs_total"), "none", ""),
    )
    return [
        stat_panel(sheet, key, now(expr), unit=unit, decimals=0, alarm=alarm, every=DEVICES_EVERY)
        for key, expr, unit, alarm in asked
    ]


def _grown(series: str) -> str:
    return f"sum({promql.among(f'increase({series}[1h])')})"


def _gaps(sheet: Sheet) -> sdk.Panel:
    expr = f"sum by (reason) (increase({OWN}gap_records_total[$__range])) > 0"
    return _counted(sheet, "gaps", expr, "reason", "count_results", (look.coded("gap", sheet.lang),))


def _behind(sheet: Sheet) -> sdk.Panel:
    """The agents whose oldest unsent record is oldest."""
    first = promql.highest(WORST, promql.among("max by (unit, device) (sansang_agent_spool_age_seconds)"))
    exprs = (
        promql.placed(promql.named(first)),
        "max by (device) (sansang_agent_spool_records)",
        "max by (device) (sansang_agent_push_failures)",
        "max by (device) (sansang_agent_spool_quarantined_total)",
        "max by (device) (sansang_agent_uptime_seconds)",
    )
    columns = (
        Column("name", "unit", links=tuple(to_ward(sheet))),
        Column("place", "device", width=150, links=tuple(to_device(sheet))),
        Column("A", "oldest_record", "s", decimals=0, width=130),
        Column("B", "waiting_records", decimals=0, width=110),
        Column("C", "push_failures", decimals=0, width=120),
        Column("D", "dead_letters", decimals=0, width=110),
        Column("E", "agent_uptime", "s", decimals=0, width=120),
        hidden("unit"),
        hidden("device"),
    )
    return table_panel(sheet, "behind", exprs, columns, by="device", sort="A", among=first, every=DEVICES_EVERY)


def _scrapes(sheet: Sheet) -> sdk.Panel:
    expr = 'min by (job, instance) (up{job=~"sansang.*"})'
    return states_panel(sheet, "scrapes", Query(expr, "{{job}} {{instance}}"), mappings=[look.switch(sheet.lang)])


def _scrape_time(sheet: Sheet) -> sdk.Panel:
    lines = (
        Line('max(scrape_duration_seconds{job="sansang"})', sheet.word("units_page"), look.SKY),
        Line('max(scrape_duration_seconds{job="sansang-devices"})', sheet.word("devices_page"), look.PURPLE),
        Line(_served("units"), sheet.word("units_served"), look.SKY, dashed=True),
        Line(_served("devices"), sheet.word("devices_served"), look.PURPLE, dashed=True),
    )
    return lines_panel(sheet, "scrape_time", *lines, unit="s")


def _served(page: str) -> str:
    """The mean time the collector itself took for the page."""
    of = f'{{page="{page}"}}{RATE}'
    return f"sum(rate({OWN}scrape_seconds_sum{of})) / sum(rate({OWN}scrape_seconds_count{of}))"


def _series(sheet: Sheet) -> sdk.Panel:
    kinds = (("units", look.SKY), ("devices", look.PURPLE), ("collector", look.YELLOW))
    lines = (Line(f'max({OWN}series{{kind="{kind}"}})', sheet.word(f"{kind}_series"), fill) for kind, fill in kinds)
    return lines_panel(sheet, "series", *lines, unit="short")


def _sent(sheet: Sheet) -> sdk.Panel:
    lines = (
        Line(f"sum(rate({WRITE}samples_total{RATE}))", sheet.word("samples"), look.SKY),
        Line(f"sum(rate({WRITE}failed_total{RATE}))", sheet.word("failed_requests"), look.NOT_READY),
        Line(f"sum(rate({WRITE}dropped_samples_total{RATE}))", sheet.word("dropped_samples"), look.AT_RISK),
    )
    return lines_panel(sheet, "sent", *lines, unit="cps", decimals=1)


def _pending(sheet: Sheet) -> sdk.Panel:
    waiting = f"max by (endpoint) ({WRITE}pending_samples)"
    exprs = (
        waiting,
        f"max by (endpoint) ({WRITE}pending_bytes)",
        f"1000 * max by (endpoint) ({WRITE}oldest_timestamp_seconds > 0)",
        f"1000 * max by (endpoint) ({WRITE}last_success_timestamp_seconds > 0)",
    )
    columns = (
        Column("endpoint", "endpoint"),
        Column("A", "waiting_samples", "short", decimals=0, width=80),
        Column("B", "waiting_bytes", "bytes", decimals=1, width=90),
        Column("C", "oldest_sample", sheet.word("when_unit"), width=135),
        Column("D", "last_success", sheet.word("when_unit"), width=135),
    )
    return table_panel(sheet, "pending", exprs, columns, by="endpoint", sort="A")


def _lost(sheet: Sheet) -> sdk.Panel:
    """Requests and samples in one list: no cause is one of both."""
    kinds = (("failed_total", "failure", "failed_requests"), ("dropped_samples_total", "drop", "dropped_samples"))
    expr = " or ".join(f"sum by (reason) (increase({WRITE}{series}[$__range])) > 0" for series, _, _ in kinds)
    mappings = tuple(look.coded(kind, sheet.lang, f"{sheet.word(what)}: ") for _, kind, what in kinds)
    return _counted(sheet, "not_written", expr, "reason", "count", mappings)
