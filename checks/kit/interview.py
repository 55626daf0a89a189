"""Asks name servers as this PC's own resolver would, all at once, and keeps what each said to each question.

Runs in a child: what reads the messages is handed in. As the stub resolvers of Linux and Windows do, questions go
without EDNS, over UDP and again over TCP when the answer is cut short (RFC 1035 §4.2.1, RFC 7766 §5).
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable

from msgspec import Struct

from checks.kit import datagram
from checks.kit.datagram import Endpoint, NoReply, Used
from checks.kit.model import Reason
from checks.kit.resolvers import FINAL, Asked, Seen, Server, Task, Told
from checks.kit.together import together

MAX_CHAIN = 8
_NO_REPLY = {
    "silent": (Reason.DNS_TIMEOUT, "no answer in time from the name server"),
    "closed": (Reason.DNS_TIMEOUT, "nothing listens on the name server's port"),
    "unreachable": (Reason.DNS_TIMEOUT, "the network has no way to the name server"),
    "cut": (Reason.DNS_TIMEOUT, "the name server cut the connection"),
    "junk": (Reason.DNS_MALFORMED, "what came from the name server was no answer to the question"),
    "forbidden": (Reason.PERMISSION, "this device forbids asking the name server"),
}
_RCODES = {
    "nxdomain": (Reason.DNS_NXDOMAIN, "the name does not exist"),
    "refused": (Reason.DNS_REFUSED, "the name server refuses to answer"),
}


class Answer(Struct, frozen=True):
    """What a message says: response code in lower case, the records asked for, and the aliases on the way."""

    rcode: str
    found: tuple[str, ...] = ()
    aliases: int = 0
    loops: bool = False
    authentic: bool = False


Read = Callable[[bytes], Answer]
"""Reads the answer to one question. Raises ValueError for what is none."""
Ask = Callable[[str, str], tuple[bytes, Read]]
"""Makes a new question, with an id nobody can guess, of a name and a record type. Raises ValueError for no name."""


def interview(task: Task, ask: Ask) -> Told:
    """Asks every server of `task`, each in a thread of its own."""
    until = time.perf_counter() + task.seconds
    talks = [_Talk(server, task, ask, until) for server in task.servers]
    together([talk.run for talk in talks], until + 1.0)
    used = Used()
    for talk in talks:
        used.add(talk.used)
    seen = [talk.seen for talk in talks]
    places = [one.host if one.kind == "configured" else shown(one.host) for one in task.servers]
    return Told(seen, used, places, unexpected(seen, task.expect))


def shown(address: str) -> str:
    """`address` if it is a public one, else only what kind it is."""
    place = ipaddress.ip_address(address.partition("%")[0])
    if place.is_loopback or place.is_link_local:
        return "loopback" if place.is_loopback else "link_local"
    return str(place) if place.is_global else "private"


def unexpected(seen: list[Seen], expect: tuple[str, ...]) -> str | None:
    """The first answered address outside the networks `expect`, as :func:`shown`; None when there is none."""
    networks = [ipaddress.ip_network(text, strict=False) for text in expect]
    answered = (found for one in seen for asked in one.asked if asked.record != "CNAME" for found in asked.found)
    for address in answered if networks else ():
        if not any(ipaddress.ip_address(address) in network for network in networks):
            return shown(address)
    return None


class _Talk:
    def __init__(self, server: Server, task: Task, ask: Ask, until: float) -> None:
        self._task, self._ask, self._until = task, ask, until
        self._endpoint = Endpoint(server.host, server.port)
        self.seen, self.used = Seen(server=server), Used()

    def run(self) -> None:
        dead: Asked | None = None
        for name in self._task.names:
            for record in self._task.records:
                if dead and not self.seen.answers:
                    one = Asked(name=name, record=record, reason=dead.reason, detail=dead.detail)
                else:
                    one = self.put(name, record)
                dead = one if one.reason in (Reason.DNS_TIMEOUT, Reason.PERMISSION) else dead
                self.seen.asked.append(one)
        if self._task.rewriting and self.seen.answers:
            self.seen.rewritten = self._rewrites()

    def put(self, name: str, record: str) -> Asked:
        """One question to the end, in the order a resolver goes: UDP, again, TCP."""
        one = Asked(name=name, record=record)
        try:
            wire, read, reply = self._udp(name, record)
            if len(reply.data) >= 12 and reply.data[2] & 0x82 == 0x82:  # a whole head that says answer, cut
                one.transport = "tcp"
                reply = datagram.tcp(self._endpoint, wire, self._left(), self.used)
            answer = read(reply.data)
        except NoReply as why:
            one.reason, one.detail = _NO_REPLY[why.why]
            if one.transport == "tcp":
                one.reason, one.detail = Reason.DNS_TRUNCATED, f"the answer is cut short, and over TCP: {one.detail}"
            return one
        except ValueError:
            one.reason, one.detail = Reason.DNS_MALFORMED, "the name server's answer cannot be read"
            return one
        one.took, one.found, one.aliases = reply.took, answer.found, answer.aliases
        one.authentic = answer.authentic
        one.reason, one.detail = self._judge(answer, name)
        return one

    def _udp(self, name: str, record: str) -> tuple[bytes, Read, datagram.Reply]:
        for attempt in range(self._task.attempts):
            if not self._left():
                break
            wire, read = self._ask(name, record)

            def accept(data: bytes, wire: bytes = wire) -> bool:
                return data[:2] == wire[:2]  # the id; what somebody guesses is waited past (RFC 5452 §9.1)

            try:
                return wire, read, datagram.udp(self._endpoint, wire, accept, self._left(), self.used)
            except NoReply as why:
                self.seen.unanswered += 1
                if why.why != "silent" or attempt + 1 == self._task.attempts:
                    raise
        raise NoReply("silent")

    def _left(self) -> float:
        return max(0.0, min(self._task.timeout, self._until - time.perf_counter()))

    def _judge(self, answer: Answer, name: str) -> tuple[Reason | None, str]:
        if answer.loops:
            return Reason.DNS_LOOP, "the name's aliases form a loop"
        if answer.rcode in _RCODES:
            return _RCODES[answer.rcode]
        if answer.rcode == "noerror" and (answer.found or not answer.aliases):
            return (None, "") if answer.found else (Reason.DNS_NO_ADDRESS, "the name has no such record")
        if self._circles(name):
            return Reason.DNS_LOOP, "the name's aliases form a loop"
        if answer.rcode == "noerror":
            return Reason.DNS_NO_ADDRESS, "the name's alias has no such record"
        return Reason.DNS_SERVFAIL, "the name server could not answer"

    def _circles(self, name: str) -> bool:
        """Whether following the aliases one by one comes back: resolvers say only SERVFAIL of a loop."""
        met = [name.lower().rstrip(".")]
        for _ in range(MAX_CHAIN):
            try:
                _, read, reply = self._udp(met[-1], "CNAME")
                found = read(reply.data).found
            except (NoReply, ValueError):
                return False
            if not found:
                return False
            alias = found[0].lower().rstrip(".")
            if alias in met:
                return True
            met.append(alias)
        return False

    def _rewrites(self) -> bool | None:
        """Whether it invents answers. A domain may rightly answer for every name below it, so an answer in the target's
        own domain only counts when the same server also answers for a name that nobody registered."""
        name = self._task.names[0].rstrip(".")
        first = self._invents(self._task.canary or name)
        if not first or self._task.canary:
            return first
        return self._invents(name.rpartition(".")[2])

    def _invents(self, domain: str) -> bool | None:
        record = "AAAA" if "A" not in self._task.records and "AAAA" in self._task.records else "A"
        one = self.put(f"sansang-{os.urandom(8).hex()}.{domain}", record)
        if one.reason is None:
            return True
        return False if one.reason in FINAL else None
