"""What is asked of name servers, and what each said: the words between the check ``dns`` and its child."""

from __future__ import annotations

from msgspec import Struct, field

from checks.kit.datagram import Used
from checks.kit.model import Reason

MAX_SERVERS = 6
FINAL = frozenset({Reason.DNS_NXDOMAIN, Reason.DNS_NO_ADDRESS, Reason.DNS_LOOP})
"""What a resolver takes for an answer; after anything else it asks its next server."""
WORST = (
    Reason.DNS_TRUNCATED, Reason.DNS_MALFORMED, Reason.DNS_SERVFAIL, Reason.DNS_REFUSED, Reason.DNS_TIMEOUT,
    Reason.PERMISSION, Reason.DNS_LOOP, Reason.DNS_NXDOMAIN, Reason.DNS_NO_ADDRESS,
)  # fmt: skip


class Server(Struct, frozen=True):
    """A name server: where it is, and whose: ``system``, ``upstream`` (behind the system's own) or ``configured``."""

    host: str
    port: int
    kind: str


class Task(Struct, frozen=True, kw_only=True):
    """What to ask. ``expect`` are the networks that may be answered, none for any. ``canary`` is a domain in which
    nothing exists, ``""`` for one of the first name's own. ``timeout`` (seconds) is for each attempt, ``seconds`` for
    all."""

    servers: tuple[Server, ...]
    names: tuple[str, ...]
    records: tuple[str, ...]
    expect: tuple[str, ...]
    rewriting: bool
    canary: str
    timeout: float
    attempts: int
    seconds: float


class Asked(Struct, kw_only=True, omit_defaults=True):
    """One question to one server. ``took`` (seconds) is of the exchange that brought the answer; None without one."""

    name: str
    record: str
    reason: Reason | None = None
    detail: str = ""
    took: float | None = None
    transport: str = "udp"
    found: tuple[str, ...] = ()
    aliases: int = 0
    authentic: bool = False


class Seen(Struct, kw_only=True):
    """One server's answers. ``unanswered`` counts attempts that brought none; ``rewritten`` is None when not known."""

    server: Server
    asked: list[Asked] = field(default_factory=list)
    unanswered: int = 0
    rewritten: bool | None = None

    def addresses(self, name: str) -> frozenset[str]:
        """Every address it gave for `name`."""
        mine = (one.found for one in self.asked if one.name == name and one.record != "CNAME")
        return frozenset(address for found in mine for address in found)

    @property
    def answers(self) -> bool:
        """Whether it works: it said something of a name that a resolver can use."""
        return any(one.reason is None or one.reason in FINAL for one in self.asked)

    def of(self, name: str) -> Asked:
        """The answer that decides about `name`: the first with records, else the one that says least of the name."""
        mine = [one for one in self.asked if one.name == name]
        if not mine:
            return Asked(name=name, record="", reason=Reason.DNS_TIMEOUT, detail="there was no time left to ask")
        return next((one for one in mine if one.reason is None), None) or min(
            mine, key=lambda one: WORST.index(one.reason) if one.reason in WORST else 0
        )


class Told(Struct):
    """What all servers said, in the order of the task, and what asking them used. ``places`` are the servers and
    ``wrong`` the first answered address that is not expected, both in words that may leave the PC."""

    seen: list[Seen]
    used: Used
    places: list[str] = field(default_factory=list)
    wrong: str | None = None
