"""The line on a unit's page, a test asked for from it, its gauge, and the numbers for programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient
from sqlalchemy.exc import OperationalError

from collector.evidence.account import Passive
from collector.store.devices import Refused
from collector.web import pages
from collector.web.pages import Handler
from tests.collector.evidence.lines import DONE, REFUSED, REQUEST, RUNNING, WAITING, FakeDesk, account
from tests.collector.pushing import XOM_CHIEU
from tests.collector.web.fakes import city, settings

Client = TestClient[web.Request, web.Application]
UNIT = f"/units/{XOM_CHIEU}"
TEST = f"{UNIT}/speed/{REQUEST.id}"
FORM = {"author": "Lê An", "check": "bandwidth", "confirm": "yes"}


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
async def client(desk: FakeDesk, aiohttp_client: AiohttpClient) -> Client:
    app = web.Application()
    pages.attach(app, city(), settings(), desk=desk)
    return await aiohttp_client(app)


async def page(client: Client, path: str, lang: str = "en") -> str:
    answer = await client.get(path, headers={"Cookie": f"lang={lang}"})
    return await answer.text()


async def post(client: Client, form: Mapping[str, str] = FORM, path: str = f"{UNIT}/speed", **headers: str) -> Any:
    """As a browser sends it from our own page, unless `headers` say otherwise (``-`` leaves one out)."""
    own = f"http://{client.host}:{client.port}"
    sent = {"Origin": own, "Sec-Fetch-Site": "same-origin", "Cookie": "lang=en"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }  # fmt: skip
    sent = {name: value for name, value in sent.items() if value != "-"}
    return await client.post(path, data=form, headers=sent, allow_redirects=False)


async def test_the_counters_speak_first(client: Client) -> None:
    """Whether the line is full needs no test; then what tests found, and the contract."""
    said = await page(client, UNIT)
    passive = (
        "The line is not full: download P95 41.2\N{NO-BREAK SPACE}% (≤\N{NO-BREAK SPACE}75\N{NO-BREAK SPACE}%, 1,998 "
        "samples), upload P95 12.6\N{NO-BREAK SPACE}% (≤\N{NO-BREAK SPACE}75\N{NO-BREAK SPACE}%, 1,998 samples), "
        "23.4\N{NO-BREAK SPACE}Mbit/s now; by the router&#39;s counters, without a test."
    )
    places = [said.index(text) for text in (passive, "Round trip under load", "Against the contract", "by the hour")]
    assert places == sorted(places)
    assert (
        "Download, contract 200\N{NO-BREAK SPACE}Mbit/s, that is 191.3\N{NO-BREAK SPACE}Mbit/s of TCP payload" in said
    )
    assert "may have been the limit: 1." in said
    assert "the server&#39;s count and the device&#39;s disagree: 1" in said


async def test_the_section_is_in_vietnamese_too(client: Client) -> None:
    """Numbers as they are written there."""
    said = await page(client, UNIT, "vi")
    assert "Đường truyền chưa đầy: tải xuống P95 41,2\N{NO-BREAK SPACE}%" in said
    assert "So với hợp đồng, 30 ngày" in said
    assert "Đo ngay" in said


async def test_a_line_without_measurements_says_what_to_do(client: Client, desk: FakeDesk) -> None:
    """With the command."""
    desk.found = account([], Passive())
    said = await page(client, UNIT)
    assert "No router&#39;s counters: declare its SNMP to know without a test whether the line is full." in said
    assert f"sansang-collector speed start --unit {XOM_CHIEU}" in said
    assert "no measurement to hold against the contract yet" in said


async def test_the_page_stands_while_the_database_does_not(client: Client, desk: FakeDesk) -> None:
    """The present is in memory; only this section is missing."""
    desk.trouble = OperationalError("SELECT", {}, Exception("gone"))
    said = await page(client, UNIT)
    assert "The database does not answer: measurements of speed cannot be shown now." in said
    assert "The last 7 days" in said


async def test_without_a_desk_there_is_no_section(aiohttp_client: AiohttpClient) -> None:
    """Nor any way to ask for a test."""
    app = web.Application()
    pages.attach(app, city(), settings())
    client = await aiohttp_client(app)
    assert 'id="line"' not in await page(client, UNIT)
    assert (await client.post(f"{UNIT}/speed")).status in (404, 405)


async def test_a_test_is_asked_for_and_watched(client: Client, desk: FakeDesk) -> None:
    """The form leads to the test's own page, which comes again by itself where there are no scripts."""
    answer = await post(client)
    assert (answer.status, answer.headers["Location"]) == (303, TEST)
    assert desk.asked == [(XOM_CHIEU, "Lê An", "bandwidth")]
    said = await page(client, TEST)
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in said
    assert "Waits for a PC of the unit: it hears of the request at its next report." in said
    assert "speed, asked for by Lê An" in said


