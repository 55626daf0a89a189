"""The pages as eyes see them: wide and narrow, light and dark, with scripts and without."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.browser.chromium import Site, screenshot, watch
from tests.collector.web.fakes import DEVICE, XOM_CHIEU
from tests.collector.web.troubled import PROVIDER

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = {
    "overview": "/",
    "unit": f"/units/{XOM_CHIEU}",
    "device": f"/devices/{DEVICE}",
    "past": f"/units/{XOM_CHIEU}?at=2026-11-20T08:00",
    "findings": "/findings",
    "finding": f"/findings/{PROVIDER}",
    "plan": "/plan",
    "runbook": "/runbook",
}
A4: ViewportSize = {"width": 673, "height": 986}
"""CSS pixels between the margins of the style sheet."""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CONTRAST = """
() => {
  const channel = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = (rgb) => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = light(parse(getComputedStyle(document.body).backgroundColor));
  let worst = 99;
  for (const element of document.querySelectorAll("main *:not(svg):not(svg *):not(button):not(option)")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const ink = light(parse(getComputedStyle(element).color));
    worst = Math.min(worst, (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05));
  }
  return worst;
}
"""


def view(width: int, scheme: Literal["light", "dark"], scripts: bool) -> dict[str, Any]:
    size = {"width": width, "height": 800}
    return {"viewport": size, "color_scheme": scheme, "java_script_enabled": scripts, "has_touch": width < 500}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_pages_fit_and_can_be_read(
    browser: Browser, bad_morning: Site, width: int, scheme: Literal["light", "dark"]
) -> None:
    """No sideways scrolling, text with a contrast of at least 4.5, no complaint in the console."""
    context = await browser.new_context(**view(width, scheme, scripts=True))
    watched = await watch(context)
    for name, path in PAGES.items():
        await watched.page.goto(bad_morning.address + path)
        await watched.page.evaluate("document.fonts.ready")
        assert await watched.page.evaluate(OVERFLOW) <= 0, name
        assert await watched.page.evaluate(CONTRAST) >= 4.5, name
        assert await watched.violations() == []
        await screenshot(watched.page, f"{name}-{width}-{scheme}")
    assert watched.complaints == []
    await context.close()


async def test_no_width_in_between_scrolls_sideways(browser: Browser, bad_morning: Site) -> None:
    """Tablets, half screens, and paper."""
    context = await browser.new_context()
    page = await context.new_page()
    for name, path in PAGES.items():
        await page.goto(bad_morning.address + path)
        await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for width in (320, 480, 768, 961, 1024, 1920):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate(OVERFLOW) <= 0, f"{name} at {width}"
        await page.set_viewport_size(A4)
        await page.emulate_media(media="print")
        assert await page.evaluate(OVERFLOW) <= 0, f"{name} in print"
        await page.emulate_media(media="screen")
    await context.close()


async def test_vietnamese_is_set_in_its_own_font(browser: Browser, site: Site) -> None:
    """All subsets load, so that no letter with an accent falls back to another face."""
    context = await browser.new_context(**view(1280, "light", scripts=True))
    page = await context.new_page()
    await page.goto(site.address)
    await page.evaluate("document.fonts.ready")
    loaded = await page.evaluate("[...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.weight)")
    assert {"400", "600"} <= set(loaded)
    assert await page.evaluate("document.fonts.check('600 32px \"Be Vietnam Pro\"', 'Sẵn sàng, chưa đủ dữ liệu ữ ợ ắ')")
    await context.close()


@pytest.mark.parametrize("width", [1280, 360])
async def test_everything_is_there_without_scripts(browser: Browser, site: Site, width: int) -> None:
    """Search, filter, open a unit and its device, change language and theme: plain links and a plain form."""
    context = await browser.new_context(**view(width, "light", scripts=False))
    page = await context.new_page()
    await page.goto(site.address)
    assert await page.locator("tbody tr").count() == 168
    await screenshot(page, f"overview-{width}-no-script")
    await page.get_by_role("searchbox").fill("xom chieu")
    await page.get_by_role("button", name="Xem").click()
    assert page.url == f"{site.address}/?q=xom+chieu&verdict=&sort=worst"
    await page.get_by_role("link", name="Phường Xóm Chiếu").last.click()
    assert await page.get_by_role("heading", level=1).inner_text() == "Phường Xóm Chiếu"
    await page.locator("#e-rtt summary").click()
    await page.locator("#e-rtt a").click()
    assert page.url == f"{site.address}/devices/{DEVICE}"
    await page.get_by_role("link", name="English").click()
    assert "Latest results" in await page.locator("main").inner_text()
    await page.get_by_role("link", name="Dark").click()
    assert await page.locator("html").get_attribute("data-theme") == "dark"
    await page.goto(site.address)
    assert await page.locator("html").get_attribute("lang") == "en"
    await context.close()


async def test_the_theme_chosen_wins_over_the_machines(browser: Browser, site: Site) -> None:
    """Dark on a light machine, light on a dark one."""
    ground = "getComputedStyle(document.body).backgroundColor"
    seen: dict[str, str] = {}
    for scheme in ("light", "dark"):
        context = await browser.new_context(color_scheme=scheme)
        page = await context.new_page()
        for theme in ("auto", "light", "dark"):
            await page.goto(f"{site.address}/units/{XOM_CHIEU}?theme={theme}")
            seen[f"{scheme} {theme}"] = await page.evaluate(ground)
        await context.close()
    light, dark = seen["light auto"], seen["dark auto"]
    assert light != dark
    assert (seen["light light"], seen["light dark"]) == (light, dark)
    assert (seen["dark light"], seen["dark dark"]) == (light, dark)


async def test_in_print_times_are_exact_and_tools_are_gone(browser: Browser, site: Site) -> None:
    """Paper has no hover."""
    context = await browser.new_context(viewport={"width": 794, "height": 1123})
    page = await context.new_page()
    await page.goto(f"{site.address}/units/{XOM_CHIEU}")
    await page.emulate_media(media="print")
    after = await page.evaluate("getComputedStyle(document.querySelector('.needs time'), '::after').content")
    assert await page.locator(".needs time").first.get_attribute("title") == "21/11/2026 08:12:03"
    assert after != "none"
    assert not await page.locator(".tools").is_visible()
    await screenshot(page, "unit-print")
    await context.close()


async def test_rows_are_walked_with_the_arrow_keys(browser: Browser, site: Site) -> None:
    """Tab reaches a row, arrows move, Enter opens."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(site.address)
    rows = page.locator("tbody a.row")
    await rows.nth(3).focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    assert await rows.nth(4).evaluate("(row) => row === document.activeElement")
    wanted = await rows.nth(4).get_attribute("href")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{wanted}")
    await context.close()


