"""The office network of a Windows PC by one query. Written from the documentation and tested on a recorded answer:
not yet proven on a PC.
"""

from __future__ import annotations

from msgspec import Struct

from checks.kit.lease import Origin, kind
from checks.kit.link import COUNTERS, Link, outermost
from checks.kit.model import Child
from checks.kit.netlink import Neighbour
from checks.kit.route import Gateway
from checks.kit.surroundings import Surroundings, connected

_FAMILIES = {2: "ipv4", 23: "ipv6"}
_WIFI, _CONNECTED = {1, 9}, 1  # NdisPhysicalMediumWirelessLan, …Native802_11; MediaConnectState
_DHCP, _MANUAL = 3, 1  # NL_PREFIX_ORIGIN
_ORDER = ("public", "shared", "private", "link_local")
# NL_NEIGHBOR_STATE as MSFT_NetNeighbor has it
_STATES = {0: "failed", 1: "incomplete", 2: "probe", 3: "delay", 4: "stale", 5: "reachable", 6: "permanent"}
_FOREVER = 4294967295

# netsh speaks the system's language; its only percentage is the signal, and the network's name stays in here
SCRIPT = """
$ErrorActionPreference = 'SilentlyContinue'
[Console]::OutputEncoding = [Text.Encoding]::UTF8
$signals = @(netsh wlan show interfaces | Select-String -Pattern ':\\s*(\\d{1,3})%' |
  ForEach-Object { [int]$_.Matches[0].Groups[1].Value })
$routes = @(Get-NetRoute -DestinationPrefix '0.0.0.0/0', '::/0' | ForEach-Object { @{
  family = [int]$_.AddressFamily; next = $_.NextHop; index = $_.ifIndex
  metric = [int]$_.RouteMetric + [int]$_.InterfaceMetric } })
$adapters = @(Get-NetAdapter -IncludeHidden:$false | ForEach-Object {
  $s = $_ | Get-NetAdapterStatistics
  @{ index = $_.ifIndex; medium = [int]$_.NdisPhysicalMedium; hardware = [bool]$_.HardwareInterface
     connected = [int]$_.MediaConnectionState; speed = $_.TransmitLinkSpeed; full = $_.FullDuplex; mtu = $_.MtuSize
     receive_errors = $s.ReceivedPacketErrors; transmit_errors = $s.OutboundPacketErrors
     receive_drops = $s.ReceivedDiscardedPackets; transmit_drops = $s.OutboundDiscardedPackets } })
$addresses = @(Get-NetIPAddress | Where-Object { $_.AddressState -eq 4 } | ForEach-Object { @{
  family = [int]$_.AddressFamily; address = $_.IPAddress; index = $_.InterfaceIndex
  origin = [int]$_.PrefixOrigin; left = [uint32][Math]::Min(4294967295, $_.ValidLifetime.TotalSeconds) } })
$next = $routes | ForEach-Object { $_.next }
$neighbours = @(Get-NetNeighbor | Where-Object { $next -contains $_.IPAddress } | ForEach-Object { @{
  address = $_.IPAddress; index = $_.ifIndex; state = [int]$_.State } })
ConvertTo-Json -Compress -Depth 3 @{
  routes = $routes; adapters = $adapters; addresses = $addresses; neighbours = $neighbours; signals = $signals }
"""


class Route(Struct, frozen=True):
    family: int
    next: str
    index: int
    metric: int


class Adapter(Struct, frozen=True):
    """``medium`` is NDIS_PHYSICAL_MEDIUM, ``speed`` bits per second."""

    index: int
    medium: int
    hardware: bool
    connected: int
    speed: int | None = None
    full: bool | None = None
    mtu: int | None = None
    receive_errors: int | None = None
    transmit_errors: int | None = None
    receive_drops: int | None = None
    transmit_drops: int | None = None


class Address(Struct, frozen=True):
    family: int
    address: str
    index: int
    origin: int
    left: int


class Entry(Struct, frozen=True):
    address: str
    index: int
    state: int


