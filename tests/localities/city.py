"""A whole collector with a shipped locality, held in time: devices made by hand push through its real intake."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import yaml

from checks.kit.model import Outcome, Result, Sample
from collector import catalog, config
from collector.app import Server, build
from collector.catalog import Catalog
from collector.readiness.model import RequirementState, UnitVerdict
from collector.roster.written import Written
from collector.store import devices, roster
from tests.collector.pushing import Sender
from tests.ports import free_port

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MACHINE = {"memory_bytes": 16_000_000_000, "disk_kind": "ssd", "disk_free_ratio": 0.5, "age_years": 2.0}
ENOUGH = 20
"""Runs that the profiles want of a system before they judge its past."""
FAST = {"download": 11_250_000.0, "upload": 5_000_000.0}
"""A line of 90 and 40 Mbit/s, in bytes per second."""
Changes = Callable[[dict[str, Any]], None]


def local(*parts: int) -> int:
    """µs since the epoch, of a time in Viet Nam."""
    return int(datetime(*parts, tzinfo=ZONE).timestamp()) * 1_000_000  # type: ignore[arg-type,misc]


MORNING = local(2026, 11, 25, 10)
"""A Wednesday, in office hours."""


class City:
    """A collector that serves a locality, at the instant ``now`` (µs) until that is moved."""

    def __init__(self, now: int, catalog: Catalog) -> None:
        self.now, self.catalog = now, catalog
        self.server: Server
        self._keys = 0

    def __call__(self) -> int:
        return self.now

    async def told(self, **rows: dict[str, dict[str, Any]]) -> None:
        """Takes a roster: ``units``, ``sites`` and ``stations`` as :class:`collector.roster.written.Written`."""
        written = Written(**rows)
        store = self.server.parts.store
        await store.write(lambda connection: roster.take(connection, written, now=self.now, source="test"))

    async def device(self, unit: str, role: str = "pc", station: str = "") -> Sender:
        """A new device of `unit`, at a station of its roster."""
        self._keys += 1
        sender, store = Sender(key=self._keys), self.server.parts.store

        def enrol() -> None:
            with store.begin() as connection:
                token = devices.create_token(connection, unit=unit, seats=1, now=self.now, days=1)
                key = sender.signer.public
                made = devices.enrol(connection, token=token, public_key=key, role=role, now=self.now)
                sender.device = made.id
                if station:
                    roster.settle(connection, made, station, now=self.now)

        await store.run(enrol)
        await self.server.parts.directory.refresh()
        return sender

    def fine(self, sender: Sender, *, without: str = "") -> list[Result]:
        """What a good device finds: every mandatory system often enough to tell, but `without` one; a good machine, and
        a fast line."""
        systems = [one.id for one in self.server.parts.live.targets if one.mandatory and one.id != without]
        samples = (Sample("connectivity_up", 1.0), Sample("connectivity_phase", 0.02, {"phase": "tcp"}))
        speeds = tuple(Sample("bandwidth_throughput", speed, {"direction": way}) for way, speed in FAST.items())
        return [
            *(sender.result(self.now, target=target, samples=samples) for target in systems for _ in range(ENOUGH)),
            sender.result(self.now, check="bandwidth", target="", samples=speeds),
            sender.result(self.now, check="device", target="", samples=(), facts=MACHINE),
        ]

    def failing(self, sender: Sender, target: str, reason: str = "tcp_timeout") -> list[Result]:
        """`target`, not reached, as often."""
        return [
            sender.result(self.now, target=target, outcome=Outcome.FAILED, reason=reason, samples=())
            for _ in range(ENOUGH)
        ]

    def signing(self, sender: Sender, reason: str = "") -> list[Result]:
        """A token of which every link holds, or fails for `reason`; and the services that signing needs."""
        outcome = Outcome.FAILED if reason else Outcome.OK
        token = sender.result(
            self.now, check="signing_token", target="", outcome=outcome, reason=reason, samples=(),
            facts={"days_left": 400, "middleware_link": "ok", "issuer_link": reason or "ok"},
        )  # fmt: skip
        services = sender.result(
            self.now, check="signing_service", target="", samples=(), facts={"service_link": "ok", "tsa_link": "ok"}
        )
        return [token, services]

    async def push(self, sender: Sender, results: list[Result]) -> None:
        """Through the intake that agents use, over HTTP."""
        sealed = sender.sealed(*results, sent_at=self.now)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.server.url}/v1/results", data=sealed) as reply,
        ):
            assert reply.status == 200, await reply.text()

    async def verdict(self, unit: str) -> UnitVerdict:
        """As of now."""
        await self.server.parts.sweep.once()
        return self.server.parts.live.verdicts[unit]

    async def page(self, path: str) -> str:
        async with aiohttp.ClientSession() as session, session.get(f"{self.server.url}{path}") as reply:
            assert reply.status == 200
            return await reply.text()


def line(verdict: UnitVerdict, id_: str) -> RequirementState:
    return next(one for one in verdict.requirements if one.id == id_)


@contextlib.asynccontextmanager
async def city(folder: Path, locality: str, changes: Changes | None = None, now: int = MORNING) -> AsyncIterator[City]:
    """The shipped `locality`, by that one setting. `changes` is what an operator fills in, in a copy beside the
    collector's file; each system is then on this machine."""
    if changes is not None:
        written = yaml.safe_load((config.SHIPPED / "localities" / f"{locality}.yaml").read_text("utf-8"))
        for target in written["targets"]:
            target["url"] = "{collector}/healthz"
        changes(written)
        copy = folder / "localities" / f"{locality}.yaml"
        copy.parent.mkdir()
        copy.write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), "utf-8")
    file = folder / "collector.yaml"
    own = {"listen": f"127.0.0.1:{free_port()}", "state_dir": str(folder / "state"), "sweep_seconds": 300}
    await asyncio.to_thread(file.write_text, json.dumps(own | {"locality": locality}))
    settings = config.load(file)
    found = catalog.load(settings)
    made = City(now, found)
    async with Server(build(settings, found, now=made)) as made.server:
        yield made


def as_shipped(_: dict[str, Any]) -> None:
    """Nothing but the addresses of the systems."""
