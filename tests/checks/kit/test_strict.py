"""YAML files as typed values; every message is tested word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct, field

from checks.kit.strict import ConfigError, Document, dotted, load, loads

IN_QUOTES = 'expected text, got the number 27259: write it in quotes, with its leading zeros (e.g. "00004")'


class Line(Struct, forbid_unknown_fields=True):
    code: str
    limit: Annotated[float, Meta(ge=0)] = 1.0
    on: bool = False


class File(Struct, forbid_unknown_fields=True):
    title: str
    lines: list[Line] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1:1: expected a mapping, the file is empty"),
        ("# only a comment\n", "f.yaml:1:1: expected a mapping, the file is empty"),
        ("- a\n", "f.yaml:1:1: expected a mapping, got a list"),
        ("title: a\ncolour: red\n", "f.yaml:2:1: colour: unknown key 'colour'"),
        ("title: a\nlines:\n  - code: a\n    size: 1\n", "f.yaml:4:5: lines[0].size: unknown key 'size'"),
        ("lines: []\n", "f.yaml:1:1: title: is missing"),
        ("title: a\nlines:\n  - limit: 1\n", "f.yaml:3:5: lines[0].code: is missing"),
        ("title: a\nlines:\n  - code: 27259\n",
         f"f.yaml:3:5: lines[0].code: {IN_QUOTES}"),
        ("title: true\n", "f.yaml:1:1: title: expected text, got true or false"),
        ("title: a\nlines:\n  - {code: a, limit: many}\n",
         "f.yaml:3:15: lines[0].limit: expected a number, got 'many'"),
        ("title: a\nlines:\n  - {code: a, limit: -1}\n",
         "f.yaml:3:15: lines[0].limit: expected a number >= 0.0, got -1"),
        ("title: a\nlines: {}\n", "f.yaml:2:1: lines: expected a list, got a mapping"),
        ("title: a\ntitle: b\n", "f.yaml:2:1: title: stands twice"),
        ("title: a\nnames:\n  22: 1\n", 'f.yaml:3:3: names.22: a key must be text: write "22" in quotes'),
        ("title: a\nnames:\n  x: y\n", "f.yaml:2:1: names: expected a whole number, got text"),
        ("title: a\nlines:\n  - {code: a, on: true}\n",
         'f.yaml:3:15: lines[0].on: a key must be text: write "on" in quotes'),
        ("title: 'a\n", "f.yaml:2:1: not YAML: found unexpected end of stream"),
        ("title:\n\t- a\n", "f.yaml:2:1: not YAML: found character that cannot start any token"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_place(text: str, message: str) -> None:
    """File, line, column, key, and what was expected."""
    with pytest.raises(ConfigError) as caught:
        loads(text, File, "f.yaml")
    assert str(caught.value) == message


def test_a_good_file_is_its_value() -> None:
    """With its defaults."""
    document = loads('title: a\nlines: [{code: "00004", "on": true}]\n', File, "f.yaml")
    assert document.value == File("a", [Line("00004", 1.0, True)])


@pytest.mark.parametrize("text", ["2026-11-04", "22:30", "'on'", '"00004"', "2026-11-04 10:00:00"])
def test_dates_and_times_are_left_as_written(text: str) -> None:
    """YAML 1.1 would make a date or a number of some of them."""
    if text == "22:30":
        with pytest.raises(ConfigError):
            loads(f"title: {text}\n", File, "f.yaml")
    else:
        assert loads(f"title: {text}\n", File, "f.yaml").value.title == text.strip("'\"")


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """Absent, a folder, not UTF-8."""
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"title: \xff\n")
    for file, words in (
        (tmp_path / "none.yaml", "cannot be read: no such file or directory"),
        (tmp_path, "cannot be read: is a directory"),
        (bad, "expected UTF-8 text, byte 7 is not"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(file, File)
        assert str(caught.value) == f"{file}: {words}"


def test_a_later_finding_gets_its_place_too(tmp_path: Path) -> None:
    """A document still knows where each key stands; a missing one falls back to its parent."""
    file = tmp_path / "f.yaml"
    file.write_text('title: a\nlines:\n  - code: "1"\n')
    document: Document[File] = load(file, File)
    assert str(document.error(("lines", 0, "code"), "no such unit")) == f"{file}:3:5: lines[0].code: no such unit"
    assert str(document.error(("lines", 0, "limit"), "too low")) == f"{file}:3:5: lines[0].limit: too low"


def test_a_place_reads_as_people_write_it() -> None:
    """Dots for keys, brackets for positions."""
    assert dotted(("jobs", 1, "params", "url")) == "jobs[1].params.url"
    assert dotted(()) == ""
