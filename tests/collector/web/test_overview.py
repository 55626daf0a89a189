"""The sentence, the order and the week of the first page."""

from __future__ import annotations

import pytest

from collector.readiness.model import Silence, Verdict
from collector.web import overview
from collector.web.faces import FACES, of_unit
from collector.web.overview import Query
from tests.collector.web.fakes import NOW, FakeBoard, city, verdict_of


async def test_what_needs_attention_comes_first() -> None:
    """Not ready, at risk, silent, unknown, ready, and at the end what nobody has enrolled yet."""
    board = city()
    view = await overview.Builder(board).build(Query(), NOW, "vi")
    ranks = [row.face.rank for row in view.rows]
    assert len(view.rows) == 168
    assert ranks == sorted(ranks)
    assert view.rows[0].face.key == "not_ready"
    assert view.rows[-1].face.key == "never_enrolled"
    longest = [row.since for row in view.rows if row.face.key == "not_ready"]
    assert longest == sorted(longest)


async def names(board: FakeBoard, query: Query) -> list[str]:
    return [row.unit.name for row in (await overview.Builder(board).build(query, NOW, "vi")).rows]


@pytest.mark.parametrize("asked", ["xom chieu", "Xóm Chiếu", "XOM  CHIEU", "27259", "chieu xom", "phuong xóm"])
async def test_units_are_found_without_accents(asked: str) -> None:
    """In any case, any order of words, or by code."""
    assert await names(city(), Query(q=asked)) == ["Phường Xóm Chiếu"]


async def test_d_with_stroke_is_found_by_d() -> None:
    """Đ is a letter of its own, and people type d."""
    assert set(await names(city(), Query(q="duc nhuan"))) == {"Phường Đức Nhuận", "Xã Nhuận Đức"}


async def test_a_filter_keeps_one_state_and_dims_the_rest_of_the_map() -> None:
    """The map stays whole, so that the eye does not lose its place."""
    board = city()
    view = await overview.Builder(board).build(Query(verdict="lost_contact"), NOW, "vi")
    silent = [code for code, verdict in board.verdicts.items() if verdict.silence is Silence.LOST_CONTACT]
    assert sorted(row.unit.code for row in view.rows) == sorted(silent)
    assert str(view.tiles).count('class="dim"') == 168 - len(silent)
    assert view.total == 168


async def test_names_sort_by_the_vietnamese_alphabet() -> None:
    """Đ comes after D, Ă after A."""
    found = await names(city(), Query(sort="name"))
    assert found.index("Phường Dĩ An") < found.index("Phường Đông Hòa")
    assert found.index("Phường Cát Lái") < found.index("Phường Cầu Kiệu")


async def test_the_latest_change_can_come_first() -> None:
    """For who comes back after lunch."""
    rows = (await overview.Builder(city()).build(Query(sort="since"), NOW, "vi")).rows
    assert [row.since for row in rows] == sorted((row.since for row in rows), reverse=True)


def test_an_address_that_asks_for_nonsense_gets_the_whole_list() -> None:
    """Addresses are typed, shared and cut."""
    assert overview.query_of("  x ", "purple", "sideways") == Query("x", "", "worst")
    assert len(overview.query_of("x" * 5000, "", "").q) == 100


def test_faces_are_ranked_as_they_are_listed() -> None:
    """Filter, legend and order agree."""
    assert [face.rank for face in FACES.values()] == list(range(9))
    assert of_unit(verdict_of("u", Verdict.UNKNOWN, NOW, Silence.NO_DATA)).key == "no_data"
