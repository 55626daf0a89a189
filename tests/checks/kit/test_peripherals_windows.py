"""What is plugged into Windows PCs, from recorded answers; not yet proven on a PC."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import peripherals_windows, powershell
from checks.kit.cups import Queue
from checks.kit.peripherals_windows import Printer, Told, queues, tell
from checks.kit.usb import CLASSES

RECORDED = Path(__file__).parents[1] / "recorded" / "peripherals"
NONE = dict.fromkeys(CLASSES, 0)
FOUND = {
    "windows-11-counter": Told(
        NONE | {"printer": 1, "scanner": 1, "camera": 1, "barcode_reader": 2, "card_reader": 1, "touch_screen": 1},
        (Queue("idle"), Queue("stopped", ("offline",)), Queue("idle", ("paper",))),
        1,
    ),
    "windows-7-cp1258": Told(
        NONE | {"receipt_printer": 1, "scanner": 1, "camera": 1, "card_reader": 1},
        (Queue("stopped", ("paused",)), Queue("printing"), Queue("stopped", ("jam",)), Queue("unknown")),
        0,
    ),
}


def text(name: str) -> str:
    return powershell.decode((RECORDED / f"{name}.txt").read_bytes())


@pytest.mark.parametrize("name", FOUND)
def test_a_windows_pc_is_counted(name: str) -> None:
    """By class GUID and usage; printers that write files or lead back through Remote Desktop are none."""
    assert tell(text(name)) == FOUND[name]


def test_every_record_is_used() -> None:
    """A file that no test reads proves nothing."""
    assert {file.stem for file in RECORDED.glob("*.txt")} == set(FOUND)


def test_no_name_leaves_the_child() -> None:
    """Neither of a device nor of a driver nor of a port."""
    sent = msgspec.json.encode([tell(text(name)) for name in FOUND]).decode().lower()
    for secret in ("canon", "10.20.0.41", "webcam", "vid_"):
        assert secret not in sent


def test_nothing_answered_is_nothing_counted() -> None:
    """WMI may be broken; then not even missing drivers are known."""
    assert tell("") == Told(NONE, (), None)


@pytest.mark.parametrize("port", ["PORTPROMPT:", "XPSPort:", "nul:", "SHRFAX:", "TS003", "FILE:"])
def test_a_port_that_leads_to_no_paper_is_no_printer(port: str) -> None:
    """Whatever its driver is called."""
    assert queues((Printer(DriverName="Generic / Text Only", PortName=port),)) == ()


def test_the_script_can_be_sent() -> None:
    """No double quote: the command line."""
    assert '"' not in peripherals_windows.SCRIPT


LINES = st.from_regex(r"(broken|(device|printer)\.[0-3]\.[A-Za-z]{1,12})=.*", fullmatch=True)


@given(st.lists(LINES | st.text(), max_size=12))
def test_any_answer_is_read_or_refused_as_a_whole(lines: list[str]) -> None:
    """A field of another type is no crash of the check: the child's error says so."""
    try:
        found = tell("\n".join(lines))
    except msgspec.ValidationError:
        return
    assert set(found.devices) == set(CLASSES)
