"""``sansang-collector readiness``: verdicts, how they came about, what they were, and what would make units ready."""

from __future__ import annotations

import asyncio

import click
import msgspec

from collector import show
from collector.app import Parts
from collector.cli import tables
from collector.cli.common import configured, for_programs, in_language, of_unit, parts_of, print_json
from collector.counter import ask
from collector.judgement import History
from collector.readiness.fixes import Path
from collector.readiness.model import UnitVerdict

ONE_UNIT = click.option("--unit", metavar="CODE", required=True, help="The unit, by its code.")


@click.group(invoke_without_command=True)
@click.pass_context
@configured
@in_language
@of_unit
@click.option("--at", metavar="TIME", help='As it was then, such as "2026-11-20T08:00"; needs --unit.')
@for_programs
def readiness(
    context: click.Context, file: str | None, lang: str | None, unit: str | None, at: str | None, as_json: bool
) -> None:
    """Say which units are ready; with --unit, every requirement with its value, limit and source.

    \b
    sansang-collector readiness --unit 27259                          now
    sansang-collector readiness --unit 27259 --at 2026-11-20T08:00    as it was then
    sansang-collector readiness explain --unit 27259                  how the verdict came about
    sansang-collector readiness history --unit 27259                  since when it fails, how long it was ready
    sansang-collector readiness path                                  what would make units ready, cheapest first
    """
    if context.invoked_subcommand is not None:
        return
    if at is not None and unit is None:
        raise click.UsageError("--at needs --unit")
    parts = parts_of(file)
    found = asyncio.run(_asked(parts, unit, at))
    if as_json:
        print_json(found)
        return
    verdicts = msgspec.convert(found, list[UnitVerdict])
    show.readiness(verdicts, parts.live.units, parts.live.targets, lang or parts.config.lang, detailed=unit is not None)


async def _asked(parts: Parts, unit: str | None, at: str | None) -> list[object]:
    if at is None:
        found: list[object] = await ask(parts, "readiness", unit=unit)
        return found
    return [await ask(parts, "readiness.at", unit=unit, at=at)]


@readiness.command()
@configured
@in_language
@ONE_UNIT
def explain(file: str | None, lang: str | None, unit: str) -> None:
    """Print the whole derivation of a verdict: every requirement, device and value, and what was not known."""
    parts = parts_of(file)
    for line in asyncio.run(ask(parts, "readiness.explain", unit=unit, lang=lang or parts.config.lang)):
        click.echo(line)


@readiness.command()
@configured
@in_language
@ONE_UNIT
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How far back.")
@for_programs
def history(file: str | None, lang: str | None, unit: str, days: int, as_json: bool) -> None:
    """Say since when each requirement fails, when it was last ready, and how long it was in each state."""
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "readiness.history", unit=unit, days=days))
    if as_json:
        print_json(found)
        return
    titles = {line.id: line.title for line in parts.rules.profile.requirements}
    tables.history(msgspec.convert(found, History), titles, lang or parts.config.lang, parts.catalog.zone)


@readiness.command()
@configured
@in_language
@of_unit
@click.option("--budget", type=click.IntRange(min=0), metavar="DONG", help="How many units so much makes ready.")
@for_programs
def path(file: str | None, lang: str | None, unit: str | None, budget: int | None, as_json: bool) -> None:
    """Say what would make a unit ready at least cost; without --unit, all units, cheapest first, and what is to buy."""
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "readiness.paths", unit=unit))
    if as_json:
        print_json(found)
        return
    paths, lang = msgspec.convert(found, list[Path]), lang or parts.config.lang
    titles = {line.id: line.title for line in parts.rules.profile.requirements}
    if unit is not None:
        tables.path(paths, titles, lang)
    else:
        tables.city(paths, parts.live.units, lang, budget)
