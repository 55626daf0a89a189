"""The pages over HTTP: structure, escaping, headers, filters, languages, and what is not there."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from checks.kit.model import Outcome
from collector.readiness.model import Silence, Transition, Verdict
from collector.web import pages
from tests.collector.web.fakes import DEVICE, NOW, XOM_CHIEU, FakeBoard, city, result, settings, verdict_of

Client = TestClient[web.Request, web.Application]
PAGES = ("/", f"/units/{XOM_CHIEU}", f"/devices/{DEVICE}", "/units/00000", "/runbook")
EVIL = '"><img src=x onerror="window.__xss=1"><script>window.__xss=1</script>'


class Outline(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def board() -> FakeBoard:
    return city()


@pytest.fixture
async def client(board: FakeBoard, aiohttp_client: AiohttpClient) -> Client:
    app = web.Application()
    pages.attach(app, board, settings())
    return await aiohttp_client(app)


async def read(client: Client, path: str, status: int = 200, **cookies: str) -> str:
    answer = await client.get(path, cookies=cookies)
    assert answer.status == status
    return await answer.text()


def words(page: str) -> str:
    """The page's text with single blanks, whatever elements stand between."""
    return " ".join(" ".join(Outline(page).text).split())


async def test_the_overview_is_whole_without_scripts(client: Client) -> None:
    """The sentence, all 168 squares and all 168 rows are in the HTML."""
    page = await read(client, "/")
    outline = Outline(page)
    rows = [tag for tag, attrs in outline.tags if tag == "tr" and str(attrs.get("id", "")).startswith("u")]
    tiles = [attrs for tag, attrs in outline.tags if tag == "a" and attrs.get("tabindex") == "-1"]
    assert len(rows) == len(tiles) == 168
    assert "139/168 sẵn sàng" in page
    assert "Phường Xóm Chiếu" in page


async def test_a_unit_page_says_verdict_cause_fix_and_evidence(client: Client) -> None:
    """What a ward chief reads first, and what an engineer reads next."""
    page = words(await read(client, f"/units/{XOM_CHIEU}"))
    assert "Chưa sẵn sàng từ 08:12: độ trễ tới hệ thống bắt buộc 182,5 ms (cần ≤ 100 ms)" in page
    assert "[C] Khấu hao theo TT 141/2025/TT-BTC" in page
    assert "Quầy 3 → Cổng Dịch vụ công quốc gia : 182,5 ms" in page
    assert "Kiosk sảnh" in page


async def test_a_device_page_says_reasons_numbers_and_when(client: Client) -> None:
    """With the original time of each measurement."""
    page = words(await read(client, f"/devices/{DEVICE}"))
    assert "Tên miền không tồn tại" in page
    assert "Thời gian từng bước Phân giải tên miền · 4,2 ms Kết nối TCP · 18,7 ms" in page
    assert "6,4 năm theo ngày của firmware" in page
    assert "Chứng thư có hiệu lực đến 31/12/2026 23:59:59" in page
    assert "chậm 1,8 giây" in page
    assert 'title="21/11/2026 09:31:23"' in await read(client, f"/devices/{DEVICE}")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/units/00000", "Không có đơn vị mang mã “00000”."),
        ("/units/%3Cscript%3E", "Không có đơn vị mang mã “&lt;script&gt;”."),
        ("/devices/nobody", "Không có thiết bị mang mã “nobody”."),
    ],
)
async def test_what_does_not_exist_is_a_page_too(client: Client, path: str, said: str) -> None:
    """404, in words, with the way back."""
    page = await read(client, path, 404)
    assert said in page
    assert 'href="/"' in page


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_forbids_what_it_does_not_need(client: Client, path: str) -> None:
    """A policy without unsafe-inline, and nothing in the HTML that would need it."""
    answer = await client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    for tag, attrs in Outline(await answer.text()).tags:
        assert "style" not in attrs
        assert not [name for name in attrs if name.startswith("on")]
        assert tag != "style"
        assert tag != "script" or attrs.get("src")


