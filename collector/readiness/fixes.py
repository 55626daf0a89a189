"""What would make a unit ready: the shortest path, as it is told. :mod:`collector.readiness.path` finds it."""

from __future__ import annotations

from msgspec import Struct

from collector.readiness.model import Bilingual


class Fix(Struct, frozen=True, kw_only=True):
    """One thing to do or to buy. ``item`` is its name in ``prices.yaml``, ``quantity`` how much of it in ``measure``
    (``{"vi": "chiếc", "en": "pieces"}``), of which one is called ``single``; prices are in đồng, None where nobody
    knows. ``meets`` are the requirements that it meets here, ``devices`` those it is for, ``targets`` the systems it is
    about. ``once`` says that it is done for every unit when one has done it, of each of its ``targets`` if it has any.
    ``words`` is what is to be done, to stand inside a sentence: ``replace 3 PCs``."""

    item: str
    title: Bilingual
    quantity: float
    measure: Bilingual
    unit_price: int | None = None
    cost: int | None = None
    owner: Bilingual = {}
    source: Bilingual = {}
    meets: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    words: Bilingual = {}
    single: Bilingual = {}
    once: bool = False


class Path(Struct, frozen=True, kw_only=True):
    """The least that makes ``unit`` ready. ``cost`` is the sum of the known costs, ``unpriced`` how many fixes have
    none; ``unmet`` are mandatory requirements that nothing in the price list meets, and ``unknown`` those of which it
    is not known whether anything is wrong. ``exact`` is False where the search was cut short and a cheaper path may
    exist. Empty of all, the unit is ready."""

    unit: str
    fixes: tuple[Fix, ...] = ()
    cost: int = 0
    unpriced: int = 0
    unmet: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    exact: bool = True
