"""What is made up: offices, the devices in them, and the faults that befall them."""

from __future__ import annotations

import enum
import random

from msgspec import Struct, field

MARK = "simulated"
"""What every simulated device calls its agent's version, and the note of its token: nobody takes it for a real one."""
SECOND = 1_000_000


class Kind(enum.StrEnum):
    """The faults. Closed: :data:`collector.simulate.words.FAULTS` has words for each."""

    PROVIDER_OUTAGE = "provider_outage"
    SYSTEM_DOWN = "system_down"
    CERTIFICATE_EXPIRED = "certificate_expired"
    LINE_CUT = "line_cut"
    SLOW_LINE = "slow_line"
    POWER_CUT = "power_cut"
    CAPTIVE_PORTAL = "captive_portal"
    CLOCK_WRONG = "clock_wrong"
    DISK_FULL = "disk_full"
    DISK_FAILING = "disk_failing"
    TOKEN_ABSENT = "token_absent"  # noqa: S105
    PIN_LAST_TRY = "pin_last_try"
    PIN_LOCKED = "pin_locked"
    SIGNING_EXPIRED = "signing_expired"
    AGENT_SILENT = "agent_silent"


OF_SYSTEMS = frozenset({Kind.SYSTEM_DOWN, Kind.CERTIFICATE_EXPIRED})
"""Those that a system has, for all who ask it."""
TOKENS = frozenset({Kind.TOKEN_ABSENT, Kind.PIN_LAST_TRY, Kind.PIN_LOCKED, Kind.SIGNING_EXPIRED})
"""Those that only a PC with a signing token can have."""
OF_DEVICES = TOKENS | {Kind.CLOCK_WRONG, Kind.DISK_FULL, Kind.DISK_FAILING, Kind.AGENT_SILENT}
"""Those that a share of a unit's devices have, and not the whole office."""


class Fault(Struct, frozen=True, kw_only=True):
    """A fault as it was asked for. ``start`` and ``length`` are in µs, ``start`` after the present begins (negative: in
    the history); ``length`` None: until the end. ``units`` are codes; with none, ``many`` are chosen by the seed (0: as
    many as is usual for the kind). ``share`` is the part of a unit's devices that have it, None: one. ``silent``:
    reports take the way that is broken, so that nothing is heard until it is mended."""

    kind: Kind
    start: int = 0
    length: int | None = None
    units: tuple[str, ...] = ()
    many: int = 0
    provider: str = ""
    target: str = ""
    network: str = "internet"
    share: float | None = None
    silent: bool = False


class Trouble(Struct, frozen=True, kw_only=True):
    """A fault in place: from ``begin`` until ``end`` (µs since the epoch; None: until the end), at these ``units`` and
    ``devices`` (station ids by unit). ``subject`` is what is broken: a provider, a system, a unit, or devices."""

    fault: Fault
    begin: int
    end: int | None
    units: frozenset[str]
    subject: str
    devices: dict[str, frozenset[str]] = {}

    @property
    def kind(self) -> Kind:
        return self.fault.kind

    def is_on(self, at: int) -> bool:
        return self.begin <= at and (self.end is None or at < self.end)

    def befalls(self, desk: Desk) -> bool:
        """Whether `desk` has it, while it is on."""
        if desk.unit not in self.units:
            return False
        return self.kind not in OF_DEVICES or desk.station in self.devices.get(desk.unit, frozenset())


class Office(Struct, frozen=True, kw_only=True):
    """A unit: who carries its line (Mbit/s each way), how long the way out takes (s), how busy it is (0 to 1)."""

    code: str
    provider: str
    down: float
    up: float
    rtt: float
    busy: float
    staff: int
    signers: int


class Desk(Struct, kw_only=True):
    """A device and what it is like. ``born`` is the day it was bought, ``booted`` when it was last started, both in
    seconds since the epoch; ``filled`` the used part of its disk; ``signs_until`` when its certificate ends, None for
    a PC without a token."""

    unit: str
    station: str
    role: str
    number: int
    place: str
    chance: random.Random
    born: int
    booted: int
    memory: int
    disk: int
    ssd: bool
    filled: float
    drift: float
    windows: str
    laptop: bool
    ups: bool
    signs_until: int | None = None
    counted: dict[str, int] = field(default_factory=dict)
