"""CONFIGURATION.md and METRICS.md say what the code says."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from collector.config import CollectorConfig

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "generate_docs.py"


@pytest.fixture(scope="module")
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("generate_docs", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate_docs"] = module
    spec.loader.exec_module(module)
    return module


def test_the_documents_are_what_the_code_says() -> None:
    """When this fails: make docs."""
    done = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_stale_document_is_shown_as_a_difference(tool: Any, tmp_path: Path) -> None:
    for name in tool.DOCUMENTS:
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"), "utf-8")
    assert tool.differences(tmp_path) == ""
    stale = tmp_path / "CONFIGURATION.md"
    stale.write_text(stale.read_text("utf-8").replace("`sweep_seconds`", "`sweep_hours`"), "utf-8")
    assert "-| `sweep_hours`" in tool.differences(tmp_path)


def test_every_key_of_every_file_has_a_meaning(tool: Any) -> None:
    for _, kind, _ in tool.FILES:
        assert [key.name for key in tool.keys(kind) if not key.meaning] == []


def test_keys_of_keys_are_found(tool: Any) -> None:
    names = {key.name for key in tool.keys(CollectorConfig)}
    assert {"listen", "access.pages", "tls.certificate", "ingest.max_inflight"} <= names
