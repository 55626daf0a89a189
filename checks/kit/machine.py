"""What is known of a PC, and what of it may be believed: placeholders, impossible dates and shared ids are not."""

from __future__ import annotations

import datetime
import re

from msgspec import Struct

from checks.kit.edid import Screen

_PLACEHOLDERS = re.compile(
    r"to be filled by o\.?e\.?m\.?|system (manufacturer|product name|version|name|serial number)|product name"
    r"|base ?board (manufacturer|product name|serial number)|default[ _]string|all series|o\.?e\.?m\.?(_serial)?"
    r"|not( (applicable|specified|available))?|none|\(?null( string)?\)?|n/?a|unknown?|undefined|invalid|empty|eval"
    r"|standard|type1productconfigid|systemserialnumb|serial number x+|[0x.\- *]*|n{3,}|1{5,}"
    r"|((sys|sn|mb)-)?0?1234567?8?9?[0-9a-z]*|sys-9876543210|iatpass|tulip computers",
    re.I,
)
_VIRTUAL = re.compile(
    r"qemu|kvm|vmware|virtualbox|innotek|xen\b|bochs|parallels|virtual machine|hvm domu|amazon ec2", re.I
)
# Ids that makers left as the board's supplier delivered them: those that GLPI (src/Blacklist.php) and FusionInventory
# (its table of blacklists) refuse, and those that inventories of others found on many PCs. Ids of one or two different
# digits need no entry.
_SHARED_IDS = frozenset(
    text.replace("-", "")
    for text in (
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "01020304-0506-0708-090a-0b0c0d0e0f10",
        "12345678-1234-1234-1234-123456789abc",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "12345678-1234-5678-1234-567812345678",
        "01234567-89ab-cdef-0123-456789abcdef",
        "deadbeef-dead-beef-dead-beefdeadbeef",
        "11111111-2222-3333-4444-555555555555",
        "4c4c4544-0000-2010-8020-80c04f202020",
        "6ab5b300-538d-1014-9fb5-b0684d007b53",
    )
)


class Machine(Struct, frozen=True, kw_only=True):
    """A PC as its system describes it; None is unknown. Sizes in bytes, ``firmware_date`` as ``2018-05-11``.

    ``memory_bytes`` is what the system may use: what the firmware keeps for itself is not in it. ``disk_kind`` and
    ``disk_bytes`` are of the disk that holds the system, ``volume`` its file system. ``disks`` are those inside the PC
    as smartctl names them, ``power_on_hours`` what the longest used of them tells where the system itself passes it on.
    ``system_dates`` are the installations, epoch seconds; ``screen`` is the largest of ``screen_count``.
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
    memory_slots: int | None = None
    memory_slots_used: int | None = None
    screen: Screen | None = None
    screen_count: int | None = None
    disks: tuple[str, ...] = ()
    power_on_hours: int | None = None
    system_dates: tuple[float, ...] = ()


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
    """Whether a hardware UUID is one that many PCs carry, or no UUID at all, and so identifies nobody. None when it
    cannot be read.

    The id itself is compared here and goes nowhere.
    """
    clean = (text or "").strip()
    if not clean:
        return None
    digits = re.sub(r"[{}\-\s]", "", clean.lower())
    return not re.fullmatch(r"[0-9a-f]{32}", digits) or len(set(digits)) <= 2 or digits in _SHARED_IDS
