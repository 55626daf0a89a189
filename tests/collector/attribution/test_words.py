"""What people read of a finding, word for word."""

from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding
from collector.attribution.owners import Owner, owner, step
from collector.attribution.words import (
    CAUSES,
    SEGMENTS,
    TITLE,
    Names,
    after,
    rows,
    sentence,
    state_word,
    surety,
    title,
    what,
)
from tests.collector.attribution.faults import DAY, HOUR, MINUTE, NOW, UNITS, access, destination, device, lan, provider
from tests.collector.readiness.cities import PORTAL, XOM_CHIEU

NAMES = Names(units={"27259": XOM_CHIEU}, targets={"portal": PORTAL}, devices={"27259-1": "Q01 · Quầy 1"})
CLOCK = device("27259-1", cause=Cause.CLOCK, reason="clock_wrong", confidence=0.97, first=NOW)
SAYS: list[tuple[Finding, str, str]] = [
    (
        CLOCK,
        ("Máy Q01 · Quầy 1 (Phường Xóm Chiếu): sai giờ từ 09:30, tin cậy 97 %. Thuộc trách nhiệm: cán bộ kỹ thuật của "
        "đơn vị. Chỉnh giờ và bật đồng bộ thời gian trên máy; nếu lại sai, thay pin CMOS."),
        ("PC Q01 · Quầy 1 (Phường Xóm Chiếu): wrong clock since 09:30, confidence 97 %. To be mended by: the unit's "
        "technician. Set the clock and switch on its synchronisation; if it is wrong again, replace the CMOS battery."),
    ),
    (
        lan(cause=Cause.POWER, confidence=0.7, also=(Segment.ACCESS,)),
        ("Phường Xóm Chiếu: im cùng lúc, có thể mất điện từ 09:30, 2 máy bị ảnh hưởng, tin cậy 70 %, chưa loại trừ "
        "đường truyền. Thuộc trách nhiệm: điện lực địa phương. Gọi đơn vị hỏi có điện không; nếu mất điện, báo điện "
        "lực và bật nguồn dự phòng; nếu có, xem đường truyền."),
        ("Phường Xóm Chiếu: all silent, maybe no power since 09:30, 2 PCs hit, confidence 70 %, or it is the access "
        "line. To be mended by: the electricity company. Call the unit: without power, tell the electricity company "
        "and use the reserve; with it, look at the line."),
    ),
    (
        access(reason="tcp_timeout", confidence=0.857),
        ("Đường truyền Internet của Phường Xóm Chiếu: không thông từ 09:30 (máy chủ không phản hồi kết nối), 2 máy bị "
        "ảnh hưởng, tin cậy 85 %. Thuộc trách nhiệm: nhà cung cấp đường truyền. Khởi động lại thiết bị đầu cuối; nếu "
        "vẫn lỗi, báo nhà cung cấp kèm giờ bắt đầu."),
        ("The Internet line of Phường Xóm Chiếu: no way through since 09:30 (the server does not take the connection), "
        "2 PCs hit, confidence 85 %. To be mended by: the line's provider. Restart the line's terminal; if it stays, "
        "tell the provider, with the time it began."),
    ),
    (
        provider(cause=Cause.DNS, reason="dns_timeout", confidence=0.999, network="tslcd"),
        ("Mạng của nhà cung cấp VNPT (TSLCD): lỗi DNS từ 09:30 (máy chủ tên miền không trả lời), 3 đơn vị cùng lỗi, "
        "tin cậy 99 %. Thuộc trách nhiệm: nhà cung cấp VNPT. Báo nhà cung cấp: máy chủ tên miền (DNS) của họ không trả "
        "lời; tạm thời dùng DNS khác."),
        ("The network of VNPT (dedicated network): DNS fails since 09:30 (the name server does not answer), 3 units "
        "hit, confidence 99 %. To be mended by: the provider VNPT. Tell the provider that its name server (DNS) does "
        "not answer; use another one for the time being."),
    ),
    (
        destination(cause=Cause.CERTIFICATE, reason="tls_expired", confidence=1.0),
        ("Hệ thống Cổng dịch vụ công: lỗi chứng thư máy chủ từ 09:30 (chứng thư máy chủ hết hạn), 3 đơn vị cùng lỗi, "
        "tin cậy 100 %. Thuộc trách nhiệm: đơn vị quản trị hệ thống. Báo đơn vị quản trị thay chứng thư máy chủ."),
        ("The system Service portal: bad server certificate since 09:30 (the server's certificate has expired), 3 "
        "units hit, confidence 100 %. To be mended by: the system's operator. Tell the operator to renew the server's "
        "certificate."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("finding", "vi", "en"), SAYS, ids=lambda value: getattr(value, "segment", ""))
def test_a_finding_says_where_what_since_when_how_far_whose_and_what_next(finding: Finding, vi: str, en: str) -> None:
    """One line for each language."""
    assert sentence(finding, NAMES, "vi", NOW + HOUR) == vi
    assert sentence(finding, NAMES, "en", NOW + HOUR) == en


def test_a_finding_that_is_over_says_so_and_asks_for_nothing() -> None:
    """When it ended, or what it was a part of; with the day when it is another."""
    over = replace(access(confidence=0.9), cleared_at=NOW + MINUTE)
    assert sentence(over, NAMES, "vi", NOW + DAY) == (
        "Đường truyền Internet của Phường Xóm Chiếu: không thông từ 09:30 ngày 21/11/2026, 2 máy bị ảnh hưởng, tin cậy "
        "90 %. Đã hết lúc 09:31 ngày 21/11/2026."
    )
    assert sentence(over, NAMES, "en", NOW + HOUR).endswith("confidence 90 %. Over at 09:31.")
    merged = replace(over, closed_at=NOW + MINUTE, merged_into="abcd2345")
    assert sentence(merged, NAMES, "vi", NOW).endswith(" Từ 09:31 thuộc về abcd2345.")
    assert sentence(merged, NAMES, "en", NOW).endswith(" Since 09:31 part of abcd2345.")


def test_what_is_not_named_is_shown_by_its_id() -> None:
    """A unit, a system or a PC that is known elsewhere only."""
    assert title(access("99999"), Names(), "en") == "99999: no way through"
    assert title(destination("mail"), Names(), "vi") == "mail: không thông"
    assert title(device("d-1"), Names(), "en") == "d-1: no way through"


def test_titles_fit_where_lines_cannot_be_broken() -> None:
    """At most 40 characters, with enough left for the subject, in both languages and for every cause."""
    long = replace(XOM_CHIEU, name="Đặc khu Côn Đảo và những hòn đảo khác ở rất xa")
    names = Names(units={"27259": long})
    for cause, lang in product(Cause, ("vi", "en")):
        said = title(lan(cause=cause), names, lang)
        assert len(said) <= TITLE
        assert said.partition(":")[0].endswith("…")
        assert len(said.partition(":")[0]) >= 10
        assert said.endswith(what(lan(cause=cause), lang))
    assert title(lan(cause=Cause.DNS), names, "vi") == "Đặc khu Côn Đảo và những hòn đ…: lỗi DNS"


def test_the_command_line_names_the_whole_ward() -> None:
    """Its table breaks long lines; two wards may begin alike."""
    name = "Phường Thới An và những khu phố khác ở rất xa về phía bắc"
    names = Names(units={"27259": replace(XOM_CHIEU, name=name)})
    (row,) = rows([lan(cause=Cause.CAPTIVE_PORTAL)], names, "vi", NOW)
    assert row["title"] == f"{name}: bị trang đăng nhập chặn"


@pytest.mark.parametrize(
    ("noun", "name", "said"),
    [
        ("máy", "Máy văn thư", "văn thư"),
        ("máy", "Quầy 3", "Quầy 3"),
        ("máy", "Máy", "Máy"),
        ("máy", "Máy ", "Máy "),
        ("máy", "máy-1", "máy-1"),
        ("PC", "PC 3", "3"),
        ("PC", "PCs of the hall", "PCs of the hall"),
        ("hệ thống", "Hệ thống quản lý văn bản", "quản lý văn bản"),
        ("hệ thống", "", ""),
    ],
)
def test_a_noun_is_not_said_twice(noun: str, name: str, said: str) -> None:
    """Where the name begins with it; a name that is nothing else stays."""
    assert after(noun, name) == said


def test_a_sentence_does_not_stammer() -> None:
    """ "Máy máy", "Hệ thống hệ thống", "máy ... máy tắt"."""
    stopped = device("27259-1", cause=Cause.AGENT_STOPPED, confidence=0.9)
    clerk = replace(NAMES, devices={"27259-1": "Máy văn thư"})
    assert sentence(stopped, clerk, "vi", NOW).startswith("Máy văn thư (Phường Xóm Chiếu): tắt hoặc dừng đo từ ")
    assert sentence(stopped, clerk, "en", NOW).startswith("PC Máy văn thư (Phường Xóm Chiếu): off or not measuring ")
    documents = replace(PORTAL, title={"vi": "Hệ thống quản lý văn bản", "en": "Document management"})
    named = replace(NAMES, targets={"portal": documents})
    assert sentence(destination(), named, "vi", NOW).startswith("Hệ thống quản lý văn bản: không thông từ ")
    assert sentence(destination(), named, "en", NOW).startswith("The system Document management: no way through ")


def test_every_cause_and_place_has_words_an_owner_and_a_step() -> None:
    """English in ASCII."""
    assert CAUSES.keys() == set(Cause)
    assert SEGMENTS.keys() == set(Segment)
    for cause, segment in product(Cause, Segment):
        finding = Finding(segment=segment, subject="x", cause=cause)
        assert owner(finding) in Owner
        assert step(finding, "vi") != step(finding, "en")
        assert step(finding, "en").isascii()
        assert sentence(finding, Names(), "en", NOW).isascii()


@pytest.mark.parametrize(
    ("finding", "who"),
    [
        (lan(cause=Cause.POWER), Owner.ELECTRICITY),
        (device("d", cause=Cause.POWER), Owner.WARD),
        (lan(cause=Cause.DNS), Owner.WARD),
        (access(), Owner.PROVIDER),
        (provider(), Owner.PROVIDER),
        (destination(), Owner.OPERATOR),
    ],
)
def test_who_can_mend_it_follows_from_where_and_what_it_is(finding: Finding, who: Owner) -> None:
    """Nobody is sent to 102 wards for one provider."""
    assert owner(finding) is who


def test_a_row_for_the_command_line_is_text_throughout() -> None:
    """Id, title, units, since, state, owner and the sentence."""
    (row,) = rows([replace(provider(confidence=0.9), id="abcd2345")], NAMES, "en", NOW)
    assert row.pop("sentence").startswith("The network of VNPT (Internet): no way through since 09:30, 3 units hit")
    assert row == {
        "id": "abcd2345", "title": "VNPT: no way through", "units": "3", "since": "09:30", "state": "present",
        "owner": "the provider VNPT",
    }  # fmt: skip


def test_the_state_of_a_finding_has_a_word() -> None:
    """Present, cleared, closed, merged."""
    present = access(UNITS[0])
    cleared = replace(present, cleared_at=NOW)
    closed = replace(cleared, closed_at=NOW)
    merged = replace(closed, merged_into="abcd2345")
    said = [(state_word(one, "vi"), state_word(one, "en")) for one in (present, cleared, closed, merged)]
    assert said == [
        ("đang xảy ra", "present"), ("đã hết, đang theo dõi", "cleared, being watched"), ("đã đóng", "closed"),
        ("gộp vào abcd2345", "merged into abcd2345"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("confidence", "told"),
    [(0.857, "85 %"), (0.29, "29 %"), (0.9999, "99 %"), (1.0, "100 %"), (0.0, "0 %")],
)
def test_how_sure_a_finding_is_reads_the_same_everywhere(confidence: float, told: str) -> None:
    """Cut, so that only what is certain is called so."""
    finding = access(confidence=confidence)
    assert surety(finding) == told
    assert all(f" {told}." in sentence(finding, NAMES, lang, NOW) for lang in ("vi", "en"))
