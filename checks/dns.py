"""Do this PC's name servers find a system's address, how fast, and is what they say true.

Every name server the PC uses is asked apart, with the questions its own resolver would put. The questions are asked
in a child: what reads strangers' messages (dnspython) lives and dies there. Addresses of name servers inside the
office stay on the PC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from checks.kit import nameservers
from checks.kit.child import ChildError
from checks.kit.datagram import endpoint
from checks.kit.guard import is_literal
from checks.kit.model import (
    Check,
    Env,
    Fact,
    Metric,
    Reading,
    Reason,
    Sample,
    Scalar,
    error,
    failed,
    not_applicable,
    ok,
    sample,
)  # fmt: skip
from checks.kit.resolvers import FINAL, MAX_SERVERS, WORST, Asked, Seen, Server, Task, Told

PORT = 53
MAX_RECORDS = 32
SYSTEM = "system"
_NAME = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
_START = 4.0  # seconds a child may need on a busy PC before it asks, and after
_SERVERS = {str(number): {"vi": f"Máy chủ {number}", "en": f"Server {number}"} for number in range(1, MAX_SERVERS + 1)}
_YES = {"1": {"vi": "có", "en": "yes"}, "0": {"vi": "không", "en": "no"}}

UP = Metric(
    name="dns_up", title={"vi": "Phân giải được tên", "en": "Names are found"}, unit="",
    help="1 when this PC's resolver finds every name, as it must be, 0 when it does not.", words=_YES,
)  # fmt: skip
SERVER_UP = Metric(
    name="dns_server_up", title={"vi": "Máy chủ tên miền trả lời", "en": "Name server answers"}, unit="",
    help="1 when the name server gives answers that a resolver can use, 0 when not; servers in the order they are "
         "asked.",
    labels=("server",), words=_SERVERS,
)  # fmt: skip
LOOKUP = Metric(
    name="dns_lookup", title={"vi": "Thời gian tra tên", "en": "Lookup time"}, unit="seconds",
    help="From sending a question to its answer, median of the names; over tcp the connection is part of it.",
    labels=("server", "record", "transport"), distribution=True,
    words={
        **_SERVERS,
        "a": {"vi": "địa chỉ IPv4 (A)", "en": "IPv4 address (A)"},
        "aaaa": {"vi": "địa chỉ IPv6 (AAAA)", "en": "IPv6 address (AAAA)"},
        "cname": {"vi": "bí danh (CNAME)", "en": "alias (CNAME)"},
        "udp": {"vi": "UDP", "en": "UDP"}, "tcp": {"vi": "TCP", "en": "TCP"},
    },
)  # fmt: skip
UNANSWERED = Metric(
    name="dns_unanswered", title={"vi": "Câu hỏi không được trả lời", "en": "Questions without an answer"}, unit="",
    help="Attempts of this run that a name server left without a usable answer, repetitions counted.",
    labels=("server",), words=_SERVERS,
)  # fmt: skip
FACTS = (
    Fact(name="servers", title={"vi": "Máy chủ tên miền", "en": "Name servers"},
         help="Name servers in the order they are asked: public and configured ones by address, others as private, "
              "loopback or link_local."),
    Fact(name="servers_asked", title={"vi": "Số máy chủ được hỏi", "en": "Servers asked"},
         help="Name servers that were asked, at most 6."),
    Fact(name="servers_answering", title={"vi": "Số máy chủ trả lời", "en": "Servers answering"},
         help="Name servers that gave answers a resolver can use."),
    Fact(name="addresses", title={"vi": "Số địa chỉ của tên", "en": "Addresses of the name"},
         help="Distinct addresses of the first name, as this PC's resolver finds them."),
    Fact(name="families", title={"vi": "Loại địa chỉ của tên", "en": "Families of the name"},
         help="ipv4, ipv6, both or none: which addresses the first name has.",
         words={"ipv4": {"vi": "chỉ IPv4", "en": "IPv4 only"}, "ipv6": {"vi": "chỉ IPv6", "en": "IPv6 only"},
                "both": {"vi": "IPv4 và IPv6", "en": "IPv4 and IPv6"}, "none": {"vi": "không có", "en": "none"}}),
    Fact(name="aliases", title={"vi": "Số bí danh phải theo", "en": "Aliases followed"},
         help="CNAME records between the first name and its addresses."),
    Fact(name="agreement", title={"vi": "Các máy chủ trả lời giống nhau", "en": "Servers agree"},
         help="Whether all servers that answer give the first name the same addresses; large systems rightly vary."),
    Fact(name="rewritten", title={"vi": "Bịa địa chỉ cho tên không có", "en": "Invents addresses"},
         help="Whether a name server answered for names that do not exist."),
    Fact(name="authenticated", title={"vi": "Máy chủ xác nhận DNSSEC", "en": "Confirmed by DNSSEC"},
         help="Whether the name server says it verified the first name's records (AD flag); only as sure as the way "
              "to that server."),
    Fact(name="transport", title={"vi": "Giao thức tra tên", "en": "Transport"},
         help="udp, or tcp when an answer was too long for udp.",
         words={"udp": {"vi": "UDP", "en": "UDP"}, "tcp": {"vi": "TCP", "en": "TCP"}}),
    Fact(name="wrong_address", title={"vi": "Địa chỉ sai", "en": "Wrong address"},
         help="An address that was answered but not expected, when it is a public one; else private, loopback or "
              "link_local."),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which names to look up, where, and what may be answered."""

    host: Annotated[str, Meta(max_length=253, description="Name to look up; of a target, its host.")] = ""
    names: Annotated[
        tuple[Annotated[str, Meta(max_length=253)], ...], Meta(max_length=16, description="Further names to look up.")
    ] = ()
    servers: Annotated[
        tuple[Annotated[str, Meta(max_length=64)], ...],
        Meta(
            min_length=1, max_length=MAX_SERVERS,
            description="Name servers: `system` for those of the PC, addresses for others, with a port if not 53.",
        ),
    ] = (SYSTEM,)  # fmt: skip
    records: Annotated[
        tuple[Literal["A", "AAAA", "CNAME"], ...], Meta(min_length=1, max_length=3, description="Records to ask for.")
    ] = ("A", "AAAA")
    expect: Annotated[
        tuple[Annotated[str, Meta(max_length=64)], ...],
        Meta(max_length=64, description="Addresses or networks (CIDR) that may be answered; empty for any."),
    ] = ()
    rewriting: Annotated[bool, Meta(description="Whether to see if answers are made up for names that are not.")] = True
    canary: Annotated[
        str, Meta(max_length=200, description="Domain in which no name exists, to see that; empty for the name's own.")
    ] = ""
    timeout: Annotated[float, Meta(gt=0, le=10, description="Seconds that each attempt may take.")] = 3.0
    attempts: Annotated[int, Meta(ge=1, le=4, description="How often a question is sent before it is given up.")] = 2

    def __post_init__(self) -> None:
        if not self.host and not self.names:
            raise ValueError("host: a name to look up is needed, here or in names")
        named = [("host", self.host), ("canary", self.canary), *(("names", name) for name in self.names)]
        for field, name in named:
            if name and not is_literal(name) and not re.fullmatch(_NAME, name):
                raise ValueError(f"{field}: {name!r} is no name")
        for text in self.servers:
            try:
                known = text == SYSTEM or is_literal(endpoint(text, PORT).host)
            except ValueError as why:
                raise ValueError(f"servers: {why}") from None
            if not known:
                raise ValueError(f"servers: {text!r} is no address and not `system`")
        for text in self.expect:
            if not _is_network(text):
                raise ValueError(f"expect: {text!r} is no address and no network")

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every name to look up, once."""
        return tuple(dict.fromkeys(name for name in (self.host, *self.names) if name and not is_literal(name)))


def _is_network(text: str) -> bool:
    address, slash, prefix = text.partition("/")
    sized = prefix.isascii() and prefix.isdecimal() and int(prefix) <= (128 if ":" in address else 32)
    return is_literal(address) and "%" not in address and (sized or not slash)


class Order(Struct, frozen=True):
    """What the child is to do; ``registry`` asks it for the name servers that Windows uses."""

    task: Task
    registry: bool


def run(params: Params, env: Env) -> Reading:
    """Asks every name server in a child. Sent are the names and, for rewriting, random ones in the same domain."""
    if not params.wanted:
        return not_applicable("the target is an address: no name is looked up")
    seconds = max(0.5, env.left() - _START)
    task = Task(
        servers=servers(params, env.host.read), names=params.wanted, records=params.records, expect=params.expect,
        rewriting=params.rewriting, canary=params.canary, timeout=params.timeout, attempts=params.attempts,
        seconds=seconds,
    )  # fmt: skip
    order = Order(task, SYSTEM in params.servers and env.host.system().name == "windows")
    try:
        told: Told = env.child.call("checks.dns:ask", order, answer=Told, timeout=env.left())
    except ChildError as why:
        return error(why.reason, f"asking the name servers failed: {why.detail}")
    env.meter.add(sockets=told.used.sockets, sent=told.used.sent, received=told.used.received)
    return summarise(params, told)


def servers(params: Params, read: Any) -> tuple[Server, ...]:
    """The name servers to ask, at most 6; `read` gives the text of a file or None. What stands behind systemd's stub
    is asked too, because the stub does not say which of them failed."""
    found: list[Server] = []
    for text in params.servers:
        if text != SYSTEM:
            place = endpoint(text, PORT)
            found.append(Server(place.host, place.port, "configured"))
            continue
        own = nameservers.from_resolv_conf(read(nameservers.RESOLV_CONF))
        behind = nameservers.from_resolv_conf(read(nameservers.BEHIND_STUB)) if own == [nameservers.STUB] else []
        found += [Server(host, PORT, SYSTEM) for host in own]
        found += [Server(host, PORT, "upstream") for host in behind if host not in (*own, "127.0.0.1")]
    return tuple(dict.fromkeys(found))[:MAX_SERVERS]


def summarise(params: Params, told: Told) -> Reading:
    """The reading of what the name servers said."""
    trouble = judge(params, told)
    stated = facts(params, told)
    if trouble and trouble[0] is Reason.PERMISSION:
        return error(*trouble, stated)
    samples = (sample(UP, 0.0 if trouble else 1.0), *_samples(told.seen))
    return failed(trouble[0], samples, stated, trouble[1]) if trouble else ok(samples, stated)


def judge(params: Params, told: Told) -> tuple[Reason, str] | None:
    """What is wrong, and one line about it: first what keeps this PC from finding a name, then a server that lies."""
    if not told.seen:
        return Reason.DNS_TIMEOUT, "no name server is set on this PC"
    for name in params.wanted:
        found = settled(told.seen, name)
        if found.reason:
            return found.reason, found.detail
    if told.wrong:
        return Reason.DNS_WRONG, "an answered address is not among the expected ones"
    if any(one.rewritten for one in told.seen):
        return Reason.DNS_REWRITTEN, "a name server answered for a name that does not exist"
    return None


def settled(seen: list[Seen], name: str) -> Asked:
    """What this PC's resolver makes of `name`: its servers are asked in turn until one gives a final answer. Without
    servers of the system's own among `seen`, the configured ones stand for them."""
    answers = [one.of(name) for one in seen if one.server.kind == SYSTEM] or [one.of(name) for one in seen]
    final = next((one for one in answers if one.reason is None or one.reason in FINAL), None)
    return final or min(answers, key=lambda one: WORST.index(one.reason) if one.reason in WORST else 0)


