"""The runbook as a page: every alert has its place there, nothing in the file runs, and without the file it says so."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from collector import VERSION
from collector.web import pages
from collector.web.pages import Handler
from collector.web.runbook import FILE, LIMIT, written
from dashboards.rules import build
from dashboards.rules.links import anchor
from tests.collector.web.fakes import city, settings
from tests.collector.web.test_pages import Outline, words
from tests.tree import ROOT, heading_anchors

Client = TestClient[web.Request, web.Application]
SMALL = """\
# Title
Words, `code` and [a link](#one-two).

## One, two
| Code | Number |
|---|--:|
| `a_b` | 1 |

## One two
- first
  ```sh
  run --now
  ```
"""
HTML = """\
<p>Words, <code>code</code> and <a href="#one-two">a link</a>.</p>
<h2 id="one-two">One, two</h2>
<div class="scroll" role="region" tabindex="0" aria-label="One, two">
<table>
<thead>
<tr>
<th>Code</th>
<th class="right">Number</th>
</tr>
</thead>
<tbody>
<tr>
<td><code>a_b</code></td>
<td class="right">1</td>
</tr>
</tbody>
</table>
</div>
<h2 id="one-two-1">One two</h2>
<ul>
<li>first<pre><code class="language-sh">run --now
</code></pre>
</li>
</ul>
"""


async def opened(aiohttp_client: AiohttpClient, file: Path = FILE) -> Client:
    """The pages with the runbook in `file`."""
    app = web.Application()
    pages.attach(app, city(), msgspec.structs.replace(settings(), runbook=file))
    return await aiohttp_client(app)


def test_markdown_becomes_a_page_of_ours() -> None:
    """Anchors as GitHub makes them, tables in a frame that scrolls, no style that the policy forbids."""
    manual = written(SMALL)
    assert str(manual.body) == HTML
    assert [(one.anchor, one.title) for one in manual.sections] == [("one-two", "One, two"), ("one-two-1", "One two")]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>x()</script>", "<p>&lt;script&gt;x()&lt;/script&gt;</p>\n"),
        ("a <b onclick=x>", "<p>a &lt;b onclick=x&gt;</p>\n"),
        ("[a](javascript:x)", "<p>[a](javascript:x)</p>\n"),
        ("[a](METRICS.md) [b](//evil) [c](https://example.org/)", '<p>a b <a href="https://example.org/">c</a></p>\n'),
        ("![a](https://example.org/a.png)", '<p>!<a href="https://example.org/a.png">a</a></p>\n'),
        ('# "<a>"', ""),
        ("", ""),
    ],
)
def test_nothing_in_the_file_runs_or_leads_astray(text: str, html: str) -> None:
    """HTML stays text; links into the repository are words here; a picture is a link."""
    assert str(written(text).body) == html


def test_a_heading_cannot_break_out_of_its_frame() -> None:
    """It names the table below it."""
    body = written('## "><script>\n| a |\n|---|\n').body
    assert '<h2 id="script">&quot;&gt;&lt;script&gt;</h2>' in body
    assert 'aria-label="&#34;&gt;&lt;script&gt;"' in body


async def test_every_alert_has_its_place_on_the_page(aiohttp_client: AiohttpClient) -> None:
    """A link in a message ends at the heading; every other heading of the file can be linked to as well."""
    client = await opened(aiohttp_client)
    outline = Outline(await (await client.get("/runbook")).text())
    ids = {attrs["id"] for tag, attrs in outline.tags if tag in ("h1", "h2", "h3") and "id" in attrs}
    assert ids == heading_anchors((ROOT / "RUNBOOK.md").read_text("utf-8"))
    assert {anchor(one.name).removeprefix("#") for one in build.alerts()} <= ids
    leads = {attrs["href"] for tag, attrs in outline.tags if tag == "a" and str(attrs.get("href")).startswith("#")}
    assert {str(one).removeprefix("#") for one in leads} - {"main"} <= ids


async def test_it_is_a_page_like_the_others(aiohttp_client: AiohttpClient) -> None:
    """Its frame in the reader's language, its text in the runbook's; it does not refresh, since nothing changes."""
    client = await opened(aiohttp_client)
    page = await (await client.get("/runbook")).text()
    assert '<h1 id="runbook">Sổ tay vận hành</h1>' in page
    assert f"Bản {VERSION} của phần mềm." in page
    assert '<div class="manual" lang="en">' in page
    assert 'hx-get="/runbook"' not in page
    assert re.search(r'<link rel="stylesheet" href="/static/runbook\.css\?v=[0-9a-f]{12}">', page)
    assert "Số liệu lúc" not in page
    english = await (await client.get("/runbook?lang=en")).text()
    assert '<h1 id="runbook">Runbook</h1>' in english
    assert f"For release {VERSION}." in english
    assert "captive_portal Something answers in the collector's place." in words(english)
    tables = re.findall(r"^\| ?---", (ROOT / "RUNBOOK.md").read_text("utf-8"), re.MULTILINE)
    assert page.count("<table>") == page.count('<div class="scroll"') == len(tables) > 10


async def test_every_page_leads_to_it(aiohttp_client: AiohttpClient) -> None:
    """From its foot, and the other pages still refresh."""
    client = await opened(aiohttp_client)
    page = await (await client.get("/findings")).text()
    assert '<a href="/runbook">Sổ tay vận hành</a>' in page
    assert 'hx-get="/findings" hx-trigger="change from:#live, every 60s"' in page


async def test_who_may_not_read_the_pages_may_not_read_it(aiohttp_client: AiohttpClient) -> None:
    """It stands behind the same guard."""

    def closed(_: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            raise web.HTTPForbidden

        return answer

    app = web.Application()
    pages.attach(app, city(), settings(), closed)
    client = await aiohttp_client(app)
    assert (await client.get("/runbook")).status == 403


async def test_without_the_file_it_says_what_to_do(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    """404 in both languages; once the file is there it is read without a restart."""
    file = tmp_path / "RUNBOOK.md"
    client = await opened(aiohttp_client, file)
    answer = await client.get("/runbook")
    said = words(await answer.text())
    assert answer.status == 404
    assert "Máy chủ này không có tệp RUNBOOK.md, hoặc không đọc được tệp đó." in said
    assert "Đặt tệp của đúng bản phần mềm cạnh thư mục configs rồi tải lại trang; không cần khởi động lại." in said
    said = words(await (await client.get("/runbook?lang=en")).text())
    assert "This server has no RUNBOOK.md, or cannot read it." in said
    assert "Put the file of this release beside the folder configs and load the page again; no restart" in said
    for wrong in (b"\xff\xfe", b"x" * (LIMIT + 1)):
        file.write_bytes(wrong)
        assert (await client.get("/runbook")).status == 404
    file.write_text("# Runbook\n\n## Alerts\n", "utf-8")
    assert '<h2 id="alerts">Alerts</h2>' in await (await client.get("/runbook")).text()
