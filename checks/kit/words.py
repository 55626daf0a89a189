"""What outcomes and reasons are called, in Vietnamese and English, and what to do about a reason next."""

from __future__ import annotations

from msgspec import Struct

from checks.kit.model import Outcome, Reason

LANGUAGES = ("vi", "en")


class Words(Struct, frozen=True):
    """A reason for people: what happened, and one line on what to do next."""

    title: str
    hint: str


class Mark(Struct, frozen=True):
    """An outcome for people. ``ascii`` stands in where ``glyph`` cannot be shown."""

    word: str
    glyph: str
    ascii: str


_OUTCOMES: dict[Outcome, tuple[str, str, str, str]] = {
    Outcome.OK: ("●", "+", "hoạt động", "working"),
    Outcome.FAILED: ("✕", "x", "hỏng", "failing"),
    Outcome.NOT_APPLICABLE: ("○", "-", "không áp dụng", "not applicable"),
    Outcome.ERROR: ("◌", "?", "không đo được", "not measured"),
}

_Row = tuple[str, str, str, str]
_REASONS: dict[Reason, _Row] = {
    Reason.DNS_NXDOMAIN: (
        "Tên miền không tồn tại", "Kiểm tra địa chỉ đã khai báo và máy chủ tên miền (DNS) đang dùng.",
        "The name does not exist", "Check the configured address and which name server (DNS) is in use.",
    ),
    Reason.DNS_TIMEOUT: (
        "Máy chủ tên miền không trả lời", "Kiểm tra đường truyền, rồi địa chỉ DNS trên máy và bộ định tuyến.",
        "The name server does not answer", "Check the line, then the DNS address on this PC and on the router.",
    ),
    Reason.DNS_SERVFAIL: (
        "Máy chủ tên miền báo lỗi", "Thử DNS khác; nếu vẫn lỗi, báo nhà cung cấp đường truyền.",
        "The name server reports an error", "Try another DNS server; if it stays, tell the line's provider.",
    ),
    Reason.DNS_NO_ADDRESS: (
        "Tên miền không có địa chỉ IP", "Báo đơn vị quản trị hệ thống: bản ghi DNS đang thiếu địa chỉ.",
        "The name has no address", "Tell the system's operator: its DNS record lacks an address.",
    ),
    Reason.TCP_REFUSED: (
        "Máy chủ từ chối kết nối", "Dịch vụ có thể đang dừng: báo đơn vị quản trị hệ thống.",
        "The server refuses the connection", "The service may be stopped: tell the system's operator.",
    ),
    Reason.TCP_TIMEOUT: (
        "Máy chủ không phản hồi kết nối", "Thử từ máy khác; nếu cùng lỗi, kiểm tra đường truyền và tường lửa.",
        "The server does not take the connection", "Try another PC; if it fails too, check the line and firewalls.",
    ),
    Reason.TCP_RESET: (
        "Kết nối bị ngắt giữa chừng", "Kiểm tra tường lửa, phần mềm diệt vi-rút và thiết bị lọc trên đường đi.",
        "The connection was cut", "Check the firewall, the antivirus and any filter on the way.",
    ),
    Reason.TCP_UNREACHABLE: (
        "Không có đường mạng tới máy chủ", "Kiểm tra dây mạng, Wi-Fi và cổng mặc định (gateway).",
        "The network has no way to the server", "Check the cable, the Wi-Fi and the default gateway.",
    ),
    Reason.TLS_EXPIRED: (
        "Chứng thư máy chủ hết hạn", "Xem giờ máy tính có đúng không; nếu đúng, báo đơn vị quản trị hệ thống.",
        "The server's certificate has expired", "See whether this PC's clock is right; if so, tell the operator.",
    ),
    Reason.TLS_NOT_YET_VALID: (
        "Chứng thư máy chủ chưa có hiệu lực", "Chỉnh lại ngày giờ của máy tính rồi thử lại.",
        "The server's certificate is not valid yet", "Set this PC's date and time, then try again.",
    ),
    Reason.TLS_NAME: (
        "Chứng thư cấp cho tên khác", "Kiểm tra địa chỉ; nếu đúng, có thể bị chuyển hướng: báo cán bộ kỹ thuật.",
        "The certificate is for another name", "Check the address; if right, traffic may be diverted: tell IT.",
    ),
    Reason.TLS_UNTRUSTED: (
        "Chứng thư không đáng tin cậy", "Cài chứng thư gốc còn thiếu; không bỏ qua cảnh báo của trình duyệt.",
        "The certificate is not trusted", "Install the missing root certificate; do not click warnings away.",
    ),
    Reason.TLS_INTERCEPTED: (
        "Kết nối bảo mật bị chặn giữa", "Tắt chức năng quét HTTPS của phần mềm diệt vi-rút hoặc tường lửa.",
        "The secure connection is intercepted", "Turn off HTTPS scanning in the antivirus or the firewall.",
    ),
    Reason.TLS_TIMEOUT: (
        "Bắt tay bảo mật quá thời gian", "Đường truyền có thể mất gói hoặc nghẽn: đo lại và kiểm tra MTU.",
        "The TLS handshake takes too long", "The line may lose packets or be full: measure again, check the MTU.",
    ),
    Reason.TLS_HANDSHAKE: (
        "Bắt tay bảo mật thất bại", "Hai bên không chung phiên bản hoặc máy chủ cần chứng thư: báo quản trị.",
        "The TLS handshake failed", "No common version, or the server wants a certificate: tell its operator.",
    ),
    Reason.HTTP_STATUS: (
        "Hệ thống trả về mã lỗi", "Mạng vẫn thông: báo đơn vị quản trị hệ thống kèm mã trạng thái.",
        "The system answers with an error", "The network works: tell the system's operator the status code.",
    ),
    Reason.HTTP_BODY: (
        "Trang trả về không đúng nội dung", "Mở trang bằng trình duyệt: có thể là trang bảo trì hoặc trang lạ.",
        "The page is not the expected one", "Open it in a browser: it may be under maintenance or another page.",
    ),
    Reason.HTTP_TIMEOUT: (
        "Hệ thống trả lời quá chậm", "Thử lại và so với phường khác: chậm ở hệ thống hay ở đường truyền.",
        "The system answers too slowly", "Try again, compare with other wards: is it the system or the line.",
    ),
    Reason.HTTP_PROTOCOL: (
        "Câu trả lời không phải HTTP hợp lệ", "Kiểm tra cổng trong địa chỉ và thiết bị trung gian trên đường đi.",
        "The answer is not valid HTTP", "Check the port in the address and devices on the way.",
    ),
    Reason.HTTP_TOO_LARGE: (
        "Câu trả lời quá lớn", "Khai báo một trang nhẹ hơn, hoặc nâng max_bytes của phép đo.",
        "The answer is too large", "Configure a lighter page, or raise the check's max_bytes.",
    ),
    Reason.HTTP_REDIRECTS: (
        "Chuyển hướng không tới đích", "Kiểm tra địa chỉ đã khai báo; báo đơn vị quản trị nếu lặp vòng.",
        "The redirects lead nowhere", "Check the configured address; tell the operator if they go in circles.",
    ),
    Reason.PROXY_AUTH: (
        "Proxy đòi đăng nhập", "Cấp quyền cho máy này trên proxy hoặc cho phép đi thẳng.",
        "A proxy wants a sign-in", "Let this PC through the proxy, or allow it a direct way.",
    ),
    Reason.CAPTIVE_PORTAL: (
        "Mạng đòi đăng nhập trước", "Mở trình duyệt, đăng nhập mạng, hoặc dùng mạng của cơ quan.",
        "The network wants a sign-in first", "Open a browser and sign in, or use the office's network.",
    ),
    Reason.OWN_LINK_DOWN: (
        "Máy này mất mạng", "Kiểm tra dây mạng, đèn cổng mạng hoặc Wi-Fi của máy.",
        "This PC has no network", "Check its cable, the port's light or its Wi-Fi.",
    ),
    Reason.CLOCK_WRONG: (
        "Đồng hồ máy tính sai", "Bật đồng bộ thời gian, hoặc thay pin CMOS nếu giờ sai sau mỗi lần tắt máy.",
        "This PC's clock is wrong", "Turn on time synchronisation; replace the CMOS battery if it keeps failing.",
    ),
    Reason.PERMISSION: (
        "Thiếu quyền để đo", "Chạy tác tử bằng tài khoản đã hướng dẫn, hoặc mở quyền trên tường lửa của máy.",
        "Not permitted to measure", "Run the agent as documented, or allow it in this PC's firewall.",
    ),
    Reason.UNSUPPORTED: (
        "Máy này chưa được hỗ trợ", "Không cần làm gì: phép đo này chưa có cho hệ điều hành của máy.",
        "Not supported on this device", "Nothing to do: the check does not exist for this system yet.",
    ),
    Reason.BAD_PARAMS: (
        "Cấu hình phép đo sai", "Chạy sansang-agent validate và sửa theo dòng được báo.",
        "The check is configured wrongly", "Run sansang-agent validate and correct the line it names.",
    ),
    Reason.DEADLINE: (
        "Phép đo quá thời gian", "Thử lại khi máy bớt bận; nếu lặp lại, báo cán bộ kỹ thuật.",
        "The check ran out of time", "Try again when the PC is less busy; if it stays, tell IT.",
    ),
    Reason.CHILD_CRASHED: (
        "Tiến trình đo bị dừng đột ngột", "Thường do trình điều khiển hỏng: cài lại trình điều khiển rồi đo lại.",
        "The measuring process crashed", "Often a broken driver: install it again, then measure again.",
    ),
    Reason.CHILD_HUNG: (
        "Tiến trình đo bị treo", "Rút và cắm lại thiết bị, khởi động lại máy nếu vẫn treo.",
        "The measuring process hung", "Unplug and plug the device; restart the PC if it hangs again.",
    ),
    Reason.CHILD_GARBAGE: (
        "Tiến trình đo trả lời sai", "Gửi phiên bản tác tử và tên phép đo cho cán bộ kỹ thuật.",
        "The measuring process answered nonsense", "Send IT the agent's version and the check's name.",
    ),
    Reason.CHILD_MEMORY: (
        "Tiến trình đo thiếu bộ nhớ", "Đóng bớt chương trình; nếu lặp lại, báo cán bộ kỹ thuật.",
        "The measuring process ran out of memory", "Close some programs; if it stays, tell IT.",
    ),
    Reason.INTERNAL: (
        "Lỗi trong phần mềm đo", "Gửi chi tiết này cho đội phát triển: lỗi không phải do máy hay mạng.",
        "A fault in the measuring program", "Send this detail to the developers: PC and network are not to blame.",
    ),
}  # fmt: skip


def reason(code: Reason | str, lang: str = "vi") -> Words:
    """The words for a reason in `lang` (``vi`` or ``en``). One of a newer release is called by its code."""
    row = _REASONS.get(Reason(code)) if code in set(Reason) else None
    if row is None:
        return Words(str(code), "")
    return Words(row[0], row[1]) if lang == "vi" else Words(row[2], row[3])


def outcome(code: Outcome, lang: str = "vi") -> Mark:
    """Word and glyph of an outcome in `lang` (``vi`` or ``en``)."""
    glyph, plain, vietnamese, english = _OUTCOMES[code]
    return Mark(vietnamese if lang == "vi" else english, glyph, plain)
