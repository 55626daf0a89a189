"""What mends a requirement, what that costs and who does it: reads ``prices.yaml``. CONFIGURATION.md is derived from
its classes."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from checks.kit import strict
from checks.kit.model import Reason
from checks.kit.segment import Segment
from collector.readiness.layers import nearest
from collector.readiness.model import Bilingual
from collector.readiness.profile import NEEDS, Profile
from collector.readiness.schema import Words
from collector.readiness.text import number

_ID = r"^[a-z][a-z0-9_]{0,47}$"
_HOLE = re.compile(r"\{([^{}]*)\}")
_TAG = re.compile(r"\[[VCA]\] \S")
Per = Literal["device", "unit", "target", "shortfall", "step"]
When = Literal["always", "some_devices", "all_devices", "all_targets", "found"]
_WHEN: dict[When, tuple[Per, ...]] = {
    "some_devices": ("device",),
    "all_devices": ("unit", "target"),
    "all_targets": ("unit", "target"),
    "found": ("unit", "target"),
}
_ONE: tuple[Per, ...] = ("device", "unit", "target")
_REASONS = frozenset(str(reason) for reason in Reason)


class StepFile(Struct, forbid_unknown_fields=True, frozen=True):
    """How something is sold by steps."""

    size: Annotated[float, Meta(gt=0, description="One step; what is bought is a multiple of it.")]
    of: Annotated[tuple[str, ...], Meta(min_length=1, description="The numbers of the roster that it raises.")]


class ItemFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """One thing to do or to buy."""

    id: Annotated[str, Meta(pattern=_ID, description="Its name.")]
    title: Annotated[Words, Meta(description="What it is called in a bill of quantities.")]
    words: Annotated[
        Words,
        Meta(
            description="What is to be done, to stand inside a sentence. `{n}` is how many, `{one|many}` a word that "
            "follows it, `{to}` what is reached by steps."
        ),
    ]
    price: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000_000_000)] | None,
        Meta(description="Of one, in đồng; 0: only work; left out: nobody knows it."),
    ] = None
    source: Annotated[
        str | Words,
        Meta(
            description="Where the price comes from. Begins with `[V]`, `[C]` or `[A]`: read, to confirm, assumed. One "
            "text, or one in each language."
        ),
    ]
    measure: Annotated[
        Words,
        Meta(description="What is counted: what several are called, or `{one|many}` where one is called otherwise."),
    ]
    owner: Annotated[Words, Meta(description="Who does it.")]
    per: Annotated[
        Per,
        Meta(
            description="What one of it mends: a device; a system (`target`) for the whole unit; the whole unit; one "
            "that is missing from a number (`shortfall`); or a `step` of a number."
        ),
    ]
    meets: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description="The requirements it meets, by id; `id.part`: only that part of one."),
    ]
    once: Annotated[
        Literal["city"] | None,
        Meta(
            description="With `per: unit` or `target`: `city`: done once it is done for every unit, so that the city's "
            "bill has one of it, or one for each system; left out: each unit needs its own."
        ),
    ] = None
    step: Annotated[StepFile | None, Meta(description="With `per: step`.")] = None
    roles: Annotated[
        tuple[Literal["pc", "kiosk", "router"], ...], Meta(description="With `per: device`: only these; empty: all.")
    ] = ()
    when: Annotated[
        When,
        Meta(
            description="With `per: unit` or `target`: `all_devices`: only where no device of the unit succeeds, since "
            "a success clears who is outside of blame; `all_targets`: only where every system that is reached by "
            "the same network is missed so. With "
            "`per: device`: `some_devices`: only where another one succeeds. `found`: only where no device of the unit "
            "succeeds and a finding lies in one of the `segments`."
        ),
    ] = "always"
    segments: Annotated[
        tuple[Literal["device", "lan", "access", "provider", "destination"], ...],
        Meta(
            description="With `per: device`, `unit` or `target`: where a fault lies that it mends. Where findings say "
            "why a system is missed, of the items that name segments only those that name the finding's are used, "
            "whatever their `when`; empty: findings change nothing."
        ),
    ] = ()
    reasons: Annotated[
        tuple[str, ...],
        Meta(
            description="With `per: device`, `unit` or `target`: only where a check failed with one of these reasons; "
            "empty: with any. A requirement on a value asks for none."
        ),
    ] = ()
    except_reasons: Annotated[
        tuple[str, ...], Meta(description="In place of `reasons`: not where a check failed with one of these.")
    ] = ()
    network: Annotated[
        Literal["internet", "tslcd"] | None,
        Meta(description="Only for systems that are reached by this network; left out: by any."),
    ] = None


class PricesFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """``prices.yaml``: what mends a requirement, and what that costs."""

    items: Annotated[
        list[ItemFile],
        Meta(min_length=1, description="Of those that cost and do the same, the first is taken."),
    ]


class Item(Struct, frozen=True, kw_only=True):
    """One thing to do or to buy, as :class:`ItemFile` explains it. ``place`` is where it stands in the file, ``single``
    what one of ``measure`` is called."""

    id: str
    place: int
    title: Bilingual
    words: Bilingual
    price: int | None
    source: Bilingual
    measure: Bilingual
    owner: Bilingual
    per: Per
    meets: frozenset[str]
    single: Bilingual = {}
    once: bool = False
    step: float = 0.0
    of: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    when: When = "always"
    network: str = ""
    segments: frozenset[Segment] = frozenset()
    reasons: frozenset[str] = frozenset()
    except_reasons: frozenset[str] = frozenset()

    def is_for(self, reason: str) -> bool:
        """Whether it mends what fails with `reason`; what fails without one it does."""
        return not reason or (reason in self.reasons if self.reasons else reason not in self.except_reasons)

    def told(self, quantity: float, reached: float = 0.0) -> Bilingual:
        """What is to be done with `quantity` of it: ``replace 3 PCs``, ``raise the line to 200 Mbps``."""
        return {lang: _filled(text, quantity, reached, lang) for lang, text in self.words.items()}


class Prices(Struct, frozen=True, kw_only=True):
    """The price list, in the file's order."""

    items: tuple[Item, ...] = ()
    by_key: dict[str, tuple[Item, ...]] = field(default_factory=dict)

    def meeting(self, requirement: str, part: str = "") -> tuple[Item, ...]:
        """What meets `requirement`, or one part of it."""
        whole = self.by_key.get(requirement, ())
        return whole + self.by_key.get(f"{requirement}.{part}", ()) if part else whole


