"""Line capacity: the P95 of TT 06/2026/TT-BKHCN (Art. 5.6) against the contract, and what was measured."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.boards import frame, look, promql
from dashboards.boards.charts import Line, bars_panel, lines_panel, stat_panel
from dashboards.boards.kit import DEVICES_EVERY, Sheet, now, to_ward
from dashboards.boards.tables import Column, hidden, table_panel

P95 = "unit:sansang_uplink_utilisation_ratio:p95_7d"
CONTRACT = "sansang_unit_contract_bytes_per_second"
SPEED = "sansang_bandwidth_throughput_bytes_per_second"
WAYS = (("receive", "download", look.SKY, "uplink_p95_in"), ("transmit", "upload", look.PURPLE, "uplink_p95_out"))
"""The router's word for a direction, the speed test's, its fill, the requirement on its P95."""


def build(lang: str) -> tuple[sdk.Dashboard, Sheet]:
    sheet = Sheet("lines", lang)
    sheet.row(4, *((4, panel) for panel in _numbers(sheet)))
    sheet.row(13, (17, _lines(sheet)), (7, _bands(sheet)))
    sheet.section("one_unit")
    sheet.row(9, (12, _p95(sheet)), (12, _traffic(sheet)))
    sheet.row(9, (12, _speed(sheet)), (12, _latency(sheet)))
    board = frame.dashboard(sheet, ["locality", "unit"], since="now-7d", refresh="5m")
    return board, sheet


def _worse(expr: str = P95) -> str:
    """The fuller direction of each line."""
    return f"max by (unit) ({expr})"


def _numbers(sheet: Sheet) -> list[sdk.Panel]:
    over = promql.compared(_worse(), ">", "uplink_p95_in", "at_risk")
    near = promql.compared(promql.compared(_worse(), ">", "uplink_p95_in", "ready"), "<=", "uplink_p95_in", "at_risk")
    slow = promql.compared(_measured("download", "max by (unit)"), "<", "speed_down", "at_risk")
    unread = "count by (unit) (sansang_unit_info) unless on (unit) sansang_unit_contract_bytes_per_second"
    asked = (
        ("measured", f"count({promql.among(_worse())})", look.SKY),
        ("over", f"count({promql.among(over)})", look.NOT_READY),
        ("near", f"count({promql.among(near)})", look.AT_RISK),
        ("slow", f"count({promql.among(slow)})", look.NOT_READY),
        ("no_contract", f"count({promql.among(unread)})", look.UNKNOWN),
    )
    counted = [stat_panel(sheet, key, now(promql.or_zero(expr)), alarm=alarm) for key, expr, alarm in asked]
    return [*counted, stat_panel(sheet, "limit", now(promql.limit("uplink_p95_in", "at_risk")), unit="percentunit")]


def _measured(way: str, by: str, unit: str = "") -> str:
    """What the newest speed test of a unit's devices found."""
    return f"{by} ({SPEED}{promql.selector(promql.equal('direction', way), unit)})"


def _lines(sheet: Sheet) -> sdk.Panel:
    """A row for each unit, the fullest line first; bits a second, as lines are bought."""
    fullest = promql.named(_worse())
    ways = [(f'max by (unit) ({P95}{{direction="{way}"}})') for way, *_ in WAYS]
    contracts = [f'8 * max by (unit) ({CONTRACT}{{direction="{way}"}})' for way, *_ in WAYS]
    speeds = [f"8 * {_measured(way, 'max by (unit)')}" for _, way, *_ in WAYS]
    provider = 'max by (unit, provider) (sansang_unit_line_info{network="internet"})'
    state = promql.compared(_worse(), "> bool", "uplink_p95_in", "at_risk")
    over = look.mapped({"1": (f"✕ {sheet.word('over_limit')}", look.NOT_READY), "0": (f"● {sheet.word('under')}", "")})
    columns = (
        Column("name", "unit", links=tuple(to_ward(sheet))),
        Column("provider", "provider", width=110),
        Column("A", "fuller_way", "percentunit", decimals=0, width=100),
        Column("I", "against_limit", mappings=(over,), width=120, filled=True),
        Column("B", "p95_down", "percentunit", decimals=0, width=100),
        Column("C", "p95_up", "percentunit", decimals=0, width=100),
        Column("D", "contract_down", "bps", decimals=0, width=125),
        Column("E", "contract_up", "bps", decimals=0, width=125),
        Column("F", "speed_down", "bps", decimals=0, width=110),
        Column("G", "speed_up", "bps", decimals=0, width=110),
        hidden("unit"),
    )
    exprs = [fullest, *ways, *contracts, *speeds, provider, state]
    return table_panel(sheet, "lines", exprs, columns, sort="A")


