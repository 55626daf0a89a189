"""Reaches an Office: the running collector's by its socket, or one of our own over the same database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from collector.app import Parts
from collector.log import one_line
from collector.office import SOCKET, Office, Wrong


class NotRunning(Exception):
    """No collector answers."""


async def ask_running(parts: Parts, name: str, **arguments: Any) -> Any:
    """The running collector's answer of one call. Raises NotRunning or Wrong."""
    socket = Path(parts.config.state_dir) / SOCKET
    if not socket.exists():
        raise NotRunning
    try:
        return await _by_socket(socket, name, arguments)
    except aiohttp.ClientConnectorError:
        raise NotRunning from None  # left behind by a collector that was killed
    except aiohttp.ClientError as why:
        raise Wrong(f"the collector stopped before it answered: {one_line(why)}") from None


async def ask(parts: Parts, name: str, **arguments: Any) -> Any:
    """The answer of one call. Raises Wrong, or StoreError when the database cannot be opened."""
    try:
        return await ask_running(parts, name, **arguments)
    except NotRunning:
        pass
    parts.store.open()
    try:
        await parts.sweep.start()
        return await Office(parts).call(name, arguments)
    finally:
        await parts.ingest.drained()
        parts.store.close()


async def _by_socket(socket: Path, name: str, arguments: dict[str, Any]) -> Any:
    connector = aiohttp.UnixConnector(str(socket))
    body = msgspec.msgpack.encode(arguments)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(f"http://collector/call/{name}", data=body) as reply,
    ):
        answer = msgspec.msgpack.decode(await reply.read())
    if "wrong" in answer:
        raise Wrong(answer["wrong"])
    return answer["answer"]
