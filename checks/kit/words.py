"""What outcomes and reasons are called, in Vietnamese and English, and what to do about a reason next."""

from __future__ import annotations

from msgspec import Struct

from checks.kit.model import Outcome, Reason
from checks.kit.words_desk import DESK, Row

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

_REASONS: dict[Reason, Row] = DESK | {
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
    Reason.DNS_REFUSED: (
        "Máy chủ tên miền từ chối", "Máy chủ DNS này không phục vụ mạng của ta: khai báo máy chủ DNS đúng.",
        "The name server refuses to answer", "It does not serve this network: configure the right name server.",
    ),
    Reason.DNS_TRUNCATED: (
        "Câu trả lời DNS bị cắt", "Mở cổng TCP 53 trên tường lửa: câu trả lời dài phải đi qua TCP.",
        "The name server's answer is cut short", "Open TCP port 53 in the firewall: long answers need TCP.",
    ),
    Reason.DNS_LOOP: (
        "Tên miền trỏ vòng quanh", "Báo đơn vị quản trị tên miền: bản ghi CNAME tạo thành vòng.",
        "The name points in circles", "Tell who runs the name: its CNAME records form a loop.",
    ),
    Reason.DNS_MALFORMED: (
        "Câu trả lời DNS sai định dạng", "Có thiết bị can thiệp cổng 53: thử DNS khác, kiểm tra bộ định tuyến.",
        "The name server's answer is malformed", "Something meddles with port 53: try another name server or router.",
    ),
    Reason.DNS_WRONG: (
        "Tên miền trỏ sai địa chỉ", "So địa chỉ với thông báo của đơn vị quản trị; đổi DNS, kiểm tra tệp hosts.",
        "The name leads to a wrong address", "Compare with the operator's list; change the name server.",
    ),
    Reason.DNS_REWRITTEN: (
        "DNS bịa địa chỉ cho tên không có", "Đổi máy chủ DNS: nhà cung cấp đang chuyển tên sai tới trang của họ.",
        "The name server invents addresses", "Use another name server: this one answers for names that do not exist.",
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
    Reason.ADDRESS_FORBIDDEN: (
        "Địa chỉ không được phép đo", "Tên miền trỏ vào địa chỉ nội bộ của máy: kiểm tra DNS và địa chỉ khai báo.",
        "The address must not be measured", "The name leads to the machine itself: check DNS and the target.",
    ),
    Reason.TLS_EXPIRED: (
        "Chứng thư máy chủ hết hạn", "Xem giờ máy tính có đúng không; nếu đúng, báo đơn vị quản trị hệ thống.",
        "The server's certificate has expired", "See whether this PC's clock is right; if so, tell the operator.",
    ),
    Reason.TLS_NOT_YET_VALID: (
        "Chứng thư máy chủ chưa có hiệu lực", "Chỉnh lại ngày giờ của máy tính rồi thử lại.",
        "Server's certificate is not valid yet", "Set this PC's date and time, then try again.",
    ),
    Reason.TLS_NAME: (
        "Chứng thư cấp cho tên khác", "Kiểm tra địa chỉ; nếu đúng, có thể bị chuyển hướng: báo cán bộ kỹ thuật.",
        "The certificate is for another name", "Check the address; if right, traffic may be diverted: tell IT.",
    ),
    Reason.TLS_UNTRUSTED: (
        "Chứng thư không đáng tin cậy", "Cài chứng thư gốc còn thiếu; không bỏ qua cảnh báo của trình duyệt.",
        "The certificate is not trusted", "Install the missing root certificate; do not click warnings away.",
    ),
    Reason.TLS_SELF_SIGNED: (
        "Chứng thư tự ký", "Thiết bị lạ hoặc máy chủ cấu hình sai: báo quản trị, không bấm bỏ qua.",
        "The certificate is self-signed", "A stranger's device or a misconfigured server: tell its operator.",
    ),
    Reason.TLS_VERSION: (
        "Máy chủ chỉ có TLS quá cũ", "Báo đơn vị quản trị nâng lên TLS 1.2 trở lên: bản cũ không an toàn.",
        "The server only speaks an old TLS", "Tell its operator to offer TLS 1.2 or newer: what it has is not safe.",
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
    Reason.HTTP_SLOW: (
        "Câu trả lời đến nhỏ giọt", "Đường truyền nghẽn hoặc máy chủ quá tải: đo lại và so với phường khác.",
        "The answer trickles in", "The line is full or the server overloaded: measure again, compare with other wards.",
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
    Reason.WEBSOCKET_REFUSED: (
        "Không mở được kết nối WebSocket", "Thiết bị trung gian có thể chặn WebSocket: thử mạng khác, báo quản trị.",
        "The WebSocket was not opened", "Something on the way may block WebSockets: try another network.",
    ),
    Reason.PROXY_AUTH: (
        "Proxy đòi đăng nhập", "Cấp quyền cho máy này trên proxy hoặc cho phép đi thẳng.",
        "A proxy wants a sign-in", "Let this PC through the proxy, or allow it a direct way.",
    ),
    Reason.PROXY_UNREACHABLE: (
        "Không kết nối được proxy", "Kiểm tra địa chỉ proxy của máy, rồi chính máy chủ proxy.",
        "The proxy cannot be reached", "Check this PC's proxy address, then the proxy itself.",
    ),
    Reason.PROXY_REFUSED: (
        "Proxy không cho đi qua", "Cho phép địa chỉ này trên proxy, hoặc cho máy đi thẳng.",
        "The proxy does not let it through", "Allow this address on the proxy, or give the PC a direct way.",
    ),
    Reason.CAPTIVE_PORTAL: (
        "Mạng đòi đăng nhập trước", "Mở trình duyệt, đăng nhập mạng, hoặc dùng mạng của cơ quan.",
        "The network wants a sign-in first", "Open a browser and sign in, or use the office's network.",
    ),
    Reason.OWN_LINK_DOWN: (
        "Máy này mất mạng", "Kiểm tra dây mạng, đèn cổng mạng hoặc Wi-Fi của máy.",
        "This PC has no network", "Check its cable, the port's light or its Wi-Fi.",
    ),
    Reason.LINK_DOWN: (
        "Cổng mạng không có tín hiệu", "Cắm lại dây mạng, thử cổng khác trên bộ chuyển mạch, hoặc nối lại Wi-Fi.",
        "The network port has no link", "Plug the cable again, try another switch port, or join the Wi-Fi again.",
    ),
    Reason.GATEWAY_MISSING: (
        "Máy không có cổng mặc định", "Xem máy có nhận địa chỉ từ DHCP không; kiểm tra cấu hình IP.",
        "No default gateway", "See whether the PC gets an address by DHCP; check its IP settings.",
    ),
    Reason.GATEWAY_UNREACHABLE: (
        "Bộ định tuyến không trả lời", "Kiểm tra dây tới bộ định tuyến, khởi động lại bộ định tuyến nếu cần.",
        "The router does not answer", "Check the cable to the router; restart the router if needed.",
    ),
    Reason.ADDRESS_CONFLICT: (
        "Trùng địa chỉ IP", "Một thiết bị khác dùng cùng địa chỉ: chuyển về DHCP hoặc đổi địa chỉ tĩnh.",
        "Address used twice", "Another device has the same address: use DHCP or change the fixed address.",
    ),
    Reason.ROGUE_DHCP: (
        "Có máy chủ DHCP lạ", "Tìm và tắt bộ phát Wi-Fi hoặc bộ định tuyến cắm nhầm cổng LAN.",
        "A foreign DHCP server answers", "Find and remove the Wi-Fi box or router that is plugged in by its LAN port.",
    ),
    Reason.ROUTE_STOPS: (
        "Đường đi đứt giữa chừng", "Gửi nhà cung cấp chặng cuối cùng còn trả lời và thời điểm đo.",
        "The route ends on the way", "Send the provider the last hop that answered, and when.",
    ),
    Reason.ROUTE_LOOP: (
        "Đường đi chạy vòng", "Báo nhà cung cấp: định tuyến của họ gửi gói tin vòng quanh.",
        "The route goes in circles", "Tell the provider: its routing sends packets in circles.",
    ),
    Reason.MTU_BLACKHOLE: (
        "Gói tin lớn bị nuốt mất", "Giảm MTU của cổng WAN trên bộ định tuyến (PPPoE: 1492) và báo nhà cung cấp.",
        "Large packets vanish", "Lower the MTU of the router's WAN port (PPPoE: 1492), and tell the provider.",
    ),
    Reason.SNMP_TIMEOUT: (
        "Bộ định tuyến không trả lời SNMP", "Bật SNMP, kiểm tra community và máy được phép hỏi trên bộ định tuyến.",
        "The router does not answer SNMP", "Turn SNMP on; check the community and who may ask on the router.",
    ),
    Reason.SNMP_AUTH: (
        "SNMPv3 sai tài khoản hoặc khóa", "Nhập lại tên, khóa xác thực và khóa mã hóa như trên bộ định tuyến.",
        "SNMPv3 user or key is wrong", "Enter user, authentication and privacy keys as they are on the router.",
    ),
    Reason.SNMP_MISSING: (
        "Bộ định tuyến thiếu số liệu", "Thiết bị không có bộ đếm cần đo: cập nhật firmware hoặc đổi thiết bị.",
        "The router lacks the figures", "The device does not have the counters: update its firmware or replace it.",
    ),
    Reason.SNMP_MALFORMED: (
        "Câu trả lời SNMP sai định dạng", "Cập nhật firmware của bộ định tuyến; gửi kiểu máy cho cán bộ kỹ thuật.",
        "The SNMP answer is malformed", "Update the router's firmware; send IT its model.",
    ),
    Reason.INTERFACE_MISSING: (
        "Không tìm thấy cổng đường truyền", "Khai báo lại tên cổng WAN của bộ định tuyến cho phường này.",
        "The line's interface is not there", "Declare this ward's WAN interface name again.",
    ),
    Reason.INTERFACE_DOWN: (
        "Cổng đường truyền đang ngắt", "Kiểm tra cáp quang, modem và đèn cổng WAN; báo nhà cung cấp.",
        "The line's interface is down", "Check the fibre, the modem and the WAN light; tell the provider.",
    ),
    Reason.CLOCK_WRONG: (
        "Đồng hồ máy tính sai", "Bật đồng bộ thời gian, hoặc thay pin CMOS nếu giờ sai sau mỗi lần tắt máy.",
        "This PC's clock is wrong", "Turn on time synchronisation; replace the CMOS battery if it keeps failing.",
    ),
    Reason.NTP_TIMEOUT: (
        "Máy chủ thời gian không trả lời", "Mở cổng UDP 123 hoặc dùng máy chủ thời gian của tỉnh.",
        "The time server does not answer", "Open UDP port 123, or use the province's time server.",
    ),
    Reason.NTP_UNSYNCHRONISED: (
        "Máy chủ thời gian chưa đồng bộ", "Dùng máy chủ thời gian khác; báo người quản trị máy chủ này.",
        "The time server is not synchronised", "Use another time server; tell who runs this one.",
    ),
    Reason.NTP_IMPLAUSIBLE: (
        "Máy chủ thời gian báo giờ vô lý", "Bỏ máy chủ này khỏi cấu hình: giờ của nó trái với các nguồn khác.",
        "The time server's time is impossible", "Remove it from the settings: its time contradicts the other sources.",
    ),
    Reason.REFLECTOR_SILENT: (
        "Máy chủ đo cuộc gọi không trả lời", "Mở cổng UDP của bộ thu thập trên tường lửa; các phép đo khác vẫn chạy.",
        "Nothing answers for the call measurement", "Open the collector's UDP port in the firewall.",
    ),
    Reason.REFLECTOR_REFUSED: (
        "Máy chủ đo cuộc gọi không nhận gói tin", "Kiểm tra đồng hồ của máy, rồi đo lại với lượt đo mới.",
        "The reflector does not take the packets", "Check this PC's clock, and measure again with a new lease.",
    ),
    Reason.LEASE_REFUSED: (
        "Chưa được phép đo tốc độ lúc này", "Không cần làm gì: máy đo lại khi được cấp lượt.",
        "Speed may not be measured now", "Nothing to do: it is measured once a lease is granted.",
    ),
    Reason.TEST_CUT: (
        "Phép đo tốc độ bị ngắt giữa chừng", "Đo lại; nếu lặp lại, kiểm tra đường truyền và bộ thu thập.",
        "The speed test was cut off", "Measure again; if it recurs, look at the line and the collector.",
    ),
    Reason.CLOCK_STEPPED: (
        "Đồng hồ bị chỉnh khi đang đo", "Đo lại; nếu lặp lại, kiểm tra phần mềm chỉnh giờ của máy.",
        "The clock was set during the test", "Measure again; if it recurs, see what sets this PC's clock.",
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
