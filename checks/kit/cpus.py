"""When a processor's family was launched, from ``data/cpus.json``: a dated file, right rather than long.

A family's quarter is that of its first member, so that the answer is never too late: no PC is older than it.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import msgspec
from msgspec import Struct


class Data(Struct, frozen=True, forbid_unknown_fields=True):
    """The file: when it was checked, and pattern, quarter (``2012-Q2``) and source of each family."""

    dated: str
    note: str
    sources: dict[str, str]
    families: tuple[tuple[str, str, str], ...]


def load() -> Data:
    """The file's contents. Raises msgspec.ValidationError when it is not what it should be."""
    # importlib.resources would cost 7 ms of CPU on each run
    return msgspec.json.decode(Path(__file__).with_name("data").joinpath("cpus.json").read_bytes(), type=Data)


def launch(model: str | None, data: Data | None = None) -> datetime.date | None:
    """The first day of the quarter in which the family of `model`, as the processor names itself, was launched; None
    when the family is not listed."""
    name = " ".join((model or "").split())
    if not name:
        return None
    families = (data or load()).families
    # a longer number is a later processor: a Ryzen 5 10500 must not be taken for a 1050
    return next((first_day(when) for what, when, _ in families if re.search(rf"(?:{what})(?!\d)", name)), None)


def first_day(quarter: str) -> datetime.date:
    """``2012-Q2`` as 2012-04-01. Raises ValueError when it is no quarter."""
    found = re.fullmatch(r"(\d{4})-Q([1-4])", quarter)
    if not found:
        raise ValueError(f"{quarter!r} is no quarter")
    return datetime.date(int(found[1]), 3 * int(found[2]) - 2, 1)
