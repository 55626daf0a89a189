"""The derivation of a verdict in lines of text, Vietnamese or English."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from checks.kit.model import Scalar
from collector.readiness import words
from collector.readiness.explain import Explained, Step
from collector.readiness.looked import looked, role_word
from collector.readiness.model import Evidence, Verdict, Waiver
from collector.readiness.profile import Band, Kind
from collector.readiness.text import ZONE, instant, need, number, quantity

_UNASKED = ("unknown_need", "no_need", "no_targets", "not_applicable")
"""Reasons for which no device is asked, so that it says nothing how many could tell."""

_WORDS: dict[str, tuple[str, str]] = {
    "profile": ("bộ tiêu chí {0}", "profile {0}"),
    "reporting": ("{0}/{1} thiết bị báo cáo, cần ít nhất {2} %", "{0} of {1} devices report, at least {2} % must"),
    "since": ("từ {0}", "since {0}"),
    "decided": ("quyết định bởi: {0}", "decided by: {0}"),
    "known": ("lần cuối biết được: {0}, đến {1}", "last known: {0}, until {1}"),
    "left_out": ("không áp dụng cho loại đơn vị này: {0}", "not asked of units of this kind: {0}"),
    "mandatory": ("bắt buộc", "mandatory"),
    "advice": ("khuyến nghị", "advice"),
    "bands": ("sẵn sàng khi {0}", "ready when {0}"),
    "at_risk": (", có nguy cơ khi {0}", ", at risk when {0}"),
    "source": ("căn cứ: {0}", "source: {0}"),
    "looked": ("xét: {0}", "looks at: {0}"),
    "system": ("hệ thống: {0}", "system: {0}"),
    "systems": ("từng hệ thống, hệ thống kém nhất quyết định: {0}", "each system, the worst decides: {0}"),
    "value": ("giá trị: {0}", "value: {0}"),
    "any": ("chưa biết", "not known"),
    "from_to": ("có thể từ {0} đến {1}", "anything from {0} to {1}"),
    "at_most": ("có thể đến {0}", "{0} or less"),
    "at_least": ("có thể từ {0} trở lên", "{0} or more"),
    "measured": ("theo số đo: {0}", "by the measurements: {0}"),
    "told": ("theo danh mục: {0}", "by the roster: {0}"),
    "coverage": ("{0} % thiết bị cho biết, cần ít nhất {1} %", "{0} % of the devices can tell, at least {1} % must"),
    "coverage_any": ("{0} % thiết bị cho biết, không đòi tối thiểu", "{0} % of the devices can tell, no minimum"),
    "fewest_one": ("cần ít nhất {0} lần đo", "at least {0} measurement is needed"),
    "fewest": ("cần ít nhất {0} lần đo", "at least {0} measurements are needed"),
    "held": ("đang giữ: {0}; chờ {1} từ {2}", "held: {0}; {1} waits since {2}"),
    "shown": ("sau cùng: {0}", "in the end: {0}"),
    "decides": ("quyết định kết luận của đơn vị", "decides the unit's verdict"),
    "waiver": ("miễn trừ {0}: {1} ({2}, đến {3})", "waiver {0}: {1} ({2}, until {3})"),
    "approval": ("xác nhận {0}: {1} ({2}, đến {3})", "approval {0}: {1} ({2}, until {3})"),
    "against": (
        "có kết quả đo không đạt nên xác nhận tại chỗ không có hiệu lực",
        "something measured is not ready, so an approval does not count",
    ),
    "whole": ("cả đơn vị", "the unit"),
    "basis": ("theo ngày mua", "by the purchase date"),
    "sample": ("{0} lần đo", "{0} measurement"),
    "samples": ("{0} lần đo", "{0} measurements"),
    "result": ("{0} kết quả", "{0} result"),
    "results": ("{0} kết quả", "{0} results"),
}


def lines(explained: Explained, lang: str, zone: ZoneInfo = ZONE) -> list[str]:
    """The whole derivation: first the unit, then each requirement in the profile's order with all that was looked at
    indented below it."""
    return list(_Teller(explained, lang, zone).lines())


class _Teller:
    def __init__(self, explained: Explained, lang: str, zone: ZoneInfo) -> None:
        self._explained, self._lang, self._zone = explained, lang, zone

    def lines(self) -> Iterator[str]:
        yield from self._unit()
        for step in self._explained.steps:
            yield ""
            yield from self._step(step)

    def _unit(self) -> Iterator[str]:
        explained, verdict = self._explained, self._explained.verdict
        state = f"{words.state_glyph(verdict)} {words.state_word(verdict, self._lang)}"
        began = verdict.silent_since if words.silent(verdict) else verdict.since
        since = [] if began is None else [self._say("since", self._when(began))]
        reporting = self._say("reporting", verdict.reporting, verdict.expected, self._percent(explained.coverage))
        late = words.late(verdict, self._lang, self._zone)
        profile = self._say("profile", verdict.profile)
        yield " · ".join([verdict.unit, state, *since, *([late] if late else []), profile, reporting])
        if verdict.deciding:
            yield "  " + self._say("decided", self._named(verdict.deciding))
        if verdict.known is not None and verdict.known_at is not None:
            known = words.verdict_word(verdict.known, self._lang)
            yield "  " + self._say("known", known, self._when(verdict.known_at))
        yield from ("  " + self._waiver(one) for one in verdict.waivers)
        if explained.left_out:
            yield "  " + self._say("left_out", self._named(explained.left_out))

    def _named(self, ids: Iterable[str]) -> str:
        """``Tuổi máy trạm [pc_age]; …``"""
        titles = self._explained.lines
        return "; ".join(f"{titles.get(one, {}).get(self._lang, one)} [{one}]" for one in ids)

    def _step(self, step: Step) -> Iterator[str]:
        state, line = step.state, step.line
        must = self._say("mandatory" if state.mandatory else "advice")
        since = self._say("since", self._when(state.since))
        title = line.title.get(self._lang, line.id)
        yield f"{words.verdict_glyph(state.state)} {title} [{line.id}] · {must} · {self._state(state.state)} {since}"
        at_risk = self._say("at_risk", self._band(line.at_risk, line.unit)) if line.at_risk else ""
        yield "    " + self._say("bands", self._band(line.ready, line.unit)) + at_risk
        yield "    " + self._say("source", line.source.get(self._lang, ""))
        yield "    " + self._say("looked", looked(line, step.per, self._lang))
        if step.targets:
            yield "    " + self._say("systems" if len(step.targets) > 1 else "system", ", ".join(step.targets))
        yield from ("    " + said for said in self._derived(step))
        yield from ("    - " + self._part(part, step) for part in step.parts)

    def _derived(self, step: Step) -> Iterator[str]:
        state = step.state
        yield from self._enough(step)
        if step.low is not None or step.high is not None:
            yield self._say("value", self._range(step))
        by = "told" if step.line.kind is Kind.ROSTER else "measured"
        yield self._say(by, self._because(step.measured, step.reason))
        if state.pending is not None and state.held is not None:
            began = self._when(state.pending_since)
            yield self._say("held", self._state(state.held), self._state(state.pending), began)
        if (state.state, state.reason) != (step.measured, step.reason):
            yield self._say("shown", self._because(state.state, state.reason))
        for one in self._explained.verdict.waivers:
            if one.requirement == state.id:
                yield self._waiver(one)
                if one.kind == "approval" and step.against and step.measured is Verdict.UNKNOWN:
                    yield self._say("against")
        if step.decides:
            yield self._say("decides")

    def _enough(self, step: Step) -> Iterator[str]:
        """How much is known, and how much has to be. Over a window it is the measurements that count."""
        line = step.line
        if line.window:
            key = "fewest_one" if line.minimum_samples == 1 else "fewest"
            yield self._say(key, number(line.minimum_samples, self._lang))
        elif line.kind is not Kind.ROSTER and step.reason not in _UNASKED:
            key = "coverage" if line.coverage else "coverage_any"
            yield self._say(key, self._percent(step.coverage), self._percent(line.coverage))

    def _range(self, step: Step) -> str:
        low, high = sorted([step.low, step.high], key=_size)
        if _is_endless(low) and _is_endless(high):
            return self._say("any")
        if low == high:
            return self._value(low, step)
        if _is_endless(low):
            return self._say("at_most", self._value(high, step))
        if _is_endless(high):
            return self._say("at_least", self._value(low, step))
        return self._say("from_to", self._value(low, step), self._value(high, step))

    def _part(self, part: Evidence, step: Step) -> str:
        said = [self._who(part, step), words.verdict_glyph(part.state)]
        said += [] if part.value is None else [self._measured(part, step)]
        said.append(self._because(part.state, part.reason))
        said += [self._say("basis")] if part.basis else []
        said += [] if part.at is None else [self._when(part.at)]
        said += [] if part.subject or not part.samples or step.line.kind is Kind.ROSTER else [self._of(part, step)]
        return " · ".join(said)

    def _who(self, part: Evidence, step: Step) -> str:
        """``Quầy 1 → Cổng dịch vụ công``: the device, or the unit, one kind of its devices or one of the parts."""
        explained, lang = self._explained, self._lang
        parts = {one.id: one.title.get(lang, one.id) for one in step.line.parts}
        named = parts.get(part.part) or (role_word(part.part, lang) if part.part else "")
        who = explained.names.get(part.subject, part.subject) if part.subject else (named or self._say("whole"))
        if part.subject and named:
            who = f"{who} ({named})"
        title = explained.titles.get(part.target, {}).get(lang, part.target)
        return f"{who} → {title}" if part.target else who

    def _of(self, part: Evidence, step: Step) -> str:
        """Of how many values it was made: measurements of a window, or what each device said last."""
        one = "sample" if step.line.window else "result"
        return self._say(one if part.samples == 1 else f"{one}s", number(part.samples, self._lang))

    def _measured(self, part: Evidence, step: Step) -> str:
        """What single devices say of something that is counted is told as they measured it."""
        raw = bool(part.subject) and (step.line.where is not None or step.line.kind is Kind.PARTS)
        return quantity(part.value, "", self._lang) if raw else self._value(part.value, step)

    def _value(self, value: Scalar, step: Step) -> str:
        return quantity(value, step.line.unit, self._lang)

    def _because(self, state: Verdict, reason: str) -> str:
        said = self._state(state)
        return f"{said} ({words.reason_word(reason, self._lang)})" if reason else said

    def _waiver(self, one: Waiver) -> str:
        return self._say(one.kind, one.id, one.reason, one.author, self._when(one.expires_at))

    def _state(self, state: Verdict) -> str:
        return words.verdict_word(state, self._lang)

    def _band(self, band: Band, unit: str) -> str:
        return need(band.op, band.limit, unit, self._lang)

    def _when(self, at: int) -> str:
        """A dash for what no calendar has: a device may tell any time."""
        try:
            return instant(at, self._explained.verdict.at, self._lang, self._zone)
        except (ValueError, OverflowError):
            return "—"

    def _percent(self, share: float) -> str:
        """Whole ones, cut: 79.9 never reads as 80."""
        return number(math.floor(100 * share + 1e-9), self._lang)

    def _say(self, key: str, *values: object) -> str:
        return _WORDS[key][self._lang == "en"].format(*values)


def _is_endless(value: Scalar) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _size(value: Scalar) -> tuple[bool, float, str]:
    """Numbers in order, then words."""
    known = isinstance(value, int | float)
    return not known, float(value) if isinstance(value, int | float) else 0.0, str(value)
