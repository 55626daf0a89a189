"""Is this PC still mended by its maker, and kept up: support days, restarts and updates that wait, antivirus, firewall,
disk encryption, screen lock. Facts are stated, not judged: this check never fails.

What cannot be read without rights, or is newer than the table of releases, is unknown. Each finding names its basis.
Of the PC's programs only an antivirus is named, by its product's name.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from msgspec import Struct

from checks.kit import releases, support_words
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, ok, sample
from checks.kit.releases import Support
from checks.kit.support_state import State

_VIETNAM = datetime.timezone(datetime.timedelta(hours=7))
_DAY = 86400.0
_SAVING = 5.0  # seconds left for the rest, whatever apt-get or PowerShell take
_LONGEST = 90.0

LEFT = Metric(
    name="support_left", title={"vi": "Thời gian còn được hỗ trợ", "en": "Support left"}, unit="seconds",
    help="Until the last day with free fixes from the maker, in whole days; 0 on that day, below 0 after it.",
)  # fmt: skip
UPDATES = Metric(
    name="support_updates", title={"vi": "Bản cập nhật chờ cài", "en": "Updates that wait"}, unit="", labels=("kind",),
    help="Updates that wait to be installed, as the package manager reckons.",
    words=support_words.KINDS,
)  # fmt: skip
UPDATES_AGE = Metric(
    name="support_updates_age", title={"vi": "Từ lần tìm bản cập nhật", "en": "Since updates were looked for"},
    unit="seconds", help="Since the system last learned which updates there are.",
)  # fmt: skip

FACTS = (
    Fact(name="release", title={"vi": "Phiên bản tra trong bảng", "en": "Release as found in the table"},
         help="The row of the table of releases that is this system; unknown when it has none."),
    Fact(name="support_ends", title={"vi": "Ngày hết hỗ trợ", "en": "Support ends"},
         help="Last day with free fixes from the maker, YYYY-MM-DD."),
    Fact(name="days_left", title={"vi": "Số ngày còn được hỗ trợ", "en": "Support days left"}, unit="days",
         help="Days until then; negative after it. Unknown while this PC's clock shows a day before the table's."),
    Fact(name="channel", title={"vi": "Kênh hỗ trợ", "en": "Support channel"},
         help="Which of the maker's promises holds now: by edition on Windows, by phase on Linux.",
         words=support_words.CHANNELS),
    Fact(name="extended_ends", title={"vi": "Hết hỗ trợ mở rộng (trả phí)", "en": "Extended support ends"},
         help="Until when fixes can be bought or asked for (ESU, Ubuntu Pro, ELTS); it does not count: whether this PC "
              "gets them is unknown."),
    Fact(name="support_basis", title={"vi": "Căn cứ ngày hết hỗ trợ", "en": "Basis of the end date"},
         help="data_file, or why no days are known.", words=support_words.BASIS),
    Fact(name="support_confidence", title={"vi": "Độ tin cậy của ngày đó", "en": "Confidence in that date"},
         help="Where the date was read.", words=support_words.CONFIDENCE),
    Fact(name="data_dated", title={"vi": "Ngày của bảng hết hỗ trợ", "en": "Date of the table"},
         help="Day when the table of releases was last gone through, YYYY-MM-DD."),
    Fact(name="reboot_pending", title={"vi": "Cần khởi động lại", "en": "Restart pending"},
         help="Whether updates wait for a restart."),
    Fact(name="reboot_basis", title={"vi": "Căn cứ cần khởi động lại", "en": "Basis of the restart"},
         help="What says so.", words=support_words.REBOOT),
    Fact(name="updates_pending", title={"vi": "Bản cập nhật chờ cài", "en": "Updates that wait"},
         help="Packages that an upgrade would renew, by the lists that are there (Debian, Ubuntu)."),
    Fact(name="updates_security", title={"vi": "Bản vá bảo mật chờ cài", "en": "Security updates that wait"},
         help="Those among them that come from a security archive."),
    Fact(name="updates_basis", title={"vi": "Căn cứ bản cập nhật", "en": "Basis of the updates"},
         help="Who reckoned, or why nobody did.", words=support_words.UPDATES),
    Fact(name="updates_checked", title={"vi": "Lần tìm bản cập nhật gần nhất", "en": "Updates last looked for"},
         unit="timestamp", help="When the system last learned which updates there are."),
    Fact(name="updates_installed", title={"vi": "Lần cài cập nhật gần nhất", "en": "Updates last installed"},
         unit="timestamp", help="When apt last upgraded something; on Windows the day of the last patch."),
    Fact(name="antivirus", title={"vi": "Phần mềm diệt virus đang bật", "en": "Antivirus is on"},
         help="Whether an antivirus is on; unknown where none is seen but some may be."),
    Fact(name="antivirus_basis", title={"vi": "Căn cứ diệt virus", "en": "Basis of the antivirus"},
         help="What says so.", words=support_words.ANTIVIRUS),
    Fact(name="antivirus_product", title={"vi": "Tên phần mềm diệt virus", "en": "Antivirus product"},
         help="Its product's name, as it registers itself."),
    Fact(name="antivirus_current", title={"vi": "Dữ liệu virus được cập nhật", "en": "Antivirus is up to date"},
         help="Whether it calls its signatures up to date (Windows)."),
    Fact(name="antivirus_days", title={"vi": "Tuổi dữ liệu virus", "en": "Age of its signatures"}, unit="days",
         help="Days since its signatures came (Defender, ClamAV)."),
    Fact(name="firewall", title={"vi": "Tường lửa bật", "en": "Firewall is on"},
         help="Whether a firewall is on; on Windows for all three kinds of network."),
    Fact(name="firewall_basis", title={"vi": "Căn cứ tường lửa", "en": "Basis of the firewall"},
         help="What says so.", words=support_words.FIREWALL),
    Fact(name="disk_encryption", title={"vi": "Ổ hệ thống được mã hóa", "en": "System volume is encrypted"},
         help="Whether BitLocker protects, or dm-crypt lies under, the volume that holds the system."),
    Fact(name="encryption_basis", title={"vi": "Căn cứ mã hóa ổ", "en": "Basis of the encryption"},
         help="What says so.", words=support_words.ENCRYPTION),
    Fact(name="screen_lock", title={"vi": "Tự khóa màn hình", "en": "Screen locks itself"},
         help="Whether the PC's policy locks the screen; users' own settings are not read."),
    Fact(name="screen_lock_basis", title={"vi": "Căn cứ khóa màn hình", "en": "Basis of the screen lock"},
         help="What says so.", words=support_words.SCREEN),
    Fact(name="screen_lock_after", title={"vi": "Khóa màn hình sau", "en": "Screen locks after"}, unit="seconds",
         help="Seconds without use after which it locks."),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is to be chosen."""


