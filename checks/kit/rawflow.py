# SPDX-License-Identifier: GPL-2.0-only
"""Probes of one flow and what comes back, for :mod:`checks.kit.raw`, which builds the packets: a part of that program,
under its licence, and like it importing nothing of ours.

Round trips are from the moment before a packet is handed over to the kernel's receive timestamp: scapy's own ``sr1``,
by the wall clock around it, reads 21 ms too much.
"""

from __future__ import annotations

import contextlib
import errno
import random
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

WINDOW = 4  # hops probed at once
SILENT = 8  # hops in a row that may say nothing before the route counts as ended
PROBES_MAX = 10
TRIES = 3
WAIT = 1.0
MARK = 16384  # between the sequence numbers of two TCP probes: no probe is longer
_TIMESTAMP = 35  # SO_TIMESTAMPNS
_MTU_DISCOVER, _MTU_DISCOVER6, _PMTUDISC_PROBE = 10, 23, 3
_ECHO_REPLY, _ECHO_REPLY6 = 0, 129
_PROTOCOLS = {"udp": 17, "tcp": 6, "icmp": 1}
_PROHIBITED, _PROHIBITED6 = (9, 10, 13), (1, 5, 6)


Build = Callable[["Flow", int, int, int], bytes]  # flow, hop limit, mark, size of the whole packet


class Answer(NamedTuple):
    """What came back: ``kind`` is ``exceeded``, ``reached``, ``unreachable``, ``prohibited`` or ``big``; ``mark`` which
    probe it is for; ``mtu`` what the next link takes, 0 when it was not said."""

    kind: str
    mark: int
    mtu: int = 0


