"""Tables hold in Grafana's own library whatever their labels look like, and what would be wrong there is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboards.boards import build
from tests.dashboards.panels import library
from tests.dashboards.panels.judge import RULES, complaints
from tests.dashboards.panels.library import Answers, Asked, Board, Judged, judged, letter, properties, steps
from tests.tree import ROOT

NOW = 1_700_000_000.0
BOARDS: list[Board] = [json.loads(text) for text in build.files().values()]
CITY = next(board for board in BOARDS if board["uid"] == "sansang-city-vi")
Spoil = Callable[[Board], object]


def tables(board: Board) -> list[tuple[Board, Answers]]:
    """Its tables with two rows each."""
    return [(panel, two_rows(panel)) for panel in board["panels"] if panel["type"] == "table"]


def two_rows(panel: Board) -> Answers:
    """What the queries of a table could return: every label whose values have no words looks like a number."""
    labels = [name for name in steps(panel)["filterFieldsByName"]["include"]["names"] if letter(panel, name) is None]
    by = steps(panel).get("joinByField", {}).get("byField", labels[0])
    rows = [{label: text(panel, label, place) for label in dict.fromkeys([*labels, by])} for place in (1, 2)]
    first, *others = [target["refId"] for target in panel["targets"]]
    answers = {first: [series(row) for row in rows]}
    return answers | {ref: [series({by: row[by]}) for row in rows] for ref in others}


def text(panel: Board, label: str, place: int) -> str:
    mappings = properties(panel, label).get("mappings")
    return str(next(iter(mappings[0]["options"]))) if mappings else f"00{place}e{place}"


def series(labels: dict[str, str]) -> dict[str, Any]:
    return {"metric": labels, "value": [NOW, "1"]}


@pytest.fixture(scope="module")
def shown() -> list[Judged]:
    """Every table of every dashboard."""
    return judged([Asked(board, tables(board), []) for board in BOARDS], NOW)[0]


@pytest.mark.parametrize("uid", sorted(board["uid"] for board in BOARDS))
def test_tables_hold_with_codes_that_look_like_numbers(shown: list[Judged], uid: str) -> None:
    """Phường Ba Đình has the code 00004: it is shown, and linked to, as it is written."""
    assert [each for one in shown if one.uid == uid for each in complaints(one)] == []


def rule(panel: Board, name: str) -> Board:
    """The override of a field."""
    return next(one for one in panel["fieldConfig"]["overrides"] if one["matcher"]["options"] == name)


def set_property(name: str, key: str, value: object) -> Spoil:
    def spoil(panel: Board) -> None:
        said = rule(panel, name)["properties"]
        said[:] = [one for one in said if one["id"] != key] + [{"id": key, "value": value}]

    return spoil


def names(panel: Board) -> list[str]:
    found: list[str] = steps(panel)["filterFieldsByName"]["include"]["names"]
    return found


def without_word(panel: Board) -> None:
    del next(one for one in rule(panel, "Value #A")["properties"] if one["id"] == "mappings")["value"][0]["options"][
        "1"
    ]


def without_colour(panel: Board) -> None:
    """Neither of the word nor behind it."""
    said = rule(panel, "Value #A")["properties"]
    del next(one for one in said if one["id"] == "mappings")["value"][0]["options"]["1"]["color"]
    next(one for one in said if one["id"] == "thresholds")["value"]["steps"][0]["color"] = "text"


SPOILT: dict[str, tuple[Spoil, str]] = {
    "an override of no field": (
        lambda panel: rule(panel, "reason")["matcher"].update(options="raeson"),
        "the override byName 'raeson' is of no column",
    ),
    "an unknown transformation": (
        lambda panel: panel["transformations"][0].update(id="joinByFeild"), "'joinByFeild' is unknown"
    ),
    "a column that no query has": (lambda panel: names(panel).append("height"), "no query yields the column 'height'"),
    "a column that is left raw": (
        lambda panel: names(panel).append("Time"), "columns ["
    ),
    "a code as a number": (set_property("unit", "unit", "none"), "Mã: '001e1' is shown as '10'"),
    "a code as a number in a link": (set_property("unit", "unit", "none"), "var-unit=10&"),
    "a link with an unknown variable": (
        set_property("name", "links", [{"title": "x", "url": "${colector}/units/${__data.fields.unit}"}]),
        "Đơn vị: '${colector}/units/001e1' of '${colector}/units/${__data.fields.unit}'",
    ),
    "a link to a field that is not there": (
        set_property("name", "links", [{"title": "x", "url": "/d/x?var-unit=${__data.fields.unti}"}]),
        "Đơn vị: '/d/x?var-unit=' of",
    ),
    "a sort by no column": (
        lambda panel: panel["options"]["sortBy"][0].update(displayName="Tuổi"), "sorted by 'Tuổi', which is no column"
    ),
    "two columns of one name": (set_property("reason", "displayName", "Sự cố"), "2 fields are called 'Sự cố'"),
    "a value without a word": (without_word, "Trạng thái: '1' is no word"),
    "a cell as bright as text": (without_colour, "Trạng thái: '◌ chưa đủ dữ liệu' is filled as text is"),
    "an unknown option": (set_property("reason", "custom.colour", "red"), "'custom.colour' is unknown"),
    "two spaces": (set_property("Value #D", "unit", "suffix: năm"), "Từ: '1  năm'"),
    "what is for links only shown": (
        lambda panel: rule(panel, "unit")["properties"].append({"id": "custom.hideFrom.viz", "value": False}),
        "unit is shown",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def spoilt() -> dict[str, list[str]]:
    """By what is wrong with it, what is said of the city's first table."""
    panel = next(one for one in CITY["panels"] if one["type"] == "table")
    panels = [(copy.deepcopy(panel), two_rows(panel)) for _ in SPOILT]
    for (wrong, _), (spoil, _) in zip(panels, SPOILT.values(), strict=True):
        spoil(wrong)
    found = judged([Asked(CITY, panels, [])], NOW)[0]
    return {name: list(complaints(one)) for name, one in zip(SPOILT, found, strict=True)}


@pytest.mark.parametrize("name", sorted(SPOILT))
def test_what_would_be_wrong_in_grafana_is_named(spoilt: dict[str, list[str]], name: str) -> None:
    """With the panel, and what is meant."""
    wanted = SPOILT[name][1]
    assert any(wanted in each for each in spoilt[name]), spoilt[name]
    assert all(each.startswith("sansang-city-vi: ") for each in spoilt[name])


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the command that installs it: nothing is skipped."""
    monkeypatch.setattr(library, "PACKAGE", ROOT / "nowhere")
    with pytest.raises(AssertionError, match=r"^nowhere is missing: `make assets-test` installs it$"):
        library.run("{}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssertionError, match=r"^node is missing: `make assets-test` installs it$"):
        library.run("{}")


def test_what_node_cannot_read_fails_with_its_words() -> None:
    """Not with an empty picture."""
    with pytest.raises(AssertionError, match="SyntaxError"):
        library.run("{")


def test_every_rule_has_its_sentence() -> None:
    """What it looks for can be read."""
    assert all(one.__doc__ for one in RULES)
