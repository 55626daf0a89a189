"""The path in words, verbatim in both languages."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collector.readiness.fixes import Fix, Path
from collector.readiness.pathwords import counted, lines, money, outlook, sentence
from collector.readiness.ranking import bill, ranked
from tests.collector.readiness.pricelists import item


def fix(name: str, quantity: int, price: int | None, vi: str, en: str, **changes: Any) -> Fix:
    told = item(name, words={"vi": vi, "en": en}).told(quantity, changes.pop("reached", 0.0))
    return Fix(
        item=name, title={"vi": "Máy trạm", "en": "PC"}, quantity=quantity, measure={"vi": "bộ", "en": "sets"},
        unit_price=price, cost=None if price is None else price * quantity,
        owner={"vi": "phường", "en": "the ward"}, words=told, **changes,
    )  # fmt: skip


PCS = fix("pc", 3, 15_000_000, "thay {n} máy trạm", "replace {n} {PC|PCs}")
RENEW = fix("cert", 1, 0, "gia hạn {n} chứng thư", "renew {n} {certificate|certificates}")
LINE = fix("line", 2, 100_000, "nâng đường truyền lên {to} Mbps", "raise the line to {to} Mbps", reached=200.0)
QUOTE = fix("quote", 1, None, "xin báo giá", "get a quotation")
WHOLE = Path(unit="27259", fixes=(PCS, RENEW, LINE), cost=45_200_000)
OPEN = Path(unit="27259", fixes=(QUOTE,), unpriced=1, unmet=("a",), unknown=("b", "c"), exact=False)


@pytest.mark.parametrize(
    ("cost", "vi", "en"),
    [
        (None, "chưa có giá", "no price known"),
        (0, "không tốn chi phí", "at no cost"),
        (850_000, "850.000 đồng", "850,000 dong"),
        (45_200_000, "45,2 triệu đồng", "45.2 million dong"),
        (1_250_000_000, "1,25 tỷ đồng", "1.25 billion dong"),
        (2_345_600_000_000, "2.346 tỷ đồng", "2,346 billion dong"),
    ],
)
def test_money(cost: int | None, vi: str, en: str) -> None:
    assert (money(cost, "vi"), money(cost, "en")) == (vi, en)


def test_a_path_in_one_sentence() -> None:
    vi = "Thay 3 máy trạm, gia hạn 1 chứng thư, nâng đường truyền lên 200 Mbps — 45,2 triệu đồng."
    assert sentence(WHOLE, "vi") == vi
    assert sentence(WHOLE, "en") == "Replace 3 PCs, renew 1 certificate, raise the line to 200 Mbps: 45.2 million dong."


def test_of_a_long_path_the_dearest_things_are_named() -> None:
    assert sentence(WHOLE, "vi", most=2) == (
        "Thay 3 máy trạm, nâng đường truyền lên 200 Mbps và 1 việc khác — 45,2 triệu đồng."
    )
    assert sentence(WHOLE, "en", most=1) == "Replace 3 PCs and 2 things more: 45.2 million dong."
    assert sentence(WHOLE, "en", most=3) == sentence(WHOLE, "en")
    both = Path(unit="27259", fixes=(PCS, QUOTE), cost=45_000_000, unpriced=1)
    assert sentence(both, "en", most=1) == "Get a quotation and 1 thing more: 45 million dong and 1 without a price."


def test_a_path_line_by_line() -> None:
    assert lines(WHOLE, "vi") == [
        "Thay 3 máy trạm: 45 triệu đồng (phường)",
        "Gia hạn 1 chứng thư: không tốn chi phí (phường)",
        "Nâng đường truyền lên 200 Mbps: 200.000 đồng (phường)",
        "Cộng: 45,2 triệu đồng",
    ]
    assert lines(WHOLE, "en") == [
        "Replace 3 PCs: 45 million dong (the ward)",
        "Renew 1 certificate: at no cost (the ward)",
        "Raise the line to 200 Mbps: 200,000 dong (the ward)",
        "In all: 45.2 million dong",
    ]


def test_what_a_path_leaves_open_is_said() -> None:
    assert sentence(OPEN, "vi") == (
        "Xin báo giá — 1 việc chưa có giá. 1 yêu cầu chưa có cách khắc phục trong bảng giá. 2 yêu cầu chưa đủ dữ liệu. "
        "Có thể còn cách rẻ hơn: việc tìm kiếm đã dừng sớm."
    )
    assert sentence(OPEN, "en") == (
        "Get a quotation: 1 without a price. 1 requirement is met by nothing in the price list. 2 requirements are "
        "unknown. There may be a cheaper way: the search was cut short."
    )
    assert lines(OPEN, "vi", title={"a": "A", "b": "B", "c": "C"}.__getitem__) == [
        "Xin báo giá: chưa có giá (phường)",
        "Bảng giá chưa có cách khắc phục: A",
        "Chưa đủ dữ liệu để biết có cần làm gì: B, C",
        "Có thể còn cách rẻ hơn: việc tìm kiếm đã dừng sớm.",
    ]
    assert lines(OPEN, "en") == [
        "Get a quotation: no price known (the ward)",
        "Nothing in the price list meets: a",
        "Not known whether anything is needed: b, c",
        "There may be a cheaper way: the search was cut short.",
    ]


def test_known_costs_stand_beside_what_has_no_price() -> None:
    both = Path(unit="27259", fixes=(PCS, QUOTE), cost=45_000_000, unpriced=1)
    assert sentence(both, "vi") == "Thay 3 máy trạm, xin báo giá — 45 triệu đồng và 1 việc chưa có giá."
    assert sentence(both, "en") == "Replace 3 PCs, get a quotation: 45 million dong and 1 without a price."


def test_a_unit_that_needs_nothing_is_told_so() -> None:
    ready = Path(unit="27259")
    assert (sentence(ready, "vi"), sentence(ready, "en")) == ("Không cần làm gì.", "Nothing is to be done.")
    assert (lines(ready, "vi"), lines(ready, "en")) == (["Không cần làm gì."], ["Nothing is to be done."])


def test_a_quantity_has_its_measure() -> None:
    (line,) = bill([Path(unit="27259", fixes=(PCS,), cost=45_000_000)])
    assert (counted(line, "vi"), counted(line, "en")) == ("3 bộ", "3 sets")


def test_one_of_something_is_told_in_the_singular() -> None:
    """Of a path and of the bill; what has no singular of its own keeps its word."""
    module = msgspec.structs.replace(RENEW, measure={"vi": "thanh", "en": "modules"}, single={"en": "module"})
    assert (counted(module, "vi"), counted(module, "en")) == ("1 thanh", "1 module")
    (line,) = bill([Path(unit="27259", fixes=(module,))])
    assert counted(line, "en") == "1 module"
    (line,) = bill([Path(unit="27259", fixes=(module,)), Path(unit="27265", fixes=(module,))])
    assert counted(line, "en") == "2 modules"
    assert counted(RENEW, "en") == "1 sets"


def test_numbers_of_a_large_city_are_grouped() -> None:
    rows = ranked([msgspec.structs.replace(path, unit=str(code)) for code in range(1500) for path in (WHOLE,)])
    assert outlook(rows, "vi") == "1.500 đơn vị sẵn sàng được với 67,8 tỷ đồng."
    assert outlook(rows, "en") == "1,500 units can be made ready: 67.8 billion dong."
    stuck = ranked([msgspec.structs.replace(OPEN, unit=str(code)) for code in range(1500)])
    assert outlook(stuck, "en") == "Of 1,500 units not everything is known (data, price or remedy missing)."


def test_what_the_city_comes_to() -> None:
    rows = ranked([WHOLE, OPEN])
    assert outlook(rows, "vi") == (
        "1 đơn vị sẵn sàng được với 45,2 triệu đồng; 1 đơn vị chưa tính được hết (thiếu dữ liệu, thiếu giá hoặc "
        "chưa có cách khắc phục)."
    )
    assert outlook(rows, "en") == (
        "1 unit can be made ready: 45.2 million dong; "
        "of 1 unit not everything is known (data, price or remedy missing)."
    )
    assert outlook(ranked([OPEN]), "en") == "Of 1 unit not everything is known (data, price or remedy missing)."
    assert outlook([], "vi") == "Trong các đơn vị đã có số liệu, không đơn vị nào cần làm gì."
    assert outlook([], "en") == "Of the units that are heard of, none needs anything."


def test_english_is_ascii() -> None:
    for path in (WHOLE, OPEN):
        assert "\n".join([sentence(path, "en"), *lines(path, "en"), outlook(ranked([path]), "en")]).isascii()
