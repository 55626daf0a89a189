"""``sansang-collector simulate``: a made-up city against the running collector."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import uvloop
from msgspec import Struct

from collector.app import Parts, build
from collector.cli.common import configured, in_language, parts_of
from collector.counter import ask
from collector.office import SOCKET, Wrong
from collector.simulate import admission, faults, report
from collector.simulate.admission import Barred, City
from collector.simulate.client import Client, Refused
from collector.simulate.drive import Drive
from collector.simulate.faults import FaultError
from collector.simulate.model import SECOND, Fault, Trouble
from collector.simulate.outbox import Outbox
from collector.simulate.words import catalogue, said
from collector.store.engine import StoreError

DEMO = "demo"
"""The locality whose units nobody takes for real ones."""
EXPECTED = (Barred, FaultError, StoreError, Wrong)
STOPS = (signal.SIGINT, signal.SIGTERM)


class Options(Struct, frozen=True, kw_only=True):
    """What was asked for. ``back`` is how far (s) the history goes, ``lasting`` how long (s) the present; None: until
    Ctrl-C."""

    units: int
    devices: int
    seed: int
    url: str
    lang: str
    faults: list[Fault]
    back: float
    lasting: float | None
    once: bool
    speed: float
    connections: int
    roster: bool
    truth: Path | None
    as_json: bool


@click.command()
@configured
@in_language
@click.option("--units", type=click.IntRange(1, 5000), default=12, show_default=True, help="How many units.")
@click.option("--devices", type=click.IntRange(1, 500), default=4, show_default=True, help="Devices of each unit.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same city and keys.")
@click.option("--url", default="", help="The collector; else where the configuration says that it listens.")
@click.option("--fault", "typed", multiple=True, metavar="KIND[:…]", help="A fault; see --list-faults. Repeatable.")
@click.option(
    "--faults", "listed", type=click.Path(path_type=Path), help="A YAML file of faults (`faults:` is a list)."
)
@click.option("--list-faults", "teach", is_flag=True, help="Say which faults there are, and how they are written.")
@click.option("--days", type=click.FloatRange(0, 30), default=0.0, help="Send a history of so many days first …")
@click.option("--minutes", type=click.FloatRange(0, 43_200), default=0.0, help="… and so many minutes.")
@click.option("--once", is_flag=True, help="After the history, run every job once and end.")
@click.option(
    "--for", "lasting", type=click.FloatRange(0.01), metavar="MINUTES", help="End after so long; else Ctrl-C."
)
@click.option("--speed", type=click.FloatRange(0.01, 1000), default=1.0, show_default=True,
              help="Run jobs, and push, so many times as often as asked.")  # fmt: skip
@click.option("--connections", type=click.IntRange(1, 1000), default=64, show_default=True, help="At a time.")
@click.option("--roster/--no-roster", default=True, help="Import a roster for units that have none, and stand there.")
@click.option("--truth", type=click.Path(path_type=Path), help="Write the faults as they are to this file (JSON).")
@click.option("--json", "as_json", is_flag=True, help="For programs: the sums at the end.")
@click.option("--yes-simulated-data", "sure", is_flag=True, help="Let simulated results into a locality that is real.")
def simulate(
    file: str | None, lang: str | None, typed: tuple[str, ...], listed: Path | None, teach: bool, sure: bool,
    days: float, minutes: float, lasting: float | None, url: str, **rest: Any,
) -> None:  # fmt: skip
    """Play a city: real signed pushes, faults whose truth is known.

    Devices enrol by tokens like real ones, fetch their jobs and run them at their times; what they measure is made up.
    They are marked: their version is "simulated", as is their token's note. Refuses to mix with real units unless
    --yes-simulated-data is given. Contacts nothing but the collector.

    \b
    sansang-collector simulate --units 12 --devices 5 --days 7
    sansang-collector simulate --units 168 --devices 50 --fault provider_outage:start=2m,length=10m
    """
    if teach:
        for line in catalogue(lang or "vi"):
            click.echo(line)
        return
    try:
        asked = [faults.parse(text) for text in typed] + (faults.read(listed) if listed else [])
    except FaultError as why:
        raise Wrong(str(why)) from None
    parts = parts_of(file)
    lang = lang or parts.config.lang
    if parts.catalog.locality.id != DEMO and not sure:
        raise Wrong(said("real", lang, locality=parts.catalog.locality.id))
    options = Options(
        lang=lang, url=(url or parts.config.url).rstrip("/"), faults=asked, back=days * 86_400 + minutes * 60,
        lasting=None if lasting is None else lasting * 60, **rest,
    )  # fmt: skip
    try:
        uvloop.run(_run(parts, options))
    except (Refused, *EXPECTED, ExceptionGroup) as several:
        told = _first(several)
        if isinstance(told, Refused):
            raise Wrong(said("away", lang, url=options.url, why=told)) from None
        if isinstance(told, EXPECTED):
            raise Wrong(str(told)) from None
        raise


def _first(found: BaseException) -> BaseException:
    """Of what failed side by side, one."""
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def _say(text: str) -> None:
    click.echo(text, err=True)


def _over(text: str) -> None:
    """Over the line before, on a terminal."""
    click.echo(f"\r\x1b[K{text}" if sys.stderr.isatty() else text, err=True, nl=not sys.stderr.isatty())


async def _run(parts: Parts, options: Options) -> None:
    """Raises Barred, FaultError, Refused or Wrong."""
    found = admission.built(parts.catalog, options.units, options.devices, options.seed, options.lang)
    place = faults.Place(found.offices, found.desks, found.networks)
    faults.settle(options.faults, place, options.seed, 0)  # what cannot be had is said before anybody is let in
    async with Client(options.url, options.connections) as client:
        await client.knock()
        outboxes = await _let_in(parts, options, found, client)
        present = time.time_ns() // 1000
        troubles = faults.settle(options.faults, place, options.seed, present)
        _tell(parts, options, troubles)
        agents = await admission.agents(client, found, outboxes, parts.catalog.checks, troubles)
        drive = Drive(agents, client, speed=options.speed, connections=options.connections, seed=options.seed)
        with _stopping(drive):
            await _play(parts, options, drive, outboxes, present)
    _say(report.summary(drive, options.lang))
    if options.as_json:
        counts = drive.counts
        told = {"results": counts.results, "pushes": counts.pushes, "refused": dict(counts.refused)}
        click.echo(json.dumps(told | {"unsent": drive.waiting, "faults": report.truth(troubles)}, ensure_ascii=False))


class Calls:
    """The collector's office; without its socket one of our own for each call, one after another."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._alone = parts, asyncio.Lock()

    async def ask(self, name: str, **arguments: Any) -> Any:
        """Raises Wrong or StoreError."""
        parts = self._parts
        if (Path(parts.config.state_dir) / SOCKET).exists():
            return await ask(parts, name, **arguments)
        async with self._alone:
            return await ask(build(parts.config, parts.catalog), name, **arguments)


