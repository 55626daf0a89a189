"""Findings, the plan, the past and former units over HTTP, on a bad morning."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient

from collector.attribution.silent import Sign, Silent, Why
from collector.web import pages
from tests.collector.web.fakes import DAY, DEVICE, NOW, XOM_CHIEU, FakeBoard, settings
from tests.collector.web.test_pages import EVIL, Outline, read, words
from tests.collector.web.troubled import CLOCK, PROVIDER, WAIVER, troubled

Client = TestClient[web.Request, web.Application]
THEN = f"/units/{XOM_CHIEU}?at=2026-11-20T08:00"
PAGES = ("/", f"/units/{XOM_CHIEU}", f"/devices/{DEVICE}", "/findings", f"/findings/{PROVIDER}", "/plan", THEN)


@pytest.fixture
def board() -> FakeBoard:
    return troubled()


@pytest.fixture
async def client(board: FakeBoard, aiohttp_client: AiohttpClient) -> Client:
    app = web.Application()
    pages.attach(app, board, settings())
    return await aiohttp_client(app)


async def test_the_overview_tells_closed_offices_findings_and_waivers(client: Client) -> None:
    """One sentence, the findings by units hit, and what runs out in one line."""
    page = words(await read(client, "/"))
    assert "12 ngoài giờ, lúc đóng cửa 11 sẵn sàng; cả hai cộng lại" in page
    assert "VNPT: không thông nhà cung cấp VNPT · 1 giờ trước 14 đơn vị" in page
    assert "✎ 1 miễn trừ hết hạn trong 7 ngày: Phường Xóm Chiếu ; 1 đã hết hạn trong 7 ngày qua: " in page
    assert "✕ chưa sẵn sàng ✎ miễn trừ" in page
    english = words(await read(client, "/", lang="en"))
    assert "1 h ago 14 units" in english
    assert "cleared, being watched 1 unit " in english
    assert "◷ báo cáo trễ" in page
    assert "lúc đóng cửa: chưa sẵn sàng" in page


async def test_many_waivers_are_counted(client: Client, board: FakeBoard) -> None:
    """In both languages, one and more."""
    board.verdicts[XOM_CHIEU].waivers.append(replace(WAIVER, id="w2", expires_at=NOW + DAY))
    board.expired *= 2
    assert "2 miễn trừ hết hạn trong 7 ngày: " in words(await read(client, "/"))
    english = words(await read(client, "/", lang="en"))
    assert "2 waivers expire within 7 days: " in english
    assert "; 2 expired in the last 7 days: " in english


@pytest.mark.parametrize("silence", ["office_closed", "late", "lost_contact", "no_data", "never_enrolled"])
async def test_units_are_filtered_by_each_of_five_silences(client: Client, board: FakeBoard, silence: str) -> None:
    """The late ones too, whose verdict stands."""
    tags = Outline(await read(client, f"/?verdict={silence}")).tags
    rows = {attrs["id"] for tag, attrs in tags if tag == "tr" and "id" in attrs}
    assert rows == {f"u{code}" for code, verdict in board.verdicts.items() if verdict.silence == silence}
    assert rows


@pytest.mark.parametrize("path", PAGES)
async def test_trouble_is_said_on_every_page(client: Client, path: str) -> None:
    """An old profile in force is no secret."""
    page = Outline(await read(client, path))
    assert (
        "Cấu hình mới (bộ tiêu chí, bảng giá) bị từ chối từ 09:10, default@1 vẫn được dùng: hcmc.yaml:12"
        in words_of(page)
    )
    assert [attrs for tag, attrs in page.tags if attrs.get("role") == "alert"]


def words_of(page: Outline) -> str:
    return " ".join(" ".join(page.text).split())


async def test_no_trouble_is_no_banner(client: Client, board: FakeBoard) -> None:
    """Quiet where all is well."""
    board.refused = ""
    assert 'role="alert"' not in await read(client, "/")


async def test_a_unit_shows_way_finding_path_and_waivers(client: Client) -> None:
    """Under the headline that blames the provider."""
    page = words(await read(client, f"/units/{XOM_CHIEU}"))
    assert "Mạng của VNPT không thông — nhà cung cấp VNPT, 14 đơn vị cùng lỗi." in page
    assert "Đường truy cập 200 Mbit/s ? có thể cũng ở đây Nhà cung cấp VNPT ✕ lỗi ở đây" in page
    assert "VNPT: không thông Nhà cung cấp 14 96 % 84 lần hỏng, 2 lần chạy được" in page
    assert "Thay máy trạm Quầy 3 3 cái 15.000.000 45.000.000 UBND phường [A] báo giá giả định" in page
    assert "✎ miễn trừ : Đã có quyết định thay máy" in page
    assert "✎ xác nhận tại chỗ : Kỹ thuật viên đã mở máy kiểm tra" in page
    assert "46 máy khác đạt" in page


async def test_a_waived_requirement_is_nothing_to_do(client: Client, board: FakeBoard) -> None:
    """What the profile says of it is left out of the list."""
    verdict = board.verdicts[XOM_CHIEU]
    verdict.requirements[1] = replace(verdict.requirements[1], waiver="w1")
    assert "Việc cần làm" not in await read(client, f"/units/{XOM_CHIEU}")


async def test_a_waiver_of_a_line_that_is_gone_is_still_shown(client: Client, board: FakeBoard) -> None:
    """The profile has moved on; the waiver holds."""
    board.verdicts[XOM_CHIEU].waivers.append(replace(WAIVER, id="w9", requirement="gone", reason="Chờ bàn giao"))
    assert "✎ miễn trừ : Chờ bàn giao — nguyen.van.an" in words(await read(client, f"/units/{XOM_CHIEU}"))


async def test_a_silent_unit_and_device_say_why(client: Client, board: FakeBoard) -> None:
    """From their neighbours, where that tells."""
    board.why = {
        XOM_CHIEU: Silent(cause=Why.POWER_CUT, since=NOW, confidence=0.9),
        DEVICE: Silent(cause=Why.PC_OFF, since=NOW, signs=(Sign("siblings", count=7, of=7),)),
    }
    assert "Vì sao im lặng: Mất điện từ 09:32. " in words(await read(client, f"/units/{XOM_CHIEU}"))
    page = words(await read(client, f"/devices/{DEVICE}"))
    assert "Vì sao im lặng: Máy đã tắt từ 09:32: 7/7 thiết bị khác của đơn vị vẫn báo cáo." in page


async def test_a_moved_device_says_from_where(client: Client, board: FakeBoard) -> None:
    """By name, with the day; a unit that is gone by its code."""
    board.moved[DEVICE].append((NOW - DAY, XOM_CHIEU, "99999"))
    page = words(await read(client, f"/devices/{DEVICE}"))
    assert f"Chuyển từ {next(iter(board.units.values())).name} sang Phường Xóm Chiếu ngày 09/11/2026" in page
    assert "Moved from Phường Xóm Chiếu to 99999 on 20/11/2026" in words(
        await read(client, f"/devices/{DEVICE}", lang="en")
    )


async def test_a_finding_that_is_over_does_not_look_as_if_it_went_on(client: Client) -> None:
    """Neither in its headline's ink nor on the way."""
    over, present = await read(client, f"/findings/{CLOCK}"), await read(client, f"/findings/{PROVIDER}")
    assert ("headline is-not_ready" in over, "headline is-not_ready" in present) == (False, True)
    assert "Thiết bị Quầy 3 lỗi từng ở đây" in words(over)
    assert "VNPT ✕ lỗi ở đây" in words(present)


