"""Why a unit is silent, word for word."""

from __future__ import annotations

import pytest

from collector.attribution.silent import Sign, Silent, Why
from collector.attribution.words_silent import SIGNS, STEPS, WHYS, sentence, sign_word
from tests.collector.attribution.faults import DAY, HOUR, MINUTE, NOW

SAYS = [
    (
        Silent(cause=Why.POWER_CUT, since=NOW - HOUR, signs=(Sign("ups", at=NOW - HOUR, name="Q01"),), confidence=0.9),
        "Mất điện từ 08:30: bộ lưu điện ở Q01 chạy pin lúc 08:30. Gọi đơn vị, báo điện lực và bật nguồn dự phòng.",
        ("No power since 08:30: the UPS at Q01 ran on battery at 08:30. Call the unit, tell the electricity company, "
        "use the reserve."),
    ),
    (
        Silent(
            cause=Why.LINE_DOWN, since=NOW - DAY,
            signs=(Sign("provider", count=4, of=5, name="VNPT"), Sign("others", count=9, of=9)),
        ),
        ("Mất đường truyền, máy vẫn chạy từ 09:30 ngày 20/11/2026: 4/5 đơn vị khác của VNPT cũng im; 9/9 đơn vị của "
        "nhà cung cấp khác vẫn báo cáo. Báo nhà cung cấp đường truyền kèm giờ bắt đầu."),
        ("The line is down, the PCs run since 09:30 on 20 Nov 2026: 4 of 5 other units of VNPT are silent too; 9 of 9 "
        "units of other providers report. Tell the line's provider, with the time it began."),
    ),
    (
        Silent(cause=Why.OFFICE_CLOSED, since=NOW - HOUR, signs=(Sign("closed", at=NOW - HOUR),)),
        "Ngoài giờ làm việc, máy đã tắt: cơ quan đóng cửa lúc 08:30. Không cần làm gì.",
        "Outside office hours, the PCs are off: the office closed at 08:30. Nothing is to be done.",
    ),
    (
        Silent(cause=Why.NEVER_ENROLLED),
        "Chưa đăng ký thiết bị nào. Tạo mã đăng ký: sansang-collector tokens create --unit 27259 --seats N.",
        "No device was ever enrolled. Make a token: sansang-collector tokens create --unit 27259 --seats N.",
    ),
    (
        Silent(cause=Why.UNKNOWN, since=NOW - HOUR, signs=(Sign("together", count=7, at=NOW - HOUR - MINUTE),)),
        "Chưa rõ vì sao từ 08:30: 7 thiết bị cùng dừng từ 08:29. Gọi đơn vị: có điện không, vào mạng được không.",
        ("Nobody knows why since 08:30: 7 devices stopped together from 08:29 on. Call the unit: is there power, does "
        "the Internet work?"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("silent", "vi", "en"), SAYS, ids=lambda value: getattr(value, "cause", ""))
def test_a_silence_says_why_since_when_by_what_and_what_to_do(silent: Silent, vi: str, en: str) -> None:
    """One line for each language."""
    assert sentence(silent, NOW, "vi", "27259") == vi
    assert sentence(silent, NOW, "en", "27259") == en


def test_every_cause_and_sign_has_words() -> None:
    """English in ASCII, and nothing left to fill in."""
    assert WHYS.keys() == STEPS.keys() == set(Why)
    for what, pair in SIGNS.items():
        sign = Sign(what, count=2, of=3, at=NOW, name="disk_full" if what == "disk" else "Q01")
        vi, en = (sign_word(sign, NOW, lang) for lang in ("vi", "en"))
        assert en.isascii()
        assert vi != en
        assert "{" not in vi + en
        assert pair[0] != pair[1]
    assert all(pair[1].isascii() for pair in (*WHYS.values(), *STEPS.values()))


def test_a_disk_is_named_by_its_trouble() -> None:
    """As the checks call it."""
    assert sign_word(Sign("disk", at=NOW, name="disk_full"), NOW, "en").startswith("its disk: ")
    assert "disk_full" not in sign_word(Sign("disk", at=NOW, name="disk_full"), NOW, "vi")
