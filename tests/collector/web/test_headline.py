"""Verdict, cause, whose fault, what to do: the one sentence of a unit."""

from __future__ import annotations

import uuid

import pytest
from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding
from collector.readiness.model import Evidence, Silence, UnitVerdict, Verdict
from collector.readiness.text import ZONE
from collector.web.headline import explaining, headline
from tests.collector.web.fakes import DEVICE, NOW, SECOND, XOM_CHIEU, city, verdict_of
from tests.collector.web.troubled import finding, provider_fault

SINCE = NOW - 80 * 60 * SECOND
CLERK = str(uuid.UUID(int=98))
FOURTEEN = tuple(str(27259 + n) for n in range(14))


def said(verdict: UnitVerdict, found: list[Finding], lang: str) -> str:
    return headline(verdict, found, city(), lang, ZONE)


def failing() -> UnitVerdict:
    return verdict_of(XOM_CHIEU, Verdict.NOT_READY, SINCE)


BEHIND = {
    "vi": "Chưa sẵn sàng từ 08:12: độ trễ tới hệ thống bắt buộc 182,5 ms (cần ≤ 100 ms) — "
    "Cổng Dịch vụ công quốc gia. Mạng của VNPT không thông — nhà cung cấp VNPT, 14 đơn vị cùng lỗi. "
    "Báo một lần cho nhà cung cấp, kèm danh sách đơn vị; không cần cử người đến từng nơi.",
    "en": "Not ready since 08:12: round trip to mandatory systems 182.5 ms (needs ≤ 100 ms) — "
    "National public service portal. The network of VNPT: no way through; the provider VNPT, "
    "14 units with the same fault. Tell the provider once, with the list of units; nobody need visit them.",
}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_finding_behind_the_verdict_is_told_with_it(lang: str) -> None:
    """Instead of the profile's general remedy."""
    assert said(failing(), [provider_fault(FOURTEEN)], lang) == BEHIND[lang]


@pytest.mark.parametrize(
    ("found", "blamed"),
    [
        (finding(Segment.DEVICE, DEVICE, Cause.OWN_LINK, "d"), "Máy Quầy 3 mất kết nối mạng — cán bộ kỹ thuật"),
        (finding(Segment.DEVICE, CLERK, Cause.AGENT_STOPPED, "d"), "Máy văn thư tắt hoặc dừng đo — cán bộ kỹ thuật"),
        (finding(Segment.LAN, XOM_CHIEU, Cause.SLOW, "l"), "Mạng nội bộ quá chậm — cán bộ"),
        (finding(Segment.ACCESS, XOM_CHIEU, Cause.SLOW, "a"), "Đường truyền quá chậm — nhà cung cấp đường truyền."),
        (
            finding(Segment.ACCESS, XOM_CHIEU, Cause.SLOW, "t", network="tslcd"),
            "Đường truyền mạng TSLCD quá chậm — nhà cung cấp đường truyền.",
        ),
        (finding(Segment.DESTINATION, "dvcqg", Cause.SERVICE, "s"), "Cổng Dịch vụ công quốc gia trả lời lỗi — đơn vị"),
    ],
)
def test_every_segment_is_named_from_the_units_own_page(found: Finding, blamed: str) -> None:
    """What is one's own needs no name, what is shared has one; alone, nobody else is counted."""
    sentence = said(failing(), [found], "vi")
    assert blamed in sentence
    assert "cùng lỗi" not in sentence


@pytest.mark.parametrize(
    ("network", "blamed"),
    [("tslcd", ". The dedicated network line: too slow; the line's"), ("internet", ". The line: too slow; the line's")],
)
def test_a_line_is_named_by_its_network_in_english(network: str, blamed: str) -> None:
    """The Internet's by nothing."""
    slow = finding(Segment.ACCESS, XOM_CHIEU, Cause.SLOW, "t", network=network)
    assert blamed in said(failing(), [slow], "en")


def test_a_silent_unit_says_why_instead_of_what_to_look_at() -> None:
    """The electricity is out: nobody need restart an agent."""
    silent = verdict_of(XOM_CHIEU, Verdict.UNKNOWN, SINCE, Silence.LOST_CONTACT)
    dark = finding(Segment.LAN, XOM_CHIEU, Cause.POWER, "p", reason="power_on_battery", targets=())
    assert said(silent, [dark], "vi").startswith("Mất kết nối từ 08:12: mất điện — điện lực địa phương. Gọi đơn vị")
    assert said(silent, [dark], "en").startswith("Lost contact since 08:12: no power; the electricity company. Call")


def test_a_silent_unit_blames_what_cuts_off_all_of_it() -> None:
    """Not one PC of it, nor what keeps nobody from reporting, however sure that is."""
    silent = verdict_of(XOM_CHIEU, Verdict.UNKNOWN, SINCE, Silence.NO_DATA)
    dark = finding(Segment.LAN, XOM_CHIEU, Cause.POWER, "p", reason="", targets=(), confidence=0.7)
    stopped = finding(Segment.DEVICE, DEVICE, Cause.AGENT_STOPPED, "d", reason="", targets=(), confidence=0.9)
    clock = replace(stopped, id="c", cause=Cause.CLOCK, confidence=0.99)
    dedicated = replace(LINE, id="t", network="tslcd", confidence=0.99)
    assert explaining(silent, [dedicated, clock, DOWN, stopped, dark]) is dark
    assert explaining(silent, [dedicated, clock, DOWN, stopped]) is stopped
    assert explaining(silent, [dedicated, clock, DOWN]) is None
    assert said(silent, [stopped], "vi").startswith("Không có dữ liệu từ 08:12: máy Quầy 3 tắt hoặc dừng đo — cán bộ")