@pytest.mark.parametrize("path", PAGES)
async def test_no_id_stands_twice(client: Client, path: str) -> None:
    """A refresh finds its elements by id."""
    ids = [
        attrs["id"]
        for _, attrs in Outline(await read(client, path, 404 if "0000" in path else 200)).tags
        if "id" in attrs
    ]
    assert len(ids) == len(set(ids))


async def test_text_from_outside_stays_text(client: Client, board: FakeBoard) -> None:
    """Names, details, facts and targets, and whatever stands in the address."""
    board.units[XOM_CHIEU] = msgspec.structs.replace(board.units[XOM_CHIEU], name=EVIL)
    odd = result("evil", EVIL[:128], Outcome.FAILED, EVIL[:64], detail=EVIL, facts={EVIL: EVIL})
    board.devices[DEVICE] = msgspec.structs.replace(board.devices[DEVICE], name=EVIL, version=EVIL, role=EVIL)
    board.devices[DEVICE].results = {("evil", EVIL): odd}
    for path in (*PAGES[:3], f"/?q={EVIL}&verdict={EVIL}&sort={EVIL}&lang={EVIL}", f"/units/{EVIL}"):
        page = await (await client.get(path)).text()
        assert "<script>" not in page
        assert "<img" not in page
        assert not [attrs for _, attrs in Outline(page).tags if "onerror" in attrs]


async def test_filters_live_in_the_address(client: Client) -> None:
    """A plain form: what is asked stands in the fields, the rows obey."""
    page = await read(client, "/?q=xom+chieu&verdict=not_ready&sort=name")
    tags = Outline(page).tags
    assert [attrs["id"] for tag, attrs in tags if tag == "tr" and "id" in attrs] == [f"u{XOM_CHIEU}"]
    assert [attrs["value"] for tag, attrs in tags if tag == "option" and "selected" in attrs] == ["not_ready", "name"]
    assert [attrs["value"] for tag, attrs in tags if tag == "input"] == ["xom chieu"]
    form = next(attrs for tag, attrs in tags if tag == "form")
    assert (form["method"], form["action"]) == ("get", "/")


async def test_a_search_without_a_find_says_what_to_do(client: Client) -> None:
    """An empty table would look like a fault."""
    page = await read(client, "/?q=zzzz")
    assert "Không đơn vị nào khớp." in page
    assert "Bỏ lọc" in page


async def test_an_empty_unit_shows_the_commands_that_fill_it(client: Client, board: FakeBoard) -> None:
    """With the unit's own code and the collector's own address."""
    board.verdicts[XOM_CHIEU] = verdict_of(XOM_CHIEU, Verdict.UNKNOWN, NOW, Silence.NEVER_ENROLLED)
    board.devices = {}
    page = await read(client, f"/units/{XOM_CHIEU}")
    assert f"sansang-collector tokens create --unit {XOM_CHIEU} --seats" in page
    assert "sansang-agent enrol http://127.0.0.1:8420 TOKEN" in page
    assert "Chưa có yêu cầu nào được xét" in page


async def test_a_locality_without_units_says_where_to_look(client: Client, board: FakeBoard) -> None:
    """Nothing to draw is not nothing to say."""
    board.units, board.verdicts = {}, {}
    assert "sansang-collector validate" in await read(client, "/")


async def test_vietnamese_first_and_english_one_click_away(client: Client) -> None:
    """The choice is remembered, and the address can say otherwise."""
    assert '<html lang="vi"' in await read(client, "/")
    answer = await client.get("/?lang=en")
    assert '<html lang="en"' in await answer.text()
    assert answer.headers["Content-Language"] == "en"
    cookie = answer.cookies["lang"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["path"]) == ("en", True, "Lax", "/")
    for path in PAGES[:3]:
        page = await read(client, path, lang="en")
        assert '<html lang="en"' in page
        assert "Tiếng Việt" in page


@pytest.mark.parametrize("path", PAGES[:3])
async def test_an_english_page_has_english_words(client: Client, path: str) -> None:
    """Only names, sources and addresses stay as they are."""
    text = " ".join(Outline(await read(client, path, lang="en")).text)
    for word in ("sẵn sàng ", "thiết bị", "Trạng thái", "phút trước", "giờ trước", "Kết quả", "đang báo cáo"):
        assert word not in text


