"""What a change of the profile changes, in words: the line that an engineer reads before it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct, structs

from collector.readiness import duration, text
from collector.readiness.model import Bilingual
from collector.readiness.profile import Band, Hold, Part, Profile, Requirement

LANGUAGES = ("vi", "en")
_NONE = {"vi": "không có", "en": "none"}
_ALL = {"vi": "tất cả", "en": "all"}
_PROFILE = {"vi": "Bộ tiêu chí", "en": "The profile"}
_NAMES: dict[str, tuple[str, str]] = {
    "title": ("tên gọi", "title"), "kind": ("loại đối tượng đo", "kind of subject"), "check": ("phép đo", "check"),
    "name": ("đại lượng", "what is looked at"), "labels": ("nhãn", "labels"), "scope": ("phạm vi", "scope"),
    "roles": ("vai trò thiết bị", "roles"), "targets": ("hệ thống", "targets"), "aggregate": ("cách gộp", "aggregate"),
    "window": ("khoảng thời gian", "window"), "max_age": ("tuổi tối đa của kết quả", "oldest result"),
    "office_hours": ("chỉ trong giờ làm việc", "office hours only"), "ready": ("ngưỡng sẵn sàng", "ready band"),
    "at_risk": ("ngưỡng có nguy cơ", "at-risk band"), "unit": ("đơn vị đo", "unit"), "scale": ("hệ số", "scale"),
    "minimum_samples": ("số lần đo tối thiểu", "least measurements"), "coverage": ("độ phủ tối thiểu", "coverage"),
    "hold": ("thời gian chờ", "hold times"), "mandatory": ("bắt buộc", "mandatory"), "source": ("căn cứ", "source"),
    "remedy": ("cách khắc phục", "remedy"), "procure": ("đề xuất trang bị", "what to buy"),
    "where": ("giá trị được tính", "values that count"), "per": ("số chia", "divisor"), "parts": ("các mục", "parts"),
    "kinds": ("loại đơn vị", "kinds of units"), "mandatory_from": ("ngày bắt đầu bắt buộc", "first mandatory day"),
    "mandatory_without": ("bắt buộc khi chưa rõ", "mandatory while unknown"),
    "systems": ("chỉ các hệ thống", "only the systems"), "network": ("mạng", "network"),
    "extends": ("dựa trên", "extends"), "valid_from": ("ngày có hiệu lực", "first day in force"),
    "late": ("thời gian tới khi báo cáo trễ", "time until late"),
    "lost_contact": ("thời gian tới khi mất kết nối", "time until lost contact"),
    "no_data": ("thời gian tới khi không có dữ liệu", "time until no data"), "order": ("thứ tự", "order"),
}  # fmt: skip

_VALUES: dict[tuple[str, str], tuple[str, str]] = {
    ("scope", "device"): ("từng thiết bị", "each device"), ("scope", "role"): ("từng vai trò", "each role"),
    ("scope", "unit"): ("cả đơn vị", "the unit as one"), ("targets", "none"): ("không có", "none"),
    ("targets", "mandatory"): ("các hệ thống bắt buộc", "mandatory systems"),
    ("targets", "all"): ("mọi hệ thống", "all systems"), ("aggregate", "last"): ("giá trị mới nhất", "newest"),
    ("aggregate", "median"): ("trung vị", "median"), ("aggregate", "p95"): ("P95", "P95"),
    ("aggregate", "max"): ("lớn nhất", "greatest"), ("aggregate", "min"): ("nhỏ nhất", "least"),
    ("aggregate", "ratio"): ("tỷ lệ", "share"), ("aggregate", "count"): ("số lượng", "number"),
    ("aggregate", "all"): ("số mục thiếu", "number missing"),
}  # fmt: skip


class Change(Struct, frozen=True, kw_only=True):
    """One difference. ``requirement`` is its id, empty of the profile itself; ``key`` what of it is another, empty
    where all of it came or went; ``old`` and ``new`` are both shown to people; ``words`` say it in a sentence."""

    kind: Literal["added", "dropped", "changed"]
    requirement: str
    key: str
    old: Bilingual
    new: Bilingual
    words: Bilingual


def difference(old: Profile, new: Profile) -> list[Change]:
    """What `new` changes in `old`: of the profile first, then what is dropped, added and changed, in its own order.
    What follows from another key (``scale`` from the unit) is left out. Empty where both say the same."""
    before = {line.id: line for line in old.requirements}
    after = {line.id: line for line in new.requirements}
    found = list(_profile(old, new))
    found += [_went(line) for name, line in before.items() if name not in after]
    found += [_came(line) for name, line in after.items() if name not in before]
    for name, line in after.items():
        if name in before:
            found += _changed(before[name], line)
    shared = [[name for name in lines if name in before and name in after] for lines in (before, after)]
    if shared[0] != shared[1]:
        found.append(_change("", _PROFILE, "order", _same(", ".join(shared[0])), _same(", ".join(shared[1]))))
    return found


def _profile(old: Profile, new: Profile) -> Iterator[Change]:
    for key in ("title", "coverage", "extends", "valid_from"):
        yield from _compared("", _PROFILE, key, getattr(old, key), getattr(new, key), "")
    for key in ("late", "lost_contact", "no_data"):
        yield from _compared("", _PROFILE, key, getattr(old.freshness, key), getattr(new.freshness, key), "")


def _changed(old: Requirement, new: Requirement) -> Iterator[Change]:
    for key in Requirement.__struct_fields__:
        if key not in ("id", "scale"):
            pair = _Shown(old.unit, getattr(old, key)), _Shown(new.unit, getattr(new, key))
            if pair[0].value != pair[1].value or (key in ("ready", "at_risk") and old.unit != new.unit):
                yield _change(new.id, new.title, key, pair[0].shown(key), pair[1].shown(key))


def _compared(name: str, title: Bilingual, key: str, old: Any, new: Any, unit: str) -> Iterator[Change]:
    if old != new:
        yield _change(name, title, key, _Shown(unit, old).shown(key), _Shown(unit, new).shown(key))


def _change(name: str, title: Bilingual, key: str, old: Bilingual, new: Bilingual) -> Change:
    vi, en = _NAMES[key]
    words = {
        "vi": f"{title['vi']}: {vi} từ {old['vi']} thành {new['vi']}",
        "en": f"{title['en']}: {en} from {old['en']} to {new['en']}",
    }
    return Change(kind="changed", requirement=name, key=key, old=old, new=new, words=words)


def _came(line: Requirement) -> Change:
    mandatory = _decides(line)
    words = {
        "vi": f"Thêm: {line.title['vi']} ({mandatory['vi']})",
        "en": f"Added: {line.title['en']} ({mandatory['en']})",
    }
    return Change(kind="added", requirement=line.id, key="", old=_NONE, new=line.title, words=words)


def _went(line: Requirement) -> Change:
    mandatory = _decides(line)
    words = {
        "vi": f"Bỏ: {line.title['vi']} ({mandatory['vi']})",
        "en": f"Dropped: {line.title['en']} ({mandatory['en']})",
    }
    return Change(kind="dropped", requirement=line.id, key="", old=line.title, new=_NONE, words=words)


def _decides(line: Requirement) -> Bilingual:
    if line.mandatory:
        return {"vi": "bắt buộc", "en": "mandatory"}
    if line.mandatory_from is not None:
        day = _day(line.mandatory_from)
        return {"vi": f"bắt buộc từ {day}", "en": f"mandatory from {day}"}
    if line.mandatory_without:
        other = line.mandatory_without
        return {"vi": f"bắt buộc khi chưa rõ {other}", "en": f"mandatory while {other} is unknown"}
    return {"vi": "khuyến nghị", "en": "advice"}


class _Shown:
    """A value of a profile, as people read it."""

    def __init__(self, unit: str, value: Any) -> None:
        self._unit, self.value = unit, value

    def shown(self, key: str) -> Bilingual:
        value = self.value
        if key in ("mandatory_from", "valid_from"):
            return _same(_day(value)) if value else _NONE
        if key in ("window", "max_age", "late", "lost_contact", "no_data"):
            return _same(duration.shown(value)) if value else {"vi": "hiện tại", "en": "now"}
        if key == "coverage":
            return _both(lambda lang: text.quantity(100 * value, "%", lang))
        if key in ("roles", "kinds", "systems", "network") and not value:
            return _ALL
        if isinstance(value, str) and (key, value) in _VALUES:
            return dict(zip(LANGUAGES, _VALUES[key, value], strict=True))
        return self._plain(value)

    def _plain(self, value: Any) -> Bilingual:
        if isinstance(value, bool):
            return {"vi": "có", "en": "yes"} if value else {"vi": "không", "en": "no"}
        if isinstance(value, Band):
            return _both(lambda lang: text.need(value.op, value.limit, self._unit, lang))
        if isinstance(value, Hold):
            lengths = [duration.shown(length) for length in structs.astuple(value)]
            return {"vi": f"tốt lên {lengths[0]}, xấu đi {lengths[1]}", "en": f"up {lengths[0]}, down {lengths[1]}"}
        if isinstance(value, dict):
            return _words(value)
        if isinstance(value, tuple):
            return _both(lambda lang: ", ".join(_named(each, lang) for each in value) or _NONE[lang])
        return _same(str(value)) if value not in (None, "") else _NONE


def _words(value: dict[str, str]) -> Bilingual:
    """The two languages of what has them; labels as ``phase=tcp``."""
    if set(value) == set(LANGUAGES):
        return {lang: f"“{value[lang]}”" if lang == "vi" else f'"{value[lang]}"' for lang in LANGUAGES}
    return _same(", ".join(f"{name}={label}" for name, label in value.items())) if value else _NONE


def _named(each: Any, lang: str) -> str:
    if isinstance(each, Part):
        return f"{each.title[lang]} ({text.need(each.where.op, each.where.limit, '', lang)})"
    return str(each)


def _both(say: Callable[[str], str]) -> Bilingual:
    return {lang: say(lang) for lang in LANGUAGES}


def _same(said: str) -> Bilingual:
    return dict.fromkeys(LANGUAGES, said)


def _day(at: int) -> str:
    """The day of an instant (µs) in Viet Nam: ``01/03/2027``."""
    return f"{datetime.fromtimestamp(at / 1e6, UTC).astimezone(text.ZONE):%d/%m/%Y}"
