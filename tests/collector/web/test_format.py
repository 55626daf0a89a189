"""Numbers, lengths and instants as people read them."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from collector.web import format as fmt

MINUTE = 60 * fmt.SECOND
HANOI = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("value", "unit", "vi"),
    [
        (0.0128, "seconds", ("12,8", "ms")),
        (1.5, "seconds", ("1,5", "giây")),
        (0.0, "seconds", ("0", "giây")),
        (599.0, "seconds", ("599", "giây")),
        (4_714.0, "seconds", ("78,6", "phút")),
        (7_200.0, "seconds", ("2", "giờ")),
        (1_036_800.0, "seconds", ("12", "ngày")),
        (8_589_934_592.0, "bytes", ("8,59", "GB")),
        (512.0, "bytes", ("512", "B")),
        (1500.0, "bytes", ("1.500", "B")),
        (25_000_000.0, "bytes_per_second", ("200", "Mbit/s")),
        (0.98999, "ratio", ("98,99", "%")),
        (0.412, "ratio", ("41,2", "%")),
        (6.4, "years", ("6,4", "năm")),
        (42.0, "celsius", ("42", "°C")),
        (200.0, "", ("200", "")),
    ],
)
def test_a_quantity_takes_a_fitting_unit(value: float, unit: str, vi: tuple[str, str]) -> None:
    """Base units become the ones that people say."""
    assert fmt.quantity(value, unit, "vi") == vi


@pytest.mark.parametrize(
    ("before", "vi", "en"),
    [
        (0, "vừa xong", "just now"),
        (59 * fmt.SECOND, "vừa xong", "just now"),
        (MINUTE, "1 phút trước", "1 min ago"),
        (59 * MINUTE, "59 phút trước", "59 min ago"),
        (60 * MINUTE, "1 giờ trước", "1 h ago"),
        (24 * 60 * MINUTE, "1 ngày trước", "1 d ago"),
        (-2 * MINUTE, "ở tương lai", "in the future"),
    ],
)
def test_how_long_ago(before: int, vi: str, en: str) -> None:
    """One unit is enough; a time to come is said to be one."""
    now = 1_795_228_323 * fmt.SECOND
    assert (fmt.ago(now - before, now, "vi"), fmt.ago(now - before, now, "en")) == (vi, en)


def test_exact_times_are_in_the_locality() -> None:
    """The reader's page says Vietnamese time, the machine-readable one UTC."""
    at = 1_795_228_323 * fmt.SECOND
    assert fmt.exact(at, HANOI) == "21/11/2026 09:32:03"
    assert fmt.iso(at) == "2026-11-21T02:32:03Z"


@pytest.mark.parametrize("at", [2**63 - 1, -(2**63)])
def test_a_clock_beyond_the_calendar_is_shown_as_a_number(at: int) -> None:
    """A device may send any 64-bit time; its page must still open."""
    assert fmt.exact(at, HANOI).endswith(" s")
    assert fmt.iso(at) == ""


def test_scalars_are_shown_as_words_and_numbers() -> None:
    """True is a word, nothing is a dash, text stays."""
    shown = [fmt.scalar(value, "vi") for value in (True, False, None, "ssd", 1234.5)]
    assert shown == ["có", "không", "—", "ssd", fmt.number(1234.5, "vi")]


def test_changes_carry_their_sign() -> None:
    """A minus is a minus, not a hyphen."""
    assert [fmt.signed(n) for n in (4, 0, -4)] == ["+4", "0", "−4"]
