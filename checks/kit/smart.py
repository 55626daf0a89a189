"""What a disk says of its own health, as ``smartctl -j`` (smartmontools 7) tells it.

Only what is named in :class:`Smart` is kept of an answer: no serial number, WWN or firmware id. A disk that hides
behind a RAID controller, a USB bridge or a hypervisor is ``hidden`` and everything about it unknown, never good and
never bad.

Sources: smartctl(8), "EXIT STATUS"; smartmontools' drivedb.h, for the names by which vendors' attributes are told
apart; NVM Express Base Specification 2.0, figure 207 (critical warning, percentage used, media errors).
"""

from __future__ import annotations

import re
import time
from typing import Any, Literal

import msgspec
from msgspec import Struct

PROGRAMS = (
    "/usr/sbin/smartctl",
    "/usr/local/sbin/smartctl",
    r"C:\Program Files\smartmontools\bin\smartctl.exe",
)
MOST_DISKS = 8
_SCAN = 10.0
_ONE_DISK = 15.0
_LONGEST_LIFE = 50 * 8766  # hours; what is more is a counter in other units
_MOST = 2**40

Kind = Literal["ssd", "hdd", "nvme", "unknown"]
Access = Literal["read", "forbidden", "hidden", "silent"]
Method = Literal["smartctl", "missing", "forbidden", "hidden", "silent", "no_disk", "windows"]

FLAGS = (
    "command_line", "not_opened", "command_failed", "failing", "prefail_now", "prefail_past", "error_log", "self_test",
)  # fmt: skip
"""The bits of smartctl's exit status, from the lowest."""
# A vendor's attribute counts as wear only by its id together with the name that smartmontools' database gives it: on
# other disks the same numbers mean temperature or marking errors. Of all these the normalised value is what is left,
# in percent: 177 Samsung; 231 Kingston, Phison, SandForce; 233 Intel; 202 Crucial, Micron.
_WEAR = {
    177: re.compile(r"wear_leveling_count", re.I),
    202: re.compile(r"perc\w*_lifetime_(remain\w*|used)", re.I),
    231: re.compile(r"ssd_life_left", re.I),
    233: re.compile(r"media_wearout_indicator", re.I),
}
_REALLOCATED, _REPORTED, _PENDING, _OFFLINE = 5, 187, 197, 198
_HOT_ONLY = 0b10  # critical warning: the temperature, which is no damage
_NOT_THE_DISK = re.compile(
    r"qemu|vbox|vmware|virtual|msft|logical volume|perc|megaraid|smart array|raid|xen|google persistent", re.I
)


class Smart(Struct, frozen=True, kw_only=True):
    """A disk. ``wear_ratio`` is the used part of its endurance, 0 to 1 (past 1 where the disk says so); ``temperature``
    is in °C, ``size`` in bytes; ``reallocated``, ``pending`` and ``uncorrectable`` count sectors, of NVMe disks media
    errors. ``flags`` are smartctl's (FLAGS)."""

    kind: Kind = "unknown"
    access: Access = "read"
    health: bool | None = None
    power_on_hours: int | None = None
    wear_ratio: float | None = None
    reallocated: int | None = None
    pending: int | None = None
    uncorrectable: int | None = None
    temperature: int | None = None
    model: str | None = None
    size: int | None = None
    flags: tuple[str, ...] = ()
    device: str = ""


class Survey(Struct, frozen=True):
    """The disks, and how they were read: ``smartctl`` when at least one answered, otherwise why none did."""

    method: Method
    disks: tuple[Smart, ...] = ()


def read(seconds: float) -> tuple[Smart, ...]:
    """The disks of this PC that smartctl finds, within `seconds`; none without smartctl. It needs root to be answered,
    and runs where the check runs: in a child."""
    return survey(seconds).disks


def survey(seconds: float) -> Survey:
    """As :func:`read`, with the method. A disk that does not answer in time is ``silent``, and the last one asked:
    whatever it hangs on, the others would wait for as well."""
    import os

    program = next((path for path in PROGRAMS if os.access(path, os.X_OK)), None)
    if program is None:
        return Survey("missing")
    until = time.monotonic() + seconds
    listed = _ask([program, "--scan-open", "-j"], min(seconds, _SCAN))
    disks: list[Smart] = []
    for name, kind in parse_scan(listed or "")[:MOST_DISKS]:
        left = min(_ONE_DISK, until - time.monotonic())
        text = _ask([program, "-j", "-a", "-d", kind, name], left) if left > 0 else None
        found = parse(text) if text is not None else Smart(access="silent")
        disks.append(msgspec.structs.replace(found, device=name))
        if text is None:
            break
    return Survey(method(tuple(disks)) if listed is not None else "silent", tuple(disks))


def method(disks: tuple[Smart, ...]) -> Method:
    """How `disks` were read by smartctl, or why none was."""
    found = {disk.access for disk in disks}
    if "read" in found:
        return "smartctl"
    refusals: tuple[Method, ...] = ("forbidden", "silent", "hidden")
    return next((refusal for refusal in refusals if refusal in found), "no_disk")


