"""Units are found by what offices call them, and never guessed."""

from __future__ import annotations

import pytest
from msgspec import structs

from collector.readiness.model import Unit
from collector.roster.names import Names, bare
from collector.roster.values import Bad
from tests.collector.roster.files import CITY, COUNTRY, XOM_CHIEU

BA_DINH = "00004"


def unit(code: str, name: str) -> Unit:
    return structs.replace(CITY[XOM_CHIEU], code=code, name=name)


@pytest.mark.parametrize(
    ("written", "note"),
    [
        ("27259", ""), (27259, ""), (27259.0, ""), (" 27259 ", ""), ("Phường Xóm Chiếu", ""),
        ("phường  xóm chiếu", ""), ("Phươ\u0300ng Xo\u0301m Chiê\u0301u", ""), ("Xóm Chiếu", "by_name"),
        ("P. Xóm Chiếu", "by_name"), ("P.Xóm Chiếu", "by_name"), ("phuong xom chieu", "by_name"),
        ("XOM CHIEU", "by_name"),
    ],
)  # fmt: skip
def test_a_unit_is_found(written: object, note: str) -> None:
    """What is not its code or its whole name is told."""
    found = Names(CITY, COUNTRY).find(written)
    assert (found.unit.code, found.note) == (XOM_CHIEU, note)


@pytest.mark.parametrize("written", [4, "4", "0004", 4.0])
def test_a_code_that_lost_its_zeros_is_repaired(written: object) -> None:
    """Excel turns 00004 into 4."""
    found = Names({BA_DINH: COUNTRY[BA_DINH]}, COUNTRY).find(written)
    assert (found.unit.code, found.note) == (BA_DINH, "repaired_code")
    assert (Names(COUNTRY, COUNTRY).find(BA_DINH).note) == ""


def test_where_the_tone_stands_is_no_difference_but_which_it_is() -> None:
    """Hòa is Hoà; Hóa is another place."""
    names = Names({code: unit(code, name) for code, name in (("1", "Xã Hòa An"), ("2", "Xã Hóa An"))}, {})
    assert names.find("Xã Hoà An").unit.code == "1"
    assert names.find("xã Hoá An").unit.code == "2"
    with pytest.raises(Bad) as why:
        names.find("Hoa An")
    assert (why.value.code, why.value.values["known"]) == ("many_units", "1 Xã Hòa An, 2 Xã Hóa An")


def test_eth_is_taken_for_d_with_stroke() -> None:
    """As some keyboards write it."""
    names = Names({"1": unit("1", "Phường Đức Nhuận")}, {})
    assert names.find("Phường Ðức Nhuận").unit.code == "1"


@pytest.mark.parametrize(
    ("written", "code"),
    [("00004", "other_province"), ("Phường Ba Đình", "other_province"), ("99999", "no_unit"), ("Tổng", "no_unit"),
     ("Xom Chiếc", "no_unit"), ("272590", "no_unit"), ("-1", "no_unit")],
)  # fmt: skip
def test_what_is_no_unit_of_the_locality_is_refused(written: str, code: str) -> None:
    """With the province it is of, where there is one."""
    for _ in range(2):
        with pytest.raises(Bad) as why:
            Names(CITY, COUNTRY).find(written)
        assert why.value.code == code


def test_a_name_beside_a_code_must_be_its_own() -> None:
    """However it is written."""
    names = Names(CITY, COUNTRY)
    for name in ("Phường Xóm Chiếu", "xóm chiếu", "P. Xom Chieu"):
        assert names.same(CITY[XOM_CHIEU], name)
    assert not names.same(CITY[XOM_CHIEU], "Phường Khánh Hội")


def test_only_the_kind_of_a_unit_is_taken_off() -> None:
    """A name that begins like one stays."""
    assert [bare(name) for name in ("Xã Xa Dung", "Đặc khu Côn Đảo", "ĐK Côn Đảo", "Xã", "Phúc An")] == [
        "Xa Dung", "Côn Đảo", "Côn Đảo", "Xã", "Phúc An",
    ]  # fmt: skip


def test_every_unit_of_the_country_is_found_in_its_province_by_its_name() -> None:
    """The official names never collide there."""
    provinces: dict[str, dict[str, Unit]] = {}
    for one in COUNTRY.values():
        provinces.setdefault(one.province_code, {})[one.code] = one
    assert len(provinces) == 34
    for units in provinces.values():
        names = Names(units, COUNTRY)
        assert [one.name for one in units.values() if names.find(one.name).unit != one] == []
