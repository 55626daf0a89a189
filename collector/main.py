"""``sansang-collector``: the command line. It constructs things; everything else is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
import uvloop

from checks.kit import wire
from checks.kit.strict import ConfigError
from collector import catalog as catalogs
from collector import config as settings
from collector import log, show
from collector.app import AddressInUse, Parts, Server, build
from collector.catalog import Catalog
from collector.config import CollectorConfig
from collector.counter import ask
from collector.office import Office, Socket, Wrong
from collector.readiness.model import UnitVerdict
from collector.roster import command
from collector.store.engine import StoreError
from collector.units import fold

F = TypeVar("F", bound=Callable[..., Any])
TROUBLE = (ConfigError, StoreError, AddressInUse, Wrong)


def configured(command: F) -> F:
    """Adds ``--config`` to a command."""
    return click.option(
        "--config", "file", metavar="FILE", envvar=settings.VARIABLE,
        help="collector.yaml; else /etc/sansang/collector.yaml, else the shipped one (demo on loopback).",
    )(command)  # fmt: skip


def in_language(command: F) -> F:
    return click.option("--lang", type=click.Choice(["vi", "en"]), help="Language; else the configuration's.")(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Sẵn Sàng's collector: takes what the agents measured, judges which units are ready, and says why.

    \b
    sansang-collector validate                            is the configuration right?
    sansang-collector run                                 serve agents, pages and /metrics
    sansang-collector tokens create --unit 27259 --seats 5   let five PCs of Phường Xóm Chiếu enrol
    sansang-collector readiness --unit 27259              the verdict, with its reasons
    """


def main() -> None:
    """Entry point: every expected trouble is one line on standard error and exit code 1."""
    os.umask(0o077)  # the database names offices and their faults: it is for the collector's own user
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        cli()
    except TROUBLE as why:
        click.echo(f"sansang-collector: {why}", err=True)
        sys.exit(1)


def load(file: str | None) -> tuple[CollectorConfig, Catalog]:
    """The configuration and everything it names. Raises ConfigError."""
    config = settings.load(file)
    return config, catalogs.load(config)


def parts_of(file: str | None) -> Parts:
    return build(*load(file))


@cli.command()
@configured
def run(file: str | None) -> None:
    """Serve until Ctrl-C or SIGTERM. Logs go to standard error, one JSON object a line."""
    config, catalog = load(file)
    log.setup(config.log_level)
    uvloop.run(_serve(build(config, catalog)))


async def _serve(parts: Parts) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Server(parts) as server, Socket(Office(parts), Path(parts.config.state_dir)):
        log.event("serving", url=server.url, locality=parts.config.locality, units=len(parts.live.units))
        await stop.wait()
        log.event("stopping")


@cli.command()
@configured
def validate(file: str | None) -> None:
    """Check the configuration, its locality, profile and units, and say what is in them."""
    config, catalog = load(file)
    profile, locality = catalog.profile, catalog.locality
    click.echo(
        f"ok: {locality.title['vi']} ({locality.id}): {len(catalog.units)} units, {len(catalog.targets)} targets; "
        f"profile {profile.name}: {len(profile.requirements)} requirements; database {config.database_url}"
    )


@cli.command()
@configured
@in_language
@click.argument("search", required=False, default="")
def units(file: str | None, lang: str | None, search: str) -> None:
    """List the locality's units with their codes; SEARCH needs no accents: `units xom chieu`."""
    config, catalog = load(file)
    found = [unit for unit in catalog.units.values() if fold(search) in fold(f"{unit.code} {unit.name}")]
    show.units(found, lang or config.lang)


@cli.command()
@configured
@in_language
@click.option("--unit", metavar="CODE", help="Only this unit.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def readiness(file: str | None, lang: str | None, unit: str | None, as_json: bool) -> None:
    """Say which units are ready; with --unit, every requirement with its value, limit and source."""
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "readiness", unit=unit))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    verdicts = msgspec.convert(found, list[UnitVerdict])
    show.readiness(verdicts, parts.live.units, parts.live.targets, lang or parts.config.lang, detailed=unit is not None)


@cli.group()
def tokens() -> None:
    """Enrolment tokens: each lets a few devices of one unit enrol, for a few days."""


