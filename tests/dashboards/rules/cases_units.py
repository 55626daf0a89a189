"""Trials of the alerts on findings and units."""

from __future__ import annotations

from tests.dashboards.rules.cases import ALWAYS, NAME, PLACED, UNIT_INFO, Case, collector, unit, until

PLACES = ("recording", "findings", "units")
SINCE = {UNIT_INFO: ALWAYS, unit("sansang_unit_verdict_since_timestamp_seconds"): "0+0x10000"}


def fault(segment: str, units: int, *, subject: str, owner: str, provider: str = "", end: int = 60) -> dict[str, str]:
    """A finding that is present for `end` minutes, and stops Xóm Chiếu with others."""
    one = {"id": "f-1"}
    gone = f"1+0x{end - 1} stale"
    titled = {"title_vi": "Sự cố VNPT", "title_en": "VNPT fails", "owner": owner}
    return {
        UNIT_INFO: ALWAYS,
        collector("sansang_finding", **one, segment=segment, cause="unreachable", provider=provider): gone,
        collector("sansang_finding_info", **one, subject=subject, network="internet", **titled): gone,
        collector("sansang_finding_units", **one): f"{units}+0x{end - 1} stale",
        collector("sansang_finding_unit", **one, unit="27259"): gone,
        collector("sansang_finding_devices", **one): f"{units * 4}+0x{end - 1} stale",
        collector("sansang_finding_confidence_ratio", **one): f"0.93+0x{end - 1} stale",
        collector("sansang_finding_opened_timestamp_seconds", **one): "0+0x200",
    }


def located(segment: str, subject: str, owner: str, provider: str = "") -> dict[str, str]:
    told = {"finding": "f-1", "segment": segment, "cause": "unreachable", "subject": subject, "owner": owner}
    return {**told, "locality": "hcmc", **({"provider": provider} if provider else {})}


