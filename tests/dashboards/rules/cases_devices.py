"""Trials of the alerts on devices, their tokens, and their agents."""

from __future__ import annotations

from tests.dashboards.rules.cases import (
    ALWAYS,
    DEVICE_INFO,
    MACHINE,
    NAME,
    ON_DEVICE,
    PLACED,
    UNIT_INFO,
    Case,
    collector,
    device,
    until,
)

DAY = 86400
VI, EN = MACHINE
HERE = {UNIT_INFO: ALWAYS, DEVICE_INFO: ALWAYS}
FILES = ("recording", "devices", "agents")


def certificates(first: int) -> dict[str, str]:
    """Two tokens with `first` and 20 days left for half an hour, in steps of 5 minutes; then both are renewed."""
    left = "sansang_signing_token_certificate_left_seconds"
    job = {"check": "signing_token", "target": "", "class": "personal"}
    return {
        UNIT_INFO: ALWAYS,
        device(left, **job, certificate="aa"): until(6, first * DAY, 900 * DAY),
        device(left, **job, certificate="bb"): until(6, 20 * DAY, 900 * DAY),
        device(left, **job, certificate="cc"): f"{400 * DAY}+0x2000",
    }


def limit(requirement: str, at_risk: float, ready: float) -> dict[str, str]:
    return {
        collector("sansang_requirement_threshold", requirement=requirement, band=band): f"{value}+0x1000"
        for band, value in (("at_risk", at_risk), ("ready", ready))
    }


def system(days: int) -> dict[str, str]:
    """Three devices see the system's certificate; the clock of one is wrong."""
    series = "sansang_connectivity_certificate_left_seconds"
    job = {"check": "connectivity", "target": "dvc"}
    return {
        UNIT_INFO: ALWAYS,
        **limit("system_certificate", 3 * DAY, 14 * DAY),
        collector(
            "sansang_target_info",
            target="dvc",
            title_vi="Cổng dịch vụ công",
            title_en="Service portal",
            mandatory="true",
        ): ALWAYS,
        device(series, **job): until(60, days * DAY, 300 * DAY),
        device(series, **job).replace("d-1", "d-2"): until(60, days * DAY, 300 * DAY),
        device(series, **job).replace("d-1", "d-3"): f"{-900 * DAY}+0x200",
    }


