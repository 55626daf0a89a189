"""What a unit should have, beside what was seen: on its page, in both languages."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from checks.kit.model import Outcome, Sample
from collector.readiness.model import DeviceFacts
from collector.roster.model import Roster, Station, UnitRoster
from collector.stations import bought_at
from collector.web import device as device_page
from collector.web import pages, roster
from collector.web.contact import Silences
from tests.collector.web.checks import CHECKS
from tests.collector.web.fakes import (
    DEVICE,
    HOUR,
    NOW,
    SECOND,
    XOM_CHIEU,
    city,
    device,
    result,
    settings,
    xom_chieu,
)
from tests.collector.web.test_pages import words
from tests.collector.web.test_unit import HANOI

BOUGHT = 1_584_144_000  # 14/03/2020
PRINTER = result("peripherals", "", Outcome.OK, samples=(Sample("peripherals_devices", 1.0, {"class": "printer"}),))
Client = TestClient[web.Request, web.Application]


def standing() -> DeviceFacts:
    """The PC at Q3, with its printer."""
    found = device()
    results = {**found.results, ("peripherals", ""): PRINTER}
    return replace(found, station="Q3", purchased=BOUGHT, purchase_date="2020-03-14", results=results)


def section(lang: str = "vi", devices: list[DeviceFacts] | None = None, given: Roster | None = None) -> roster.Section:
    told = given or xom_chieu()
    found = roster.build(
        told.units.get(XOM_CHIEU),
        told.stations.get(XOM_CHIEU, []),
        [standing(), *city().devices_of(XOM_CHIEU)[1:]] if devices is None else devices,
        NOW,
        lang,
        Silences(),
    )
    assert found
    return found


def test_each_station_says_who_stands_there_and_whether_it_is_heard() -> None:
    """What is expected and never seen is told from what has fallen silent, and from what is not measured."""
    assert [(p.name, p.role, p.contact, p.bought, p.href) for p in section().places] == [
        ("Q3 · Quầy 3", "quầy", "đang báo cáo", "14/03/2020", f"/devices/{DEVICE}"),
        ("Q4 · Quầy 4", "quầy", "đang báo cáo", "2024", "/devices/00000000-0000-0000-0000-000000000005"),
        ("Q7 · Quầy 7", "quầy", "chưa từng thấy", "11/2025", ""),
        ("K1 · Sảnh", "kiosk", "mất kết nối", "", "/devices/00000000-0000-0000-0000-000000000063"),
        ("R1", "bộ định tuyến", "không đo", "", ""),
    ]
    assert section().missing == 1


def test_equipment_is_counted_over_all_devices_that_report() -> None:
    """Too few is a warning, enough is fine, and what no PC can tell is not zero."""
    rows = {row.title: (row.expected, row.seen, row.face.key if row.face else None) for row in section("en").counts}
    assert rows == {
        "Signers, certificates fit to sign": ("6", "", None),
        "Printers": ("4", "1", "at_risk"),
        "Scanners": ("2", "", None),
    }
    kiosks = replace(xom_chieu(), units={XOM_CHIEU: UnitRoster(unit=XOM_CHIEU, kiosks=1)})
    assert [(row.title, row.expected, row.seen) for row in section(given=kiosks).counts] == [("Kiosk", "1", "0")]
    enough = replace(xom_chieu(), units={XOM_CHIEU: UnitRoster(unit=XOM_CHIEU, printers=1)})
    face = section(given=enough).counts[0].face
    assert face
    assert face.key == "ready"


def test_what_a_silent_pc_once_counted_counts_no_more() -> None:
    """It may have been carried away, printer and all."""
    gone = replace(standing(), last_seen=NOW - HOUR)
    assert [row.seen for row in section(devices=[gone]).counts] == ["", "", ""]


def test_people_and_line_are_told_as_the_roster_has_them() -> None:
    """Numbers as the language writes them; one unknown direction stays unknown."""
    assert section().about == [
        ("Cán bộ, công chức", "31"),
        ("Quầy tiếp nhận", "5"),
        ("Đường truyền", "VNPT · 200/100 Mbit/s"),
    ]
    half = replace(xom_chieu(), units={XOM_CHIEU: UnitRoster(unit=XOM_CHIEU, contracted_down_mbps=1000.0)})
    assert section(given=half).about == [("Đường truyền", "1.000/? Mbit/s")]


def test_devices_without_a_station_are_counted() -> None:
    """All active ones but the one at Q3; a pending one waits for approval first."""
    assert section().homeless == 4


def test_a_unit_that_no_roster_names_has_no_section() -> None:
    """The page says how to make one instead."""
    assert roster.build(None, [], [], NOW, "vi", Silences()) is None


@pytest.mark.parametrize(
    ("lang", "age", "why"),
    [
        ("vi", "6,7 năm", "theo ngày mua 14/03/2020 trong danh mục; máy tự cho thấy 6,4 năm, theo ngày của firmware"),
        ("en", "6.7 years", "bought 14/03/2020, by the roster; the PC itself shows 6.4 years, by the firmware's date"),
    ],
)
async def test_a_purchase_date_comes_before_what_the_pc_shows(lang: str, age: str, why: str) -> None:
    """Both are told."""
    view = await device_page.build(city(), standing(), CHECKS, NOW, lang, HANOI, Silences())
    assert (view.age, view.age_why) == (age, why)


async def test_an_age_by_the_roster_alone_says_so() -> None:
    """A virtual machine, or firmware without a date."""
    bare = replace(standing(), results={}, purchased=NOW // SECOND + 86_400, purchase_date="2026-11-22")
    view = await device_page.build(city(), bare, CHECKS, NOW, "en", HANOI, Silences())
    assert (view.age, view.age_why) == ("0 years", "bought 22/11/2026, by the roster")


@pytest.mark.parametrize(
    ("told", "lang", "why"),
    [
        ("2023", "vi", "theo ngày mua 2023 trong danh mục"), ("2023", "en", "bought 2023, by the roster"),
        ("2023-05", "vi", "theo ngày mua 05/2023 trong danh mục"), ("2023-05", "en", "bought 05/2023, by the roster"),
    ],
)  # fmt: skip
async def test_a_purchase_date_is_shown_as_exactly_as_it_was_told(told: str, lang: str, why: str) -> None:
    """The age counts from the middle of a year; that day is nobody's word."""
    known = bought_at(Station(unit=XOM_CHIEU, id="Q3", role="counter", purchase_date=told))
    bare = replace(standing(), results={}, purchased=known, purchase_date=told)
    view = await device_page.build(city(), bare, CHECKS, NOW, lang, HANOI, Silences())
    assert view.age_why == why


