"""Results as lines for people, in one language; on a terminal with a bar that shows how far the checks have come."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol, TextIO

from agent import numbers
from agent.locate import locate
from agent.locate import words as where
from checks.kit.model import Check, Job, Outcome, Reason, Result

BAR = 20
NARROW = 60
"""Columns under which the bar would take the name's place."""


class Mark(Protocol):
    """An outcome's word and sign."""

    @property
    def word(self) -> str: ...
    @property
    def glyph(self) -> str: ...
    @property
    def ascii(self) -> str: ...


class Hint(Protocol):
    """What a reason means and what to do."""

    @property
    def title(self) -> str: ...
    @property
    def hint(self) -> str: ...


class Words(Protocol):
    """The vocabulary; see :mod:`checks.kit.words`."""

    def outcome(self, code: Outcome, lang: str) -> Mark: ...
    def reason(self, code: Reason | str, lang: str) -> Hint: ...


class Terminal:
    """Plain signs where `out` has no UTF-8, and no bar where it is no terminal. With `details` every number and fact
    stands under its check, without only the numbers for which it is run."""

    def __init__(self, out: TextIO, words: Words, lang: str, *, details: bool = False) -> None:
        self._out, self._words, self._lang, self._details = out, words, lang, details
        self._plain = (getattr(out, "encoding", None) or "ascii").lower().replace("-", "") not in ("utf8", "utf8sig")
        self._live = out.isatty()
        self._running: tuple[str, int, int] = ("", 0, 0)
        self._check: Check | None = None
        self._progress: tuple[float, Mapping[str, float]] | None = None

    @property
    def lang(self) -> str:
        return self._lang

    def begin(self, check: Check, job: Job, number: int, total: int) -> None:
        """`check` runs, the `number`-th of `total`."""
        self._running, self._check, self._progress = (self._name(check, job), number, total), check, None
        self.tick(0.0)

    def progress(self, share: float, numbers: Mapping[str, float]) -> None:
        """What the run measures now, and what share of it is over; from any thread, and drawn with the next tick."""
        self._progress = share, dict(numbers)

    def wait(self, left: float) -> None:
        """Draws how long it is until the run may start, in seconds."""
        head = "đến lượt đo sau" if self._lang == "vi" else "its turn comes in"
        self._draw(line("", self._running[0], f"{head} {max(0.0, left):.0f} s", self._columns(), plain=self._plain))

    def tick(self, elapsed: float) -> None:
        """Draws the bar, on a terminal only: the result's line takes its place. `elapsed` is in seconds."""
        if self._progress is None or self._check is None:
            self._draw(bar(*self._running, elapsed, self._columns(), self._lang, plain=self._plain))
            return
        share, progress = self._progress
        shown = numbers.glance(self._check, progress, self._lang)
        self._draw(gauge(self._running[0], share, shown, elapsed, self._columns(), self._lang, plain=self._plain))

    def _draw(self, text: str) -> None:
        if self._live:
            self._write("\r\x1b[K" + text)

    def show(self, check: Check, job: Job, result: Result) -> None:
        mark = self._words.outcome(result.outcome, self._lang)
        sign = mark.ascii if self._plain else mark.glyph
        if self._live:
            self._write("\r\x1b[K")
        self._line(f"{sign} {self._name(check, job)}: {mark.word} ({_seconds(result.took, self._lang)})")
        if result.reason:
            hint = self._words.reason(result.reason, self._lang)
            self._line("    " + ": ".join(part for part in (hint.title, result.detail) if part))
            if hint.hint:
                self._line(f"    {'->' if self._plain else '→'} {hint.hint}")
        elif result.detail:
            self._line(f"    {result.detail}")
        found = (
            numbers.lines(check, result, self._lang) if self._details else numbers.headline(check, result, self._lang)
        )
        for title, value in found:
            self._line(f"      {title}: {value}")

    def summary(self, results: list[Result]) -> None:
        counts = [(outcome, sum(result.outcome is outcome for result in results)) for outcome in Outcome]
        parts = [f"{number} {self._words.outcome(outcome, self._lang).word}" for outcome, number in counts if number]
        head = "Kết quả" if self._lang == "vi" else "Summary"
        self._line(f"{head}: {', '.join(parts)}" if parts else f"{head}: 0")
        self._conclude(results)

    def _conclude(self, results: list[Result]) -> None:
        """Which part of the way is broken, where that was measured."""
        faults = locate(results)
        for fault in faults:
            head = "Hỏng ở" if self._lang == "vi" else "Broken:"
            hint = self._words.reason(fault.reason, self._lang)
            stopped = f" ({', '.join(fault.targets)})" if any(fault.targets) else ""
            self._line(f"{head} {where(fault, self._lang)}: {hint.title}{stopped}")
        if not faults and any(result.check == "connectivity" and result.outcome is Outcome.OK for result in results):
            self._line("Đường tới hệ thống thông suốt" if self._lang == "vi" else "The way to the systems is clear")

    def _name(self, check: Check, job: Job) -> str:
        title = check.title.get(self._lang, check.name)
        return f"{title} · {job.target}" if job.target else title

    def _line(self, text: str) -> None:
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        encoding = getattr(self._out, "encoding", None) or "ascii"
        shown = _without_marks(text) if self._plain else text
        self._out.write(shown.encode(encoding, "replace").decode(encoding))
        self._out.flush()

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._out.fileno()).columns or 80
        except (OSError, ValueError):
            return 80


def bar(name: str, number: int, total: int, elapsed: float, columns: int, lang: str, *, plain: bool) -> str:
    """``█████░░░░░ 3/12 name 4,2 s``: what is done, which is running, and for how long; never wider than `columns`."""
    head = f"{_drawn((number - 1) / total, columns, plain=plain)}{number}/{total} "
    return line(head, name, _tenths(elapsed, lang), columns, plain=plain)


def gauge(name: str, share: float, shown: str, elapsed: float, columns: int, lang: str, *, plain: bool) -> str:
    """``█████░░░░░ name 87,3 Mbit/s 4,2 s``: how far one run has come, and what it measures now; as wide as
    :func:`bar`."""
    tail = " ".join(part for part in (shown, _tenths(elapsed, lang)) if part)
    return line(_drawn(share, columns, plain=plain), name, tail, columns, plain=plain)


def line(head: str, name: str, tail: str, columns: int, *, plain: bool) -> str:
    """The three in one line that is not wider than `columns`: the name is cut, then the end of it all."""
    room = columns - 2 - len(head) - len(tail)
    shown = name if len(name) <= room else name[: max(0, room - 1)] + ("~" if plain else "…")
    return f"{head}{shown} {tail}"[: max(0, columns - 1)]


def _drawn(share: float, columns: int, *, plain: bool) -> str:
    """A bar of which `share` is full; nothing where there is no room, or no such share."""
    if columns < NARROW or not 0.0 <= share <= 1.0:
        return ""
    done, (filled, empty) = int(BAR * share + 1e-9), ("#", ".") if plain else ("█", "░")
    return f"{filled * done}{empty * (BAR - done)} "


def _tenths(seconds: float, lang: str) -> str:
    text = f"{seconds:.1f} s"
    return text.replace(".", ",") if lang == "vi" else text


def _seconds(took: int, lang: str) -> str:
    text = f"{took / 1e6:.2f} s"
    return text.replace(".", ",") if lang == "vi" else text


def _without_marks(text: str) -> str:
    """Vietnamese without its marks, for a terminal that cannot show them."""
    import unicodedata

    spread = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D").replace("·", "-"))
    return "".join(character for character in spread if not unicodedata.combining(character))