class Answer(Struct, frozen=True):
    """The query's answer. ``signals`` are the percentages of netsh, one for each radio."""

    routes: tuple[Route, ...] = ()
    adapters: tuple[Adapter, ...] = ()
    addresses: tuple[Address, ...] = ()
    neighbours: tuple[Entry, ...] = ()
    signals: tuple[int, ...] = ()


def query(seconds: float) -> object:
    """Runs the query with PowerShell; called in a child."""
    import json
    import subprocess

    done = subprocess.run(
        ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", SCRIPT],
        capture_output=True,
        timeout=seconds,
        check=True,
    )
    return json.loads(done.stdout.decode("utf-8-sig"))


def ask(child: Child, timeout: float) -> Answer:
    """The query's answer. Raises ChildError."""
    found: Answer = child.call("checks.kit.lan_windows:query", timeout, answer=Answer, timeout=timeout, memory=1 << 30)
    return found


def gather(child: Child, timeout: float) -> Surroundings:
    """The surroundings by one query within `timeout` seconds. Raises ChildError."""
    return describe(ask(child, timeout))


def routes(answer: Answer) -> tuple[Gateway, ...]:
    """The default routes, preferred first and IPv4 before IPv6; interfaces are named by their index, as zones are."""
    found = [
        Gateway(
            _FAMILIES[route.family], "" if route.next in ("0.0.0.0", "::") else route.next.partition("%")[0],  # noqa: S104 - on-link
            str(route.index), route.metric,
        )
        for route in answer.routes
        if route.family in _FAMILIES
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda route: (route.family, route.metric)))


def neighbour(answer: Answer, gateway: Gateway) -> Neighbour:
    """The entry of `gateway`; its time of confirmation is not told."""
    for entry in answer.neighbours:
        if (entry.address.partition("%")[0], str(entry.index)) == (gateway.address, gateway.interface):
            return Neighbour(gateway.address, entry.index, _STATES.get(entry.state, "none"))
    return Neighbour(gateway.address, 0, "none")


def describe(answer: Answer) -> Surroundings:
    """The surroundings of a recorded answer; pure."""
    ways, radios = routes(answer), [adapter for adapter in answer.adapters if adapter.medium in _WIFI]
    # with several radios nothing says which percentage is whose
    signal = answer.signals[0] / 100 if len(radios) == 1 and len(answer.signals) == 1 else None
    found = tuple(_link(adapter, signal) for adapter in answer.adapters)
    link = outermost(found, ways)
    index = int(link.name) if link else -1
    return Surroundings(
        routes=ways,
        link=link,
        connected=connected(found, link),
        kinds={family: _kind(answer, family, index) for family in ("ipv4", "ipv6")},
        origin=_origin([one for one in answer.addresses if one.index == index and one.family == 2]),
    )


def _link(adapter: Adapter, signal: float | None) -> Link:
    wifi = adapter.medium in _WIFI
    values = {name: getattr(adapter, name) for name in COUNTERS}
    return Link(
        name=str(adapter.index),
        kind="wifi" if wifi else "ethernet" if adapter.medium in (0, 14) else "other",
        virtual=not adapter.hardware,
        carrier=adapter.connected == _CONNECTED,
        speed=adapter.speed or None,
        duplex=None if wifi or adapter.full is None else "full" if adapter.full else "half",
        mtu=adapter.mtu,
        counters={name: value for name, value in values.items() if value is not None},
        quality=signal if wifi else None,
    )


def _kind(answer: Answer, family: str, index: int) -> str:
    kinds = {
        kind(family, one.address.partition("%")[0])
        for one in answer.addresses
        if one.index == index and _FAMILIES.get(one.family) == family
    }
    return next((name for name in _ORDER if name in kinds), "none")


def _origin(mine: list[Address]) -> Origin:
    if not mine:
        return Origin("none")
    if all(kind("ipv4", one.address) == "link_local" for one in mine):
        return Origin("link_local")
    for one in mine:
        if one.origin == _DHCP:
            return Origin("dhcp", one.left if 0 < one.left < _FOREVER else None)
    return Origin("static" if any(one.origin == _MANUAL for one in mine) else "unknown")