class Flow(NamedTuple):
    """Probes of one flow: addresses, ports and, for ICMP, the checksum are the same in all, so that routers which share
    load between lines send them all one way (Augustin et al., Paris traceroute, 2006). A probe is known by what every
    router quotes, the first eight bytes: UDP by its length, TCP by its sequence number, ICMP by its own."""

    source: str
    address: str
    protocol: str
    port: int
    sport: int
    base: int

    @property
    def six(self) -> bool:
        return ":" in self.address

    @property
    def family(self) -> int:
        return socket.AF_INET6 if self.six else socket.AF_INET

    @property
    def headers(self) -> int:
        return (40 if self.six else 20) + (20 if self.protocol == "tcp" else 8)

    def understand(self, data: bytes, source: str, *, tcp: bool) -> Answer | None:
        """What a received packet says about this flow; None for what is malformed, forged or somebody else's."""
        if not self.six:
            data = data[(data[0] & 15) * 4 :] if data else b""
        if tcp:
            return self._from_tcp(data) if len(data) >= 20 and source == self.address else None
        if len(data) < 8:
            return None
        echo, code, number, rest = data[0], data[1], *struct.unpack("!HH", data[4:8])
        if self.protocol == "icmp" and echo == (_ECHO_REPLY6 if self.six else _ECHO_REPLY):
            return Answer("reached", rest) if source == self.address and number == self.sport else None
        mark = self._quoted(data[8:])
        kind = self._kind(echo, code, source) if mark is not None else ""
        if mark is None or not kind:
            return None
        mtu = (number << 16 | rest) if self.six else rest
        return Answer(kind, mark, mtu if kind == "big" else 0)

    def _from_tcp(self, data: bytes) -> Answer | None:
        sport, dport, _, ack = struct.unpack("!HHII", data[:12])
        if (sport, dport) != (self.port, self.sport) or not data[13] & 0x16 or not data[13] & 0x10:
            return None
        return Answer("reached", (ack - self.base - 1) % 2**32 // MARK)

    def _kind(self, echo: int, code: int, source: str) -> str:
        exceeded, big, refused, prohibited = (
            ((3, 0), (2, 0), (1, (4,)), _PROHIBITED6) if self.six else ((11, 0), (3, 4), (3, (2, 3)), _PROHIBITED)
        )
        if (echo, code) == exceeded:
            return "exceeded"
        if (echo, code) == big:
            return "big"
        if echo != refused[0]:
            return ""
        if source == self.address and code in refused[1]:
            return "reached"
        return "prohibited" if code in prohibited else "unreachable"

    def _quoted(self, quote: bytes) -> int | None:
        """The mark of the probe whose beginning is quoted."""
        begin = 40 if self.six else (quote[0] & 15) * 4 if quote else 0
        if begin < 20 or len(quote) < begin + 8:
            return None
        target = quote[24:40] if self.six else quote[16:20]
        protocol = 58 if self.six and self.protocol == "icmp" else _PROTOCOLS[self.protocol]
        if target != socket.inet_pton(self.family, self.address) or quote[6 if self.six else 9] != protocol:
            return None
        one, two, three, four = (int(word) for word in struct.unpack("!HHHH", quote[begin : begin + 8]))
        if self.protocol == "icmp":
            return four if three == self.sport else None
        if (one, two) != (self.sport, self.port):
            return None
        return three - 8 if self.protocol == "udp" else ((three << 16 | four) - self.base) % 2**32 // MARK


class Wire:
    """Sends the packets of one flow and hears what comes back; `build` makes them. Raises OSError, ValueError."""

    def __init__(self, build: Build, address: str, protocol: str, port: int) -> None:
        if protocol not in _PROTOCOLS:
            raise ValueError("protocol is not udp, tcp or icmp")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        socket.inet_pton(family, address)
        with socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect((address, 9))
            source = str(way.getsockname()[0])
        # held so that nobody else is given the port
        self.held = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
        self.held.bind((source, 0))
        self.flow = Flow(source, address, protocol, port, int(self.held.getsockname()[1]), random.getrandbits(30))
        self.build, self.sent, self.received = build, 0, 0
        self.out = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        if self.flow.six:
            self.out.setsockopt(socket.IPPROTO_IPV6, _MTU_DISCOVER6, _PMTUDISC_PROBE)
        else:
            self.out.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
            self.out.setsockopt(socket.IPPROTO_IP, _MTU_DISCOVER, _PMTUDISC_PROBE)
        self.ins = [self._listen(socket.IPPROTO_ICMPV6 if self.flow.six else socket.IPPROTO_ICMP)]
        if protocol == "tcp":
            self.ins.append(self._listen(socket.IPPROTO_TCP))
            self.ins[1].connect((address, 0))

    def _listen(self, protocol: int) -> socket.socket:
        made = socket.socket(self.flow.family, socket.SOCK_RAW, protocol)
        made.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        made.setblocking(False)
        return made

    def send(self, ttl: int, mark: int, size: int = 0) -> float:
        """Sends the probe `mark`; a `size` (bytes of the whole packet) is its mark for UDP. Returns when, epoch
        seconds. Raises OSError EMSGSIZE when it does not fit this device's own link."""
        data = self.build(self.flow, ttl, mark, size)
        at = time.time()
        self.sent += self.out.sendto(data, (self.flow.address, 0))
        return at

    def hear(self, until: float) -> Iterator[tuple[Answer, str, float]]:
        """Answers to this flow's probes with who sent them and when (epoch seconds), until `until` (monotonic)."""
        while (left := until - time.monotonic()) > 0:
            for ready in select.select(self.ins, [], [], left)[0]:
                with contextlib.suppress(OSError):
                    data, extra, _, source = ready.recvmsg(65536, 128)
                    self.received += len(data)
                    answer = self.flow.understand(data, str(source[0]), tcp=ready is not self.ins[0])
                    if answer:
                        yield answer, str(source[0]), _stamp(extra)


def _stamp(extra: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMP and len(data) == 16:
            seconds, nanoseconds = struct.unpack("qq", data)
            return float(seconds + nanoseconds * 1e-9)
    return time.time()


def trace(wire: Wire, hops: int, probes: int, until: float) -> dict[str, Any]:
    """The routers on the way, `WINDOW` hops at once, until the target or a refusal is heard, or nothing is from
    `SILENT` hops in a row. ``rtt`` is seconds, ``kind`` as in :class:`Answer`, ``asked`` the probes each hop got."""
    replies: list[dict[str, Any]] = []
    asked: list[int] = []
    last, heard = hops, 0
    while len(asked) < last and len(asked) - heard < SILENT and time.monotonic() < until:
        first = len(asked) + 1
        asked += [0] * min(WINDOW, last + 1 - first)
        for number in range(probes):
            window = range(first, min(first + WINDOW, last + 1))
            for ttl in window:
                asked[ttl - 1] += 1
            end = min(until, time.monotonic() + (WAIT / 2 if number else WAIT))
            for reply in _round(wire, window, number, end):
                replies.append(reply)
                heard = max(heard, reply["ttl"])
                last = last if reply["kind"] == "exceeded" else min(last, reply["ttl"])
    kept = [reply for reply in replies if reply["ttl"] <= last]
    return {"replies": kept, "asked": asked[:last], "sent": wire.sent, "received": wire.received}


def _round(wire: Wire, window: range, number: int, until: float) -> Iterator[dict[str, Any]]:
    """One probe to each hop of `window`."""
    sent = {ttl * PROBES_MAX + number: wire.send(ttl, ttl * PROBES_MAX + number) for ttl in window}
    for answer, source, at in wire.hear(until):
        if answer.mark in sent and answer.kind != "big":
            rtt = max(at - sent.pop(answer.mark), 0.0)
            yield {"ttl": answer.mark // PROBES_MAX, "address": source, "rtt": rtt, "kind": answer.kind}
        if not sent:
            return


class Fit(NamedTuple):
    """Whether a packet got through: ``reached``, ``silent`` or ``big``, with who said so, what its next link takes
    (bytes, 0 when it does not say) and after how many seconds. ``who`` is empty for this device's own link."""

    kind: str
    who: str = ""
    mtu: int = 0
    took: float = 0.0


def mtu(wire: Wire, low: int, high: int, until: float) -> dict[str, Any]:
    """The largest packet (bytes, IP header included) from `low` to `high` that reaches the target whole, by halving;
    ``mtu`` is None when not even `low` does, or when time ran out. ``limited_at`` is the router that said "too big"
    (RFC 1191, RFC 8201), ``blackhole`` that larger packets vanish and nobody says so (RFC 2923)."""
    found, failure, size, wait = 0, Fit("reached"), low, WAIT
    while low <= high and time.monotonic() < until:
        fit = _fit(wire, size, wait, until)
        jump = not found
        if fit.kind == "reached":
            found, low, wait = size, size + 1, min(wait, max(0.25, fit.took * 4))
        elif not found:
            break
        else:
            failure, jump = fit, found <= fit.mtu < size
            high = fit.mtu if jump else size - 1
        size = high if jump else (low + high + 1) // 2
    return {
        "mtu": found if found and low > high else None,
        "limited_at": failure.who or None,
        "blackhole": failure.kind == "silent" and low > high,
        "sent": wire.sent,
        "received": wire.received,
    }


def _fit(wire: Wire, size: int, wait: float, until: float) -> Fit:
    mark = size - wire.flow.headers if wire.flow.protocol == "udp" else size
    for _ in range(TRIES):
        try:
            sent = wire.send(64, mark, size)
        except OSError as why:
            if why.errno != errno.EMSGSIZE:
                raise
            return Fit("big")
        for answer, source, at in wire.hear(min(until, time.monotonic() + wait)):
            if answer.mark == mark and answer.kind in ("reached", "big"):
                return Fit(answer.kind, source, answer.mtu, at - sent)
    return Fit("silent")
