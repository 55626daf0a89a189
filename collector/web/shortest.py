"""The shortest path of one unit to ready, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from collector.readiness.fixes import Fix, Path
from collector.readiness.model import UnitVerdict
from collector.readiness.pathwords import counted, sentence
from collector.web.format import number
from collector.web.i18n import text

DEVICES = 12
"""Named one by one; of more, how many there are."""


class FixRow(Struct, frozen=True):
    """``price`` and ``cost`` are in đồng, "" where nobody knows them; ``devices`` are those it is for, by name and
    address, ``more`` how many are not named."""

    title: str
    quantity: str
    price: str
    cost: str
    owner: str
    source: str
    devices: list[tuple[str, str]]
    more: int


class PathView(Struct, frozen=True):
    """``total`` is what is known of the cost (đồng), "" where nothing is; ``open`` how much has no price."""

    sentence: str
    fixes: list[FixRow]
    total: str
    open: str
    unmet: list[str]
    unknown: list[str]


def build(path: Path | None, verdict: UnitVerdict, names: Mapping[str, str], lang: str) -> PathView | None:
    """None where there is nothing to do, or nothing is known of it."""
    if path is None or not (path.fixes or path.unmet or path.unknown):
        return None
    titles = {need.id: need.title.get(lang, need.id) for need in verdict.requirements}
    return PathView(
        sentence=sentence(path, lang),
        fixes=[_fix(fix, names, lang) for fix in path.fixes],
        total=number(path.cost, lang) if path.cost or not path.unpriced else "",
        open=text("path_unpriced", lang, count=number(path.unpriced, lang)) if path.unpriced else "",
        unmet=[titles.get(key, key) for key in path.unmet],
        unknown=[titles.get(key, key) for key in path.unknown],
    )


def _fix(fix: Fix, names: Mapping[str, str], lang: str) -> FixRow:
    return FixRow(
        title=fix.title.get(lang, fix.item),
        quantity=counted(fix, lang),
        price=amount(fix.unit_price, lang),
        cost=amount(fix.cost, lang),
        owner=fix.owner.get(lang, ""),
        source=fix.source.get(lang, ""),
        devices=[(names.get(device, device[:8]), f"/devices/{device}") for device in fix.devices[:DEVICES]],
        more=max(0, len(fix.devices) - DEVICES),
    )


def amount(cost: int | None, lang: str) -> str:
    """``45.200.000``, without its unit: that stands in the column's head. "" when nobody knows it."""
    return "" if cost is None else number(cost, lang)
