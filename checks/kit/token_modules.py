"""Which PKCS#11 modules tokens in Viet Nam come with, where they lie, and the authorities their certificates come from.

OpenSC is not among them: it cannot decode the compressed certificates of the government's tokens, and many a Linux has
it without having a token.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase

from checks.kit.host import Host
from checks.kit.token import Root

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
