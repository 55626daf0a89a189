"""The server of this collector, as leases name it: where it is, and how much all tests together may use of it."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from checks.kit.leasing import Server
from collector.config import CollectorConfig
from collector.leases.model import MEGABIT
from collector.leases.policy import Room


class Place(Struct):
    """``enabled``: whether speed is measured here at all. ``server`` is known in full once the collector listens."""

    server: Server
    room: Room
    enabled: bool = True


def place(config: CollectorConfig) -> Place:
    """Of `config`. Replicas behind one address are one server, with one line."""
    speed = config.speed
    host = urlsplit(config.url).hostname or ""
    port = int(speed.reflector.rpartition(":")[2]) if speed.reflector else 0
    name = (speed.name or host)[:64]
    server = Server(name=name, url=config.url, host=host if port else "", port=port)
    return Place(server, Room(name, max(1, int(speed.capacity_mbps * speed.share * MEGABIT))), speed.enabled)