async def _let_in(parts: Parts, options: Options, found: City, client: Client) -> list[Outbox]:
    office = Calls(parts).ask
    lang, began = options.lang, time.monotonic()
    _say(said("city", lang, units=options.units, devices=options.devices, url=options.url, seed=options.seed))
    placed = await admission.roster(office, found) if options.roster else set()
    outboxes = await admission.enrol(
        office, client, found, options.seed, placed=placed, url=options.url, lang=lang
    )  # fmt: skip
    _say(said("enrolled", lang, devices=len(outboxes), seconds=f"{time.monotonic() - began:.1f}"))
    return outboxes


def _tell(parts: Parts, options: Options, troubles: list[Trouble]) -> None:
    """The truth, to people and to a file."""
    for trouble in troubles:
        _say(report.fault(trouble, parts.catalog.zone, options.lang))
    if options.truth:
        try:
            report.write_truth(options.truth, troubles)
        except OSError as why:
            raise Wrong(f"{options.truth}: {(why.strerror or str(why)).lower()}") from None


async def _play(parts: Parts, options: Options, drive: Drive, outboxes: list[Outbox], present: int) -> None:
    """The past, then the present."""
    if options.back:
        known = {one["id"]: one["last_seen"] or 0 for one in await Calls(parts).ask("devices.list")}
        earliest, began = present - round(options.back * SECOND), time.monotonic()
        meter = _metering(drive, options.lang)
        await drive.past([max(earliest, known.get(one.device, 0) + 1) for one in outboxes], present)
        meter.cancel()
        told = {"results": drive.counts.results, "pushes": drive.counts.pushes}
        when, took = report.moment(earliest, parts.catalog.zone), f"{time.monotonic() - began:.1f}"
        _over(said("past", options.lang, begin=when, seconds=took, **told))
        if sys.stderr.isatty():
            _say("")
    if options.once:
        await drive.once()
    elif not drive.stop.is_set():
        meter = _metering(drive, options.lang)
        await drive.live(options.lasting)
        meter.cancel()
        if sys.stderr.isatty():
            _say("")


def _metering(drive: Drive, lang: str) -> asyncio.Task[None]:
    meter = report.Meter(drive, lang, _over, terminal=sys.stderr.isatty())
    return asyncio.get_running_loop().create_task(meter.run(asyncio.sleep))


@contextlib.contextmanager
def _stopping(drive: Drive) -> Iterator[None]:
    """Ctrl-C and SIGTERM end it in order; only the main thread hears them."""
    loop, heard = asyncio.get_running_loop(), threading.current_thread() is threading.main_thread()
    for number in STOPS if heard else ():
        loop.add_signal_handler(number, drive.stop.set)
    try:
        yield
    finally:
        for number in STOPS if heard else ():
            loop.remove_signal_handler(number)
