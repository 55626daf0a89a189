"""``sansang-collector waivers``: requirements that a person has excused, or confirmed by inspection, for a while."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec

from collector import show
from collector.cli import tables
from collector.cli.common import (
    configured,
    for_programs,
    in_language,
    of_one_unit,
    of_unit,
    parts_of,
    print_json,
    today,
)
from collector.counter import ask
from collector.readiness.model import Waiver
from collector.waiving import DAY, LONGEST, SHORTEST_REASON

UNTIL = f'The last day, or a time: "2026-12-31T17:00"; at most {LONGEST // DAY} days ahead.'
WHY = f"Why, in {SHORTEST_REASON} characters or more: shown with it."


@click.group(invoke_without_command=True)
@click.pass_context
@configured
@in_language
@of_unit
@click.option("--all", "everything", is_flag=True, help="Also those that have expired or were revoked.")
@for_programs
def waivers(
    context: click.Context, file: str | None, lang: str | None, unit: str | None, everything: bool, as_json: bool
) -> None:
    """List waivers and approvals; grant or revoke one.

    A waiver takes a requirement out of a unit's verdict, an approval confirms one that no measurement can tell. Both
    have a reason, an author and an end, and stand wherever the unit does.

    \b
    sansang-collector waivers grant --unit 27259 pc_age --until 2026-12-31 \\
        --author "Lê An" --reason "new PCs on 15/12"
    sansang-collector waivers --unit 27259                       its id, and until when it holds
    sansang-collector waivers revoke 3197304f --author "Lê An"   the new PCs are here
    """
    if context.invoked_subcommand is not None:
        return
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "waivers.list", unit=today(parts, unit, lang), everything=everything))
    if as_json:
        print_json(found)
    else:
        tables.waivers(msgspec.convert(found, list[Waiver]), parts, lang or parts.config.lang, everything=everything)


def _told(command: Any) -> Any:
    for option in reversed(
        (
            of_one_unit,
            click.argument("requirement", metavar="REQUIREMENT"),
            click.option("--until", required=True, metavar="DAY", help=UNTIL),
            click.option("--author", required=True, help="Who decides it: shown with it."),
            click.option("--reason", required=True, help=WHY),
        )
    ):
        command = option(command)
    return configured(command)


@waivers.command()
@_told
def grant(file: str | None, **told: str) -> None:
    """Excuse a unit from a requirement.

    It is shown as it is, and does not decide. REQUIREMENT is the id that `readiness explain` has in brackets.
    """
    _grant(file, "waiver", told)


@waivers.command()
@_told
def approve(file: str | None, **told: str) -> None:
    """Confirm what is unknown by inspection.

    A measurement that says otherwise outweighs it. REQUIREMENT is the id that `readiness explain` has in brackets.
    """
    _grant(file, "approval", told)


def _grant(file: str | None, kind: str, told: dict[str, str]) -> None:
    parts = parts_of(file)
    asked = told | {"unit": today(parts, told["unit"])}
    done = msgspec.convert(asyncio.run(ask(parts, "waivers.grant", kind=kind, **asked)), Waiver)
    until = show.until(done.expires_at, parts.catalog.zone)
    click.echo(f"{done.id}: {kind} of {done.requirement} for {show.called(done.unit, parts.live.units)} until {until}")


@waivers.command()
@configured
@click.argument("waiver", metavar="ID")
@click.option("--author", required=True, help="Who ends it.")
def revoke(file: str | None, waiver: str, author: str) -> None:
    """End one before its time. `waivers` has its ID."""
    done = asyncio.run(ask(parts_of(file), "waivers.revoke", waiver=waiver, author=author))
    click.echo(f"{done['id']}: ended")
