"""Every reason of the desk, brought about by a real component, as ``sansang-agent check`` shows it in both languages
and as the collector exports it: one PC for each, in one unit."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec import Struct

from checks import signing_service, signing_token
from checks.kit import token_links, words
from checks.kit.model import Reason
from checks.kit.words_desk import DESK
from tests.desk import canaries, machine, place, services, tokens
from tests.desk.place import UNIT, Collector, Pc, Said, series
from tests.faults.rig import wait_until
from tests.lab import nut

LANGUAGES = ("vi", "en")
ELSEWHERE = {Reason.READER_REDIRECTED: "only Windows' Remote Desktop puts its readers in place of the PC's own"}
"""Reasons that no component here can bring about, and why."""
NO_FAILURE = {Reason.PIN_COUNT_LOW: "a warning: the link holds, and the check is well"}
CASES: dict[Reason, str] = {
    **dict.fromkeys(tokens.FAULTS, "signing_token"),
    **dict.fromkeys(services.FAULTS, "signing_service"),
    **dict.fromkeys(machine.POWER, "power"),
    **dict.fromkeys(machine.DISKS, "storage"),
}
CHAINS = {
    "signing_token": (signing_token.HOLDS.series, token_links.LINKS),
    "signing_service": (signing_service.HOLDS.series, signing_service.LINKS),
}
AT_ONCE = 4


class Shown(Struct):
    """What a PC's check said in each language, and the PC's device at the collector."""

    said: dict[str, Said]
    device: str


class Office:
    """The unit's PCs, one for each reason, all of which have measured; ``text`` are the unit's metrics thereafter."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder, self.stick = folder, folder / "stick.ssb"
        self.collector: Collector = stack.enter_context(place.collecting(self.folder("city"), {}))
        drawer = tokens.Drawer(self.folder("drawer"), stack)
        street = services.Street(self.folder("street"), drawer, stack)
        upses = stack.enter_context(nut.serving(self.folder("nut"), machine.UPSES))
        machine.break_driver(upses)
        pcs: dict[Reason, Pc] = {}
        hooks: dict[Reason, Callable[[int], None] | None] = {}
        for reason, make in tokens.FAULTS.items():
            setting = make(drawer)
            pcs[reason], hooks[reason] = tokens.pc(self.folder(reason), setting), setting.meanwhile
        for reason, at in services.FAULTS.items():
            pcs[reason] = street.pc(self.folder(reason), *at(street))
        for reason, name in machine.POWER.items():
            pcs[reason] = machine.on_ups(self.folder(reason), upses, name)
        for reason, done in machine.DISKS.items():
            pcs[reason] = machine.on_disk(self.folder(reason), done)
        seats = self.collector.token(len(pcs))
        for pc in pcs.values():
            pc.enrolled(self.collector.url, seats)
        self.shown = self._measured(pcs, hooks)
        self._visit(list(pcs.values()))
        wait_until(lambda: self._exported() == len(pcs), "not every PC is exported", self.collector.log)
        self.text = self.collector.devices_text()

    def folder(self, name: str) -> Path:
        made = self._folder / name
        made.mkdir()
        return made

    def _measured(
        self, pcs: dict[Reason, Pc], hooks: dict[Reason, Callable[[int], None] | None]
    ) -> dict[Reason, Shown]:
        """Every check in every language, some at once; the first language's is also written to a file."""
        with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor() as at_once:
            running: dict[Reason, dict[str, Future[Said]]] = {}
            for reason, pc in pcs.items():
                hook = hooks.get(reason)
                start = (at_once if hook else pool).submit
                running[reason] = {
                    lang: start(pc.check, CASES[reason], lang, *more) for lang, more in _more(reason, pc).items()
                }
                if hook:
                    hook(len(LANGUAGES))
            return {
                reason: Shown({lang: each.result() for lang, each in several.items()}, pcs[reason].device)
                for reason, several in running.items()
            }

    def _visit(self, pcs: list[Pc]) -> None:
        """A technician's stick with the files of all PCs, read at the collector."""
        self.stick.write_bytes(b"".join((pc.folder / "visit.ssb").read_bytes() for pc in pcs))
        told = self.collector.command("import", self.stick).splitlines()
        assert told == [f"batch {number}: taken: {pc.device}" for number, pc in enumerate(pcs, 1)]

    def _exported(self) -> int:
        return len(series(self.collector.devices_text(), "sansang_check_timestamp_seconds"))


