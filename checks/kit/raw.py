# SPDX-License-Identifier: GPL-2.0-only
"""A program that sends raw packets with scapy: ``python -m checks.kit.raw MEMORY``.

scapy is GPL-2.0-only and the rest of the agent Apache-2.0, so this file imports nothing of ours and nothing of ours
imports it: :mod:`checks.kit.child` runs it and speaks JSON with it. It holds itself to MEMORY bytes of address space,
reads one request to the end of standard input and writes ``{"answer": …}`` or ``{"failure": "permission" (raw sockets
are not allowed) | "unavailable" (no scapy, no such interface, no IPv4 on it) | "one line"}``. Requests, each with
``timeout`` (seconds, for the whole of it) and answered with ``sent`` and ``received`` (bytes as the system took them):

``{"do": "trace", "address", "protocol": "udp" | "tcp" | "icmp", "port", "hops", "probes"}``
    → ``{"replies": [{"ttl", "address", "rtt", "kind"}], "asked": [probes sent to hop 1, 2, …], …}``; see
    :func:`checks.kit.rawflow.trace`.
``{"do": "mtu", "address", "protocol", "port", "from", "to"}``
    → ``{"mtu", "limited_at", "blackhole", …}``; see :func:`checks.kit.rawflow.mtu`.
``{"do": "neighbours", "interface"}`` → ``{"neighbours", "duplicates", "own_conflict", …}``; see :func:`neighbours`.
``{"do": "dhcp", "interface"}`` → ``{"servers": [{"address", "gateway", "lease"}], …}``; see :func:`dhcp`.

Linux only; elsewhere every request is ``unavailable``.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from checks.kit import rawflow
from checks.kit.rawflow import MARK, PROBES_MAX, Flow, Wire

SWEEP_GAP = 0.004  # 250 ARP requests a second at most
PROXY = 16  # who answers for that many addresses answers on behalf of others
_SETTLE = 1.0


class Unavailable(Exception):
    """This cannot be done here."""


def trace(asked: dict[str, Any]) -> dict[str, Any]:
    """See :func:`checks.kit.rawflow.trace`."""
    return rawflow.trace(
        _wired(asked), _whole(asked, "hops", 1, 64), _whole(asked, "probes", 1, PROBES_MAX), _until(asked)
    )


def mtu(asked: dict[str, Any]) -> dict[str, Any]:
    """See :func:`checks.kit.rawflow.mtu`."""
    return rawflow.mtu(_wired(asked), _whole(asked, "from", 68, 9000), _whole(asked, "to", 68, 9000), _until(asked))


def build(flow: Flow, ttl: int, mark: int, size: int) -> bytes:
    """A probe that no router may fragment, `size` bytes long (0: as short as may be)."""
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

    ends: dict[str, Any] = {"src": flow.source, "dst": flow.address}
    outer: Any = IPv6(**ends, hlim=ttl) if flow.six else IP(**ends, ttl=ttl, flags="DF")
    room = max(size - flow.headers, 0)
    if flow.protocol == "udp":
        return bytes(outer / UDP(sport=flow.sport, dport=flow.port) / bytes(room or mark))
    if flow.protocol == "tcp":
        seq = (flow.base + mark * MARK) % 2**32
        return bytes(outer / TCP(sport=flow.sport, dport=flow.port, seq=seq, flags="S") / bytes(room))
    inner = ICMPv6EchoRequest if flow.six else ICMP
    # the payload begins with what makes up for the number in the checksum, so that the flow stays one
    return bytes(outer / inner(id=flow.sport, seq=mark) / struct.pack("!H", 0xFFFF - mark).ljust(room, b"\0"))


def neighbours(asked: dict[str, Any]) -> dict[str, Any]:
    """Who answers ARP on the network of ``interface``, its own /24 at most, with at most 255 requests.

    ``neighbours`` is how many stations answered, ``duplicates`` how many addresses two of them answer for,
    ``own_conflict`` whether another station has this device's address (RFC 5227 §2.4: no address of its own is claimed
    in the question). Stations that answer for `PROXY` addresses and this device's other interfaces are left out.
    Another PC with two interfaces on one network can look like a duplicate.
    """
    from scapy.layers.l2 import ARP, Ether

    until, name = _until(asked), str(asked["interface"])
    own, mask, mac = _interface(name)
    start, size = own & (mask | 0xFFFFFF00), min(~mask & 0xFFFFFFFF, 255) + 1
    others = [own, *(number for number in range(start + 1, start + size - 1) if number != own), own]
    gap = min(SWEEP_GAP, max(until - time.monotonic(), 0) / 2 / len(others))
    answers: dict[int, set[str]] = {}
    sent = received = 0
    with _wire(name, 0x806) as wire:
        for number in others:
            asker = 0 if number == own else own
            frame = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=mac, psrc=_dotted(asker), pdst=_dotted(number))
            sent += wire.send(frame)
            received += _drain(wire, answers, time.monotonic() + gap)
        received += _drain(wire, answers, min(until, time.monotonic() + _SETTLE))
    inside = {number: macs for number, macs in answers.items() if start <= number < start + size}
    return {**count(inside, own, _own_macs() | {mac}), "sent": sent, "received": received}


def count(answers: dict[int, set[str]], own: int, mine: set[str]) -> dict[str, Any]:
    """Stations, addresses used twice and whether `own` is, from who answered for which address."""
    foreign = {number: macs - mine for number, macs in answers.items()}
    everyone = [mac for macs in foreign.values() for mac in macs]
    proxies = {mac for mac in set(everyone) if everyone.count(mac) >= PROXY}
    twice = sum(1 for number, macs in foreign.items() if number != own and len(macs - proxies) > 1)
    return {"neighbours": len(set(everyone)), "duplicates": twice, "own_conflict": bool(foreign.get(own))}


def _wire(interface: str, protocol: int) -> Any:
    """What arrives on `interface` of an Ethernet protocol, for this device or for all."""
    import scapy.layers.l2  # noqa: F401 - sets up the sockets that conf names
    from scapy.config import conf

    return conf.L2socket(iface=interface, type=protocol, promisc=False, nofilter=1)


def _drain(wire: Any, answers: dict[int, set[str]], until: float) -> int:
    from scapy.layers.l2 import ARP

    size = 0
    while (left := until - time.monotonic()) > 0 and select.select([wire], [], [], left)[0]:
        packet = wire.recv()
        size += len(packet) if packet is not None else 0
        if packet is not None and ARP in packet and packet[ARP].psrc != "0.0.0.0":  # noqa: S104 - nobody's address
            number = struct.unpack("!I", socket.inet_aton(packet[ARP].psrc))[0]
            answers.setdefault(number, set()).add(str(packet[ARP].hwsrc).lower())
    return size


def dhcp(asked: dict[str, Any]) -> dict[str, Any]:
    """Every server that offers an address on ``interface`` within the whole timeout. Nothing is requested from any of
    them: the offers lapse. ``lease`` is seconds; ``gateway`` and ``lease`` are None when the offer has none."""
    until, name = _until(asked), str(asked["interface"])
    mac, xid = _interface(name, address=False)[2], random.getrandbits(32)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    sent = received = 0
    with _wire(name, 0x800) as wire:
        half = time.monotonic() + (until - time.monotonic()) / 2
        for end in (half, until):
            sent += wire.send(_discover(mac, xid))
            while (left := end - time.monotonic()) > 0 and select.select([wire], [], [], left)[0]:
                packet = wire.recv()
                offer = _offer(packet, xid) if packet is not None else None
                if packet is not None and offer:
                    received += len(packet)
                    found[(packet.src, *offer.values())] = offer
    return {"servers": list(found.values()), "sent": sent, "received": received}


def _discover(mac: str, xid: int) -> Any:
    from scapy.layers.dhcp import BOOTP, DHCP
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import Ether

    hardware = bytes.fromhex(mac.replace(":", ""))
    options: list[Any] = [("message-type", "discover"), ("client_id", b"\x01" + hardware)]
    options += [("param_req_list", [1, 3, 6, 51, 54]), "end", *["pad"] * 48]  # RFC 1542: 300 bytes at least
    return (
        Ether(src=mac, dst="ff:ff:ff:ff:ff:ff")
        / IP(src="0.0.0.0", dst="255.255.255.255")  # noqa: S104 - nobody's address
        / UDP(sport=68, dport=67)
        / BOOTP(chaddr=hardware, xid=xid, flags=0x8000)
        / DHCP(options=options)
    )


def _offer(packet: Any, xid: int) -> dict[str, Any] | None:
    from scapy.layers.dhcp import BOOTP, DHCP
    from scapy.layers.inet import IP

    if DHCP not in packet or IP not in packet or packet[BOOTP].xid != xid:
        return None
    options = {row[0]: row[1] for row in packet[DHCP].options if isinstance(row, tuple) and len(row) > 1}
    if options.get("message-type") != 2:
        return None
    gateway, lease = options.get("router"), options.get("lease_time")
    return {
        "address": str(options.get("server_id") or packet[IP].src),
        "gateway": gateway if isinstance(gateway, str) else None,
        "lease": lease if isinstance(lease, int) else None,
    }


def _interface(name: str, address: bool = True) -> tuple[int, int, str]:
    """IPv4 address and mask as numbers (0 unless wanted) and MAC of an Ethernet interface. Raises Unavailable."""
    import fcntl

    def ask(request: int) -> bytes:
        return fcntl.ioctl(probe.fileno(), request, struct.pack("16s24x", name.encode()[:15]))[16:]

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            hardware = ask(0x8927)  # SIOCGIFHWADDR
            own, mask = (ask(0x8915)[4:8], ask(0x891B)[4:8]) if address else (bytes(4), bytes(4))
        except OSError as why:
            raise Unavailable(name) from why
    if struct.unpack("H", hardware[:2])[0] != 1:
        raise Unavailable(name)
    return struct.unpack("!I", own)[0], struct.unpack("!I", mask)[0], hardware[2:8].hex(":")


def _own_macs() -> set[str]:
    found = set()
    for name in os.listdir("/sys/class/net"):  # noqa: PTH208
        with contextlib.suppress(OSError), open(f"/sys/class/net/{name}/address") as file:  # noqa: PTH123
            found.add(file.read().strip().lower())
    return found


def _dotted(number: int) -> str:
    return socket.inet_ntoa(struct.pack("!I", number))


def _wired(asked: dict[str, Any]) -> Wire:
    return Wire(build, str(asked["address"]), str(asked["protocol"]), _whole(asked, "port", 0, 65535))


def _whole(asked: dict[str, Any], name: str, low: int, high: int) -> int:
    value = asked[name]
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is not a whole number from {low} to {high}")
    return value


def _until(asked: dict[str, Any]) -> float:
    return time.monotonic() + min(max(float(asked["timeout"]), 0.0), 120.0)


_REQUESTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "trace": trace,
    "mtu": mtu,
    "neighbours": neighbours,
    "dhcp": dhcp,
}


def serve(request: bytes) -> dict[str, Any]:
    """The frame to write for `request`."""
    try:
        asked = json.loads(request)
        return {"answer": _REQUESTS[asked["do"]](asked)}
    except MemoryError:
        return {"failure": "out of memory", "memory": True}
    except PermissionError:
        return {"failure": "permission"}
    except (ImportError, Unavailable):
        return {"failure": "unavailable"}
    except Exception as why:
        return {"failure": " ".join(f"{type(why).__name__}: {why}".split())[:200]}


def main(memory: str) -> None:
    """Answers one request. Libraries write where they like: the answer's pipe leaves the standard streams first."""
    request = sys.stdin.buffer.read()
    pipe, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = json.dumps(serve(request)).encode()
    while data:
        data = data[os.write(pipe, data) :]
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
