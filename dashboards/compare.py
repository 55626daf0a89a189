"""What would be pushed, what a Grafana holds, and how they differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TAG = "sansang"
FOLDER, FOLDER_UID = "Sẵn Sàng", "sansang"
"""One folder, whether files or a push bring the dashboards."""
Board = dict[str, Any]
_ITS_OWN = ("id", "version")
"""Grafana numbers what it keeps."""


def boards(folder: Path, lang: str) -> list[Board]:
    """The dashboards in `folder` for `lang` (``vi``, ``en`` or ``both``). Raises ValueError naming the file that is no
    dashboard of ours."""
    found = [_read(file) for file in sorted(folder.glob("*.json"))]
    return [board for board in found if lang in ("both", *board["tags"])]


def _read(file: Path) -> Board:
    try:
        board = json.loads(file.read_text("utf-8"))
    except ValueError as why:
        raise ValueError(f"{file.name}: {why}") from None
    if not isinstance(board, dict) or not isinstance(board.get("uid"), str) or TAG not in (board.get("tags") or []):
        raise ValueError(f"{file.name}: not a dashboard with a uid and the tag {TAG}")
    return board


def digest(board: Board) -> str:
    """The same for the same dashboard, whatever Grafana numbered it."""
    text = json.dumps(_bare(board), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def differences(held: Board, wanted: Board) -> list[str]:
    """What a push of `wanted` over `held` changes, in a few words each; empty when nothing."""
    said = list(_panels(held, wanted))
    keys = sorted(_bare(held).keys() | _bare(wanted).keys())
    return said + [key for key in keys if key != "panels" and held.get(key) != wanted.get(key)]


def _panels(held: Board, wanted: Board) -> Iterator[str]:
    old, new = _by_id(held), _by_id(wanted)
    changed = sum(old[key] != new[key] for key in old.keys() & new.keys())
    counts = (len(new.keys() - old.keys()), len(old.keys() - new.keys()), changed)
    if any(counts):
        yield "panels +{} -{} ~{}".format(*counts)
    elif held.get("panels") != wanted.get("panels"):
        yield "panels moved"


def _by_id(board: Board) -> dict[Any, Any]:
    panels = board.get("panels")
    return {str(panel.get("id")): panel for panel in panels if isinstance(panel, dict)} if panels else {}


def _bare(board: Board) -> Board:
    return {key: value for key, value in board.items() if key not in _ITS_OWN}
