"""A finding as the pages say it; the words are :mod:`collector.attribution.words`'."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec import Struct

from checks.kit.segment import Segment
from collector.attribution.model import DEDICATED, Cause, Finding
from collector.attribution.owners import step, whose
from collector.attribution.words import Names, after, sentence, what
from collector.board import Board
from collector.web.contact import device_name
from collector.web.i18n import text


class Told(Struct, frozen=True):
    """``title`` says what is wrong where, ``sentence`` all of it, ``owner`` who mends it, ``next`` what to do."""

    title: str
    sentence: str
    owner: str
    next: str


def told(finding: Finding, board: Board, now: int, lang: str, zone: ZoneInfo) -> Told:
    names = names_of(board, finding)
    return Told(
        title=f"{called(finding, board, lang)}: {what(finding, lang)}",
        sentence=sentence(finding, names, lang, now, zone),
        owner=whose(finding, lang),
        next=step(finding, lang),
    )


def names_of(board: Board, finding: Finding) -> Names:
    """What the parts of `finding` are called; of devices only the guilty one is."""
    device = board.device(finding.subject) if finding.segment is Segment.DEVICE else None
    return Names(
        units=board.units,
        targets={target.id: target for target in board.targets},
        devices={device.id: device_name(device)} if device else {},
    )


def subject(finding: Finding, board: Board, lang: str) -> str:
    """The guilty part by its name, on the page of a unit that has it: ``VNPT``, ``Quầy 3``, ``Cổng 1022``; "" for the
    unit's own network and line."""
    names = names_of(board, finding)
    name = {
        Segment.DEVICE: lambda: names.device(finding.subject),
        Segment.PROVIDER: lambda: finding.subject,
        Segment.DESTINATION: lambda: names.target(finding.subject, lang),
    }.get(finding.segment, lambda: "")()
    if finding.network == DEDICATED:
        return f"{name} ({text('tslcd', lang)})" if name else text("tslcd", lang)
    return name


def called(finding: Finding, board: Board, lang: str) -> str:
    """The guilty part by its name, wherever it stands: a unit's own network and line by the unit's."""
    unit = board.units.get(finding.subject)
    network = f" ({text('tslcd', lang)})" if finding.network == DEDICATED else ""
    return subject(finding, board, lang) if unit is None else f"{unit.name}{network}"


def here(finding: Finding, board: Board, lang: str) -> str:
    """``mạng của VNPT không thông``: what is wrong, on the page of a unit that has it."""
    why = what(finding, lang)
    if finding.cause is Cause.POWER and finding.segment is not Segment.DEVICE:
        return why
    name = subject(finding, board, lang)
    if finding.segment is Segment.DEVICE:
        name = after("PC" if lang == "en" else "máy", name)
    part = " ".join(text(f"here_{finding.segment}", lang, name=name).split())
    return text("here", lang, part=part, why=why)
