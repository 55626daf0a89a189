"""Devices and tokens: what is old, what runs out of support, which certificates end, which disks fill."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.boards import frame, look, promql
from dashboards.boards.charts import bars_panel, columns_panel, stat_panel
from dashboards.boards.kit import DEVICES_EVERY, Sheet, now, rows, to_device, to_ward
from dashboards.boards.tables import Column, hidden, table_panel

LONGEST = 20
"""Rows of a city-wide table: what an engineer can deal with today; never every device of a city."""
DAY, MONTH, YEAR = 86_400, 2_629_746, 31_556_952
"""Seconds; month and year are the Gregorian calendar's mean ones."""
AGE = "sansang_device_age_seconds"
SUPPORT = "sansang_support_left_seconds"
CERTIFICATE = "sansang_signing_token_certificate_left_seconds"
VOLUME = "max by (unit, device, volume)"
FREE = f"{VOLUME} (sansang_storage_free_bytes) / {VOLUME} (sansang_storage_size_bytes)"
BANDS = ("ready", "at_risk", "not_ready")


def build(lang: str) -> tuple[sdk.Dashboard, Sheet]:
    sheet = Sheet("devices", lang)
    sheet.row(4, *((4, panel) for panel in _numbers(sheet)))
    sheet.row(
        7,
        (6, _bands(sheet, "age_bands", AGE, "pc_age", rising=True)),
        (6, _bands(sheet, "support_bands", SUPPORT, "os_support")),
        (6, _bands(sheet, "certificate_bands", CERTIFICATE, "certificate_left")),
        (6, _bands(sheet, "disk_bands", FREE, "disk_free")),
    )
    sheet.row(8, (12, _years(sheet)), (12, _months(sheet)))
    sheet.row(10, (12, _ending(sheet)), (12, _unsupported(sheet)))
    sheet.row(10, (12, _filling(sheet)), (12, _broken(sheet)))
    sheet.section("one_unit")
    sheet.row(11, (24, _of_unit(sheet)))
    return frame.dashboard(sheet, ["locality", "unit"], since="now-24h", refresh="5m"), sheet


def _numbers(sheet: Sheet) -> list[sdk.Panel]:
    last = "max by (unit, device) (sansang_device_last_result_timestamp_seconds)"
    asked = (
        ("known", last, look.SKY),
        ("silent", f"{last} < time() - {DAY}", look.NOT_READY),
        ("unsupported", f"max by (unit, device) ({SUPPORT}) < 0", look.NOT_READY),
        ("expired", f"{CERTIFICATE} < 0", look.NOT_READY),
        ("soon", f"{promql.compared(CERTIFICATE, '<=', 'certificate_left', 'ready')} >= 0", look.AT_RISK),
        ("disks", "max by (unit, device, disk) (sansang_storage_disk_healthy) == 0", look.NOT_READY),
    )
    return [stat_panel(sheet, key, now(_count(expr)), alarm=alarm, every=DEVICES_EVERY) for key, expr, alarm in asked]


def _count(expr: str) -> str:
    return promql.or_zero(f"count({promql.among(expr)})")


def _bands(sheet: Sheet, key: str, expr: str, requirement: str, *, rising: bool = False) -> sdk.Panel:
    """How many stand in each band of `requirement`; `rising` where more is worse."""
    good, bad = ("<=", ">") if rising else (">", "<=")
    parts = {
        "ready": promql.compared(expr, good, requirement, "ready"),
        "at_risk": promql.compared(promql.compared(expr, bad, requirement, "ready"), good, requirement, "at_risk"),
        "not_ready": promql.compared(expr, bad, requirement, "at_risk"),
    }
    queries = (now(_count(part), look.said("verdict", band, sheet.lang)) for band, part in parts.items())
    fills = [look.FILLS[band] for band in BANDS]
    return bars_panel(sheet, key, *queries, fills=fills, every=DEVICES_EVERY)


def _years(sheet: Sheet) -> sdk.Panel:
    years = promql.among(f"floor(max by (unit, device) ({AGE}) / {YEAR})")
    counted = rows(f'count_values("years", {years})')
    return columns_panel(sheet, "years", counted, along="years", name=sheet.word("devices"))


def _months(sheet: Sheet) -> sdk.Panel:
    months = promql.among(f"floor(max by (unit, device, certificate) ({CERTIFICATE}) / {MONTH})")
    counted = rows(f'count_values("months", {months})')
    return columns_panel(sheet, "months", counted, along="months", name=sheet.word("certificates"))


