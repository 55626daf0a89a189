"""Draws the dashboards of dashboards/out/grafana as PNG files, to look at their layout without a Grafana.

This is not Grafana: frames stand where its grid puts them, and what is inside is a sketch of the data of a Prometheus.
What it cannot draw it says. ``python tools/contact_sheet.py --prometheus http://127.0.0.1:9090 [FILE...]``
"""

from __future__ import annotations

import argparse
import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

try:
    from tools.contact_panels import Asked, drawn
except ImportError:  # run as a script
    from contact_panels import Asked, drawn  # type: ignore[no-redef, import-not-found, unused-ignore]

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = "/usr/bin/chromium"
COLUMN, ROW, GAP = 66, 30, 8
"""Pixels, as Grafana has them on a screen 1,680 px wide."""
SPANS = {"h": 3600, "d": 86_400}
STEPS = 120
NOTE = "Sketch of the layout by tools/contact_sheet.py. This is not Grafana."
STYLE = """
body{margin:0;background:#111217;color:#ccccdc;font:13px system-ui,sans-serif}
header{padding:10px 12px;font-size:16px}header small{color:#8e8e9e;margin-left:12px;font-size:12px}
nav{padding:0 12px 10px}nav span{background:#22252b;border-radius:2px;padding:3px 8px;margin-right:6px;font-size:12px}
main{position:relative;margin:0 8px}
section{position:absolute;background:#181b1f;border:1px solid #2b2e34;box-sizing:border-box;overflow:hidden}
section.row{background:none;border:none;font-weight:600;padding:6px}
h2{font-size:13px;font-weight:500;margin:0;padding:5px 8px;white-space:nowrap}
h2 small{color:#6e7080;font-weight:400;margin-left:8px}
div.in{position:absolute;left:8px;right:8px;top:28px;bottom:6px;overflow:hidden}
table{border-collapse:collapse;width:100%;table-layout:fixed;font-size:12px}
th,td{text-align:left;padding:3px 6px;border-bottom:1px solid #2b2e34;white-space:nowrap;overflow:hidden;
text-overflow:ellipsis}
th{color:#9fa7b3}td.n{text-align:right;font-variant-numeric:tabular-nums}
.big{display:inline-block;margin-right:22px;vertical-align:top}.big b{font-size:30px;font-weight:500;display:block}
.none{color:#6e7080}.k{display:inline-block;width:14px;height:3px;margin:0 5px 3px 12px}
svg text{font:11px system-ui,sans-serif;fill:#9fa7b3}
"""


class Source:
    """A Prometheus to ask, with the dashboard's variables replaced; without an address every answer is empty."""

    def __init__(self, address: str, variables: Mapping[str, str], span: float, now: float) -> None:
        self._address, self._variables = address.rstrip("/"), variables
        self.now, self.span = now, span

    def ask(self, target: Mapping[str, Any]) -> Asked:
        """The series of one query. Raises ValueError with Prometheus' words when it refuses."""
        if not self._address:
            return Asked(target, [])
        asked: dict[str, str] = {"query": self._replaced(target["expr"])}
        if target.get("instant"):
            path, asked["time"] = "query", f"{self.now:.0f}"
        else:
            path = "query_range"
            asked |= {"start": f"{self.now - self.span:.0f}", "end": f"{self.now:.0f}"}
            asked["step"] = f"{max(60, self.span / STEPS):.0f}"
        url = f"{self._address}/api/v1/{path}?{urllib.parse.urlencode(asked)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return Asked(target, json.load(answer)["data"]["result"])
        except urllib.error.HTTPError as why:
            raise ValueError(f"{json.load(why).get('error', why)}: {asked['query']}") from why

    def _replaced(self, expr: str) -> str:
        known = {"__rate_interval": "5m", "__interval": "1m", "__range": f"{self.span:.0f}s"}
        return re.sub(r"\$([a-z_]\w*)", lambda found: known.get(found[1], self._variables.get(found[1], ".*")), expr)


def page(board: Mapping[str, Any], source: Source) -> tuple[str, int]:
    """The dashboard as HTML, and its height in pixels."""
    panels = [_panel(panel, source) for panel in board["panels"]]
    below = max((panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]), default=0)
    shown = [one["name"] for one in board["templating"]["list"] if one.get("hide", 0) == 0]
    links = [link["title"] for link in board["links"]]
    bar = "".join(f"<span>{escape(each)}</span>" for each in [*shown, "|", *links])
    body = f"<header>{escape(board['title'])}<small>{escape(board['description'])} — {NOTE}</small></header>"
    head = f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
    return f"{head}{body}<nav>{bar}</nav><main>{''.join(panels)}</main>", below * (ROW + GAP) + 90


def _panel(panel: Mapping[str, Any], source: Source) -> str:
    at = panel["gridPos"]
    width, height = at["w"] * (COLUMN + GAP) - GAP, at["h"] * (ROW + GAP) - GAP
    place = f"left:{at['x'] * (COLUMN + GAP)}px;top:{at['y'] * (ROW + GAP)}px;width:{width}px;height:{height}px"
    if panel["type"] == "row":
        return f'<section class=row style="{place}">▾ {escape(panel["title"])}</section>'
    try:
        asked = [source.ask(target) for target in panel["targets"]]
        inside = drawn(panel, asked, width - 18, height - 38, source.now, source.span)
    except ValueError as why:
        inside = f'<span style="color:#D55E00">{escape(str(why))}</span>'
    kind = f"{panel['type']} · {panel['fieldConfig']['defaults'].get('unit', '')}"
    title = f"<h2>{escape(panel['title'])}<small>{escape(kind)}</small></h2>"
    return (
        f'<section style="{place}" title="{escape(panel["description"])}">{title}<div class=in>{inside}</div></section>'
    )


def seconds(since: str) -> float:
    """``now-24h`` -> 86400."""
    found = re.fullmatch(r"now-(\d+)([hd])", since)
    if found is None:
        raise ValueError(f"{since!r} is no time such as now-24h")
    return int(found[1]) * SPANS[found[2]]


def sheets(files: list[Path], out: Path, address: str, variables: Mapping[str, str], now: float) -> list[Path]:
    """A PNG in `out` for each dashboard file."""
    made = []
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for file in files:
            board = json.loads(file.read_text("utf-8"))
            html, height = page(board, Source(address, variables, seconds(board["time"]["from"]), now))
            tab = browser.new_page(viewport={"width": 24 * (COLUMN + GAP) + 8, "height": height})
            tab.set_content(html)
            made.append(out / f"{file.stem}.png")
            tab.screenshot(path=made[-1])
            tab.close()
        browser.close()
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "files", nargs="*", type=Path, help="dashboards; all of dashboards/out/grafana when none is named"
    )
    parser.add_argument("--prometheus", default="", metavar="URL", help="where to take data from; frames only without")
    parser.add_argument("--out", type=Path, default=ROOT / "test-output" / "dashboards", help="folder of the pictures")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a dashboard variable")
    parser.add_argument("--at", type=float, default=0, metavar="SECONDS", help="the moment to show; now when left out")
    asked = parser.parse_args()
    files = asked.files or sorted((ROOT / "dashboards" / "out" / "grafana").glob("*.json"))
    variables = dict(each.split("=", 1) for each in asked.set)
    for made in sheets(files, asked.out, asked.prometheus, variables, asked.at or time.time()):
        print(made)


if __name__ == "__main__":
    main()
