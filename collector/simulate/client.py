"""Speaks to the collector as agents do: enrolment, configuration, batches. It contacts nothing else."""

from __future__ import annotations

import base64
from types import TracebackType
from typing import TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from checks.kit import wire
from checks.kit.wire import Ack
from collector.api import GET_CONTEXT
from collector.enrolment import CONTEXT, Enrolled
from collector.log import one_line
from collector.served import DeviceConfig
from collector.simulate.outbox import Key, Outbox

TIMEOUT = 30.0
AGENT = "sansang-simulate"
T = TypeVar("T")


class Refused(Exception):
    """An answer that is not what was asked for: its stable code, its words, and how long (s) to wait if it says so."""

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code, self.retry_after = code, retry_after


class _Ready(Struct):
    status: str


class _Refusal(Struct):
    error: str = ""
    message: str = ""
    retry_after: float | None = None


class Client:
    """Keeps up to `connections` open to the collector at `url`. Use as an async context manager."""

    def __init__(self, url: str, connections: int) -> None:
        self._url = url.rstrip("/")
        self._connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=60)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            headers={"User-Agent": AGENT},
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def knock(self) -> None:
        """Whether a collector takes results there. Raises Refused."""
        _read(await self._ask("GET", "/readyz", None, {}), _Ready)

    async def enrol(self, token: str, key: Key, role: str, station: str) -> str:
        """The device's id. Raises Refused."""
        proof = key.sign(CONTEXT + token.encode() + key.public)
        told = {
            "token": token, "public_key": base64.b64encode(key.public).decode(),
            "proof": base64.b64encode(proof).decode(), "role": role, "station": station,
        }  # fmt: skip
        body = await self._ask("POST", "/v1/enrol", msgspec.json.encode(told), {"Content-Type": "application/json"})
        return _read(body, Enrolled).device

    async def config(self, outbox: Outbox) -> DeviceConfig:
        """What the device is to do. Raises Refused."""
        path = "/v1/config"
        signature = base64.b64encode(outbox.sign(GET_CONTEXT + path.encode())).decode()
        headers = {"Sansang-Agent": outbox.device, "Sansang-Signature": signature}
        return _read(await self._ask("GET", path, None, headers), DeviceConfig)

    async def push(self, sealed: bytes) -> Ack:
        """The acknowledgement of a batch. Raises Refused."""
        return _read(await self._ask("POST", "/v1/results", sealed, {"Content-Type": wire.CONTENT_TYPE}), Ack)

    async def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        if self._session is None:
            raise RuntimeError("the client is not open")
        asked = self._session.request(method, self._url + path, data=body, headers=headers, allow_redirects=False)
        try:
            async with asked as reply:
                found = await reply.read()
        except TimeoutError:
            raise Refused("timeout", f"no answer within {TIMEOUT:g} s") from None
        except (aiohttp.ClientError, ValueError) as why:
            raise Refused("unreachable", one_line(why)) from None
        if reply.status != 200:
            raise _refused(reply.status, found)
        return found


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("not_a_collector", "the answer is not a collector's") from None


def _refused(status: int, body: bytes) -> Refused:
    try:
        told = msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refused(f"http_{status}", f"the answer ({status}) is not a collector's")
    return Refused(told.error or f"http_{status}", told.message, told.retry_after)
