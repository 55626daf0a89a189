"""What is known of a PC, and what of it may be believed: placeholders, impossible dates and shared ids are not."""

from __future__ import annotations

import datetime
import re

from msgspec import Struct

YEAR = 365.2425 * 86400
_EARLIEST = 946857600  # 2000-01-03: before lie the dates that firmware shows when its battery or its maker failed
_CLOCK_SET = 1704067200  # 2024-01-01: a device that believes to live earlier cannot tell an age
_PLACEHOLDERS = re.compile(
    r"to be filled by o\.?e\.?m\.?|system (manufacturer|product name|version)|base ?board (manufacturer|product name)"
    r"|default string|all series|not (applicable|specified|available)|o\.?e\.?m\.?|none|null|n/?a|unknown|undefined"
    r"|invalid|empty|type1productconfigid|[0x.\- *]*|0?123456789[0-9a-f]*",
    re.I,
)
_VIRTUAL = re.compile(
    r"qemu|kvm|vmware|virtualbox|innotek|xen\b|bochs|parallels|virtual machine|hvm domu|amazon ec2", re.I
)
# Makers that left the id as the board's supplier delivered it.
_SHARED_IDS = frozenset(
    text.replace("-", "")
    for text in (
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "11111111-2222-3333-4444-555555555555",
        "4c4c4544-0000-2010-8020-80c04f202020",
        "6ab5b300-538d-1014-9fb5-b0684d007b53",
    )
)


class Machine(Struct, frozen=True, kw_only=True):
    """A PC as its system describes it; None is unknown. Sizes in bytes, ``firmware_date`` as ``2018-05-11``.

    ``memory_bytes`` is what the system may use: what the firmware keeps for itself is not in it. ``disk_kind`` and
    ``disk_bytes`` are of the disk that holds the system, ``volume`` its file system.
    """

    os_name: str | None = None
    os_version: str | None = None
    os_build: str | None = None
    kernel: str | None = None
    architecture: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware_date: str | None = None
    firmware_version: str | None = None
    virtual: bool | None = None
    shared_hardware_id: bool | None = None
    cpu_model: str | None = None
    cpu_cores: int | None = None
    cpu_threads: int | None = None
    memory_bytes: int | None = None
    memory_available: int | None = None
    swap_bytes: int | None = None
    swap_free: int | None = None
    disk_kind: str | None = None
    disk_bytes: int | None = None
    volume_bytes: int | None = None
    volume_free: int | None = None
    load: float | None = None


class Age(Struct, frozen=True):
    """How long ago the firmware was made, seconds, or why nobody knows. New firmware makes an old PC look younger:
    the PC is at least this old."""

    seconds: float | None
    source: str


def age(firmware_date: str | None, virtual: bool | None, now: float) -> Age:
    """The age at `now` (epoch seconds). ``source`` is ``firmware_date``, or why there is none: ``virtual_machine``,
    ``no_firmware_date``, ``implausible_firmware_date``, ``implausible_clock``."""
    if virtual:
        return Age(None, "virtual_machine")
    if not firmware_date:
        return Age(None, "no_firmware_date")
    made = datetime.datetime.fromisoformat(firmware_date).replace(tzinfo=datetime.UTC).timestamp()
    if now < _CLOCK_SET:
        return Age(None, "implausible_clock")
    if not _EARLIEST <= made <= now + 86400:
        return Age(None, "implausible_firmware_date")
    return Age(max(0.0, now - made), "firmware_date")


def date(text: str | None) -> str | None:
    """``05/11/2018``, month first as SMBIOS writes it, as ``2018-05-11``; None when it is no date."""
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})", (text or "").strip())
    if not found:
        return None
    month, day, year = (int(part) for part in found.groups())
    try:
        return datetime.date(year if year > 99 else 1900 + year, month, day).isoformat()
    except ValueError:
        return None


def meaningful(text: str | None) -> str | None:
    """`text` printable and at most 128 characters, or None when it is a placeholder that its maker forgot."""
    clean = " ".join(re.sub(r"[\x00-\x20\x7f-\x9f\ufffd]+", " ", text or "").split())[:128]
    return None if not clean or _PLACEHOLDERS.fullmatch(clean) else clean


def first(*texts: str | None) -> str | None:
    """The first meaningful one."""
    return next((found for text in texts if (found := meaningful(text))), None)


def is_virtual(*texts: str | None) -> bool:
    """Whether maker, model or disk names say that there is no real machine."""
    return any(_VIRTUAL.search(text) for text in texts if text)


def is_shared_id(text: str | None) -> bool | None:
    """Whether a hardware UUID is one that many PCs carry, and so identifies nobody. None when it cannot be read.

    The id itself is compared here and goes nowhere.
    """
    digits = re.sub(r"[^0-9a-f]", "", (text or "").lower())
    if not digits:
        return None
    return len(set(digits)) <= 2 or digits in _SHARED_IDS
