"""The words every part of the system shares: check, metric, sample, reading, result.

Times are integers in microseconds: ``at`` since the Unix epoch (UTC), ``mono`` since the
device booted, ``took`` a length. A value is a float in the metric's base unit.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta, Struct, field

INT63 = 2**63 - 1
Text = Annotated[str, Meta(max_length=1024)]
Whole = Annotated[int, Meta(ge=-INT63 - 1, le=INT63)]
Scalar = Text | Whole | float | bool | None
Facts = Annotated[dict[str, Scalar], Meta(max_length=128)]
Labels = Annotated[dict[str, Text], Meta(max_length=16)]
Micros = Annotated[int, Meta(ge=-INT63 - 1, le=INT63)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]  # a pattern here would cost 9 µs a batch, and labels
# come from the registry, never from a name that was sent
Target = Annotated[str, Meta(max_length=128)]
Bilingual = Mapping[str, str]  # the same words in ``vi`` and ``en``


class Outcome(enum.StrEnum):
    """What became of one run. The four are never collapsed: a failing target is ``FAILED``, and only
    "this could not be measured" is ``ERROR``."""

    OK = "ok"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class Reason(enum.StrEnum):
    """Why a reading is not ``OK``. Closed: these values are exported as a label, so a new one is a release."""

    # name resolution
    DNS_NXDOMAIN = "dns_nxdomain"
    DNS_TIMEOUT = "dns_timeout"
    DNS_SERVFAIL = "dns_servfail"
    DNS_NO_ADDRESS = "dns_no_address"
    DNS_REFUSED = "dns_refused"
    DNS_TRUNCATED = "dns_truncated"
    DNS_LOOP = "dns_loop"
    DNS_MALFORMED = "dns_malformed"
    DNS_WRONG = "dns_wrong"
    DNS_REWRITTEN = "dns_rewritten"
    # transport
    TCP_REFUSED = "tcp_refused"
    TCP_TIMEOUT = "tcp_timeout"
    TCP_RESET = "tcp_reset"
    TCP_UNREACHABLE = "tcp_unreachable"
    ADDRESS_FORBIDDEN = "address_forbidden"
    # TLS
    TLS_EXPIRED = "tls_expired"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_NAME = "tls_name"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_SELF_SIGNED = "tls_self_signed"
    TLS_VERSION = "tls_version"
    TLS_INTERCEPTED = "tls_intercepted"
    TLS_TIMEOUT = "tls_timeout"
    TLS_HANDSHAKE = "tls_handshake"
    # HTTP
    HTTP_STATUS = "http_status"
    HTTP_BODY = "http_body"
    HTTP_TIMEOUT = "http_timeout"
    HTTP_SLOW = "http_slow"
    HTTP_PROTOCOL = "http_protocol"
    HTTP_TOO_LARGE = "http_too_large"
    HTTP_REDIRECTS = "http_redirects"
    WEBSOCKET_REFUSED = "websocket_refused"
    PROXY_AUTH = "proxy_auth"
    PROXY_UNREACHABLE = "proxy_unreachable"
    PROXY_REFUSED = "proxy_refused"
    CAPTIVE_PORTAL = "captive_portal"
    # surroundings
    OWN_LINK_DOWN = "own_link_down"
    LINK_DOWN = "link_down"
    GATEWAY_MISSING = "gateway_missing"
    GATEWAY_UNREACHABLE = "gateway_unreachable"
    ADDRESS_CONFLICT = "address_conflict"
    ROGUE_DHCP = "rogue_dhcp"
    ROUTE_STOPS = "route_stops"
    ROUTE_LOOP = "route_loop"
    MTU_BLACKHOLE = "mtu_blackhole"
    # the router
    SNMP_TIMEOUT = "snmp_timeout"
    SNMP_AUTH = "snmp_auth"
    SNMP_MISSING = "snmp_missing"
    SNMP_MALFORMED = "snmp_malformed"
    INTERFACE_MISSING = "interface_missing"
    INTERFACE_DOWN = "interface_down"
    # time
    CLOCK_WRONG = "clock_wrong"
    NTP_TIMEOUT = "ntp_timeout"
    NTP_UNSYNCHRONISED = "ntp_unsynchronised"
    NTP_IMPLAUSIBLE = "ntp_implausible"
    # the disk
    DISK_FAILING = "disk_failing"
    DISK_READ_ONLY = "disk_read_only"
    DISK_FULL = "disk_full"
    # power
    ON_BATTERY = "on_battery"
    BATTERY_LOW = "battery_low"
    BATTERY_REPLACE = "battery_replace"
    UPS_OVERLOAD = "ups_overload"
    UPS_UNREACHABLE = "ups_unreachable"
    # the signing token: reader, token, middleware, PIN, certificate, issuer
    PCSC_STOPPED = "pcsc_stopped"
    READER_ABSENT = "reader_absent"
    READER_REDIRECTED = "reader_redirected"
    TOKEN_ABSENT = "token_absent"  # noqa: S105
    TOKEN_MUTE = "token_mute"  # noqa: S105
    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105
    TOKEN_REMOVED = "token_removed"  # noqa: S105
    MODULE_MISSING = "module_missing"
    MODULE_REFUSED = "module_refused"
    MODULE_CRASHED = "module_crashed"
    MODULE_HUNG = "module_hung"
    MODULE_GARBAGE = "module_garbage"
    TOKEN_UNREADABLE = "token_unreadable"  # noqa: S105
    TOKEN_UNINITIALISED = "token_uninitialised"  # noqa: S105
    PIN_LOCKED = "pin_locked"
    PIN_FINAL_TRY = "pin_final_try"
    PIN_COUNT_LOW = "pin_count_low"
    CERT_ABSENT = "cert_absent"
    CERT_MALFORMED = "cert_malformed"
    CERT_EXPIRED = "cert_expired"
    CERT_NOT_YET_VALID = "cert_not_yet_valid"
    CERT_USAGE = "cert_usage"
    CERT_FORMER_UNIT = "cert_former_unit"
    CERT_REVOKED = "cert_revoked"
    CERT_SIGNATURE = "cert_signature"
    ISSUER_MISSING = "issuer_missing"
    ISSUER_UNTRUSTED = "issuer_untrusted"
    ISSUER_EXPIRED = "issuer_expired"
    # the services that a signature needs
    SERVICE_STOPPED = "service_stopped"
    SERVICE_TIMEOUT = "service_timeout"
    SERVICE_MALFORMED = "service_malformed"
    TSA_UNREACHABLE = "tsa_unreachable"
    TSA_REFUSED = "tsa_refused"
    TSA_MALFORMED = "tsa_malformed"
    TSA_MISMATCH = "tsa_mismatch"
    TSA_UNTRUSTED = "tsa_untrusted"
    CRL_UNREACHABLE = "crl_unreachable"
    CRL_MALFORMED = "crl_malformed"
    CRL_STALE = "crl_stale"
    OCSP_UNREACHABLE = "ocsp_unreachable"
    OCSP_MALFORMED = "ocsp_malformed"
    OCSP_STALE = "ocsp_stale"
    # speed and calls
    REFLECTOR_SILENT = "reflector_silent"
    REFLECTOR_REFUSED = "reflector_refused"
    # could not be measured
    LEASE_REFUSED = "lease_refused"
    TEST_CUT = "test_cut"
    CLOCK_STEPPED = "clock_stepped"
    PERMISSION = "permission"
    UNSUPPORTED = "unsupported"
    BAD_PARAMS = "bad_params"
    DEADLINE = "deadline"
    CHILD_CRASHED = "child_crashed"
    CHILD_HUNG = "child_hung"
    CHILD_GARBAGE = "child_garbage"
    CHILD_MEMORY = "child_memory"
    INTERNAL = "internal"


class Metric(Struct, frozen=True, kw_only=True):
    """A number a check can produce. ``sansang_<name>_<unit>`` is its series; a unit of ``""`` adds nothing.

    ``title`` is what people call it, ``words`` what they call the values of its labels, or, without labels, the
    numbers that stand for something (``"1"``). The values of ``open`` labels are not known beforehand and have none.
    ``distribution`` asks the collector to keep its quantiles per unit
    and hour. A ``counter`` only grows until what it counts starts anew; its series ends in ``_total``.
    """

    name: str
    title: Bilingual
    unit: str
    help: str
    labels: tuple[str, ...] = ()
    distribution: bool = False
    counter: bool = False
    open: tuple[str, ...] = ()
    words: Mapping[str, Bilingual] = {}

    @property
    def series(self) -> str:
        named = f"sansang_{self.name}_{self.unit}" if self.unit else f"sansang_{self.name}"
        return f"{named}_total" if self.counter else named


class Fact(Struct, frozen=True, kw_only=True):
    """A named scalar a check can state about its subject; ``None`` means unknown, never "no".

    ``title`` is what people call it; where only some values can come, ``words`` are what people call those. The
    unit ``timestamp`` is whole seconds since 1970, UTC.
    """

    name: str
    title: Bilingual
    help: str
    unit: str = ""
    words: Mapping[str, Bilingual] = {}


class Sample(Struct, frozen=True, array_like=True, gc=False):
    """One number: the metric's name, the value, the labels that tell it from its siblings."""

    name: Name
    value: float
    labels: Labels = field(default_factory=dict)


