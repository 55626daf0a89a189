"""The check of peripherals: counts, states, and nothing that has a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.kit import child, cups, peripherals_windows, powershell
from checks.kit.child import ChildError
from checks.kit.cups import STATES, TROUBLES, Queue, Told
from checks.kit.model import Outcome, Reading, Reason
from checks.kit.usb import CLASSES
from checks.peripherals import CHECK, Params, summarise
from tests.checks import printing
from tests.checks.conftest import NoChild, environment, values
from tests.checks.desks import Answers, Tree

RECORDED = Path(__file__).parent / "recorded" / "peripherals"


def look(told: Any, tree: str = "counter-pc") -> Reading:
    files = json.loads((RECORDED / f"{tree}.json").read_text())["files"] if tree else {}
    reading: Reading = CHECK.run(Params(), environment(host=Tree(files), child=told))
    return reading


def windows(name: str) -> Reading:
    told = peripherals_windows.tell(powershell.decode((RECORDED / f"{name}.txt").read_bytes()))
    reading: Reading = CHECK.run(Params(), environment(host=Tree({}, system="windows"), child=Answers(told)))
    return reading


class Elsewhere:
    """The check's child, which asks the cupsd of the test instead of this machine's."""

    def __init__(self, path: str) -> None:
        self._path = path

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        order = cups.Order(argument.seconds, (self._path,))
        return child.within(function, order, answer=answer, timeout=timeout)


def test_devices_are_counted_by_class() -> None:
    """Every class that was looked for has its sample, so that what goes missing is a 0."""
    reading = look(Answers(Told()))
    found = {name.partition(":")[2]: value for name, value in values(reading).items()}
    assert found == json.loads((RECORDED / "counter-pc.json").read_text())["counts"]
    assert (reading.facts["printers"], reading.facts["scanners"], reading.facts["barcode_readers"]) == (2, 2, 1)


def test_the_queues_of_a_real_cups_are_counted_by_state() -> None:
    """One ready, one stopped without paper."""
    queues = (printing.Queue("van-thu"), printing.Queue("mot-cua", "Stopped", reasons=("media-empty-error",)))
    with printing.cupsd(*queues) as path:
        reading = look(Elsewhere(path))
    assert reading.outcome is Outcome.OK
    assert (reading.facts["printers_installed"], reading.facts["printers_ready"]) == (2, 1)
    assert reading.facts["print_service"] == "cups"
    found = values(reading)
    assert (found["peripherals_printers:idle"], found["peripherals_printers:stopped"]) == (1, 1)
    assert found["peripherals_printer_troubles:paper"] == 1
    assert "peripherals_printer_troubles:jam" not in found


def test_a_print_service_that_gives_no_answer_costs_only_the_queues() -> None:
    """What is plugged in is counted all the same."""
    reading = look(Answers(ChildError(Reason.CHILD_CRASHED, "CupsError: CUPS answers HTTP 403")))
    assert (reading.outcome, reading.facts["print_service"], reading.facts["printers_ready"]) == (
        Outcome.OK, "silent", None,
    )  # fmt: skip
    assert reading.facts["printers"] == 2


def test_without_usb_and_print_service_nothing_is_known() -> None:
    """Unknown is not absent: a virtual machine has no empty desk."""
    reading = look(Answers(Told()), "")
    assert reading.outcome is Outcome.OK
    assert reading.samples == ()
    assert {value for name, value in reading.facts.items() if name != "print_service"} == {None}


@pytest.mark.parametrize(("name", "installed", "ready"), [("windows-11-counter", 3, 2), ("windows-7-cp1258", 4, 1)])
def test_windows_pcs_are_counted_alike(name: str, installed: int, ready: int) -> None:
    """From one query, recorded; not yet proven on a PC."""
    reading = windows(name)
    assert (reading.facts["printers_installed"], reading.facts["printers_ready"]) == (installed, ready)
    assert reading.facts["print_service"] == "windows"


def test_a_query_that_fails_is_an_error_with_the_childs_reason() -> None:
    """Without it nothing is known of a Windows PC's desk."""
    failing = Answers(ChildError(Reason.CHILD_HUNG, "no answer within 60 s"))
    reading = CHECK.run(Params(), environment(host=Tree({}, system="windows"), child=failing))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.CHILD_HUNG)


def test_another_system_is_unsupported() -> None:
    """Said once, plainly."""
    reading = CHECK.run(Params(), environment(host=Tree({}, system="sunos5"), child=NoChild()))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.UNSUPPORTED)


def test_every_name_is_declared_and_every_label_has_words() -> None:
    """Whatever class, state or trouble there may be."""
    metrics = {metric.name: metric for metric in CHECK.metrics}
    queues = tuple(Queue(state, TROUBLES) for state in STATES)
    reading = summarise(dict.fromkeys(CLASSES, 1), "cups", queues, 3)
    assert set(reading.facts) == {fact.name for fact in CHECK.facts}
    assert len(reading.samples) == len(CLASSES) + len(STATES) + len(TROUBLES)
    for one in reading.samples:
        assert set(one.labels) == set(metrics[one.name].labels)
        assert set(one.labels.values()) <= set(metrics[one.name].words)


def test_no_name_of_a_device_or_queue_leaves_the_pc() -> None:
    """Nor a maker, a model, a serial number or an address."""
    with printing.cupsd(printing.Queue("ong-nguyen")) as path:
        readings = [look(Elsewhere(path)), look(Answers(Told()), "kiosk"), windows("windows-11-counter")]
    sent = msgspec.json.encode(readings).decode().lower()
    for secret in ("nguy", "epson", "bit4id", "583542463034343832", "android", "canon", "10.20.0.41", "04b8"):
        assert secret not in sent


def test_a_reading_is_small() -> None:
    """Twice a day."""
    assert len(msgspec.json.encode(look(Answers(Told((Queue("idle"), Queue("stopped", ("paper",)))))))) < 1500


def test_this_machine_is_described() -> None:
    """Whatever it is, by its real files and whatever prints here."""
    reading = CHECK.run(Params(), environment(child=child, seconds=30))
    assert reading.outcome is Outcome.OK
    assert reading.facts["print_service"] in ("cups", "none", "silent")
