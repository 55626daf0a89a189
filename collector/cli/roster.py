"""``sansang-collector roster``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from collector import show
from collector.cli.common import configured, for_programs, in_language, load, of_unit, parts_of, print_json, today
from collector.counter import ask
from collector.roster import command


@click.group()
def roster() -> None:
    """Keep what units should have.

    People, equipment, lines, and a station for each machine.
    """


@roster.command("template")
@configured
@in_language
@click.argument("target", metavar="FILE.xlsx", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite the file.")
def roster_template(file: str | None, lang: str | None, target: Path, force: bool) -> None:
    """Write the workbook that offices fill in.

    With the locality's units, notes, drop-downs and an example.
    """
    command.template(command.Desktop(*load(file), lang), target, force=force)


@roster.command("import")
@configured
@in_language
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--keep-missing", is_flag=True, help="Keep the stations and sites of a listed unit that are not listed.")
@for_programs
def roster_import(
    file: str | None, lang: str | None, files: tuple[Path, ...], dry_run: bool, keep_missing: bool, as_json: bool
) -> None:
    """Take what offices filled in.

    One .xlsx, or .csv files, together: all of it or, with a line for every error, nothing.

    Units that the files do not mention stay as they are. A listed unit's stations that are missing are retired.
    """
    desk = command.Desktop(*load(file), lang)
    command.take(desk, files, dry_run=dry_run, keep_missing=keep_missing, as_json=as_json)


@roster.command("show")
@configured
@in_language
@click.option("--unit", metavar="CODE", help="All of this unit.")
@for_programs
def roster_show(file: str | None, lang: str | None, unit: str | None, as_json: bool) -> None:
    """Show what is stored; secrets as ***."""
    command.show(command.Desktop(*load(file), lang), unit, as_json=as_json)


@roster.command("export")
@configured
@in_language
@click.argument("target", metavar="FILE.xlsx|csv", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files.")
def roster_export(file: str | None, lang: str | None, target: Path, force: bool) -> None:
    """Write what is stored to a file.

    A workbook, or three CSV files; importing it again changes nothing.
    """
    command.export(command.Desktop(*load(file), lang), target, force=force)


@roster.command("match")
@configured
@click.argument("device", metavar="DEVICE")
@click.argument("station", metavar="STATION")
def roster_match(file: str | None, device: str, station: str) -> None:
    """Say at which station a device stands.

    Of its unit; a technician does so with `enrol --station`.
    """
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
@of_unit
@for_programs
def roster_unmatched(file: str | None, lang: str | None, unit: str | None, as_json: bool) -> None:
    """List what has no counterpart yet.

    Devices without a station, and stations without a device.
    """
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "roster.unmatched", unit=today(parts, unit, lang)))
    if as_json:
        print_json(found)
    else:
        show.unmatched(found, parts.live.units, lang or parts.config.lang, parts.catalog.zone)
