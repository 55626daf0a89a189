"""The repository itself: nothing in it that may not be there, and no document that promises what is not."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from tests.tree import ROOT, broken_links, commands, files, heading_anchors, texts, unknown_words

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SCRIPTS: dict[str, str] = PROJECT["project"]["scripts"]
# Written in pieces so that this file does not hold what it looks for.
HOSTS = ("py" + "pi.org", "files.python" + "hosted.org", "registry.npm" + "js.org", "deb." + "debian.org")
PLACES = ("/wor" + "k/", "/roo" + "t/", "/opt/" + "pypi", "/opt/" + "wheels", "--extra-" + "index")
PROMISES = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
ADDRESSES = re.compile(r'"resolved": *"' + r"http|^registry" + r" = |index-" + r"url[ =]", re.MULTILINE)
PAGES = sorted(file for file in files() if file.suffix == ".md")


def holding(*needles: str) -> list[str]:
    """``path: needle`` for every text file that holds one of `needles`."""
    return [f"{name}: {needle}" for name, text in texts() for needle in needles if needle in text]


def test_no_file_names_a_package_registry() -> None:
    """Packages are asked for by name; where they come from is the machine's business."""
    assert holding(*HOSTS) == []
    assert [f"{name}: {found[0]}" for name, text in texts() if (found := ADDRESSES.search(text))] == []


def test_no_file_names_a_place_of_the_machine_it_was_written_on() -> None:
    """A clone works anywhere."""
    assert holding(*PLACES) == []


def test_what_is_looked_for_would_be_found() -> None:
    """The two searches above can fail: they see this file, and a word that stands in it."""
    assert "tests/test_house.py: def holding(" in holding("def holding(")


def test_no_shipped_file_promises_later_work() -> None:
    """What is not done is an issue, not a comment."""
    assert [f"{name}: {found[0]}" for name, text in texts() if (found := PROMISES.search(text))] == []


def test_the_locks_are_pip_files_and_nothing_else() -> None:
    """uv.lock and its like carry addresses, so they stay out."""
    forbidden = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "yarn.lock", "pnpm-lock.yaml"}
    assert [file.name for file in files() if file.name in forbidden] == []


def test_every_yaml_file_loads() -> None:
    """Except those that are meant to be refused."""
    for file in files():
        if file.suffix in (".yaml", ".yml") and "bad" not in file.parts:
            assert yaml.safe_load(file.read_text("utf-8")) is not None, file


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every link into the tree names a file and a heading that are there."""
    assert broken_links(page) == []


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    """A missing file and a missing heading both show; addresses and good links do not."""
    page = tmp_path / "page.md"
    page.write_text(
        "# Mất kết nối: `x`\n[a](gone.md) [b](#no) [c](#mất-kết-nối-x) [d](https://example.org/)\n", "utf-8"
    )
    assert broken_links(page) == ["gone.md", "#no"]
    assert heading_anchors("## One, two\n```\n# no\n```\n") == {"one-two"}


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_every_console_script_answers_help(script: str) -> None:
    """It is installed, starts and says how it is used."""
    done = subprocess.run([Path(sys.executable).parent / script, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: {script}")


def command_line(script: str) -> click.Command:
    """The click command behind a console script: what it names, or the ``cli`` that this calls."""
    module, _, name = SCRIPTS[script].partition(":")
    found = [getattr(importlib.import_module(module), each, None) for each in (name, "cli")]
    return next(command for command in found if isinstance(command, click.Command))


def unknown(words: list[str]) -> list[str]:
    """What a documented command line says that its program does not know."""
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        return [word for word in words[1:] if word not in targets]
    return unknown_words(command_line(words[0]), words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_documented_commands_exist(page: Path) -> None:
    """Each ``make`` target, subcommand and option that a page shows is one the programs take."""
    assert [line for line in commands(page.read_text("utf-8")) if unknown(line)] == []


def test_a_documented_command_that_does_not_exist_is_named() -> None:
    """A wrong target, a wrong subcommand and a wrong option."""
    shown = commands("```sh\nmake fly\nsansang-dashboards paint\nsansang-dashboards build --fly  # x\nmake up\n```\n")
    assert [unknown(line) for line in shown] == [["fly"], ["paint"], ["--fly"], []]


def test_the_documents_of_the_project_are_there() -> None:
    """Each has a title."""
    for name in ("README", "CONFIGURATION", "METRICS", "RUNBOOK", "SECURITY", "DECISIONS", "CHANGELOG"):
        assert (ROOT / f"{name}.md").read_text("utf-8").startswith("# "), name
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")


def test_the_npm_lock_names_versions_and_hashes_only() -> None:
    """npm ci works from it with whatever registry a machine is set up for."""
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text("utf-8").split()
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    for name, package in packages.items():
        assert not name or ("resolved" not in package and package["integrity"].startswith("sha512-")), name
