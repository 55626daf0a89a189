"""A device asks to belong: it shows a token, and that it holds the key it names."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection

from collector.directory import Directory, Key
from collector.ingest import Refusal
from collector.store import devices, roster
from collector.store.engine import Store
from collector.telemetry import Telemetry

CONTEXT = b"sansang.enrol.v1\0"
_STATUS = {"bad_token": 401}


class Request(Struct):
    """What an agent sends to ``POST /v1/enrol``."""

    token: Annotated[str, Meta(min_length=1, max_length=128)]
    public_key: Annotated[str, Meta(max_length=64)]
    proof: Annotated[str, Meta(max_length=128)]
    role: Literal["pc", "kiosk", "router"] = "pc"
    station: Annotated[str, Meta(max_length=40)] = ""


class Enrolled(Struct):
    """The answer. ``status`` is ``active`` or ``pending``."""

    device: str
    unit: str
    status: str


class Enrolment:
    """Grants seats. The same key with the same token gets the same answer, so a lost reply costs nothing."""

    def __init__(self, store: Store, directory: Directory, telemetry: Telemetry, now: Callable[[], int]) -> None:
        self._store, self._directory, self._telemetry, self._now = store, directory, telemetry, now

    async def take(self, body: bytes) -> Enrolled:
        """Raises Refusal; every request is counted by what became of it."""
        try:
            answer = await self._take(body)
        except Refusal as refusal:
            self._telemetry.enrolments.labels(refusal.code).inc()
            raise
        self._telemetry.enrolments.labels("granted").inc()
        return answer

    async def _take(self, body: bytes) -> Enrolled:
        request, public_key = _read(body)
        try:
            device = await self._store.write(lambda connection: self._enrol(connection, request, public_key))
        except devices.Refused as why:
            raise Refusal(_STATUS.get(why.code, 403), why.code, str(why)) from None
        self._directory.add(device)
        return Enrolled(device.id, device.unit, device.status)

    def _enrol(self, connection: Connection, request: Request, public_key: bytes) -> devices.Device:
        """In one transaction: a station that is refused takes no seat."""
        now = self._now()
        device = devices.enrol(connection, token=request.token, public_key=public_key, role=request.role, now=now)
        if request.station:
            roster.settle(connection, device, request.station, now=now)
        return device


def _read(body: bytes) -> tuple[Request, bytes]:
    try:
        request = msgspec.json.decode(body, type=Request)
        public_key = base64.b64decode(request.public_key, validate=True)
        proof = base64.b64decode(request.proof, validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError) as why:
        raise Refusal(400, "invalid", f"the enrolment request cannot be read: {why}") from None
    if "\0" in request.token + request.station:
        raise Refusal(400, "invalid", "the enrolment request cannot be read: it holds a NUL character")
    message = CONTEXT + request.token.encode() + public_key
    if len(public_key) != 32 or not Key(public_key).verify(message, proof):
        raise Refusal(400, "bad_proof", "the request is not signed by the key it names")
    return request, public_key
