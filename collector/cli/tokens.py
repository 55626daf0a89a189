"""``sansang-collector tokens``."""

from __future__ import annotations

import asyncio

import click

from collector import show
from collector.cli.common import configured, in_language, parts_of, today
from collector.counter import ask


@click.group()
def tokens() -> None:
    """Make, list and end enrolment tokens.

    Each lets a few devices of one unit enrol, for a few days.
    """


@tokens.command("create")
@configured
@click.option("--unit", required=True, metavar="CODE", help='Five digits, for example "27259".')
@click.option("--seats", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many devices.")
@click.option("--days", type=click.FloatRange(0.01, 365), default=7, show_default=True, help="How long it holds.")
@click.option("--review", is_flag=True, help="Keep the devices apart until an engineer approves each.")
@click.option("--note", default="", help="For your own records.")
def tokens_create(file: str | None, unit: str, seats: int, days: float, review: bool, note: str) -> None:
    """Print a new token. It is shown this once; the database keeps only its hash."""
    parts = parts_of(file)
    arguments = {"unit": today(parts, unit), "seats": seats, "days": days, "review": review, "note": note}
    click.echo(asyncio.run(ask(parts, "tokens.create", **arguments)))


@tokens.command("list")
@configured
@in_language
def tokens_list(file: str | None, lang: str | None) -> None:
    """List tokens.

    Unit, seats taken, expiry. The secrets are not stored.
    """
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "tokens.list"))
    show.tokens(found, parts.live.units, lang or parts.config.lang, parts.catalog.zone, parts.now())


@tokens.command("revoke")
@configured
@click.argument("token", metavar="ID")
def tokens_revoke(file: str | None, token: str) -> None:
    """End a token.

    Devices that enrolled with it stay.
    """
    asyncio.run(ask(parts_of(file), "tokens.revoke", token=token))
