"""Cells as Vietnamese offices write them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from collector.roster import values
from collector.roster.columns import COLUMNS, KINDS, Column
from collector.roster.model import purchased
from collector.roster.values import Bad, number, parse
from tests.collector.roster.files import TODAY

ALL: dict[str, Column] = {column.name: column for kind in KINDS for column in COLUMNS[kind]}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1234.5", 1234.5), ("1234,5", 1234.5), ("12.345.678", 12_345_678),
        ("1.000", 1000), ("1,000", 1000), ("0,500", 0.5), ("0.500", 0.5), ("1.5", 1.5), (" 200 ", 200),
        ("1 234,5", 1234.5), ("1\u00a0234", 1234), ("1,2340", 1.234), (12, 12), (12.5, 12.5), ("-3", -3),
        ("1.234.5", None), ("1,2,3", None), ("1.234,5,6", None), ("hai", None), ("", None), (True, None),
        (float("inf"), None), ("1e3", None), ("12.34.567", None), ("٣", None),
    ],
)  # fmt: skip
def test_numbers_of_both_languages_are_read(written: object, value: float | None) -> None:
    """Dots and commas change places; three digits behind the only one are thousands."""
    assert number(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("15/08/2023", "2023-08-15"), ("5/8/2023", "2023-08-05"), ("15-8-2023", "2023-08-15"),
        ("15.08.2023", "2023-08-15"), ("2023-08-15", "2023-08-15"), ("2023-08-15 00:00:00", "2023-08-15"),
        ("45153", "2023-08-15"), (45153, "2023-08-15"), (45153.0, "2023-08-15"),
        (datetime.datetime(2023, 8, 15), "2023-08-15"), (datetime.datetime(2023, 8, 15, 7, 30), "2023-08-15"),
        ("2019", "2019"), (2019, "2019"), (2019.0, "2019"), ("05/2021", "2021-05"), ("5/2021", "2021-05"),
        ("2021-05", "2021-05"), ("22/11/2026", "2026-11-22"), ("2026", "2026"),
    ],
)  # fmt: skip
def test_dates_are_read_as_exactly_as_they_are_told(written: object, value: str) -> None:
    """Days, months, years, and the days that Excel counts."""
    assert parse(ALL["purchase_date"], written, TODAY) == value


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("31/02/2024", "no_such_day"), ("08/15/2023", "no_such_day"), ("13/2024", "no_such_day"), ("03/05/19", "date"),
        ("hôm qua", "date"), ("23/11/2026", "future"), ("2027", "future"), ("12/2026", "future"), ("2019,5", "date"),
        (datetime.datetime(1905, 7, 11), "too_old"), ("1899", "too_old"), ("99999", "date"), ("-1", "date"),
        (True, "date"), ("0000", "no_such_day"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(written: object, code: str) -> None:
    """The American order of days, two digits of a year, the future, and a year that Excel took for a day of 1905."""
    with pytest.raises(Bad) as why:
        parse(ALL["purchase_date"], written, TODAY)
    assert why.value.code == code


def test_a_date_told_in_part_stands_for_its_middle() -> None:
    """With how far off the true day may be."""
    assert purchased("2023-05-17") == (datetime.date(2023, 5, 17), 0)
    assert purchased("2023-05") == (datetime.date(2023, 5, 16), 15)
    assert purchased("2024-02") == (datetime.date(2024, 2, 16), 15)
    assert purchased("2023") == (datetime.date(2023, 7, 2), 183)


@pytest.mark.parametrize(
    ("column", "written", "value"),
    [
        ("signer", "Có", True), ("signer", "x", True), ("signer", True, True), ("signer", 1, True),
        ("signer", "KHÔNG", False), ("signer", "ko", False), ("signer", "No", False), ("signer", 0.0, False),
        ("role", "Quầy", "counter"), ("role", "ki-ốt", "kiosk"), ("role", "Văn  phòng", "back_office"),
        ("role", "Bộ định tuyến", "router"), ("role", "back_office", "back_office"), ("role", "Counter", "counter"),
        ("staff", "1.234", 1234), ("staff", 12.0, 12), ("staff", "0", 0),
        ("contracted_up_mbps", "200 Mbps", 200.0), ("contracted_up_mbps", "1.234,5", 1234.5),
        ("snmp_host", "10.79.1.1", "10.79.1.1"), ("snmp_host", "router.q4.local", "router.q4.local"),
        ("snmp_host", "fd00::1", "fd00::1"), ("snmp_port", 1161.0, 1161), ("snmp_version", "v2c", "2c"),
        ("snmp_version", 3, "3"), ("snmp_auth_protocol", "sha256", "SHA-256"), ("snmp_privacy_protocol", "AES", "AES"),
        ("note", "hai\ndòng \u200b", "hai dòng"), ("title", "Hoa\u0300", "Hoà"), ("station", 1.0, "1"),
    ],
)  # fmt: skip
def test_other_values_are_read(column: str, written: object, value: Any) -> None:
    """Words of both languages, however they are written."""
    assert parse(ALL[column], written, TODAY) == value


@pytest.mark.parametrize(
    ("column", "written", "code"),
    [
        ("snmp_host", "10.0.0", "host"), ("snmp_host", "1.2.3.4.5", "host"), ("snmp_host", "a b", "host"),
        ("snmp_host", "http://x/", "host"), ("snmp_host", "2852039166", "host"), ("snmp_host", "127.1", "host"),
        ("snmp_host", "169.254.169.254", "forbidden_host"), ("snmp_host", "224.0.0.1", "forbidden_host"),
        ("staff", "-1", "count"), ("staff", "1,5", "count"), ("staff", 10_001, "too_many"), ("staff", True, "count"),
        ("contracted_up_mbps", "0", "mbps_range"), ("contracted_up_mbps", "1000001", "mbps_range"),
        ("contracted_up_mbps", "1 Gbps", "mbps"), ("snmp_port", 0, "port"), ("snmp_port", "65536", "port"),
        ("snmp_version", "1", "choice"), ("snmp_privacy_protocol", "3DES", "choice"), ("signer", "maybe", "yes"),
        ("role", "sếp", "role"), ("title", "x" * 121, "too_long"), ("title", "a\x07b", "unprintable"),
        ("title", "a\ufffdb", "unprintable"), ("snmp_auth_key", "1234567", "short_key"),
        ("snmp_community", "a\x07b", "unprintable_secret"),
        ("staff", 10**400, "too_many"), ("staff", "9" * 400, "too_many"), ("staff", -(10**400), "count"),
        ("contracted_up_mbps", 10**400, "mbps_range"), ("snmp_port", 10**400, "port"), ("role", 10**400, "role"),
        ("purchase_date", 10**400, "date"), ("snmp_version", 10**400, "choice"),
    ],
)  # fmt: skip
def test_other_values_are_refused(column: str, written: object, code: str) -> None:
    """Each for its own reason; a secret is not repeated."""
    with pytest.raises(Bad) as why:
        parse(ALL[column], written, TODAY)
    assert why.value.code == code
    assert not column.endswith(("key", "community")) or str(written) not in str(why.value.values)


def test_every_kind_of_value_is_read_by_something() -> None:
    """A column of a new kind would be noticed here."""
    assert {column.value for column in ALL.values()} <= set(values._PARSERS)