@tokens.command("create")
@configured
@click.option("--unit", required=True, metavar="CODE", help='Five digits, for example "27259".')
@click.option("--seats", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many devices.")
@click.option("--days", type=click.FloatRange(0.01, 365), default=7, show_default=True, help="How long it holds.")
@click.option("--review", is_flag=True, help="Keep the devices apart until an engineer approves each.")
@click.option("--note", default="", help="For your own records.")
def tokens_create(file: str | None, unit: str, seats: int, days: float, review: bool, note: str) -> None:
    """Print a new token. It is shown this once; the database keeps only its hash."""
    arguments = {"unit": unit, "seats": seats, "days": days, "review": review, "note": note}
    click.echo(asyncio.run(ask(parts_of(file), "tokens.create", **arguments)))


@tokens.command("list")
@configured
@in_language
def tokens_list(file: str | None, lang: str | None) -> None:
    """List tokens: unit, seats taken, expiry. The secrets are not stored."""
    parts = parts_of(file)
    show.tokens(asyncio.run(ask(parts, "tokens.list")), lang or parts.config.lang)


@tokens.command("revoke")
@configured
@click.argument("token", metavar="ID")
def tokens_revoke(file: str | None, token: str) -> None:
    """End a token; devices that enrolled with it stay."""
    asyncio.run(ask(parts_of(file), "tokens.revoke", token=token))


@cli.group(invoke_without_command=True)
@click.pass_context
@configured
@in_language
@click.option("--unit", metavar="CODE", help="Only this unit.")
def devices(context: click.Context, file: str | None, lang: str | None, unit: str | None) -> None:
    """List enrolled devices; approve or revoke one."""
    if context.invoked_subcommand is None:
        parts = parts_of(file)
        show.devices(asyncio.run(ask(parts, "devices.list", unit=unit)), parts.live.units, lang or parts.config.lang)


@devices.command("approve")
@configured
@click.argument("device", metavar="ID")
def devices_approve(file: str | None, device: str) -> None:
    """Let a device's results count."""
    asyncio.run(ask(parts_of(file), "devices.approve", device=device))


@devices.command("revoke")
@configured
@click.argument("device", metavar="ID")
def devices_revoke(file: str | None, device: str) -> None:
    """Refuse a device from now on; what it sent stays."""
    asyncio.run(ask(parts_of(file), "devices.revoke", device=device))


@cli.group()
def roster() -> None:
    """What units should have: people, equipment, lines, and a station for each machine."""


@roster.command("template")
@configured
@in_language
@click.argument("target", metavar="FILE.xlsx", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite the file.")
def roster_template(file: str | None, lang: str | None, target: Path, force: bool) -> None:
    """Write the workbook that offices fill in, with the locality's units, notes, drop-downs and an example."""
    command.template(command.Desktop(*load(file), lang), target, force=force)


@roster.command("import")
@configured
@in_language
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--keep-missing", is_flag=True, help="Keep the stations and sites of a listed unit that are not listed.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def roster_import(
    file: str | None, lang: str | None, files: tuple[Path, ...], dry_run: bool, keep_missing: bool, as_json: bool
) -> None:
    """Take one .xlsx, or .csv files, together: all of it or, with a line for every error, nothing.

    Units that the files do not mention stay as they are. A listed unit's stations that are missing are retired.
    """
    desk = command.Desktop(*load(file), lang)
    command.take(desk, files, dry_run=dry_run, keep_missing=keep_missing, as_json=as_json)


@roster.command("show")
@configured
@in_language
@click.option("--unit", metavar="CODE", help="All of this unit.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def roster_show(file: str | None, lang: str | None, unit: str | None, as_json: bool) -> None:
    """Show what is stored; secrets as ***."""
    command.show(command.Desktop(*load(file), lang), unit, as_json=as_json)


@roster.command("export")
@configured
@in_language
@click.argument("target", metavar="FILE.xlsx|csv", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files.")
def roster_export(file: str | None, lang: str | None, target: Path, force: bool) -> None:
    """Write what is stored as a workbook, or as three CSV files; importing it again changes nothing."""
    command.export(command.Desktop(*load(file), lang), target, force=force)


@roster.command("match")
@configured
@click.argument("device", metavar="DEVICE")
@click.argument("station", metavar="STATION")
def roster_match(file: str | None, device: str, station: str) -> None:
    """Say at which station of its unit a device stands; a technician does so with `enrol --station`."""
    unit = asyncio.run(ask(parts_of(file), "roster.match", device=device, station=station))
    click.echo(f"{device} stands at {unit}/{station}")


@roster.command("unmatch")
@configured
@click.argument("device", metavar="DEVICE")
def roster_unmatch(file: str | None, device: str) -> None:
    """Free the station where a device stands."""
    asyncio.run(ask(parts_of(file), "roster.unmatch", device=device))


@roster.command("unmatched")
@configured
@in_language
@click.option("--unit", metavar="CODE", help="Only this unit.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def roster_unmatched(file: str | None, lang: str | None, unit: str | None, as_json: bool) -> None:
    """List devices without a station, and stations without a device."""
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "roster.unmatched", unit=unit))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        show.unmatched(found, parts.live.units, lang or parts.config.lang)


@cli.command("import")
@configured
@click.argument("bundle", type=click.Path(dir_okay=False, path_type=Path))
def import_(file: str | None, bundle: Path) -> None:
    """Take a technician's file (`sansang-agent check --bundle FILE`), exactly as if its device had pushed it."""
    refused, batches = 0, list(_frames(bundle))
    answers = asyncio.run(ask(parts_of(file), "import", batches=batches)) if batches else []
    for number, answer in enumerate(answers, 1):
        refused += "error" in answer
        said = f"refused: {answer['error']}: {answer['message']}" if "error" in answer else f"taken: {answer['device']}"
        click.echo(f"batch {number}: {said}")
    if refused:
        raise Wrong(f"{refused} of the file's batches were refused; the file itself is unchanged")


def _frames(bundle: Path) -> Iterator[bytes]:
    """The envelopes of a bundle: each after its length, 4 bytes, big-endian. Raises Wrong."""
    try:
        data = bundle.read_bytes()
    except OSError as why:
        raise Wrong(f"{bundle}: cannot be read: {(why.strerror or str(why)).lower()}") from None
    at = 0
    while at < len(data):
        head = data[at : at + 4]
        length = struct.unpack(">I", head)[0] if len(head) == 4 else 0
        sealed = data[at + 4 : at + 4 + length]
        if not wire.PREFIX < length <= wire.MAX_SEALED or len(sealed) != length:
            raise Wrong(f"{bundle}: not a bundle, or cut short, at byte {at}")
        yield sealed
        at += 4 + length


if __name__ == "__main__":
    main()