async def test_the_guilty_segment_is_seen_and_read(browser: Browser, bad_morning: Site) -> None:
    """Filled and said; the possible one is hatched and said; the others are outlines. On paper too."""
    context = await browser.new_context(viewport={"width": 794, "height": 1123})
    page = await context.new_page()
    await page.goto(f"{bad_morning.address}/units/{XOM_CHIEU}")
    await page.emulate_media(media="print")
    pipe = (
        "(li) => { const s = getComputedStyle(li.querySelector('.pipe')); "
        "return [s.backgroundColor, s.backgroundImage]; }"
    )
    guilty, also, clear = [
        await page.locator(f".way .{part}").first.evaluate(pipe) for part in ("guilty", "also", "clear")
    ]
    assert guilty == ["rgb(213, 94, 0)", "none"]
    assert also[1].startswith("repeating-linear-gradient")
    assert clear[1] == "none"
    assert clear[0] != guilty[0]
    assert "lỗi ở đây" in await page.locator(".way .guilty").inner_text()
    assert "có thể cũng ở đây" in await page.locator(".way .also").inner_text()
    await context.close()


async def test_the_plan_is_printed_on_a4(browser: Browser, bad_morning: Site) -> None:
    """Upright, with the bill, without tools."""
    context = await browser.new_context(**view(1280, "light", scripts=False))
    page = await context.new_page()
    await page.goto(f"{bad_morning.address}/plan")
    await page.emulate_media(media="print")
    assert not await page.locator("nav.pages").is_visible()
    assert await page.locator(".bill .sum").is_visible()
    paper = await page.pdf(prefer_css_page_size=True)
    assert b"/MediaBox [0 0 594" in paper or b"/MediaBox [0 0 595" in paper
    await context.close()


async def test_the_past_is_a_plain_form_away(browser: Browser, bad_morning: Site) -> None:
    """Without scripts: fill the time in, look, come back."""
    context = await browser.new_context(**view(1280, "light", scripts=False))
    page = await context.new_page()
    await page.goto(f"{bad_morning.address}/units/{XOM_CHIEU}")
    await page.locator("#at").fill("2026-11-20T08:00")
    await page.get_by_role("button", name="Xem").click()
    assert "Đây là quá khứ" in await page.locator("[role=status].past").inner_text()
    await page.get_by_role("link", name="Về hiện tại").click()
    assert page.url == f"{bad_morning.address}/units/{XOM_CHIEU}"
    await context.close()
