"""The country's units: counts, searching and sorting as Vietnamese does."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import config, units

COUNTRY = units.load(config.SHIPPED / "units.csv")


def test_the_country_has_its_units() -> None:
    assert len(COUNTRY) == 3321
    assert len({unit.province_code for unit in COUNTRY.values()}) == 34
    assert COUNTRY["27259"].name == "Phường Xóm Chiếu"
    assert COUNTRY["00004"].name == "Phường Ba Đình"


def test_every_unit_lies_in_the_country() -> None:
    for unit in COUNTRY.values():
        assert 7.0 < unit.lat < 23.5, unit
        assert 102.0 < unit.lon < 118.0, unit
        assert unit.area_km2 is None or unit.area_km2 > 0, unit


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Phường Xóm Chiếu", "phuong xom chieu"),
        ("ĐỨC NHUẬN", "duc nhuan"),
        ("  Bình   Hưng\tHòa ", "binh hung hoa"),
        ("Ðặc khu Côn Ðảo", "dac khu con dao"),
        (unicodedata.normalize("NFD", "Thủ Dầu Một"), "thu dau mot"),
    ],
)
def test_a_name_is_found_without_accents_or_case(name: str, plain: str) -> None:
    assert units.fold(name) == plain


def test_both_ways_to_place_a_tone_are_found() -> None:
    assert units.fold("Hòa Bình") == units.fold("Hoà Bình")


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert units.fold(units.fold(text)) == units.fold(text)


KNOWN_ORDER = [
    "An Đông", "An Lạc", "Ân Thi", "Ba Đình", "Ba Tơ", "Bà Rịa", "Bả Lả", "Bã Bã", "Bá Thước", "Bạ Bạ", "Bắc Hà",
    "Băng A", "Bến Cát", "Can Lộc", "Cần Giờ", "Dĩ An", "Diên Hồng", "Đa Kao", "Đà Lạt", "Đông A", "Hoa Lư", "Hòa An",
    "Hỏa An", "Hóa An", "Phường 2", "Phường 9", "Phường A", "Sa Pa", "Tam Kỳ", "Tân An", "Uông Bí", "Ưng Hòa", "Ý Yên",
]  # fmt: skip


def test_names_sort_as_in_a_vietnamese_dictionary() -> None:
    """d before đ, a before ă before â; of equal letters the tones ngang huyền hỏi ngã sắc nặng; by syllable."""
    shuffled = random.Random(7).sample(KNOWN_ORDER, len(KNOWN_ORDER))
    assert sorted(shuffled, key=units.sort_key) == KNOWN_ORDER


def test_composed_and_decomposed_names_sort_alike() -> None:
    for name in KNOWN_ORDER:
        assert units.sort_key(unicodedata.normalize("NFD", name)) == units.sort_key(name)


def test_a_province_comes_in_the_order_of_its_names() -> None:
    names = [unit.name for unit in units.of_province(COUNTRY, "79").values()]
    assert len(names) == 168
    assert names.index("Phường Dĩ An") < names.index("Phường Diên Hồng") < names.index("Phường Đông Hòa")


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    """Spreadsheets write one."""
    file = tmp_path / "units.csv"
    file.write_text("\ufeff" + (config.SHIPPED / "units.csv").read_text("utf-8")[:200].rsplit("\n", 1)[0], "utf-8")
    assert units.load(file)
