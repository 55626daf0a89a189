"""Grafana's own library on our panels: Node runs show.cjs on dashboards and on what Prometheus answered."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from tests.tree import ROOT
from tools.contact_sheet import Source
from tools.contact_texts import ZONE

Board = dict[str, Any]
Answers = dict[str, list[dict[str, Any]]]
SCRIPT = Path(__file__).with_name("show.cjs")
PACKAGE = ROOT / "node_modules" / "@grafana" / "data"
QUERY_RESULT = re.compile(r"^query_result\((.+)\)\s*$")
MISSING = "is missing: `make assets-test` installs it"


class Link(Struct):
    href: str
    title: str


class Field(Struct):
    """One field as Grafana shows it: `texts`, `colours` and `values` of its first 60 rows, `links` of the first 3."""

    name: str
    shown: str
    type: str
    unit: str
    mapped: bool
    hidden: bool
    filled: bool
    fill: str
    values: list[Any]
    texts: list[str]
    colours: list[str]
    links: list[list[Link]]


class Frame(Struct):
    ref: str = field(name="refId")
    length: int = 0
    fields: list[Field] = []


class Stat(Struct):
    """A large number or a bar."""

    title: str
    text: str
    colour: str


class Drawn(Struct):
    """A panel: why it ``failed``, how many fields each override ``matched``, options that its kind does not know."""

    failed: str
    matched: list[int]
    unknown: list[str]
    stats: list[Stat]
    frames: list[Frame]


class Mark(Struct):
    """What an annotation makes of one series; times in milliseconds since the epoch."""

    times: list[float]
    title: str
    text: str


class Judged(Struct, frozen=True):
    """A panel of the dashboard `uid`, what its queries returned, and what Grafana's library made of it."""

    uid: str
    panel: Board
    answers: Answers
    drawn: Drawn

    @property
    def name(self) -> str:
        return f"{self.uid}: {self.panel['title']}"

    def fields(self) -> Iterator[Field]:
        for frame in self.drawn.frames:
            yield from frame.fields


class Marked(Struct, frozen=True):
    """An annotation of the dashboard `uid`, and its marks."""

    uid: str
    annotation: Board
    marks: list[Mark]


class Choice(Struct, frozen=True):
    """What a variable offers."""

    text: str
    value: str


class Offered(Struct, frozen=True):
    """A variable of the dashboard `uid`, and what can be chosen."""

    uid: str
    name: str
    choices: list[Choice]


class Asked(Struct, frozen=True):
    """A dashboard, its panels, annotations and variables with what their queries returned, and what is chosen."""

    board: Board
    panels: list[tuple[Board, Answers]]
    marks: list[tuple[Board, list[dict[str, Any]]]]
    choices: list[tuple[Board, list[dict[str, Any]]]] = []
    chosen: Mapping[str, str] = {}

    def variables(self) -> dict[str, str]:
        """As a reader has chosen them, the others as they stand in the dashboard."""
        found = {}
        for one in self.board["templating"]["list"]:
            value = (one.get("current") or {}).get("value") or one["name"]
            found[one["name"]] = self.chosen.get(one["name"], value if isinstance(value, str) else str(value[0]))
        return found

    def said(self) -> dict[str, Any]:
        """As show.cjs reads it."""
        return {
            "variables": self.variables(),
            "panels": [{"panel": panel, "answers": answers} for panel, answers in self.panels],
            "marks": [{"annotation": annotation, "answer": answer} for annotation, answer in self.marks],
            "choices": [{"regex": variable["regex"], "answer": answer} for variable, answer in self.choices],
        }


class _Output(Struct):
    panels: list[Drawn]
    marks: list[list[Mark]]
    choices: list[list[Choice]]


def ask(board: Board, source: Source, chosen: Mapping[str, str]) -> Asked:
    """The dashboard with what `source` answers. Raises ValueError with Prometheus' words when it refuses a query."""
    panels = [
        (panel, {target["refId"]: source.ask(target).series for target in panel["targets"]})
        for panel in board["panels"]
        if panel["type"] != "row"
    ]
    marks = [(one, source.ask({"expr": one["expr"]}).series) for one in board["annotations"]["list"]]
    choices = [
        (one, source.ask({"expr": found[1], "instant": True}).series)
        for one in board["templating"]["list"]
        if one.get("regex") and (found := QUERY_RESULT.match(one["query"]["query"]))
    ]
    return Asked(board, panels, marks, choices, chosen)


def judged(asked: Sequence[Asked], now: float) -> tuple[list[Judged], list[Marked], list[Offered]]:
    """What Grafana's library makes of panels, annotations and variables at the time `now`."""
    said = {"now": round(now * 1000), "zone": ZONE.key, "boards": [one.said() for one in asked]}
    made = msgspec.json.decode(run(json.dumps(said)), type=list[_Output])
    panels, marks, offers = [], [], []
    for one, output in zip(asked, made, strict=True):
        uid = str(one.board["uid"])
        pairs = zip(one.panels, output.panels, strict=True)
        panels += [Judged(uid, panel, answers, drawn) for (panel, answers), drawn in pairs]
        marks += [Marked(uid, mark, found) for (mark, _), found in zip(one.marks, output.marks, strict=True)]
        named = zip(one.choices, output.choices, strict=True)
        offers += [Offered(uid, variable["name"], found) for (variable, _), found in named]
    return panels, marks, offers


def run(said: str) -> bytes:
    """What show.cjs writes. Raises AssertionError with its own words, or with what to install."""
    node = shutil.which("node")
    assert node, f"node {MISSING}"
    assert PACKAGE.is_dir(), f"{PACKAGE.relative_to(ROOT)} {MISSING}"
    done = subprocess.run([node, str(SCRIPT)], input=said.encode(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def letter(panel: Board, name: str) -> str | None:
    """Of which query a field of a table is the number; None for a label."""
    found = re.fullmatch(r"Value(?: #(\w+))?", name)
    return None if found is None else found[1] or str(panel["targets"][0]["refId"])


def steps(panel: Board) -> dict[str, Any]:
    """A panel's transformations' options by id."""
    return {one["id"]: one["options"] for one in panel.get("transformations", [])}


def properties(panel: Board, name: str) -> dict[str, Any]:
    """What the overrides of the field `name` say."""
    rules = [rule for rule in panel["fieldConfig"]["overrides"] if rule["matcher"] == {"id": "byName", "options": name}]
    return {one["id"]: one["value"] for rule in rules for one in rule["properties"]}
