"""The dashboards are what Grafana takes, whole, and read the same in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard as sdk

from collector.web import pages as pages_of_the_product
from dashboards.boards import build, look
from dashboards.boards.kit import Query, Sheet
from dashboards.boards.texts import TEXTS
from dashboards.boards.words import CLOSED, WORDS
from tests.tree import ROOT

FILES = build.files()
Board = dict[str, Any]
BOARDS: dict[str, Board] = {name: json.loads(text) for name, text in FILES.items()}
UIDS = {board["uid"] for board in BOARDS.values()}
GRAFANA_UNITS = {
    "none", "short", "s", "percentunit", "bytes", "Bps", "bps", "reqps", "cps", "dateTimeFromNow", "string",
}  # fmt: skip
"""Ids of @grafana/data's value formats; ``suffix:`` and ``time:`` with what follows are ones as well."""
OWN_VARIABLES = {"__rate_interval", "__range", "__data", "__all"}
ROUTES = re.findall(r'web\.get\("([^"]+)"', Path(pages_of_the_product.__file__).read_text("utf-8"))
each = pytest.mark.parametrize("name", sorted(BOARDS))


def panels(board: Board) -> Iterator[Board]:
    """Those that show data."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def texts(value: object) -> Iterator[str]:
    """Every string within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


def properties(panel: Board, key: str) -> Iterator[Any]:
    """What a panel and its overrides say of the property `key`."""
    config = panel["fieldConfig"]
    if key in config["defaults"]:
        yield config["defaults"][key]
    yield from (one["value"] for rule in config["overrides"] for one in rule["properties"] if one["id"] == key)


def test_there_are_six_dashboards_in_two_languages() -> None:
    """Vietnamese and English, each under its own address."""
    names = ("city", "ward", "providers", "devices", "lines", "collector")
    assert {f"sansang-{name}-{lang}" for name in names for lang in ("vi", "en")} == UIDS
    assert sorted(FILES) == sorted(f"grafana/{uid}.json" for uid in UIDS)
    assert max(len(uid) for uid in UIDS) <= 40


def test_what_is_committed_is_what_the_sources_say() -> None:
    """dashboards/out/grafana holds these files and no others."""
    out = ROOT / "dashboards" / "out"
    assert {file.relative_to(out).as_posix(): file.read_text("utf-8") for file in out.glob("grafana/*")} == FILES


def test_building_twice_gives_the_same_text() -> None:
    """Byte for byte, from objects made anew."""
    first = {name: build.encoded(make(lang)[0]) for name, make in build.BOARDS.items() for lang in ("vi", "en")}
    second = {name: build.encoded(make(lang)[0]) for name, make in build.BOARDS.items() for lang in ("vi", "en")}
    assert first == second


@each
def test_the_sdk_reads_back_every_key(name: str) -> None:
    """A key that the SDK's schema lacks would be lost on the way; it places links, which ours have left to Grafana."""
    register_default_plugins()
    again = json.loads(json.dumps(sdk.Dashboard.from_json(json.loads(FILES[name])), cls=JSONEncoder))
    assert [link.pop("placement") for link in again["links"]] == ["inControlsMenu"] * 3
    assert again == BOARDS[name]


@each
def test_panels_have_ids_of_their_own(name: str) -> None:
    """Rows included; and no address of a panel changes with the language."""
    ids = [panel["id"] for panel in BOARDS[name]["panels"]]
    other = name.replace("-vi.", "-en.") if "-vi." in name else name.replace("-en.", "-vi.")
    assert len(set(ids)) == len(ids)
    assert min(ids) > 0
    assert [(panel["id"], panel["type"], panel["gridPos"]) for panel in BOARDS[name]["panels"]] == [
        (panel["id"], panel["type"], panel["gridPos"]) for panel in BOARDS[other]["panels"]
    ]


