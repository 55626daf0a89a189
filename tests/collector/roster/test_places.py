"""Kinds of sites, offices that are no wards, and units that are no more."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from msgspec import structs

from collector import catalog, config
from collector.former import Former, FormerUnit, Successor
from collector.office import Wrong
from collector.roster import csvfile, read, sheets, words
from collector.roster import template as templates
from collector.roster.check import Checker
from collector.roster.command import Desktop
from collector.roster.model import Roster, Site
from collector.roster.names import Names
from collector.roster.values import Bad
from collector.roster.written import site_of
from tests.collector.roster.files import CITY, COUNTRY, KHANH_HOI, STATIONS, TODAY, XOM_CHIEU, clean, text_file

SITES = "Mã đơn vị;Mã điểm làm việc;Tên điểm làm việc;Loại điểm\n"
OFFICE = structs.replace(CITY[XOM_CHIEU], code="SN001", name="Sở Nội vụ", kind="Sở, ban, ngành")
OLD = FormerUnit(
    code="27256", name="Phường 13", parent="Quận 4", valid_from="", valid_to="2025-06-30",
    successors=(Successor(XOM_CHIEU, 0.25), Successor(KHANH_HOI, 0.75)),
)  # fmt: skip
TOGETHER = "27265 Phường Khánh Hội (75 %), 27259 Phường Xóm Chiếu (25 %)"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("điểm phục vụ", "service_point"), ("Diem phuc vu", "service_point"), ("service point", "service_point"),
        ("Chi nhánh", "branch"), ("branch", "branch"), ("trụ sở", "office"), ("office", "office"), ("", "office"),
    ],
)  # fmt: skip
def test_a_site_is_of_a_kind(tmp_path: Path, text: str, kind: str) -> None:
    """In both languages; one of which nothing is told is an office."""
    row = clean(text_file(tmp_path, SITES + f"27259;A;Trụ sở;{text}\n")).sites[XOM_CHIEU]["A"]
    assert site_of(XOM_CHIEU, "A", row, None).kind == kind


def test_a_file_that_says_nothing_of_kinds_keeps_them() -> None:
    present = Site(unit=XOM_CHIEU, id="A", name="Chi nhánh 1", kind="branch")
    assert site_of(XOM_CHIEU, "A", {"site_name": "Chi nhánh số 1"}, present).kind == "branch"
    assert site_of(XOM_CHIEU, "A", {"kind": None}, present).kind == "office"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_what_is_exported_is_read_as_it_was(tmp_path: Path, lang: str) -> None:
    kinds = {"A": "service_point", "B": "branch", "C": "office"}
    sites = [Site(unit=XOM_CHIEU, id=id_, name=id_, kind=kind) for id_, kind in kinds.items()]  # type: ignore[arg-type]
    rows = sheets.rows(Roster(sites={XOM_CHIEU: sites}), "sites", CITY, lang)
    read_back = clean(text_file(tmp_path, csvfile.text("sites", rows, lang))).sites[XOM_CHIEU]
    assert {id_: row["kind"] for id_, row in read_back.items()} == kinds


def test_the_template_offers_the_kinds(tmp_path: Path) -> None:
    file = tmp_path / "mau.xlsx"
    file.write_bytes(templates.workbook(CITY.values(), "vi"))
    choices = openpyxl.load_workbook(file)["Điểm làm việc"].data_validations.dataValidation
    assert [choice.formula1 for choice in choices] == ['"điểm phục vụ,chi nhánh,trụ sở"']


@pytest.mark.parametrize("written", ["SN001", "sn001", "Sở Nội vụ"])
def test_an_office_is_found_by_its_code_or_name(written: str) -> None:
    assert Names(CITY | {"SN001": OFFICE}, COUNTRY).find(written).unit is OFFICE


def test_a_code_that_no_office_has_is_refused_as_a_name_is() -> None:
    with pytest.raises(Bad) as why:
        Names(CITY | {"SN001": OFFICE}, COUNTRY).find("SN002")
    assert why.value.code == "no_unit"


@pytest.mark.parametrize(
    ("written", "shown"), [("27256", '"27256"'), ("Phường 13", '"Phường 13"')], ids=["code", "name"]
)
def test_a_row_of_a_former_unit_names_todays(tmp_path: Path, written: str, shown: str) -> None:
    """It is not put there: rows of several former units would meet in one of today."""
    file = text_file(tmp_path, STATIONS + f"{written};Q1;quầy;;;;\n")
    checker = Checker(CITY, COUNTRY, Roster(), TODAY, former=Former([OLD]))
    checker.read(file.name, read.tables(file))
    assert checker.result().stations == {}
    errors = checker.errors.all()
    said = {
        "vi": f'cột A "Mã đơn vị": {shown} là đơn vị cũ Phường 13, Quận 4; nay là {TOGETHER}: ghi mã của đơn vị '
        "hôm nay",
        "en": f'column A "Mã đơn vị": {shown} is the former unit Phường 13, Quận 4; today it is {TOGETHER}: write the '
        "code of today's unit",
    }
    assert [words.line(error, "vi") for error in errors] == [f"ds.csv, hàng 2, {said['vi']}"]
    assert [words.line(error, "en") for error in errors] == [f"ds.csv, row 2, {said['en']}"]


def test_a_name_that_several_former_units_had_is_not_guessed() -> None:
    """Many districts had a Phường 13."""
    other = structs.replace(OLD, code="27001", parent="Quận 10")
    with pytest.raises(Bad) as why:
        Names(CITY, COUNTRY, Former([OLD, other])).find("Phường 13")
    assert why.value.code == "no_unit"


def test_an_old_code_on_the_command_line_means_todays_unit(tmp_path: Path) -> None:
    """One that was divided is not guessed: the line says where it went."""
    (tmp_path / "former.csv").write_text(
        "code,name,parent,valid_from,valid_to,successor,share,reason\n"
        "27253,Phường 12,Quận 4,,2025-06-30,27259,,\n"
        "27256,Phường 13,Quận 4,,2025-06-30,27259,0.25,\n27256,Phường 13,Quận 4,,2025-06-30,27265,0.75,\n",
        "utf-8",
    )
    shipped = config.load(config.SHIPPED / "collector.yaml")
    text = (config.SHIPPED / "localities/demo.yaml").read_text("utf-8")
    (tmp_path / "demo.yaml").write_text(text + "former_units: former.csv\n", "utf-8")
    settings = structs.replace(shipped, locality=str(tmp_path / "demo.yaml"))
    desk = Desktop(settings, catalog.load(settings), "vi")
    assert desk.unit("27253") == desk.unit(XOM_CHIEU) == XOM_CHIEU
    with pytest.raises(Wrong) as why:
        desk.unit("27256")
    assert str(why.value) == (
        f"27256 là mã cũ của Phường 13, Quận 4, dùng đến hết 30/06/2025; nay thuộc {TOGETHER}: ghi mã của một đơn vị"
    )
