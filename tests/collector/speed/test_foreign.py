"""M-Lab's own client, unmodified: @m-lab/ndt7 of package-lock.json, under Node and in Chromium."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from aiohttp import web

from collector.speed.record import Limits
from tests.browser.chromium import chromium
from tests.collector.speed.serving import LOOPBACK, Served, served

SOURCES = Path(__file__).resolve().parents[3] / "node_modules" / "@m-lab" / "ndt7" / "src"
RUNNER = Path(__file__).with_name("ndt7_node.cjs")
MISSING = "is missing: `make assets-test` installs it"
SECOND = Limits(run=1.0, most=4.0, stall=4.0)
"""The client leaves it to the server when a download ends, and takes an upload that the server ends as done."""
PAGE = """<!doctype html><script src="ndt7.js"></script>"""
TEST = """async ([server, token]) => {
  const seen = {errors: [], measurements: {client: 0, server: 0}};
  const count = ({Source}) => seen.measurements[Source] += 1;
  const code = await ndt7.test(
      {server, protocol: 'ws', mlabDataPolicyInapplicable: true, metadata: {access_token: token}},
      {error: (why) => seen.errors.push(String(why)), downloadMeasurement: count, uploadMeasurement: count,
       downloadComplete: (data) => seen.download = data, uploadComplete: (data) => seen.upload = data});
  return {...seen, code};
}"""


async def under_node(here: Served, token: str) -> dict[str, Any]:
    """What the client reports."""
    node = shutil.which("node")
    assert node, f"node {MISSING}"
    assert SOURCES.is_dir(), f"{SOURCES} {MISSING}"
    process = await asyncio.create_subprocess_exec(
        node, str(RUNNER), str(SOURCES), f"127.0.0.1:{here.port}", token,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, trouble = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, trouble.decode()
    found: dict[str, Any] = json.loads(out)
    return found


def whole(seen: dict[str, Any]) -> None:
    """Both directions are complete, and each side's numbers agree as far as they must."""
    assert (seen["code"], seen["errors"]) == (0, [])
    for test in ("download", "upload"):
        mine, theirs = seen[test]["LastClientMeasurement"], seen[test]["LastServerMeasurement"]
        assert (theirs["Origin"], theirs["Test"]) == ("server", test)
        assert mine["NumBytes"] > 0
        assert theirs["AppInfo"]["NumBytes"] > 0
        assert theirs["TCPInfo"]["BytesReceived"] > 0
    assert seen["measurements"]["server"] >= 6
    assert seen["measurements"]["client"] >= 2


async def test_the_official_client_completes_both_directions_without_a_lease() -> None:
    """In a network that is open."""
    async with served(limits=SECOND, open=LOOPBACK, capacity_mbps=400) as here:
        whole(await under_node(here, ""))
        await here.ended(test="download", end="completed")
        await here.ended(test="upload", end="completed")


async def test_the_official_client_completes_both_directions_with_a_lease() -> None:
    """It passes on what it is given as metadata, and access_token with it."""
    async with served(limits=SECOND) as here:
        whole(await under_node(here, "good"))
        while len(here.gate.records) < 2:
            await asyncio.sleep(0.01)
    down, up = here.gate.records
    assert (down["test"], down["end"], up["test"], up["end"]) == ("download", "completed", "upload", "completed")
    assert down["client"] == {
        "client_name": "sansang-tests", "client_library_name": "ndt7-js", "client_library_version": "0.1.4"
    }  # fmt: skip


async def test_a_browser_completes_both_directions_with_the_official_client() -> None:
    """Chromium, on a page of another origin."""
    assert SOURCES.is_dir(), f"{SOURCES} {MISSING}"
    site = web.Application()
    site.router.add_get("/", _page)
    site.router.add_static("/", SOURCES)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with served(limits=SECOND) as here, chromium() as browser:
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            whole(await page.evaluate(TEST, [f"127.0.0.1:{here.port}", "good"]))
    finally:
        await runner.cleanup()


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")