async def test_sources_are_in_the_readers_language(client: Client) -> None:
    """A threshold that nobody can read the reason of is not accounted for."""
    page = await read(client, f"/units/{XOM_CHIEU}", lang="en")
    assert "[C] Depreciation under TT 141/2025/TT-BTC" in page
    assert "Khấu hao" not in page


async def test_codes_are_on_hover_only(client: Client) -> None:
    """People read titles; who looks for a series in METRICS.md finds its name."""
    page = await read(client, f"/devices/{DEVICE}")
    text = words(page)
    for code in ("connectivity_phase", "device_memory", "disk_free_ratio", "age_source", "firmware_date"):
        assert code not in text
    assert 'title="connectivity_phase"' in page
    assert 'title="connectivity_phase: Time of one phase."' in await read(client, f"/devices/{DEVICE}", lang="en")


async def test_light_and_dark_are_a_link_away(client: Client) -> None:
    """No script is needed to choose, and an unknown choice changes nothing."""
    assert 'data-theme="auto"' in await read(client, "/")
    answer = await client.get("/?theme=dark")
    assert 'data-theme="dark"' in await answer.text()
    assert answer.cookies["theme"].value == "dark"
    assert 'data-theme="light"' in await read(client, "/", theme="light")
    nonsense = await client.get("/?theme=neon", cookies={"theme": "dark"})
    assert "theme" not in nonsense.cookies
    assert 'data-theme="dark"' in await nonsense.text()


async def test_choosing_keeps_the_filters(client: Client) -> None:
    """One click changes one thing."""
    page = await read(client, "/?q=xom&verdict=ready")
    assert re.search(r'href="/\?q=xom&amp;verdict=ready&amp;lang=en"', page)


async def test_times_carry_the_exact_moment(client: Client) -> None:
    """Relative to read, exact on hover and in print."""
    page = await read(client, f"/units/{XOM_CHIEU}")
    assert '<time datetime="2026-11-21T01:12:03Z" title="21/11/2026 08:12:03">1 giờ trước</time>' in page


async def test_a_device_with_an_impossible_clock_still_has_a_page(client: Client, board: FakeBoard) -> None:
    """Any 64-bit time can come in a result."""
    board.devices[DEVICE].results = {("c", ""): msgspec.structs.replace(result("c", "", Outcome.OK), at=2**63 - 1)}
    assert "ở tương lai" in await read(client, f"/devices/{DEVICE}")


async def test_pages_of_one_generation_are_rendered_once(client: Client, board: FakeBoard) -> None:
    """And anew when something changed, for another question, in another language."""
    reads = 0
    changes = board.changes

    async def counted(since: int) -> list[Transition]:
        nonlocal reads
        reads += 1
        return await changes(since)

    board.changes = counted  # type: ignore[method-assign]
    first = await read(client, "/")
    assert await read(client, "/") == first
    assert reads == 1
    assert await read(client, "/?q=xom") != first
    assert await read(client, "/", lang="en") != first
    board.verdicts[XOM_CHIEU] = verdict_of(XOM_CHIEU, Verdict.READY, NOW)
    await board.touch()
    assert "140/168" in await read(client, "/")
    assert reads == 4


async def test_files_are_kept_a_year_under_their_hash(client: Client) -> None:
    """And an hour when asked for without it."""
    link = re.search(r'href="(/static/app\.css\?v=[0-9a-f]{12})"', await read(client, "/"))
    assert link
    named = await client.get(link[1])
    assert (named.status, named.content_type) == (200, "text/css")
    assert named.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (await client.get("/static/app.css")).headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("name", ["nothing.css", "../pages.py", "..%2fpages.py", "%2e%2e/pages.py", ""])
async def test_only_the_pages_files_are_served(client: Client, name: str) -> None:
    """Files are looked up by name among those read at start: there is no path to walk."""
    assert (await client.get(f"/static/{name}")).status == 404