async def test_a_finding_is_told_from_the_first_failure_on(client: Client, board: FakeBoard) -> None:
    """As its sentence and the command line tell it; when it was opened stands on its own page."""
    board.findings = [replace(board.findings[0], first=NOW - 5 * DAY, opened_at=NOW - DAY)]
    assert "5 ngày trước nhà cung cấp VNPT" in words(await read(client, "/findings"))
    assert "nhà cung cấp VNPT · 5 ngày trước" in words(await read(client, "/"))
    assert "Mở 1 ngày trước" in words(await read(client, f"/findings/{PROVIDER}"))


async def test_a_sum_stands_under_the_costs_it_is_of(client: Client, board: FakeBoard) -> None:
    """In the same measure; beside it what has no price."""
    assert "Tổng 46.200.000 Yêu cầu" in words(await read(client, f"/units/{XOM_CHIEU}"))
    board.paths[XOM_CHIEU] = replace(board.paths[XOM_CHIEU], unpriced=1)
    board.generation += 1
    assert "Tổng 46.200.000 1 việc chưa có giá Yêu cầu" in words(await read(client, f"/units/{XOM_CHIEU}"))


async def test_the_plan_says_what_its_bill_is_of(client: Client, board: FakeBoard) -> None:
    english = words(await read(client, "/plan", lang="en"))
    assert "The bill holds, too, what is to be done for the 2 units of which not everything is known." in english
    assert "The sum leaves out 1 line without a price." in english
    missing = len(board.units) - len(board.paths)
    assert f"prices.yaml. Not in it: {missing} units of which nothing is heard." in english
    vietnamese = words(await read(client, "/plan"))
    assert f"(prices.yaml). Chưa gồm {missing} đơn vị chưa có số liệu." in vietnamese
    assert "Bảng gồm cả việc của 2 đơn vị chưa tính được hết." in vietnamese


