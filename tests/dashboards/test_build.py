"""sansang-dashboards compares what is committed with what its sources say."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboards import main


def test_what_is_committed_is_what_the_sources_say() -> None:
    """The repository's own dashboards/out is up to date."""
    done = CliRunner().invoke(main.main, ["build", "--check"])
    assert (done.exit_code, done.output) == (0, f"{len(main.sources())} files, nothing differs\n")


def test_a_file_that_no_source_explains_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--check exits 1 and says which file differs."""
    (tmp_path / "stray.json").write_text("{}", "utf-8")
    monkeypatch.setattr(main, "OUT", tmp_path)
    monkeypatch.setattr(main, "sources", dict)
    done = CliRunner().invoke(main.main, ["build", "--check"])
    assert (done.exit_code, done.output) == (1, "0 files, stray.json differ\n")
