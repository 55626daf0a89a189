"""Five silences of a device, five words, and none of them green."""

from __future__ import annotations

import msgspec
import pytest

from collector.readiness.model import Calendar
from collector.web.contact import Silences, contact_of
from tests.collector.web.fakes import HOUR, NOW, SECOND, device


@pytest.mark.parametrize(
    ("quiet", "status", "key", "word"),
    [
        (60, "active", "ready", "đang báo cáo"),
        (899, "active", "ready", "đang báo cáo"),
        (900, "active", "late", "báo cáo trễ"),
        (1800, "active", "late", "báo cáo trễ"),
        (1801, "active", "lost_contact", "mất kết nối"),
        (86_401, "active", "no_data", "không có dữ liệu"),
        (60, "pending", "unknown", "chờ duyệt"),
        (60, "revoked", "unknown", "đã thu hồi"),
        (60, "something_new", "unknown", "something_new"),
        (None, "active", "never_enrolled", "chưa bao giờ"),
    ],
)
def test_a_device_that_is_not_heard_of_is_never_green(quiet: int | None, status: str, key: str, word: str) -> None:
    """A quarter of an hour, thirty minutes, a day, or never: each has its own word."""
    seen = msgspec.structs.replace(device(), status=status, last_seen=None if quiet is None else NOW - quiet * SECOND)
    face, said = contact_of(seen, NOW, "vi", Silences())
    assert (face.key, said) == (key, word)


@pytest.mark.parametrize(
    ("seen", "role", "key"),
    [
        (NOW - 3 * HOUR, "pc", "office_closed"),
        (NOW - 3 * HOUR, "router", "lost_contact"),
        (NOW - 5 * HOUR, "pc", "lost_contact"),
        (NOW - 30 * HOUR, "pc", "no_data"),
    ],
)
def test_a_pc_that_fell_silent_when_its_office_closed_is_closed(seen: int, role: str, key: str) -> None:
    """A router is never switched off, and who was silent before stays silent by that."""
    closed = Calendar(open=False, since=NOW - 3 * HOUR, closed_at=NOW - 3 * HOUR)
    one = msgspec.structs.replace(device(), role=role, last_seen=seen)
    face, _ = contact_of(one, NOW, "vi", Silences(calendar=lambda _: closed))
    assert face.key == key
    assert face.fill == ""
