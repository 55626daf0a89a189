"""What a receiver's answer means: taken, refused for what is in it, or to be tried again."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from msgspec import Struct

from collector import words

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
LONGEST_WISH = 3600.0
"""Seconds: the first pause after a failure at most, any pause at most, what a receiver's wish may come to."""
FAILURES = tuple(words.FAILURES)
"""Why a request is to be tried again. Closed: exported as a label."""
DROPS = tuple(words.DROPS)
"""Why a sample is sent no more. Closed: exported as a label."""
LOUD = frozenset({"tls", "credentials", "unauthorised", "not_found", "redirected", "rejected"})
"""What passes only when somebody changes something."""
TOO_OLD = "too_old"
_SPLIT = frozenset({400, 409, 413, 422, 500})
"""Statuses with which receivers refuse a request for some of its samples; 409 is Thanos', 500 Prometheus 2.42's."""
_TEXTS = (
    (TOO_OLD, ("too old", "too-old", "out of bounds", "too far in the past")),
    ("duplicate", ("duplicate sample", "duplicate-timestamp", "same timestamp")),
    ("out_of_order", ("out of order", "out-of-order")),
)


class Fate(enum.Enum):
    """What is to be done with the samples of a request."""

    TAKEN = enum.auto()
    REFUSED = enum.auto()  # some of them are at fault
    HELD = enum.auto()  # none is, as far as known


class Answer(Struct, frozen=True):
    """An answer, or that none came. ``reason`` is one of DROPS (refused) or FAILURES (held), ``wait`` the seconds that
    the receiver asks for, ``code`` its HTTP status (0: none came), ``detail`` what it said, on one line."""

    fate: Fate
    reason: str = ""
    detail: str = ""
    wait: float = 0.0
    code: int = 0


def read(status: int, text: str, retry_after: str, now: float) -> Answer:
    """What `status` with the body `text` and the header `retry_after` means at `now` (epoch seconds)."""
    if 200 <= status < 300:
        return Answer(Fate.TAKEN, code=status)
    detail = " ".join(text.split())[:200]
    reason = _refusal(status, text.lower())
    if reason:
        return Answer(Fate.REFUSED, reason, detail, code=status)
    return Answer(Fate.HELD, _failure(status), detail, _wish(retry_after, now), status)


def _refusal(status: int, text: str) -> str:
    """Which drop a refusal is; empty where the request is to be tried again as it is."""
    if status not in _SPLIT:
        return ""
    for reason, signs in _TEXTS:
        if any(sign in text for sign in signs):
            return reason
    if status == 413:
        return "too_large"
    return "" if status == 500 else "refused"


def _failure(status: int) -> str:
    if status in (401, 403):
        return "unauthorised"
    if status in (404, 405):
        return "not_found"
    if status in (408, 429):
        return "throttled"
    if 300 <= status < 400:
        return "redirected"
    return "unavailable" if status >= 500 else "rejected"


def _wish(retry_after: str, now: float) -> float:
    """The header ``Retry-After`` in seconds: a number of them, or an HTTP date (RFC 9110, 10.2.3)."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WISH)
    try:
        wish = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return 0.0
    return min(max(0.0, wish), LONGEST_WISH)


def pause(failures: int, wish: float, chance: Callable[[], float]) -> float:
    """Seconds until the next try after so many `failures` on end (≥ 1): full jitter, no less than the receiver wants.
    `chance` gives 0 ≤ x < 1."""
    most = min(LONGEST_PAUSE, FIRST_PAUSE * math.ldexp(1.0, min(failures - 1, 16)))
    return max(wish, chance() * most)
