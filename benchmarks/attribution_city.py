"""Cities that are made up, with faults whose place is known: what :mod:`benchmarks.attribution` is measured on.

A city is 168 units of 3 to 12 devices, 3 to 6 providers of Internet lines, the dedicated network by one or two, eight
systems. It plays minute by minute: every device asks every system once a minute and tells what it found; reports are
lost, single probes fail at random. A fault begins at START and stays. Who carries a unit may not be told, as before a
roster is imported: what such a provider stops are then as many lines.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.model import INTERNET, Cause, Line, Observation, Topology

DEDICATED = "tslcd"
UNITS, MINUTE = 168, 60_000_000
START, MINUTES = 3, 10
WINDOW, NEWEST = 4, 2
"""Minutes that are looked at together, as a whole and where only the newest observations are."""
EPOCH = 1_760_000_000_000_000
TIMEOUTS = ("tcp_timeout", "tcp_timeout", "tcp_unreachable", "http_timeout", "tls_timeout")
NOISES = (*TIMEOUTS, "dns_timeout", "tcp_reset", "http_status", "dns_servfail")


class Truth(Struct, frozen=True, kw_only=True):
    """A fault: where it is, how it shows. ``share`` is how much of what hangs on it fails, ``spread`` by what that is
    chosen (each probe anew, or each way for good); ``flaps`` lets it be there every other three minutes only;
    ``silent`` means that nothing is heard of its devices."""

    segment: Segment
    subject: str
    cause: Cause
    network: str = ""
    reasons: tuple[str, ...] = TIMEOUTS
    share: float = 1.0
    spread: str = "probe"
    flaps: bool = False
    silent: bool = False
    lan: str = ""
    battery: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.segment, self.network, self.subject

    def on(self, minute: int) -> bool:
        return minute >= START and (not self.flaps or (minute - START) % 6 < 3)


class City(Struct, kw_only=True):
    """A city, its faults and how bad its reports are. ``looks`` says whether devices look at their surroundings."""

    random: random.Random
    topology: Topology
    devices: list[str]
    targets: list[str]
    noise: float
    missing: float
    looks: bool
    faults: tuple[Truth, ...] = ()
    fate: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    turns: dict[tuple[str, str], float] = field(default_factory=dict)

    def minute(self, minute: int, every: int = 1) -> Iterator[Observation]:
        """What is reported of one minute. Where `every` is more than 1, each way is asked so often (minutes) only, at a
        moment of its own; the devices then do not look at their surroundings, and no report is lost."""
        if every > 1:
            yield from self._slowly(minute, every)
            return
        active = [fault for fault in self.faults if fault.on(minute)]
        for number, device in enumerate(self.devices):
            at = EPOCH + minute * MINUTE + number * 5_000
            dark = next((fault for fault in active if fault.silent and self._hangs(fault, device, "")), None)
            if dark is not None:
                yield from self._silence(dark, device, number)
            elif self.random.random() >= self.missing:
                yield from self._report(active, device, at)

    def _slowly(self, minute: int, every: int) -> Iterator[Observation]:
        active = [fault for fault in self.faults if fault.on(minute)]
        for device in self.devices:
            for target in self.targets:
                turn = self._turn(device, target) * every
                if int(turn) == minute % every:
                    at = EPOCH + int((minute + turn % 1) * MINUTE)
                    reason = self._reason(active, device, target)
                    yield Observation(device=device, at=at, target=target, ok=not reason, reason=reason)

    def _turn(self, device: str, target: str) -> float:
        """At which part (0 to 1) of each round the way is asked."""
        way = (device, target)
        if way not in self.turns:
            self.turns[way] = random.Random(f"{device} {target}").random()
        return self.turns[way]

    def _silence(self, fault: Truth, device: str, number: int) -> Iterator[Observation]:
        fell = EPOCH + (START - 1) * MINUTE + number * 5_000
        yield Observation(device=device, at=fell, ok=None)
        if fault.battery and device.endswith("-00"):
            yield Observation(
                device=device, at=fell, ok=False, reason="on_battery", check="power", reach=Segment.DEVICE
            )

    def _report(self, active: list[Truth], device: str, at: int) -> Iterator[Observation]:
        unit = self.topology.units[device]
        active = [one for one in active if one.subject == unit or one.segment not in (Segment.LAN, Segment.ACCESS)]
        local = next((fault for fault in active if fault.lan and self._hangs(fault, device, "")), None)
        if self.looks:
            bad = local is not None and self._fails(local, device, "")
            yield Observation(
                device=device, at=at, ok=not bad, reason=local.lan if bad and local else "", check="lan",
                reach=Segment.LAN,
            )  # fmt: skip
        for target in self.targets:
            reason = self._reason(active, device, target)
            yield Observation(device=device, at=at, target=target, ok=not reason, reason=reason)

    def _reason(self, active: list[Truth], device: str, target: str) -> str:
        for fault in active:
            if self._hangs(fault, device, target) and self._fails(fault, device, target):
                return self.random.choice(fault.reasons)
        return self.random.choice(NOISES) if self.random.random() < self.noise else ""

    def _hangs(self, fault: Truth, device: str, target: str) -> bool:
        unit = self.topology.units[device]
        network = self.topology.networks[target] if target else INTERNET
        if fault.network and fault.network != network:
            return False
        if fault.segment is Segment.PROVIDER:
            return self.topology.line(unit, network).provider == fault.subject
        own = {Segment.DEVICE: device, Segment.DESTINATION: target}
        return own.get(fault.segment, unit) == fault.subject

    def _fails(self, fault: Truth, device: str, target: str) -> bool:
        if fault.spread == "probe" or fault.share == 1:
            return self.random.random() < fault.share
        kept = (device, target, fault.subject)
        if kept not in self.fate:
            self.fate[kept] = self.random.random() < fault.share
        return self.fate[kept]


def city(seed: int, faults: tuple[str, ...] = (), **how: float) -> City:
    """The city of `seed`, with one fault of each of the kinds `faults` in it; ``units``, ``noise`` and ``missing`` as
    in `how`, or 168, and chosen: 0.1 to 1 % of probes, none to 30 % of reports. A kind of UNTOLD stands alone."""
    chance = random.Random(seed)
    built = _built(chance, int(how.get("units", UNITS)))
    built.noise = how.get("noise", chance.choice((0.001, 0.003, 0.01)))
    built.missing = how.get("missing", chance.choice((0.0, 0.1, 0.3)))
    if faults and faults[0] in UNTOLD:
        built.faults = _untold(built, faults[0])
        return built
    found: list[Truth] = []
    for kind in faults:
        fault = _fault(built, kind)
        while any(_hides(built.topology, one, fault) or _hides(built.topology, fault, one) for one in found):
            fault = _fault(built, kind)
        found.append(fault)
    built.faults = tuple(found)
    return built


def _hides(topology: Topology, one: Truth, other: Truth) -> bool:
    """Whether nothing that `other` stops gets past `one`: what hangs on a broken part cannot be seen to be broken."""
    if one.subject == other.subject:
        return True
    unit = topology.units.get(other.subject, other.subject)
    if one.segment in (Segment.LAN, Segment.ACCESS):
        return one.subject == unit
    if one.segment is not Segment.PROVIDER or unit not in topology.lines:
        return False
    return topology.line(unit, one.network).provider == one.subject


def _built(chance: random.Random, many: int) -> City:
    providers = [f"isp-{number}" for number in range(chance.randint(3, 6))]
    dedicated = [f"state-{number}" for number in range(chance.randint(1, 2))]
    weights = [chance.uniform(1, 4) for _ in providers]
    units: dict[str, str] = {}
    lines: dict[str, tuple[Line, ...]] = {}
    for number in range(many):
        unit = f"{26000 + number}"
        lines[unit] = (
            Line(network=INTERNET, provider=chance.choices(providers, weights)[0]),
            Line(network=DEDICATED, provider=chance.choice(dedicated)),
        )
        units |= {f"{unit}-{one:02d}": unit for one in range(chance.randint(3, 12))}
    networks = {f"system-{number}": DEDICATED if number >= 5 else INTERNET for number in range(8)}
    return City(
        random=chance, topology=Topology(units=units, lines=lines, networks=networks), devices=sorted(units),
        targets=sorted(networks), noise=0.0, missing=0.0, looks=chance.random() < 0.7,
    )  # fmt: skip


SINGLE = ("device", "lan", "access", "provider", "destination")
SPECIAL = ("power", "agent_stopped", "clock", "captive_portal", "proxy", "dns", "provider_dns", "own_link",
           "address_conflict", "intercepted", "certificate", "service")  # fmt: skip
PARTIAL = tuple(f"partial_{name}" for name in ("lan", "access", "provider", "destination"))
UNTOLD = ("untold_0", "untold_50", "untold_100", "untold_lines", "untold_destination")
"""A provider is down, and so many % of the units have told theirs; nobody has, and up to a third of the lines are cut,
or a system is down."""
FLAPPING = tuple(f"flapping_{name}" for name in SINGLE)


def _fault(city: City, kind: str) -> Truth:
    """A fault of `kind` at any place."""
    how, _, name = kind.rpartition("_") if kind.startswith(("partial_", "flapping_")) else ("", "", kind)
    chance = city.random
    segment, cause, reasons, more = KINDS[name]
    network = chance.choice((INTERNET, DEDICATED)) if name == "access" else INTERNET
    if name in ("provider", "provider_dns"):
        network = INTERNET if name == "provider_dns" else chance.choice((INTERNET, INTERNET, DEDICATED))
    subject = chance.choice(_subjects(city, segment, network))
    named = network if segment in (Segment.ACCESS, Segment.PROVIDER) else ""
    if how == "partial":
        more = {**more, "share": chance.uniform(0.3, 0.7), "spread": chance.choice(("probe", "way"))}
    return Truth(
        segment=segment, subject=subject, network=named, cause=cause, reasons=reasons, flaps=how == "flapping", **more
    )


def _untold(city: City, kind: str) -> tuple[Truth, ...]:
    """The faults of `kind`, one of UNTOLD; those who have not told their provider lose it in `city`."""
    chance, name = city.random, kind.removeprefix("untold_")
    topology, share = city.topology, int(name) / 100 if name.isdigit() else 0.0
    silent = {unit for unit in topology.lines if chance.random() >= share}
    provider = chance.choice(_subjects(city, Segment.PROVIDER, INTERNET))
    customers = [unit for unit in topology.lines if topology.line(unit, INTERNET).provider == provider]
    lines = {
        unit: tuple(Line(network=one.network) if unit in silent else one for one in found)
        for unit, found in topology.lines.items()
    }
    city.topology = replace(topology, lines=lines)
    if name == "destination":
        return (_fault(city, name),)
    if name == "lines":
        customers = chance.sample(sorted(lines), chance.randint(len(lines) // 20, len(lines) // 3))
    told = [unit for unit in customers if unit not in silent]
    cut = customers if len(told) < 2 else [unit for unit in customers if unit in silent]
    whole = Truth(segment=Segment.PROVIDER, subject=provider, network=INTERNET, cause=Cause.UNREACHABLE)
    parts = tuple(
        Truth(segment=Segment.ACCESS, subject=unit, network=INTERNET, cause=Cause.UNREACHABLE) for unit in cut
    )  # fmt: skip
    return parts if len(told) < 2 else (whole, *parts)


def _subjects(city: City, segment: Segment, network: str) -> list[str]:
    if segment is Segment.DEVICE:
        return city.devices
    if segment is Segment.DESTINATION:
        return city.targets
    lines = [line for found in city.topology.lines.values() for line in found if line.network == network]
    return sorted({line.provider for line in lines}) if segment is Segment.PROVIDER else sorted(city.topology.lines)


_DNS = ("dns_timeout", "dns_servfail")
KINDS: dict[str, tuple[Segment, Cause, tuple[str, ...], dict[str, Any]]] = {
    "device": (Segment.DEVICE, Cause.UNREACHABLE, TIMEOUTS, {}),
    "lan": (Segment.LAN, Cause.UNREACHABLE, TIMEOUTS, {"lan": "gateway_unreachable"}),
    "access": (Segment.ACCESS, Cause.UNREACHABLE, TIMEOUTS, {}),
    "provider": (Segment.PROVIDER, Cause.UNREACHABLE, TIMEOUTS, {}),
    "destination": (Segment.DESTINATION, Cause.UNREACHABLE, TIMEOUTS, {}),
    "power": (Segment.LAN, Cause.POWER, (), {"silent": True}),
    "agent_stopped": (Segment.DEVICE, Cause.AGENT_STOPPED, (), {"silent": True}),
    "clock": (Segment.DEVICE, Cause.CLOCK, ("clock_wrong", "tls_not_yet_valid"), {}),
    "captive_portal": (Segment.LAN, Cause.CAPTIVE_PORTAL, ("captive_portal",), {}),
    "proxy": (Segment.LAN, Cause.PROXY, ("proxy_unreachable", "proxy_auth"), {}),
    "dns": (Segment.LAN, Cause.DNS, _DNS, {}),
    "provider_dns": (Segment.PROVIDER, Cause.DNS, _DNS, {}),
    "own_link": (Segment.DEVICE, Cause.OWN_LINK, ("own_link_down",), {"lan": "link_down"}),
    "address_conflict": (Segment.LAN, Cause.ADDRESS_CONFLICT, TIMEOUTS, {"lan": "address_conflict", "share": 0.5}),
    "intercepted": (Segment.DEVICE, Cause.INTERCEPTED, ("tls_intercepted",), {}),
    "certificate": (Segment.DESTINATION, Cause.CERTIFICATE, ("tls_expired",), {}),
    "service": (Segment.DESTINATION, Cause.SERVICE, ("http_status", "http_body"), {}),
}
