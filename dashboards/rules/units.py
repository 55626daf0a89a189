"""Alerts on a unit's verdict and silence. What a finding explains carries its id, and is kept back meanwhile."""

from __future__ import annotations

from dashboards.rules.model import Alert, Group, Pair, Severity, pair
from dashboards.rules.words import explained, listed, looked_up, of_unit

MINUTE, HOUR = 60, 3600
LABELS = ("unit", "name", "locality", "finding")
SINCE = "max by (unit) (sansang_unit_verdict_since_timestamp_seconds)"
WHY = '(sansang_unit_requirement{state="not_ready",unit=%q} == 1) * on (instance, requirement) group_left'


def _is(verdict: str) -> str:
    return f'max by (unit) (sansang_unit_verdict{{verdict="{verdict}"}}) == 1'


def _titles(lang: str) -> str:
    title = f"title_{lang}"
    info = f'max by (instance, requirement, {title}) (sansang_requirement_info{{mandatory="true"}})'
    return listed(f"max by ({title}) ({WHY} ({title}) {info})", title, "unit")


def _requirement(lang: str) -> str:
    return looked_up("sansang_requirement_info{requirement=%q}", f"title_{lang}", "requirement")


NOT_READY_TEXT: Pair = pair(
    "{{ $labels.name }} chưa sẵn sàng đã {{ $value | humanizeDuration }}",
    "{{ $labels.name }} has not been ready for {{ $value | humanizeDuration }}",
)
NOT_READY_WHY: Pair = pair(
    f"Không đạt: {_titles('vi')}. Mở trang của đơn vị để xem nguyên nhân và cách khắc phục nhanh nhất.",
    f"Not met: {_titles('en')}. The unit's page shows why, and the shortest path to ready.",
)


def _not_ready(severity: Severity, bound: str) -> Alert:
    """`bound` is for the seconds that the unit is not ready. When a finding clears, the unit has a quarter of an
    hour to recover before it is told on its own."""
    return Alert(
        name="UnitNotReady",
        severity=severity,
        expr=explained(f"(time() - {SINCE}) {bound}\nand on (unit) {_is('not_ready')}"),
        hold="15m",
        summary=NOT_READY_TEXT,
        description=NOT_READY_WHY,
        labels=LABELS,
    )


# [A] Half an hour: a router is restarted, a lunch break with the PCs off is over. Four hours: half a day's work.
NOT_READY = (
    _not_ready(Severity.CRITICAL, f">= {4 * HOUR}"),
    _not_ready(Severity.WARNING, f">= {30 * MINUTE}"),
)
LOST_CONTACT = Alert(
    name="UnitLostContact",
    severity=Severity.WARNING,
    expr=explained('max by (unit) (sansang_unit_silence{silence=~"lost_contact|no_data"}) == 1'),
    hold="10m",
    keep="5m",
    summary=pair("Mất kết nối với {{ $labels.name }}", "Contact with {{ $labels.name }} is lost"),
    description=pair(
        "Không thiết bị nào của đơn vị báo cáo trong giờ làm việc, và chưa tìm được sự cố nào giải thích. "
        "Gọi đơn vị: có điện không, đường truyền có thông không, máy có bật không.",
        "No device of the unit reports in office hours, and no finding explains it. "
        "Call the unit: is there power, does the line work, are the PCs on?",
    ),
    labels=LABELS,
)
UNKNOWN = Alert(
    name="UnitUnknown",
    severity=Severity.INFO,
    expr=explained(
        f"(time() - {SINCE}) >= {HOUR}\nand on (unit) {_is('unknown')}\n"
        'unless on (unit) sansang_unit_silence{silence=~"never_enrolled|office_closed|lost_contact|no_data"} == 1'
    ),
    hold="15m",
    summary=pair(
        "{{ $labels.name }} chưa đủ dữ liệu đã {{ $value | humanizeDuration }}",
        "{{ $labels.name }} has lacked data for {{ $value | humanizeDuration }}",
    ),
    description=pair(
        "Đơn vị có báo cáo nhưng chưa đủ để kết luận: ít thiết bị báo cáo, hoặc một tiêu chí bắt buộc chưa đo được. "
        "Xem số thiết bị báo cáo và các tiêu chí còn thiếu trên trang của đơn vị.",
        "The unit reports, but not enough for a verdict: few devices report, or a mandatory requirement is unmeasured. "
        "The unit's page shows the devices that report and the requirements that lack data.",
    ),
    labels=LABELS,
)
OVER = Alert(
    name="LineOverContract",
    severity=Severity.WARNING,
    expr=of_unit(
        "max by (unit, requirement) (\n"
        '  sansang_unit_requirement_value{requirement=~"uplink_p95_(in|out)"}\n'
        "  > on (instance, requirement) group_left ()\n"
        '    max by (instance, requirement) (sansang_requirement_threshold{band="at_risk"})\n)'
    ),
    hold="15m",
    summary=pair(
        "Đường truyền của {{ $labels.name }} quá tải: P95 bằng {{ $value | humanizePercentage }} hợp đồng",
        "The line of {{ $labels.name }} is overloaded: P95 is {{ $value | humanizePercentage }} of the contract",
    ),
    description=pair(
        f"{_requirement('vi')} vượt ngưỡng trong 7 ngày liên tiếp (TT 06/2026/TT-BKHCN Điều 5.6). "
        "Lịch sử P95 là căn cứ nâng băng thông.",
        f"{_requirement('en')} is over its limit over 7 days (TT 06/2026/TT-BKHCN Art. 5.6). "
        "The P95 history is the evidence for more.",
    ),
    labels=("unit", "requirement", "name", "locality"),
)
WAIVER = Alert(
    name="WaiverEnds",
    severity=Severity.INFO,
    expr=of_unit("max by (unit, requirement) (sansang_unit_waiver_expires_timestamp_seconds) - time() < 7 * 86400"),
    hold="15m",
    summary=pair(
        "Miễn trừ của {{ $labels.name }} sắp hết hạn: còn {{ $value | humanizeDuration }}",
        "A waiver of {{ $labels.name }} ends in {{ $value | humanizeDuration }}",
    ),
    description=pair(
        f"{_requirement('vi')}: hết hạn thì tiêu chí lại được tính vào kết luận. Khắc phục, hoặc gia hạn có lý do.",
        f"{_requirement('en')}: after that the requirement decides again. Mend it, or renew the waiver with a reason.",
    ),
    labels=("unit", "requirement", "name", "locality"),
)
PROFILE = Alert(
    name="ProfileRefused",
    severity=Severity.WARNING,
    expr="min by (instance) (sansang_profile_loaded) == 0",
    hold="5m",
    summary=pair("Bộ tiêu chí mới bị từ chối", "The new profile is refused"),
    description=pair(
        "Tệp của bộ tiêu chí trên {{ $labels.instance }} có lỗi; các đơn vị vẫn được đánh giá theo bộ cũ. "
        "Chạy sansang-collector validate để biết tệp, dòng và khóa bị lỗi.",
        "The profile's files on {{ $labels.instance }} are wrong; units are still judged by the one before. "
        "Run sansang-collector validate: it names file, line and key.",
    ),
    labels=("instance",),
)
GROUPS = (Group(name="units", interval="30s", rules=(*NOT_READY, LOST_CONTACT, UNKNOWN, OVER, WAIVER, PROFILE)),)
