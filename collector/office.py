"""What an administrator may do, by name: the command line calls it here, or through the running collector's socket.

The collector is the only writer of its database, so while it runs the command line asks it; the socket is a file
that only the collector's own user can open.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from collector.app import Parts
from collector.census import Census
from collector.former import Gone
from collector.ingest import Refusal
from collector.judgement import Judgement
from collector.log import one_line
from collector.moving import Moving
from collector.roster.desk import Desk
from collector.store import devices, roster
from collector.waiving import Waiving

SOCKET = "admin.sock"
MAX_REQUEST = 64 * 1024 * 1024
"""A roster of 3,321 units of 10 stations is 6 MB."""
log = logging.getLogger("sansang.office")


class Wrong(Exception):
    """A request that cannot be met; the text is one line for people."""


class Office:
    """The calls. Arguments and answers are plain JSON."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "tokens.create": self.create_token,
            "tokens.list": self.list_tokens,
            "tokens.revoke": self.revoke_token,
            "devices.list": self.list_devices,
            "devices.approve": lambda device: self._set_status(device, devices.ACTIVE),
            "devices.revoke": lambda device: self._set_status(device, devices.REVOKED),
            "import": self.take,
            "roster.match": self.match,
            "roster.unmatch": self.unmatch,
            "roster.unmatched": self.unmatched,
            **Census(parts).calls,
            **Desk(parts.store, parts.now).calls,
            **parts.measuring.speeds.calls,
            **Judgement(parts.store, parts.live, parts.facts, parts.rules, parts.now).calls,
            **Moving(parts.store, parts.live.units, parts.now, parts.sweep.once).calls,
            **Waiving(
                parts.store,
                parts.live.units,
                lambda: parts.rules.profile,
                parts.catalog.zone,
                parts.now,
                parts.sweep.once,
            ).calls,
        }

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Raises Wrong. Every ``unit`` may be told by a code of before the merger."""
        if arguments.get("unit") is not None:
            arguments = arguments | {"unit": self._today(arguments["unit"])}
        try:
            return msgspec.to_builtins(await self.calls[name](**arguments))
        except devices.Refused as why:
            raise Wrong(str(why)) from None
        except SQLAlchemyError as why:
            raise Wrong(f"the database failed: {one_line(why)}") from None

    async def create_token(self, unit: str, seats: int, days: float, review: bool = False, note: str = "") -> str:
        """The secret text of a new token; shown once, stored as a hash."""
        return await self._parts.store.write(
            lambda connection: devices.create_token(
                connection, unit=unit, seats=seats, now=self._parts.now(), days=days, review=review, note=note
            )
        )

    async def list_tokens(self) -> list[devices.Token]:
        return await self._parts.store.read(devices.list_tokens)

    async def revoke_token(self, token: str) -> None:
        done = await self._parts.store.write(
            lambda connection: devices.revoke_token(connection, token, self._parts.now())
        )
        if not done:
            raise Wrong(f"no token with the id {token!r} is in force")

    async def list_devices(self, unit: str | None = None) -> list[dict[str, Any]]:
        """Every device, or one unit's, with what was last heard of it."""
        live = self._parts.live
        codes = [unit] if unit else sorted(self._parts.directory.units)
        return [
            {
                "id": device.id, "unit": device.unit, "role": device.role, "status": device.status,
                "enrolled_at": device.enrolled_at, "last_seen": device.last_seen,
                "clock_offset": device.clock_offset, "version": device.version, "name": device.name,
            }
            for code in codes
            for device in live.devices_of(code)
        ]  # fmt: skip

    async def _set_status(self, device: str, status: str) -> None:
        done = await self._parts.store.write(
            lambda connection: devices.set_status(connection, device, status, self._parts.now())
        )
        if not done:
            raise Wrong(f"no device has the id {device!r}")
        await self._parts.sweep.once()

    async def match(self, device: str, station: str) -> str:
        """Puts a device at a station of its unit, away from where it stood; the unit's code."""
        member = self._parts.directory.get(device)
        if member is None or member.device.status == devices.REVOKED:
            raise Wrong(f"no device in force has the id {device!r}")
        now = self._parts.now()
        try:
            await self._parts.store.write(lambda connection: roster.settle(connection, member.device, station, now=now))
        except devices.Refused as why:
            raise Wrong(str(why)) from None
        await self._parts.sweep.once()
        return member.device.unit

    async def unmatch(self, device: str) -> None:
        """Frees the station where the device stands."""
        found = self._parts.live.stations.of_device(device)
        if found is None:
            raise Wrong(f"the device {device!r} stands at no station")
        now = self._parts.now()
        await self._parts.store.write(lambda connection: roster.assign(connection, found.key, None, now=now))
        await self._parts.sweep.once()

    async def unmatched(self, unit: str | None = None) -> dict[str, Any]:
        """Active devices that stand nowhere, and stations where nobody does, of units that the roster names."""
        live = self._parts.live
        codes = sorted(live.stations.units & live.units.keys()) if unit is None else [unit]
        stations = [station for code in codes for station in live.stations_of(code)]
        known = [device for code in codes for device in live.devices_of(code)]
        return {
            "devices": [
                {"id": device.id, "unit": device.unit, "role": device.role, "last_seen": device.last_seen}
                for device in known
                if device.status == devices.ACTIVE and not device.station
            ],
            "stations": [
                {"unit": station.unit, "id": station.id, "role": station.role, "title": station.title}
                for station in stations
                if station.agent and station.device is None
            ],
        }

    async def take(self, batches: list[bytes]) -> list[dict[str, Any]]:
        """The signed batches of a technician's file; as their device would have pushed them, one by one, except
        that the time they took says nothing of its clock."""
        return [await self._taken(sealed) for sealed in batches]

    async def _taken(self, sealed: bytes) -> dict[str, Any]:
        try:
            ack = await self._parts.ingest.take(sealed, carried=True)
        except Refusal as refusal:
            return {"error": refusal.code, "message": str(refusal)}
        return {"device": ack.agent, "durable": ack.durable}

    def _today(self, code: str) -> str:
        """Today's code of the unit that `code`, maybe of before the merger, means."""
        try:
            return self._parts.catalog.locality.former.today(code, self._parts.live.units)
        except Gone as why:
            raise Wrong(str(why)) from None


class Socket:
    """Serves an Office on a file in `folder`, for as long as the context lasts."""

    def __init__(self, office: Office, folder: Path) -> None:
        self._office, self._path = office, folder / SOCKET
        app = web.Application(client_max_size=MAX_REQUEST)
        app.add_routes([web.post("/call/{name}", self._serve)])
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)

    async def __aenter__(self) -> Socket:
        await self._runner.setup()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # only the embedded database makes it
        except OSError as why:
            reason = (why.strerror or str(why)).lower()
            raise Wrong(f"{self._path.parent}: cannot be created: {reason}") from None
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            await web.UnixSite(self._runner, str(self._path)).start()
        finally:
            os.umask(mask)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        self._path.unlink(missing_ok=True)

    async def _serve(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._office.calls:
            return _answer({"wrong": f"this collector does not know {name!r}: is it an older release?"})
        try:
            arguments = msgspec.msgpack.decode(await request.read())
            return _answer({"answer": await self._office.call(name, arguments)})
        except Wrong as why:
            return _answer({"wrong": str(why)})
        except Exception as why:
            log.error("call failed", extra={"call": name, "why": one_line(why)}, exc_info=True)
            return _answer({"wrong": f"the collector failed at {name}, its log says why: {one_line(why)}"})


def _answer(value: dict[str, Any]) -> web.Response:
    return web.Response(body=msgspec.msgpack.encode(value))
