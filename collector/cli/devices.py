"""``sansang-collector devices``."""

from __future__ import annotations

import asyncio

import click

from collector import show
from collector.cli.common import configured, in_language, of_one_unit, of_unit, parts_of, today
from collector.counter import ask


@click.group(invoke_without_command=True)
@click.pass_context
@configured
@in_language
@of_unit
def devices(context: click.Context, file: str | None, lang: str | None, unit: str | None) -> None:
    """List devices; approve, move or revoke one."""
    if context.invoked_subcommand is None:
        parts = parts_of(file)
        found = asyncio.run(ask(parts, "devices.list", unit=today(parts, unit, lang)))
        show.devices(found, parts.live.units, lang or parts.config.lang, parts.catalog.zone)


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
    """Refuse a device from now on.

    What it sent stays.
    """
    asyncio.run(ask(parts_of(file), "devices.revoke", device=device))


@devices.command("move")
@configured
@click.argument("device", metavar="ID")
@of_one_unit
@click.option("--reason", default="", help="Why: kept with it.")
def devices_move(file: str | None, device: str, unit: str, reason: str) -> None:
    """Put a device into another unit.

    Into the unit CODE, from now on; it keeps its key and its history.
    """
    parts = parts_of(file)
    done = asyncio.run(ask(parts, "devices.move", device=device, unit=today(parts, unit), reason=reason))
    old, new = (show.called(done[which], parts.live.units) for which in ("old", "new"))
    click.echo(f"{device}: from {old} to {new}")
