"""Units as of a day, offices beyond wards, networks, and what is known to exist but not listed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from checks.kit.strict import ConfigError
from collector import config, expects, fitting, locality, units
from collector.locality import Document
from collector.plan import Expects, Locality
from collector.readiness.model import Unit
from collector.roster.model import Roster, Site, Station

COUNTRY = units.load(config.SHIPPED / "units.csv")
HEADER = "code,name,kind,province_code,province,lat,lon,area_km2"
CAN_THO = list(units.of_province(COUNTRY, "92").values())
OFFICE = 'CT001,Sở Nội vụ,"Sở, ban, ngành",92,Thành phố Cần Thơ,,,\n'
TODAY = date(2026, 11, 22)


def shipped(name: str) -> tuple[Locality, Document]:
    return locality.load(config.SHIPPED / "localities" / f"{name}.yaml")


def listed(folder: Path, rows: str, header: str = HEADER) -> Path:
    file = folder / "list.csv"
    file.write_text(f"{header}\n{rows}", "utf-8")
    return file


def country(folder: Path, *validity: str) -> dict[str, Unit]:
    """Wards of Hà Nội, valid as told."""
    rows = [
        f"0000{number},Phường {number},Phường,01,Thành phố Hà Nội,21,105.8,1,{days}\n"
        for number, days in enumerate(validity, 1)
    ]
    return units.load(listed(folder, "".join(rows), HEADER + ",valid_from,valid_to"))


def test_the_country_begins_with_the_two_level_government() -> None:
    assert {unit.valid_from for unit in COUNTRY.values()} == {"2025-07-01"}


def test_a_locality_is_loaded_as_of_a_day(tmp_path: Path) -> None:
    """First and last day included; what is over, or still to come, is known but not listed."""
    here, document = shipped("ha-noi")
    wards = country(tmp_path, ",", "2025-07-01,2026-12-31", "2027-01-01,")
    for day, codes in (
        (date(2025, 6, 30), ["00001"]),
        (date(2026, 12, 31), ["00001", "00002"]),
        (date(2027, 1, 1), ["00001", "00003"]),
    ):
        assert list(fitting.units_of(here, document, wards, on=day)) == codes
    assert list(fitting.known_units(here, document, wards)) == ["00001", "00002", "00003"]


def test_a_day_without_any_unit_is_refused(tmp_path: Path) -> None:
    here, document = shipped("ha-noi")
    with pytest.raises(ConfigError, match="province_code: no unit of province 01 is one on 2026-11-22"):
        fitting.units_of(here, document, country(tmp_path, "2027-01-01,"), on=TODAY)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ("1/7/2025,", "2:9: valid_from: expected a day such as 2025-07-01, got '1/7/2025'"),
        (",2025-02-30", "2:10: valid_to: expected a day such as 2025-07-01, got '2025-02-30'"),
        ("2025-07-01,2025-06-30", "2:10: valid_to: 2025-06-30 is before valid_from, 2025-07-01"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(tmp_path: Path, days: str, message: str) -> None:
    with pytest.raises(ConfigError) as why:
        country(tmp_path, days)
    assert str(why.value) == f"{tmp_path}/list.csv:{message}"


def test_can_tho_has_its_wards_and_what_is_known_of_its_departments() -> None:
    """Wards come first; a department without a position stands among them."""
    here, document = shipped("can-tho")
    found = fitting.units_of(here, document, COUNTRY, on=TODAY)
    kinds = [unit.kind for unit in found.values()]
    assert [kinds.count(kind) for kind in ("Sở, ban, ngành",)] == [12]
    assert len(found) == 103 + 12
    assert kinds[-12:] == ["Sở, ban, ngành"] * 12
    office = next(unit for unit in found.values() if unit.name == "Sở Nội vụ")
    assert min(unit.lat for unit in CAN_THO) < office.lat < max(unit.lat for unit in CAN_THO)


def test_a_locality_may_name_an_office_wherever_it_names_a_unit(tmp_path: Path) -> None:
    """As in `unit_settings`."""
    text = (config.SHIPPED / "localities/can-tho.yaml").read_text("utf-8")
    file = tmp_path / "can-tho.yaml"
    file.write_text(text + 'unit_settings:\n  - units: ["CT002", "31120"]\n', "utf-8")
    here, document = locality.load(file)
    assert "CT002" in fitting.units_of(here, document, COUNTRY, on=TODAY)


def test_a_list_beside_the_locality_goes_before_the_shipped_one(tmp_path: Path) -> None:
    text = (config.SHIPPED / "localities/can-tho.yaml").read_text("utf-8")
    (tmp_path / "can-tho.yaml").write_text(text, "utf-8")
    (tmp_path / "can-tho.offices.csv").write_text(f"{HEADER}\n{OFFICE}", "utf-8")
    here, document = locality.load(tmp_path / "can-tho.yaml")
    assert len(fitting.units_of(here, document, COUNTRY, on=TODAY)) == 104


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (OFFICE.replace("CT001", "92001"),
         "2:1: code: expected a capital letter and four letters or digits, such as SN001, got '92001'"),
        (OFFICE.replace("CT001", "CT01"),
         "2:1: code: expected a capital letter and four letters or digits, such as SN001, got 'CT01'"),
        (OFFICE.replace('"Sở, ban, ngành"', "Phường"),
         "2:3: kind: 'Phường' is a kind of ward: those stand in units.csv"),
        (OFFICE.replace('"Sở, ban, ngành"', ""), "2:3: kind: expected a name, got ''"),
        (OFFICE.replace(",92,", ",79,"), "2:4: province_code: expected '92', as this locality's units have, got '79'"),
        (OFFICE.replace("Thành phố Cần Thơ", "Cần Thơ"),
         "2:5: province: expected 'Thành phố Cần Thơ', as this locality's units have, got 'Cần Thơ'"),
        (OFFICE.replace(",,,", ",10.05,,"), "2:7: lon: expected a number from -180 to 180, got ''"),
        (OFFICE + OFFICE, "3:1: code: CT001 stands twice: Sở Nội vụ, Sở Nội vụ"),
        ("", "2:1: expected at least one unit"),
    ],
)  # fmt: skip
def test_an_office_that_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(ConfigError) as why:
        units.offices(listed(tmp_path, row), CAN_THO)
    assert str(why.value) == f"{tmp_path}/list.csv:{message}"


def test_former_units_are_held_against_the_country(tmp_path: Path) -> None:
    text = (config.SHIPPED / "localities/ha-noi.yaml").read_text("utf-8")
    file = tmp_path / "ha-noi.yaml"
    file.write_text(text.replace("../former_units.csv", "former.csv"), "utf-8")
    header = "code,name,parent,valid_from,valid_to,successor,share,reason\n"
    (tmp_path / "former.csv").write_text(header + "00001,Phường Phúc Xá,Ba Đình,,2025-06-30,00008,,\n", "utf-8")
    here, document = locality.load(file)
    found = fitting.units_of(here, document, COUNTRY, on=TODAY)
    assert here.former.today("00001", found) == "00008"
    (tmp_path / "former.csv").write_text(header + "00001,Phường Phúc Xá,Ba Đình,,2025-06-30,00009,,\n", "utf-8")
    here, document = locality.load(file)
    with pytest.raises(ConfigError) as why:
        fitting.units_of(here, document, COUNTRY, on=TODAY)
    assert str(why.value) == (f"{tmp_path}/former.csv:2:6: successor: no unit, present or former, has the code '00009'")


@pytest.mark.parametrize("name", ["quang-ninh", "can-tho"])
def test_the_gateway_of_the_dedicated_network_is_apart_from_the_internet(name: str) -> None:
    found = {site.target.id: site.target for site in shipped(name)[0].sites}
    assert [id_ for id_, target in found.items() if target.network == "tslcd"] == ["cong-tslcd"]
    assert found["cong-tslcd"].mandatory


def test_a_locality_says_who_provides_a_network_and_how_long_findings_live(tmp_path: Path) -> None:
    file = tmp_path / "test.yaml"
    text = (config.SHIPPED / "localities/demo.yaml").read_text("utf-8")
    file.write_text(text + "networks: {tslcd: {provider: Viettel}, internet: {provider: VNPT}}\n", "utf-8")
    found, _ = locality.load(file)
    assert found.networks == {"internet": "VNPT", "tslcd": "Viettel"}
    assert found.close_after == 2_000_000
    assert shipped("hcmc")[0].close_after == 300_000_000
    assert shipped("hcmc")[0].networks == {}


def test_what_is_known_to_exist_and_not_listed_is_told() -> None:
    """In both languages; what is complete is not mentioned."""
    here, document = shipped("can-tho")
    found = expects.missing(here.expects, fitting.units_of(here, document, COUNTRY, on=TODAY).values(), Roster())
    assert expects.sentence(found, "vi") == "đơn vị khác: cần 334, đã khai báo 12"
    assert expects.sentence(found, "en") == "other offices: 334 expected, 12 listed"
    assert found[0].source == here.expects.source


def test_sites_and_kiosks_are_counted_in_the_roster() -> None:
    sites = [Site(unit="00004", id="A", name="A", kind="service_point"), Site(unit="00004", id="B", name="B")]
    stations = [Station(unit="00004", id=f"K{number}", role="kiosk") for number in range(3)]
    roster = Roster(sites={"00004": sites}, stations={"00004": stations})
    wanted = Expects(service_points=1, branches=1_200, kiosks=4, source="test")
    found = expects.missing(wanted, [COUNTRY["00004"]], roster)
    assert expects.sentence(found, "vi") == "chi nhánh: cần 1.200, đã khai báo 0; kiosk: cần 4, đã khai báo 3"
    assert expects.sentence(found, "en") == "branches: 1,200 expected, 0 listed; kiosks: 4 expected, 3 listed"
    assert expects.sentence([], "vi") == ""
    assert expects.missing(wanted, [COUNTRY["00004"]], None) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hcmc", {"units": 168}),
        ("ha-noi", {"units": 126, "service_points": 126, "branches": 12, "kiosks": 476}),
        ("quang-ninh", {"units": 54}),
        ("can-tho", {"units": 103, "offices": 334}),
    ],
)
def test_each_locality_knows_how_many_it_has(name: str, told: dict[str, int]) -> None:
    """By a published source; every ward is listed."""
    here, document = shipped(name)
    assert here.expects.source.startswith("[V] ")
    assert {key: getattr(here.expects, key) for key in Expects.__struct_fields__ if key != "source"} == dict.fromkeys(
        ("units", "offices", "service_points", "branches", "kiosks")
    ) | told
    found = expects.missing(here.expects, fitting.units_of(here, document, COUNTRY, on=TODAY).values(), Roster())
    assert "units" not in [one.what for one in found]
