"""Lets a simulated city in: its roster, a token for each unit, and every device by the door that real ones take."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from checks.kit.model import Check
from collector.catalog import Catalog
from collector.roster.written import Written
from collector.served import DeviceConfig
from collector.simulate import city
from collector.simulate.agent import Agent
from collector.simulate.client import Client, Refused
from collector.simulate.model import MARK, Desk, Office, Trouble
from collector.simulate.outbox import Key, Outbox
from collector.simulate.words import said

Ask = Callable[..., Awaitable[Any]]
"""A call of the collector's office by its name: :func:`collector.counter.ask` with its parts."""
TOKEN_DAYS = 1.0
AT_ONCE = 16
STRANGERS = frozenset({"bad_token", "unknown_agent", "not_a_collector"})


class Barred(Exception):
    """The city cannot be let in. ``str()`` is one line for people."""


class City(Struct, frozen=True):
    """Offices by code and their devices, and by which network each system is reached."""

    offices: dict[str, Office]
    desks: dict[str, list[Desk]]
    networks: dict[str, str]


def built(catalog: Catalog, units: int, devices: int, seed: int, lang: str) -> City:
    """The city of `seed` in this locality. Raises Barred where it has not so many units."""
    if units > len(catalog.units):
        raise Barred(said("few", lang, there=len(catalog.units), asked=units))
    now, roles = int(time.time()), city.roles(catalog.locality, devices)
    codes = city.chosen(list(catalog.units), units, seed)
    asked = {site.target.id: site.target.network for site in catalog.locality.sites if site.url}
    return City(
        offices={code: city.office(code, seed) for code in codes},
        desks={code: city.desks(code, roles, seed, now) for code in codes},
        networks=asked,
    )


async def roster(ask: Ask, found: City) -> set[str]:
    """Imports what units should have, of those that the roster does not name yet; the units whose stations it made, now
    or in an earlier run."""
    known = await ask("roster.load")
    stations = {code: {one["id"] for one in rows} for code, rows in known.get("stations", {}).items()}
    new = [code for code in found.offices if code not in known.get("units", {}) and code not in stations]
    if new:
        written = Written(
            units={code: _unit(found.offices[code], found.desks[code]) for code in new},
            stations={code: {desk.station: _station(desk) for desk in found.desks[code]} for code in new},
        )
        told = msgspec.to_builtins(written)
        await ask("roster.import", written=told, source=MARK, keep_missing=True, dry_run=False)
    ours = {code for code in found.offices if {desk.station for desk in found.desks[code]} <= stations.get(code, set())}
    return ours | set(new)


def _unit(office: Office, desks: Sequence[Desk]) -> dict[str, Any]:
    return {
        "staff": min(office.staff, sum(desk.role == "pc" for desk in desks)),
        "signers": sum(desk.signs_until is not None for desk in desks),
        "counters": sum(desk.place == "counter" for desk in desks),
        "provider": office.provider,
        "contracted_down_mbps": office.down,
        "contracted_up_mbps": office.up,
        "note": f"mô phỏng / {MARK}",
    }


def _station(desk: Desk) -> dict[str, Any]:
    bought = datetime.datetime.fromtimestamp(desk.born, datetime.UTC).date().isoformat()
    return {
        "role": desk.place, "title": f"{desk.windows} (mô phỏng)" if desk.role != "router" else "OpenWrt (mô phỏng)",
        "purchase_date": bought, "signer": desk.signs_until is not None, "agent": True, "note": MARK,
    }  # fmt: skip


async def enrol(
    ask: Ask, client: Client, found: City, seed: int, *, placed: set[str], url: str, lang: str
) -> list[Outbox]:
    """Every device of the city in the order of :func:`desks`, let in with a token of its unit; those of `placed` units
    at their stations. Raises Barred."""
    epoch, room = time.time_ns() // 1000, asyncio.Semaphore(AT_ONCE)  # two runs may begin in one second

    async def unit(code: str) -> list[Outbox]:
        async with room:
            desks = found.desks[code]
            token = await ask("tokens.create", unit=code, seats=len(desks), days=TOKEN_DAYS, note=MARK)
            return [await one(token, desk) for desk in desks]

    async def one(token: str, desk: Desk) -> Outbox:
        key = Key(city.key_seed(seed, desk.unit, desk.station))
        station = desk.station if desk.unit in placed else ""
        try:
            return Outbox(await client.enrol(token, key, desk.role, station), key, epoch)
        except Refused as why:
            if why.code in STRANGERS:
                raise Barred(said("foreign", lang, url=url, why=why)) from None
            name = "taken" if why.code == "station_taken" else "refused"
            raise Barred(said(name, lang, unit=desk.unit, station=desk.station, why=why)) from None

    return [outbox for several in await _all(unit(code) for code in found.desks) for outbox in several]


async def agents(
    client: Client, found: City, outboxes: Sequence[Outbox], checks: Mapping[str, Check], troubles: Sequence[Trouble]
) -> list[Agent]:
    """The devices with what the collector gives each to do; those of one unit and role are given the same, so one of
    them asks. Raises Refused."""
    desks = [desk for several in found.desks.values() for desk in several]
    first = {(desk.unit, desk.role): outbox for desk, outbox in zip(desks, outboxes, strict=True)}
    room = asyncio.Semaphore(AT_ONCE)

    async def config(outbox: Outbox) -> DeviceConfig:
        async with room:
            return await client.config(outbox)

    configs = dict(zip(first, await _all(config(outbox) for outbox in first.values()), strict=True))
    return [
        Agent(
            desk,
            found.offices[desk.unit],
            outbox,
            configs[desk.unit, desk.role],
            checks,
            found.networks,
            [trouble for trouble in troubles if trouble.befalls(desk)],
        )
        for desk, outbox in zip(desks, outboxes, strict=True)
    ]


async def _all(work: Any) -> list[Any]:
    """What all of `work` comes to; the first error ends the others."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
    return [task.result() for task in tasks]