def _bands(sheet: Sheet) -> sdk.Panel:
    """The same lines counted by band, by direction."""
    queries, fills = [], []
    for way, _, _, requirement in WAYS:
        used = f'max by (unit) ({P95}{{direction="{way}"}})'
        beyond = promql.compared(used, ">", requirement, "ready")
        parts = {
            "ready": promql.compared(used, "<=", requirement, "ready"),
            "at_risk": promql.compared(beyond, "<=", requirement, "at_risk"),
            "not_ready": promql.compared(used, ">", requirement, "at_risk"),
        }
        for band, part in parts.items():
            name = f"{sheet.word(way)}: {look.said('verdict', band, sheet.lang)}"
            queries.append(now(promql.or_zero(f"count({promql.among(part)})"), name))
            fills.append(look.FILLS[band])
    return bars_panel(sheet, "bands", *queries, fills=fills)


def _p95(sheet: Sheet) -> sdk.Panel:
    used = [
        Line(f"max({P95}{promql.selector(UNIT, promql.equal('direction', way))})", sheet.word(way), fill)
        for way, _, fill, _ in WAYS
    ]
    limits = [
        Line(promql.limit("uplink_p95_in", band, promql.UNIT_HERE), sheet.word(f"limit_{band}"), fill, dashed=True)
        for band, fill in (("ready", look.AT_RISK), ("at_risk", look.NOT_READY))
    ]
    return lines_panel(sheet, "p95", *used, *limits, unit="percentunit", decimals=0)


UNIT = 'unit=~"$unit"'


def _traffic(sheet: Sheet) -> sdk.Panel:
    moved = [
        Line(f"8 * max({TRAFFIC}{promql.selector(UNIT, promql.equal('direction', way))})", sheet.word(way), fill)
        for way, _, fill, _ in WAYS
    ]
    return lines_panel(sheet, "traffic", *moved, *_contract(sheet), unit="bps", every=DEVICES_EVERY)


TRAFFIC = "sansang_uplink_throughput_bytes_per_second"


def _contract(sheet: Sheet) -> list[Line]:
    return [
        Line(
            f"8 * max({CONTRACT}{promql.selector(UNIT, promql.equal('direction', way))})",
            sheet.word("contract_down" if way == "receive" else "contract_up"),
            fill,
            dashed=True,
        )
        for way, _, fill, _ in WAYS
    ]


def _speed(sheet: Sheet) -> sdk.Panel:
    tests = [Line(f"8 * {_measured(way, 'max', UNIT)}", sheet.word(way), fill) for _, way, fill, _ in WAYS]
    return lines_panel(sheet, "speed", *tests, *_contract(sheet), unit="bps", every=DEVICES_EVERY)


def _latency(sheet: Sheet) -> sdk.Panel:
    """Round trips while the line is idle and while it is full, and the limits of the requirement loaded_rtt."""
    loads = (("idle", look.SKY), ("download", look.PURPLE), ("upload", look.YELLOW))
    series = "sansang_bandwidth_latency_seconds"
    trips = [
        Line(f"max({series}{promql.selector(UNIT, promql.equal('load', load))})", sheet.word(f"load_{load}"), fill)
        for load, fill in loads
    ]
    limits = [
        Line(promql.limit("loaded_rtt", band, promql.UNIT_HERE), sheet.word(f"limit_{band}"), fill, dashed=True)
        for band, fill in (("ready", look.AT_RISK), ("at_risk", look.NOT_READY))
    ]
    return lines_panel(sheet, "latency", *trips, *limits, unit="s", every=DEVICES_EVERY)