@pytest.fixture
async def client(aiohttp_client: AiohttpClient) -> Client:
    app = web.Application()
    pages.attach(app, city(), settings())
    return await aiohttp_client(app)


@pytest.mark.parametrize(
    ("code", "lang", "said"),
    [
        (XOM_CHIEU, "vi", "1 vị trí trong danh mục chưa từng báo cáo."),
        (XOM_CHIEU, "en", "5 devices stand at no station of the roster: sansang-collector roster match DEVICE STATION"),
        ("25747", "vi", "sansang-collector roster template danh-muc.xlsx"),
        ("25747", "en", "No roster names this unit yet: how many PCs it needs is not known."),
    ],
)
async def test_the_page_says_what_is_missing_and_what_to_do(client: Client, code: str, lang: str, said: str) -> None:
    """Over HTTP, as people read it."""
    answer = await client.get(f"/units/{code}?lang={lang}")
    assert said in words(await answer.text())


async def test_text_of_the_roster_stays_text(aiohttp_client: AiohttpClient) -> None:
    """A file is a stranger's too."""
    board, evil = city(), "<script>window.__xss=1</script>"
    board.roster = Roster(
        units={XOM_CHIEU: UnitRoster(unit=XOM_CHIEU, provider=evil)},
        stations={XOM_CHIEU: [Station(unit=XOM_CHIEU, id='"><b>', role="counter", title=evil)]},
    )
    app = web.Application()
    pages.attach(app, board, settings())
    page = await (await (await aiohttp_client(app)).get(f"/units/{XOM_CHIEU}")).text()
    assert evil not in page
    assert "&lt;script&gt;" in page