def _ending(sheet: Sheet) -> sdk.Panel:
    first = promql.lowest(LONGEST, promql.among(f"max by (unit, device, certificate, class) ({CERTIFICATE})"))
    columns = (
        Column("name", "unit", links=tuple(to_ward(sheet))),
        Column("place", "device", width=150, links=tuple(to_device(sheet))),
        Column("class", "kind", mappings=(look.closed("class", sheet.lang),), width=110),
        Column("A", "days_left", sheet.word("days_unit"), decimals=0, width=110),
        hidden("unit"),
        hidden("device"),
    )
    return _ranked(sheet, "ending", f"{_named(first)} / {DAY}", columns)


def _unsupported(sheet: Sheet) -> sdk.Panel:
    first = promql.lowest(LONGEST, promql.among(f"max by (unit, device) ({SUPPORT})"))
    columns = (
        Column("name", "unit", links=tuple(to_ward(sheet))),
        Column("place", "device", width=150, links=tuple(to_device(sheet))),
        Column("A", "days_left", sheet.word("days_unit"), decimals=0, width=130),
        hidden("unit"),
        hidden("device"),
    )
    return _ranked(sheet, "out_of_support", f"{_named(first)} / {DAY}", columns)


def _filling(sheet: Sheet) -> sdk.Panel:
    first = promql.lowest(LONGEST, promql.among(FREE))
    columns = (
        Column("name", "unit", links=tuple(to_ward(sheet))),
        Column("place", "device", width=150, links=tuple(to_device(sheet))),
        Column("volume", "volume", mappings=(look.closed("volume", sheet.lang),), width=120),
        Column("A", "free", "percentunit", decimals=0, width=110),
        hidden("unit"),
        hidden("device"),
    )
    return _ranked(sheet, "filling", _named(first), columns)


def _broken(sheet: Sheet) -> sdk.Panel:
    """Disks that say they will fail, and volumes that refuse writes."""
    failing = "max by (unit, device, disk) (sansang_storage_disk_healthy) == 0"
    refusing = "max by (unit, device, volume) (sansang_storage_read_only) == 1"
    columns = (
        Column("name", "unit", links=tuple(to_ward(sheet))),
        Column("place", "device", width=150, links=tuple(to_device(sheet))),
        Column("disk", "disk", mappings=(look.closed("disk", sheet.lang),), width=120),
        Column("volume", "read_only_volume", mappings=(look.closed("volume", sheet.lang),), width=140),
        hidden("unit"),
        hidden("device"),
    )
    expr = _named(promql.highest(LONGEST, promql.among(f"({failing}) or ({refusing})")))
    return table_panel(sheet, "broken", [expr], columns, sort="name", rising=True, every=DEVICES_EVERY)


def _named(expr: str) -> str:
    """With the unit's name and the device's place."""
    return promql.placed(promql.named(expr))


def _ranked(sheet: Sheet, key: str, expr: str, columns: tuple[Column, ...]) -> sdk.Panel:
    """Least first."""
    return table_panel(sheet, key, [expr], columns, sort="A", rising=True, every=DEVICES_EVERY)


def _of_unit(sheet: Sheet) -> sdk.Panel:
    here = promql.HERE
    free = f"{VOLUME} (sansang_storage_free_bytes{here}) / {VOLUME} (sansang_storage_size_bytes{here})"
    exprs = (
        promql.placed(f"max by (device, role, version) (sansang_device_info{here})", here),
        f"1000 * max by (device) (sansang_device_last_result_timestamp_seconds{here})",
        f"max by (device) ({AGE}{here}) / {YEAR}",
        f"max by (device) ({SUPPORT}{here}) / {DAY}",
        f"max by (device) (sansang_device_memory_size_bytes{here})",
        f"min by (device) ({free})",
        f"min by (device) ({CERTIFICATE}{here}) / {DAY}",
        f"max by (device) (sansang_signing_token_usable_certificates{here})",
    )
    days = sheet.word("days_unit")
    columns = (
        Column("place", "device", links=tuple(to_device(sheet))),
        Column("role", "role", mappings=(look.closed("role", sheet.lang),), width=110),
        Column("version", "version", width=100),
        Column("B", "last_result", sheet.word("when_unit"), width=140),
        Column("C", "age", sheet.word("years_unit"), decimals=1, width=110),
        Column("D", "support_left", days, decimals=0, width=140),
        Column("E", "memory", "bytes", decimals=1, width=110),
        Column("F", "least_free", "percentunit", decimals=0, width=120),
        Column("G", "certificate_left", days, decimals=0, width=140),
        Column("H", "usable_certificates", decimals=0, width=140),
        hidden("device"),
    )
    return table_panel(sheet, "of_unit", exprs, columns, by="device", sort="D", rising=True, every=DEVICES_EVERY)
