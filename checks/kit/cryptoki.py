"""A PKCS#11 module in this process, as far as reading what is public on a token needs it.

From OASIS PKCS#11 v2.40 base specification, which 3.0 keeps: the positions in CK_FUNCTION_LIST, the structures, the
return values. A module offers 68 functions; the addresses of the twelve named in :data:`CALLS` are fetched, and of no
other, so that nothing in this process can present a PIN, write to a token or use a key.

Windows's layout (CK_ULONG of 32 bits, structures packed to 1 byte) is proven against a module compiled that way on
Linux; loading a DLL is not yet proven on a PC. A module's crash comes up there as an OSError, elsewhere as a signal.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from typing import Any, NamedTuple

HOST_MEMORY, SLOT_ID_INVALID, ARGUMENTS_BAD, CANT_LOCK = 0x2, 0x3, 0x7, 0xA
ATTRIBUTE_SENSITIVE, ATTRIBUTE_TYPE_INVALID = 0x11, 0x12
DEVICE_REMOVED, OBJECT_HANDLE_INVALID = 0x32, 0x82
TOKEN_NOT_PRESENT, NOT_INITIALISED, ALREADY_INITIALISED = 0xE0, 0x190, 0x191
_GONE = (SLOT_ID_INVALID, DEVICE_REMOVED, TOKEN_NOT_PRESENT)
_HIGHEST, _VENDOR = 0x3FF, 0x80000000
"""The return values that PKCS#11 defines end at 0x203 in 3.1, later ones have room; a vendor's own begin at _VENDOR."""

# name: (position in CK_FUNCTION_LIST, arguments: b CK_BBOOL, u CK_ULONG, p a pointer)
CALLS = {
    "C_Initialize":        (0, "p"),
    "C_Finalize":          (1, "p"),
    "C_GetInfo":           (2, "p"),
    "C_GetSlotList":       (4, "bpp"),
    "C_GetSlotInfo":       (5, "up"),
    "C_GetTokenInfo":      (6, "up"),
    "C_OpenSession":       (12, "uuppp"),
    "C_CloseSession":      (13, "u"),
    "C_GetAttributeValue": (24, "uupu"),
    "C_FindObjectsInit":   (26, "upu"),
    "C_FindObjects":       (27, "upup"),
    "C_FindObjectsFinal":  (28, "u"),
}  # fmt: skip

# The structures, in the letters of :mod:`struct`; L is CK_ULONG and P a pointer.
INITIALIZE_ARGS = "PPPPLP"
INFO = "BB32sL32sBB"
SLOT_INFO = "64s32sL2s2s"
TOKEN_INFO = "32s32s16s16sL10L2s2s16s"  # noqa: S105 - a layout
ATTRIBUTE = "LPL"
_FUNCTION_LIST = "BB29P"
_ROOM = 64
"""Bytes behind every structure that a module may write over without harm: C pads what :mod:`struct` does not."""


class ModuleRefused(Exception):
    """The module cannot be loaded or initialised, or will not say what it is."""


class ModuleMissing(ModuleRefused):
    """There is no such file."""


class ModuleGarbage(Exception):
    """What the module answers breaks PKCS#11."""


class Refusal(Exception):
    """A function answered with an error that PKCS#11 knows."""

    def __init__(self, name: str, code: int) -> None:
        super().__init__(f"{name} answered 0x{code:X}")
        self.code = code


class Gone(Refusal):
    """The token was taken out meanwhile."""


class Abi(NamedTuple):
    """How structures lie in memory: what :mod:`struct` calls their order and alignment, and CK_ULONG."""

    order: str
    ulong: Any

    def layout(self, fields: str) -> struct.Struct:
        packed = "Q" if ctypes.sizeof(ctypes.c_void_p) == 8 else "L"
        return struct.Struct(self.order + (fields if self.order == "@" else fields.replace("P", packed)))


UNIX = Abi("@", ctypes.c_ulong)
WINDOWS = Abi("=", ctypes.c_uint32)
HERE = WINDOWS if sys.platform == "win32" else UNIX