FINDINGS = [
    Case(
        alert="Finding",
        severities=("critical",),
        files=PLACES,
        series=fault("provider", 102, subject="VNPT", owner="provider", provider="VNPT"),
        holds="1m",
        fires="2m",
        kept="69m",
        resolves="71m",
        labels=located("provider", "VNPT", "provider", "VNPT"),
        says=(
            "Sự cố VNPT (102 đơn vị)",
            "VNPT fails (102 units)",
            (
                "Bên xử lý: nhà cung cấp đường truyền (VNPT). Số thiết bị bị ảnh hưởng: 408. Độ tin cậy: 93 %. "
                "Chỉ cần báo một lần cho tất cả đơn vị."
            ),
            (
                "To fix it: the line's provider (VNPT). Devices affected: 408. Confidence: 93 %. Report it once for "
                "all units."
            ),
        ),
    ),
    Case(
        alert="Finding",
        severities=("warning",),
        files=PLACES,
        series=fault("lan", 1, subject="27259", owner="electricity"),
        holds="4m",
        fires="5m",
        resolves="71m",
        labels=located("lan", "27259", "electricity"),
        says=(
            "Sự cố VNPT (1 đơn vị)",
            "VNPT fails (1 unit)",
            "Bên xử lý: điện lực địa phương. Số thiết bị bị ảnh hưởng: 4. Độ tin cậy: 93 %.",
            "To fix it: the electricity company. Devices affected: 4. Confidence: 93 %.",
        ),
    ),
    Case(
        alert="Finding",
        severities=("info",),
        files=PLACES,
        series=fault("device", 1, subject="d-1", owner="ward"),
        holds="9m",
        fires="10m",
        resolves="71m",
        labels=located("device", "d-1", "ward"),
        says=(
            "Sự cố VNPT (1 đơn vị)",
            "VNPT fails (1 unit)",
            f"Đơn vị: {NAME}. Bên xử lý: cán bộ kỹ thuật của đơn vị. Số thiết bị bị ảnh hưởng: 4. Độ tin cậy: 93 %.",
            "Unit: Phường Xóm Chiếu. To fix it: the unit's technician. Devices affected: 4. Confidence: 93 %.",
        ),
    ),
]
NOT_READY = {
    **SINCE,
    unit("sansang_unit_requirement", requirement="memory", state="not_ready"): ALWAYS,
    unit("sansang_unit_requirement", requirement="systems_now", state="not_ready"): ALWAYS,
    unit("sansang_unit_requirement", requirement="pc_age", state="not_ready"): ALWAYS,
    **{
        collector(
            "sansang_requirement_info", requirement=each, mandatory=must, unit="1", title_vi=vi, title_en=en
        ): ALWAYS
        for each, must, vi, en in (
            ("memory", "true", "Bộ nhớ", "Memory"),
            ("systems_now", "true", "Hệ thống đang truy cập được", "Systems answer"),
            ("pc_age", "false", "Tuổi máy", "Age of PCs"),
        )
    },
}
WHY = (
    (
        "Không đạt: Bộ nhớ; Hệ thống đang truy cập được. Mở trang của đơn vị để xem nguyên nhân và cách khắc phục "
        "nhanh nhất."
    ),
    "Not met: Memory; Systems answer. The unit's page shows why, and the shortest path to ready.",
)
UNITS = [
    Case(
        alert="UnitNotReady",
        severities=("warning",),
        files=PLACES,
        series={**NOT_READY, unit("sansang_unit_verdict", verdict="not_ready"): until(60)},
        holds="44m",
        fires="45m",
        resolves="61m",
        labels=PLACED,
        says=(f"{NAME} chưa sẵn sàng đã 45 phút", f"{NAME} has not been ready for 45m", *WHY),
    ),
    Case(
        alert="UnitNotReady",
        severities=("critical", "warning"),
        files=PLACES,
        series={**NOT_READY, unit("sansang_unit_verdict", verdict="not_ready"): until(300)},
        holds="",
        fires="255m",
        resolves="301m",
        labels=PLACED,
        says=(f"{NAME} chưa sẵn sàng đã 4 giờ 15 phút", f"{NAME} has not been ready for 4h 15m", *WHY),
    ),
    Case(
        alert="UnitLostContact",
        severities=("warning",),
        files=PLACES,
        series={
            UNIT_INFO: ALWAYS,
            unit("sansang_unit_silence", silence="lost_contact"): until(30),
            unit("sansang_unit_silence", silence="office_closed"): until(30, 0, 1),
        },
        holds="9m",
        fires="10m",
        kept="34m",
        resolves="36m",
        labels=PLACED,
        says=(
            f"Mất kết nối với {NAME}",
            f"Contact with {NAME} is lost",
            (
                "Không thiết bị nào của đơn vị báo cáo trong giờ làm việc, và chưa tìm được sự cố nào giải thích. "
                "Gọi đơn vị: có điện không, đường truyền có thông không, máy có bật không."
            ),
            (
                "No device of the unit reports in office hours, and no finding explains it. "
                "Call the unit: is there power, does the line work, are the PCs on?"
            ),
        ),
    ),
    Case(
        alert="UnitUnknown",
        severities=("info",),
        files=PLACES,
        series={
            **SINCE,
            unit("sansang_unit_verdict", verdict="unknown"): ALWAYS,
            unit("sansang_unit_silence", silence="office_closed"): until(90, 0, 1),
        },
        holds="74m",
        fires="75m",
        resolves="91m",
        labels=PLACED,
        says=(
            f"{NAME} chưa đủ dữ liệu đã 1 giờ 15 phút",
            f"{NAME} has lacked data for 1h 15m",
            (
                "Đơn vị có báo cáo nhưng chưa đủ để kết luận: ít thiết bị báo cáo, hoặc một tiêu chí bắt buộc "
                "chưa đo được. "
                "Xem số thiết bị báo cáo và các tiêu chí còn thiếu trên trang của đơn vị."
            ),
            (
                "The unit reports, but not enough for a verdict: few devices report, or a mandatory "
                "requirement is unmeasured. "
                "The unit's page shows the devices that report and the requirements that lack data."
            ),
        ),
    ),
    Case(
        alert="WaiverEnds",
        severities=("info",),
        files=PLACES,
        series={
            UNIT_INFO: ALWAYS,
            unit("sansang_unit_waiver_expires_timestamp_seconds", requirement="memory", kind="waiver"): until(
                60, 100 * 3600, 30 * 86400
            ),
            collector(
                "sansang_requirement_info",
                requirement="memory",
                title_vi="Bộ nhớ",
                title_en="Memory",
                mandatory="false",
                unit="bytes",
            ): ALWAYS,
        },
        holds="14m",
        fires="15m",
        resolves="61m",
        labels={**PLACED, "requirement": "memory"},
        says=(
            f"Miễn trừ của {NAME} sắp hết hạn: còn 4 ngày 3 giờ",
            f"A waiver of {NAME} ends in 4d 3h",
            "Bộ nhớ: hết hạn thì tiêu chí lại được tính vào kết luận. Khắc phục, hoặc gia hạn có lý do.",
            "Memory: after that the requirement decides again. Mend it, or renew the waiver with a reason.",
        ),
    ),
    Case(
        alert="LineOverContract",
        severities=("warning",),
        files=PLACES,
        series={
            UNIT_INFO: ALWAYS,
            unit("sansang_unit_requirement_value", requirement="uplink_p95_in"): until(60, 0.94, 0.9),
            unit("sansang_unit_requirement_value", requirement="uplink_p95_out"): "0.4+0x300",
            collector("sansang_requirement_threshold", requirement="uplink_p95_in", band="at_risk"): "0.9+0x300",
            collector("sansang_requirement_threshold", requirement="uplink_p95_out", band="at_risk"): "0.9+0x300",
            collector("sansang_requirement_threshold", requirement="uplink_p95_in", band="ready"): "0.75+0x300",
            collector(
                "sansang_requirement_info",
                requirement="uplink_p95_in",
                title_vi="Tải chiều xuống",
                title_en="Download",
                mandatory="false",
                unit="ratio",
            ): ALWAYS,
        },
        holds="14m",
        fires="15m",
        resolves="61m",
        labels={**PLACED, "requirement": "uplink_p95_in"},
        says=(
            f"Đường truyền của {NAME} quá tải: P95 bằng 94 % hợp đồng",
            f"The line of {NAME} is overloaded: P95 is 94 % of the contract",
            (
                "Tải chiều xuống vượt ngưỡng trong 7 ngày liên tiếp (TT 06/2026/TT-BKHCN Điều 5.6). "
                "Lịch sử P95 là căn cứ nâng băng thông."
            ),
            (
                "Download is over its limit over 7 days (TT 06/2026/TT-BKHCN Art. 5.6). "
                "The P95 history is the evidence for more."
            ),
        ),
    ),
    Case(
        alert="ProfileRefused",
        severities=("warning",),
        files=PLACES,
        series={collector("sansang_profile_loaded"): until(60, 0, 1)},
        holds="4m",
        fires="5m",
        resolves="61m",
        labels={"instance": "c:8420"},
        says=(
            "Bộ tiêu chí mới bị từ chối",
            "The new profile is refused",
            (
                "Tệp của bộ tiêu chí trên c:8420 có lỗi; các đơn vị vẫn được đánh giá theo bộ cũ. "
                "Chạy sansang-collector validate để biết tệp, dòng và khóa bị lỗi."
            ),
            (
                "The profile's files on c:8420 are wrong; units are still judged by the one before. "
                "Run sansang-collector validate: it names file, line and key."
            ),
        ),
    ),
]
CASES = FINDINGS + UNITS
