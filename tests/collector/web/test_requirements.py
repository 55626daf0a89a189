"""The requirement table: evidence, the rest that is ready, waivers, and when it failed first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from collector.readiness.model import Evidence, RequirementState, Transition, Verdict
from collector.readiness.text import ZONE
from collector.web import requirements
from collector.web.requirements import RequirementRow, Shown
from tests.collector.web.fakes import DAY, DEVICE, HOUR, NOW, XOM_CHIEU, requirement, verdict_of
from tests.collector.web.troubled import APPROVAL, WAIVER, small_memory

START = NOW - 7 * DAY
NOT, RISK, READY = Verdict.NOT_READY, Verdict.AT_RISK, Verdict.READY


def shown(lang: str = "vi", now: int = NOW) -> Shown:
    return Shown({DEVICE: "Quầy 3"}, {"dvcqg": "Cổng"}, now, lang, ZONE)


def row(need: RequirementState, *changes: tuple[int, str, str], lang: str = "vi", now: int = NOW) -> RequirementRow:
    history = [
        Transition(unit=XOM_CHIEU, subject=f"requirement:{need.id}", at=at, old=old, new=new)
        for at, old, new in changes
    ]
    verdict = verdict_of(XOM_CHIEU, NOT, NOW, requirements=[need], waivers=[WAIVER, APPROVAL])
    return requirements.rows(verdict, history, START, shown(lang, now))[0]


@pytest.mark.parametrize(
    ("ready", "target", "vi", "en"),
    [
        (47, "", "46 máy khác đạt", "46 other PCs are ready"),
        (2, "", "1 máy khác đạt", "1 other PC is ready"),
        (47, "dvcqg", "46 kết quả khác đạt", "46 other results are ready"),
        (2, "dvcqg", "1 kết quả khác đạt", "1 other result is ready"),
    ],
)
def test_the_ready_ones_are_counted_not_listed(ready: int, target: str, vi: str, en: str) -> None:
    """But for the worst of them, which is there to compare with."""
    need = small_memory(requirement("memory", RISK, NOW))
    need.evidence = [replace(part, target=target) for part in need.evidence]
    need.counts = {RISK: 1, READY: ready}
    assert row(need).rest == [vi]
    assert row(need, lang="en").rest == [en]


def test_nothing_is_said_of_a_rest_that_is_not_there() -> None:
    """All that is ready is listed, or nothing counted it."""
    need = small_memory(requirement("memory", RISK, NOW))
    for counts in ({RISK: 1, READY: 1}, {}):
        need.counts = counts
        assert row(need).rest == []


def test_a_kind_of_device_is_called_by_its_word() -> None:
    """Where each role is judged by itself; of a part, what it is called stays."""
    need = requirement("memory", NOT, NOW, evidence=[
        Evidence(subject="", part="pc", state=NOT, value=50.0, target="dvcqg"),
        Evidence(subject="", part="chain", state=NOT),
    ])  # fmt: skip
    assert [part.subject for part in row(need).evidence] == ["máy trạm → Cổng", "chain"]
    assert [part.subject for part in row(need, lang="en").evidence] == ["PC → Cổng", "chain"]


def test_one_is_told_in_the_singular() -> None:
    need = requirement("memory", READY, NOW, samples=1, coverage=1.0)
    assert (row(need, lang="en").samples, row(need).samples) == ("1 sample, 100 % of devices", "1 mẫu, 100 % thiết bị")
    need = requirement("memory", READY, NOW, samples=1000, coverage=1.0)
    assert row(need, lang="en").samples == "1,000 samples, 100 % of devices"


def test_evidence_without_end_is_cut_and_counted() -> None:
    """Fifty PCs times ten systems would fill the page."""
    bad = [Evidence(subject=f"d{n}", state=NOT, value=1.0, target="dvcqg") for n in range(500)]
    found = row(requirement("reach", NOT, NOW, evidence=bad, counts={NOT: 500}))
    assert (len(found.evidence), found.rest) == (40, ["và 460 kết quả chưa đạt nữa"])
    assert found.evidence[0].subject == "d0 → Cổng"


def test_a_part_is_named_in_its_evidence() -> None:
    """Of a role, or of one of several things that are wanted together."""
    found = row(requirement("reach", NOT, NOW, evidence=[Evidence(subject="", state=NOT, part="kiosk")]))
    assert found.evidence[0].subject == "kiosk"


def test_a_waiver_says_why_by_whom_and_for_how_long() -> None:
    """And whether it is what counts."""
    need = requirement("age", RISK, NOW, value=6.4, unit="years", waiver="w1")
    (note,) = row(need).notes
    assert (note.word, note.counts) == ("miễn trừ", True)
    assert note.said == "Đã có quyết định thay máy, gói thầu tháng 12 — nguyen.van.an, đến 30/11/2026 (còn 9 ngày)"
    (note,) = row(requirement("disk", READY, NOW), lang="en").notes
    assert (note.word, note.counts) == ("confirmed on site", False)
    assert note.said == "Kỹ thuật viên đã mở máy kiểm tra ổ SSD - tran.thi.binh, until 21/11/2026 (5 h left)"


@pytest.mark.parametrize(
    ("before", "vi"),
    [(9 * DAY, "còn 9 ngày"), (DAY, "còn 1 ngày"), (DAY - 1, "còn 23 giờ"), (1, "còn 1 giờ"), (0, "đã hết hạn")],
)
def test_days_then_hours_are_left(before: int, vi: str) -> None:
    """The last day counts by the hour."""
    assert requirements.left(WAIVER, WAIVER.expires_at - before, "vi") == vi


def test_trouble_that_is_older_than_its_state_says_so() -> None:
    """Not ready, then at risk: it failed first before it got a little better."""
    need = requirement("rtt", RISK, NOW - HOUR)
    past = row(need, (START, "", "ready"), (NOW - DAY, "ready", "not_ready"), (NOW - HOUR, "not_ready", "at_risk")).past
    assert past == requirements.Past(NOW - DAY, NOW - DAY)


def test_what_since_tells_already_is_not_told_again() -> None:
    """Ready until it failed, once."""
    need = requirement("rtt", NOT, NOW - HOUR)
    assert row(need, (START, "", "ready"), (NOW - HOUR, "ready", "not_ready")).past is None
    assert row(requirement("rtt", READY, NOW - HOUR), (NOW - HOUR, "not_ready", "ready")).past is None
    assert row(need).past is None


def test_a_whole_week_of_trouble_is_called_that() -> None:
    """No last ready within what is looked at."""
    past = row(requirement("rtt", NOT, START - DAY), (START - DAY, "ready", "not_ready")).past
    assert past is not None
    assert past.last_ready is None
