"""The table of end dates, and what is read from it."""

from __future__ import annotations

import datetime

import pytest

from checks.kit.releases import NAMES, Row, Support, channels, load, support, windows_system

TABLE = load()
TODAY = datetime.date(2026, 11, 22)
DAY = datetime.timedelta(days=1)


def _asked(os: str, edition: str | None = None, version: str | None = None, build: int | None = None) -> Support:
    return support(os, edition, version, build, TODAY, TABLE)


def _key(row: Row) -> tuple[str, str | int, str]:
    return (row.system, row.version if row.build is None else row.build, row.channel)


def test_every_row_stands_once_and_names_a_source() -> None:
    """A date without a source is a rumour; a source without a date is a leftover."""
    assert len({_key(row) for row in TABLE.rows}) == len(TABLE.rows)
    assert {row.source for row in TABLE.rows} == set(TABLE.sources)
    assert {row.system for row in TABLE.rows} == set(NAMES)


def test_rows_are_sorted_by_system_and_release() -> None:
    """A reader finds a release, and a change shows where it is."""
    order = [(list(NAMES).index(row.system), row.build or 0, float(row.version) if not row.build else 0.0)
             for row in TABLE.rows]  # fmt: skip
    assert order == sorted(order)


def test_dates_are_plausible() -> None:
    """Extended support outlasts the free one, and no promise reaches past fifteen years."""
    for row in TABLE.rows:
        assert datetime.date(2013, 1, 1) < row.ends < TABLE.dated + 15 * 366 * DAY
        assert row.extended is None or row.extended > row.ends


def test_windows_is_told_by_builds_and_linux_by_versions() -> None:
    """A build number belongs to one system, but for servers."""
    for row in TABLE.rows:
        assert (row.build is not None) == row.system.startswith("windows")
        assert row.build is None or windows_system(row.build, row.channel == "server") == row.system


def test_microsofts_months_end_on_a_tuesday() -> None:
    """Patch day: a mistyped date would most likely be another."""
    days = {row.ends.weekday() for row in TABLE.rows if row.system in ("windows-10", "windows-11", "windows-server")}
    assert days == {1}


@pytest.mark.parametrize(
    ("os", "edition", "build", "ends", "channel"),
    [
        ("windows-7", "Professional", 7601, "2020-01-14", "any"),
        ("windows-7", "Ultimate", 7600, "2013-04-09", "any"),
        ("windows-8", "Core", 9600, "2023-01-10", "any"),
        ("windows-10", "Professional", 19045, "2025-10-14", "home_pro"),
        ("windows-10", "Enterprise", 19045, "2025-10-14", "enterprise"),
        ("windows-10", "CoreSingleLanguage", 19044, "2023-06-13", "home_pro"),
        ("windows-10", "Education", 19044, "2024-06-11", "enterprise"),
        ("windows-10", "EnterpriseS", 19044, "2027-01-12", "ltsc"),
        ("windows-10", "IoTEnterpriseS", 19044, "2032-01-13", "iot_ltsc"),
        ("windows-10", "EnterpriseS", 17763, "2029-01-09", "ltsc"),
        ("windows-10", "EnterpriseS", 14393, "2026-10-13", "ltsc"),
        ("windows-11", "Core", 22000, "2023-10-10", "home_pro"),
        ("windows-11", "Enterprise", 22631, "2026-11-10", "enterprise"),
        ("windows-11", "ProfessionalEducation", 26100, "2026-10-13", "home_pro"),
        ("windows-11", "IoTEnterprise", 26100, "2027-10-12", "enterprise"),
        ("windows-11", "EnterpriseSN", 26100, "2029-10-09", "ltsc"),
        ("windows-11", "IoTEnterpriseSK", 26100, "2034-10-10", "iot_ltsc"),
        ("windows-11", "Professional", 26200, "2027-10-12", "home_pro"),
        ("windows-11", "Professional", 28000, "2028-03-14", "home_pro"),
        ("windows-11", "Core", 26300, "2028-10-10", "home_pro"),
        ("windows-server", "ServerStandard", 9600, "2023-10-10", "server"),
        ("windows-server", "ServerDatacenter", 26100, "2034-10-10", "server"),
    ],
)
def test_a_windows_edition_has_its_own_end(os: str, edition: str, build: int, ends: str, channel: str) -> None:
    """One build is supported for years more in one edition than in another."""
    found = _asked(os, edition, build=build)
    assert (found.basis, str(found.ends), found.channel) == ("data_file", ends, channel)


