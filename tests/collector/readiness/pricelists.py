"""Price lists of a few items, and the path of a unit that is judged here."""

from __future__ import annotations

from typing import Any

from collector.readiness.evaluate import evaluate
from collector.readiness.fixes import Fix, Path
from collector.readiness.model import UnitFacts
from collector.readiness.path import shortest
from collector.readiness.prices import Item, Prices, prices
from collector.readiness.profile import Profile
from tests.collector.readiness.cities import NOW

MILLION = 1_000_000


def item(name: str, *meets: str, place: int = 0, **changes: Any) -> Item:
    """Something for a device that costs a million; `changes` differ."""
    given: dict[str, Any] = {
        "id": name, "place": place, "title": {"vi": f"Món {name}", "en": f"Item {name}"},
        "words": {"vi": f"làm {name} {{n}} lần", "en": f"do {name} {{n}} {{time|times}}"}, "price": MILLION,
        "source": {"vi": "[A] test", "en": "[A] test"}, "measure": {"vi": "cái", "en": "pieces"},
        "owner": {"vi": "Phường", "en": "the ward"},
        "per": "device", "meets": frozenset(meets),
    }  # fmt: skip
    return Item(**{**given, **changes})


def listed(*items: Item) -> Prices:
    """The items in this order."""
    fields = ({name: getattr(one, name) for name in Item.__struct_fields__} for one in items)
    return prices(Item(**{**each, "place": place}) for place, each in enumerate(fields))


def path_of(profile: Profile, facts: UnitFacts, *items: Item, advice: bool = False) -> Path:
    verdict = evaluate(profile, facts, NOW, None)
    return shortest(profile, facts, verdict, listed(*items), advice=advice)


def fix_of(path: Path, name: str) -> Fix:
    return next(fix for fix in path.fixes if fix.item == name)


def done(path: Path) -> dict[str, float]:
    """How much of each item the path takes."""
    return {fix.item: fix.quantity for fix in path.fixes}
