"""Why a speed is not measured yet, and when it will be, in words."""

from __future__ import annotations

import time

from agent.turns import Wait
from checks.kit.leasing import Denial, Postponed

_WHY = {
    "vi": {
        Denial.SPEED_OFF: "bộ thu thập này không đo tốc độ",
        Denial.CLOSED_WINDOW: "giờ cao điểm của cơ quan",
        Denial.REHEARSAL: "đang diễn tập",
        Denial.LINE_BUSY: "đường truyền đang bận",
        Denial.BUDGET_DAY: "đã dùng hết dung lượng đo của ngày",
        Denial.BUDGET_MONTH: "đã dùng hết dung lượng đo của tháng",
        Denial.SERVER_FULL: "máy chủ đo đã kín lượt",
        Denial.PROVIDER_FULL: "nhà mạng đã kín lượt đo",
        Denial.ENOUGH: "đơn vị đã được đo trong kỳ này",
        Denial.PASSIVE: "số đếm của bộ định tuyến đã cho câu trả lời",
        Denial.TURN: "chưa đến lượt trong giờ vắng",
        Denial.DEVICE: "thiết bị này không được đo tốc độ",
        "no_answer": "bộ thu thập không cấp lượt",
    },
    "en": {
        Denial.SPEED_OFF: "this collector measures no speed",
        Denial.CLOSED_WINDOW: "the office's peak hours",
        Denial.REHEARSAL: "a rehearsal is on",
        Denial.LINE_BUSY: "the line is busy",
        Denial.BUDGET_DAY: "the day's bytes for tests are used up",
        Denial.BUDGET_MONTH: "the month's bytes for tests are used up",
        Denial.SERVER_FULL: "the server's time is taken",
        Denial.PROVIDER_FULL: "the provider's time is taken",
        Denial.ENOUGH: "the unit has been measured in this period",
        Denial.PASSIVE: "the router's counters answer already",
        Denial.TURN: "its turn in the quiet hours comes later",
        Denial.DEVICE: "this device is not to measure speed",
        "no_answer": "the collector granted nothing",
    },
}
_WORDS = {
    "vi": {
        "waits": "{name}: chờ đến lượt đo, {when}",
        "again": "{name}: hỏi lại lượt đo lúc {when}: {why}",
        "last": "; lần từ chối gần nhất: {why}",
        "turn": "đến lượt đo lúc {when}: khi đó chạy lại lệnh này",
        "later": "{why}; hỏi lại được từ {when}",
        "alone": "không có bộ thu thập để xin lượt: đăng ký máy này (sansang-agent enrol URL TOKEN), "
        "hoặc chạy bằng người dùng đọc được khóa của máy",
    },
    "en": {
        "waits": "{name}: waits for its lease, {when}",
        "again": "{name}: asks for a lease again at {when}: {why}",
        "last": "; last refusal: {why}",
        "turn": "its turn is at {when}: run this command again then",
        "later": "{why}; ask again from {when}",
        "alone": "there is no collector to ask for a lease: enrol this PC (sansang-agent enrol URL TOKEN), "
        "or run this as a user who may read its key",
    },
}


def lines(waits: list[Wait], now: int, lang: str) -> list[str]:
    """One line for each job that waits at `now` (wall clock, µs)."""
    return [_line(wait, now, lang) for wait in waits if wait.until]


def _line(wait: Wait, now: int, lang: str) -> str:
    words, name = _WORDS[lang], f"{wait.check} · {wait.target}" if wait.target else wait.check
    if wait.reason != "waiting":
        return words["again"].format(name=name, when=when(wait.until, now), why=_why(wait.reason, wait.detail, lang))
    shown = words["waits"].format(name=name, when=when(wait.until, now))
    return shown + (words["last"].format(why=_why(wait.refused, "", lang)) if wait.refused else "")


def on_the_spot(why: Postponed, now: int, lang: str) -> str:
    """What a technician is told who asked for a measurement at `now` and did not get one."""
    at = when(now + int(why.seconds * 1e6), now)
    if why.reason == "waiting":
        return _WORDS[lang]["turn"].format(when=at)
    return _WORDS[lang]["later"].format(why=_why(why.reason, why.detail, lang), when=at)


def alone(lang: str) -> str:
    """The same without a collector."""
    return _WORDS[lang]["alone"]


def when(at: int, now: int) -> str:
    """The local time of `at` (µs), with the day where that is not the day of `now`: ``12:14``, ``12:14 03/07``."""
    local = time.localtime(at / 1e6)
    same = time.strftime("%Y%m%d", local) == time.strftime("%Y%m%d", time.localtime(now / 1e6))
    return time.strftime("%H:%M" if same else "%H:%M %d/%m", local)


def _why(reason: str, detail: str, lang: str) -> str:
    said = _WHY[lang].get(reason, reason)
    return f"{said} ({detail})" if detail else said
