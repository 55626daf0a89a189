"""Reads what the resident agent last wrote about itself, and says it to people."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from agent import files, identity, refusals
from agent.identity import IdentityError
from agent.push import Contact
from agent.turns import Wait

STALE = 180_000_000
"""µs without a word after which the agent counts as stopped; it writes every 60 s."""


class Written(Struct, kw_only=True):
    """The file status.json."""

    updated_at: int
    version: str
    device: str
    unit: str
    collector: str
    contact: Contact
    health: dict[str, float] = field(default_factory=dict)
    results: list[dict[str, str | int]] = field(default_factory=list)
    waiting: list[Wait] = field(default_factory=list)


class Status(Struct, kw_only=True):
    """``age`` is in µs since the agent wrote; ``written`` is None when it never ran."""

    device: str
    unit: str
    collector: str
    running: bool = False
    well: bool = False
    age: int = 0
    written: Written | None = None


def look(state_dir: str, now: int) -> Status:
    """The agent's state at `now` (wall-clock µs). Raises IdentityError when not enrolled, FileError."""
    found = identity.load_identity(state_dir)
    if found is None:
        raise IdentityError(f"{state_dir}: this device is not enrolled: run sansang-agent enrol URL TOKEN")
    status = Status(device=found.device, unit=found.unit, collector=found.collector)
    text = files.read(f"{state_dir}/status.json")
    try:
        written = msgspec.json.decode(text, type=Written) if text is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        written = None
    if written is not None:
        status.written, status.collector = written, written.collector
        status.age = max(0, now - written.updated_at)
        status.running = status.age < STALE
        status.well = status.running and written.contact.state == "ok"
    return status


def as_json(status: Status) -> str:
    return msgspec.json.format(msgspec.json.encode(status), indent=2).decode()


_WORDS = {
    "vi": {
        "unit": "Đơn vị",
        "device": "Thiết bị",
        "collector": "Máy chủ",
        "never": "○ chưa chạy: sansang-agent run",
        "stopped": "○ đã dừng {age} giây trước",
        "running": "● đang chạy",
        "sending": "● đã gửi, máy chủ xác nhận {ago} giây trước",
        "starting": "◌ vừa khởi động, chưa gửi",
        "failing": "✕ chưa gửi được: {state}: {message}",
        "waiting": "Đang chờ gửi: {records} kết quả, {kilobytes} kB trên đĩa; đã mất {dropped}",
    },
    "en": {
        "unit": "Unit",
        "device": "Device",
        "collector": "Collector",
        "never": "○ never ran: sansang-agent run",
        "stopped": "○ stopped {age} seconds ago",
        "running": "● running",
        "sending": "● sending, acknowledged {ago} seconds ago",
        "starting": "◌ just started, nothing sent yet",
        "failing": "✕ not sending: {state}: {message}",
        "waiting": "Waiting: {records} results, {kilobytes} kB on disk; {dropped} lost",
    },
}


def lines(status: Status, lang: str) -> list[str]:
    """`status` in words."""
    words = _WORDS[lang]
    shown = [f"{words[name]}: {getattr(status, name)}" for name in ("unit", "device", "collector")]
    written = status.written
    if written is None:
        return [*shown, words["never"]]
    shown.append(words["running"] if status.running else words["stopped"].format(age=status.age // 1_000_000))
    contact, health = written.contact, written.health
    name = {"ok": "sending", "starting": "starting"}.get(contact.state, "failing")
    ago = max(0, written.updated_at + status.age - contact.acked_at) // 1_000_000
    shown.append(words[name].format(state=contact.state, message=contact.message, ago=ago))
    return [
        *shown,
        words["waiting"].format(
            records=int(health.get("spool_records", 0)),
            kilobytes=int(health.get("spool_bytes", 0)) // 1000,
            dropped=int(health.get("spool_dropped", 0)),
        ),
        *(refusals.lines(written.waiting, written.updated_at + status.age, lang) if status.running else ()),
    ]
