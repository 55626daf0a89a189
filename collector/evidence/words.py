"""What people are told of speed, in Vietnamese and English: pages and command line say the same. Pure."""

from __future__ import annotations

from checks.kit.leasing import Denial, Denied
from collector.evidence.account import Passive, Shown
from collector.evidence.model import Invalid
from collector.evidence.summary import Contract, Share
from collector.evidence.watching import Stage, Watch
from collector.readiness.text import number
from collector.web.format import quantity, unbroken

Pair = tuple[str, str]
DENIALS: dict[Denial, Pair] = {
    Denial.SPEED_OFF: (
        "bộ thu thập này không đo tốc độ: đặt `speed.enabled: true` trong collector.yaml",
        "this collector measures no speed: set `speed.enabled: true` in collector.yaml",
    ),
    Denial.CLOSED_WINDOW: (
        "đang giờ cao điểm của cơ quan: máy trạm tự đo sau giờ này",
        "the office's peak hours: the PCs measure after them by themselves",
    ),
    Denial.REHEARSAL: (
        "đang diễn tập: chỉ kỹ sư được đo, hoặc chờ diễn tập xong",
        "a rehearsal is on: only engineers may measure, or wait for its end",
    ),
    Denial.LINE_BUSY: (
        "đường truyền đang bận việc của đơn vị: chờ lúc vắng",
        "the line is busy with the unit's own work: wait until it is quiet",
    ),
    Denial.BUDGET_DAY: (
        "đơn vị đã dùng hết dung lượng đo của ngày: chờ đến mai, hoặc nâng `leases.bytes_per_day`",
        "the unit's bytes for tests of the day are used up: wait for tomorrow, or raise `leases.bytes_per_day`",
    ),
    Denial.BUDGET_MONTH: (
        "đơn vị đã dùng hết dung lượng đo của tháng: chờ sang tháng, hoặc nâng `leases.bytes_per_month`",
        "the unit's bytes for tests of the month are used up: wait for the next, or raise `leases.bytes_per_month`",
    ),
    Denial.SERVER_FULL: (
        "máy chủ đo đã kín lượt: chờ vài phút",
        "all that tests may use of the server is taken: wait some minutes",
    ),
    Denial.PROVIDER_FULL: (
        "phần đường truyền dành cho đo của nhà cung cấp đã kín lượt: chờ vài phút",
        "all that tests may use of the provider's lines is taken: wait some minutes",
    ),
    Denial.ENOUGH: (
        "đơn vị đã được đo trong kỳ này: kỹ sư vẫn có thể yêu cầu đo ngay",
        "the unit has been measured in this period: an engineer may ask for a test all the same",
    ),
    Denial.PASSIVE: (
        "bộ đếm của bộ định tuyến đã cho biết đường truyền có đầy không: không cần đo",
        "the router's counters tell already whether the line is full: no test is needed",
    ),
    Denial.TURN: (
        "chưa đến lượt của đơn vị trong giờ vắng: kỹ sư vẫn có thể yêu cầu đo ngay",
        "the unit's turn in the quiet hours comes later: an engineer may ask for a test all the same",
    ),
    Denial.DEVICE: (
        "không có thiết bị nào đang hoạt động được đo: duyệt hoặc đăng ký một máy trạm",
        "no active device may measure: approve or enrol a PC",
    ),
}
INVALIDS: dict[Invalid, Pair] = {
    Invalid.DEVICE: ("thiết bị bị cách ly hoặc chờ duyệt", "the device was quarantined or awaits approval"),
    Invalid.LEASE_MISSING: ("không nêu lượt đo nào", "it names no lease"),
    Invalid.LEASE_UNKNOWN: ("lượt đo không có thật", "nobody granted that lease"),
    Invalid.LEASE_FOREIGN: ("lượt đo của thiết bị khác", "the lease is another device's"),
    Invalid.LEASE_EXPIRED: ("đo ngoài giờ của lượt", "taken outside its lease's time"),
    Invalid.LEASE_USED: ("lượt đo đã dùng cho kết quả khác", "the lease has another result already"),
    Invalid.UNSIGNED: ("không có chữ ký", "not signed"),
    Invalid.SIGNATURE_WRONG: ("chữ ký sai", "the signature is wrong"),
    Invalid.EVIDENCE_WRONG: ("số đã ký khác số đã gửi", "what is signed is not what was sent"),
    Invalid.CLOCK_STEPPED: ("đồng hồ bị chỉnh trong lúc đo", "the clock was set during the test"),
    Invalid.TEST_CUT: ("phép đo bị cắt ngang", "the test was cut short"),
    Invalid.SERVER_ENDED: ("máy chủ ngắt vì máy đo sai giao thức", "the server ended it for what the client did"),
    Invalid.COUNTS_DISAGREE: ("số của máy chủ khác số của máy đo", "the server's count and the device's disagree"),
    Invalid.UNCONFIRMED: ("máy chủ chưa xác nhận", "the server has not confirmed it"),
}
_STAGES: dict[Stage, Pair] = {
    "refused": ("Không đo được: {why}.", "No test: {why}."),
    "waiting": (
        "Chờ một máy trạm của đơn vị: máy nhận yêu cầu ở lần báo cáo kế tiếp.",
        "Waits for a PC of the unit: it hears of the request at its next report.",
    ),
    "planned": ("Đã có lượt: bắt đầu sau {seconds} giây.", "Granted: it begins in {seconds} s."),
    "running": ("Đang đo {what}.", "Measuring {what}."),
    "arriving": ("Đã đo xong, chờ máy gửi kết quả.", "Measured; the PC has yet to send the result."),
    "done": ("Xong: {what}.", "Done: {what}."),
    "lost": (
        "Máy trạm không gửi kết quả nào của lượt đo này: phép đo lỗi hoặc máy đã tắt. Xem trang của máy.",
        "No result of this test came: it failed, or the PC is off. See the PC's page.",
    ),
    "expired": (
        "Không máy nào nhận yêu cầu trước khi hết hạn. Kiểm tra máy của đơn vị có đang bật không.",
        "No PC took the request before it ended. See whether the unit's PCs are on.",
    ),
}
_FULL: dict[str, Pair] = {
    "not_ready": ("Đường truyền đầy", "The line is full"),
    "at_risk": ("Đường truyền gần đầy", "The line is nearly full"),
    "ready": ("Đường truyền chưa đầy", "The line is not full"),
    "unknown": (
        "Chưa đủ số liệu bộ đếm để biết đường truyền có đầy không",
        "The counters do not tell yet whether the line is full",
    ),
    "": (
        "Không có bộ đếm của bộ định tuyến: khai báo SNMP để biết đường truyền có đầy không mà không cần đo",
        "No router's counters: declare its SNMP to know without a test whether the line is full",
    ),
}
_LIMITS: dict[str, Pair] = {
    "pc": (" (máy trạm là giới hạn)", " (the PC was the limit)"),
    "lease": (" (lượt đo là giới hạn)", " (the lease was the limit)"),
}
"""What the line may well exceed."""
_WORDS: dict[str, Pair] = {
    "download": ("tải xuống", "download"), "upload": ("tải lên", "upload"),
    "by_counters": ("theo bộ đếm của bộ định tuyến, không cần đo", "by the router's counters, without a test"),
    "samples": ("{count} mẫu", "{count} samples"), "now": ("lúc này {value}", "{value} now"),
    "packets": ("{count} gói tin", "{count} packets"), "valid": ("có giá trị", "counts"),
    "not_counted": ("không tính: {why}", "does not count: {why}"),
    "failed": ("không đo được tốc độ ({reason})", "no speed ({reason})"),
    "loss": ("mất gói {value}", "loss {value}"), "jitter": ("biến thiên trễ {value}", "jitter {value}"),
    "mos": ("MOS {value}", "MOS {value}"), "loaded": ("khứ hồi khi tải {value}", "{value} round trip under load"),
    "contracted": (
        "hợp đồng {rate}, tức {payload} dữ liệu TCP", "contract {rate}, that is {payload} of TCP payload"
    ),
    "below": (
        "{part} trên {count} lần đo thấp hơn hợp đồng ({share}; khoảng tin cậy 95 %: {least} đến {most})",
        "{part} of {count} measurements are below the contract ({share}; 95 % confidence: {least} to {most})",
    ),
    "well_below": (
        "{part} trên {count} thấp hơn 90 % hợp đồng ({share}; {least} đến {most})",
        "{part} of {count} are below 90 % of it ({share}; {least} to {most})",
    ),
    "left_out": (
        "không tính lần đo chậm hơn mà máy trạm, lượt đo hoặc lưu lượng khác có thể là nguyên nhân: {count}",
        "left out as slower, where the PC, the lease or other traffic may have been the limit: {count}",
    ),
    "no_contract_data": ("chưa có lần đo nào để so với hợp đồng", "no measurement to hold against the contract yet"),
}  # fmt: skip


