"""What an import changes, and that an export changes nothing."""

from __future__ import annotations

import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.roster import csvfile, excel, sheets
from collector.roster.columns import KINDS
from collector.roster.difference import Change, Difference, NothingHidden, difference
from collector.roster.model import ROLES, Roster, Site, Snmp, Station, UnitRoster
from collector.roster.written import Written
from tests.collector.roster.files import CITY, KHANH_HOI, XOM_CHIEU, checked, clean

SNMP = Snmp(version="3", user="giam-sat", auth_key="khoa-xac-thuc", privacy_key="khoa-ma-hoa")
UNIT = UnitRoster(unit=XOM_CHIEU, staff=45, provider="VNPT", contracted_down_mbps=200.0, snmp=SNMP, note="x")
DESK = Station(unit=XOM_CHIEU, id="Q1", role="counter", site="A", title="Quầy 1", purchase_date="2019", device="d1")
KNOWN = Roster(
    units={XOM_CHIEU: UNIT},
    sites={XOM_CHIEU: [Site(unit=XOM_CHIEU, id="A", name="Trụ sở"), Site(unit=XOM_CHIEU, id="B", name="Phụ")]},
    stations={
        XOM_CHIEU: [DESK, Station(unit=XOM_CHIEU, id="Q2", role="counter", site="B")],
        KHANH_HOI: [Station(unit=KHANH_HOI, id="Q1", role="counter")],
    },
)


def changed(keep_missing: bool = False, present: Roster = KNOWN, **parts: Any) -> Difference:
    return difference(present, Written(**parts), keep_missing=keep_missing)


def test_what_is_written_as_it_was_changes_nothing() -> None:
    """Also what there is no column for."""
    assert changed(units={XOM_CHIEU: {"staff": 45, "provider": "VNPT"}}).changes == []
    rows = {"Q1": {"role": "counter", "title": "Quầy 1"}, "Q2": {"role": "counter", "title": None}}
    assert changed(stations={XOM_CHIEU: rows}).changes == []


def test_an_empty_cell_clears_and_a_missing_column_keeps() -> None:
    """The two are told apart."""
    found = changed(units={XOM_CHIEU: {"staff": None, "provider": "Viettel"}})
    assert found.changes == [Change(unit=XOM_CHIEU, kind="units", what="changed", fields=("staff", "provider"))]
    [unit] = found.units
    assert (unit.staff, unit.provider, unit.contracted_down_mbps, unit.snmp, unit.note) == (
        None,
        "Viettel",
        200,
        SNMP,
        "x",
    )


def test_a_missing_station_is_retired_unless_it_is_to_be_kept() -> None:
    """Only of units that the file lists."""
    rows = {XOM_CHIEU: {"Q1": {"role": "counter"}, "K1": {"role": "kiosk", "site": "A"}}}
    found = changed(stations=rows)
    assert found.changes == [
        Change(unit=XOM_CHIEU, kind="stations", id="K1", what="new"),
        Change(unit=XOM_CHIEU, kind="stations", id="Q2", what="removed"),
    ]
    assert [one.id for one in found.retired] == ["Q2"]
    kept = changed(keep_missing=True, stations=rows)
    assert ([one.what for one in kept.changes], kept.retired) == (["new"], [])


def test_a_retired_station_that_is_listed_again_is_new() -> None:
    """With what is known of it."""
    old = Station(unit=XOM_CHIEU, id="Q9", role="counter", title="cũ", retired_at=5)
    found = changed(present=Roster(stations={XOM_CHIEU: [old]}), stations={XOM_CHIEU: {"Q9": {"role": "counter"}}})
    assert found.changes == [Change(unit=XOM_CHIEU, kind="stations", id="Q9", what="new")]
    assert (found.stations[0].title, found.stations[0].retired_at) == ("cũ", None)


def test_a_site_goes_when_no_station_is_left_there() -> None:
    """Else it stays, though the file does not list it."""
    only_a = {XOM_CHIEU: {"A": {"site_name": "Trụ sở"}}}
    assert changed(sites=only_a).changes == []
    moved = {XOM_CHIEU: {"Q1": {"role": "counter"}, "Q2": {"role": "counter", "site": "A"}}}
    found = changed(sites=only_a, stations=moved)
    assert [(one.kind, one.id, one.what) for one in found.changes] == [
        ("stations", "Q2", "changed"),
        ("sites", "B", "removed"),
    ]
    assert [one.id for one in found.gone] == ["B"]
    assert changed(keep_missing=True, sites=only_a, stations=moved).gone == []


def test_a_station_keeps_its_device_while_that_fits() -> None:
    """A PC from a counter may serve the back office; a router's place is another's."""
    [station] = changed(stations={XOM_CHIEU: {"Q1": {"role": "back_office"}, "Q2": {"role": "counter"}}}).stations
    assert (station.role, station.device) == ("back_office", "d1")
    found = changed(stations={XOM_CHIEU: {"Q1": {"role": "router"}, "Q2": {"role": "counter"}}})
    assert (found.stations[0].device, found.changes[0].fields) == (None, ("role", "device"))


