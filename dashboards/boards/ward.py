"""Ward: one unit, requirement by requirement, and what stands behind each."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.boards import frame, look, promql
from dashboards.boards.charts import Line, lines_panel, stat_panel, states_panel
from dashboards.boards.city import SINCE, findings_table
from dashboards.boards.kit import DEVICES_EVERY, Query, Sheet, now, to_device
from dashboards.boards.tables import Column, hidden, table_panel

UNIT = 'unit=~"$unit"'
BASE = {"seconds": "s", "ratio": "percentunit", "bytes": "bytes", "bytes_per_second": "bps", "1": "none"}
"""Grafana's unit for each base unit of a requirement; speeds are shown in bits a second, as lines are bought."""


def build(lang: str) -> tuple[sdk.Dashboard, Sheet]:
    sheet = Sheet("ward", lang)
    sheet.row(4, (5, _state(sheet)), (4, _since(sheet)), (5, _reporting(sheet)), (5, _last(sheet)), (5, _unmet(sheet)))
    sheet.row(10, (14, _why(sheet)), (10, _findings(sheet)))
    sheet.row(18, (24, _timeline(sheet)))
    sheet.section("values")
    sheet.row(12, (12, _values(sheet, "seconds")), (12, _values(sheet, "ratio")))
    sheet.row(6, (12, _values(sheet, "bytes_per_second")), (12, _values(sheet, "1")))
    sheet.row(9, (9, _values(sheet, "bytes")), (15, _one_requirement(sheet)))
    sheet.section("devices")
    sheet.row(10, (14, _devices(sheet)), (10, _failing(sheet)))
    sheet.section("line")
    sheet.row(9, (12, _traffic(sheet)), (12, _systems(sheet)))
    sheet.section("tokens_power")
    sheet.row(9, (8, _certificates(sheet)), (8, _links(sheet)), (8, _power(sheet)))
    board = frame.dashboard(
        sheet,
        ["locality", "unit", "requirement"],
        since="now-7d",
        transitions=["not_ready", "at_risk", "unknown", "ready"],
        product="${collector}/units/${unit}",
    )
    return board, sheet


def _state(sheet: Sheet) -> sdk.Panel:
    return stat_panel(sheet, "state", now(promql.rank(unit=UNIT)), mappings=[look.ranks(sheet.lang)])


def _since(sheet: Sheet) -> sdk.Panel:
    return stat_panel(
        sheet, "since", now(f"1000 * max({SINCE}{promql.HERE})"), unit=sheet.word("when_unit"), decimals=None
    )


def _reporting(sheet: Sheet) -> sdk.Panel:
    queries = (now(f"max(sansang_unit_devices_{each}{promql.HERE})", sheet.word(each)) for each in _DEVICES)
    return stat_panel(sheet, "reporting", *queries, fill=look.SKY)


_DEVICES = ("reporting", "expected")


def _last(sheet: Sheet) -> sdk.Panel:
    last = f"1000 * max(sansang_unit_last_result_timestamp_seconds{promql.HERE})"
    return stat_panel(sheet, "last", now(last), unit=sheet.word("when_unit"), decimals=None)


def _unmet(sheet: Sheet) -> sdk.Panel:
    """How many requirements are not met: the mandatory ones, and the others."""
    missed = f"{promql.counting(UNIT)} == {look.RANKS['not_ready']}"
    counts = (
        now(
            promql.or_zero(f"count({promql.titled(missed, sheet.lang, promql.equal('mandatory', must))})"),
            sheet.word(name),
        )
        for must, name in (("true", "mandatory"), ("false", "advisory"))
    )
    return stat_panel(sheet, "unmet", *counts, alarm=look.NOT_READY)


def _why(sheet: Sheet) -> sdk.Panel:
    exprs = (
        promql.titled(promql.unmet(UNIT), sheet.lang, labels="mandatory"),
        f"max by (requirement, reason) (sansang_unit_requirement_reason{promql.HERE})",
        f"max by (requirement, kind) (sansang_unit_requirement_waived{promql.HERE})",
    )
    columns = (
        Column("A", "state", mappings=(look.ranks(sheet.lang),), filled=True, width=160),
        Column(f"title_{sheet.lang}", "requirement"),
        Column("reason", "reason", mappings=(look.closed("reason", sheet.lang),), width=230),
        Column("mandatory", "mandatory", mappings=(_must(sheet),), width=100),
        Column("kind", "waived", mappings=(_waived(sheet),), width=130),
    )
    return table_panel(sheet, "why", exprs, columns, by="requirement", sort="A")


def _must(sheet: Sheet) -> sdk.ValueMapping:
    return look.mapped({"true": (sheet.word("yes"), ""), "false": (sheet.word("no"), "")})


def _waived(sheet: Sheet) -> sdk.ValueMapping:
    return look.mapped({kind: (f"✎ {sheet.word(kind)}", "") for kind in ("waiver", "approval")})


def _findings(sheet: Sheet) -> sdk.Panel:
    chosen = f"sansang_finding and on (id) sansang_finding_unit{promql.HERE}"
    return findings_table(sheet, "findings", chosen, brief=True)