SYSTEM = (
    "Báo một lần cho đơn vị quản trị hệ thống; hết hạn thì không đơn vị nào truy cập được.",
    "Tell the system's operator once: when it has ended, no unit gets in.",
)
RENEW = (
    "Đơn vị có 2 chứng thư còn dưới 30 ngày. Lập hồ sơ gia hạn; hết hạn thì không ký được.",
    "2 certificates of the unit have less than 30 days left. Apply for renewal: an expired one cannot sign.",
)
TOKENS = [
    Case(
        alert="SigningCertificateEnds",
        severities=("warning",),
        files=FILES,
        series=certificates(25),
        step="5m",
        holds="10m",
        fires="15m",
        kept="985m",
        resolves="990m",
        labels=PLACED,
        says=(
            f"Chứng thư chữ ký số của {NAME} còn 20 ngày",
            f"A signing certificate of {NAME} has 20d left",
            *RENEW,
        ),
    ),
    Case(
        alert="SigningCertificateEnds",
        severities=("critical", "warning"),
        files=FILES,
        series=certificates(6),
        step="5m",
        holds="10m",
        fires="15m",
        kept="985m",
        resolves="990m",
        labels=PLACED,
        says=(
            f"Chứng thư chữ ký số của {NAME} còn 6 ngày",
            f"A signing certificate of {NAME} has 6d left",
            *RENEW,
        ),
    ),
    Case(
        alert="SigningCertificateEnds",
        severities=("critical", "warning"),
        files=FILES,
        series=certificates(-1),
        step="5m",
        holds="10m",
        fires="15m",
        resolves="990m",
        labels=PLACED,
        says=(f"Chứng thư chữ ký số của {NAME} đã hết hạn", f"A signing certificate of {NAME} has expired", *RENEW),
    ),
    Case(
        alert="SigningPinLastTry",
        severities=("warning",),
        files=FILES,
        series={**HERE, device("sansang_signing_token_pin", check="signing_token", target=""): until(20, 2)},
        holds="0m",
        fires="1m",
        resolves="21m",
        labels=ON_DEVICE,
        says=(
            f"USB token chỉ còn một lần nhập PIN: {VI}",
            f"One PIN try is left on a USB token: {EN}",
            "Dặn người dùng dừng lại và tìm đúng mã PIN: sai thêm một lần là token bị khóa.",
            "Tell the user to stop and to find the right PIN: one more wrong one locks the token.",
        ),
    ),
    Case(
        alert="SigningPinLocked",
        severities=("warning",),
        files=FILES,
        series={**HERE, device("sansang_signing_token_pin", check="signing_token", target=""): until(20, 3)},
        holds="0m",
        fires="1m",
        resolves="21m",
        labels=ON_DEVICE,
        says=(
            f"USB token đã bị khóa PIN: {VI}",
            f"A USB token's PIN is locked: {EN}",
            "Không thử nữa. Đề nghị nơi cấp mở khóa; trong lúc chờ, người khác trong đơn vị ký thay.",
            "Do not try again. Ask the issuer to unlock it; meanwhile somebody else of the unit signs.",
        ),
    ),
]
MACHINES = [
    Case(
        alert="DiskFullSoon",
        severities=("warning",),
        files=FILES,
        series={
            **HERE,
            device("sansang_storage_until_full_seconds", check="storage", target="", volume="system"): until(
                120, 5 * DAY, 90 * DAY
            ),
        },
        holds="59m",
        fires="60m",
        resolves="121m",
        labels={**ON_DEVICE, "volume": "system"},
        says=(
            f"Ổ hệ thống sẽ đầy sau 5 ngày: {VI}",
            f"System volume will be full in 5d: {EN}",
            "Theo tốc độ của những tuần qua. Xóa tệp tạm và bản cập nhật cũ, chuyển tài liệu đã quét vào kho lưu trữ.",
            "By the pace of the last weeks. Clear temporary files and old updates; move scanned files to the archive.",
        ),
    ),
    Case(
        alert="DiskNearlyFull",
        severities=("warning",),
        files=FILES,
        series={
            **HERE,
            **limit("disk_free", 0.03, 0.1),
            device("sansang_device_disk_free_bytes", check="device", target=""): until(60, 2e9, 5e10),
            device("sansang_device_disk_size_bytes", check="device", target=""): "1e11+0x200",
        },
        holds="14m",
        fires="15m",
        resolves="61m",
        labels=ON_DEVICE,
        says=(
            f"Ổ hệ thống chỉ còn trống 2 %: {VI}",
            f"The system volume has 2 % left: {EN}",
            "Dưới ngưỡng của bộ tiêu chí: máy sắp không lưu được hồ sơ. Xóa tệp tạm và bản cập nhật cũ trong hôm nay.",
            "Below the profile's limit: soon no file can be saved. Clear temporary files and old updates today.",
        ),
    ),
    Case(
        alert="DiskFailing",
        severities=("warning",),
        files=FILES,
        series={
            **HERE,
            device("sansang_storage_disk_healthy", check="storage", target="", disk="disk1"): until(60, 0, 1),
        },
        holds="4m",
        fires="5m",
        resolves="61m",
        labels={**ON_DEVICE, "disk": "disk1"},
        says=(
            f"Đĩa 1 báo sắp hỏng: {VI}",
            f"Disk 1 says that it will fail: {EN}",
            "Sao lưu dữ liệu của máy ngay hôm nay, rồi thay ổ đĩa.",
            "Back the PC's files up today, then replace the disk.",
        ),
    ),
    Case(
        alert="ClockOff",
        severities=("warning",),
        files=FILES,
        series={
            **HERE,
            **limit("clock_offset", 60, 5),
            device("sansang_device_clock_offset_seconds"): until(60, -600, 2),
        },
        holds="14m",
        fires="15m",
        resolves="61m",
        labels=ON_DEVICE,
        says=(
            f"Đồng hồ sai 10 phút: {VI}",
            f"The clock is off by 10m: {EN}",
            (
                "Vượt ngưỡng của bộ tiêu chí: chữ ký số và đăng nhập có thể bị từ chối. "
                "Bật đồng bộ thời gian; nếu lại sai, thay pin CMOS."
            ),
            (
                "Over the profile's limit: signatures and logins may be refused. "
                "Switch time synchronisation on; if it recurs, replace the CMOS battery."
            ),
        ),
    ),
    Case(
        alert="ClockDrifts",
        severities=("info",),
        files=FILES,
        series={**HERE, device("sansang_device_clock_drift_ratio"): until(50, -0.0006)},
        step="10m",
        holds="350m",
        fires="360m",
        resolves="500m",
        labels=ON_DEVICE,
        says=(
            f"Đồng hồ chạy lệch nhanh: {VI}",
            f"The clock drifts fast: {EN}",
            "Lệch quá 43 giây mỗi ngày (500 ppm), đồng bộ thời gian không giữ nổi: thay pin CMOS hoặc bo mạch.",
            (
                "By more than 43 seconds a day (500 ppm), past what NTP can correct: replace the CMOS battery or the "
                "board."
            ),
        ),
    ),
    Case(
        alert="SystemCertificateEnds",
        severities=("warning",),
        files=FILES,
        series=system(10),
        holds="14m",
        fires="15m",
        resolves="61m",
        labels={"target": "dvc", "locality": "hcmc"},
        says=(
            "Chứng thư máy chủ của Cổng dịch vụ công còn 10 ngày",
            "The server certificate of Service portal has 10d left",
            *SYSTEM,
        ),
    ),
    Case(
        alert="SystemCertificateEnds",
        severities=("critical", "warning"),
        files=FILES,
        series=system(2),
        holds="14m",
        fires="15m",
        resolves="61m",
        labels={"target": "dvc", "locality": "hcmc"},
        says=(
            "Chứng thư máy chủ của Cổng dịch vụ công còn 2 ngày",
            "The server certificate of Service portal has 2d left",
            *SYSTEM,
        ),
    ),
]
AGENTS = [
    Case(
        alert="AgentBacklog",
        severities=("warning",),
        files=FILES,
        series={**HERE, device("sansang_agent_spool_age_seconds"): until(60, 7 * 3600)},
        holds="29m",
        fires="30m",
        resolves="61m",
        labels=ON_DEVICE,
        says=(
            f"Kết quả chưa gửi được đã 7 giờ: {VI}",
            f"Results have waited for 7h: {EN}",
            (
                "Máy vẫn báo cáo nhưng không gửi hết kết quả tồn. Xem đường truyền có nghẽn không, rồi xem "
                "sansang-agent status."
            ),
            (
                "The device reports, but does not get rid of its backlog. "
                "See whether the line is congested, then sansang-agent status."
            ),
        ),
    ),
    Case(
        alert="AgentDeadLetters",
        severities=("warning",),
        files=FILES,
        series={**HERE, device("sansang_agent_spool_quarantined_total"): until(2, 0, 5)},
        step="5m",
        holds="10m",
        fires="15m",
        resolves="370m",
        labels=ON_DEVICE,
        says=(
            f"Kết quả bị trả lại vì không đọc được: {VI}",
            f"Results were refused as unreadable: {EN}",
            (
                "Chúng được giữ riêng trên máy. So phiên bản của sansang-agent và sansang-collector; gửi tệp cho nhóm "
                "phát triển."
            ),
            (
                "They are kept apart on the device. "
                "Compare the versions of sansang-agent and sansang-collector; send the files to the developers."
            ),
        ),
    ),
    Case(
        alert="AgentLosesResults",
        severities=("warning",),
        files=FILES,
        series={
            **HERE,
            device("sansang_agent_spool_dropped_total"): until(2, 0, 5),
            device("sansang_agent_spool_corrupt_total"): "0+0x1000",
        },
        step="5m",
        holds="10m",
        fires="15m",
        resolves="370m",
        labels=ON_DEVICE,
        says=(
            f"Kết quả đo bị mất trên máy: {VI}",
            f"Results were lost on the device: {EN}",
            (
                "Hàng đợi trên máy đã đầy, hoặc ổ đĩa làm hỏng nó. Xem máy mất kết nối bao lâu, ổ đĩa còn trống và "
                "còn tốt không."
            ),
            (
                "The device's queue was full, or its disk damaged it. "
                "See how long it was cut off, and whether the disk has space and is well."
            ),
        ),
    ),
    Case(
        alert="AgentSkipsRuns",
        severities=("info",),
        files=FILES,
        series={**HERE, device("sansang_agent_skipped_runs_total"): "0+0x1 20+0x1000"},
        step="5m",
        holds="35m",
        fires="40m",
        resolves="370m",
        labels=ON_DEVICE,
        says=(
            f"Máy bỏ qua nhiều lần đo: {VI}",
            f"The device skips many runs: {EN}",
            (
                "Lần đo trước chưa xong khi đến lần sau: máy quá tải, hoặc một phép đo bị treo. Xem sansang-agent "
                "status trên máy."
            ),
            (
                "A run is not over when the next is due: the PC is overloaded, or a check hangs. See sansang-agent "
                "status on it."
            ),
        ),
    ),
]
CASES = TOKENS + MACHINES + AGENTS
