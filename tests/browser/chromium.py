"""A headless Chromium that talks to loopback only, and a site for it: the pages over a fake board."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from msgspec import Struct, field
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from collector.web import pages
from tests.collector.web.fakes import FakeBoard, settings

EXECUTABLE = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
OUTPUT = Path(__file__).resolve().parents[2] / "test-output" / "screens"
VIOLATIONS = """
window.__violations = [];
addEventListener('securitypolicyviolation', (e) => __violations.push(e.violatedDirective + ' ' + e.blockedURI));
"""


class Watched(Struct):
    """A page and what it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    async def violations(self) -> list[str]:
        found: list[str] = await self.page.evaluate("window.__violations")
        return found


class Site(Struct):
    """The pages on a loopback port, which can be stopped and started again on the same one."""

    board: FakeBoard
    port: int = 0
    runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        pages.attach(app, self.board, settings())
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self.runner.addresses[0][1]

    async def stop(self) -> None:
        if self.runner:
            await self.runner.cleanup()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    if not EXECUTABLE.exists():
        raise RuntimeError("Chromium is missing: apt-get install chromium")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def watch(context: BrowserContext) -> Watched:
    """A new page whose console errors, script errors and policy violations are kept."""
    await context.add_init_script(VIOLATIONS)
    page = await context.new_page()
    watched = Watched(page)
    page.on("console", lambda message: watched.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    return watched


async def screenshot(page: Page, name: str) -> bytes:
    """A PNG, kept under test-output/ for who wants to look."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    return await page.screenshot(path=OUTPUT / f"{name}.png", full_page=True)
