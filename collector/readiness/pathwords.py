"""The shortest path in words, Vietnamese and English: money, one sentence, one line a fix, the city's ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from collector.readiness.fixes import Fix, Path
from collector.readiness.ranking import Line, Ranked
from collector.readiness.text import number

_BILLION, _MILLION = 1_000_000_000, 1_000_000
_FREE = ("không tốn chi phí", "at no cost")
_NO_PRICE = ("chưa có giá", "no price known")
Title = Callable[[str], str]
"""What a requirement's id is called."""


def money(cost: int | None, lang: str) -> str:
    """``45,2 triệu đồng`` / ``45.2 million dong``; of nothing and of an unknown price that it is so."""
    english = lang == "en"
    if cost is None:
        return _NO_PRICE[english]
    if not cost:
        return _FREE[english]
    if cost >= _BILLION:
        return f"{number(cost / _BILLION, lang)} {('tỷ đồng', 'billion dong')[english]}"
    if cost >= _MILLION:
        return f"{number(cost / _MILLION, lang)} {('triệu đồng', 'million dong')[english]}"
    return f"{number(cost, lang)} {('đồng', 'dong')[english]}"


def sentence(path: Path, lang: str, most: int | None = None) -> str:
    """The path in one sentence: ``Thay 3 máy trạm, nâng đường truyền lên 200 Mbps — 45,2 triệu đồng.`` Past `most`
    fixes only the dearest are named, and how many more there are."""
    english = lang == "en"
    told = []
    if path.fixes:
        named = [fix.words.get(lang, fix.item) for fix in _foremost(path.fixes, most)]
        price = (" — ", ": ")[english] + _price(path, lang)
        told = [_opened(", ".join(named)) + _more(len(path.fixes) - len(named), lang) + price + "."]
    told += _left(path, lang)
    return " ".join(told) or ("Không cần làm gì.", "Nothing is to be done.")[english]


def _foremost(fixes: Sequence[Fix], most: int | None) -> list[Fix]:
    """The dearest `most` in their order; one without a price may be the dearest of all."""
    if most is None:
        return list(fixes)
    chosen = sorted(fixes, key=lambda fix: (fix.cost is not None, -(fix.cost or 0)))[:most]
    return [fix for fix in fixes if fix in chosen]


def _more(count: int, lang: str) -> str:
    if not count:
        return ""
    many = number(count, lang)
    return (f" và {many} việc khác", f" and {many} {'thing' if count == 1 else 'things'} more")[lang == "en"]


def lines(path: Path, lang: str, title: Title = str) -> list[str]:
    """The path line by line: each fix with its cost and who does it, what it comes to, and what it leaves open.
    `title` gives requirements their names."""
    english = lang == "en"
    shown = [_fix(fix, lang) for fix in path.fixes]
    if len(path.fixes) > 1:
        shown.append(f"{('Cộng', 'In all')[english]}: {_price(path, lang)}")
    if path.unmet:
        why = ("Bảng giá chưa có cách khắc phục", "Nothing in the price list meets")[english]
        shown.append(f"{why}: {_named(path.unmet, title)}")
    if path.unknown:
        why = ("Chưa đủ dữ liệu để biết có cần làm gì", "Not known whether anything is needed")[english]
        shown.append(f"{why}: {_named(path.unknown, title)}")
    if not path.exact:
        shown.append(_CHEAPER[english])
    return shown or [("Không cần làm gì.", "Nothing is to be done.")[english]]


def counted(line: Fix | Line, lang: str) -> str:
    """``12 chiếc``, ``1 piece``: a quantity with its measure."""
    several = line.measure.get(lang, "")
    measure = line.single.get(lang, several) if line.quantity == 1 else several
    return f"{number(line.quantity, lang)} {measure}".rstrip()


def outlook(rows: Sequence[Ranked], lang: str) -> str:
    """What the whole ranking comes to: how many units for how much, and how many stay open."""
    english = lang == "en"
    if not rows:
        return (
            "Trong các đơn vị đã có số liệu, không đơn vị nào cần làm gì.",
            "Of the units that are heard of, none needs anything.",
        )[english]
    units, total = rows[-1].units, rows[-1].total
    stay = sum(not row.enough for row in rows)
    told = []
    if units:
        first = ("{0} đơn vị sẵn sàng được với {1}", "{0} {2} can be made ready: {1}")[english]
        told.append(first.format(number(units, lang), money(total, lang), "unit" if units == 1 else "units"))
    if stay:
        rest = (
            "{0} đơn vị chưa tính được hết (thiếu dữ liệu, thiếu giá hoặc chưa có cách khắc phục)",
            "of {0} {1} not everything is known (data, price or remedy missing)",
        )[english]
        told.append(rest.format(number(stay, lang), "unit" if stay == 1 else "units"))
    return _opened("; ".join(told)) + "."


_CHEAPER = (
    "Có thể còn cách rẻ hơn: việc tìm kiếm đã dừng sớm.",
    "There may be a cheaper way: the search was cut short.",
)


def _left(path: Path, lang: str) -> list[str]:
    english = lang == "en"
    told = []
    if path.unmet:
        many = ("{0} yêu cầu chưa có cách khắc phục trong bảng giá.", "{0} {1} met by nothing in the price list.")
        told.append(many[english].format(*_requirements(path.unmet, lang)))
    if path.unknown:
        many = ("{0} yêu cầu chưa đủ dữ liệu.", "{0} {1} unknown.")
        told.append(many[english].format(*_requirements(path.unknown, lang)))
    if not path.exact:
        told.append(_CHEAPER[english])
    return told


def _price(path: Path, lang: str) -> str:
    """The known cost; beside it how much has no price."""
    if not path.unpriced:
        return money(path.cost, lang)
    english = lang == "en"
    open_ones = (f"{path.unpriced} việc chưa có giá", f"{path.unpriced} without a price")[english]
    return f"{money(path.cost, lang)} {('và', 'and')[english]} {open_ones}" if path.cost else open_ones


def _fix(fix: Fix, lang: str) -> str:
    words = _opened(fix.words.get(lang, fix.item))
    owner = fix.owner.get(lang, "")
    return f"{words}: {money(fix.cost, lang)}" + (f" ({owner})" if owner else "")


def _named(ids: Iterable[str], title: Title) -> str:
    return ", ".join(title(name) for name in ids)


def _requirements(found: Sequence[str], lang: str) -> tuple[str, str]:
    return number(len(found), lang), "requirement is" if len(found) == 1 else "requirements are"


def _opened(text: str) -> str:
    return text[:1].upper() + text[1:]
