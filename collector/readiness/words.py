"""The words of the verdict in Vietnamese and English: one per state, and the sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from checks.kit import words as kit
from collector.readiness.model import Evidence, RequirementState, Silence, Target, Unit, UnitVerdict, Verdict
from collector.readiness.text import ZONE, instant
from collector.readiness.text import quantity as quantity

Pair = tuple[str, str]
VERDICTS: dict[Verdict, tuple[str, str, str]] = {
    Verdict.READY: ("sẵn sàng", "ready", "●"),
    Verdict.AT_RISK: ("có nguy cơ", "at risk", "▲"),
    Verdict.NOT_READY: ("chưa sẵn sàng", "not ready", "✕"),
    Verdict.UNKNOWN: ("chưa đủ dữ liệu", "not enough data", "◌"),
}
SILENCES: dict[Silence, tuple[str, str, str]] = {
    Silence.NEVER_ENROLLED: ("chưa đăng ký thiết bị", "never enrolled", "○"),
    Silence.OFFICE_CLOSED: ("ngoài giờ", "office closed", "☾"),
    Silence.LATE: ("báo cáo trễ", "late", "◷"),
    Silence.LOST_CONTACT: ("mất kết nối", "lost contact", "⌁"),
    Silence.NO_DATA: ("không có dữ liệu", "no data", "∅"),
}
REASONS: dict[str, Pair] = {
    "no_samples": ("chưa có lần đo nào", "never measured yet"),
    "too_few_samples": ("chưa đủ số lần đo", "too few measurements"),
    "unknown_value": ("thiết bị không cho biết giá trị", "the device cannot tell"),
    "low_coverage": ("quá ít thiết bị báo cáo", "too few devices report"),
    "threshold": ("không đạt ngưỡng", "misses the threshold"),
    "no_targets": ("chưa khai báo hệ thống nào", "no system is declared"),
    "not_applicable": ("không áp dụng cho các thiết bị này", "does not apply to these devices"),
    "too_old": ("kết quả đã quá cũ", "the newest result is too old"),
    "holding": ("đã tốt hơn, đang chờ ổn định", "better, waiting until it lasts"),
    "reporting": ("đã báo cáo trở lại", "reports again"),
    "profile": ("bộ tiêu chí đã thay đổi", "the profile changed"),
    "unknown_need": ("danh mục đơn vị chưa cho biết con số cần thiết", "the roster does not tell the number it needs"),
    "no_need": ("danh mục ghi số 0, không có gì để so", "the roster says zero, there is nothing to compare with"),
    "part_missing": ("không thiết bị nào có", "no device has it"),
    "from_future": ("kết quả ghi thời điểm trong tương lai", "the result is dated in the future"),
    "approved": ("đã kiểm tra tại chỗ và xác nhận đạt", "inspected and approved"),
    "waiver_granted": ("được miễn trừ", "waived"),
    "waiver_expired": ("miễn trừ đã hết hạn", "the waiver has expired"),
    "waiver_revoked": ("miễn trừ đã bị thu hồi", "the waiver was revoked"),
    "approval_granted": ("được xác nhận tại chỗ", "approved on inspection"),
    "approval_expired": ("xác nhận tại chỗ đã hết hạn", "the approval has expired"),
    "approval_revoked": ("xác nhận tại chỗ đã bị thu hồi", "the approval was revoked"),
    **{silence.value: words[:2] for silence, words in SILENCES.items()},
}
_SILENT: dict[Silence, Pair] = {
    Silence.NEVER_ENROLLED: (
        "đơn vị này chưa có thiết bị nào. Tạo mã đăng ký: sansang-collector tokens create --unit {code} --seats N.",
        "this unit has no device yet. Make a token: sansang-collector tokens create --unit {code} --seats N.",
    ),
    Silence.OFFICE_CLOSED: (
        "ngoài giờ làm việc, các máy đã tắt. Không cần làm gì.",
        "outside office hours, the PCs are off. Nothing is to be done.",
    ),
    Silence.LOST_CONTACT: (
        "không thiết bị nào gửi kết quả. Kiểm tra nguồn điện, đường truyền và dịch vụ sansang-agent.",
        "no device sends results. Check the power, the line and the sansang-agent service.",
    ),
    Silence.NO_DATA: (
        "đã quá lâu không có kết quả nào. Cử cán bộ kỹ thuật kiểm tra tại chỗ.",
        "there has been no result for too long. Send a technician to look.",
    ),
}


def verdict_word(verdict: Verdict, lang: str) -> str:
    """``chưa sẵn sàng`` / ``not ready``."""
    return VERDICTS[verdict][lang == "en"]


def verdict_glyph(verdict: Verdict) -> str:
    return VERDICTS[verdict][2]


def silence_word(silence: Silence, lang: str) -> str:
    """``mất kết nối`` / ``lost contact``."""
    return SILENCES[silence][lang == "en"]


def silence_glyph(silence: Silence) -> str:
    return SILENCES[silence][2]


def reason_word(reason: str, lang: str) -> str:
    """What a requirement's or an evidence's reason says; an unknown one is shown as it is."""
    if reason in REASONS:
        return REASONS[reason][lang == "en"]
    return _lower(kit.reason(reason, lang).title)


def silent(verdict: UnitVerdict) -> Silence | None:
    """The silence that stands in place of the verdict; one that is only late has a verdict all the same."""
    return None if verdict.silence is Silence.LATE else verdict.silence


def state_word(verdict: UnitVerdict, lang: str) -> str:
    """The verdict's word; of a silent unit, its silence's."""
    quiet = silent(verdict)
    return silence_word(quiet, lang) if quiet else verdict_word(verdict.verdict, lang)


def state_glyph(verdict: UnitVerdict) -> str:
    quiet = silent(verdict)
    return silence_glyph(quiet) if quiet else verdict_glyph(verdict.verdict)


def deciding(verdict: UnitVerdict) -> RequirementState | None:
    """The requirement that made the verdict, the first when several did."""
    found = [line for line in verdict.requirements if line.id in verdict.deciding[:1]]
    return found[0] if found else None


def cause(verdict: UnitVerdict, lang: str, targets: Sequence[Target] = ()) -> str:
    """The one reason for the verdict, without its remedy; empty when all is well."""
    line = deciding(verdict)
    if line is not None:
        return _cause(line, lang, targets)
    if silent(verdict) or verdict.verdict is Verdict.READY:
        return ""
    few = ("chỉ {0}/{1} thiết bị báo cáo", "only {0} of {1} devices report")[lang == "en"]
    return few.format(verdict.reporting, verdict.expected)


def headline(verdict: UnitVerdict, unit: Unit, lang: str, targets: Sequence[Target] = (), zone: ZoneInfo = ZONE) -> str:
    """One sentence: the verdict, since when, its cause and what to do; that results come late stands beside it."""
    quiet = silent(verdict)
    began = verdict.silent_since if quiet else verdict.since
    since = f"{_pick(lang, ' từ ', ' since ')}{instant(began, verdict.at, lang, zone)}" if began is not None else ""
    state = state_word(verdict, lang)
    opening = f"{state[:1].upper()}{state[1:]}{since}{_late(verdict, lang, zone)}: "
    if quiet:
        return opening + _SILENT[quiet][lang == "en"].format(code=unit.code)
    if verdict.verdict is Verdict.READY:
        ready = ("{0}/{1} thiết bị báo cáo, mọi yêu cầu bắt buộc đều đạt.",
                 "{0} of {1} devices report, every mandatory requirement is met.")  # fmt: skip
        return opening + ready[lang == "en"].format(verdict.reporting, verdict.expected)
    return opening + cause(verdict, lang, targets) + _others(verdict, lang) + "." + _remedy(deciding(verdict), lang)


def late(verdict: UnitVerdict, lang: str, zone: ZoneInfo = ZONE) -> str:
    """``báo cáo trễ, lần cuối 09:21``; empty for a unit that is not late."""
    if verdict.silence is not Silence.LATE:
        return ""
    last = verdict.silent_since
    heard = f", {_pick(lang, 'lần cuối', 'the last one at')} {instant(last, verdict.at, lang, zone)}" if last else ""
    return f"{_pick(lang, 'báo cáo trễ', 'reports come late')}{heard}"


def _late(verdict: UnitVerdict, lang: str, zone: ZoneInfo) -> str:
    """`` (báo cáo trễ, lần cuối 09:21)``."""
    said = late(verdict, lang, zone)
    return f" ({said})" if said else ""


def _cause(line: RequirementState, lang: str, targets: Sequence[Target]) -> str:
    named = _lower(line.title.get(lang, line.id))
    if line.value is None or line.state is Verdict.UNKNOWN:
        return f"{named} — {reason_word(line.reason, lang)}"
    measured = f"{named} {quantity(line.value, line.unit, lang)} ({_pick(lang, 'cần', 'needs')} {need(line, lang)})"
    where = _where(line, lang, targets)
    why = "" if line.reason in ("", "threshold") else reason_word(line.reason, lang)
    tail = ": ".join(part for part in (where, why) if part)
    return f"{measured} — {tail}" if tail else measured


def named(line: RequirementState) -> Evidence | None:
    """The evidence that :func:`cause` names: the worst; None where none is as bad as the line."""
    return next((part for part in line.evidence if part.state is line.state), None)


def _where(line: RequirementState, lang: str, targets: Sequence[Target]) -> str:
    """The target of the worst evidence."""
    worst = named(line)
    if worst is None or not worst.target:
        return ""
    titles = {target.id: target.title.get(lang, target.id) for target in targets}
    return titles.get(worst.target, worst.target)


def need(line: RequirementState, lang: str) -> str:
    """``RequirementState.need``, which is written the Vietnamese way, in `lang`."""
    if lang == "vi":
        return line.need
    sign, _, rest = line.need.partition(" ")
    figure, _, unit = rest.partition(" ")
    if not figure[:1].isdigit() and figure[:1] != "-":
        return line.need
    return f"{sign} {figure.translate(_SWAP)} {line.unit if unit else ''}".rstrip()


_SWAP = str.maketrans(".,", ",.")


def _others(verdict: UnitVerdict, lang: str) -> str:
    more = len(verdict.deciding) - 1
    if more < 1:
        return ""
    return _pick(lang, f"; và {more} yêu cầu khác", f"; and {more} other{'s' if more > 1 else ''}")


def _remedy(line: RequirementState | None, lang: str) -> str:
    remedy = line.remedy.get(lang, "") if line else ""
    return f" {remedy.rstrip('.')}." if remedy else ""


def _pick(lang: str, vi: str, en: str) -> str:
    return en if lang == "en" else vi


def _lower(text: str) -> str:
    """`text` to stand inside a sentence: its first letter small, unless it begins an abbreviation."""
    return text if text[1:2].isupper() or text[1:2].isdigit() else text[:1].lower() + text[1:]
