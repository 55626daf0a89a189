"""Every answer a receiver may give, as the receivers word them."""

from __future__ import annotations

import pytest

from collector.remote import answers
from collector.remote.answers import DROPS, FAILURES, Fate

NOW = 1_795_000_000.0


@pytest.mark.parametrize(
    ("status", "text", "fate", "reason"),
    [
        (204, "", Fate.TAKEN, ""),
        (200, "", Fate.TAKEN, ""),
        (400, "duplicate sample for timestamp\n", Fate.REFUSED, "duplicate"),
        (400, "out of order sample\n", Fate.REFUSED, "out_of_order"),
        (400, "out of bounds\n", Fate.REFUSED, "too_old"),
        (500, "too old sample\n", Fate.REFUSED, "too_old"),
        (400, "the sample has been rejected (err-mimir-sample-timestamp-too-old)", Fate.REFUSED, "too_old"),
        (400, "failed: (err-mimir-sample-duplicate-timestamp)", Fate.REFUSED, "duplicate"),
        (409, "store locally for endpoint: conflict", Fate.REFUSED, "refused"),
        (422, "label name is too long", Fate.REFUSED, "refused"),
        (413, "request entity too large", Fate.REFUSED, "too_large"),
        (500, "write to WAL: no space left on device", Fate.HELD, "unavailable"),
        (502, "too old sample", Fate.HELD, "unavailable"),
        (503, "", Fate.HELD, "unavailable"),
        (429, "the request has been rejected", Fate.HELD, "throttled"),
        (408, "", Fate.HELD, "throttled"),
        (401, "no", Fate.HELD, "unauthorised"),
        (403, "no", Fate.HELD, "unauthorised"),
        (404, "", Fate.HELD, "not_found"),
        (405, "", Fate.HELD, "not_found"),
        (302, "", Fate.HELD, "redirected"),
        (415, "", Fate.HELD, "rejected"),
    ],
)
def test_an_answer_is_told_by_its_status_and_its_words(status: int, text: str, fate: Fate, reason: str) -> None:
    """Refused for a sample, to be tried again, or taken; the reason is one of the closed words."""
    answer = answers.read(status, text, "", NOW)
    assert (answer.fate, answer.reason) == (fate, reason)
    assert answer.reason in ("", *DROPS, *FAILURES)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0), ("120", 120), (" 7 ", 7), ("999999", 3600), ("-5", 0), ("soon", 0), ("1.5", 0), ("٣", 0),
        ("Wed, 18 Nov 2026 11:07:20 GMT", 40), ("Wed, 18 Nov 2026 11:06:00 GMT", 0),
        ("Fri, 99 Nov 2026 11:07:20 GMT", 0),
    ],
)  # fmt: skip
def test_the_receivers_wish_is_seconds_or_a_date(header: str, seconds: float) -> None:
    """Anything else is no wish; none is longer than an hour."""
    assert answers.read(429, "", header, NOW).wait == seconds


def test_pauses_double_under_full_jitter_up_to_five_minutes() -> None:
    """Anything between nothing and the most; never less than the receiver wants."""
    most = [answers.pause(failures, 0, lambda: 1.0) for failures in range(1, 12)]
    assert most == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert answers.pause(5, 0, lambda: 0.25) == 4
    assert answers.pause(3, 60, lambda: 0.0) == 60
    assert answers.pause(10**9, 0, lambda: 1.0) == 300


def test_what_a_receiver_says_is_shown_on_one_line() -> None:
    """And shortened."""
    answer = answers.read(503, "no\nspace " + "x" * 500, "", NOW)
    assert answer.detail.startswith("no space xxx")
    assert len(answer.detail) == 200
