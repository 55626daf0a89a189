"""The system's ``ping``: for a process that may open no ICMP socket while the program may (file capabilities)."""

from __future__ import annotations

import os
import re

from checks.kit.echo import Echoes
from checks.kit.failure import NetError
from checks.kit.model import Reason

SHORTEST = 0.2  # iputils before 20210722 and BusyBox allow users no less
MAX_OUTPUT = 256 * 1024
# iputils: "32 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.043 ms", BusyBox: "… seq=0 ttl=64 time=0.123 ms (DUP!)"
_ANSWER = re.compile(
    r"^([0-9]{1,5}) bytes from .{1,120}?seq=([0-9]{1,5}) .{0,40}?time=([0-9]{1,7}(?:\.[0-9]{1,6})?) ms(.*)$"
)
_SENT = re.compile(r"^([0-9]{1,5}) packets transmitted", re.M)
_NOTES = (
    ("Destination Net Unreachable", "net_unreachable"), ("Network is unreachable", "net_unreachable"),
    ("No route", "net_unreachable"), ("Destination Host Unreachable", "host_unreachable"),
    ("Address unreachable", "host_unreachable"), ("Packet filtered", "prohibited"), ("prohibited", "prohibited"),
    ("Time to live exceeded", "time_exceeded"), ("Hop limit", "time_exceeded"), ("nreachable", "unreachable"),
)  # fmt: skip


def ping(address: str, zone: str, *, count: int, interval: float, timeout: float, size: int) -> Echoes:
    """As :func:`checks.kit.icmp.ping`. Raises NetError PERMISSION when there is no ``ping`` or it may not either."""
    import subprocess  # 0.4 MB, only where it must be

    interval = max(interval, SHORTEST)
    where = f"{address}%{zone}" if zone and address.lower().startswith("fe") else address
    command = ["ping", "-6" if ":" in address else "-4", "-n", "-c", str(count), "-i", f"{interval:g}"]
    command += ["-W", f"{max(1, round(timeout)):d}", "-s", str(max(size, 16)), *(["-I", zone] if zone else []), where]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=(count - 1) * interval + timeout + 2.0,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH") or "/usr/sbin:/usr/bin:/sbin:/bin"},
            check=False,
        )
        output, errors = done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        output, errors = late.stdout or b"", late.stderr or b""
    except OSError:
        raise NetError(Reason.PERMISSION, "this process may open no ICMP socket and the system has no ping") from None
    text = output[:MAX_OUTPUT].decode("ascii", "replace") + "\n" + errors[:4096].decode("ascii", "replace")
    return parse(text, count, max(size, 16) + 8, timeout)


def parse(text: str, count: int, length: int, timeout: float) -> Echoes:
    """The series of `count` messages of `length` bytes in ping's output, answers past `timeout` left out.

    Raises NetError PERMISSION when the output shows that nothing was sent and no network said why.
    """
    rtts: dict[int, float] = {}
    received = duplicates = 0
    for line in text.splitlines():
        found = _ANSWER.match(line)
        if not found:
            continue
        received += int(found[1])
        if "DUP" in found[4] or int(found[2]) in rtts:
            duplicates += 1
        elif float(found[3]) / 1000 <= timeout:
            rtts[int(found[2])] = float(found[3]) / 1000
    note = next((name for mark, name in _NOTES if mark in text), "")
    if not _SENT.search(text) and not rtts and not note:
        raise NetError(Reason.PERMISSION, "this process may open no ICMP socket and the system's ping does not work")
    return Echoes(
        method="system_ping",
        sent=count,
        rtts=tuple(rtts[number] for number in sorted(rtts))[:count],
        stamps="tool",
        duplicates=duplicates,
        note=note if len(rtts) < count else "",
        bytes_sent=count * length,
        bytes_received=received,
    )
