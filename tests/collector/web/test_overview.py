"""The sentence, the order and the week of the first page."""

from __future__ import annotations

import pytest

from collector.readiness.model import Silence, Transition, Verdict
from collector.web import overview
from collector.web.faces import FACES, of_unit
from collector.web.overview import Query
from tests.collector.web.fakes import DAY, HOUR, NOW, FakeBoard, city, verdict_of


def change(at: int, old: str, new: str, unit: str = "u") -> Transition:
    return Transition(unit=unit, subject="verdict", at=at, old=old, new=new)


def verdicts(*states: Verdict) -> dict[str, object]:
    return {str(i): verdict_of(str(i), state, NOW - 9 * DAY) for i, state in enumerate(states)}


READY, RISK, NOT, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("states", "before", "vi", "en"),
    [
        ((READY, READY), 1, "2/2 sẵn sàng, +1 so với hôm qua.", "2/2 ready, +1 since yesterday."),
        (
            (READY, NOT),
            2,
            "1/2 sẵn sàng, −1 so với hôm qua; 1 chưa sẵn sàng.",
            "1/2 ready, −1 since yesterday; 1 not ready.",
        ),
        (
            (READY, RISK),
            1,
            "1/2 sẵn sàng, không đổi so với hôm qua; 1 có nguy cơ.",
            "1/2 ready, the same as yesterday; 1 at risk.",
        ),
        ((UNKNOWN, NOT), None, "0/2 sẵn sàng; 1 chưa sẵn sàng, 1 chưa rõ.", "0/2 ready; 1 not ready, 1 unknown."),
    ],
)
def test_the_sentence_counts_and_compares(states: tuple[Verdict, ...], before: int | None, vi: str, en: str) -> None:
    """What stands where, and what changed since yesterday when anything is known of yesterday."""
    for lang, expected in (("vi", vi), ("en", en)):
        said = overview.sentence(verdicts(*states), before, lang)  # type: ignore[arg-type]
        assert said.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_units_nobody_has_enrolled_are_not_called_unknown() -> None:
    """In a pilot of one ward the other 167 are work to do, not a fault."""
    never = verdict_of("v", UNKNOWN, NOW, Silence.NEVER_ENROLLED)
    said = overview.sentence({"u": verdict_of("u", READY, NOW), "v": never}, None, "vi")
    assert said.replace("\N{NO-BREAK SPACE}", " ") == "1/2 sẵn sàng; 1 chưa đăng ký thiết bị."


def test_yesterday_is_read_from_the_changes_since() -> None:
    """A unit's state then is what its first later change started from."""
    present = {"u": verdict_of("u", READY, NOW - HOUR), "v": verdict_of("v", READY, NOW - 3 * DAY)}
    assert overview.ready_at(present, {"u": [change(NOW - HOUR, "not_ready", "ready")]}, NOW - DAY) == 1
    assert overview.ready_at(present, {"u": [change(NOW - HOUR, "ready", "unknown")]}, NOW - DAY) == 2


def test_a_collector_born_today_does_not_compare_with_yesterday() -> None:
    """Nothing was judged a day ago, so nothing is said about it."""
    present = {"u": verdict_of("u", READY, NOW - HOUR)}
    assert overview.ready_at(present, {}, NOW - DAY) is None
    assert overview.ready_at(present, {"u": [change(NOW - HOUR, "", "ready")]}, NOW - DAY) is None


def test_a_week_begins_with_the_state_it_found() -> None:
    """The first change says what was before it; the last state lasts until now."""
    spans = overview.spans_of([change(40, "ready", "at_risk"), change(60, "at_risk", "ready")], ("ready", 60), 0, 100)
    seen = [(span.start, span.end, span.face.key) for span in spans]
    assert seen == [(0, 40, "ready"), (40, 60, "at_risk"), (60, 100, "ready")]


def test_a_time_before_the_first_verdict_is_a_gap() -> None:
    """It is neither ready nor unknown: nobody had looked."""
    assert [(s.start, s.end) for s in overview.spans_of([change(70, "", "ready")], ("ready", 70), 0, 100)] == [
        (70, 100)
    ]
    assert [(s.start, s.end) for s in overview.spans_of([], ("ready", 30), 0, 100)] == [(30, 100)]


def test_changes_from_before_the_week_do_not_hide_it() -> None:
    """The newest older change, which a history brings along, is no change of this week."""
    spans = overview.spans_of([change(-20, "ready", "at_risk")], ("at_risk", -20), 0, 100)
    assert [(span.start, span.end, span.face.key) for span in spans] == [(0, 100, "at_risk")]


def test_the_bar_is_said_in_words() -> None:
    """For those who do not see it."""
    spans = overview.spans_of([change(75, "ready", "not_ready")], ("not_ready", 75), 0, 100)
    assert overview.summary(spans, "vi") == "sẵn sàng 75 %, chưa sẵn sàng 25 %"


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


def test_each_state_says_its_reason() -> None:
    """The deciding requirement, the silence, the missing devices, or that all is well."""

    def reason(state: Verdict, silence: Silence | None = None, **more: object) -> str:
        found = overview.main_reason(verdict_of("u", state, NOW - 2 * HOUR, silence, **more), NOW, "vi")
        return " ".join(part for part in (found.what, found.value, found.need) if part)

    assert reason(NOT) == "Độ trễ tới hệ thống bắt buộc 182,5 ms ≤ 100 ms"
    assert reason(READY) == "Mọi yêu cầu đều đạt"
    assert reason(UNKNOWN, expected=7, reporting=3) == "3/7 thiết bị báo cáo"
    assert reason(UNKNOWN, Silence.LOST_CONTACT) == "tin cuối 2 giờ trước"
    assert reason(UNKNOWN, Silence.NEVER_ENROLLED) == "chưa có thiết bị nào"


def test_faces_are_ranked_as_they_are_listed() -> None:
    """Filter, legend and order agree."""
    assert [face.rank for face in FACES.values()] == list(range(7))
    assert of_unit(verdict_of("u", UNKNOWN, NOW, Silence.NO_DATA)).key == "no_data"
