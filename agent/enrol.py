"""Enrolment: shows the collector this device's key and a ward's token, gets the device's id."""

from __future__ import annotations

import base64
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from agent import VERSION, identity
from agent.answer import Refusal
from agent.clean import text
from agent.config import AgentConfig, address_error, state_dir
from agent.http import Client, HttpError, Response
from agent.identity import Identity, Key

PATH = "/v1/enrol"
CONTEXT = b"sansang.enrol.v1\0"
Role = Literal["pc", "kiosk", "router"]
_WORDS = {
    "bad_token": "the collector does not know this token",
    "token_expired": "this token has expired: ask for a new one",
    "token_exhausted": "every seat of this token is taken: ask for a new one",
    "token_revoked": "this token was withdrawn: ask for a new one",
    "unknown_station": "the unit's roster has no station of this name: see its list, or enrol without --station",
    "station_role": "this station is for another kind of device: compare --role with the roster",
    "station_taken": "another device stands at this station: ask an engineer to free it",
}


class EnrolError(Exception):
    """The device could not be enrolled. ``str()`` is the one line to show."""


class Enrolled(Struct, kw_only=True):
    """The collector's answer."""

    device: Annotated[str, Meta(max_length=64)]
    unit: Annotated[str, Meta(max_length=32)]
    status: Literal["active", "pending"]


def enrol(url: str, token: str, config: AgentConfig, role: Role = "pc", station: str = "") -> Identity:
    """Enrols this device with the collector at `url`; repeating it with the same token changes nothing. `station` is
    its place in the unit's roster.

    The key is on disk before it is shown to anyone. Raises EnrolError, IdentityError or FileError.
    """
    wrong = address_error(url, config.plain_http)
    if wrong:
        raise EnrolError(wrong)
    directory = state_dir(config)
    key = identity.make_key(directory)
    client = Client(url, ca_file=config.ca_file, timeout=config.push.timeout, agent=f"sansang-agent/{VERSION}")
    try:
        body = request(token.strip(), key, role, station.strip())
        reply = client.request("POST", PATH, body, [("Content-Type", "application/json")])
    except HttpError as why:
        raise EnrolError(f"{url}: cannot be reached: {why}") from None
    finally:
        client.close()
    found = _read(url, reply)
    enrolled = Identity(device=found.device, unit=found.unit, collector=url.rstrip("/"), status=found.status)
    identity.store_identity(directory, enrolled)
    return enrolled


def request(token: str, key: Key, role: Role, station: str = "") -> bytes:
    """The body: the token, the key, and the proof that who shows the key holds it."""
    proof = key.sign(CONTEXT + token.encode("utf-8", "surrogatepass") + key.public)
    told = {
        "token": text(token, 1024),
        "public_key": base64.b64encode(key.public).decode(),
        "proof": base64.b64encode(proof).decode(),
        "role": role,
    }
    return msgspec.json.encode(told | {"station": text(station, 40)} if station else told)


def _read(url: str, reply: Response) -> Enrolled:
    if reply.status == 200:
        try:
            found = msgspec.json.decode(reply.body, type=Enrolled)
            UUID(found.device)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
            raise EnrolError(f"{url}: the answer is not a collector's: is this the right address?") from None
        return found
    try:
        refusal = msgspec.json.decode(reply.body, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise EnrolError(
            f"{url}: the answer ({reply.status}) is not a collector's: is this the right address?"
        ) from None
    said = _WORDS.get(refusal.error) or text(refusal.message, 200) or text(refusal.error, 32)
    raise EnrolError(f"{url}: {said}")
