"""What a PKCS#11 module shows of its tokens to anybody who does not log in: what they are, the state of the PIN, the
public certificates.

Read-only and without a PIN: three wrong ones lock a token for good. Names (C_…, CKA_…, CKF_…) are those of OASIS
PKCS#11 v2.40 and 3.0. A vendor's module may crash, hang or hoard: call :func:`read` in a process of its own. Every
count and length that a module tells is bounded before it is believed.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from checks.kit import cryptoki
from checks.kit.cryptoki import Abi, Gone, Module, ModuleGarbage, ModuleMissing, ModuleRefused, Refusal

__all__ = ["Library", "ModuleGarbage", "ModuleMissing", "ModuleRefused", "Token", "read"]

MAX_SLOTS, MAX_OBJECTS, MAX_CERTIFICATE, MAX_ALL = 64, 256, 64 * 1024, 2 * 1024 * 1024
"""Slots of a module, certificates of a token, bytes of one certificate and of all: far past what a token holds, and
what a child can answer."""
_BATCH = 32
_END = 2.0
"""Seconds that C_Finalize may take: known to hang in modules that have read their token well by then."""
_SERIAL_SESSION = 0x4
_REMOVABLE_DEVICE, _HW_SLOT = 0x2, 0x4
_LOGIN_REQUIRED, _USER_PIN_INITIALIZED, _TOKEN_INITIALIZED = 0x4, 0x8, 0x400
_PIN = ((0x40000, "locked"), (0x20000, "final_try"), (0x10000, "count_low"))
_CLASS, _VALUE, _CERTIFICATE_TYPE = 0x0, 0x11, 0x80
_CERTIFICATE, _X_509 = 0x1, 0x0


class Token(Struct, frozen=True, kw_only=True):
    """A token in a slot. No label and no serial number: they may name a person.

    ``pin`` is ``ok``, ``count_low`` (a wrong one was tried), ``final_try``, ``locked``, ``unset``, or ``unknown`` when
    the module does not describe the token. ``unreadable``: it does not, or it refuses to list certificates although
    the token is initialised. ``certificates`` are DER, what an X.509 parser makes of them is not looked at.
    """

    manufacturer: str
    model: str
    initialised: bool
    hardware: bool
    removable: bool
    login_required: bool
    pin: str
    unreadable: bool
    certificates: list[bytes]


class Library(Struct, frozen=True, kw_only=True):
    """A module: what it calls itself, its ``version`` and that of its ``cryptoki``, how many slots it sees (with or
    without a token), and the tokens that stayed in theirs."""

    description: str
    manufacturer: str
    version: str
    cryptoki: str
    slots: int
    tokens: list[Token]


def read(path: str, abi: Abi = cryptoki.HERE) -> Library:
    """What the module at this absolute path shows.

    Raises ModuleMissing, ModuleRefused (it cannot be loaded or initialised, or does not tell its slots), ModuleGarbage
    (what it answers breaks PKCS#11), MemoryError.
    """
    module = Module(path, abi)
    ours = module.initialise()
    try:
        return _library(module)
    except Refusal as why:
        raise ModuleRefused(str(why)) from None
    finally:
        if ours:
            _finalise(module)


def _library(module: Module) -> Library:
    major, minor, maker, _, description, *version = module.told("C_GetInfo", cryptoki.INFO)
    if major not in (2, 3):
        raise ModuleGarbage(f"C_GetInfo: version {major}.{minor}")
    slots = _count(module, present=False)
    return Library(
        description=_text(description),
        manufacturer=_text(maker),
        version=".".join(map(str, version)),
        cryptoki=f"{major}.{minor}",
        slots=slots,
        tokens=list(_tokens(module)),
    )


def _finalise(module: Module) -> None:
    """In a thread that is left behind when it does not end: what was read is not lost to how a module ends."""

    def end() -> None:
        try:
            module.ask("C_Finalize", None)
        except (Refusal, ModuleGarbage, MemoryError):
            return  # there is nothing left to ask it

    thread = threading.Thread(target=end, name="finalise", daemon=True)
    thread.start()
    thread.join(_END)


def _count(module: Module, *, present: bool) -> int:
    found = module.abi.ulong()
    module.ask("C_GetSlotList", present, None, ctypes.byref(found))
    return _bounded(found.value, MAX_SLOTS, "C_GetSlotList", "slots")


def _tokens(module: Module) -> Iterator[Token]:
    _count(module, present=True)  # where PKCS#11 lets the list of slots change
    count, slots = module.abi.ulong(MAX_SLOTS), (module.abi.ulong * MAX_SLOTS)()
    module.ask("C_GetSlotList", True, slots, ctypes.byref(count))
    size = 0
    for slot in slots[: _bounded(count.value, MAX_SLOTS, "C_GetSlotList", "slots")]:
        try:
            token = _token(module, slot)
        except Gone:
            continue
        size += sum(map(len, token.certificates))
        _bounded(size, MAX_ALL, "C_GetAttributeValue", "bytes of certificates")
        yield token


def _token(module: Module, slot: int) -> Token:
    *_, place, _, _ = _asked(module, "C_GetSlotInfo", cryptoki.SLOT_INFO, slot) or (0, 0, 0)
    told = _asked(module, "C_GetTokenInfo", cryptoki.TOKEN_INFO, slot)
    _, maker, model, _, flags, *_ = told or (b"", b"", b"", b"", 0)
    initialised = bool(flags & _TOKEN_INITIALIZED)
    certificates = _certificates(module, slot)
    return Token(
        manufacturer=_text(maker),
        model=_text(model),
        initialised=initialised,
        hardware=bool(place & _HW_SLOT),
        removable=bool(place & _REMOVABLE_DEVICE),
        login_required=bool(flags & _LOGIN_REQUIRED),
        pin=_pin(flags) if told else "unknown",
        unreadable=told is None or (certificates is None and initialised),
        certificates=certificates or [],
    )


def _asked(module: Module, name: str, fields: str, slot: int) -> tuple[Any, ...] | None:
    try:
        return module.told(name, fields, slot)
    except Gone:
        raise
    except Refusal:
        return None


def _pin(flags: int) -> str:
    found = next((state for flag, state in _PIN if flags & flag), "")
    return found or ("ok" if flags & _USER_PIN_INITIALIZED else "unset")


def _certificates(module: Module, slot: int) -> list[bytes] | None:
    """The token's public certificates, in a read-only session; None when it refuses. Raises Gone."""
    session = module.abi.ulong()
    try:
        module.ask("C_OpenSession", slot, _SERIAL_SESSION, None, None, ctypes.byref(session))
        try:
            handles = _handles(module, session.value)
            return [der for handle in handles if (der := _value(module, session.value, handle))]
        finally:
            _closed(module, "C_CloseSession", session.value)
    except Gone:
        raise
    except Refusal:
        return None


def _handles(module: Module, session: int) -> list[int]:
    ulong, size = module.abi.ulong, ctypes.sizeof(module.abi.ulong)
    wanted = (ulong * 2)(_CERTIFICATE, _X_509)
    first = ctypes.addressof(wanted)
    attribute = module.abi.layout(cryptoki.ATTRIBUTE)
    template = attribute.pack(_CLASS, first, size) + attribute.pack(_CERTIFICATE_TYPE, first + size, size)
    module.ask("C_FindObjectsInit", session, template, 2)
    found: list[int] = []
    try:
        while batch := _batch(module, session):
            found += batch
            _bounded(len(found), MAX_OBJECTS, "C_FindObjects", "certificates")
    finally:
        _closed(module, "C_FindObjectsFinal", session)
    return found


def _batch(module: Module, session: int) -> list[int]:
    count, handles = module.abi.ulong(), (module.abi.ulong * _BATCH)()
    module.ask("C_FindObjects", session, handles, _BATCH, ctypes.byref(count))
    return list(handles[: _bounded(count.value, _BATCH, "C_FindObjects", "objects at once")])


def _value(module: Module, session: int, handle: int) -> bytes:
    """CKA_VALUE of an object; empty when it has none, or is gone."""
    try:
        length = _attribute(module, session, handle, None, 0)
        if not length:
            return b""
        room = ctypes.create_string_buffer(length + 1)
        length = _attribute(module, session, handle, room, length)
        return room.raw[:length]
    except Refusal as why:
        absent = cryptoki.ATTRIBUTE_SENSITIVE, cryptoki.ATTRIBUTE_TYPE_INVALID, cryptoki.OBJECT_HANDLE_INVALID
        if why.code in absent:
            return b""
        raise


def _attribute(module: Module, session: int, handle: int, room: ctypes.Array[ctypes.c_char] | None, size: int) -> int:
    """Fills `room`, of `size` bytes, or without one asks for the length: what the module says is its length."""
    layout = module.abi.layout(cryptoki.ATTRIBUTE)
    attribute = ctypes.create_string_buffer(layout.pack(_VALUE, ctypes.addressof(room) if room else 0, size))
    module.ask("C_GetAttributeValue", session, handle, attribute, 1)
    told = layout.unpack_from(attribute)[2]
    unavailable = module.abi.ulong(-1).value  # CK_UNAVAILABLE_INFORMATION
    if told == unavailable:
        return 0
    return _bounded(told, size if room else MAX_CERTIFICATE, "C_GetAttributeValue", "bytes")


def _closed(module: Module, name: str, session: int) -> None:
    try:
        module.ask(name, session)
    except Refusal:
        return  # of a token that is gone: its sessions have ended with it


def _bounded(number: int, most: int, name: str, what: str) -> int:
    if number > most:
        raise ModuleGarbage(f"{name}: {number} {what}")
    return number


def _text(padded: bytes) -> str:
    """A field of CK_UTF8CHAR, which blanks fill up, and in some modules a zero ends: what is printable of it."""
    words = padded.partition(b"\0")[0].decode("utf-8", "replace")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
