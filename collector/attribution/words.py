"""A finding as people read it, in Vietnamese and English: what is broken and whose it is, since when, what to do.

Seen from the city: where a PC says "this PC", it says which one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from checks.kit import words as kit
from checks.kit.segment import Segment
from collector.attribution.model import INTERNET, Cause, Finding
from collector.attribution.owners import step, whose
from collector.readiness.model import Target, Unit
from collector.readiness.text import ZONE, instant

Pair = tuple[str, str]
SEGMENTS: dict[Segment, Pair] = {
    Segment.DEVICE: ("thiết bị", "a device"),
    Segment.LAN: ("mạng nội bộ", "the office network"),
    Segment.ACCESS: ("đường truyền", "the access line"),
    Segment.PROVIDER: ("nhà cung cấp", "the provider"),
    Segment.DESTINATION: ("hệ thống", "the system"),
}
CAUSES: dict[Cause, Pair] = {
    Cause.POWER: ("mất điện", "no power"),
    Cause.CLOCK: ("sai giờ", "wrong clock"),
    Cause.CAPTIVE_PORTAL: ("bị trang đăng nhập chặn", "held by a login page"),
    Cause.PROXY: ("lỗi proxy", "proxy fails"),
    Cause.DNS: ("lỗi DNS", "DNS fails"),
    Cause.OWN_LINK: ("mất kết nối mạng", "off the network"),
    Cause.ADDRESS_CONFLICT: ("trùng địa chỉ IP", "addresses in conflict"),
    Cause.INTERCEPTED: ("kết nối bị can thiệp", "connections tampered"),
    Cause.AGENT_STOPPED: ("tắt hoặc dừng đo", "off or not measuring"),
    Cause.ROUTER: ("mất bộ định tuyến", "router is missing"),
    Cause.CERTIFICATE: ("lỗi chứng thư máy chủ", "bad server certificate"),
    Cause.SERVICE: ("trả lời lỗi", "answers with errors"),
    Cause.SLOW: ("quá chậm", "too slow"),
    Cause.UNREACHABLE: ("không thông", "no way through"),
}
LIKELY_POWER: Pair = ("im cùng lúc, có thể mất điện", "all silent, maybe no power")
"""Of an office that fell silent as one, when nothing told of its power: a line that is cut looks the same."""
NETWORKS: dict[str, Pair] = {INTERNET: ("Internet", "Internet"), "tslcd": ("TSLCD", "dedicated network")}
TITLE = 40
"""The most characters of a title where lines cannot be broken."""


class Names(Struct, frozen=True, kw_only=True):
    """What units, targets and devices are called; what is not named is shown by its id."""

    units: Mapping[str, Unit] = {}
    targets: Mapping[str, Target] = {}
    devices: Mapping[str, str] = {}

    def unit(self, code: str) -> str:
        return self.units[code].name if code in self.units else code

    def target(self, name: str, lang: str) -> str:
        return self.targets[name].title.get(lang, name) if name in self.targets else name

    def device(self, name: str) -> str:
        return self.devices.get(name) or name


def segment_word(segment: Segment, lang: str) -> str:
    return SEGMENTS[segment][lang == "en"]


def cause_word(cause: Cause, lang: str) -> str:
    return CAUSES[cause][lang == "en"]


def what(finding: Finding, lang: str) -> str:
    """The cause in words, no surer than it is."""
    guessed = finding.cause is Cause.POWER and not finding.reason
    return LIKELY_POWER[lang == "en"] if guessed else cause_word(finding.cause, lang)


def title(finding: Finding, names: Names, lang: str, most: int | None = TITLE) -> str:
    """``VNPT: không thông``, at most `most` characters, for which the subject is cut; whole where it is None: a table
    that can break its lines."""
    subject, cause = _subject(finding, names, lang), what(finding, lang)
    return f"{subject if most is None else _cut(subject, most - len(cause) - 2)}: {cause}"


def after(noun: str, name: str) -> str:
    """`name` as it stands behind `noun`, which is not said twice: behind ``máy``, ``Máy văn thư`` is ``văn thư``."""
    first, rest = name[: len(noun) + 1], name[len(noun) + 1 :].lstrip()
    return rest if rest and first.lower() == f"{noun.lower()} " else name


def sentence(finding: Finding, names: Names, lang: str, now: int, zone: ZoneInfo = ZONE) -> str:
    """Everything in one line: where, what, since when, how far it reaches, whose it is and what to do next."""
    since = instant(finding.first or finding.opened_at, now, lang, zone)
    began = f"{_pick(lang, 'từ', 'since')} {since}{_told(finding, lang)}"
    opening = f"{_where(finding, names, lang)}: {what(finding, lang)} {began}"
    parts = (opening, _reach(finding, lang), _sure(finding, lang))
    return ", ".join(part for part in parts if part) + ". " + (_over(finding, lang, now, zone) or _todo(finding, lang))


def rows(findings: Iterable[Finding], names: Names, lang: str, now: int, zone: ZoneInfo = ZONE) -> list[dict[str, str]]:
    """For the command line: id, whole title, units, since, state, owner, sentence of each, as text."""
    return [
        {
            "id": finding.id,
            "title": title(finding, names, lang, None),
            "units": str(len(finding.units)),
            "since": instant(finding.first or finding.opened_at, now, lang, zone),
            "state": state_word(finding, lang),
            "owner": whose(finding, lang),
            "sentence": sentence(finding, names, lang, now, zone),
        }
        for finding in findings
    ]


def surety(finding: Finding) -> str:
    """``85 %``: cut, not rounded, so that nothing is called certain that is not. In both languages."""
    return f"{int(100 * finding.confidence + 1e-9)} %"


def state_word(finding: Finding, lang: str) -> str:
    """``đang xảy ra`` / ``present``."""
    if finding.merged_into:
        return _pick(lang, f"gộp vào {finding.merged_into}", f"merged into {finding.merged_into}")
    if finding.closed_at is not None:
        return _pick(lang, "đã đóng", "closed")
    if finding.cleared_at is not None:
        return _pick(lang, "đã hết, đang theo dõi", "cleared, being watched")
    return _pick(lang, "đang xảy ra", "present")


def _subject(finding: Finding, names: Names, lang: str) -> str:
    if finding.segment is Segment.DEVICE:
        return names.device(finding.subject)
    if finding.segment is Segment.DESTINATION:
        return names.target(finding.subject, lang)
    if finding.segment is Segment.PROVIDER:
        return finding.subject
    return names.unit(finding.subject)


def _where(finding: Finding, names: Names, lang: str) -> str:
    """``Đường truyền Internet của Phường Xóm Chiếu``."""
    subject = _subject(finding, names, lang)
    network = NETWORKS.get(finding.network, (finding.network, finding.network))[lang == "en"]
    home = names.unit(finding.units[0]) if finding.units else ""
    vi, en = {
        Segment.DEVICE: (f"Máy {after('máy', subject)} ({home})", f"PC {after('PC', subject)} ({home})"),
        Segment.LAN: (f"Mạng nội bộ của {subject}", f"The office network of {subject}"),
        Segment.ACCESS: (f"Đường truyền {network} của {subject}", f"The {network} line of {subject}"),
        Segment.PROVIDER: (f"Mạng của nhà cung cấp {subject} ({network})", f"The network of {subject} ({network})"),
        Segment.DESTINATION: (f"Hệ thống {after('hệ thống', subject)}", f"The system {subject}"),
    }[finding.segment]
    if finding.segment is Segment.LAN and finding.cause is Cause.POWER:
        vi, en = subject, subject
    return _pick(lang, vi, en).replace(" ()", "")


def _told(finding: Finding, lang: str) -> str:
    """The reason, where it says more than the cause does."""
    if not finding.reason or finding.cause in (Cause.CLOCK, Cause.CAPTIVE_PORTAL, Cause.ADDRESS_CONFLICT):
        return ""
    said = kit.reason(finding.reason, lang).title
    return f" ({said if said[1:2].isupper() else said[:1].lower() + said[1:]})"


def _reach(finding: Finding, lang: str) -> str:
    units, devices = len(finding.units), len(finding.devices)
    if units > 1:
        return _pick(lang, f"{units} đơn vị cùng lỗi", f"{units} units hit")
    if finding.segment is Segment.DEVICE or not devices:
        return ""
    return _pick(lang, f"{devices} máy bị ảnh hưởng", f"{devices} PC{'s' if devices > 1 else ''} hit")


def _sure(finding: Finding, lang: str) -> str:
    said = f"{_pick(lang, 'tin cậy', 'confidence')} {surety(finding)}"
    if not finding.also:
        return said
    others = [segment_word(segment, lang) for segment in finding.also]
    return f"{said}, {_pick(lang, 'chưa loại trừ ' + ', '.join(others), 'or it is ' + ' or '.join(others))}"


def _todo(finding: Finding, lang: str) -> str:
    return f"{_pick(lang, 'Thuộc trách nhiệm', 'To be mended by')}: {whose(finding, lang)}. {step(finding, lang)}"


def _over(finding: Finding, lang: str, now: int, zone: ZoneInfo) -> str:
    if finding.cleared_at is None:
        return ""
    when = instant(finding.cleared_at, now, lang, zone)
    if finding.merged_into:
        return _pick(lang, f"Từ {when} thuộc về {finding.merged_into}.", f"Since {when} part of {finding.merged_into}.")
    return _pick(lang, f"Đã hết lúc {when}.", f"Over at {when}.")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _pick(lang: str, vi: str, en: str) -> str:
    return en if lang == "en" else vi