def _timeline(sheet: Sheet) -> sdk.Panel:
    expr = promql.titled(promql.requirement_rank(UNIT), sheet.lang)
    legend = f"{{{{title_{sheet.lang}}}}}"
    return states_panel(sheet, "timeline", Query(expr, legend), mappings=[look.ranks(sheet.lang)])


def _values(sheet: Sheet, base: str) -> sdk.Panel:
    """What was measured, and the limits it was held to, of the requirements in one base unit."""
    scale = "8 * " if BASE[base] == "bps" else ""
    value = f"{scale}max by (instance, requirement) (sansang_unit_requirement_value{promql.HERE})"
    exprs = (
        promql.titled(value, sheet.lang, f'unit="{base}"'),
        f"{scale}{_limits('ready')}",
        f"{scale}{_limits('at_risk')}",
        f"max by (requirement) ({promql.requirement_rank(UNIT)})",
    )
    unit = BASE[base]
    columns = (
        Column(f"title_{sheet.lang}", "requirement"),
        Column("A", "value", unit, decimals=1, width=85),
        Column("B", "short_ready", unit, decimals=1, width=85),
        Column("C", "short_at_risk", unit, decimals=1, width=85),
        Column("D", "state", mappings=(look.ranks(sheet.lang),), filled=True, width=135),
    )
    return table_panel(sheet, f"values_{base}", exprs, columns, by="requirement", sort="D")


def _limits(band: str) -> str:
    """By requirement, the limit that the unit is held to."""
    series = f"sansang_requirement_threshold{promql.selector(promql.equal('band', band))}"
    return f"max by (requirement) ({promql.told(series, promql.UNIT_HERE)})"


def _one_requirement(sheet: Sheet) -> sdk.Panel:
    """One requirement over time between its limits, in its own unit of measure: that comes from the query C."""
    of = 'requirement=~"$requirement"'
    lines = (
        Line(_scaled(f"sansang_unit_requirement_value{{{UNIT}, {of}}}", of), sheet.word("value"), look.SKY),
        Line(_limit(of, "ready"), sheet.word("limit_ready"), look.AT_RISK, dashed=True),
        Line(_limit(of, "at_risk"), sheet.word("limit_at_risk"), look.NOT_READY, dashed=True),
    )
    units = " or ".join(
        f'label_replace(sansang_requirement_info{{{of}, unit="{base}"}}, "shown", "{shown}", "", "")'
        for base, shown in BASE.items()
    )
    configured = sdk.DataTransformerConfig(
        id_val="configFromData",
        options={
            "applyTo": {"id": "byType", "options": "number"},
            "configRefId": "unit",
            "mappings": [{"fieldName": "shown", "handlerKey": "unit", "reducerId": "lastNotNull"}],
        },
    )
    told = Query(f"max by (shown) ({units})", form="table", ref="unit")
    return lines_panel(sheet, "one", *lines, unit="none", least=None, transformations=[configured], extra=[told])


def _limit(of: str, band: str) -> str:
    return _scaled(promql.told(f'sansang_requirement_threshold{{{of}, band="{band}"}}', promql.UNIT_HERE), of)


def _scaled(series: str, of: str) -> str:
    """In bits, where the requirement is a speed."""
    info = f"sansang_requirement_info{{{of}, unit"
    return f'max({series}) * max(8 * {info}="bytes_per_second"}} or {info}!="bytes_per_second"}})'


def _devices(sheet: Sheet) -> sdk.Panel:
    failing = f'max by (device, check, target) (sansang_check_outcome{{{UNIT}, outcome="failed"}}) == 1'
    exprs = (
        promql.placed(f"max by (device, role, version) (sansang_device_info{promql.HERE})", promql.HERE),
        f"1000 * max by (device) (sansang_device_last_result_timestamp_seconds{promql.HERE})",
        f"count by (device) ({failing})",
        f"max by (device) (sansang_device_clock_offset_seconds{promql.HERE})",
        f"max by (device) (sansang_agent_spool_records{promql.HERE})",
    )
    columns = (
        Column("place", "device", links=tuple(to_device(sheet))),
        Column("role", "role", mappings=(look.closed("role", sheet.lang),), width=110),
        Column("version", "version", width=90),
        Column("B", "last_result", sheet.word("when_unit"), width=135),
        Column("C", "failing_checks", decimals=0, width=110),
        Column("D", "clock_offset", "s", decimals=1, width=110),
        Column("E", "waiting_records", decimals=0, width=110),
        hidden("device"),
    )
    return table_panel(sheet, "devices", exprs, columns, by="device", sort="C", every=DEVICES_EVERY)