@each
def test_the_grid_is_filled_without_overlap(name: str) -> None:
    """Every cell down to the last row belongs to one panel."""
    cells: list[tuple[int, int]] = []
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells += [(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]
    below = max(y for _, y in cells) + 1
    assert sorted(cells) == [(x, y) for x in range(24) for y in range(below)]


@each
def test_everything_asks_the_chosen_datasource(name: str) -> None:
    """Panels, their queries, variables and annotations."""
    board, wanted = BOARDS[name], {"type": "prometheus", "uid": "${datasource}"}
    asking = [*panels(board), *(target for panel in panels(board) for target in panel["targets"])]
    asking += [one for one in board["templating"]["list"] if one["type"] == "query"] + board["annotations"]["list"]
    assert [one for one in asking if one["datasource"] != wanted] == []
    assert board["templating"]["list"][0]["name"] == "datasource"


@each
def test_every_panel_says_what_it_shows_and_in_what_unit(name: str) -> None:
    """Title, description, unit of measure, least interval, and a word for nothing."""
    for panel in panels(BOARDS[name]):
        assert panel["title"], panel["id"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["interval"] in ("15s", "1m"), panel["title"]
        assert panel["fieldConfig"]["defaults"]["noValue"] in WORDS["nothing"], panel["title"]
        units = list(properties(panel, "unit"))
        assert units, panel["title"]
        assert [one for one in units if one not in GRAFANA_UNITS and not one.startswith(("suffix:", "time:"))] == []


def test_words_are_in_their_language() -> None:
    """English is ASCII but where it leads to Vietnamese; Vietnamese is another text with its own letters."""
    english = [words[1] for key, words in WORDS.items() if key != "other_language"] + [
        word for words in TEXTS.values() for word in (words[1], words[3])
    ]
    assert [word for word in english if not word.isascii()] == []
    same = [words for words in TEXTS.values() if words[2] == words[3] or words[2].isascii()]
    assert same == []
    for name in BOARDS:
        at = 2 if "-vi." in name else 3
        said = {words[at] for words in TEXTS.values()}
        assert {panel["description"] for panel in panels(BOARDS[name])} <= said


def test_no_word_is_left_over() -> None:
    """Each is used by some panel, column, line or link."""
    used = {text for board in BOARDS.values() for text in texts(board)}
    joined = "\n".join(used)
    assert [key for key, words in WORDS.items() if words[0] not in joined] == []
    keys = {f"{sheet.board}.{key}" for _, sheet in build.built() for key in sheet.keys.values()}
    assert [key for key in TEXTS if key not in keys] == []


@each
def test_variables_that_are_used_are_defined(name: str) -> None:
    """In queries, links, titles and annotations."""
    board = BOARDS[name]
    defined = {one["name"] for one in board["templating"]["list"]}
    used = {found[1] or found[2] for text in texts(board) for found in re.finditer(r"\$(?:\{(\w+)|([a-z_]\w*))", text)}
    assert used - OWN_VARIABLES <= defined


@each
def test_links_lead_to_dashboards_and_pages_that_are_there(name: str) -> None:
    """Dashboards in the same language or the same one in the other; pages as collector/web/pages.py serves them."""
    board = BOARDS[name]
    urls = [text for text in texts(board) if text.startswith(("/d/", "${collector}/"))]
    boards = {url.removeprefix("/d/").partition("?")[0] for url in urls if url.startswith("/d/")}
    other = board["links"][1]["url"].removeprefix("/d/")
    assert other in boards <= UIDS
    assert {uid[-2:] for uid in boards - {other}} <= {board["uid"][-2:]}
    pages = {re.sub(r"\$?\{[^}]*\}", "*", url.removeprefix("${collector}")) for url in urls if url[0] == "$"}
    assert pages <= {re.sub(r"\{[^}]*\}", "*", route) for route in ROUTES}
    assert board["links"][0]["includeVars"] is board["links"][1]["includeVars"] is True


def test_states_are_word_glyph_and_fill() -> None:
    """As the product's own pages show them: never a colour alone, and fills that colour-blind people tell apart."""
    shown = look.ranks("vi").to_json()["options"]
    assert isinstance(shown, dict)
    assert {key: (one.text, one.color) for key, one in shown.items()} == {
        "3": ("✕ chưa sẵn sàng", "#D55E00"),
        "2": ("▲ có nguy cơ", "#E69F00"),
        "1": ("◌ chưa đủ dữ liệu", "#8A8F98"),
        "0": ("● sẵn sàng", "#009E73"),
    }
    assert look.said("verdict", "at_risk", "en") == "▲ at risk"
    assert len(set(look.SHAPES.values())) == len(look.SHAPES) == len(look.RANKS)


@each
def test_lines_have_fills_of_their_own_or_dashes(name: str) -> None:
    """No two lines of a chart look the same, and no fill comes from Grafana's own palette."""
    for panel in panels(BOARDS[name]):
        if panel["type"] != "timeseries":
            continue
        looks = [
            (one["color"]["fixedColor"], one["custom.lineStyle"]["fill"])
            for rule in panel["fieldConfig"]["overrides"]
            if (one := {each["id"]: each["value"] for each in rule["properties"]})
        ]
        assert len(set(looks)) == len(looks) == len([one for one in panel["targets"] if one["refId"] != "unit"])


def test_no_limit_is_typed_but_that_more_than_none_is_too_many() -> None:
    """Thresholds come from the profile by queries; only counts of what must not be are coloured from 1 on."""
    typed = {
        step["value"]
        for board in BOARDS.values()
        for panel in panels(board)
        for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        if step.get("value") is not None
    }
    assert typed == {0.5}
    asked = {expr for _, _, expr in build.expressions() if "sansang_requirement_threshold" in expr}
    assert len(asked) > 20


def test_the_map_has_a_layer_for_each_state_and_asks_for_each() -> None:
    """The worst on top, each with its own shape and fill."""
    (panel,) = (one for one in BOARDS["grafana/sansang-city-vi.json"]["panels"] if one["type"] == "geomap")
    layers = panel["options"]["layers"]
    assert [layer["name"] for layer in layers] == [
        CLOSED["verdict"][state][0] for state in ("ready", "unknown", "at_risk", "not_ready")
    ]
    assert [layer["filterData"]["options"] for layer in layers] == [target["refId"] for target in panel["targets"]]
    assert {conversion["targetField"] for conversion in panel["transformations"][0]["options"]["conversions"]} == {
        "lat", "lon",
    }  # fmt: skip


def test_a_row_that_does_not_fill_the_grid_is_refused() -> None:
    """The widths are named."""
    sheet = Sheet("city", "vi")
    panel = sheet.panel("map", "stat", [Query("1")], {}, sdk.FieldConfig(unit="none"))
    with pytest.raises(ValueError, match=r"^city: widths \[12, 6\] make 18, not 24$"):
        sheet.row(4, (12, panel), (6, panel))


def test_a_panel_without_words_is_refused() -> None:
    """By its key."""
    with pytest.raises(KeyError, match=r"city\.weather"):
        Sheet("city", "vi").panel("weather", "stat", [Query("1")], {}, sdk.FieldConfig())


@each
def test_no_label_with_words_is_shown_by_its_id(name: str) -> None:
    """A column of a closed label maps it, a check's is its title, and no legend shows either."""
    for panel in panels(BOARDS[name]):
        for rule in panel["fieldConfig"]["overrides"]:
            if rule["matcher"]["options"] in (*CLOSED, "check", "target", "requirement"):
                assert "mappings" in {one["id"] for one in rule["properties"]}, f"{panel['title']}: {rule['matcher']}"
        legends = " ".join(target.get("legendFormat", "") for target in panel["targets"])
        assert set(re.findall(r"{{(\w+)}}", legends)) & {*CLOSED, "check", "target", "requirement"} == set()


def test_a_code_that_is_looked_up_stands_beside_its_words() -> None:
    """As RUNBOOK.md's tables have it; what remote write lost says whether it was requests or samples."""
    shown = look.coded("code", "vi").to_json()["options"]
    assert isinstance(shown, dict)
    assert shown["bad_signature"].text == "sai chữ ký của thiết bị (bad_signature)"
    board = BOARDS["grafana/sansang-collector-en.json"]
    (panel,) = (one for one in panels(board) if one["title"] == "Not written, by cause")
    (mappings,) = properties(panel, "mappings")
    texts = [result["text"] for mapping in mappings for result in mapping["options"].values()]
    assert "failed requests: wrong address (not_found)" in texts
    assert "samples dropped: too old (too_old)" in texts
