"""What people call the closed values of the check ``support``, in Vietnamese and in English."""

from __future__ import annotations

from checks.kit.model import Bilingual

Words = dict[str, Bilingual]


def _words(*rows: tuple[str, str, str]) -> Words:
    return {code: {"vi": vi, "en": en} for code, vi, en in rows}


CHANNELS = _words(
    ("any", "mọi phiên bản", "all editions"),
    ("home_pro", "Home, Pro", "Home, Pro"),
    ("enterprise", "Enterprise, Education", "Enterprise, Education"),
    ("ltsc", "LTSC/LTSB", "LTSC/LTSB"),
    ("iot_ltsc", "IoT LTSC", "IoT LTSC"),
    ("server", "Windows Server", "Windows Server"),
    ("full", "hỗ trợ đầy đủ", "full support"),
    ("lts", "hỗ trợ dài hạn (LTS)", "long-term support (LTS)"),
    ("standard", "hỗ trợ tiêu chuẩn", "standard support"),
    ("pro", "Ubuntu Pro", "Ubuntu Pro"),
)
BASIS = _words(
    ("data_file", "bảng ngày hết hỗ trợ", "the table of end dates"),
    ("unknown_release", "bảng chưa có phiên bản này", "the table lacks this release"),
    ("unknown_edition", "không rõ ấn bản Windows", "the edition is not known"),
    ("implausible_clock", "đồng hồ máy sai", "this PC's clock is wrong"),
)
CONFIDENCE = _words(
    ("published", "nhà phát hành công bố", "published by the maker"),
    ("copied", "chép từ bên thứ ba", "copied by others"),
    ("reckoned", "tính theo quy tắc", "reckoned from the maker's rule"),
    ("recalled", "kiến thức chung", "general knowledge"),
)
_UNREADABLE = (
    ("needs_rights", "cần quyền quản trị để đọc", "needs rights to read"),
    ("not_readable", "không đọc được", "cannot be read"),
    ("query_failed", "không hỏi được Windows", "the query failed"),
)
REBOOT = _words(
    ("reboot_required", "hệ thống yêu cầu", "the system asks for it"),
    ("newer_kernel", "có nhân mới hơn", "a newer kernel"),
    ("newest_kernel", "đang chạy nhân mới nhất", "the newest kernel runs"),
    ("unknown_kernel", "không rõ nhân đã cài", "installed kernels are not known"),
    ("servicing", "Windows đang chờ cài đặt", "Windows servicing"),
    ("windows_update", "Windows Update", "Windows Update"),
    ("file_renames", "tệp chờ thay khi khởi động", "files to replace at the start"),
    ("no_mark", "không có dấu hiệu chờ", "nothing waits"),
    _UNREADABLE[1],
)
UPDATES = _words(
    ("apt", "apt tự tính", "apt's reckoning"),
    ("apt_failed", "apt báo lỗi", "apt reports an error"),
    ("no_lists", "chưa có danh sách gói", "no package lists"),
    ("not_measured", "không đo trên Windows", "not measured on Windows"),
)
ANTIVIRUS = _words(
    ("security_centre", "Windows Security", "Windows Security"),
    ("defender", "Defender tự báo", "Defender itself"),
    ("none_registered", "không có phần mềm đăng ký", "none is registered"),
    ("process", "chương trình đang chạy", "it runs"),
    ("not_running", "đã cài, không chạy", "installed, not running"),
    ("none_seen", "không thấy phần mềm nào", "none seen"),
    _UNREADABLE[0],
    _UNREADABLE[2],
)
FIREWALL = _words(
    ("security_centre", "phần mềm của hãng khác", "another maker's"),
    ("profiles_on", "bật ở cả ba mạng", "on in all profiles"),
    ("some_profiles_off", "tắt ở một số mạng", "off in some profiles"),
    ("profiles_off", "tắt hẳn", "off"),
    ("service_disabled", "dịch vụ bị tắt", "the service is disabled"),
    ("ufw", "ufw", "ufw"),
    ("firewalld", "firewalld", "firewalld"),
    ("nftables", "luật nftables", "rules of nftables"),
    ("no_rules", "không có luật nào", "no rules"),
    ("rules_unjudged", "có luật, không rõ hiệu lực", "rules of unclear effect"),
    _UNREADABLE[0],
    _UNREADABLE[1],
)
ENCRYPTION = _words(
    ("bitlocker", "BitLocker", "BitLocker"),
    ("dm_crypt", "dm-crypt (LUKS)", "dm-crypt (LUKS)"),
    ("plain", "không mã hóa bên dưới", "nothing encrypts below"),
    ("unknown_volume", "không rõ ổ hệ thống", "volume not known"),
    *_UNREADABLE,
)
SCREEN = _words(
    ("policy", "chính sách của máy", "the PC's policy"),
    ("no_desktop", "không có màn hình làm việc", "no desktop"),
    ("user_setting", "do người dùng đặt, không đọc", "the user's own setting, not read"),
)
KINDS = _words(("all", "tất cả", "all"), ("security", "vá bảo mật", "security"))
