"""Former units: where old codes lead, what is said of them, and which lists are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.strict import ConfigError
from collector import config, former
from collector.former import Former, FormerUnit, Gone, Successor
from collector.readiness.model import Unit

HEADER = "code,name,parent,valid_from,valid_to,successor,share,reason\n"


def unit(code: str, name: str, valid_from: str = "2025-07-01", valid_to: str = "") -> Unit:
    return Unit(
        code=code, name=name, kind="Phường", province_code="79", province="TP", lat=10.0, lon=106.0,
        valid_from=valid_from, valid_to=valid_to,
    )  # fmt: skip


TODAY = {one.code: one for one in (unit("27259", "Phường Xóm Chiếu"), unit("27265", "Phường Khánh Hội"))}


def listed(folder: Path, rows: str) -> Former:
    file = folder / "former.csv"
    file.write_text(HEADER + rows, "utf-8")
    found = former.load(file)
    found.fit(TODAY)
    return found


def refused(folder: Path, rows: str) -> str:
    """The message, without the folder."""
    with pytest.raises(ConfigError) as why:
        listed(folder, rows)
    return str(why.value).removeprefix(f"{folder}/")


WHOLE = "27253,Phường 12,Quận 4,2000-01-01,2025-06-30,27259,,NQ 1\n"
SPLIT = "27256,Phường 13,Quận 4,,2025-06-30,27259,0.25,\n27256,Phường 13,Quận 4,,2025-06-30,27265,0.75,\n"


def test_an_old_code_leads_to_the_unit_of_today(tmp_path: Path) -> None:
    found = listed(tmp_path, WHOLE + SPLIT)
    assert found.resolve("27253") == [Successor("27259", None)]
    assert found.resolve("27256") == [Successor("27265", 0.75), Successor("27259", 0.25)]
    assert found.resolve("27259") == found.resolve("99999") == []
    assert found.names("27259") == ["Phường 12", "Phường 13"]


def test_a_successor_that_ended_too_is_followed(tmp_path: Path) -> None:
    """Shares multiply on the way, and add up where two ways meet; what is not told stays so."""
    rows = (
        "27001,Phường 1,,,2020-12-31,27002,0.5,\n27001,Phường 1,,,2020-12-31,27003,0.5,\n"
        "27002,Phường 2,,2021-01-01,2025-06-30,27259,0.4,\n27002,Phường 2,,2021-01-01,2025-06-30,27265,0.6,\n"
        "27003,Phường 3,,,2025-06-30,27259,1,\n27004,Phường 4,,,2020-12-31,27002,,\n"
    )
    found = listed(tmp_path, rows)
    assert found.resolve("27001") == [Successor("27259", 0.7), Successor("27265", 0.3)]
    assert found.resolve("27004") == [Successor("27259", None), Successor("27265", None)]


def test_a_code_means_one_unit_of_today_or_says_why_not(tmp_path: Path) -> None:
    found = listed(tmp_path, WHOLE + SPLIT)
    assert found.today("27259", TODAY) == found.today("27253", TODAY) == "27259"
    with pytest.raises(Gone) as split:
        found.today("27256", TODAY)
    assert str(split.value) == (
        "27256 was the code of Phường 13, Quận 4 until 30/06/2025; today it belongs to "
        "27265 Phường Khánh Hội (75 %), 27259 Phường Xóm Chiếu (25 %): write the code of one"
    )
    with pytest.raises(Gone) as unknown:
        found.today("99999", TODAY, "vi")
    assert str(unknown.value) == "không có đơn vị mã '99999' trong địa phương này"


def test_what_became_of_a_unit_is_said_in_both_languages(tmp_path: Path) -> None:
    found = listed(tmp_path, WHOLE + SPLIT)
    assert found.said("27253", TODAY, "vi") == (
        "27253 là mã cũ của Phường 12, Quận 4, dùng đến hết 30/06/2025; nay là 27259 Phường Xóm Chiếu"
    )
    assert found.said("27253", TODAY, "en") == (
        "27253 was the code of Phường 12, Quận 4 until 30/06/2025; today it is 27259 Phường Xóm Chiếu"
    )
    assert found.said("27256", TODAY, "vi") == (
        "27256 là mã cũ của Phường 13, Quận 4, dùng đến hết 30/06/2025; nay thuộc 27265 Phường Khánh Hội (75 %), "
        "27259 Phường Xóm Chiếu (25 %): ghi mã của một đơn vị"
    )
    assert found.said("99999", TODAY, "en") == "no unit has the code '99999' in this locality"


def test_a_successor_of_another_locality_is_not_named(tmp_path: Path) -> None:
    """Only what is left of the unit here counts: one part is then no choice."""
    here = {"27265": TODAY["27265"]}
    assert listed(tmp_path, SPLIT).today("27256", here) == "27265"


FIVE = "expected a code of five characters"
ROW = "27256,Phường 13,Quận 4,2000-01-01,2025-06-30,27259,0.5,\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROW.replace("27259", "27260"), "2:6: successor: no unit, present or former, has the code '27260'"),
        (ROW.replace("27259", "27256"), "2:6: successor: 27256 cannot succeed itself"),
        (ROW.replace("27259", "4"), f"2:6: successor: {FIVE}, got '4': keep the leading zeros, as text"),
        (ROW.replace("27256", "2725"), f"2:1: code: {FIVE}, got '2725': keep the leading zeros, as text"),
        (ROW.replace("27256", "27265"),
         "2:1: code: 27265 is Phường Khánh Hội today: a code that lives on needs no row"),
        (ROW + ROW, "3:6: successor: 27256 goes to 27259 twice"),
        (ROW + ROW.replace("27259,0.5", "27265,0.6"),
         "3:7: share: the shares of 27256 add up to 1.1, expected at most 1"),
        (ROW.replace("0.5", "50"), "2:7: share: expected a number from 0 to 1, got '50'"),
        (ROW.replace("0.5", "half"), "2:7: share: expected a number from 0 to 1, got 'half'"),
        (ROW.replace("0.5", "0"), "2:7: share: expected more than 0: a unit that gets nothing is no successor"),
        (ROW.replace("2025-06-30", "30/06/2025"), "2:5: valid_to: expected a day such as 2025-07-01, got '30/06/2025'"),
        (ROW.replace("2025-06-30", "1999-06-30"), "2:5: valid_to: 1999-06-30 is before valid_from, 2000-01-01"),
        (ROW.replace("2025-06-30", ""), "2:5: valid_to: is missing: what has not ended is no former unit"),
        (ROW.replace("2025-06-30", "2024-12-31"),
         "2:6: successor: 27259 begins on 2025-07-01, but this unit ended on 2024-12-31"),
        (ROW.replace("Phường 13", " "), "2:2: name: expected a name, got ' '"),
        (ROW + ROW.replace("Quận 4", "Quận 1").replace("27259", "27265"),
         "3:3: parent: 27256 has 'Quận 4' in an earlier row, here 'Quận 1'"),
        (ROW.replace("27259", "27001") + "27001,Phường 1,,,2020-12-31,27259,,\n",
         "2:6: successor: 27001 ended on 2020-12-31, no later than this unit, on 2025-06-30"),
        ("27256,Phường 13\n", "2:1: expected 8 fields, got 2"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, rows: str, message: str) -> None:
    assert refused(tmp_path, rows) == f"former.csv:{message}"


def test_units_that_follow_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    """Each must end later than the one before it."""
    rows = "27001,A,,,2020-12-31,27002,,\n27002,B,,,2020-12-31,27001,,\n"
    assert refused(tmp_path, rows) == (
        "former.csv:2:6: successor: 27002 ended on 2020-12-31, no later than this unit, on 2020-12-31"
    )


def test_a_unit_that_ends_later_may_be_listed_in_time(tmp_path: Path) -> None:
    """Both lists then name the same last day."""
    file = tmp_path / "former.csv"
    file.write_text(HEADER + "27265,Phường Khánh Hội,,2025-07-01,2027-06-30,27259,,\n", "utf-8")
    found = former.load(file)
    found.fit(TODAY | {"27265": unit("27265", "Phường Khánh Hội", valid_to="2027-06-30")})
    with pytest.raises(ConfigError) as why:
        found.fit(TODAY | {"27265": unit("27265", "Phường Khánh Hội", valid_to="2026-12-31")})
    assert str(why.value) == f"{file}:2:5: valid_to: 27265 ends on 2026-12-31 in the list of units"


def test_the_shipped_list_claims_nothing() -> None:
    """No merger is told that we could not vouch for; the operator's own rows go there."""
    assert former.load(config.SHIPPED / "former_units.csv").units == {}


@given(st.lists(st.lists(st.integers(1, 8), min_size=1, max_size=4), min_size=1, max_size=6))
def test_no_share_is_lost_on_the_way(parts: list[list[int]]) -> None:
    """However often a unit was divided again, its parts add up to all of it, and each is a unit of today."""
    units = []
    for level, weights in enumerate(parts):
        last = level == len(parts) - 1
        heirs = [
            Successor(f"T{level:02}{index:02}" if last or index else f"F{level + 1:04}", weight / sum(weights))
            for index, weight in enumerate(weights)
        ]
        units.append(
            FormerUnit(
                code=f"F{level:04}", name="A", parent="", valid_from="", valid_to=f"20{level:02}-01-01",
                successors=tuple(heirs),
            )
        )  # fmt: skip
    ends = Former(units).resolve("F0000")
    assert sum(end.share or 0.0 for end in ends) == pytest.approx(1.0, abs=1e-4)
    assert all(end.code.startswith("T") for end in ends)
    assert [end.share for end in ends] == sorted((end.share or 0.0 for end in ends), reverse=True)
