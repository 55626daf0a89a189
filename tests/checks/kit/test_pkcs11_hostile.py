"""Modules that go wrong, each a real shared object: none costs more than one answer, none is believed."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from checks.kit import child, cryptoki, pkcs11
from checks.kit.child import ChildError
from checks.kit.model import Reason
from checks.kit.pkcs11 import Library, ModuleGarbage, ModuleRefused, Token
from tests.lab import modules

WELL = Library(
    description="Module of the tests",
    manufacturer="Nhà sản xuất",
    version="1.5",
    cryptoki="2.40",
    slots=1,
    tokens=[
        Token(
            manufacturer="Tests",
            model="Sixteen letters!",
            initialised=True,
            hardware=True,
            removable=True,
            login_required=True,
            pin="ok",
            unreadable=False,
            certificates=[b"0\x03DER"],
        )
    ],
)
TOLD = {
    "single_threaded": WELL,
    "initialised_before": WELL,
    "none": WELL,
}
GARBAGE = {
    "null_list": "C_GetFunctionList: no list",
    "no_function": "C_GetFunctionList: C_FindObjectsFinal is missing",
    "strange_list": "C_GetFunctionList: version 9.40",
    "strange_version": "C_GetInfo: version 77.40",
    "strange_code": "C_Initialize answered 0x7777",
    "forgets": "C_GetSlotList answered 0x190",
    "endless_slots": "C_GetSlotList: 18446744073709551615 slots",
    "growing_slots": "C_GetSlotList: 100 slots",
    "huge_count": "C_FindObjects: 33 objects at once",
    "endless_objects": "C_FindObjects: 288 certificates",
    "huge_length": "C_GetAttributeValue: 2147483632 bytes",
    "growing_length": "C_GetAttributeValue: 2147483632 bytes",
    "vast_certificates": "C_GetAttributeValue: 4194304 bytes of certificates",
}
REFUSED = {
    "refuses": "C_Initialize answered 0x5",
    "refuses_list": "C_GetFunctionList answered 0x5",
    "no_list": "it is no PKCS#11 module: it has no C_GetFunctionList",
}
CRASHES = [name for name in modules.BEHAVIOURS if name.startswith("crash_")]
HANGS = ["hang_in_load", "hang_in_initialize", "hang_in_slots", "hang_in_session"]


def read_alone(behaviour: str, *, timeout: float = 60.0, memory: int = child.MEMORY) -> Library:
    """As a check reads it: in a process of its own."""
    found: Library = child.call(
        "checks.kit.pkcs11:read", modules.hostile(behaviour), answer=Library, timeout=timeout, memory=memory
    )
    return found


def failure(behaviour: str, **more: int) -> tuple[Reason, str]:
    """What became of it; nothing that was started for it may be left."""
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(ChildError) as caught:
        read_alone(behaviour, **more)
    until = time.monotonic() + 10
    while left := [process for process in set(psutil.Process().children(recursive=True)) - before if alive(process)]:
        assert time.monotonic() < until, left
        time.sleep(0.01)
    return caught.value.reason, caught.value.detail


def alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_module_that_behaves_is_read_whole() -> None:
    """It refuses whatever departs from PKCS#11 in an argument, and dies of any function that reading has no use for."""
    assert pkcs11.read(modules.hostile("none")) == WELL


def test_windows_s_layout_reads_the_same() -> None:
    """The same module compiled with 32-bit CK_ULONG and packed structures, read by that layout."""
    assert pkcs11.read(modules.hostile("none", packed=True), cryptoki.WINDOWS) == WELL


@pytest.mark.parametrize("behaviour", sorted(TOLD))
def test_harmless_ways_of_its_own_do_not_hide_a_token(behaviour: str) -> None:
    """CKR_CANT_LOCK, CKR_CRYPTOKI_ALREADY_INITIALIZED."""
    assert pkcs11.read(modules.hostile(behaviour)) == TOLD[behaviour]


