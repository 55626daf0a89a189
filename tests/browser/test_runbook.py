"""The runbook as who follows a link in a message sees it, at a desk and on a phone."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import Site, screenshot, watch

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOP = "(heading) => heading.getBoundingClientRect().top"
HIDDEN = "(frame) => frame.scrollWidth - frame.clientWidth"


@pytest.mark.parametrize("width", [1280, 360])
async def test_a_link_in_a_message_opens_at_its_alert(browser: Browser, site: Site, width: int) -> None:
    """The heading is at the top, marked, and the browser has nothing to complain of."""
    context = await browser.new_context(viewport={"width": width, "height": 800})
    watched = await watch(context)
    await watched.page.goto(f"{site.address}/runbook#alert-finding")
    heading = watched.page.locator("#alert-finding")
    assert await heading.inner_text() == "Alert Finding"
    assert 0 <= await heading.evaluate(TOP) < 120
    assert await heading.evaluate("(heading) => getComputedStyle(heading).borderLeftWidth") == "3px"
    await screenshot(watched.page, f"runbook-{width}")
    assert (watched.complaints, await watched.violations()) == ([], [])
    await context.close()


async def test_on_a_phone_a_table_scrolls_in_its_own_frame(browser: Browser, site: Site) -> None:
    """By finger or by keyboard; at a desk and in print it is whole."""
    context = await browser.new_context(viewport={"width": 360, "height": 800})
    page = await context.new_page()
    await page.goto(f"{site.address}/runbook#why-a-check-failed")
    frame = page.get_by_role("region", name="Why a check failed")
    assert await frame.evaluate(HIDDEN) > 0
    await frame.focus()
    await page.keyboard.press("ArrowRight")
    async with asyncio.timeout(10):
        while not await frame.evaluate("(frame) => frame.scrollLeft"):
            await page.wait_for_timeout(50)
    await page.set_viewport_size({"width": 1280, "height": 800})
    assert await frame.evaluate(HIDDEN) == 0
    await page.set_viewport_size({"width": 673, "height": 986})
    await page.emulate_media(media="print")
    assert await frame.evaluate(HIDDEN) <= 0
    assert not await page.locator(".contents").is_visible()
    await context.close()