class Reading(Struct, frozen=True, kw_only=True):
    """What a check saw. Build it with :func:`ok`, :func:`failed`, :func:`not_applicable` or :func:`error`."""

    outcome: Outcome
    reason: Reason | None = None
    detail: str = ""
    samples: tuple[Sample, ...] = ()
    facts: Facts = field(default_factory=dict)


def ok(samples: tuple[Sample, ...] = (), facts: Facts | None = None) -> Reading:
    """The subject was measured and works."""
    return Reading(outcome=Outcome.OK, samples=samples, facts=facts or {})


def failed(reason: Reason, samples: tuple[Sample, ...] = (), facts: Facts | None = None, detail: str = "") -> Reading:
    """The subject was measured and does not work. A phase that did not run has no sample."""
    return Reading(outcome=Outcome.FAILED, reason=reason, detail=detail, samples=samples, facts=facts or {})


def not_applicable(why: str) -> Reading:
    """The subject does not exist on this device."""
    return Reading(outcome=Outcome.NOT_APPLICABLE, detail=why)


def error(reason: Reason, detail: str, facts: Facts | None = None) -> Reading:
    """The subject could not be measured. Nothing is said about it."""
    return Reading(outcome=Outcome.ERROR, reason=reason, detail=detail, facts=facts or {})


