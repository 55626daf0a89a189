"""The words and the sentence that people read."""

from __future__ import annotations

import pytest

from checks.kit.model import Reason, Scalar
from collector.readiness import text, words
from collector.readiness.evaluate import evaluate
from collector.readiness.model import Silence, UnitFacts, UnitVerdict, Verdict
from tests.collector.readiness.cities import (
    DAY,
    HOUR,
    MAIL,
    MINUTE,
    NOW,
    PORTAL,
    XOM_CHIEU,
    failed,
    line,
    median,
    pc,
    profile,
    reach,
    states,
    unit,
)

PROFILE = profile(line("tuổi", name="x", unit="years"), line("tiếp", name="y"))


def said(facts: UnitFacts, lang: str = "vi", now: int = NOW, previous: UnitVerdict | None = None) -> str:
    verdict = evaluate(PROFILE, facts, now, previous)
    return words.headline(verdict, XOM_CHIEU, lang, [PORTAL, MAIL])


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_state_silence_and_reason_has_its_own_word(lang: str) -> None:
    states_ = [words.verdict_word(verdict, lang) for verdict in Verdict]
    silences = [words.silence_word(silence, lang) for silence in Silence]
    assert len({*states_, *silences}) == len(Verdict) + len(Silence)
    reasons = [words.reason_word(reason, lang) for reason in (*Reason, *words.REASONS)]
    assert all(word and word not in set(Reason) for word in reasons)


def test_every_state_and_silence_has_its_own_glyph() -> None:
    glyphs = {*map(words.verdict_glyph, Verdict), *map(words.silence_glyph, Silence)}
    assert len(glyphs) == len(Verdict) + len(Silence)


def test_an_unknown_reason_is_shown_as_it_is() -> None:
    assert words.reason_word("of_a_newer_release", "vi") == "of_a_newer_release"


def test_ready_says_how_many_report() -> None:
    facts = unit(pc("a", states(x=1, y=1)))
    assert said(facts) == "Sẵn sàng từ 09:30: 1/1 thiết bị báo cáo, mọi yêu cầu bắt buộc đều đạt."
    assert said(facts, "en") == "Ready since 09:30: 1 of 1 devices report, every mandatory requirement is met."


def test_not_ready_says_value_need_and_remedy() -> None:
    facts = unit(pc("a", states(x=7.5, y=1)))
    assert said(facts) == "Chưa sẵn sàng từ 09:30: tiêu chí tuổi 7,5 năm (cần ≤ 5 năm). Sửa đi."
    assert said(facts, "en") == "Not ready since 09:30: line tuổi 7.5 years (needs ≤ 5 years). Mend it."


def test_other_faults_are_counted() -> None:
    facts = unit(pc("a", states(x=6, y=7)))
    assert said(facts) == "Có nguy cơ từ 09:30: tiêu chí tuổi 6 năm (cần ≤ 5 năm); và 1 yêu cầu khác. Sửa đi."


def test_the_target_and_the_cause_are_named() -> None:
    verdict = evaluate(profile(reach()), unit(pc("a", failed("portal", "dns_timeout"))), NOW, None)
    assert words.cause(verdict, "vi", [PORTAL]) == (
        "tiêu chí now 0 % (cần ≥ 90 %) — Cổng dịch vụ công: máy chủ tên miền không trả lời"
    )
    assert words.cause(verdict, "en") == "line now 0 % (needs ≥ 90 %) — portal: the name server does not answer"


def test_a_line_without_a_value_says_why() -> None:
    verdict = evaluate(profile(median()), unit(pc("a")), NOW, None)
    assert words.cause(verdict, "vi") == "tiêu chí rtt — chưa có lần đo nào"


def test_too_few_devices_are_named_as_such() -> None:
    facts = unit(pc("a", states(x=1, y=1)), expected=7)
    assert said(facts) == "Chưa đủ dữ liệu từ 09:30: chỉ 1/7 thiết bị báo cáo."
    assert words.cause(evaluate(PROFILE, facts, NOW, None), "en") == "only 1 of 7 devices report"