def _failing(sheet: Sheet) -> sdk.Panel:
    """What has no title is still told: by its id, or without the system."""
    by = "device, check, target, reason"
    failing = f"max by ({by}) (sansang_check_reason{promql.HERE})"
    named = promql.checked(failing, sheet.lang)
    bare = f'label_replace({failing}, "said", "$1", "check", "(.*)")'
    told = f"{promql.system(named, sheet.lang, promql.UNIT_HERE)} or on ({by}) {named} or on ({by}) {bare}"
    expr = promql.placed(told, promql.HERE)
    columns = (
        Column("said", "check", width=165),
        Column(f"title_{sheet.lang}", "system"),
        Column("reason", "reason", mappings=(look.closed("reason", sheet.lang),)),
        Column("place", "device", width=90, links=tuple(to_device(sheet))),
        hidden("device"),
    )
    return table_panel(sheet, "failing", [expr], columns, by="device", sort="said", rising=True, every=DEVICES_EVERY)


def _traffic(sheet: Sheet) -> sdk.Panel:
    """Bits a second, as lines are bought."""
    series = (
        ("sansang_uplink_throughput_bytes_per_second", "receive", "download", look.SKY, False),
        ("sansang_uplink_throughput_bytes_per_second", "transmit", "upload", look.PURPLE, False),
        ("sansang_unit_contract_bytes_per_second", "receive", "contract_down", look.SKY, True),
        ("sansang_unit_contract_bytes_per_second", "transmit", "contract_up", look.PURPLE, True),
    )
    lines = (
        Line(f'8 * max({name}{{{UNIT}, direction="{way}"}})', sheet.word(word), fill, dashed)
        for name, way, word, fill, dashed in series
    )
    return lines_panel(sheet, "traffic", *lines, unit="bps", every=DEVICES_EVERY)


def _systems(sheet: Sheet) -> sdk.Panel:
    """The share of PCs that reach each system, as a state by the limits of the requirement systems_now."""
    share = f"avg by (target) (sansang_connectivity_up{promql.HERE})"
    expr = promql.system(held(share, "systems_now", promql.UNIT_HERE), sheet.lang, promql.UNIT_HERE)
    legend = f"{{{{title_{sheet.lang}}}}}"
    return states_panel(sheet, "systems", Query(expr, legend), mappings=[look.ranks(sheet.lang)], every=DEVICES_EVERY)


def held(share: str, requirement: str, units: str = promql.UNITS) -> str:
    """`share`, the more the better, as a rank by the limits that the requirement has where `units` are; nothing where
    the profile has none."""
    below = (
        f"(({share}) < bool on () group_left () {promql.limit(requirement, band, units)})"
        for band in ("ready", "at_risk")
    )
    return " + ".join(f"{scale}{each}" for scale, each in zip(("2 * ", ""), below, strict=True))


def _certificates(sheet: Sheet) -> sdk.Panel:
    left = f"max by (certificate, class, device) (sansang_signing_token_certificate_left_seconds{promql.HERE})"
    columns = (
        Column("certificate", "certificate"),
        Column("class", "kind", mappings=(look.closed("class", sheet.lang),), width=120),
        Column("A", "days_left", sheet.word("days_unit"), decimals=0, width=120),
        Column("place", "device", width=150, links=tuple(to_device(sheet))),
        hidden("device"),
    )
    expr = f"{promql.placed(left, promql.HERE)} / 86400"
    return table_panel(sheet, "certificates", [expr], columns, by="device", sort="A", rising=True, every=DEVICES_EVERY)


def _links(sheet: Sheet) -> sdk.Panel:
    """The links of the signing chain that are broken, by device."""
    broken = f"max by (device, link, reason) (sansang_signing_token_link{promql.HERE} == 0)"
    services = f"max by (device, link, reason) (sansang_signing_service_link{promql.HERE} == 0)"
    columns = (
        Column("link", "link", mappings=(look.closed("link", sheet.lang),), width=150),
        Column("reason", "reason", mappings=(look.closed("reason", sheet.lang),)),
        Column("place", "device", width=150, links=tuple(to_device(sheet))),
        hidden("device"),
    )
    expr = promql.placed(f"{broken} or {services}", promql.HERE)
    return table_panel(sheet, "links", [expr], columns, by="device", sort="link", rising=True, every=DEVICES_EVERY)


def _power(sheet: Sheet) -> sdk.Panel:
    mains = f"max by (device) (sansang_power_mains{promql.HERE})"
    charge = " or ".join(f"sansang_{ups}_charge_ratio{promql.HERE}" for ups in ("power_ups", "uplink_ups"))
    exprs = (
        promql.placed(mains, promql.HERE),
        f"max by (device) ({charge})",
        f"max by (device) (sansang_power_ups_runtime_seconds{promql.HERE})",
        f"max by (device) (sansang_power_unclean_shutdowns{promql.HERE})",
    )
    columns = (
        Column("place", "device", links=tuple(to_device(sheet))),
        Column("A", "mains", mappings=(look.switch(sheet.lang),), filled=True, width=90),
        Column("B", "ups_charge", "percentunit", decimals=0, width=90),
        Column("C", "ups_runtime", "s", decimals=0, width=100),
        Column("D", "unclean", decimals=0, width=130),
        hidden("device"),
    )
    return table_panel(sheet, "power", exprs, columns, by="device", sort="D", among=mains, every=DEVICES_EVERY)