def test_three_stars_keep_a_secret_and_no_change_shows_one() -> None:
    """A new one is named, not told; stars for nothing are refused."""
    stars = {"snmp_auth_key": "***", "snmp_privacy_key": "***", "staff": 46}
    found = changed(units={XOM_CHIEU: stars})
    assert (found.units[0].snmp, found.changes[0].fields) == (SNMP, ("staff",))
    found = changed(units={XOM_CHIEU: {"snmp_auth_key": "khoa-moi-khac"}})
    assert found.changes[0].fields == ("snmp_auth_key",)
    assert "khoa" not in str(found.changes)
    with pytest.raises(NothingHidden) as why:
        changed(units={KHANH_HOI: {"snmp_community": "***"}})
    assert why.value.args == (KHANH_HOI, "snmp_community")


def test_what_the_uplink_check_is_told_follows_from_the_roster() -> None:
    """By the names of its parameters, without what is default."""
    assert UNIT.uplink() == {
        "version": "3", "user": "giam-sat", "auth_key": "khoa-xac-thuc", "privacy_key": "khoa-ma-hoa",
        "capacity_down_mbps": 200.0,
    }  # fmt: skip
    assert UnitRoster(unit=XOM_CHIEU).uplink() == {}


# What can be stored: as the check lets it through.
_chars = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
_words = st.text(_chars, min_size=1, max_size=8).map(lambda text: unicodedata.normalize("NFC", text))
_texts = st.one_of(
    st.just(""), _words, st.sampled_from(["=1+1", "'=x", "-5 máy", "+84", "@a", "''+", "a;b", 'a"b', "0012"])
)
_ids = st.one_of(st.sampled_from(["Q1", "001", "1", "Quầy 2", "=A", "-1"]), _words)
_counts = st.none() | st.integers(0, 10_000)
_mbps = st.none() | st.floats(0.1, 100_000).map(lambda value: round(value, 4)) | st.integers(1, 100_000).map(float)
_dates = st.none() | st.sampled_from(["2019", "2021-05", "2023-08-15", "2024-02-29", "1990-01-01"])
_keys = st.sampled_from(["", "matkhau88", "=khoa-dai-1"])


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """A few units with whatever may be stored of them."""
    units: dict[str, UnitRoster] = {}
    sites: dict[str, list[Site]] = {}
    stations: dict[str, list[Station]] = {}
    for code in draw(st.lists(st.sampled_from([XOM_CHIEU, KHANH_HOI]), min_size=1, unique=True)):
        auth = draw(_keys)
        snmp = Snmp(community=draw(_keys), port=draw(st.sampled_from([161, 1161])), interface=draw(_texts),
                    user="u" if auth else "", auth_key=auth, version="3" if auth else "2c",
                    privacy_key=draw(_keys) if auth else "",
                    auth_protocol=draw(st.sampled_from(["SHA", "SHA-256", "MD5"])))  # fmt: skip
        found = UnitRoster(unit=code, staff=draw(_counts), provider=draw(_texts), note=draw(_texts),
                           contracted_down_mbps=draw(_mbps), snmp=None if snmp == Snmp() else snmp)  # fmt: skip
        units |= {code: found} if found != UnitRoster(unit=code) else {}
        names = draw(st.lists(_ids, max_size=3, unique_by=str.casefold))
        sites |= {code: [Site(unit=code, id=name, name=draw(_words), address=draw(_texts)) for name in names]}
        stations |= {
            code: [
                Station(unit=code, id=id_, role=draw(st.sampled_from(ROLES)), site=draw(st.sampled_from(["", *names])),
                        title=draw(_texts), purchase_date=draw(_dates), signer=draw(st.booleans()),
                        agent=draw(st.booleans()), note=draw(_texts), device=draw(st.none() | st.just("d")))
                for id_ in draw(st.lists(_ids, min_size=1, max_size=4, unique_by=str.casefold))
            ]
        }  # fmt: skip
    return Roster(units=units, sites=sites, stations=stations)


@settings(max_examples=40)
@given(rosters(), st.sampled_from(["vi", "en"]))
def test_importing_an_export_changes_nothing(roster: Roster, lang: str) -> None:
    """As a workbook and as CSV files, in both languages, whatever is stored."""
    shown = Roster(
        units={code: unit.hidden() for code, unit in roster.units.items()}, sites=roster.sites, stations=roster.stations
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ds.xlsx").write_bytes(excel.exported(shown, CITY, lang))
        for kind in KINDS:
            text = csvfile.text(kind, sheets.rows(shown, kind, CITY, lang), lang)
            (folder / f"{kind}.csv").write_text(text, "utf-8", newline="")
        for files in ([folder / "ds.xlsx"], [folder / f"{kind}.csv" for kind in KINDS]):
            written = clean(*files, present=shown)
            assert difference(roster, written, keep_missing=False).changes == []
            assert not checked(*files, present=shown)[2]
