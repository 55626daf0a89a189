"""What a requirement looks at, in words, Vietnamese and English: of what, how it becomes one value, over which time."""

from __future__ import annotations

from collections.abc import Iterator

from collector.readiness.profile import Kind, Requirement
from collector.readiness.text import need, number
from collector.roster.columns import UNITS

Pair = tuple[str, str]
ROLES: dict[str, Pair] = {
    "pc": ("máy trạm", "PCs"),
    "kiosk": ("kiosk", "kiosks"),
    "router": ("bộ định tuyến", "routers"),
}
NUMBERS: dict[str, Pair] = {column.name: column.title for column in UNITS} | {"stations": ("Số vị trí", "Stations")}
_SUBJECTS: dict[Kind, Pair] = {
    Kind.METRIC: ("số đo {0}", "metric {0}"),
    Kind.FACT: ("thông tin {0}", "fact {0}"),
    Kind.RUNS: ("các lần đo {0}", "runs of {0}"),
    Kind.ROSTER: ("{0} theo danh mục", "{0} by the roster"),
    Kind.DEVICES: ("số thiết bị đang báo cáo", "how many devices report"),
    Kind.PARTS: ("số mục còn thiếu trong: {0}", "how many are missing of: {0}"),
}
_AGGREGATES: dict[str, Pair] = {
    "median": ("trung vị", "median"),
    "p95": ("P95", "P95"),
    "max": ("lớn nhất", "largest"),
    "min": ("nhỏ nhất", "smallest"),
    "ratio": ("tỷ lệ đạt", "share that passes"),
    "count": ("số đạt", "how many pass"),
    "all": ("số không đạt", "how many fail"),
}
_WORDS: dict[str, Pair] = {
    "each": ("từng thiết bị, thiết bị kém nhất quyết định", "each device by itself, the worst decides"),
    "roles": ("từng loại thiết bị, loại kém nhất quyết định", "each kind of device together, the worst decides"),
    "unit": ("gộp cả đơn vị", "the unit as a whole"),
    "part": ("mỗi mục chỉ cần một thiết bị có", "one device is enough for each"),
    "window": ("trong {0} qua", "over the last {0}"),
    "now": ("kết quả mới nhất, không cũ hơn {0}", "newest results, none older than {0}"),
    "office": ("trong giờ làm việc", "in office hours"),
    "passes": ("đạt khi {0}", "passes when {0}"),
    "per": ("chia cho {0}: {1}", "divided by {0}: {1}"),
    "untold": ("chưa khai báo", "not told"),
    "minutes": ("{0} phút", "{0} minutes"),
    "hours": ("{0} giờ", "{0} hours"),
    "days": ("{0} ngày", "{0} days"),
    "minute": ("{0} phút", "{0} minute"),
    "hour": ("{0} giờ", "{0} hour"),
    "day": ("{0} ngày", "{0} day"),
}
_MINUTE, _HOUR, _DAY = 60_000_000, 3_600_000_000, 86_400_000_000


def looked(line: Requirement, per: float | None, lang: str) -> str:
    """All of it in one line: ``fact device.x · each device by itself, the worst decides · newest results, …``. `per` is
    the number of the roster that ``line.per`` names, None where it is not told."""
    return " · ".join(_looked(line, per, lang))


def span(length: int, lang: str) -> str:
    """`length` (µs) in days from two on, else in hours or minutes: ``7 ngày``, ``3,5 giờ``, ``15 phút``."""
    if length >= 2 * _DAY and length % _DAY == 0:
        return _counted("day", length / _DAY, lang)
    return _counted("hour", length / _HOUR, lang) if length >= _HOUR else _counted("minute", length / _MINUTE, lang)


def role_word(role: str, lang: str) -> str:
    """``máy trạm`` / ``PCs``; a role of a newer release is called by its name."""
    return ROLES.get(role, (role, role))[lang == "en"]


def number_word(name: str, lang: str) -> str:
    """What a number of the roster is called inside a sentence: ``số cán bộ, công chức`` / ``staff``."""
    said = NUMBERS.get(name, (name, name))[lang == "en"]
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]


def _looked(line: Requirement, per: float | None, lang: str) -> Iterator[str]:
    yield _SUBJECTS[line.kind][lang == "en"].format(_subject(line, lang))
    yield from _how(line, lang)
    if line.roles:
        yield ", ".join(role_word(role, lang) for role in line.roles)
    if line.window:
        yield _say("window", lang, span(line.window, lang))
    elif line.kind not in (Kind.ROSTER, Kind.DEVICES):
        yield _say("now", lang, span(line.max_age, lang))
    if line.office_hours:
        yield _say("office", lang)
    if line.where is not None:
        yield _say("passes", lang, need(line.where.op, line.where.limit, "", lang))
    if line.per:
        told = _say("untold", lang) if per is None else number(per, lang)
        yield _say("per", lang, number_word(line.per, lang), told)


def _subject(line: Requirement, lang: str) -> str:
    """As the profile and METRICS.md write it, with its labels."""
    if line.kind is Kind.PARTS:
        return ", ".join(part.title.get(lang, part.id) for part in line.parts)
    if line.kind is Kind.ROSTER:
        return number_word(line.name, lang)
    if line.kind is Kind.FACT:
        return f"{line.check}.{line.name}"
    labels = ",".join(f"{name}={value}" for name, value in sorted(line.labels.items()))
    named = line.check if line.kind is Kind.RUNS else line.name
    return f"{named}{{{labels}}}" if labels else named


def _how(line: Requirement, lang: str) -> Iterator[str]:
    """How single values become one, as :func:`collector.readiness.judge.judge` goes about it."""
    if line.kind is Kind.ROSTER:
        return
    apart = line.scope == "role" and not line.window
    if line.kind is Kind.PARTS:
        yield _say("part", lang)
    elif line.kind is Kind.DEVICES:
        yield from [_say("roles", lang)] if apart else []
    elif not line.window and (line.scope == "device" or line.aggregate == "last"):
        yield _say("each", lang)
    else:
        yield from [_AGGREGATES[line.aggregate][lang == "en"]] if line.aggregate in _AGGREGATES else []
        yield _say("roles" if apart else "unit", lang)


def _counted(unit: str, value: float, lang: str) -> str:
    return _say(unit if value == 1 else f"{unit}s", lang, number(value, lang))


def _say(key: str, lang: str, *values: object) -> str:
    return _WORDS[key][lang == "en"].format(*values)
