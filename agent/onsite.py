"""What a technician sees on the spot: each check at once, in words, with the next step under a failure."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable
from typing import Protocol, TextIO

import msgspec

from agent import VERSION, numbers
from agent.runner import Find, MakeEnv, Run
from checks.kit import wire
from checks.kit.model import Check, Clock, Job, Outcome, Reason, Result, error
from checks.kit.wire import Batch, Signer

PER_BATCH = 100


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


class UsageError(Exception):
    """The command asks for something that cannot be run. ``str()`` is the one line to show."""


def choose(names: Iterable[str], target: str, configured: Iterable[Job], find: Find) -> list[Job]:
    """The jobs to run: all of `configured`, or those of the checks in `names`; with `target`, that one alone.

    A check that is named and not configured runs with its defaults. Raises UsageError.
    """
    jobs, wanted = list(configured), list(dict.fromkeys(names))
    if not wanted:
        if target:
            raise UsageError("--target needs the name of one check, such as: check connectivity --target https://…")
        return jobs
    if target and len(wanted) > 1:
        raise UsageError("--target needs the name of one check, not of several")
    chosen: list[Job] = []
    for name in wanted:
        check = _find(name, find)
        if target:
            chosen.append(_aimed(check, target, jobs))
            continue
        found = [job for job in jobs if job.check == name]
        chosen += found or [_default(check)]
    return chosen


def _find(name: str, find: Find) -> Check:
    try:
        return find(name)
    except LookupError as why:
        raise UsageError(str(why.args[0])) from None


def _aimed(check: Check, target: str, jobs: list[Job]) -> Job:
    for job in jobs:
        if job.key == (check.name, target):
            return job
    fields = [name for name in ("url", "host", "target") if name in check.params.__struct_fields__]
    if not fields:
        raise UsageError(f"{check.name} takes no --target")
    return Job(check=check.name, target=target[:128], every=check.every, params={fields[0]: target})


def _default(check: Check) -> Job:
    needed = [field.name for field in msgspec.structs.fields(check.params) if field.required]
    if needed:
        raise UsageError(f"no {check.name} job is configured here: say what to measure with --target")
    return Job(check=check.name, every=check.every)


def measure(job: Job, find: Find, make_env: MakeEnv, clock: Clock) -> Result:
    """One run of `job`, now."""
    check = find(job.check)
    run = Run(check, job, make_env(check.timeout), clock, lambda _: None)
    run.wait(run.deadline - time.monotonic())
    return run.take()


class Terminal:
    """Writes results as lines for people, in one language; plain signs where the terminal has no UTF-8. With `details`
    every number and fact stands under its check."""

    def __init__(self, out: TextIO, words: Words, lang: str, *, details: bool = False) -> None:
        self._out, self._words, self._lang, self._details = out, words, lang, details
        self._plain = (getattr(out, "encoding", None) or "ascii").lower().replace("-", "") not in ("utf8", "utf8sig")
        self._live = out.isatty()

    def begin(self, check: Check, job: Job) -> None:
        """Shows what runs, on a terminal only: the result's line replaces it."""
        if self._live:
            self._out.write(f"\r\x1b[K… {self._name(check, job)}")
            self._out.flush()

    def show(self, check: Check, job: Job, result: Result) -> None:
        mark = self._words.outcome(result.outcome, self._lang)
        sign = mark.ascii if self._plain else mark.glyph
        if self._live:
            self._out.write("\r\x1b[K")
        self._line(f"{sign} {self._name(check, job)}: {mark.word} ({_seconds(result.took, self._lang)})")
        if result.reason:
            hint = self._words.reason(result.reason, self._lang)
            self._line("    " + ": ".join(part for part in (hint.title, result.detail) if part))
            if hint.hint:
                self._line(f"    {'->' if self._plain else '→'} {hint.hint}")
        elif result.detail:
            self._line(f"    {result.detail}")
        if self._details:
            for title, value in numbers.lines(check, result, self._lang):
                self._line(f"      {title}: {value}")

    def summary(self, results: list[Result]) -> None:
        counts = [(outcome, sum(result.outcome is outcome for result in results)) for outcome in Outcome]
        parts = [f"{number} {self._words.outcome(outcome, self._lang).word}" for outcome, number in counts if number]
        head = "Kết quả" if self._lang == "vi" else "Summary"
        self._line(f"{head}: {', '.join(parts)}" if parts else f"{head}: 0")

    def _name(self, check: Check, job: Job) -> str:
        title = check.title.get(self._lang, check.name)
        return f"{title} · {job.target}" if job.target else title

    def _line(self, text: str) -> None:
        encoding = getattr(self._out, "encoding", None) or "ascii"
        shown = _without_marks(text) if self._plain else text
        self._out.write(shown.encode(encoding, "replace").decode(encoding) + "\n")
        self._out.flush()


def run_all(jobs: list[Job], find: Find, make_env: MakeEnv, clock: Clock, terminal: Terminal | None) -> list[Result]:
    """Runs `jobs` one after the other, so that none disturbs another's measurement."""
    results: list[Result] = []
    for job in jobs:
        try:
            check = find(job.check)
        except LookupError as why:
            results.append(_unknown(job, str(why.args[0]), clock))
            continue
        if terminal is not None:
            terminal.begin(check, job)
        results.append(measure(job, find, make_env, clock))
        if terminal is not None:
            terminal.show(check, job, results[-1])
    if terminal is not None:
        terminal.summary(results)
    return results


def exit_code(results: Iterable[Result]) -> int:
    """0 when nothing failed and everything could be measured, else 1."""
    return int(any(result.outcome in (Outcome.FAILED, Outcome.ERROR) for result in results))


def bundle(results: list[Result], device: str, key: Signer, clock: Clock) -> bytes:
    """`results` as a file for a USB stick: envelopes, each after its length (32 bits, big end first).

    The file has an epoch of its own, so its numbers are no others' and importing it twice stores it once.
    """
    epoch = (max(1, clock.wall() // 1_000_000) << 16) | int.from_bytes(os.urandom(2), "big")
    file = b""
    for start in range(0, max(1, len(results)), PER_BATCH):
        part = results[start : start + PER_BATCH]
        for offset, result in enumerate(part):
            result.seq = start + offset + 1
        sealed = wire.seal(_batch(part, device, epoch, clock), key)
        file += struct.pack(">I", len(sealed)) + sealed
    return file


def _batch(results: list[Result], device: str, epoch: int, clock: Clock) -> Batch:
    return Batch(
        v=wire.VERSION,
        agent=device,
        epoch=epoch,
        boot=clock.boot(),
        sent_at=clock.wall(),
        sent_mono=clock.mono(),
        oldest=1,
        results=results,
        version=VERSION,
    )


def _unknown(job: Job, why: str, clock: Clock) -> Result:
    reading = error(Reason.UNSUPPORTED, why)
    return Result(
        check=job.check,
        target=job.target,
        outcome=reading.outcome,
        reason=Reason.UNSUPPORTED.value,
        detail=why[:512],
        at=clock.wall(),
        mono=clock.mono(),
        boot=clock.boot(),
    )


def _seconds(took: int, lang: str) -> str:
    text = f"{took / 1e6:.2f} s"
    return text.replace(".", ",") if lang == "vi" else text


def _without_marks(text: str) -> str:
    """Vietnamese without its marks, for a terminal that cannot show them."""
    import unicodedata

    spread = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D").replace("·", "-"))
    return "".join(character for character in spread if not unicodedata.combining(character))
