"""The derivation of a verdict in lines of text, Vietnamese or English."""

from __future__ import annotations

import math
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from checks.kit.model import Scalar
from collector.readiness import words
from collector.readiness.explain import Explained, Step
from collector.readiness.model import Evidence, Verdict, Waiver
from collector.readiness.profile import Band, Kind
from collector.readiness.text import ZONE, instant, need, number, quantity

_WORDS: dict[str, tuple[str, str]] = {
    "reporting": ("{0}/{1} thiết bị báo cáo, cần {2} %", "{0} of {1} devices report, needs {2} %"),
    "since": ("từ {0}", "since {0}"),
    "decided": ("quyết định bởi: {0}", "decided by: {0}"),
    "known": ("lần cuối biết được: {0}, đến {1}", "last known: {0}, until {1}"),
    "left_out": ("không áp dụng cho loại đơn vị này: {0}", "not asked of units of this kind: {0}"),
    "mandatory": ("bắt buộc", "mandatory"),
    "advice": ("khuyến nghị", "advice"),
    "bands": ("cần {0}", "needs {0}"),
    "at_risk": ("; có nguy cơ {0}", "; at risk {0}"),
    "source": ("nguồn: {0}", "source: {0}"),
    "looked": ("xem: {0}", "looked at: {0}"),
    "window": ("trong {0} giờ qua", "over the last {0} hours"),
    "now": ("kết quả mới nhất, không quá {0} giờ", "newest results, none older than {0} hours"),
    "office": ("trong giờ làm việc", "in office hours"),
    "per": ("chia cho {0}", "divided by {0}"),
    "counts": ("tính {0}", "counts {0}"),
    "range": ("giá trị có thể: {0}", "the value may be: {0}"),
    "any": ("bất kỳ", "anything"),
    "from_to": ("từ {0} đến {1}", "from {0} to {1}"),
    "measured": ("đo được: {0}", "measured: {0}"),
    "coverage": ("biết được {0} %, cần {1} %", "known of {0} %, needs {1} %"),
    "held": ("đang giữ: {0}; chờ {1} từ {2}", "held: {0}; {1} waits since {2}"),
    "shown": ("kết luận: {0}", "shown: {0}"),
    "decides": ("quyết định kết luận của đơn vị", "decides the unit's verdict"),
    "waiver": ("miễn trừ {0}: {1} ({2}, đến {3})", "waiver {0}: {1} ({2}, until {3})"),
    "approval": ("xác nhận {0}: {1} ({2}, đến {3})", "approval {0}: {1} ({2}, until {3})"),
    "against": (
        "có kết quả đo không đạt nên xác nhận tại chỗ không có hiệu lực",
        "something measured is not ready, so an approval does not count",
    ),
    "whole": ("cả đơn vị", "the unit"),
    "basis": ("theo ngày mua", "by the purchase date"),
    "samples": ("{0} lần đo", "{0} samples"),
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
        yield " · ".join([verdict.unit, state, *since, verdict.profile, reporting])
        if verdict.deciding:
            yield "  " + self._say("decided", ", ".join(verdict.deciding))
        if verdict.known is not None and verdict.known_at is not None:
            known = words.verdict_word(verdict.known, self._lang)
            yield "  " + self._say("known", known, self._when(verdict.known_at))
        yield from ("  " + self._waiver(one) for one in verdict.waivers)
        if explained.left_out:
            yield "  " + self._say("left_out", ", ".join(explained.left_out))

    def _step(self, step: Step) -> Iterator[str]:
        state, line = step.state, step.line
        must = self._say("mandatory" if state.mandatory else "advice")
        since = self._say("since", self._when(state.since))
        title = line.title.get(self._lang, line.id)
        yield f"{words.verdict_glyph(state.state)} {title} [{line.id}] · {must} · {self._state(state.state)} {since}"
        at_risk = self._say("at_risk", self._band(line.at_risk, line.unit)) if line.at_risk else ""
        yield "    " + self._say("bands", self._band(line.ready, line.unit)) + at_risk
        yield "    " + self._say("source", line.source.get(self._lang, ""))
        yield "    " + self._say("looked", self._looked(step))
        yield from ("    " + said for said in self._derived(step))
        yield from ("    - " + self._part(part, step) for part in step.parts)

    def _derived(self, step: Step) -> Iterator[str]:
        state = step.state
        yield self._say("coverage", self._percent(step.coverage), self._percent(step.line.coverage))
        if step.low is not None or step.high is not None:
            yield self._say("range", self._range(step))
        yield self._say("measured", self._because(step.measured, step.reason))
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

    def _looked(self, step: Step) -> str:
        line = step.line
        named = ", ".join(part.id for part in line.parts) or ".".join(dict.fromkeys((line.check, line.name)))
        labels = ",".join(f"{name}={value}" for name, value in sorted(line.labels.items()))
        said = [f"{line.kind.value} {named.strip('.')}{f'{{{labels}}}' if labels else ''}", line.aggregate, line.scope]
        said += list(line.roles)
        if line.window:
            said.append(self._say("window", self._hours(line.window)))
        elif line.kind not in (Kind.ROSTER, Kind.DEVICES):
            said.append(self._say("now", self._hours(line.max_age)))
        said += [self._say("office")] if line.office_hours else []
        said += [self._say("counts", self._band(line.where, ""))] if line.where else []
        said += [self._say("per", line.per)] if line.per else []
        said += [", ".join(step.targets)] if step.targets else []
        return " · ".join(said)

    def _range(self, step: Step) -> str:
        ends = [step.low, step.high]
        if all(isinstance(end, float) and math.isinf(end) for end in ends):
            return self._say("any")
        if step.low == step.high:
            return self._value(step.low, step)
        low, high = sorted(ends, key=_size)
        return self._say("from_to", self._value(low, step), self._value(high, step))

    def _part(self, part: Evidence, step: Step) -> str:
        names = self._explained.names
        who = names.get(part.subject, part.subject) if part.subject else (part.part or self._say("whole"))
        if part.subject and part.part:
            who = f"{who} ({part.part})"
        title = self._explained.titles.get(part.target, {}).get(self._lang, part.target)
        said = [f"{who} → {title}" if part.target else who, words.verdict_glyph(part.state)]
        said += [] if part.value is None else [self._measured(part, step)]
        said.append(self._because(part.state, part.reason))
        said += [self._say("basis")] if part.basis else []
        said += [] if part.at is None else [self._when(part.at)]
        said += [] if part.subject else [self._say("samples", number(part.samples, self._lang))]
        return " · ".join(said)

    def _measured(self, part: Evidence, step: Step) -> str:
        """What single devices say of something that is counted is told as they measured it."""
        raw = bool(part.subject) and (step.line.where is not None or step.line.kind is Kind.PARTS)
        return quantity(part.value, "", self._lang) if raw else self._value(part.value, step)

    def _value(self, value: Scalar, step: Step) -> str:
        if isinstance(value, float) and math.isinf(value):
            return "∞" if value > 0 else "-∞"
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

    def _hours(self, span: int) -> str:
        return number(span / 3_600_000_000, self._lang)

    def _percent(self, share: float) -> str:
        return number(100 * share, self._lang, "%")

    def _say(self, key: str, *values: object) -> str:
        return _WORDS[key][self._lang == "en"].format(*values)


def _size(value: Scalar) -> tuple[bool, float, str]:
    """Numbers in order, then words."""
    known = isinstance(value, int | float)
    return not known, float(value) if isinstance(value, int | float) else 0.0, str(value)
