"""City: which wards are not ready, and why. To be read in five seconds."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.boards import frame, look, promql
from dashboards.boards.charts import Line, lines_panel, map_panel, stat_panel
from dashboards.boards.kit import Sheet, now, rows, to_finding, to_ward
from dashboards.boards.tables import Column, hidden, table_panel

COUNTS = "locality:sansang_unit_verdict:count"
SINCE = "sansang_unit_verdict_since_timestamp_seconds"
PLACE = "name, lat, lon"
DRAWN = ("ready", "unknown", "at_risk", "not_ready")


def build(lang: str) -> tuple[sdk.Dashboard, Sheet]:
    sheet = Sheet("city", lang)
    sheet.row(
        4,
        *((4, _count(sheet, verdict)) for verdict in ("not_ready", "at_risk", "unknown", "ready")),
        (4, _findings_open(sheet)),
        (4, _reporting(sheet)),
    )
    sheet.row(12, (7, _map(sheet)), (17, _worst(sheet)))
    sheet.row(9, (14, findings_table(sheet, "findings", promql.findings("sansang_finding"))), (10, _changes(sheet)))
    sheet.row(8, (24, _history(sheet)))
    board = frame.dashboard(sheet, ["locality"], since="now-24h", refresh="30s", transitions=["not_ready"])
    return board, sheet


def _count(sheet: Sheet, verdict: str) -> sdk.Panel:
    """How many units have the verdict now, and how many more than a day ago."""
    present = f'sum(max by (unit) (sansang_unit_verdict{{verdict="{verdict}"}}) * on (unit) group_left () {_UNITS})'
    counted = f'{COUNTS}{{locality=~"$locality", verdict="{verdict}"}}'
    change = f"sum({counted}) - sum({counted} offset 1d)"
    queries = (now(present, sheet.word("now")), now(change, sheet.word("since_yesterday")))
    if verdict == "ready":
        return stat_panel(sheet, verdict, *queries, fill=look.READY)
    return stat_panel(sheet, verdict, *queries, alarm=look.FILLS[verdict])


_UNITS = f"max by (unit) ({promql.UNITS})"


def _findings_open(sheet: Sheet) -> sdk.Panel:
    several = promql.or_zero(f"count({promql.findings('sansang_finding_units > 1')})")
    queries = (
        now(promql.or_zero(f"count({promql.findings('sansang_finding')})"), sheet.word("open")),
        now(several, sheet.word("several_units")),
    )
    return stat_panel(sheet, "findings_open", *queries, alarm=look.PURPLE)


def _reporting(sheet: Sheet) -> sdk.Panel:
    reporting, expected = (
        f"sum({promql.among(f'max by (unit) (sansang_unit_devices_{each})')})" for each in ("reporting", "expected")
    )
    queries = (now(reporting, sheet.word("reporting")), now(expected, sheet.word("expected")))
    return stat_panel(sheet, "reporting", *queries, fill=look.SKY)


def _map(sheet: Sheet) -> sdk.Panel:
    layers = {each: rows(promql.named(f"{promql.rank()} == {look.RANKS[each]}", PLACE)) for each in DRAWN}
    return map_panel(sheet, "map", layers)


def _worst(sheet: Sheet) -> sdk.Panel:
    """Units that are not ready, with the first of the mandatory requirements that stand worst."""
    unready = f"({promql.rank()}) > 0"
    exprs = (
        promql.named(unready),
        first_reason(sheet.lang),
        'max by (unit, silence) (sansang_unit_silence{silence!="late"}) == 1',
        f"1000 * max by (unit) ({SINCE})",
        _first_finding(sheet.lang),
    )
    columns = (
        Column("name", "unit", width=145, links=tuple(to_ward(sheet))),
        Column("A", "state", mappings=(look.ranks(sheet.lang),), filled=True, width=135),
        Column(f"title_{sheet.lang}", "requirement"),
        Column("reason", "reason", mappings=(look.closed("reason", sheet.lang),), width=225),
        Column("silence", "silence", mappings=(look.closed("silence", sheet.lang),), width=120),
        Column("D", "since", sheet.word("when_unit"), width=130),
        Column("finding", "finding", width=180),
        hidden("unit"),
    )
    return table_panel(sheet, "worst", exprs, columns, sort="A", among=promql.among(unready))


def first_reason(lang: str, unit: str = "") -> str:
    """One requirement for each unit, with its title, and with its reason where it has one: of the mandatory ones that
    are not waived the worst."""
    by = "instance, unit, requirement"
    reasons = f"max by ({by}, reason) (sansang_unit_requirement_reason{promql.selector(unit)})"
    unmet, of = promql.counting(unit), f"on ({by})"
    weighed = f"{reasons} * {of} group_left () {unmet} or {of} {unmet}"
    return f"topk by (unit) (1, {promql.titled(weighed, lang, promql.equal('mandatory', 'true'))})"


def _first_finding(lang: str) -> str:
    """For each unit the title of the widest finding that stops something there, as the label finding. A fault of one PC
    explains nothing of its unit."""
    title = f"title_{lang}"
    wide = 'sansang_finding_units and on (id) sansang_finding{segment!="device"}'
    stopped = f"max by (id, unit) (sansang_finding_unit) * on (id) group_left () max by (id) ({wide})"
    told = f"{stopped} * on (id) group_left ({title}) max by (id, {title}) (sansang_finding_info)"
    return f'max by (unit, finding) (label_replace(topk by (unit) (1, {told}), "finding", "$1", "{title}", "(.*)"))'


def _changes(sheet: Sheet) -> sdk.Panel:
    """Units whose verdict is younger than a day: what it was a day ago, what it is."""
    lately = f"({SINCE} > time() - 86400)"
    exprs = (
        promql.named(f"1000 * max by (unit) ({lately})"),
        promql.rank("offset 1d"),
        promql.rank(),
    )
    state = (look.ranks(sheet.lang),)
    columns = (
        Column("A", "since", sheet.word("when_unit"), width=130),
        Column("name", "unit", links=tuple(to_ward(sheet))),
        Column("B", "state_yesterday", mappings=state, filled=True, width=150),
        Column("C", "state", mappings=state, filled=True, width=150),
        hidden("unit"),
    )
    return table_panel(sheet, "changes", exprs, columns, sort="A", among=promql.among(lately))


def findings_table(sheet: Sheet, key: str, chosen: str, *, brief: bool = False) -> sdk.Panel:
    """The findings that `chosen` yields by id with their segment, those that stop most units first. A `brief` one fits
    into half the width."""
    title = f"title_{sheet.lang}"
    labels = f"{title}, owner"
    exprs = (
        f"max by (id, segment) ({chosen}) * on (id) group_left ({labels}) max by (id, {labels}) (sansang_finding_info)",
        "max by (id) (sansang_finding_units)",
        "max by (id) (sansang_finding_devices)",
        "max by (id) (sansang_finding_confidence_ratio)",
        "1000 * max by (id) (sansang_finding_opened_timestamp_seconds)",
    )
    columns = (
        Column(title, "finding", links=tuple(to_finding(sheet))),
        Column("segment", "segment", mappings=(look.closed("segment", sheet.lang),), width=130),
        Column("owner", "owner", mappings=(look.closed("owner", sheet.lang),), width=175),
        Column("B", "units", decimals=0, width=75),
        Column("C", "devices", decimals=0, width=75),
        Column("D", "confidence", "percentunit", decimals=0, width=90),
        Column("E", "since", sheet.word("when_unit"), width=130),
        hidden("id"),
    )
    shown = [column for column in columns if not brief or column.field not in ("segment", "C", "D")]
    return table_panel(sheet, key, exprs, shown, by="id", sort="B", among=chosen)


def _history(sheet: Sheet) -> sdk.Panel:
    lines = (
        Line(
            f'sum({COUNTS}{{locality=~"$locality", verdict="{verdict}"}})',
            look.said("verdict", verdict, sheet.lang),
            look.FILLS[verdict],
        )
        for verdict in reversed(DRAWN)
    )
    return lines_panel(sheet, "history", *lines, unit="none", decimals=0, stacked=True)
