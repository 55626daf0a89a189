"""The tree of a locality, from its roster and its systems. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping

from collector.attribution.model import INTERNET, Line, Topology
from collector.readiness.model import DeviceFacts, Target
from collector.roster.model import UnitRoster
from collector.units import fold

WRITTEN = ("VNPT", "Viettel", "FPT", "MobiFone", "VinaPhone", "CMC", "SPT", "SCTV", "VTVcab", "NetNam", "HTC-ITC")
"""How providers write themselves [G]; any other is written in capitals."""
_KNOWN = {fold(name): name for name in WRITTEN}


def provider(told: str) -> str:
    """One spelling for each provider, however a roster writes it: ``vnpt``, ``VNPT `` and ``Vnpt`` are VNPT. Empty:
    not known."""
    return _KNOWN.get(fold(told)) or " ".join(unicodedata.normalize("NFC", told).split()).upper()


def topology(
    devices: Iterable[DeviceFacts],
    told: Callable[[str], UnitRoster | None],
    targets: Iterable[Target],
    providers: Mapping[str, str] | None = None,
) -> Topology:
    """Of `devices`, whose units the roster has `told` the provider of; it is the one of their way to the Internet.

    `providers` are those that a locality has for a whole network: of the dedicated one, which no unit buys by itself,
    and of the Internet where the roster says nothing.
    """
    targets, units = list(targets), {device.id: device.unit for device in devices}
    networks = {target.id: target.network for target in targets if target.network != INTERNET}
    lines = {unit: ways(told(unit), targets, providers) for unit in sorted(set(units.values()))}
    return Topology(units=units, lines=lines, networks=networks)


def ways(
    told: UnitRoster | None, targets: Iterable[Target], providers: Mapping[str, str] | None = None
) -> tuple[Line, ...]:
    """How a unit of which the roster has `told` comes to each network that there is: to the Internet first."""
    shared = {network: provider(name) for network, name in (providers or {}).items()}
    wanted = sorted({*(target.network for target in targets), *shared} - {INTERNET})
    own = provider(told.provider) if told else ""
    internet = Line(network=INTERNET, provider=own or shared.get(INTERNET, ""))
    return (internet, *(Line(network=name, provider=shared.get(name, "")) for name in wanted))
