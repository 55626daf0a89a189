"""``sansang-collector devices``."""

from __future__ import annotations

import asyncio

import click

from collector import show
from collector.cli.common import configured, in_language, parts_of
from collector.counter import ask


@click.group(invoke_without_command=True)
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


@devices.command("move")
@configured
@click.argument("device", metavar="ID")
@click.option("--unit", required=True, metavar="CODE", help="Where it stands from now on.")
@click.option("--reason", default="", help="Why: kept with it.")
def devices_move(file: str | None, device: str, unit: str, reason: str) -> None:
    """Put a device into another unit; it keeps its key and its history."""
    done = asyncio.run(ask(parts_of(file), "devices.move", device=device, unit=unit, reason=reason))
    click.echo(f"{device}: from {done['old']} to {done['new']}")