def load(file: Path | str, known: Collection[str]) -> Prices:
    """The price list in `file`. ``known`` are the requirements there are (:func:`keys`). Raises ConfigError."""
    document = strict.load(file, PricesFile)
    seen: dict[str, int] = {}
    for place, item in enumerate(document.value.items):
        if item.id in seen:
            why = f"{item.id!r} stands twice, first as items[{seen[item.id]}]"
            raise document.error(("items", place, "id"), why)
        seen[item.id] = place
        _check(document, place, item, known)
    return prices(_item(place, item) for place, item in enumerate(document.value.items))


def prices(items: Iterable[Item]) -> Prices:
    """A price list of `items`."""
    listed = tuple(items)
    met = {key for item in listed for key in item.meets}
    return Prices(items=listed, by_key={key: tuple(item for item in listed if key in item.meets) for key in met})


def keys(profiles: Iterable[Profile]) -> frozenset[str]:
    """What an item may meet: each requirement's id, and ``id.part`` of its parts."""
    lines = [line for profile in profiles for line in profile.requirements]
    return frozenset({line.id for line in lines} | {f"{line.id}.{part.id}" for line in lines for part in line.parts})


def _item(place: int, written: ItemFile) -> Item:
    return Item(
        id=written.id,
        place=place,
        title=written.title.both,
        words=written.words.both,
        price=written.price,
        source=_both(written.source),
        measure=_counted(written.measure, 2),
        single=_counted(written.measure, 1),
        owner=written.owner.both,
        per=written.per,
        meets=frozenset(written.meets),
        once=written.once == "city",
        step=written.step.size if written.step else 0.0,
        of=written.step.of if written.step else (),
        roles=written.roles,
        when=written.when,
        network=written.network or "",
        segments=frozenset(map(Segment, written.segments)),
        reasons=frozenset(written.reasons),
        except_reasons=frozenset(written.except_reasons),
    )