def facts(params: Params, told: Told) -> dict[str, Scalar]:
    """Every fact of FACTS; what is unknown is None."""
    seen, name = told.seen, params.wanted[0]
    sets = [one.addresses(name) for one in seen if one.of(name).reason is None]
    mine = next((one for one in seen if one.of(name) is settled(seen, name)), None) if seen else None
    tried = [one.rewritten for one in seen if one.rewritten is not None]
    best = mine.of(name) if mine else None
    found = mine.addresses(name) if mine else frozenset()
    return {
        "servers": ", ".join(told.places) or None,
        "servers_asked": len(seen),
        "servers_answering": sum(one.answers for one in seen),
        "addresses": len(found) if best and best.took is not None else None,
        "families": _families(found) if best and best.took is not None else None,
        "aliases": best.aliases if best and best.took is not None else None,
        "agreement": len(set(sets)) == 1 if len(sets) > 1 else None,
        "rewritten": any(tried) if tried else None,
        "authenticated": best.authentic if best and best.reason is None else None,
        "transport": _transport(mine, name) if best and best.took is not None else None,
        "wrong_address": told.wrong,
    }


def _samples(seen: list[Seen]) -> Iterator[Sample]:
    for number, one in enumerate(seen, 1):
        yield sample(SERVER_UP, one.answers, server=str(number))
        yield sample(UNANSWERED, one.unanswered, server=str(number))
        times: dict[tuple[str, str], list[float]] = {}
        for asked in one.asked:
            if asked.took is not None:
                times.setdefault((asked.record.lower(), asked.transport), []).append(asked.took)
        for (record, transport), took in times.items():
            yield sample(LOOKUP, sorted(took)[len(took) // 2], server=str(number), record=record, transport=transport)


def _transport(one: Seen | None, name: str) -> str | None:
    used = {asked.transport for asked in one.asked if asked.name == name} if one else set()
    return "tcp" if "tcp" in used else "udp" if used else None


def _families(found: frozenset[str]) -> str:
    six = any(":" in address for address in found)
    four = any(":" not in address for address in found)
    return "both" if four and six else "ipv4" if four else "ipv6" if six else "none"


def ask(order: dict[str, Any]) -> Told:
    """In the child: does an :class:`Order`."""
    from checks.kit.interview import interview

    wanted = msgspec.convert(order, Order)
    task = wanted.task
    if wanted.registry:
        found = nameservers.from_registry(nameservers.read_registry())
        own = [Server(host, PORT, SYSTEM) for host in found]
        others = [server for server in task.servers if server.kind == "configured"]
        task = msgspec.structs.replace(task, servers=tuple([*own, *others][:MAX_SERVERS]))
    return interview(task, question)


def question(name: str, record: str) -> tuple[bytes, Any]:
    """In the child: a question as dnspython writes it, with a random id, recursion and DNSSEC's verdict (RFC 6840 §5.7)
    wanted, and the reader of its answer. Raises ValueError for what is no name."""
    import dns.exception
    import dns.flags
    import dns.message

    try:
        query = dns.message.make_query(name, record, flags=dns.flags.RD | dns.flags.AD)
    except dns.exception.DNSException as why:
        raise ValueError("no name") from why
    return query.to_wire(), lambda data: read(query, data)


def read(query: Any, data: bytes) -> Any:
    """In the child: what `data` says. Raises ValueError when it is no answer to `query`."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode

    from checks.kit.interview import Answer

    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
        if not isinstance(message, dns.message.QueryMessage) or not query.is_response(message):
            raise ValueError("no answer to the question")
        rcode = dns.rcode.to_text(message.rcode()).lower()
        if not message.question:
            return Answer(rcode)
        chain = message.resolve_chaining()
    except dns.message.ChainTooLong:
        return Answer("noerror", loops=True)
    except dns.exception.DNSException as why:
        raise ValueError("no answer to the question") from why
    records = tuple(record.to_text()[:256] for record in (chain.answer or ()))[:MAX_RECORDS]
    return Answer(rcode, records, len(chain.cnames), authentic=bool(message.flags & dns.flags.AD))


CHECK = Check(
    name="dns",
    title={"vi": "Phân giải tên miền", "en": "Name lookup"},
    params=Params,
    metrics=(UP, SERVER_UP, LOOKUP, UNANSWERED),
    facts=FACTS,
    run=run,
    every=1800.0,
    timeout=30.0,
)