@pytest.mark.parametrize("behaviour", ["no_value", "sensitive_value"])
def test_a_value_that_is_not_to_be_had_is_no_certificate(behaviour: str) -> None:
    """CK_UNAVAILABLE_INFORMATION among them."""
    assert pkcs11.read(modules.hostile(behaviour)).tokens[0].certificates == []


@pytest.mark.parametrize("behaviour", sorted(GARBAGE))
def test_what_breaks_the_standard_is_garbage(behaviour: str) -> None:
    """Counts, lengths, versions and return values that cannot be."""
    with pytest.raises(ModuleGarbage) as caught:
        pkcs11.read(modules.hostile(behaviour))
    assert str(caught.value) == GARBAGE[behaviour]


@pytest.mark.parametrize("behaviour", sorted(REFUSED))
def test_what_cannot_be_initialised_is_refused(behaviour: str) -> None:
    """With what it answered, which is what its vendor asks for first."""
    with pytest.raises(ModuleRefused) as caught:
        pkcs11.read(modules.hostile(behaviour))
    assert str(caught.value) == REFUSED[behaviour]


def test_names_are_text_whatever_the_module_put_there() -> None:
    """Printable, on one line, no longer than the field."""
    found = pkcs11.read(modules.hostile("strange_text"))
    for words, most in ((found.manufacturer, 32), (found.description, 32), (found.tokens[0].model, 16)):
        assert words.isprintable()
        assert len(words) <= most
    assert found.description == "x"
    assert pkcs11.read(modules.hostile("ended_text")).manufacturer == "Short"


@pytest.mark.parametrize("behaviour", CRASHES)
def test_a_crash_costs_one_answer(behaviour: str) -> None:
    """Wherever it happens; the next module is read as if nothing had been."""
    assert failure(behaviour) == (Reason.CHILD_CRASHED, "it was killed by SIGSEGV")
    assert read_alone("none") == WELL


@pytest.mark.parametrize("behaviour", HANGS)
def test_a_hang_ends_at_the_deadline(behaviour: str) -> None:
    """It is killed."""
    assert failure(behaviour, timeout=1) == (Reason.CHILD_HUNG, "no answer within 1 s")


def test_a_module_that_does_not_come_to_an_end_has_been_read() -> None:
    """What it said before C_Finalize is kept, and the process is gone."""
    assert read_alone("hang_in_finalize") == WELL


def test_memory_that_a_module_takes_is_not_the_agent_s() -> None:
    """It ends where the child's does, whether it says so or dies of it."""
    memory = 128 * 1024 * 1024
    assert failure("hoard", memory=memory) == (Reason.CHILD_MEMORY, "it needed more memory than it may use")
    assert failure("hoard_and_die", memory=memory) == (Reason.CHILD_CRASHED, "it was killed by SIGABRT")


def test_what_a_module_prints_is_not_its_answer() -> None:
    """Even where it looks like one."""
    assert read_alone("loud") == WELL


def test_every_behaviour_is_tried_here() -> None:
    """A hostile module that no test loads shows nothing."""
    tried = {*TOLD, *GARBAGE, *REFUSED, *CRASHES, *HANGS, "no_value", "sensitive_value", "strange_text", "ended_text"}
    assert tried | {"hang_in_finalize", "hoard", "hoard_and_die", "loud"} == set(modules.BEHAVIOURS)


def test_reading_garbage_leaves_no_descriptor_open() -> None:
    """Sessions and the module itself are closed, however it ended."""
    pkcs11.read(modules.hostile("none"))
    before = descriptors()
    for behaviour in ("endless_objects", "huge_length", "none"):
        try:
            pkcs11.read(modules.hostile(behaviour))
        except ModuleGarbage:
            continue
    assert descriptors() == before


def descriptors() -> list[str]:
    return sorted(entry.name for entry in Path("/proc/self/fd").iterdir())


def test_a_module_may_be_called_anything(tmp_path: Path) -> None:
    """Folders and names in Vietnamese, with blanks."""
    path = tmp_path / "Trình điều khiển" / "chữ ký số.so"
    path.parent.mkdir()
    path.write_bytes(Path(modules.hostile("none")).read_bytes())
    assert pkcs11.read(str(path)) == WELL