async def test_the_past_is_shown_as_such(client: Client, board: FakeBoard) -> None:
    """With the way back, exact times, the finding of then, and nothing of the present."""
    board.closed[0] = replace(board.closed[0], opened_at=NOW - 3 * DAY, cleared_at=NOW - DAY, closed_at=NOW - DAY)
    page = words(await read(client, THEN))
    assert "↶ Đây là quá khứ: đơn vị như lúc 08:00 20/11/2026. Về hiện tại" in page
    assert "Có nguy cơ từ 09:32 ngày 17/11/2026: độ trễ tới hệ thống bắt buộc 128 ms" in page
    assert "Phường Xóm Chiếu: không thông Đường truy cập" in page
    assert "Đường ngắn nhất" not in page
    assert "giờ trước" not in page
    assert f'<a href="/units/{XOM_CHIEU}">Về hiện tại</a>' in await read(client, THEN)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("2026-11-01T08:00", "Lúc 08:00 01/11/2026 đơn vị chưa có kết luận nào."),
        ("2027-01-01T08:00", "Thời điểm 08:00 01/01/2027 còn ở tương lai."),
        ("nonsense", "Không hiểu thời điểm “nonsense”: viết như 2026-11-20T08:00."),
    ],
)
async def test_a_time_without_a_verdict_says_so(client: Client, asked: str, said: str) -> None:
    """Before the first one, still to come, or no time at all."""
    assert said in words(await read(client, f"/units/{XOM_CHIEU}?at={asked}"))


async def test_findings_lead_to_one_another(client: Client) -> None:
    """The list to each, a merged one to what it became part of."""
    page = await read(client, "/findings")
    assert "4 sự cố đang mở" in page
    assert 'href="/findings/old1"' in page
    assert f'<a href="/findings/{PROVIDER}">{PROVIDER}</a>' in await read(client, "/findings/old1")
    one = words(await read(client, f"/findings/{PROVIDER}"))
    assert "Đơn vị (14)" in one
    assert "Hệ thống bị chặn (2) Cổng Dịch vụ công quốc gia Cổng 1022" in one


async def test_one_finding_and_none_are_said_in_words(client: Client, board: FakeBoard) -> None:
    """In both languages."""
    board.findings = board.findings[:1]
    assert "1 open finding<" in await read(client, "/findings", lang="en")
    board.findings, board.closed = [], []
    page = words(await read(client, "/findings"))
    assert "Không có sự cố nào đang mở." in page
    assert "Đã đóng trong 30 ngày qua Không có." in page


