"""Which PKCS#11 modules tokens in Viet Nam come with, where they lie, the authorities their certificates come from, and
what the modules show when each is read in a process of its own.

OpenSC is not among them: it cannot decode the compressed certificates of the government's tokens, and many a Linux has
it without having a token.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec import structs

from checks.kit import token
from checks.kit.child import ChildError
from checks.kit.host import Host
from checks.kit.model import Env, Reason
from checks.kit.token import Ask, Certificate, Module, Root

MAX_MODULES = 16
_SYSTEM32 = (
    "eTPKCS11.dll", "IDPrimePKCS1164.dll", "bit4xpki.dll", "viettel-ca_v6.dll", "vnptca_p11_v8.dll",
    "vnpt-ca_csp11.dll", "eps2003csp11.dll", "ShuttleCsp11_3003.dll", "ncca_csp11_v1.dll", "BkavCA*.dll",
)  # fmt: skip
_LINUX = (
    "/usr/lib/libeTPkcs11.so", "/usr/lib/libeToken.so", "/usr/lib/bit4id/libbit4xpki.so", "/usr/lib/libbit4xpki.so",
    "/usr/lib/libcastle.so.1.0.0", "/usr/lib/libcastle_v2.so.1.0.0",
)  # fmt: skip
VGCA = (
    Root(
        name="RootCA chuyên dùng Chính phủ G2", generation="g2", ends="2048",
        sha256="f04ba4b459a7c9a1b971ad9b1cb833e695a80c79aea63b174b66a70edfe2fdb8",
        issuers=("CA phục vụ các cơ quan Nhà nước G2",),
    ),
    Root(
        name="Cơ quan chứng thực số chuyên dùng Chính phủ (RootCA)", generation="g1", ends="2030",
        issuers=("CA phục vụ các cơ quan Nhà nước", "CA phục vụ các cơ quan Đảng"),
    ),
)  # fmt: skip
"""The government's roots, both generations, as several public repositories agree on them. The older one's fingerprint
is not published anywhere that was found: it is believed by its name."""


_MEMORY = 1 << 30
"""Bytes of address space: a vendor's module with threads reserves hundreds of megabytes that it never uses."""
_LOST = {
    Reason.CHILD_CRASHED: Reason.MODULE_CRASHED, Reason.CHILD_HUNG: Reason.MODULE_HUNG,
    Reason.CHILD_GARBAGE: Reason.MODULE_GARBAGE, Reason.CHILD_MEMORY: Reason.MODULE_CRASHED,
}  # fmt: skip


def installed(patterns: Sequence[str] | None, host: Host) -> list[str]:
    """The modules that are on this PC, each file once, in their order, at most MAX_MODULES. A pattern is a path whose
    last part may hold ``*``, whatever its case; None stands for the vendors' own places."""
    found: dict[str, str] = {}
    listed: dict[str, list[str]] = {}  # System32 holds thousands of names, and most modules
    for pattern in defaults(host) if patterns is None else patterns:
        folder, name = os.path.split(pattern)
        if folder not in listed:
            listed[folder] = host.names(folder)
        for file in listed[folder]:
            if fnmatchcase(file.lower(), name.lower()):
                path = os.path.join(folder, file)  # noqa: PTH118 - Windows paths as Windows writes them
                found.setdefault(os.path.realpath(path), path)
    return list(found.values())[:MAX_MODULES]


def defaults(host: Host) -> list[str]:
    """Where the vendors known in Viet Nam put their modules on such a PC."""
    if host.system().name == "windows":
        folder = os.environ.get("SYSTEMROOT", "C:\\Windows") + "\\System32\\"
        return [folder + name for name in _SYSTEM32]
    return list(_LINUX)


def shown(paths: Sequence[str], ask: Ask, seconds: float, env: Env, *, spare: float = 0.0) -> tuple[Module, ...]:
    """What each module shows of tokens, read in a process of its own within `seconds`. One that hangs takes no more of
    the time that is left, but for `spare`, than its share; one whose process dies is known for that."""
    found = []
    for number, path in enumerate(paths):
        share = max(0.0, env.left() - spare) / (len(paths) - number)
        found.append(_read(structs.replace(ask, path=path), min(seconds, share), env))
    return tuple(found)


def _read(ask: Ask, seconds: float, env: Env) -> Module:
    try:
        seen: Module = env.child.call(token.FUNCTION, ask, answer=Module, timeout=seconds, memory=_MEMORY, alone=True)
    except ChildError as why:
        return Module(name=token.base(ask.path), trouble=_LOST[why.reason])
    return seen


def stored(ask: Ask, env: Env, seconds: float) -> list[Certificate] | None:
    """The signers' certificates of Windows' own store: a second source, and no more, so that without it a reading
    stands. None elsewhere."""
    if env.host.system().name != "windows":
        return None
    answer: Any = list[Certificate] | None
    try:
        seen: list[Certificate] | None = env.child.call(token.STORED, ask, answer=answer, timeout=env.left(seconds))
    except ChildError:
        return None
    return seen