async def test_what_is_over_does_not_come_again(client: Client, desk: FakeDesk) -> None:
    """Neither by refresh nor by stream."""
    desk.states = [DONE]
    said = await page(client, TEST)
    assert "refresh" not in said
    assert '/events"' not in said
    assert "Done: download 93.4\N{NO-BREAK SPACE}Mbit/s, upload 41.2\N{NO-BREAK SPACE}Mbit/s" in said


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec_Fetch_Site": "-"}, 303),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Origin": "-"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example", "Sec_Fetch_Site": "-"}, 403),
        ({"Content_Type": "text/plain"}, 400),
    ],
)
async def test_only_our_own_pages_may_ask(client: Client, desk: FakeDesk, headers: dict[str, str], status: int) -> None:
    """Another site's form, a name that was bound to our address, and what is no browser at all may not."""
    form: Any = "author=Mallory" if "Content_Type" in headers else FORM
    assert (await post(client, form, **headers)).status == status
    assert len(desk.asked) == (status == 303)


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        (FORM | {"confirm": "no"}, 400, "It was not confirmed that the unit was asked."),
        ({"author": "Lê An"}, 400, "It was not confirmed that the unit was asked."),
    ],
)
async def test_a_form_that_lacks_something_says_so(
    client: Client, desk: FakeDesk, form: dict[str, str], status: int, said: str
) -> None:
    """Nothing is asked of the desk."""
    answer = await post(client, form)
    assert (answer.status, said in await answer.text(), desk.asked) == (status, True, [])


@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [
        (Refused("bad_author", "x"), 400, "The name of who asks is needed, 2 to 80 characters."),
        (Refused("unknown_check", "x"), 400, "There is no such test."),
        (OperationalError("INSERT", {}, Exception("gone")), 503, "The database does not answer"),
    ],
)
async def test_a_refusal_is_a_page(client: Client, desk: FakeDesk, trouble: Exception, status: int, said: str) -> None:
    """In the reader's words, with the way back."""
    desk.trouble = trouble
    answer = await post(client)
    text = await answer.text()
    assert (answer.status, said in text, f'href="{UNIT}#line"' in text) == (status, True, True)


async def test_a_unit_that_cannot_be_measured_says_why(client: Client, desk: FakeDesk) -> None:
    """No request is made, and the page says what is missing."""
    desk.states = [msgspec.structs.replace(REFUSED, request=msgspec.structs.replace(REQUEST, id=""))]
    answer = await post(client)
    assert answer.status == 409
    assert "No test: no active device may measure: approve or enrol a PC." in await answer.text()


@pytest.mark.parametrize(
    "path", [f"{UNIT}/speed/ffff", f"/units/27265/speed/{REQUEST.id}", f"/units/0/speed/{REQUEST.id}"]
)
async def test_a_test_that_is_not_there_is_not_found(client: Client, path: str) -> None:
    """Nor one under another unit's address."""
    assert (await client.get(path)).status == 404
    assert (await client.get(f"{path}/events")).status == 404


async def test_the_gauge_tells_what_changed_and_ends(client: Client, desk: FakeDesk) -> None:
    """A state that stays is told once; the end has an event of its own."""
    desk.states = [WAITING, WAITING, RUNNING, DONE]
    answer = await client.get(f"{TEST}/events", headers={"Cookie": "lang=en"})
    async with asyncio.timeout(20):
        told = await answer.text()
    blocks = [block for block in told.split("\n\n") if "data: " in block]
    assert ["Waits for" in blocks[0], "93.4\N{NO-BREAK SPACE}Mbit/s" in blocks[1]] == [True, True]
    assert '<progress max="1" value="0.45">' in blocks[1]
    assert ["Done" in blocks[2], "event: over" in blocks[3], len(blocks)] == [True, True, 4]


async def test_the_numbers_are_there_for_programs(client: Client) -> None:
    """One unit's, or all and their providers; an unknown unit is an error with a code."""
    one = json.loads(await page(client, f"/v1/speed?unit={XOM_CHIEU}"))
    assert one["quantities"]["down"]["month"]["count"] == 91
    assert one["contract"]["download"]["left_out"] == 1
    everything = json.loads(await page(client, "/v1/speed"))
    assert [provider["name"] for provider in everything["providers"]] == ["VNPT"]
    answer = await client.get("/v1/speed?unit=00000")
    assert (answer.status, await answer.json()) == (
        404, {"error": "unknown_unit", "message": "no unit has the code '00000' in this locality"}
    )  # fmt: skip


async def test_every_address_is_behind_the_guard(desk: FakeDesk, aiohttp_client: AiohttpClient) -> None:
    """Whoever may not read the pages may not ask for a test, watch one or read the numbers."""

    def guard(_: Handler) -> Handler:
        async def closed(_: web.Request) -> web.StreamResponse:
            return web.Response(status=403)

        return closed

    app = web.Application()
    pages.attach(app, city(), settings(), guard, desk)
    client = await aiohttp_client(app)
    for path in (TEST, f"{TEST}/events", "/v1/speed", UNIT):
        assert (await client.get(path)).status == 403
    assert (await post(client)).status == 403
    assert desk.asked == []


async def test_what_a_person_types_is_only_text(client: Client, desk: FakeDesk) -> None:
    """An author's name is shown on the page."""
    evil = "<script>window.__xss=1</script>"
    desk.states = [msgspec.structs.replace(WAITING, request=msgspec.structs.replace(REQUEST, author=evil))]
    assert evil not in await page(client, TEST)