def parse_scan(text: str) -> list[tuple[str, str]]:
    """(device, type) of each disk in the answer to ``smartctl --scan-open -j``, also of those it could not open."""
    devices = _at(_decoded(text), "devices")
    found = [(_at(one, "name"), _at(one, "type")) for one in devices] if isinstance(devices, list) else []
    # a name or type is an argument of the next command: only what smartctl could have written itself
    return [
        (name, kind)
        for name, kind in found
        if isinstance(name, str)
        and isinstance(kind, str)
        and re.fullmatch(r"/dev/[\w,/.:-]{1,64}", name)
        and re.fullmatch(r"\w[\w,+/:-]{0,63}", kind)
    ]


def parse(text: str) -> Smart:
    """The disk in the answer to ``smartctl -j -a DEVICE``; one that tells nothing when `text` is no such answer."""
    tree = _decoded(text)
    status = _number(_at(tree, "smartctl", "exit_status"), 255) or 0
    flags = tuple(name for bit, name in enumerate(FLAGS) if status >> bit & 1)
    model = _model(tree)
    refused = _refusal(tree)
    if refused or "not_opened" in flags or "command_line" in flags or _NOT_THE_DISK.search(model or ""):
        return Smart(access=refused or "hidden", flags=flags, model=model, size=_size(tree))
    return Smart(
        kind=_kind(tree),
        access="hidden" if _at(tree, "smart_support", "available") is False else "read",
        health=_health(tree, flags),
        power_on_hours=_number(_at(tree, "power_on_time", "hours"), _LONGEST_LIFE),
        wear_ratio=_wear(tree),
        reallocated=_raw(tree, _REALLOCATED),
        pending=_raw(tree, _PENDING),
        uncorrectable=_uncorrectable(tree),
        temperature=_number(_at(tree, "temperature", "current"), 200),
        model=model,
        size=_size(tree),
        flags=flags,
    )


def _health(tree: Any, flags: tuple[str, ...]) -> bool | None:
    """smartctl's verdict, which is the disk's own; but a NVMe disk that is only too hot is not failing."""
    warning = _number(_at(tree, "nvme_smart_health_information_log", "critical_warning"), 255)
    if warning is not None:
        return not warning & ~_HOT_ONLY
    passed = _at(tree, "smart_status", "passed")
    if isinstance(passed, bool):
        return passed
    return False if "failing" in flags else None


def _kind(tree: Any) -> Kind:
    if _at(tree, "device", "protocol") == "NVMe" or _at(tree, "device", "type") == "nvme":
        return "nvme"
    turns = _number(_at(tree, "rotation_rate"), 100_000)
    return "unknown" if turns is None else "hdd" if turns else "ssd"


def _wear(tree: Any) -> float | None:
    """From the standard's own percentage where there is one (NVMe; ATA since smartctl 7.4), else by the vendor's."""
    for path in (("endurance_used", "current_percent"), ("nvme_smart_health_information_log", "percentage_used")):
        used = _number(_at(tree, *path), 255)
        if used is not None:
            return used / 100
    for number, name in _WEAR.items():
        row = _attribute(tree, number)
        left = _number(_at(row, "value"), 100)
        if left is not None and name.fullmatch(str(_at(row, "name"))):
            return round(1 - left / 100, 2)
    return None


def _uncorrectable(tree: Any) -> int | None:
    media = _number(_at(tree, "nvme_smart_health_information_log", "media_errors"), _MOST)
    if media is not None:
        return media
    offline = _raw(tree, _OFFLINE)
    return _raw(tree, _REPORTED) if offline is None else offline


def _attribute(tree: Any, number: int) -> Any:
    table = _at(tree, "ata_smart_attributes", "table")
    rows = table if isinstance(table, list) else []
    return next((row for row in rows if _at(row, "id") == number), None)


def _raw(tree: Any, number: int) -> int | None:
    """What smartctl prints for an attribute, not its six raw bytes: vendors keep other things in the upper ones."""
    printed = re.match(r"[0-9]{1,12}(?![0-9])", str(_at(_attribute(tree, number), "raw", "string")))
    return int(printed[0]) if printed else None


def _refusal(tree: Any) -> Access | None:
    messages = _at(tree, "smartctl", "messages")
    said = " ".join(str(_at(one, "string")) for one in messages) if isinstance(messages, list) else ""
    if re.search(r"permission denied|access is denied|operation not permitted", said, re.I):
        return "forbidden"
    return None if isinstance(tree, dict) and tree else "silent"


def _model(tree: Any) -> str | None:
    for key in ("model_name", "scsi_model_name"):
        text = _at(tree, key)
        if isinstance(text, str):
            kept = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
            return kept[:64] or None
    return None


def _size(tree: Any) -> int | None:
    return _number(_at(tree, "user_capacity", "bytes"), 2**60) or _number(_at(tree, "nvme_total_capacity"), 2**60)


def _number(value: Any, most: int) -> int | None:
    return value if type(value) is int and 0 <= value <= most else None


def _at(tree: Any, *path: str) -> Any:
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _ask(command: list[str], seconds: float) -> str | None:
    """What the command prints, whatever its exit status; None when it does not end in time. One that hangs in the
    kernel is not waited for: this process ends soon, and its group with it."""
    import os
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT")}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment | {"LC_ALL": "C"},
        )
    except OSError:
        return ""
    try:
        return process.communicate(timeout=max(0.0, seconds))[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        process.kill()
        return None
