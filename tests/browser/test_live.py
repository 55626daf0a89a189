"""Open pages follow the data, keep the reader's place, and say when they no longer can."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from checks.kit.model import Outcome
from collector.readiness.model import Verdict
from tests.browser.chromium import Site, Watched, screenshot, watch
from tests.collector.web.fakes import DEVICE, NOW, XOM_CHIEU, FakeBoard, requirements, result, verdict_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
OBSERVE = """
window.__moved = 0;
new MutationObserver((changes) => { __moved += changes.length; }).observe(
  document.querySelector("table"), {subtree: true, childList: true, attributes: true, characterData: true});
"""
STATE = f"#u{XOM_CHIEU} .c-state"


@pytest_asyncio.fixture(loop_scope="module")
async def watched(browser: Browser) -> AsyncIterator[Watched]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    yield await watch(context)
    await context.close()


async def connected(watched: Watched, address: str) -> None:
    """Opens the page and waits until its stream is open, so that the next change is told and not found."""
    async with watched.page.expect_response("**/events?since=*"):
        await watched.page.goto(address)


async def turn(board: FakeBoard, state: Verdict) -> None:
    board.verdicts = board.verdicts | {XOM_CHIEU: verdict_of(XOM_CHIEU, state, NOW)}
    await board.touch()


async def test_a_verdict_changes_on_the_open_page(watched: Watched, site: Site) -> None:
    """Row, sentence and square, without a reload and without a complaint."""
    await connected(watched, site.address)
    await watched.page.evaluate("window.__kept = true")
    await expect(watched.page.locator(STATE)).to_have_text("✕ chưa sẵn sàng")
    await turn(site.board, Verdict.READY)
    await expect(watched.page.locator(STATE)).to_have_text("● sẵn sàng", timeout=10_000)
    await expect(watched.page.locator("h1")).to_contain_text("140/168")
    assert await watched.page.evaluate("window.__kept")
    assert (watched.complaints, await watched.violations()) == ([], [])


async def test_a_second_change_arrives_too(watched: Watched, site: Site) -> None:
    """The refreshed page listens on."""
    await connected(watched, f"{site.address}/units/{XOM_CHIEU}")
    for state, word in ((Verdict.AT_RISK, "Có nguy cơ"), (Verdict.READY, "Sẵn sàng"), (Verdict.NOT_READY, "Chưa sẵn")):
        await turn(site.board, state)
        await expect(watched.page.locator(".headline")).to_contain_text(word, timeout=10_000)


async def test_the_reader_keeps_the_place(watched: Watched, site: Site) -> None:
    """Focus, a half-typed search, and the place of the focused row on the screen, while rows change their order."""
    page = watched.page
    await connected(watched, site.address)
    await page.locator("#q").fill("nửa chừng")
    row = page.locator(f"#u{XOM_CHIEU} a.row")
    await row.focus()
    await page.evaluate("scrollTo(0, 500)")
    top = await row.evaluate("(link) => link.getBoundingClientRect().top")
    await turn(site.board, Verdict.AT_RISK)
    await expect(page.locator(STATE)).to_have_text("▲ có nguy cơ", timeout=10_000)
    assert await row.evaluate("(link) => link === document.activeElement")
    assert await page.locator("#q").input_value() == "nửa chừng"
    assert abs(await row.evaluate("(link) => link.getBoundingClientRect().top") - top) < 2


async def test_opened_evidence_stays_open(watched: Watched, site: Site) -> None:
    """Who reads details is not shut out by the next measurement."""
    await connected(watched, f"{site.address}/units/{XOM_CHIEU}")
    await watched.page.locator("#e-rtt summary").click()
    changed = requirements(Verdict.AT_RISK, NOW)
    site.board.verdicts[XOM_CHIEU] = verdict_of(XOM_CHIEU, Verdict.AT_RISK, NOW, requirements=changed)
    await site.board.touch()
    await expect(watched.page.locator("#r-rtt .c-value")).to_have_text("128 ms", timeout=10_000)
    assert await watched.page.locator("#e-rtt").get_attribute("open") is not None


async def test_nothing_moves_unless_data_did(watched: Watched, site: Site) -> None:
    """A change elsewhere redraws no row here: the elements are the same ones, untouched."""
    page = watched.page
    await connected(watched, f"{site.address}/?q=xom+chieu")
    await page.evaluate(OBSERVE)
    other = next(
        code for code in site.board.units if code != XOM_CHIEU and site.board.verdicts[code].verdict == "ready"
    )
    site.board.verdicts[other] = verdict_of(other, Verdict.NOT_READY, NOW)
    await site.board.touch()
    await expect(page.locator("h1")).to_contain_text("138/168", timeout=10_000)
    assert await page.evaluate("__moved") == 0


async def test_a_lost_server_is_said_and_its_return_is_seen(watched: Watched, site: Site) -> None:
    """Old numbers never pass for new ones; after the return the page catches up by itself."""
    await connected(watched, site.address)
    await expect(watched.page.locator("#stale")).to_be_hidden()
    await site.stop()
    await expect(watched.page.locator("#stale")).to_be_visible(timeout=20_000)
    await screenshot(watched.page, "overview-stale")
    site.board.verdicts[XOM_CHIEU] = verdict_of(XOM_CHIEU, Verdict.READY, NOW)
    await site.start()
    await expect(watched.page.locator("#stale")).to_be_hidden(timeout=30_000)
    await expect(watched.page.locator(STATE)).to_have_text("● sẵn sàng", timeout=10_000)


EVIL = '"><img src=x onerror="window.__xss=1"><script>window.__xss=1</script>'


async def test_planted_markup_never_runs(watched: Watched, site: Site) -> None:
    """In a unit's name, a device's name, a detail and a fact; on load and after a live refresh."""
    board, page = site.board, watched.page
    board.units[XOM_CHIEU] = msgspec.structs.replace(board.units[XOM_CHIEU], name=EVIL)
    device = board.devices[DEVICE] = msgspec.structs.replace(board.devices[DEVICE], name=EVIL)
    device.results = {("evil", ""): result("evil", "", Outcome.FAILED, "evil", detail=EVIL, facts={EVIL: EVIL})}
    for path in ("/", f"/units/{XOM_CHIEU}", f"/devices/{DEVICE}", f"/?q={EVIL}"):
        await connected(watched, site.address + path)
        async with page.expect_response(lambda answer: "/events" not in answer.url):
            await board.touch()
        await page.wait_for_timeout(100)
        assert await page.locator("main img, main script").count() == 0
        assert await page.evaluate("window.__xss") is None
    assert EVIL in await page.locator("#q").input_value()
    assert (watched.complaints, await watched.violations()) == ([], [])


async def test_the_policy_stops_what_escaping_would_let_through(watched: Watched, site: Site) -> None:
    """Were a name ever written raw, the browser would still not run it."""
    page = watched.page
    await connected(watched, site.address)
    await page.evaluate("(evil) => document.body.insertAdjacentHTML('beforeend', evil)", f'<p title="{EVIL}">')
    await page.evaluate(
        "const s = document.createElement('script'); s.text = 'window.__xss=1'; document.body.append(s)"
    )
    await page.wait_for_function("window.__violations.length >= 2")
    assert await page.evaluate("window.__xss") is None
