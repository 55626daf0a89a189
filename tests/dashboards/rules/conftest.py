"""What the tests of the rules share."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.rules import build


@pytest.fixture(scope="session")
def rule_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rule files as they are committed."""
    folder = tmp_path_factory.mktemp("rules")
    for name, text in build.rule_files().items():
        (folder / name).write_text(text, "utf-8")
    return folder
