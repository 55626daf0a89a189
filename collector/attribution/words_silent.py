"""Why a unit or a device is silent, as people read it, with the signs for it and the next step."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from checks.kit import words as kit
from collector.attribution.silent import Sign, Silent, Why
from collector.readiness.text import ZONE, instant

Pair = tuple[str, str]
WHYS: dict[Why, Pair] = {
    Why.OFFICE_CLOSED: ("ngoài giờ làm việc, máy đã tắt", "outside office hours, the PCs are off"),
    Why.NEVER_ENROLLED: ("chưa đăng ký thiết bị nào", "no device was ever enrolled"),
    Why.NEVER_REPORTED: ("đã đăng ký nhưng chưa gửi kết quả nào", "enrolled, but nothing was ever sent"),
    Why.COLLECTOR_AWAY: ("máy chủ thu thập không nhận được gì", "the collector itself hears nobody"),
    Why.POWER_CUT: ("mất điện", "no power"),
    Why.LINE_DOWN: ("mất đường truyền, máy vẫn chạy", "the line is down, the PCs run"),
    Why.LAN_DOWN: ("mạng nội bộ hỏng ở một phần", "a part of the office network is down"),
    Why.PC_OFF: ("máy đã tắt", "switched off"),
    Why.AGENT_STOPPED: (
        "dịch vụ sansang-agent đã dừng, hoặc máy đã tắt",
        "sansang-agent has stopped, or the PC is off",
    ),
    Why.UNKNOWN: ("chưa rõ vì sao", "nobody knows why"),
}
STEPS: dict[Why, Pair] = {
    Why.OFFICE_CLOSED: ("Không cần làm gì.", "Nothing is to be done."),
    Why.NEVER_ENROLLED: (
        "Tạo mã đăng ký: sansang-collector tokens create --unit {code} --seats N.",
        "Make a token: sansang-collector tokens create --unit {code} --seats N.",
    ),
    Why.NEVER_REPORTED: (
        "Xem trạng thái trên máy: sansang-agent status.",
        "See what the PC says: sansang-agent status.",
    ),
    Why.COLLECTOR_AWAY: (
        "Kiểm tra máy chủ thu thập và đường vào của nó trước, không cử người đến đơn vị.",
        "Check the collector and the way to it first; send nobody to a unit.",
    ),
    Why.POWER_CUT: (
        "Gọi đơn vị, báo điện lực và bật nguồn dự phòng.",
        "Call the unit, tell the electricity company, use the reserve.",
    ),
    Why.LINE_DOWN: (
        "Báo nhà cung cấp đường truyền kèm giờ bắt đầu.",
        "Tell the line's provider, with the time it began.",
    ),
    Why.LAN_DOWN: (
        "Kiểm tra bộ chuyển mạch và dây mạng của phần đó.",
        "Check the switch and the cables of that part.",
    ),
    Why.PC_OFF: ("Bật máy nếu đang trong giờ làm việc.", "Switch it on if people are to be served."),
    Why.AGENT_STOPPED: (
        "Bật máy; nếu máy đang bật, khởi động lại dịch vụ sansang-agent.",
        "Switch the PC on; if it is on, restart the service sansang-agent.",
    ),
    Why.UNKNOWN: (
        "Gọi đơn vị: có điện không, vào mạng được không.",
        "Call the unit: is there power, does the Internet work?",
    ),
}
SIGNS: dict[str, Pair] = {
    "closed": ("cơ quan đóng cửa lúc {at}", "the office closed at {at}"),
    "every_unit": ("cả {count} đơn vị cùng im lúc đó", "all {count} units fell silent then"),
    "started": ("máy chủ thu thập mới chạy lại từ {at}", "the collector has run since {at} only"),
    "ups": ("bộ lưu điện ở {name} chạy pin lúc {at}", "the UPS at {name} ran on battery at {at}"),
    "discharging": ("{count}/{of} máy đang chạy pin", "{count} of {of} PCs were on battery"),
    "together": ("{count} thiết bị cùng dừng từ {at}", "{count} devices stopped together from {at} on"),
    "finding": ("thuộc sự cố {name} ({count} đơn vị)", "part of finding {name} ({count} units)"),
    "interface": ("{name} báo cổng đường truyền tắt lúc {at}", "{name} told at {at} that the line's port is down"),
    "provider": ("{count}/{of} đơn vị khác của {name} cũng im", "{count} of {of} other units of {name} are silent too"),
    "others": (
        "{count}/{of} đơn vị của nhà cung cấp khác vẫn báo cáo",
        "{count} of {of} units of other providers report",
    ),
    "area": ("{count}/{of} đơn vị lân cận cùng im", "{count} of {of} units nearby fell silent too"),
    "apart": ("{count} máy dừng lần lượt, không cùng lúc", "{count} PCs stopped one after the other"),
    "siblings": ("{count}/{of} thiết bị khác của đơn vị vẫn báo cáo", "{count} of {of} other devices there report"),
    "battery": ("máy đang chạy pin", "it was on battery"),
    "closing": ("dừng ngay trước giờ nghỉ {at}", "it stopped just before the office closed at {at}"),
    "well": ("kết quả cuối cùng đều tốt", "its last results were good"),
    "disk": ("ổ đĩa: {reason}", "its disk: {reason}"),
    "cut": ("{count}/{of} máy bị tắt đột ngột từ {at}", "{count} of {of} PCs were cut off at {at}"),
    "shut": ("{count}/{of} máy đã tắt từ {at}", "{count} of {of} PCs were off from {at}"),
    "measured": ("máy vẫn đo {count} lần trong lúc im", "the PCs measured {count} times meanwhile"),
    "not_off": ("{count} máy không hề tắt, và không đo gì", "{count} PCs were never off, and measured nothing"),
}


def why_word(why: Why, lang: str) -> str:
    return WHYS[why][lang == "en"]


def sign_word(sign: Sign, now: int, lang: str, zone: ZoneInfo = ZONE) -> str:
    at = "" if sign.at is None else instant(sign.at, now, lang, zone)
    reason = kit.reason(sign.name, lang).title if sign.what == "disk" else ""
    words = SIGNS[sign.what][lang == "en"]
    return words.format(count=sign.count, of=sign.of, name=sign.name, at=at, reason=reason)


def sentence(silent: Silent, now: int, lang: str, code: str, zone: ZoneInfo = ZONE) -> str:
    """Why, since when, by which signs, and what to do; `code` is the unit's."""
    why = why_word(silent.cause, lang)
    timed = silent.since is not None and silent.cause is not Why.OFFICE_CLOSED
    since = f"{' since ' if lang == 'en' else ' từ '}{instant(silent.since or 0, now, lang, zone)}" if timed else ""
    signs = "; ".join(sign_word(sign, now, lang, zone) for sign in silent.signs)
    told = f"{why[:1].upper()}{why[1:]}{since}{': ' + signs if signs else ''}."
    return f"{told} {STEPS[silent.cause][lang == 'en'].format(code=code)}"
