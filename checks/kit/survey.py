"""What is asked of a router, and what it tells: all that passes between the agent and the child that speaks SNMP.

Apart from :mod:`checks.kit.snmp` and :mod:`checks.kit.router`, which only the child imports: the resident agent has
no memory to spare for them.
"""

from __future__ import annotations

from msgspec import Struct, field

FUNCTION = "checks.kit.snmp:ask"
"""For ``env.child``: a :class:`Question` gives an :class:`Answer`."""
Value = int | str
BATTERY = {2: "normal", 3: "low", 4: "depleted"}  # 1 is unknown (upsBatteryStatus)
SOURCE = {2: "none", 3: "mains", 4: "bypass", 5: "battery", 6: "booster", 7: "reducer"}  # 1 is other
_DOWN = {2: "down", 5: "dormant", 6: "not present", 7: "lower layer down"}  # ifOperStatus


class Survey(Struct, frozen=True, kw_only=True):
    """What seldom changes: the line's interface (0: none was found) and what the router is and can.

    ``ipv6``, ``ipv6_forwarding``, ``vlan`` and ``ups`` are ``yes``, ``no`` or ``unknown``.
    """

    index: int = 0
    interface: str = ""
    chosen_by: str = ""
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    ipv6: str = "unknown"
    ipv6_forwarding: str = "unknown"
    vlan: str = "unknown"
    ups: str = "unknown"


class Snapshot(Struct, frozen=True, kw_only=True):
    """One reading of the counters, as ``COUNTERS``, ``MORE`` and ``UPS`` of checks.kit.router name them; ``mono``
    in µs. What the router does not have is absent."""

    mono: int
    values: dict[str, Value] = field(default_factory=dict)

    def number(self, *names: str) -> int | None:
        """The first of `names` that the router has, as a whole number."""
        found = (self.values.get(name) for name in names)
        return next((value for value in found if isinstance(value, int)), None)

    def text(self, name: str) -> str:
        found = self.values.get(name, "")
        return found if isinstance(found, str) else ""

    @property
    def down(self) -> str:
        """Why nothing passes the interface; empty while it works, or does not tell."""
        return _DOWN.get(self.number("status") or 0, "")

    @property
    def speed(self) -> float | None:
        """The interface's, bytes a second. ifSpeed stands at its maximum when it is more than that can hold."""
        mbps, bps = self.number("mbps"), self.number("bps")
        if mbps:
            return mbps * 1e6 / 8
        return bps / 8 if bps and bps < 2**32 - 1 else None


class Access(Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What to ask with. An empty key leaves its service out: noAuthNoPriv, authNoPriv or authPriv."""

    version: str = "2c"
    community: str = ""
    user: str = ""
    auth_protocol: str = "SHA"
    auth_key: str = ""
    privacy_protocol: str = "AES"
    privacy_key: str = ""

    def __repr__(self) -> str:
        return f"Access(version={self.version!r})"

    @property
    def level(self) -> str:
        """What protects the questions and answers: ``none``, ``signed`` or ``encrypted``."""
        if self.version != "3" or not self.auth_key:
            return "none"
        return "encrypted" if self.privacy_key else "signed"


class Question(Struct, frozen=True, kw_only=True):
    """Whom to ask for what. `hosts` are numeric addresses, tried in turn until one answers.

    With a `survey` of an earlier run only counters are read, unless its interface is another one by now. With
    `settle` they are read again so many seconds later. `timeout` is each message's, `left` the whole of it.
    """

    hosts: tuple[str, ...]
    port: int
    access: Access
    interface: str = ""
    survey: Survey | None = None
    settle: float = 0.0
    timeout: float = 3.0
    retries: int = 1
    left: float = 30.0


class Answer(Struct, kw_only=True):
    """What was seen. ``problem`` is a Reason, empty when all went well; ``host`` the place of who answered in `hosts`.

    ``sent`` and ``received`` are bytes of UDP payload.
    """

    problem: str = ""
    detail: str = ""
    host: int = 0
    survey: Survey | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    sent: int = 0
    received: int = 0
