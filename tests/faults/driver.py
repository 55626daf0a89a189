"""One short life of an agent's push path, to be killed anywhere: open, collect, send, be acknowledged, trim, close.

``driver.main`` takes a file of settings (:class:`Life`) in ``sys.argv[1]``.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from agent import remote
from agent.config import SpoolConfig
from agent.http import HttpError
from agent.remote import RemoteConfig
from checks.kit import registry
from tests.faults.records import Journal, WitnessedSpool
from tests.faults.rig import make_pusher

CHECKS = registry.find()


class Life(Struct, kw_only=True):
    """What one life does: `records` from number `first` of the series that began at `base` (µs)."""

    folder: str
    url: str
    device: str
    base: int
    first: int
    records: int


def main() -> None:
    life = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Life)
    journal = Journal(Path(life.folder) / "journal")

    def offer(body: bytes) -> RemoteConfig:
        config = remote.decode(body, CHECKS, CHECKS.__getitem__)
        remote.store(life.folder, config)
        return config

    held = remote.load(life.folder, CHECKS, CHECKS.__getitem__)
    spool = WitnessedSpool(life.folder, journal, SpoolConfig(keep_acknowledged_hours=0))
    pusher = make_pusher(spool, life.url, life.device, 1, offer=offer, etag=held.etag if held else "")
    for number in range(life.first, life.first + life.records):
        spool.measure(number, life.base)
    with contextlib.suppress(HttpError):
        pusher.drain()
    spool.tidy()
    spool.close()
    journal.note("ended")