def test_silence_has_its_own_sentence_and_its_own_beginning() -> None:
    assert said(unit(pc("a", seen=NOW - HOUR))).startswith("Mất kết nối từ 08:30: không thiết bị nào gửi kết quả.")
    assert said(unit(pc("a", seen=NOW - 2 * DAY)), "en").startswith("No data since 09:30 on 19 Nov 2026: ")
    assert said(unit(pc("a", seen=NOW - 2 * DAY))).startswith("Không có dữ liệu từ 09:30 ngày 19/11/2026: ")


def test_lateness_stands_beside_the_verdict() -> None:
    """It takes nothing from it, be it good or bad."""
    late = unit(pc("a", states(x=1, y=1), seen=NOW - 16 * MINUTE))
    assert said(late) == (
        "Sẵn sàng từ 09:30 (báo cáo trễ, lần cuối 09:14): 1/1 thiết bị báo cáo, mọi yêu cầu bắt buộc đều đạt."
    )
    assert said(late, "en") == (
        "Ready since 09:30 (reports come late, the last one at 09:14): 1 of 1 devices report, every mandatory "
        "requirement is met."
    )
    bad = unit(pc("a", states(x=7.5, y=1), seen=NOW - 16 * MINUTE))
    assert said(bad) == (
        "Chưa sẵn sàng từ 09:30 (báo cáo trễ, lần cuối 09:14): tiêu chí tuổi 7,5 năm (cần ≤ 5 năm). Sửa đi."
    )


def test_an_empty_unit_says_how_to_begin() -> None:
    assert said(unit()) == (
        "Chưa đăng ký thiết bị: đơn vị này chưa có thiết bị nào. Tạo mã đăng ký: "
        "sansang-collector tokens create --unit 27259 --seats N."
    )


def test_since_is_when_it_began() -> None:
    good, bad = unit(pc("a", states(x=1, y=1))), unit(pc("a", states(x=9, y=1)))
    first = evaluate(PROFILE, good, NOW, None)
    second = evaluate(PROFILE, bad, NOW + MINUTE, first)
    assert said(bad, now=NOW + 5 * MINUTE, previous=second).startswith("Chưa sẵn sàng từ 09:31: ")


@pytest.mark.parametrize(
    ("value", "unit_", "vi", "en"),
    [
        (1234.5, "", "1.234", "1,234"),
        (234.56, "ms", "234,6 ms", "234.6 ms"),
        (0.05, "s", "0,05 giây", "0.05 s"),
        (98.99999, "%", "98,99 %", "98.99 %"),
        (100.0, "%", "100 %", "100 %"),
        (49.97, "Mbit/s", "49,9 Mbit/s", "49.9 Mbit/s"),
        (9.999, "Mbit/s", "9,99 Mbit/s", "9.99 Mbit/s"),
        (1234.9, "Mbit/s", "1.234 Mbit/s", "1,234 Mbit/s"),
        (100.04, "ms", "100 ms", "100 ms"),
        (-3.2, "days", "-3,2 ngày", "-3.2 days"),
        ("ssd", "", "ssd", "ssd"),
        (None, "ms", "—", "—"),
    ],
)
def test_numbers_are_written_as_the_language_does(value: Scalar, unit_: str, vi: str, en: str) -> None:
    assert (text.quantity(value, unit_, "vi"), text.quantity(value, unit_, "en")) == (vi, en)


@pytest.mark.parametrize(
    ("op", "limit", "unit_", "vi", "en"),
    [
        ("<=", 100.0, "ms", "≤ 100 ms", "≤ 100 ms"),
        (">=", 7.5, "GB", "≥ 7,5 GB", "≥ 7.5 GB"),
        (">", 14.0, "days", "> 14 ngày", "> 14 days"),
        ("==", "ssd", "", "= ssd", "= ssd"),
        (">=", 1500.0, "", "≥ 1.500", "≥ 1,500"),
    ],
)
def test_a_need_is_read_in_either_language(op: str, limit: float | str, unit_: str, vi: str, en: str) -> None:
    """The state carries it the Vietnamese way; English readers get their own."""
    facts = unit(pc("a"))
    state = evaluate(profile(line("x", unit=unit_)), facts, NOW, None).requirements[0]
    state.need = text.need(op, limit, unit_, "vi")
    assert (words.need(state, "vi"), words.need(state, "en")) == (vi, en)