def run(_params: Params, env: Env) -> Reading:
    """Reads this device, and asks apt-get, nft or PowerShell."""
    now, seconds = env.clock.wall() / 1e6, max(0.0, env.left(_LONGEST) - _SAVING)
    name = env.host.system().name
    if name == "linux":
        from checks.kit import support_linux

        state = support_linux.gather(env.host, env.child, seconds, now, env.lasting)
    elif name == "windows":
        from checks.kit import support_windows

        state = support_windows.gather(env.host, env.child, seconds)
    else:
        return error(Reason.UNSUPPORTED, f"no way is known to read a device that runs {name}")
    return summarise(state, now, releases.load())


def summarise(state: State, now: float, table: releases.Releases) -> Reading:
    """The reading of `state` at `now` (epoch seconds)."""
    today, what = datetime.datetime.fromtimestamp(now, _VIETNAM).date(), state.installed
    found = releases.support(what.os or "", what.edition, what.version, what.build, today, table)
    return ok(tuple(_samples(state, found, now)), facts(state, found, table.dated))


def facts(state: State, found: Support, dated: datetime.date) -> dict[str, Scalar]:
    """Every fact of FACTS; what is unknown is None."""
    updates, antivirus = state.updates, state.antivirus
    return {
        "release": found.release,
        "support_ends": found.ends.isoformat() if found.ends else None,
        "days_left": found.days_left,
        "channel": found.channel,
        "extended_ends": found.extended.isoformat() if found.extended else None,
        "support_basis": found.basis,
        "support_confidence": found.confidence,
        "data_dated": dated.isoformat(),
        "reboot_pending": state.reboot.value,
        "reboot_basis": state.reboot.basis,
        "updates_pending": updates.pending,
        "updates_security": updates.security,
        "updates_basis": updates.basis,
        "updates_checked": updates.checked,
        "updates_installed": updates.installed,
        "antivirus": antivirus.on.value,
        "antivirus_basis": antivirus.on.basis,
        "antivirus_product": antivirus.product,
        "antivirus_current": antivirus.current,
        "antivirus_days": antivirus.days,
        "firewall": state.firewall.value,
        "firewall_basis": state.firewall.basis,
        "disk_encryption": state.encryption.value,
        "encryption_basis": state.encryption.basis,
        "screen_lock": state.screen.locks.value,
        "screen_lock_basis": state.screen.locks.basis,
        "screen_lock_after": state.screen.after,
    }


def _samples(state: State, found: Support, now: float) -> Iterator[Sample]:
    updates = state.updates
    if found.days_left is not None:
        yield sample(LEFT, found.days_left * _DAY)
    if updates.pending is not None and updates.security is not None:
        yield sample(UPDATES, updates.pending, kind="all")
        yield sample(UPDATES, updates.security, kind="security")
    if updates.checked is not None and updates.checked <= now:
        yield sample(UPDATES_AGE, round(now - updates.checked))


CHECK = Check(
    name="support",
    title={"vi": "Hỗ trợ và bảo vệ máy", "en": "Support and protection"},
    params=Params,
    metrics=(LEFT, UPDATES, UPDATES_AGE),
    facts=FACTS,
    run=run,
    every=21600.0,
    timeout=120.0,
)
