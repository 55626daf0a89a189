"""Whether a device is heard from, and what it is called."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from collector.readiness.model import ALWAYS_OPEN, Calendar, DeviceFacts
from collector.readiness.profile import Freshness
from collector.readiness.silence import of_device
from collector.web.faces import FACES, Face
from collector.web.format import SECOND
from collector.web.i18n import has, text


def _always(_: int) -> Calendar:
    return ALWAYS_OPEN


class Silences(Struct, frozen=True):
    """After how many seconds without a result a device has lost contact, has no data, is late; ``calendar`` tells
    where an instant (µs) lies in office hours, ``in_force`` what a profile says of it that was changed since."""

    lost_contact: int = 1800
    no_data: int = 86_400
    late: int = 900
    calendar: Callable[[int], Calendar] = _always
    in_force: Callable[[], Freshness] | None = None

    @property
    def freshness(self) -> Freshness:
        if self.in_force is not None:
            return self.in_force()
        return Freshness(self.lost_contact * SECOND, self.no_data * SECOND, self.late * SECOND)


def device_name(device: DeviceFacts) -> str:
    return device.name or device.id[:8]


def role_of(device: DeviceFacts, lang: str) -> str:
    return text(f"role_{device.role}", lang) if has(f"role_{device.role}") else device.role


def contact_of(device: DeviceFacts, now: int, lang: str, silences: Silences) -> tuple[Face, str]:
    """The face of a device's contact, and the word for it. Only one that reports has the face of what is ready."""
    if device.status != "active":
        return FACES["unknown"], text(device.status, lang) if has(device.status) else device.status
    if device.last_seen is None:
        return FACES["never_enrolled"], text("never", lang)
    silence = of_device(device.role, device.last_seen, silences.calendar(now), silences.freshness, now)
    face = FACES[silence or "ready"]
    return face, face.word(lang) if silence else text("reports", lang)