def _say(key: str, lang: str, **values: object) -> str:
    return _WORDS[key][lang == "en"].format(**values)


def shown(value: float, unit: str, lang: str) -> str:
    """``93,4 Mbit/s``, kept on one line."""
    return unbroken(" ".join(quantity(value, unit, lang)).strip())


def way(name: str, lang: str) -> str:
    """``download`` or ``upload``."""
    return _say(name, lang)


def denied(found: Denied, lang: str) -> str:
    """Why, and what to do; the numbers behind it in English only, as the policy writes them."""
    detail = f" ({found.detail})" if found.detail and lang == "en" else ""
    return DENIALS[found.reason][lang == "en"] + detail


def invalid(code: str, lang: str) -> str:
    """Why a measurement counts for nothing."""
    known = next((pair for each, pair in INVALIDS.items() if each == code), (code, code))
    return known[lang == "en"]


def validity(code: str, lang: str) -> str:
    return _say("not_counted", lang, why=invalid(code, lang)) if code else _say("valid", lang)


def passive(found: Passive, lang: str) -> str:
    """Whether the line is full, from the counters alone: one sentence, with its numbers."""
    said = _FULL[found.full][lang == "en"]
    parts = []
    for use in found.uses:
        if use.value is not None and not isinstance(use.value, str | bool):
            value = unbroken(f"{number(use.value, lang, use.unit)} {use.unit}")
            samples = _say("samples", lang, count=number(use.samples, lang))
            parts.append(f"{way(use.way, lang)} P95 {value} ({unbroken(use.need)}, {samples})")
    if found.traffic is not None:
        parts.append(_say("now", lang, value=shown(found.traffic.rate, "bits_per_second", lang)))
    tail = f"; {_say('by_counters', lang)}" if parts else ""
    return said + (f": {', '.join(parts)}{tail}" if parts else "") + "."