def _more(reason: Reason, pc: Pc) -> dict[str, list[str | Path]]:
    """What else the command is told, by language; a warning shows with the details only."""
    details: list[str | Path] = ["--details"] if reason in NO_FAILURE else []
    return {"vi": ["--bundle", pc.folder / "visit.ssb", *details], "en": details}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with contextlib.ExitStack() as stack:
        yield Office(tmp_path_factory.mktemp("office"), stack)


def test_no_reason_of_the_desk_is_left_out() -> None:
    """Each is brought about below, or it is said why it cannot be."""
    desk = set(DESK)
    assert set(CASES) | set(ELSEWHERE) == desk
    assert set(CASES) & set(ELSEWHERE) == set()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("reason", [reason for reason in CASES if reason not in NO_FAILURE])
def test_the_command_shows_the_reason_and_what_to_do(office: Office, reason: Reason, lang: str) -> None:
    """Exit code 1; the title, with a detail where there is one, and the hint behind an arrow."""
    said, wanted = office.shown[reason].said[lang], words.reason(reason, lang)
    assert (said.code, said.err) == (1, "")
    lines = said.out.splitlines()
    assert lines[0].startswith("✕ ")
    assert lines[1].startswith("    ")
    assert lines[1].strip().split(": ")[0] == wanted.title
    assert lines[2] == f"    → {wanted.hint}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_pin_that_was_mistyped_is_told_with_the_details(office: Office, lang: str) -> None:
    """The check is well: one can sign."""
    said = office.shown[Reason.PIN_COUNT_LOW].said[lang]
    assert (said.code, said.err) == (0, "")
    assert words.reason(Reason.PIN_COUNT_LOW, lang).title in said.out


@pytest.mark.parametrize("reason", CASES)
def test_the_collector_exports_the_reason(office: Office, reason: Reason) -> None:
    """As the check's, and, of a chain, as that of its broken link."""
    check = CASES[reason]
    labels = {"unit": UNIT, "device": office.shown[reason].device, "check": check}
    expected = [] if reason in NO_FAILURE else [1.0]
    assert series(office.text, "sansang_check_reason", **labels, reason=reason.value) == expected
    assert len(series(office.text, "sansang_check_reason", **labels)) == len(expected)
    if check in CHAINS:
        name, links = CHAINS[check]
        (link,) = [link for link, reasons in links.items() if reason in reasons]
        holds = float(reason in token_links.WARNINGS)
        assert series(office.text, name, **labels, link=link, reason=reason.value) == [holds]


def test_nothing_of_a_token_is_printed_bundled_stored_or_shown(office: Office) -> None:
    """Neither the person in the certificate nor the token's label, in whatever dress."""
    printed = [(reason, said.out + said.err) for reason, shown in office.shown.items() for said in shown.said.values()]
    everything = [
        *((where.value, text.encode()) for where, text in printed),
        *canaries.bundled(office.stick.read_bytes()),
        *canaries.stored(office.collector.folder / "collector"),
        ("metrics", office.text.encode()),
        ("log", office.collector.log.read_bytes()),
    ]
    wanted = set[bytes]().union(*(canaries.of_text(secret) for secret in tokens.SECRETS))
    assert canaries.found(everything, wanted) == []
    assert len(everything) > 3 * len(CASES)


def test_promtool_takes_the_metrics_of_all_of_it(office: Office) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=office.text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
