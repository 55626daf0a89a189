"""Which updates wait on a Debian or Ubuntu, as ``apt-get`` reckons from the lists that are there: without network, lock
or change. Its reckoning, with pins, holds and phased updates, cannot be had from the lists themselves, which may be
packed in lz4; it costs 2 to 4 s of CPU, so it is asked again only when the lists or the installed packages changed.
"""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec
from msgspec import Struct

from checks.kit.host import MAX_TEXT, Host
from checks.kit.support_state import Updates

LISTS, STATUS, HISTORY = "/var/lib/apt/lists", "/var/lib/dpkg/status", "/var/log/apt/history.log"
COMMAND = ("nice", "-n", "10", "apt-get", "-s", "-q", "-o", "Debug::NoLocking=1", "dist-upgrade")
_STAMPS = ("/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/periodic/update-stamp", LISTS)
_KEPT = "upgrades"


class Counts(Struct, frozen=True):
    """Packages that would be upgraded, and how many of them by security fixes."""

    pending: int
    security: int


def fingerprint(host: Host) -> str:
    """Changes whenever apt's answer may."""
    return f"{host.modified(LISTS)} {host.modified(STATUS)}"


def keep(lasting: dict[str, Any], of: str, counts: Counts) -> None:
    """Keeps apt's answer for later runs."""
    lasting[_KEPT] = {"of": of, **msgspec.to_builtins(counts)}


def kept(lasting: dict[str, Any], of: str) -> Counts | None:
    """apt's answer of an earlier run, while lists and packages are those it was reckoned from."""
    found = lasting.get(_KEPT)
    if not isinstance(found, dict) or found.get("of") != of:
        return None
    try:
        return msgspec.convert(found, Counts)
    except msgspec.ValidationError:
        return None


def parse_upgrades(simulated: str | None) -> Counts | None:
    """What ``apt-get -s dist-upgrade`` would upgrade: its ``Inst`` lines that name the version there is. A package is a
    security fix when one of the archives that have it is."""
    if simulated is None:
        return None
    found = re.findall(r"^Inst \S+ \[[^\]\n]*\] \(\S+ ([^\[\n]*)", simulated, re.M)
    return Counts(len(found), sum("-security" in archives for archives in found))


def updates(host: Host, counts: Counts | None, has_lists: bool) -> Updates:
    """With the times that stamps and logs give."""
    basis = "apt" if counts else "apt_failed" if has_lists else "no_lists"
    checked = [found for path in _STAMPS if (found := host.modified(path))] if has_lists else []
    return Updates(
        basis=basis,
        pending=counts.pending if counts else None,
        security=counts.security if counts else None,
        checked=int(max(checked)) if checked else None,
        installed=parse_history(host.read(HISTORY) or ""),
    )


def parse_history(text: str) -> int | None:
    """When apt last upgraded something, epoch seconds, from its log in local time; None when the log does not say, or
    is longer than what is read of it."""
    if len(text) >= MAX_TEXT:
        return None
    ends = [re.search(r"^End-Date: (\d{4}-\d\d-\d\d) +(\d\d:\d\d:\d\d)$", part, re.M)
            for part in text.split("\n\n") if re.search(r"^Upgrade: ", part, re.M)]  # fmt: skip
    found = [end for end in ends if end]
    try:
        return int(time.mktime(time.strptime(f"{found[-1][1]} {found[-1][2]}", "%Y-%m-%d %H:%M:%S"))) if found else None
    except (ValueError, OverflowError):
        return None
