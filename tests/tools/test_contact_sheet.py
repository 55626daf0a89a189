"""tools/contact_sheet.py draws dashboards without a Grafana, and says that it is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboards.boards import build
from tests.dashboards.boards.small_city import Time, prometheus
from tools.contact_panels import Asked, drawn
from tools.contact_sheet import Source, page, seconds, sheets
from tools.contact_texts import shown

NOW = 1_700_000_000.0


def board(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(build.files()[f"grafana/sansang-{name}-vi.json"])
    return read


@pytest.mark.parametrize("name", sorted(build.BOARDS))
def test_frames_stand_where_the_grid_puts_them(name: str) -> None:
    """Without a Prometheus too: every panel with its title, and one note that this is not Grafana."""
    html, height = page(board(name), Source("", {}, 3600, NOW))
    assert html.count("<section") == len(board(name)["panels"])
    assert all(panel["title"] in html for panel in board(name)["panels"])
    assert html.count("This is not Grafana.") == 1
    assert height > 38 * max(panel["gridPos"]["y"] for panel in board(name)["panels"])


def test_the_city_is_drawn_from_a_real_prometheus(tmp_path: Path) -> None:
    """The worst ward with its state, its reason and its finding; then as a picture."""
    moments = [NOW - 60 * place for place in range(10, -1, -1)]
    with prometheus(tmp_path, Time(moments)) as port:
        address = f"http://127.0.0.1:{port}"
        html, _ = page(board("city"), Source(address, {}, 3600, NOW))
        file = tmp_path / "sansang-city-vi.json"
        file.write_text(build.files()["grafana/sansang-city-vi.json"], "utf-8")
        (picture,) = sheets([file], tmp_path / "out", address, {}, NOW)
    for word in ("Phường Xóm Chiếu", "✕ chưa sẵn sàng", "Hệ thống bắt buộc đang truy cập được", "VNPT: không thông"):
        assert word in html
    assert picture.name == "sansang-city-vi.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_query_that_is_refused_is_shown_in_its_panel(tmp_path: Path) -> None:
    """With Prometheus' words, and the others are drawn all the same."""
    broken = board("lines")
    broken["panels"] = broken["panels"][:2]
    broken["panels"][0]["targets"][0]["expr"] = "sum("
    with prometheus(tmp_path, Time([NOW - 60, NOW])) as port:
        html, _ = page(broken, Source(f"http://127.0.0.1:{port}", {}, 3600, NOW))
    assert "parse error: unclosed left parenthesis" in html
    assert "<b style=" in html


def test_a_kind_that_it_cannot_draw_is_said() -> None:
    """Instead of an empty frame."""
    panel = {"type": "canvas", "fieldConfig": {"defaults": {}, "overrides": []}}
    assert drawn(panel, [Asked({}, [])], 100, 100, NOW, 3600) == "<span class=none>canvas: not drawn here</span>"


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.034, "s", 0, "34 ms"),
        (0.0, "s", 1, "0 s"),
        (90.0, "s", 0, "2 mins"),
        (60.0, "s", 0, "1 min"),
        (86_400.0, "s", 1, "1.0 day"),
        (0.907, "percentunit", 0, "91%"),
        (2e8, "bps", 0, "200 Mb/s"),
        (8.2e9, "bytes", 1, "7.6 GiB"),
        (1234.0, "short", 1, "1.2 K"),
        (0.5, "reqps", 1, "0.5 req/s"),
        (-2.0, "none", None, "-2"),
        (0.12345, "none", None, "0.123"),
        (12.0, "suffix:ngày", 0, "12 ngày"),
        (float("nan"), "none", 0, "NaN"),
        (NOW * 1000, "time:HH:mm DD/MM/YYYY", None, "05:13 15/11/2023"),
        ((NOW - 7200) * 1000, "dateTimeFromNow", None, "2 hours ago"),
        ((NOW - 5) * 1000, "dateTimeFromNow", None, "a few seconds ago"),
        ((NOW + 86_400) * 1000, "dateTimeFromNow", None, "in a day"),
    ],
)
def test_numbers_carry_their_unit(value: float, unit: str, decimals: int | None, text: str) -> None:
    """As Grafana's own library writes them: tests/dashboards/panels holds the two against each other."""
    assert shown(value, {"unit": unit, "decimals": decimals, "now": NOW}) == (text, "")


def test_a_time_that_is_none_is_refused() -> None:
    """By name."""
    assert seconds("now-7d") == 604_800
    with pytest.raises(ValueError, match=r"^'yesterday' is no time such as now-24h$"):
        seconds("yesterday")
