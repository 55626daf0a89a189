"""Alerts on one device: signing tokens, disks, clocks, and the certificates of the systems it reaches."""

from __future__ import annotations

from dashboards.rules.model import Alert, Group, Severity, pair
from dashboards.rules.words import DAY, SERVER_LEFT, held, indented, left, looked_up, of_unit, place, worded

ON_DEVICE = ("unit", "device", "name", "locality")
LEFT = "sansang_signing_token_certificate_left_seconds"
FREE = "sansang_device_disk_free_bytes / sansang_device_disk_size_bytes"
OFF = "abs(sansang_device_clock_offset_seconds)"
SOON, LATE = 30, 7
"""[A] Days: a renewal goes through the province and takes two to three weeks; in the last one somebody must call."""
PPM = 1e-6
# RFC 5905 (MAXFREQ): a clock that is off by more than 500 parts in a million cannot be kept right by NTP.
MAXIMUM_DRIFT = 500 * PPM
MANY = f"{{{{ with printf `count(min by (certificate) ({LEFT}{{unit=%q}}) < {SOON * DAY})` $labels.unit | query }}}}"
COUNT = MANY + "{{ . | first | value }}{{ else }}0{{ end }}"


def _certificate(severity: Severity, bound: str) -> Alert:
    """A token goes home with its owner: 16 hours bridge a night."""
    return Alert(
        name="SigningCertificateEnds",
        severity=severity,
        expr=of_unit(f"min by (unit) ({LEFT} {bound})"),
        hold="15m",
        keep="16h",
        summary=pair(
            f"Chứng thư chữ ký số của {{{{ $labels.name }}}} {left('vi')}",
            f"A signing certificate of {{{{ $labels.name }}}} {left('en')}",
        ),
        description=pair(
            f"Đơn vị có {COUNT} chứng thư còn dưới {SOON} ngày. Lập hồ sơ gia hạn; hết hạn thì không ký được.",
            f"{COUNT} certificates of the unit have less than {SOON} days left. Apply for renewal: an expired one "
            f"cannot sign.",
        ),
        labels=("unit", "name", "locality"),
    )


