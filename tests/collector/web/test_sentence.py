"""The sentence of the first page, and each unit's one reason."""

from __future__ import annotations

import pytest

from collector.readiness.model import Silence, UnitVerdict, Verdict
from collector.web import sentence
from tests.collector.web.fakes import DAY, HOUR, NOW, verdict_of


def verdicts(*states: Verdict) -> dict[str, UnitVerdict]:
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
        said = sentence.sentence(verdicts(*states), before, lang)
        assert said.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_units_nobody_has_enrolled_are_not_called_unknown() -> None:
    """In a pilot of one ward the other 167 are work to do, not a fault."""
    never = verdict_of("v", UNKNOWN, NOW, Silence.NEVER_ENROLLED)
    said = sentence.sentence({"u": verdict_of("u", READY, NOW), "v": never}, None, "vi")
    assert said.replace("\N{NO-BREAK SPACE}", " ") == "1/2 sẵn sàng; 1 chưa đăng ký thiết bị."


def test_each_state_says_its_reason() -> None:
    """The deciding requirement, the silence, the missing devices, or that all is well."""

    def reason(state: Verdict, silence: Silence | None = None, **more: object) -> str:
        found = sentence.main_reason(verdict_of("u", state, NOW - 2 * HOUR, silence, **more), NOW, "vi")
        return " ".join(part for part in (found.what, found.value, found.need) if part)

    assert reason(NOT) == "Độ trễ tới hệ thống bắt buộc 182,5 ms ≤ 100 ms"
    assert reason(READY) == "Mọi yêu cầu đều đạt"
    assert reason(UNKNOWN, expected=7, reporting=3) == "3/7 thiết bị báo cáo"
    assert reason(UNKNOWN, Silence.LOST_CONTACT) == "tin cuối 2 giờ trước"
    assert reason(UNKNOWN, Silence.NEVER_ENROLLED) == "chưa có thiết bị nào"


def shut(known: Verdict | None) -> UnitVerdict:
    return verdict_of("c", UNKNOWN, NOW - 2 * HOUR, Silence.OFFICE_CLOSED, known=known)


@pytest.mark.parametrize(
    ("before", "vi", "en"),
    [
        (
            None,
            "1/4 sẵn sàng; 1 chưa sẵn sàng; 2 ngoài giờ, lúc đóng cửa 1 sẵn sàng.",
            "1/4 ready; 1 not ready; 2 closed, 1 ready when they closed.",
        ),
        (
            1,
            "1/4 sẵn sàng; 1 chưa sẵn sàng; 2 ngoài giờ, lúc đóng cửa 1 sẵn sàng; cả hai cộng lại +1 so với hôm qua.",
            "1/4 ready; 1 not ready; 2 closed, 1 ready when they closed; both together +1 since yesterday.",
        ),
    ],
)
def test_closed_offices_are_counted_apart(before: int | None, vi: str, en: str) -> None:
    """Neither ready nor unknown: what they were when they closed."""
    told = verdicts(READY, NOT) | {"c": shut(READY), "d": shut(NOT)}
    for lang, expected in (("vi", vi), ("en", en)):
        assert sentence.sentence(told, before, lang).replace("\N{NO-BREAK SPACE}", " ") == expected


def test_a_closed_office_says_what_it_was() -> None:
    """And when that is not known, when it was heard last."""
    assert sentence.main_reason(shut(NOT), NOW, "vi").what == "lúc đóng cửa: chưa sẵn sàng"
    assert sentence.main_reason(shut(NOT), NOW, "en").what == "when it closed: not ready"
    assert sentence.main_reason(shut(None), NOW, "vi").what == "tin cuối 2 giờ trước"


def test_lateness_hides_no_reason() -> None:
    """What was last said still speaks for the present."""
    late = verdict_of("u", NOT, NOW - HOUR, silence=None, last_seen=NOW - 1000)
    late.silence = Silence.LATE
    assert sentence.main_reason(late, NOW, "vi").value == "182,5 ms"
