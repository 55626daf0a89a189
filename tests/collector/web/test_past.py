"""The instant that an address asks for."""

from __future__ import annotations

import pytest

from collector.readiness.text import ZONE
from collector.web.past import moment
from tests.collector.web.fakes import NOW, SECOND

EIGHT = 1_795_136_400 * SECOND  # 20/11/2026 08:00 in Ho Chi Minh City


@pytest.mark.parametrize("asked", ["2026-11-20T08:00", " 2026-11-20 08:00:00", "2026-11-20T01:00Z"])
def test_an_instant_is_local_unless_it_says_otherwise(asked: str) -> None:
    """As the field of the page writes it, and as people type it."""
    then = moment(asked, NOW, "vi", ZONE)
    assert (then.at, then.field, then.said, then.wrong) == (EIGHT, "2026-11-20T08:00", "08:00 20/11/2026", "")


@pytest.mark.parametrize(
    ("asked", "vi", "en"),
    [
        (
            "hôm qua",
            "Không hiểu thời điểm “hôm qua”: viết như 2026-11-20T08:00.",
            "The time “hôm qua” is not understood: write it like 2026-11-20T08:00.",
        ),
        ("2026-11-22T08:00", "Thời điểm 08:00 22/11/2026 còn ở tương lai.", "08:00 22/11/2026 is still in the future."),
    ],
)
def test_what_is_no_past_is_the_present_and_says_so(asked: str, vi: str, en: str) -> None:
    """An address may be cut, or mistyped."""
    for lang, said in (("vi", vi), ("en", en)):
        then = moment(asked, NOW, lang, ZONE)
        assert (then.at, then.field, then.wrong) == (None, "2026-11-21T09:32", said)


@pytest.mark.parametrize("asked", ["0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "x" * 5000, "1e9"])
def test_no_address_breaks_the_page(asked: str) -> None:
    """The ends of the calendar included."""
    then = moment(asked, NOW, "vi", ZONE)
    assert then.at is None or then.at < NOW
    assert len(then.wrong) < 200


def test_without_a_question_it_is_now() -> None:
    """The field still shows a value to begin from."""
    then = moment("", NOW, "vi", ZONE)
    assert (then.at, then.field, then.wrong) == (None, "2026-11-21T09:32", "")