CERTIFICATES = (
    _certificate(Severity.CRITICAL, f"< {LATE * DAY}"),
    _certificate(Severity.WARNING, f"< {SOON * DAY}"),
)
PINS = (
    Alert(
        name="SigningPinLastTry",
        severity=Severity.WARNING,
        expr=of_unit("max by (unit, device) (sansang_signing_token_pin == 2)"),
        hold="1m",
        summary=pair(
            f"USB token chỉ còn một lần nhập PIN: {place('vi')}",
            f"One PIN try is left on a USB token: {place('en')}",
        ),
        description=pair(
            "Dặn người dùng dừng lại và tìm đúng mã PIN: sai thêm một lần là token bị khóa.",
            "Tell the user to stop and to find the right PIN: one more wrong one locks the token.",
        ),
        labels=ON_DEVICE,
    ),
    Alert(
        name="SigningPinLocked",
        severity=Severity.WARNING,
        expr=of_unit("max by (unit, device) (sansang_signing_token_pin == 3)"),
        hold="1m",
        summary=pair(f"USB token đã bị khóa PIN: {place('vi')}", f"A USB token's PIN is locked: {place('en')}"),
        description=pair(
            "Không thử nữa. Đề nghị nơi cấp mở khóa; trong lúc chờ, người khác trong đơn vị ký thay.",
            "Do not try again. Ask the issuer to unlock it; meanwhile somebody else of the unit signs.",
        ),
        labels=ON_DEVICE,
    ),
)
SECONDS = "{{ $value | humanizeDuration }}"
DISKS = (
    Alert(
        name="DiskFullSoon",
        severity=Severity.WARNING,
        expr=of_unit(f"min by (unit, device, volume) (sansang_storage_until_full_seconds < {7 * DAY})"),
        hold="1h",
        summary=pair(
            f"{worded('volume', 'volume', 'vi', first=True)} sẽ đầy sau {SECONDS}: {place('vi')}",
            f"{worded('volume', 'volume', 'en', first=True)} will be full in {SECONDS}: {place('en')}",
        ),
        description=pair(
            "Theo tốc độ của những tuần qua. Xóa tệp tạm và bản cập nhật cũ, chuyển tài liệu đã quét vào kho lưu trữ.",
            "By the pace of the last weeks. Clear temporary files and old updates; move scanned files to the archive.",
        ),
        labels=(*ON_DEVICE, "volume"),
    ),
    Alert(
        name="DiskNearlyFull",
        severity=Severity.WARNING,
        expr=of_unit(f"min by (unit, device) (\n{indented(held(FREE, '<', 'disk_free', 'at_risk'))}\n)"),
        hold="15m",
        summary=pair(
            f"Ổ hệ thống chỉ còn trống {{{{ $value | humanizePercentage }}}}: {place('vi')}",
            f"The system volume has {{{{ $value | humanizePercentage }}}} left: {place('en')}",
        ),
        description=pair(
            "Dưới ngưỡng của bộ tiêu chí: máy sắp không lưu được hồ sơ. Xóa tệp tạm và bản cập nhật cũ trong hôm nay.",
            "Below the profile's limit: soon no file can be saved. Clear temporary files and old updates today.",
        ),
        labels=ON_DEVICE,
    ),
    Alert(
        name="DiskFailing",
        severity=Severity.WARNING,
        expr=of_unit("min by (unit, device, disk) (sansang_storage_disk_healthy == 0)"),
        hold="5m",
        summary=pair(
            f"{worded('disk', 'disk', 'vi', first=True)} báo sắp hỏng: {place('vi')}",
            f"{worded('disk', 'disk', 'en', first=True)} says that it will fail: {place('en')}",
        ),
        description=pair(
            "Sao lưu dữ liệu của máy ngay hôm nay, rồi thay ổ đĩa.",
            "Back the PC's files up today, then replace the disk.",
        ),
        labels=(*ON_DEVICE, "disk"),
    ),
)
CLOCKS = (
    Alert(
        name="ClockOff",
        severity=Severity.WARNING,
        expr=of_unit(f"max by (unit, device) (\n{indented(held(OFF, '>', 'clock_offset', 'at_risk'))}\n)"),
        hold="15m",
        summary=pair(
            f"Đồng hồ sai {{{{ $value | humanizeDuration }}}}: {place('vi')}",
            f"The clock is off by {{{{ $value | humanizeDuration }}}}: {place('en')}",
        ),
        description=pair(
            "Vượt ngưỡng của bộ tiêu chí: chữ ký số và đăng nhập có thể bị từ chối. Bật đồng bộ thời gian; nếu lại "
            "sai, thay pin CMOS.",
            "Over the profile's limit: signatures and logins may be refused. Switch time synchronisation on; if it "
            "recurs, replace the CMOS battery.",
        ),
        labels=ON_DEVICE,
    ),
    Alert(
        name="ClockDrifts",
        severity=Severity.INFO,
        expr=of_unit(f"max by (unit, device) (abs(sansang_device_clock_drift_ratio) > {MAXIMUM_DRIFT})"),
        hold="6h",
        summary=pair(f"Đồng hồ chạy lệch nhanh: {place('vi')}", f"The clock drifts fast: {place('en')}"),
        description=pair(
            "Lệch quá 43 giây mỗi ngày (500 ppm), đồng bộ thời gian không giữ nổi: thay pin CMOS hoặc bo mạch.",
            "By more than 43 seconds a day (500 ppm), past what NTP can correct: replace the CMOS battery or the "
            "board.",
        ),
        labels=ON_DEVICE,
    ),
)


def _system(severity: Severity, band: str) -> Alert:
    return Alert(
        name="SystemCertificateEnds",
        severity=severity,
        expr=held(SERVER_LEFT, "<=", "system_certificate", band, by="locality"),
        hold="15m",
        summary=pair(
            f"Chứng thư máy chủ của {_target('vi')} {left('vi')}",
            f"The server certificate of {_target('en')} {left('en')}",
        ),
        description=pair(
            "Báo một lần cho đơn vị quản trị hệ thống; hết hạn thì không đơn vị nào truy cập được.",
            "Tell the system's operator once: when it has ended, no unit gets in.",
        ),
        labels=("target", "locality"),
    )


def _target(lang: str) -> str:
    return looked_up("sansang_target_info{target=%q}", f"title_{lang}", "target")


SYSTEMS = (_system(Severity.CRITICAL, "at_risk"), _system(Severity.WARNING, "ready"))
GROUPS = (
    Group(name="tokens", interval="1m", rules=(*CERTIFICATES, *PINS)),
    Group(name="devices", interval="1m", rules=(*DISKS, *CLOCKS)),
    Group(name="systems", interval="1m", rules=SYSTEMS),
)
