"""What a unit page and a device page put together."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
import pytest

from checks.kit.model import Outcome
from collector.web import device as device_page
from collector.web import unit as unit_page
from collector.web.contact import Silences
from tests.collector.web.checks import CHECKS
from tests.collector.web.fakes import (
    DAY,
    DEVICE,
    HOUR,
    NOW,
    SECOND,
    XOM_CHIEU,
    city,
    device,
    result,
)

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def test_days_begin_at_midnight_of_the_locality() -> None:
    """Seven of them, today last."""
    days = unit_page.days_until(NOW, HANOI)
    assert [label for _, label in days] == ["15/11", "16/11", "17/11", "18/11", "19/11", "20/11", "21/11"]
    assert all((at // SECOND + 7 * 3600) % 86_400 == 0 for at, _ in days)


async def test_what_to_do_leads_with_what_decides() -> None:
    """Only what is not met, and only with a remedy to name."""
    view = await unit_page.build(city(), XOM_CHIEU, NOW, "vi", HANOI, Silences())
    assert [(item.title, item.procure) for item in view.todo] == [
        ("Độ trễ tới hệ thống bắt buộc", "đường truyền dự phòng của nhà cung cấp khác")
    ]


async def test_a_requirement_carries_its_evidence() -> None:
    """Value, need, samples and share of devices, and who measured what, with a way there."""
    view = await unit_page.build(city(), XOM_CHIEU, NOW, "vi", HANOI, Silences())
    reach, rtt, *_, age = view.requirements
    assert (rtt.value, rtt.needed, rtt.samples) == ("182,5 ms", "≤ 100 ms", "1.896 mẫu, 100 % thiết bị")
    assert [(part.subject, part.href, part.value) for part in reach.evidence] == [
        ("Quầy 3 → Cổng Dịch vụ công quốc gia", f"/devices/{DEVICE}", "99,7 %"),
        ("Quầy 3 → Cổng 1022", f"/devices/{DEVICE}", "100 %"),
    ]
    assert (age.value, age.why, age.face.key) == ("—", "thiết bị không cho biết giá trị", "unknown")


async def test_the_timeline_has_the_verdict_and_every_requirement() -> None:
    """One line each, the verdict first, in both widths."""
    view = await unit_page.build(city(), XOM_CHIEU, NOW, "vi", HANOI, Silences())
    for drawing in (view.wide, view.narrow):
        assert str(drawing).index("Kết luận") < str(drawing).index("Tuổi máy trạm")


async def test_failing_checks_come_first() -> None:
    """With the reason and what to do, and the numbers in units that people use."""
    view = await device_page.build(city(), device(), CHECKS, NOW, "vi", HANOI, Silences())
    assert [(row.title, row.target, row.outcome) for row in view.results] == [
        ("Truy cập hệ thống", "Cổng 1022", "hỏng"),
        ("Truy cập hệ thống", "Cổng Dịch vụ công quốc gia", "hoạt động"),
        ("Cấu hình máy", "", "hoạt động"),
    ]
    assert view.results[0].reason
    assert view.results[0].hint
    assert (view.age, view.age_why, view.clock) == ("6,4 năm", "theo ngày của firmware", "chậm 1,8 giây")


async def test_an_unknown_age_says_why() -> None:
    """In the check's own words, and a reason of a newer agent as it came."""
    pc = device()
    facts = pc.results["device", ""].facts
    for source, said in (("virtual_machine", "(máy ảo)"), ("newer", "(newer)"), (7, "")):
        facts.update(age_years=None, age_source=source)
        view = await device_page.build(city(), pc, CHECKS, NOW, "vi", HANOI, Silences())
        assert (view.age, view.age_why) == ("không rõ", said)


async def test_a_newer_agents_words_are_shown_as_they_came() -> None:
    """An unknown check, metric or reason is no error."""
    odd = result("quantum", "t9", Outcome.FAILED, "entangled", facts={"spin": None})
    view = await device_page.build(
        city(),
        msgspec.structs.replace(device(), results={("quantum", "t9"): odd}),
        CHECKS,
        NOW,
        "vi",
        HANOI,
        Silences(),
    )
    assert [(row.title, row.target, row.reason) for row in view.results] == [("quantum", "t9", "entangled")]
    assert [(line.title, line.parts) for line in view.results[0].lines] == [("Không rõ", [("", "spin")])]
    assert view.age == "không rõ"


@pytest.mark.parametrize(
    ("offset", "vi"),
    [(None, "không rõ"), (0.2, "đúng giờ"), (-0.4, "đúng giờ"), (75.0, "nhanh 75 giây"), (-172_800.0, "chậm 2 ngày")],
)
def test_a_clock_is_said_in_words(offset: float | None, vi: str) -> None:
    """Ahead is fast, behind is slow."""
    assert device_page.clock_words(offset, "vi") == vi


def test_history_is_asked_for_seven_days() -> None:
    """The window of the drawing is six full days and today."""
    days = unit_page.days_until(NOW, HANOI)
    assert 6 * DAY <= NOW - days[0][0] < 7 * DAY
    assert days[-1][0] + 24 * HOUR > NOW
