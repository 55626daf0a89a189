"""The office's line as one run of ``uplink`` finds it: over SNMP, or on the OpenWrt router the agent runs on."""

from __future__ import annotations

import time
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from checks.kit import counters
from checks.kit.counters import Count
from checks.kit.host import Host
from checks.kit.model import Env, Reason
from checks.kit.net import NetError
from checks.kit.survey import FUNCTION, Access, Answer, Question, Snapshot, Survey

SURVEY_EVERY = 6 * 3600 * 1_000_000
"""µs after which a router is asked again what it is: that is twice the bytes of its counters alone."""
SECRETS = ("community", "user", "auth_key", "privacy_key")
_OPENWRT = "/etc/openwrt_release"
_SPARE = 2.0  # seconds of the run in which a child starts and ends


class Whom(Protocol):
    """What of the parameters says whom to ask, and how long."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def interface(self) -> str: ...
    @property
    def settle(self) -> float: ...
    @property
    def timeout(self) -> float: ...


class Seen(Struct, frozen=True, kw_only=True):
    """One run's view of a line. ``router`` tells routers apart within a job's memory, and is not sent."""

    method: str
    survey: Survey
    snapshots: tuple[Snapshot, ...]
    router: str = ""
    protection: str | None = None


class Past(Struct, frozen=True):
    """What a job remembers: what the router is, when (µs since boot) it was asked that, and its last count."""

    survey: Survey
    asked: int
    count: Count


def remembered(past: Past | None, seen: Seen, latest: Count, now: int) -> Past:
    """What to remember after `seen`. A router that has restarted may have another firmware: it is asked again."""
    if past is None or past.survey is not seen.survey:
        return Past(seen.survey, now, latest)
    asked = now - SURVEY_EVERY if counters.rebooted(past.count, latest) else past.asked
    return Past(seen.survey, asked, latest)


def count(seen: Seen, snapshot: Snapshot) -> Count:
    """The octets in `snapshot`, of the 64-bit counters where both are there. Raises NetError SNMP_MISSING."""
    for bits, names in ((64, ("hc_in", "hc_out")), (32, ("in", "out"))):
        received, transmitted = (snapshot.number(name) for name in names)
        if received is not None and transmitted is not None:
            return Count(
                interface=f"{seen.router} {seen.survey.index} {seen.survey.interface}", bits=bits, received=received,
                transmitted=transmitted, mono=snapshot.mono, uptime=snapshot.number("uptime"),
                boots=snapshot.number("boots"), discontinuity=snapshot.number("discontinuity"),
            )  # fmt: skip
    raise NetError(Reason.SNMP_MISSING, "the router has no octet counters for this interface")


def secrets(access: Access, text: str | None) -> Access:
    """`access` with what the text of a secret file says instead. Raises NetError BAD_PARAMS, quoting nothing.

    A file with anything else in it is refused: so nobody can have another file of this device sent to a "router".
    """
    if text is None:
        raise NetError(Reason.BAD_PARAMS, "secret_file cannot be read")
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, separator, value = (part.strip() for part in line.partition("="))
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not separator or name not in SECRETS or len(value) > 128:
            raise NetError(Reason.BAD_PARAMS, f"secret_file: line {number} sets none of {', '.join(SECRETS)}")
        found[name] = value
    return replace(access, **found)


def is_router(host: Host) -> bool:
    """Whether this device is itself a router that :func:`local` can read."""
    return host.read(_OPENWRT) is not None


def local(env: Env, interface: str, past: Past | None, settle: float) -> Seen:
    """This device's own line. Raises NetError INTERFACE_MISSING."""
    from checks.kit import openwrt

    known = past.survey if past is not None and env.clock.mono() - past.asked < SURVEY_EVERY else None
    snapshots: list[Snapshot | None] = []
    if known is not None:
        snapshots.append(openwrt.snapshot(env.host, known.interface, env.clock.mono()))
    if known is None or None in snapshots:
        known = openwrt.survey(env.host, env.child, interface, env.left(10.0))
        snapshots = [openwrt.snapshot(env.host, known.interface, env.clock.mono())]
    if past is None and settle and None not in snapshots:
        time.sleep(env.left(settle))
        snapshots.append(openwrt.snapshot(env.host, known.interface, env.clock.mono()))
    if None in snapshots:
        raise NetError(Reason.INTERFACE_MISSING, "this router has no such interface, or no default route")
    return Seen(method="local", survey=known, snapshots=tuple(found for found in snapshots if found is not None))


def remote(env: Env, whom: Whom, access: Access, past: Past | None) -> Seen:
    """The router's line over SNMP, in a child. Raises NetError and ChildError."""
    hosts = _hosts(env, whom)
    known = past.survey if past is not None and env.clock.mono() - past.asked < SURVEY_EVERY else None
    question = Question(
        hosts=hosts, port=whom.port, access=access, interface=whom.interface, survey=known,
        settle=0.0 if past else whom.settle, timeout=whom.timeout, left=max(1.0, env.left() - _SPARE),
    )  # fmt: skip
    answer: Answer = env.child.call(FUNCTION, question, answer=Answer, timeout=env.left())
    env.meter.add(sockets=1, sent=answer.sent, received=answer.received)
    if answer.problem:
        raise NetError(Reason(answer.problem), answer.detail)
    survey = known if known is not None and answer.survey == known else answer.survey or Survey()
    return Seen(
        method=f"snmp_v{'3' if access.version == '3' else '2c'}", router=hosts[answer.host], survey=survey,
        snapshots=tuple(answer.snapshots), protection=access.level,
    )  # fmt: skip


def _hosts(env: Env, whom: Whom) -> tuple[str, ...]:
    if whom.host:
        found = env.net.resolve(whom.host, whom.port, env.left(whom.timeout))
        return tuple(str(address.sockaddr[0]) for address in found.addresses)
    from checks.kit import route

    hosts = tuple(_zoned(found.address, found.interface) for found in route.gateways(env.host))
    if not hosts:
        raise NetError(Reason.GATEWAY_MISSING, "this device has no default gateway to ask")
    return hosts


def _zoned(address: str, interface: str) -> str:
    """A link-local address means nothing without its interface."""
    return f"{address}%{interface}" if address.lower().startswith("fe80:") and "%" not in address else address
