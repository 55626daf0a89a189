"""A device page's contents: what it is, and the newest result of each check with its numbers and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from checks.kit import words
from checks.kit.model import Check, Outcome, Result, Scalar
from collector.attribution import words_silent
from collector.board import Board
from collector.readiness.model import DeviceFacts, Unit, fact_of
from collector.readiness.profile import years_owned
from collector.roster.model import date_text
from collector.web.contact import Silences, contact_of, device_name, role_of
from collector.web.faces import OUTCOMES, Face
from collector.web.format import local, number, quantity
from collector.web.i18n import text
from collector.web.lines import Line, fact_word, lines_of

_WORST = (Outcome.FAILED, Outcome.ERROR, Outcome.OK, Outcome.NOT_APPLICABLE)
_ABOUT = (("vendor", "model"), ("cpu_model",), ("os_name", "os_version"))


class ResultRow(Struct, frozen=True):
    """``anchor`` tells this result from the device's others, across refreshes."""

    result: Result
    anchor: str
    title: str
    target: str
    ink: str
    glyph: str
    outcome: str
    reason: str
    hint: str
    took: str
    lines: list[Line]


class DevicePage(Struct, frozen=True):
    """``silent`` is why nothing is heard of the device, where something tells; ``moves`` when it went where, oldest
    first."""

    device: DeviceFacts
    name: str
    role: str
    unit: Unit | None
    face: Face
    contact: str
    about: list[str]
    age: str
    age_why: str
    clock: str
    silent: str
    moves: list[str]
    results: list[ResultRow]


async def build(
    board: Board,
    device: DeviceFacts,
    checks: Mapping[str, Check],
    now: int,
    lang: str,
    zone: ZoneInfo,
    silences: Silences,
) -> DevicePage:
    """Everything the page of `device` shows; a result of a check unknown here is shown under its bare name."""
    face, contact = contact_of(device, now, lang, silences)
    targets = {target.id: target.title[lang] for target in board.targets}
    ordered = sorted(device.results.items(), key=lambda item: (_WORST.index(item[1].outcome), item[0]))
    age, age_why = _age(device, checks.get("device"), now, lang)
    return DevicePage(
        device=device,
        name=device_name(device),
        role=role_of(device, lang),
        unit=board.units.get(device.unit),
        face=face,
        contact=contact,
        about=[line for line in (_line(device, names) for names in _ABOUT) if line],
        age=age,
        age_why=age_why,
        clock=clock_words(device.clock_offset, lang),
        silent=_silent(board, device, now, lang, zone),
        moves=[_move(move, board, lang, zone) for move in await board.moves(device.id)],
        results=[_row(result, checks.get(result.check), targets, lang, zone) for _, result in ordered],
    )


def _silent(board: Board, device: DeviceFacts, now: int, lang: str, zone: ZoneInfo) -> str:
    silent = board.silence_of(device.unit, device.id)
    return words_silent.sentence(silent, now, lang, device.unit, zone) if silent else ""


def _move(move: tuple[int, str, str], board: Board, lang: str, zone: ZoneInfo) -> str:
    at, *codes = move
    old, new = (board.units[code].name if code in board.units else code for code in codes)
    when = local(at, zone)
    return text("moved", lang, old=old, new=new, day=f"{when:%d/%m/%Y}" if when else "?")


def _line(device: DeviceFacts, names: tuple[str, ...]) -> str:
    found = (fact_of(device, "device", name) for name in names)
    return " ".join(str(value) for value in found if value not in (None, ""))


def _age(device: DeviceFacts, check: Check | None, now: int, lang: str) -> tuple[str, str]:
    """The age and how it is known: by the roster's purchase date where there is one, with what the PC shows beside."""
    shown = fact_of(device, "device", "age_years")
    why = _age_why(device, check, lang)
    if device.purchased is None:
        return text("unknown_value", lang) if shown is None else _in_years(shown, lang), why
    by = text("age_bought", lang, day=date_text(device.purchase_date))
    if shown is not None:
        by = f"{by}; {text('age_shown', lang, years=_years(shown, lang), source=why)}"
    return _in_years(years_owned(device.purchased, now), lang), by


def _in_years(age: Scalar, lang: str) -> str:
    return text("age_years", lang, years=_years(age, lang))


def _years(age: Scalar, lang: str) -> str:
    return number(age, lang) if isinstance(age, int | float) else str(age)


def _age_why(device: DeviceFacts, check: Check | None, lang: str) -> str:
    """``theo ngày của firmware``; of an unknown age why it is, in brackets."""
    source = fact_of(device, "device", "age_source")
    if not isinstance(source, str) or not source:
        return ""
    word = fact_word(check, "age_source", source, lang)
    known = fact_of(device, "device", "age_years") is not None
    return text("age_from", lang, source=word) if known else f"({word})"


def clock_words(offset: float | None, lang: str) -> str:
    """A clock's offset (seconds, positive is ahead) in words; within half a second it is right."""
    if offset is None:
        return text("unknown_value", lang)
    if abs(offset) < 0.5:
        return text("clock_right", lang)
    return text(
        "clock_ahead" if offset > 0 else "clock_behind", lang, by=" ".join(quantity(abs(offset), "seconds", lang))
    )


def _row(result: Result, check: Check | None, targets: dict[str, str], lang: str, zone: ZoneInfo) -> ResultRow:
    outcome, why = words.outcome(result.outcome, lang), words.reason(result.reason, lang)
    return ResultRow(
        result=result,
        anchor=f"{result.check}-{result.target}",
        title=check.title.get(lang, result.check) if check else result.check,
        target=targets.get(result.target, result.target),
        ink=OUTCOMES[result.outcome],
        glyph=outcome.glyph,
        outcome=outcome.word,
        reason=why.title,
        hint=why.hint,
        took=" ".join(quantity(result.took / 1_000_000, "seconds", lang)),
        lines=lines_of(result, check, lang, zone),
    )
