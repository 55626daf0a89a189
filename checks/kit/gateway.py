"""Is the router at the end of a default route there, and how long is the way to it.

A router that filters echo requests is told from one that is gone by the kernel's table of neighbours: what is on the
link answers ARP or neighbour discovery, or nothing of it reaches anybody.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import MutableMapping
from typing import Any

from msgspec import Struct

from checks.kit import icmp, route
from checks.kit.echo import Echoes
from checks.kit.failure import NetError
from checks.kit.host import Host
from checks.kit.model import Reason
from checks.kit.route import Gateway

# A stale entry is probed after 5 s (delay_first_probe_time), three times a second apart (ucast_solicit, retrans_time)
SETTLE = 9.0
_EVERY = 0.25
_DISCARD = 9


class Asked(Struct, frozen=True):
    """What became of it. ``state``: ``answered``; ``filtered`` (no echo, but it is on the link); ``present`` (on the
    link, and this process cannot send echo requests); ``unreachable`` (neither); ``silent`` (no echo, and the system
    does not tell whether it is there); ``point_to_point`` (no router to ask). ``echoes`` is None where none were sent.
    """

    state: str
    echoes: Echoes | None = None


def ask(host: Host, gateway: Gateway, count: int, until: float, memory: MutableMapping[str, Any]) -> Asked:
    """Sends `gateway` `count` echo requests and, when none is answered, looks for it on the link, until `until` (on
    ``time.monotonic``). `memory` keeps from run to run which router once answered.

    Raises NetError where even the socket fails for another reason than rights.
    """
    if not gateway.address:
        return Asked("point_to_point")
    since, remembered = time.monotonic(), f"answered {gateway.family}"
    try:
        echoes = icmp.ping(gateway.address, count=count, interface=gateway.interface)
    except NetError as why:
        if why.reason is not Reason.PERMISSION:
            raise
        echoes = None
    if echoes and echoes.rtts:
        memory[remembered] = gateway.address
        return Asked("answered", echoes)
    touch(gateway)
    before = memory.get(remembered) == gateway.address
    present = on_link(host, gateway, since, min(until, time.monotonic() + SETTLE), trusted=not before)
    if present is False and echoes and echoes.note == "not_sent":
        present = None  # this device's own firewall kept the requests back, and so maybe what should look for it
    if present:
        memory.pop(remembered, None)
    states = {True: "filtered" if echoes else "present", False: "unreachable", None: "silent"}
    return Asked(states[present], echoes)


def on_link(host: Host, gateway: Gateway, since: float, until: float, *, trusted: bool) -> bool | None:
    """Whether `gateway` proves to be on the link; None when the system does not tell.

    An entry that is reachable without proof since `since` may be up to 45 s old: it counts when `trusted`, that is
    unless this router used to answer. Waits until `until` for entries that the kernel is still probing.
    """
    while True:
        found = route.neighbour(host, gateway, max(1.0, until - time.monotonic()))
        if found is None or found.state in ("permanent", "noarp"):
            return None
        if found.state in ("none", "failed"):
            return False
        now = time.monotonic()
        if found.state == "reachable" and (trusted or (found.confirmed or 0.0) <= now - since):
            return True
        if now + _EVERY > until:
            # not probed to the end; a table without states (ARP's) tells no more than that it was there
            return None if found.index == 0 and found.state == "stale" else False
        time.sleep(_EVERY)


def touch(gateway: Gateway) -> None:
    """Makes the kernel look for `gateway` on its link: a datagram to the discard port, whose fate does not matter."""
    family = socket.AF_INET if gateway.family == "ipv4" else socket.AF_INET6
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.sendto(b"\0", icmp.target(gateway.address, gateway.interface, _DISCARD)[1])