class Result(Struct, kw_only=True, omit_defaults=True, gc=False):
    """A reading, whose it is and when it was taken: what is spooled, sent and stored."""

    seq: Annotated[int, Meta(ge=0, le=INT63)] = 0
    check: Name
    target: Target = ""
    outcome: Outcome
    reason: Annotated[str, Meta(max_length=64)] = ""
    detail: Annotated[str, Meta(max_length=512)] = ""
    at: Micros
    mono: Micros
    boot: Annotated[str, Meta(max_length=64)]
    took: Annotated[int, Meta(ge=0, le=INT63)] = 0
    samples: Annotated[tuple[Sample, ...], Meta(max_length=512)] = ()
    facts: Facts = field(default_factory=dict)


class Job(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A check to run: with which parameters, on which target, how often (seconds)."""

    check: Name
    target: Target = ""
    every: Annotated[float, Meta(ge=1, le=86400)] = 300.0
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return (self.check, self.target)


class Clock(Protocol):
    """Wall time and boot time in microseconds, and the id of this boot."""

    def wall(self) -> int: ...
    def mono(self) -> int: ...
    def boot(self) -> str: ...


class Child(Protocol):
    """Runs a function, or a program, in a process of its own; see :mod:`checks.kit.child`. A check that runs in a child
    itself calls functions there, in a thread, unless they are to be ``alone``: what may crash must be. ``hear`` gets
    what the function says before it answers (:func:`checks.kit.child.say`), and returns what to reply."""

    def call(
        self,
        function: str,
        argument: Any,
        *,
        answer: type[Any],
        timeout: float,
        memory: int = ...,
        alone: bool = ...,
        hear: Callable[[Any], Any] | None = ...,
    ) -> Any: ...


class Boot(Struct, frozen=True):
    """One boot of this device as the agent saw it: the wall clock (µs) when the agent was first and last alive in it,
    the seconds from the boot to the first of these, and whether the agent was stopped in order at the end."""

    id: str
    first: int
    last: int
    after: float
    stopped: bool = False


class Meter:
    """What runs have used: connections opened (or queries sent), bytes sent and received. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.sockets = self.sent = self.received = 0

    def add(self, *, sockets: int = 0, sent: int = 0, received: int = 0) -> None:
        """Counts what was used; bytes as handed to or got from the system, without the headers below."""
        with self._lock:
            self.sockets += sockets
            self.sent += sent
            self.received += received


class Env(Struct, frozen=True, kw_only=True):
    """What a check may touch. ``deadline`` is on ``time.monotonic``; :meth:`left` is the seconds until then.

    ``memory`` belongs to the job: what one run leaves in it, the next run of the same job finds, until the agent ends.
    It holds what JSON holds. ``lasting`` is like it, and outlives the agent and the PC's restarts (at most 16 kB a
    job). ``meter`` counts what the run uses of the network; ``net`` counts its own part.

    ``boots`` are the device's last boots, oldest first, the present one last; empty where no agent keeps account of
    them. ``secret`` keys fingerprints of what must not leave the PC: 32 bytes that stay the same on this device and
    that nobody else knows. ``leases`` is who grants the right to load the line (:class:`checks.kit.leasing.Leases`),
    None where no collector is known; ``progress`` takes what a run wants to show while it lasts: a share of the whole
    and a few numbers by metric name.
    """

    clock: Clock
    net: Any
    host: Any
    child: Child
    deadline: float
    now: Callable[[], float]
    memory: dict[str, Any] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)
    lasting: dict[str, Any] = field(default_factory=dict)
    boots: tuple[Boot, ...] = ()
    secret: bytes = b""
    leases: Any = None
    progress: Callable[[float, Mapping[str, float]], None] = lambda *_: None

    def left(self, at_most: float | None = None) -> float:
        seconds = max(0.0, self.deadline - self.now())
        return seconds if at_most is None else min(seconds, at_most)


class Check(Struct, frozen=True, kw_only=True):
    """A check as a value. ``run(params, env)`` blocks, in a thread the runner owns, and returns a Reading.

    ``every`` and ``timeout`` are defaults in seconds; ``params`` is a frozen Struct whose defaults are the
    documented ones. ``headline`` are the metrics for which people run it on the spot.
    """

    name: str
    title: Bilingual
    params: type[Struct]
    metrics: tuple[Metric, ...]
    run: Callable[[Any, Env], Reading]
    facts: tuple[Fact, ...] = ()
    every: float = 300.0
    timeout: float = 30.0
    headline: tuple[str, ...] = ()


def sample(metric: Metric, value: float, **labels: str) -> Sample:
    """A sample of `metric`. Raises ValueError when the labels are not the declared ones."""
    if tuple(sorted(labels)) != tuple(sorted(metric.labels)):
        raise ValueError(f"{metric.name} takes the labels {metric.labels}, not {tuple(labels)}")
    return Sample(metric.name, float(value), labels)


def decode_params(check: Check, params: Mapping[str, Any]) -> Any:
    """`params` as the check's own type. Raises msgspec.ValidationError naming the field."""
    return msgspec.convert(params, check.params, strict=True)
