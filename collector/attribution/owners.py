"""Whose a finding is to fix, and the next step: by its cause where that tells, else by where it is."""

from __future__ import annotations

import enum

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding

Pair = tuple[str, str]


class Owner(enum.StrEnum):
    """Who can mend it."""

    WARD = "ward"
    PROVIDER = "provider"
    OPERATOR = "operator"
    ELECTRICITY = "electricity"


OWNERS: dict[Owner, Pair] = {
    Owner.WARD: ("cán bộ kỹ thuật của đơn vị", "the unit's technician"),
    Owner.PROVIDER: ("nhà cung cấp đường truyền", "the line's provider"),
    Owner.OPERATOR: ("đơn vị quản trị hệ thống", "the system's operator"),
    Owner.ELECTRICITY: ("điện lực địa phương", "the electricity company"),
}
_OF_SEGMENT: dict[Segment, Owner] = {
    Segment.DEVICE: Owner.WARD,
    Segment.LAN: Owner.WARD,
    Segment.ACCESS: Owner.PROVIDER,
    Segment.PROVIDER: Owner.PROVIDER,
    Segment.DESTINATION: Owner.OPERATOR,
}
STEPS: dict[Cause | Segment | tuple[Cause, Segment], Pair] = {
    (Cause.POWER, Segment.LAN): (
        "Gọi đơn vị hỏi có điện không; nếu mất điện, báo điện lực và bật nguồn dự phòng; nếu có, xem đường truyền.",
        "Call the unit: without power, tell the electricity company and use the reserve; with it, look at the line.",
    ),
    Cause.POWER: (
        "Xem ổ cắm và bộ lưu điện của máy.",
        "Look at the PC's socket and its UPS.",
    ),
    Cause.CLOCK: (
        "Chỉnh giờ và bật đồng bộ thời gian trên máy; nếu lại sai, thay pin CMOS.",
        "Set the clock and switch on its synchronisation; if it is wrong again, replace the CMOS battery.",
    ),
    Cause.CAPTIVE_PORTAL: (
        "Đăng nhập mạng trên máy, hoặc chuyển máy sang mạng của cơ quan.",
        "Log in to the network on the PC, or move the PC to the office network.",
    ),
    Cause.PROXY: (
        "Kiểm tra proxy của cơ quan: đang chạy, cho phép các hệ thống này, không đòi mật khẩu.",
        "Check the office's proxy: it runs, lets these systems pass, and asks for no password.",
    ),
    Cause.DNS: (
        "Kiểm tra máy chủ tên miền (DNS) mà đơn vị đang dùng; tạm thời dùng DNS khác.",
        "Check the name server (DNS) that is used there; use another one for the time being.",
    ),
    (Cause.DNS, Segment.PROVIDER): (
        "Báo nhà cung cấp: máy chủ tên miền (DNS) của họ không trả lời; tạm thời dùng DNS khác.",
        "Tell the provider that its name server (DNS) does not answer; use another one for the time being.",
    ),
    (Cause.DNS, Segment.DESTINATION): (
        "Báo đơn vị quản trị: tên miền của hệ thống không phân giải được.",
        "Tell the operator that the system's name is not found.",
    ),
    Cause.OWN_LINK: (
        "Kiểm tra dây mạng, Wi-Fi và cổng mạng của máy.",
        "Check the cable, the Wi-Fi and the network port.",
    ),
    Cause.ADDRESS_CONFLICT: (
        "Tìm thiết bị trùng địa chỉ hoặc bộ phát tự cấp địa chỉ trong mạng nội bộ, và gỡ ra.",
        "Find the device with the same address, or the box that hands out addresses, and take it off.",
    ),
    Cause.INTERCEPTED: (
        "Tìm phần mềm hoặc thiết bị chen vào kết nối; nếu không phải của cơ quan, báo bộ phận an toàn thông tin.",
        "Find what steps into the connections; if it is not the office's own, tell information security.",
    ),
    Cause.AGENT_STOPPED: (
        "Bật máy; nếu máy đang bật, khởi động lại dịch vụ sansang-agent.",
        "Switch the PC on; if it is on, restart the service sansang-agent.",
    ),
    Cause.ROUTER: (
        "Khởi động lại bộ định tuyến và kiểm tra nguồn, dây của nó.",
        "Restart the router, and check its power and cables.",
    ),
    (Cause.CERTIFICATE, Segment.DEVICE): (
        "Kiểm tra giờ và chứng thư gốc trên máy.",
        "Check the PC's clock and its root certificates.",
    ),
    Cause.CERTIFICATE: (
        "Báo đơn vị quản trị thay chứng thư máy chủ.",
        "Tell the operator to renew the server's certificate.",
    ),
    Segment.DEVICE: (
        "Kiểm tra dây mạng, tường lửa và phần mềm bảo vệ trên máy.",
        "Check the PC's cable, firewall and protection software.",
    ),
    Segment.LAN: (
        "Kiểm tra bộ chuyển mạch, bộ định tuyến và dây mạng của đơn vị.",
        "Check the office's switch, router and cables.",
    ),
    Segment.ACCESS: (
        "Khởi động lại thiết bị đầu cuối; nếu vẫn lỗi, báo nhà cung cấp kèm giờ bắt đầu.",
        "Restart the line's terminal; if it stays, tell the provider, with the time it began.",
    ),
    Segment.PROVIDER: (
        "Báo một lần cho nhà cung cấp, kèm danh sách đơn vị; không cần cử người đến từng nơi.",
        "Tell the provider once, with the list of units; nobody need visit them.",
    ),
    Segment.DESTINATION: (
        "Báo một lần cho đơn vị quản trị; không cần kiểm tra máy của từng đơn vị.",
        "Tell the operator once; no unit's PCs need be checked.",
    ),
}


def owner(finding: Finding) -> Owner:
    if finding.cause is Cause.POWER and finding.segment is not Segment.DEVICE:
        return Owner.ELECTRICITY
    return _OF_SEGMENT[finding.segment]


def owner_word(found: Owner, lang: str, subject: str = "") -> str:
    """``nhà cung cấp VNPT`` / ``the provider VNPT``; of a finding whose `subject` is no provider (a unit's code is
    digits) ``nhà cung cấp đường truyền``."""
    if found is Owner.PROVIDER and subject and not subject.isdecimal():
        return f"{'the provider' if lang == 'en' else 'nhà cung cấp'} {subject}"
    return OWNERS[found][lang == "en"]


def whose(finding: Finding, lang: str) -> str:
    """The owner of `finding` in words."""
    return owner_word(owner(finding), lang, finding.subject if finding.segment is Segment.PROVIDER else "")


def step(finding: Finding, lang: str) -> str:
    """What to do next: one line."""
    cause, segment = finding.cause, finding.segment
    found = STEPS.get((cause, segment)) or STEPS.get(cause) or STEPS[segment]
    return found[lang == "en"]
