"""What the reasons of the desk are called: disks, power, signing tokens and the services that a signature needs."""

from __future__ import annotations

from checks.kit.model import Reason

Row = tuple[str, str, str, str]
"""Title and hint in Vietnamese, then in English."""

DESK: dict[Reason, Row] = {
    Reason.DISK_FAILING: (
        "Ổ đĩa sắp hỏng", "Sao lưu hồ sơ ngay hôm nay, rồi thay ổ đĩa.",
        "The disk is about to fail", "Back its files up today, then replace the disk.",
    ),
    Reason.DISK_READ_ONLY: (
        "Ổ đĩa chỉ còn đọc được", "Sao lưu, kiểm tra đĩa (chkdsk, fsck); thường do đĩa hỏng.",
        "The volume went read-only", "Back it up and check it (chkdsk, fsck): the disk is often broken.",
    ),
    Reason.DISK_FULL: (
        "Ổ đĩa đã đầy", "Dọn tệp tạm, bản cập nhật cũ; chuyển hồ sơ quét về kho.",
        "The volume is full", "Clear temporary files and old updates; move scanned files to the archive.",
    ),
    Reason.ON_BATTERY: (
        "Mất điện lưới, đang chạy pin", "Lưu việc đang làm; kiểm tra nguồn điện và thời gian còn lại của UPS.",
        "Mains power is gone, on battery", "Save your work; look at the mains and at the time the UPS has left.",
    ),
    Reason.BATTERY_LOW: (
        "Pin sắp hết", "Lưu hồ sơ và tắt máy đúng cách ngay.",
        "The battery is nearly empty", "Save your work and shut down in order, now.",
    ),
    Reason.BATTERY_REPLACE: (
        "Cần thay ắc quy UPS", "Đề xuất thay ắc quy: không còn giữ được điện.",
        "The UPS needs a new battery", "Ask for a new battery: this one no longer holds.",
    ),
    Reason.UPS_OVERLOAD: (
        "UPS quá tải", "Rút bớt máy in, màn hình khỏi UPS.",
        "The UPS is overloaded", "Unplug printers and displays from the UPS.",
    ),
    Reason.UPS_UNREACHABLE: (
        "Không đọc được UPS", "Kiểm tra cáp USB của UPS và dịch vụ NUT.",
        "The UPS cannot be read", "Check its USB cable and the NUT service.",
    ),
    Reason.PCSC_STOPPED: (
        "Dịch vụ thẻ thông minh đang dừng", "Bật dịch vụ Smart Card (Windows) hoặc pcscd (Linux).",
        "The smart-card service is stopped", "Start the Smart Card service (Windows) or pcscd (Linux).",
    ),
    Reason.READER_ABSENT: (
        "Không thấy đầu đọc hay USB token", "Cắm USB token, thử cổng USB khác, cài trình điều khiển.",
        "No reader or USB token is found", "Plug the token in, try another USB port, install its driver.",
    ),
    Reason.READER_REDIRECTED: (
        "Đang ở phiên Remote Desktop", "Đo tại chính máy: Remote Desktop thay đầu đọc của máy.",
        "Inside a Remote Desktop session", "Measure at the PC itself: Remote Desktop puts other readers in place.",
    ),
    Reason.TOKEN_ABSENT: (
        "Chưa cắm USB token", "Cắm USB token của người ký vào đầu đọc.",
        "No token is plugged in", "Plug the signer's token into the reader.",
    ),
    Reason.TOKEN_MUTE: (
        "Token không phản hồi", "Rút ra cắm lại; nếu vẫn vậy, token có thể hỏng.",
        "The token does not respond", "Unplug and plug it again; if it stays, the token may be broken.",
    ),
    Reason.TOKEN_UNKNOWN: (
        "Token lạ, chưa có trong danh mục", "Gửi mã ATR cho cán bộ kỹ thuật để bổ sung danh mục.",
        "An unknown kind of token", "Send IT its ATR, so that it is added to the catalogue.",
    ),
    Reason.TOKEN_REMOVED: (
        "Token bị rút khi đang đo", "Cắm lại và giữ nguyên cho đến khi đo xong.",
        "The token was pulled out meanwhile", "Plug it in again and leave it until the check ends.",
    ),
    Reason.MODULE_MISSING: (
        "Thiếu trình điều khiển của token", "Cài bộ cài của hãng token (SafeNet, bit4id ...).",
        "The token's driver is missing", "Install its maker's package (SafeNet, bit4id ...).",
    ),
    Reason.MODULE_REFUSED: (
        "Trình điều khiển không nạp được", "Cài lại đúng bản 32/64 bit của bộ cài token.",
        "The token's driver cannot be loaded", "Install it again, in the right edition (32 or 64 bit).",
    ),
    Reason.MODULE_CRASHED: (
        "Trình điều khiển token bị sập", "Gỡ và cài lại bộ cài token, bản mới nhất của hãng.",
        "The token's driver crashed", "Remove and install its maker's latest package.",
    ),
    Reason.MODULE_HUNG: (
        "Trình điều khiển token bị treo", "Rút token, đợi 10 giây, cắm lại; khởi động lại máy nếu vẫn treo.",
        "The token's driver hangs", "Unplug the token for 10 s; restart the PC if it hangs again.",
    ),
    Reason.MODULE_GARBAGE: (
        "Trình điều khiển trả lời vô nghĩa", "Cài lại bộ cài token; gửi tên tệp cho cán bộ kỹ thuật.",
        "The token's driver answers nonsense", "Install it again; send IT the name of its file.",
    ),
    Reason.TOKEN_UNREADABLE: (
        "Trình điều khiển không thấy token", "Cài trình điều khiển đúng hãng của token này.",
        "The driver does not see the token", "Install the driver of this token's own maker.",
    ),
    Reason.TOKEN_UNINITIALISED: (
        "Token chưa được khởi tạo", "Gửi token cho cơ quan cấp để khởi tạo và nạp chứng thư.",
        "The token is not initialised", "Send it to the issuer to be initialised.",
    ),
    Reason.PIN_LOCKED: (
        "Token đã bị khóa PIN", "Không thử thêm: gửi token cho cơ quan cấp mở khóa.",
        "The token's PIN is locked", "Do not try again: the issuer unlocks it.",
    ),
    Reason.PIN_FINAL_TRY: (
        "Chỉ còn một lần nhập PIN", "Dừng nhập, hỏi đúng PIN: sai lần nữa token sẽ bị khóa.",
        "One PIN try is left", "Stop, find the right PIN: one more wrong one locks the token.",
    ),
    Reason.PIN_COUNT_LOW: (
        "PIN đã từng bị nhập sai", "Nhập đúng PIN một lần là hết cảnh báo này.",
        "A wrong PIN was entered", "Entering the right PIN once ends this warning.",
    ),
    Reason.CERT_ABSENT: (
        "Token không có chứng thư", "Nạp chứng thư vào token tại cơ quan cấp.",
        "The token holds no certificate", "Have the issuer put the certificate on it.",
    ),
    Reason.CERT_MALFORMED: (
        "Chứng thư bị lỗi định dạng", "Nạp lại chứng thư tại cơ quan cấp.",
        "The certificate is malformed", "Have the issuer put it on the token again.",
    ),
    Reason.CERT_EXPIRED: (
        "Chứng thư số đã hết hạn", "Chứng thư đã hết hạn: làm thủ tục cấp mới ngay.",
        "The certificate has expired", "It has ended: apply for a new one now.",
    ),
    Reason.CERT_NOT_YET_VALID: (
        "Chứng thư số chưa có hiệu lực", "Xem giờ máy có đúng không; nếu đúng, đợi đến ngày hiệu lực.",
        "The certificate is not valid yet", "See whether this PC's clock is right; if so, wait for the day.",
    ),
    Reason.CERT_USAGE: (
        "Chứng thư không dùng để ký", "Xin cấp chứng thư có mục đích ký số.",
        "The certificate is not for signing", "Ask for one whose use is to sign.",
    ),
    Reason.CERT_FORMER_UNIT: (
        "Chứng thư còn tên đơn vị cũ", "Làm thủ tục đổi thông tin chứng thư sang đơn vị mới.",
        "The certificate names a former unit", "Apply for a certificate that names today's unit.",
    ),
    Reason.CERT_REVOKED: (
        "Chứng thư đã bị thu hồi", "Ngừng ký, liên hệ cơ quan cấp để được cấp mới.",
        "The certificate is revoked", "Stop signing; ask the issuer for a new one.",
    ),
    Reason.CERT_SIGNATURE: (
        "Chữ ký của nơi cấp không khớp", "Không dùng chứng thư này; báo cơ quan cấp.",
        "The issuer's signature does not match", "Do not use this certificate; tell the issuer.",
    ),
    Reason.ISSUER_MISSING: (
        "Thiếu chứng thư của nơi cấp", "Cài chuỗi chứng thư gốc và trung gian của nơi cấp.",
        "The issuer's certificate is missing", "Install the issuer's chain: root and intermediate.",
    ),
    Reason.ISSUER_UNTRUSTED: (
        "Nơi cấp không có trong danh mục", "Kiểm tra nơi cấp; bổ sung gốc tin cậy nếu hợp lệ.",
        "The issuer is not a configured one", "Check who issued it; add the root if it is right.",
    ),
    Reason.ISSUER_EXPIRED: (
        "Chứng thư của nơi cấp đã hết hạn", "Đổi sang chứng thư của thế hệ mới (G2).",
        "The issuer's certificate has expired", "Change to a certificate of the new generation (G2).",
    ),
    Reason.SERVICE_STOPPED: (
        "Dịch vụ ký số trên máy đang dừng", "Khởi động VGCA Sign Service, hoặc cài lại.",
        "The local signing service is stopped", "Start VGCA Sign Service, or install it again.",
    ),
    Reason.SERVICE_TIMEOUT: (
        "Dịch vụ ký số không phản hồi", "Tắt và mở lại VGCA Sign Service.",
        "The local signing service hangs", "End VGCA Sign Service and start it again.",
    ),
    Reason.SERVICE_MALFORMED: (
        "Dịch vụ ký số trả lời sai", "Cài lại VGCA Sign Service; xem phần mềm nào chiếm cổng 8987.",
        "The signing service answers nonsense", "Install it again; see what else uses port 8987.",
    ),
    Reason.TSA_UNREACHABLE: (
        "Không tới được máy chủ dấu thời gian", "Kiểm tra mạng và tường lửa tới máy chủ TSA.",
        "The time-stamp server is out of reach", "Check the network and the firewall towards it.",
    ),
    Reason.TSA_REFUSED: (
        "Máy chủ dấu thời gian từ chối", "Báo cơ quan vận hành máy chủ cấp dấu thời gian.",
        "The time-stamp server refuses", "Tell who runs the time-stamp server.",
    ),
    Reason.TSA_MALFORMED: (
        "Dấu thời gian sai định dạng", "Có thể bị chặn giữa đường; báo cơ quan vận hành.",
        "The time stamp is malformed", "Something may answer in its place; tell its operator.",
    ),
    Reason.TSA_MISMATCH: (
        "Dấu thời gian không khớp yêu cầu", "Không dùng; báo cơ quan vận hành máy chủ.",
        "The time stamp is for something else", "Do not use it; tell who runs the server.",
    ),
    Reason.TSA_UNTRUSTED: (
        "Dấu thời gian không đáng tin cậy", "Cài chứng thư gốc của TSA; báo cơ quan vận hành.",
        "The time stamp is not trusted", "Install the server's root; tell its operator.",
    ),
    Reason.CRL_UNREACHABLE: (
        "Không tải được danh sách thu hồi", "Mở tường lửa tới địa chỉ CRL của nơi cấp.",
        "The revocation list is out of reach", "Let the PC reach the issuer's CRL address.",
    ),
    Reason.CRL_MALFORMED: (
        "Danh sách thu hồi sai định dạng", "Báo nơi cấp; xem có trang đăng nhập mạng chắn giữa.",
        "The revocation list is malformed", "Tell the issuer; see whether a portal is in between.",
    ),
    Reason.CRL_STALE: (
        "Danh sách thu hồi đã quá hạn", "Báo nơi cấp: danh sách chưa được cập nhật.",
        "The revocation list is out of date", "Tell the issuer: the list was not renewed.",
    ),
    Reason.OCSP_UNREACHABLE: (
        "Không tới được máy chủ OCSP", "Mở tường lửa tới địa chỉ OCSP của nơi cấp.",
        "The OCSP server is out of reach", "Let the PC reach the issuer's OCSP address.",
    ),
    Reason.OCSP_MALFORMED: (
        "Câu trả lời OCSP sai định dạng", "Báo nơi cấp; xem có trang đăng nhập mạng chắn giữa.",
        "The OCSP answer is malformed", "Tell the issuer; see whether a portal is in between.",
    ),
    Reason.OCSP_STALE: (
        "Câu trả lời OCSP đã quá hạn", "Báo nơi cấp: máy chủ OCSP không được cập nhật.",
        "The OCSP answer is out of date", "Tell the issuer: its OCSP server is not renewed.",
    ),
}  # fmt: skip
