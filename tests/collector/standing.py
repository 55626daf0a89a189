"""A whole collector for tests: real sockets, a real store, the demo locality, and a clock the test may hold."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp

from collector import catalog, config
from collector.app import Server, build, wall
from tests.collector.pushing import Sender, Signer, enrolled
from tests.ports import free_port

YAML = """\
listen: "127.0.0.1:{port}"
state_dir: {state}
database: "{database}"
locality: demo
units: {configs}/units.csv
sweep_seconds: 0.1
ingest: {{commit_batches: 64{ingest}}}
"""


@contextlib.asynccontextmanager
async def standing(
    folder: Path, database: str = "", *, ingest: str = "", now: Callable[[], int] = wall, more: str = "", port: int = 0
) -> AsyncIterator[Server]:
    """A collector that serves; stopped at the end, its data in `folder`."""
    file = folder / "collector.yaml"
    text = YAML.format(
        port=port or free_port(), state=folder / "state", database=database, configs=config.SHIPPED, ingest=ingest
    )
    file.write_text(text + more)
    settings = config.load(file)
    async with Server(build(settings, catalog.load(settings), now=now)) as server:
        yield server


class Client:
    """Speaks the agents' protocol over HTTP."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self.server, self.session = server, session

    async def enrolled(self, sender: Sender, *, review: bool = False) -> Sender:
        store = self.server.parts.store
        await store.run(lambda: enrolled(store, sender, review=review))
        await self.server.parts.directory.refresh()
        return sender

    async def push(self, sealed: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one ``POST /v1/results``."""
        async with self.session.post(f"{self.server.url}/v1/results", data=sealed, headers=headers) as reply:
            return reply.status, json.loads(await reply.read())

    async def enrol(self, signer: Signer, token: str, **changes: Any) -> tuple[int, dict[str, Any]]:
        proof = signer.sign(b"sansang.enrol.v1\0" + token.encode() + signer.public)
        body = {
            "token": token, "public_key": base64.b64encode(signer.public).decode(),
            "proof": base64.b64encode(proof).decode(), "role": "pc",
        } | changes  # fmt: skip
        async with self.session.post(f"{self.server.url}/v1/enrol", json=body) as reply:
            return reply.status, json.loads(await reply.read())

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(f"{self.server.url}{path}", headers=headers) as reply:
            return reply.status, await reply.text()

    async def metric(self, line: str, path: str = "/metrics") -> float | None:
        """The value of the sample that begins with `line`, or None."""
        _, text = await self.get(path)
        found = [row for row in text.splitlines() if row.startswith(line)]
        return float(found[0].rsplit(" ", 1)[1]) if found else None

    async def until(self, done: Callable[[], bool], seconds: float = 10.0) -> None:
        """Waits for what the sweep will do."""
        async with asyncio.timeout(seconds):
            while not done():
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def served(folder: Path, database: str = "", **options: Any) -> AsyncIterator[Client]:
    async with standing(folder, database, **options) as server, aiohttp.ClientSession() as session:
        yield Client(server, session)