def _counted(measure: Words, quantity: int) -> Bilingual:
    return {lang: _filled(text, quantity, 0.0, lang) for lang, text in measure.both.items()}


def _both(text: str | Words) -> Bilingual:
    return text.both if isinstance(text, Words) else {"vi": text, "en": text}


def _check(document: strict.Document[PricesFile], place: int, item: ItemFile, known: Collection[str]) -> None:
    at: strict.Where = ("items", place)
    for index, key in enumerate(item.meets):
        if key not in known:
            raise document.error((*at, "meets", index), f"no requirement is called {key!r}; {nearest(key, known)}")
        if key in item.meets[:index]:
            raise document.error((*at, "meets", index), f"{key!r} stands twice")
        if "." in key and item.per != "unit":
            why = f"{key!r} is a part, which the unit has as one: expected per: unit, got per: {item.per}"
            raise document.error((*at, "meets", index), why)
    for source in _both(item.source).values():
        if not _TAG.match(source):
            why = f"expected a source that begins with [V], [C] or [A], got {source!r}"
            raise document.error((*at, "source"), why)
    if (item.per == "step") != (item.step is not None):
        raise document.error((*at, "step"), "expected with per: step, and with nothing else")
    if item.step is not None:
        _check_step(document, at, item.step)
    if item.once and item.per not in ("unit", "target"):
        raise document.error((*at, "once"), f"expected with per: unit or target only, got per: {item.per}")
    if item.roles and item.per != "device":
        raise document.error((*at, "roles"), f"expected with per: device only, got per: {item.per}")
    if item.when != "always" and item.per not in _WHEN[item.when]:
        pers = " or ".join(_WHEN[item.when])
        raise document.error((*at, "when"), f"expected {item.when} with per: {pers} only, got per: {item.per}")
    _check_causes(document, at, item)
    for lang, text in item.words.both.items():
        _check_words(
            document, (*at, "words", lang), text, "{n}, {one|many} or {to}" if item.step else "{n}, {one|many}"
        )
    for lang, text in item.measure.both.items():
        _check_words(document, (*at, "measure", lang), text, "{one|many}")


def _check_causes(document: strict.Document[PricesFile], at: strict.Where, item: ItemFile) -> None:
    """Where the fault lies and why a run failed."""
    for key in ("segments", "reasons", "except_reasons"):
        named = getattr(item, key)
        if named and item.per not in _ONE:
            raise document.error((*at, key), f"expected with per: {' or '.join(_ONE)} only, got per: {item.per}")
        for index, name in enumerate(named):
            if name in named[:index]:
                raise document.error((*at, key, index), f"{name!r} stands twice")
            if key != "segments" and name not in _REASONS:
                raise document.error((*at, key, index), f"no check fails with {name!r}; {nearest(name, _REASONS)}")
    if item.reasons and item.except_reasons:
        raise document.error((*at, "except_reasons"), "expected reasons or except_reasons, got both")
    if item.when == "found" and not item.segments:
        raise document.error((*at, "when"), "expected found with segments only")


def _check_words(document: strict.Document[PricesFile], where: strict.Where, text: str, holes: str) -> None:
    """`holes` are all that may stand in braces."""
    for hole in _HOLE.findall(text):
        if f"{{{hole}}}" not in holes and hole.count("|") != 1:
            raise document.error(where, f"expected {holes}, got {{{hole}}}")
    if "{" in (rest := _HOLE.sub("", text)) or "}" in rest:
        raise document.error(where, f"expected {holes}, and no other brace, got {text!r}")


def _check_step(document: strict.Document[PricesFile], at: strict.Where, step: StepFile) -> None:
    if not math.isfinite(step.size):
        raise document.error((*at, "step", "size"), f"expected a number, got {step.size}")
    for index, name in enumerate(step.of):
        if name not in NEEDS:
            why = f"the roster has no number {name!r}; {nearest(name, NEEDS)}"
            raise document.error((*at, "step", "of", index), why)


def _filled(text: str, quantity: float, reached: float, lang: str) -> str:
    def fill(hole: re.Match[str]) -> str:
        name = hole[1]
        if "|" in name:
            return name.split("|")[quantity != 1]
        return number(reached if name == "to" else quantity, lang)

    return _HOLE.sub(fill, text)