@pytest.mark.parametrize(
    ("os", "edition", "version", "ends", "channel"),
    [
        ("ubuntu", None, "16.04", "2021-04-30", "standard"),
        ("ubuntu", "pro", "16.04", "2026-04-23", "pro"),
        ("ubuntu", None, "20.04", "2025-05-29", "standard"),
        ("ubuntu", "pro", "20.04", "2030-04-23", "pro"),
        ("ubuntu", "pro", "24.04", "2034-04-25", "standard"),
        ("ubuntu", "pro", "25.10", "2026-07-09", "standard"),
        ("ubuntu", None, "26.04", "2031-05-29", "standard"),
        ("debian", None, "8", "2020-06-30", "lts"),
        ("debian", None, "12", "2028-06-30", "lts"),
        ("debian", None, "13", "2030-06-30", "full"),
        ("linuxmint", None, "22", "2029-04-30", "standard"),
    ],
)
def test_a_linux_release_has_the_end_of_what_comes_unasked(
    os: str, edition: str | None, version: str, ends: str, channel: str
) -> None:
    """Debian's LTS does, Ubuntu's Pro only where it is attached; the channel is the one that holds today."""
    found = _asked(os, edition, version)
    assert (found.basis, str(found.ends), found.channel) == ("data_file", ends, channel)


@pytest.mark.parametrize(("day", "left"), [(-1, 1), (0, 0), (1, -1)])
@pytest.mark.parametrize("build", [26100, 26200])
def test_the_last_day_counts(day: int, left: int, build: int) -> None:
    """A day before the end one is left, on it none, after it less than none."""
    ends = _asked("windows-11", "Enterprise", build=build).ends
    assert ends
    found = support("windows-11", "Enterprise", None, build, ends + day * DAY, TABLE)
    assert found.days_left == left


def test_the_channel_changes_the_day_after_its_end() -> None:
    """On its last day full support still holds."""
    full = datetime.date(2028, 8, 9)
    days = [support("debian", None, "13", None, full + step * DAY, TABLE).channel for step in (0, 1)]
    assert days == ["full", "lts"]


@pytest.mark.parametrize(
    ("os", "edition", "version", "build"),
    [("windows-11", "Professional", "27H2", 29500), ("windows-10", "Professional", "22H2", 19046),
     ("windows-server", "ServerStandard", "1909", 18363), ("debian", None, "14", None), ("debian", None, None, None),
     ("ubuntu", None, "26.10", None), ("ubuntu", None, "22.04\n", None), ("", None, "41", None),
     ("windows-11", "Professional", None, None)],
)  # fmt: skip
def test_a_release_that_the_table_lacks_is_unknown(
    os: str, edition: str | None, version: str | None, build: int | None
) -> None:
    """It may be newer than the table: never out of support."""
    assert _asked(os, edition, version, build) == Support("unknown_release")


@pytest.mark.parametrize(
    ("os", "edition", "build"),
    [("windows-10", "PPIPro", 19045), ("windows-10", None, 19045), ("windows-10", "EnterpriseEval", 19045),
     ("windows-11", "EnterpriseS", 22631), ("windows-7", "Embedded", 7601), ("windows-7", None, 7601)],
)  # fmt: skip
def test_an_edition_that_the_table_lacks_is_unknown(os: str, edition: str | None, build: int) -> None:
    """A guess could be years off."""
    assert _asked(os, edition, build=build) == Support("unknown_edition")


def test_a_clock_before_the_table_tells_no_days() -> None:
    """An empty CMOS battery must not give an old system years of support."""
    found = support("windows-10", "Professional", None, 19045, datetime.date(2015, 1, 1), TABLE)
    assert (found.basis, found.days_left, str(found.ends)) == ("implausible_clock", None, "2025-10-14")
    assert support("debian", None, "12", None, TABLE.dated - DAY, TABLE).basis == "implausible_clock"
    assert support("debian", None, "12", None, TABLE.dated, TABLE).basis == "data_file"


def test_extended_support_is_told_and_not_counted() -> None:
    """Whether a PC gets those fixes is unknown."""
    found = _asked("windows-10", "Professional", build=19045)
    assert (found.days_left, str(found.extended)) == (-404, "2028-10-10")


def test_confidence_is_that_of_the_rows_source() -> None:
    """What was reckoned says so."""
    found = [_asked("windows-11", edition, build=26300).confidence for edition in ("Core", "Enterprise")]
    assert found == ["copied", "reckoned"]
    assert _asked("debian", version="12").confidence == "published"


@pytest.mark.parametrize(
    ("build", "server", "system"),
    [(None, False, None), (6002, False, None), (7601, False, "windows-7"), (9600, False, "windows-8"),
     (10240, False, "windows-10"), (19045, False, "windows-10"), (22000, False, "windows-11"),
     (17763, True, "windows-server")],
)  # fmt: skip
def test_the_build_tells_the_windows(build: int | None, server: bool, system: str | None) -> None:
    """Windows 11 calls itself 10, a server shares its builds with Windows 10."""
    assert windows_system(build, server) == system


def test_every_channel_of_the_table_is_open_to_somebody() -> None:
    """A row that no edition leads to is a mistake."""
    editions = (None, "pro", "Professional", "Enterprise", "EnterpriseS", "IoTEnterpriseS", "ServerStandard")
    for row in TABLE.rows:
        assert any(row.channel in channels(row.system, edition) for edition in editions)