@pytest.mark.parametrize(
    "other",
    [
        finding(Segment.DESTINATION, "t9", Cause.SERVICE, "o", targets=("t9",), reason="http_status"),
        finding(Segment.DEVICE, "elsewhere", Cause.OWN_LINK, "o", devices=("elsewhere",)),
        finding(Segment.DEVICE, DEVICE, Cause.CLOCK, "o", targets=(), reason="clock_wrong"),
    ],
)
def test_a_finding_that_explains_nothing_is_not_blamed(other: Finding) -> None:
    """It is listed below; the verdict keeps its own cause and remedy."""
    assert explaining(failing(), [other]) is None
    assert said(failing(), [other], "vi").endswith("kèm trang này.")


def asked(*evidence: tuple[str, str, str]) -> UnitVerdict:
    """Not ready for these systems, by device ("" for the unit), system and reason."""
    verdict = failing()
    parts = [Evidence(subject=who, state=Verdict.NOT_READY, target=what, reason=why) for who, what, why in evidence]
    verdict.requirements[1] = replace(verdict.requirements[1], evidence=parts)
    return verdict


DNS = finding(Segment.LAN, XOM_CHIEU, Cause.DNS, "l", confidence=0.53, targets=("dvcqg", "1022"), reason="dns_timeout")
DOWN = finding(
    Segment.DESTINATION, "1022", Cause.SERVICE, "s", confidence=0.98, targets=("1022",), reason="http_status"
)
LINE = replace(DNS, id="a", segment=Segment.ACCESS, cause=Cause.UNREACHABLE, reason="tcp_timeout", confidence=0.9)


@pytest.mark.parametrize(
    ("evidence", "blamed"),
    [
        ([("", "dvcqg", "dns_timeout"), ("", "1022", "http_status")], DNS),
        ([("", "1022", "http_status"), ("", "dvcqg", "dns_timeout")], DOWN),
        ([("", "1022", "dns_timeout"), ("", "dvcqg", "dns_timeout")], DNS),
        ([("", "1022", "http_slow"), ("", "dvcqg", "dns_timeout")], DNS),
        ([("", "1022", "http_slow")], DOWN),
    ],
    ids=["its system", "its reason", "its system and reason", "most of the rest", "the surest"],
)
def test_the_finding_told_is_behind_what_the_sentence_names(
    evidence: list[tuple[str, str, str]], blamed: Finding
) -> None:
    """Then the one that explains most; a sure finding about something else is not the cause."""
    for found in ([DOWN, DNS], [DNS, DOWN]):
        assert explaining(asked(*evidence), found) is blamed


def test_one_pc_is_not_blamed_for_what_the_others_suffer_too() -> None:
    """A PC's own fault explains less of the requirement than the line's, however sure it is."""
    own = replace(LINE, id="d", segment=Segment.DEVICE, subject=DEVICE, confidence=0.99)
    verdict = asked(*((who, "1022", "tcp_timeout") for who in ("", DEVICE, "desk-1", "desk-2")))
    line = replace(LINE, devices=(DEVICE, "desk-1", "desk-2"))
    assert explaining(verdict, [own, line]) is line


def test_cause_and_blame_agree() -> None:
    """As in Tây Hồ: its name server does not answer, and one of the systems is down besides."""
    sentence = said(asked(("", "dvcqg", "dns_timeout"), ("", "1022", "http_status")), [DOWN, DNS], "vi")
    assert "Cổng Dịch vụ công quốc gia. Mạng nội bộ lỗi DNS — cán bộ kỹ thuật của đơn vị. " in sentence


def test_the_same_reason_explains_where_no_system_is_named() -> None:
    """A check of the surroundings asks none."""
    verdict = failing()
    verdict.requirements[1] = replace(
        verdict.requirements[1],
        evidence=[Evidence(subject=DEVICE, state=Verdict.NOT_READY, reason="gateway_unreachable")],
    )
    found = finding(Segment.LAN, XOM_CHIEU, Cause.ROUTER, "l", targets=(), reason="gateway_unreachable")
    assert explaining(verdict, [found]) is found


def test_a_ready_unit_blames_nobody_and_a_closed_one_neither() -> None:
    """A finding may hold without deciding anything."""
    fault = provider_fault(FOURTEEN)
    ready = verdict_of(XOM_CHIEU, Verdict.READY, SINCE)
    closed = verdict_of(XOM_CHIEU, Verdict.UNKNOWN, SINCE, Silence.OFFICE_CLOSED)
    assert explaining(ready, [fault]) is None
    assert explaining(closed, [fault]) is None
    assert said(closed, [fault], "vi").startswith("Ngoài giờ từ 08:12: ")


def test_lateness_is_not_the_verdict() -> None:
    """A late unit that is ready is ready; the page says late in a tag beside it."""
    late = verdict_of(XOM_CHIEU, Verdict.READY, SINCE)
    late.silence = Silence.LATE
    assert said(late, [], "vi").startswith("Sẵn sàng từ 08:12: 8/8 thiết bị báo cáo")
