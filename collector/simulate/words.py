"""What the simulation says to people, in both languages."""

from __future__ import annotations

from collections.abc import Sequence

from collector.simulate.model import Kind

FAULTS: dict[Kind, tuple[str, str, str]] = {
    Kind.PROVIDER_OUTAGE: (
        "Nhà cung cấp ngừng: mọi đơn vị dùng nhà cung cấp đó không ra được mạng",
        "A provider is down: none of its units gets through",
        "provider=NAME, network=internet|tslcd, silent",
    ),
    Kind.SYSTEM_DOWN: ("Một hệ thống trả lời 503 cho mọi đơn vị", "A system answers 503 to everybody", "target=ID"),
    Kind.CERTIFICATE_EXPIRED: (
        "Chứng thư TLS của một hệ thống hết hạn", "A system's TLS certificate has expired", "target=ID",
    ),
    Kind.LINE_CUT: ("Đường truyền của đơn vị bị đứt", "A unit's line is cut", "network=internet|tslcd, silent"),
    Kind.SLOW_LINE: (
        "Đường truyền đầy: tải 95 %, độ trễ gấp 8, mất gói 4 %",
        "A full line: 95 % used, 8 times the delay, 4 % loss",
        "",
    ),
    Kind.POWER_CUT: (
        "Đơn vị mất điện: máy có pin báo rồi tất cả im lặng",
        "Power fails: who has a battery says so, then silence",
        "",
    ),
    Kind.CAPTIVE_PORTAL: (
        "Trang đăng nhập Wi-Fi chặn mọi truy cập", "A Wi-Fi login page stands before everything", "",
    ),
    Kind.CLOCK_WRONG: ("Đồng hồ chạy trước 10 phút", "A clock is 10 minutes ahead", "share"),
    Kind.DISK_FULL: ("Ổ đĩa đầy", "A disk is full", "share"),
    Kind.DISK_FAILING: ("Ổ đĩa báo sắp hỏng (SMART)", "A disk says that it will fail (SMART)", "share"),
    Kind.TOKEN_ABSENT: ("Không cắm token ký số", "The signing token is not plugged in", "share"),
    Kind.PIN_LAST_TRY: ("Token chỉ còn một lần nhập PIN", "One PIN try is left on the token", "share"),
    Kind.PIN_LOCKED: ("Token bị khóa PIN", "The token's PIN is locked", "share"),
    Kind.SIGNING_EXPIRED: ("Chứng thư ký số hết hạn", "The signing certificate has expired", "share"),
    Kind.AGENT_SILENT: ("Phần mềm đo ngừng chạy", "The agent stopped", "share"),
}  # fmt: skip
"""Of each fault: what happens, and which keys besides start, length and units it takes."""

_SAID = {
    "real": (
        "locality {locality}: dữ liệu mô phỏng sẽ lẫn với dữ liệu thật; nếu đúng ý, thêm --yes-simulated-data",
        "locality {locality}: simulated results would mix with real ones; if you mean it, add --yes-simulated-data",
    ),
    "away": (
        "{url}: không kết nối được: {why}; khởi động bằng `sansang-collector run`",
        "{url}: cannot be reached: {why}; start it with `sansang-collector run`",
    ),
    "foreign": (
        "{url}: đây không phải bộ thu thập của cấu hình này: {why}; xem lại --url và --config",
        "{url}: this is not the collector of this configuration: {why}; compare --url and --config",
    ),
    "taken": (
        "đơn vị {unit}: vị trí {station} đã có máy khác: dùng lại --seed lần trước, hoặc --no-roster",
        "unit {unit}: another device stands at {station}: use the --seed of last time, or --no-roster",
    ),
    "refused": (
        "đơn vị {unit}: thiết bị {station} không được nhận: {why}",
        "unit {unit}: the device {station} is not let in: {why}",
    ),
    "few": (
        "địa phương này chỉ có {there} đơn vị, không phải {asked}",
        "this locality has {there} units, not {asked}",
    ),
    "city": (
        "Mô phỏng {units} đơn vị × {devices} thiết bị tại {url}, hạt giống {seed}",
        "Simulating {units} units of {devices} devices at {url}, seed {seed}",
    ),
    "fault": (
        "Sự cố: {kind} · {subject} · từ {begin}{end} · {many} đơn vị",
        "Fault: {kind} · {subject} · from {begin}{end} · units: {many}",
    ),
    "until": (" đến {end}", " until {end}"),
    "enrolled": ("Đã ghi danh {devices} thiết bị trong {seconds} giây", "{devices} devices enrolled in {seconds} s"),
    "past": (
        "Đã gửi lịch sử từ {begin}: {results} kết quả, {pushes} lần gửi trong {seconds} giây",
        "History since {begin} is sent: {results} results, {pushes} pushes in {seconds} s",
    ),
    "line": (
        "{results} kết quả · {pushes} lần gửi ({rate}/giây) · còn chờ {waiting} · bị từ chối {refused}{late}",
        "{results} results · {pushes} pushes ({rate}/s) · waiting {waiting} · refused {refused}{late}",
    ),
    "late": (" · máy này chậm {seconds} giây", " · this machine is {seconds} s behind"),
    "ended": (
        "Xong: {results} kết quả, {pushes} lần gửi, chưa gửi {waiting}, bị từ chối {refused}",
        "Done: {results} results, {pushes} pushes, unsent {waiting}, refused {refused}",
    ),
}  # fmt: skip


def said(name: str, lang: str, **values: object) -> str:
    return _SAID[name][lang == "en"].format(**values)


def catalogue(lang: str) -> Sequence[str]:
    """What ``--list-faults`` shows."""
    intro = (
        "--fault KIND[:key=value,…]; khóa chung: start=2m (trước hiện tại: -2h), length=10m, "
        "units=27259+27262 hoặc units=3"
        if lang == "vi"
        else "--fault KIND[:key=value,…]; keys of all: start=2m (before the present: -2h), length=10m, "
        "units=27259+27262 or units=3"
    )
    rows = []
    for kind, (vi, en, keys) in FAULTS.items():
        rows.append(f"{kind:20} {en if lang == 'en' else vi}{f' [{keys}]' if keys else ''}")
    return (intro, *rows)