async def test_an_unknown_finding_is_a_page_too(client: Client) -> None:
    """404, in words."""
    assert "Không có sự cố mang mã “nobody”." in await read(client, "/findings/nobody", 404)
    assert "No finding has the id “nobody”." in await read(client, "/findings/nobody", 404, lang="en")


async def test_the_link_to_a_finding_lasts(client: Client, board: FakeBoard) -> None:
    """Whoever kept it in a message finds it again, though the list has dropped it."""
    board.closed = [replace(board.closed[0], closed_at=NOW - 400 * DAY)]
    assert 'href="/findings/old1"' not in await read(client, "/findings")
    assert "Phường Xóm Chiếu: không thông" in words(await read(client, "/findings/old1"))


async def test_the_plan_ranks_and_sums(client: Client) -> None:
    """Sentence, order, bill, and what is not known apart."""
    page = words(await read(client, "/plan"))
    assert "2 đơn vị chưa tính được hết" in page
    assert "Bảng khối lượng" in page
    assert "Chưa tính được hết (2)" in page
    assert "còn: Tuổi máy trạm" in page
    assert "Tổng chưa gồm 1 dòng chưa có giá." in page


async def test_a_former_unit_leads_to_todays(client: Client, board: FakeBoard) -> None:
    """For good when there is one, by a list when it was split, not at all when it never was."""
    board.former = {"27256": [XOM_CHIEU], "27250": [XOM_CHIEU, next(iter(board.units))], "27251": ["99999"]}
    answer = await client.get("/units/27256", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (301, f"/units/{XOM_CHIEU}")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    page = await read(client, "/units/27250")
    assert "Đơn vị cũ mang mã “27250” nay thuộc nhiều đơn vị:" in page
    assert f'<a href="/units/{XOM_CHIEU}">Phường Xóm Chiếu</a>' in page
    await read(client, "/units/27251", 404)


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_keeps_the_rules(client: Client, path: str) -> None:
    """No id twice, no inline style or script, the policy, and English where English is asked for."""
    answer = await client.get(path, cookies={"lang": "en"})
    page = Outline(await answer.text())
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not [attrs for tag, attrs in page.tags if tag == "style" or "style" in attrs]
    for word in ("sẵn sàng ", "thiết bị", "Trạng thái", "giờ trước", "Sự cố", "miễn trừ", "Đường ngắn nhất"):
        assert word not in " ".join(page.text)


async def test_text_from_outside_stays_text(client: Client, board: FakeBoard) -> None:
    """Reasons, authors, providers, subjects, prices, and the address itself."""
    verdict = board.verdicts[XOM_CHIEU]
    verdict.waivers[0] = replace(WAIVER, reason=EVIL, author=EVIL)
    fix = replace(
        board.paths[XOM_CHIEU].fixes[0], title={"vi": EVIL}, words={"vi": EVIL}, source={"vi": EVIL}, owner={"vi": EVIL}
    )
    board.paths[XOM_CHIEU] = replace(board.paths[XOM_CHIEU], fixes=(fix,))
    board.findings[0] = replace(board.findings[0], subject=EVIL, targets=("dvcqg", EVIL), reason=EVIL)
    board.refused, board.former = EVIL, {"27250": [XOM_CHIEU, next(iter(board.units))]}
    for path in (*PAGES, f"/units/{XOM_CHIEU}?at={EVIL}", f"/findings/{EVIL}", "/units/27250"):
        page = await (await client.get(path)).text()
        assert "<script>" not in page
        assert "<img" not in page


async def test_what_nobody_has_listed_is_said(client: Client, board: FakeBoard) -> None:
    """A department that no list names is judged by nobody."""
    board.unlisted = {"vi": "đơn vị khác: cần 334, đã khai báo 15"}
    assert "đơn vị khác: cần 334, đã khai báo 15" in words(await read(client, "/"))


async def test_a_waiver_that_has_yet_to_run_out_is_not_over(client: Client, board: FakeBoard) -> None:
    """Even where the board tells of it beside those that are."""
    board.expired = [replace(WAIVER, expires_at=NOW + DAY)]
    assert "đã hết hạn" not in words(await read(client, "/"))