class Module:
    """A loaded module, not yet initialised. `path` must be absolute, so that nothing is searched for.

    Raises ModuleMissing, ModuleRefused (not a library, or not for this kind of process), ModuleGarbage.
    """

    def __init__(self, path: str, abi: Abi = HERE) -> None:
        self.abi = abi
        self._library = _load(path)
        listed = self._listed()
        major, minor, *functions = abi.layout(_FUNCTION_LIST).unpack(listed)
        if major not in (2, 3):
            raise ModuleGarbage(f"C_GetFunctionList: version {major}.{minor}")
        self._functions = {}
        for name, (position, arguments) in CALLS.items():
            if not functions[position]:
                raise ModuleGarbage(f"C_GetFunctionList: {name} is missing")
            self._functions[name] = self._prototype(arguments)(functions[position])

    def _prototype(self, arguments: str) -> Any:
        kinds = {"b": ctypes.c_ubyte, "u": self.abi.ulong, "p": ctypes.c_void_p}
        return ctypes.CFUNCTYPE(self.abi.ulong, *(kinds[letter] for letter in arguments))

    def _listed(self) -> bytes:
        try:
            get = self._prototype("p")(("C_GetFunctionList", self._library))
        except AttributeError:
            raise ModuleRefused("it is no PKCS#11 module: it has no C_GetFunctionList") from None
        address = ctypes.c_void_p()
        code = get(ctypes.byref(address))
        if code:
            raise ModuleRefused(f"C_GetFunctionList answered 0x{code:X}")
        if not address.value:
            raise ModuleGarbage("C_GetFunctionList: no list")
        return ctypes.string_at(address.value, self.abi.layout(_FUNCTION_LIST).size)

    def ask(self, name: str, *arguments: Any) -> None:
        """Calls a function. Raises Refusal, Gone, ModuleGarbage (no error of PKCS#11), MemoryError."""
        code = self._functions[name](*arguments)
        if code == HOST_MEMORY:
            raise MemoryError(name)
        if code == NOT_INITIALISED or _HIGHEST < code < _VENDOR or code > 0xFFFFFFFF:
            raise ModuleGarbage(f"{name} answered 0x{code:X}")
        if code:
            raise (Gone if code in _GONE else Refusal)(name, code)

    def told(self, name: str, fields: str, *arguments: Any) -> tuple[Any, ...]:
        """What a function writes into the structure that is its last argument. Raises as :meth:`ask`."""
        layout = self.abi.layout(fields)
        room = ctypes.create_string_buffer(layout.size + _ROOM)
        self.ask(name, *arguments, room)
        return layout.unpack_from(room)

    def initialise(self) -> bool:
        """Whether it was us who initialised it. Raises ModuleRefused, ModuleGarbage, MemoryError."""
        arguments = self.abi.layout(INITIALIZE_ARGS).pack(0, 0, 0, 0, 2, 0)  # CKF_OS_LOCKING_OK
        for given in (arguments, None):
            try:
                self.ask("C_Initialize", given)
            except Refusal as why:
                if why.code == ALREADY_INITIALISED:
                    return False
                if given is None or why.code not in (CANT_LOCK, ARGUMENTS_BAD):
                    raise ModuleRefused(str(why)) from None
            else:
                break
        return True


def _load(path: str) -> ctypes.CDLL:
    if not os.path.isabs(path):  # noqa: PTH117 - pathlib is not loaded for this
        raise ModuleRefused("its path is not absolute")
    if not os.path.isfile(path):  # noqa: PTH113
        raise ModuleMissing("there is no such file")
    try:
        if sys.platform == "win32":
            # no window may wait for somebody to read that a library is missing or has crashed
            ctypes.windll.kernel32.SetErrorMode(0x8003)  # SEM_FAILCRITICALERRORS, NOGPFAULTERRORBOX, NOOPENFILEERRORBOX
            with os.add_dll_directory(os.path.dirname(path)):  # noqa: PTH120
                return ctypes.CDLL(path)  # Cryptoki is cdecl there, not stdcall
        return ctypes.CDLL(path)
    except OSError as why:
        words = str(why).replace(path, "it")  # a path may name a person
        raise ModuleRefused(" ".join(words.split())[:200]) from None