def contracted(found: Contract, lang: str) -> str:
    """The contract, and what of it a test can see."""
    rate, payload = (shown(value, "bits_per_second", lang) for value in (found.rate, found.payload))
    return _say("contracted", lang, rate=rate, payload=payload)


def contract(found: Contract, lang: str) -> list[str]:
    """What of the measurements is below the contract, and how sure that is."""
    said = [_share(key, part, lang) for key, part in (("below", found.below), ("well_below", found.well_below)) if part]
    if not said:
        said.append(_say("no_contract_data", lang))
    if found.left_out:
        said.append(_say("left_out", lang, count=found.left_out))
    return said


def _share(key: str, found: Share, lang: str) -> str:
    share, least, most = (shown(round(value, 3), "ratio", lang) for value in (found.share, found.least, found.most))
    return _say(key, lang, part=found.part, count=found.count, share=share, least=least, most=most)


def figures(one: Shown, lang: str) -> str:
    """What a measurement found."""
    found, parts = one.figures, list[str]()
    for name, rate in (("download", found.down), ("upload", found.up)):
        if rate is not None:
            limit = _LIMITS.get(found.limited.get(name, ""))
            parts.append(
                f"{way(name, lang)} {shown(rate, 'bits_per_second', lang)}{limit[lang == 'en'] if limit else ''}"
            )
    told = (("loaded", found.loaded, "seconds"), ("loss", found.loss, "ratio"),
            ("jitter", found.jitter, "seconds"), ("mos", found.mos, ""))  # fmt: skip
    parts += [_say(key, lang, value=shown(value, unit, lang)) for key, value, unit in told if value is not None]
    return ", ".join(parts) or _say("failed", lang, reason=one.reason or one.outcome)


def measured(found: Watch, lang: str) -> str:
    """What a request led to; empty while there is nothing."""
    return f"{figures(found.result, lang)}; {validity(found.result.valid, lang)}" if found.result else ""


def stage(found: Watch, lang: str) -> str:
    """How a request stands, in one or two sentences."""
    why = denied(found.denied, lang) if found.denied else ""
    said = _STAGES[found.stage][lang == "en"].format(
        why=why, seconds=number(round(found.starts_in), lang), what=measured(found, lang) or running(found, lang)
    )
    if found.stage in ("waiting", "expired") and why:
        said += f" {_STAGES['refused'][lang == 'en'].format(why=why)}"
    return said


def running(found: Watch, lang: str) -> str:
    """What the server counts now."""
    rates = [f"{way(name, lang)}: {shown(rate, 'bits_per_second', lang)}" for name, rate in found.rates.items()]
    if not rates and found.packets:
        return _say("packets", lang, count=number(found.packets, lang))
    return ", ".join(rates) or "…"
