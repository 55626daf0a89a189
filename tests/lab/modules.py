"""PKCS#11 modules that go wrong, and one that keeps account: real shared objects, compiled when first asked for.

``hostile("crash_in_slots")`` is the path of a module that does just that; ``wrapper()`` passes every call on to a real
module. Both come from ``tests/lab/pkcs11/*.c`` and stay in one directory until this process ends.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.lab.softhsm import MODULE

SOURCES = Path(__file__).parent / "pkcs11"

# What each hostile module does; the first group is answered by no reading at all but by a dead or mute process.
BEHAVIOURS = {
    "crash_in_load": "SIGSEGV in a constructor, while it is loaded",
    "crash_in_list": "SIGSEGV in C_GetFunctionList",
    "crash_in_initialize": "SIGSEGV in C_Initialize",
    "crash_in_slots": "SIGSEGV in C_GetSlotList",
    "crash_in_session": "SIGSEGV in C_OpenSession",
    "crash_in_finalize": "SIGSEGV in C_Finalize",
    "hang_in_load": "never comes back from being loaded",
    "hang_in_initialize": "never comes back from C_Initialize",
    "hang_in_slots": "never comes back from C_GetSlotList",
    "hang_in_session": "never comes back from C_OpenSession",
    "hang_in_finalize": "never comes back from C_Finalize, when its token has been read",
    "hoard": "takes memory until there is none, then says CKR_HOST_MEMORY",
    "hoard_and_die": "takes memory until there is none, then aborts",
    "refuses": "C_Initialize says CKR_GENERAL_ERROR",
    "refuses_list": "C_GetFunctionList says CKR_GENERAL_ERROR",
    "no_list": "a shared object without C_GetFunctionList",
    "null_list": "a list that is NULL",
    "no_function": "a list in which C_FindObjectsFinal is NULL",
    "strange_list": "a list of version 9",
    "strange_version": "C_GetInfo tells version 77 of Cryptoki",
    "strange_code": "C_Initialize answers 0x7777, which is no return value of PKCS#11",
    "forgets": "C_GetSlotList says that it was never initialised",
    "endless_slots": "tells 2^64 - 1 slots",
    "growing_slots": "tells one slot, then a hundred",
    "huge_count": "finds more objects at once than there was room for",
    "endless_objects": "finds the same certificate for ever",
    "huge_length": "a certificate of 2 GB",
    "growing_length": "a certificate of 5 bytes, then of 2 GB",
    "vast_certificates": "64 certificates of 64 kB",
    "no_value": "CKA_VALUE is unavailable",
    "sensitive_value": "CKA_VALUE is refused as sensitive",
    "strange_text": "names of bytes that are no text, and of control characters",
    "ended_text": "a name that a zero ends, with rubbish behind it",
    "single_threaded": "cannot lock: C_Initialize without arguments only",
    "initialised_before": "C_Initialize says CKR_CRYPTOKI_ALREADY_INITIALIZED",
    "loud": "prints what would pass for an answer, to both streams",
    "none": "behaves: one hardware token with one certificate, the bytes 30 03 44 45 52",
}


@functools.cache
def hostile(behaviour: str, *, packed: bool = False) -> str:
    """The path of the module with this behaviour; `packed` lays its structures out as on Windows."""
    if behaviour not in BEHAVIOURS:
        raise LookupError(behaviour)
    variant = "no_list" if behaviour == "no_list" else "packed" if packed else "plain"
    compiled = _compiled("hostile.c", variant, f"-D{variant.upper()}", "-ldl")
    path = _folder() / variant / f"{behaviour}.so"
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(compiled, path)  # its name is what it goes by; a link would be loaded as one with its target
    return str(path)


@functools.cache
def wrapper() -> str:
    """The path of the module that passes calls on to another; see :func:`wrapping` for what tells it how."""
    return _compiled("wrapper.c", "wrapper", "-ldl")


def wrapping(
    log: Path | None = None,
    *,
    module: str = MODULE,
    token_flags: int = 0,
    slot_flags: int = 0,
    answer: str = "",
    crash: str = "",
) -> dict[str, str]:
    """The environment of :func:`wrapper`: it writes the name of each function called to `log`, sets these flags on
    every token and slot, and with `answer` (``"C_OpenSession=0xE0"``, or ``"C_OpenSession:2=0xE0"``: from the second
    call on) one function answers that instead of being passed on; in `crash` it crashes."""
    told = {
        "WRAPPED_MODULE": module,
        "WRAPPED_LOG": str(log or ""),
        "WRAPPED_TOKEN_FLAGS": f"{token_flags:x}",
        "WRAPPED_SLOT_FLAGS": f"{slot_flags:x}",
        "WRAPPED_ANSWER": answer,
        "WRAPPED_CRASH": crash,
    }
    return {name: value for name, value in told.items() if value}


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="modules-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def _compiled(source: str, name: str, *more: str) -> str:
    path = _folder() / f"{name}.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(path), str(SOURCES / source)]
    done = subprocess.run([*command, *more], check=False, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return str(path)
