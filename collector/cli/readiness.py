"""``sansang-collector readiness``: verdicts, how they came about, what they were, and what would make units ready."""

from __future__ import annotations

import asyncio

import click
import msgspec

from collector import show
from collector.app import Parts
from collector.cli import paths, tables, verdicts
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
from collector.judgement import History
from collector.readiness.fixes import Path
from collector.readiness.model import Bilingual, UnitVerdict


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
    """Say which units are ready, and why.

    With --unit, every requirement with its value, limit and source.

    \b
    sansang-collector readiness --unit 27259                         now
    sansang-collector readiness --unit 27259 --at 2026-11-20T08:00   as it was then
    sansang-collector readiness explain --unit 27259                 how the verdict came about
    sansang-collector readiness history --unit 27259                 since when it fails, how long it was ready
    sansang-collector readiness path                                 what would make units ready, cheapest first
    """
    if context.invoked_subcommand is not None:
        return
    if at is not None and unit is None:
        raise click.UsageError("--at needs --unit")
    parts = parts_of(file)
    found = asyncio.run(_asked(parts, today(parts, unit, lang), at))
    if as_json:
        print_json(found)
        return
    told, lang = msgspec.convert(found, list[UnitVerdict]), lang or parts.config.lang
    if unit is None:
        verdicts.listed(told, parts, lang)
    for verdict in told if unit is not None else ():
        verdicts.detailed(verdict, parts, lang, past=at is not None)


async def _asked(parts: Parts, unit: str | None, at: str | None) -> list[object]:
    if at is None:
        found: list[object] = await ask(parts, "readiness", unit=unit)
        return found
    return [await ask(parts, "readiness.at", unit=unit, at=at)]


@readiness.command()
@configured
@in_language
@of_one_unit
@click.argument("requirement", default="")
def explain(file: str | None, lang: str | None, unit: str, requirement: str) -> None:
    """Print how a verdict came about.

    The whole derivation: every requirement, device and value, and what was not known.

    REQUIREMENT, the id that stands in brackets, leaves the others out: `explain --unit 27259 systems_now`.
    """
    parts = parts_of(file)
    asked = {"unit": today(parts, unit, lang), "requirement": requirement, "lang": lang or parts.config.lang}
    verdicts.explained(asyncio.run(ask(parts, "readiness.explain", **asked)))


@readiness.command()
@configured
@in_language
@of_one_unit
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How far back.")
@for_programs
def history(file: str | None, lang: str | None, unit: str, days: int, as_json: bool) -> None:
    """Say since when each requirement fails.

    And when it was last ready, and how long it was in each state.
    """
    parts = parts_of(file)
    code = today(parts, unit, lang)
    found = asyncio.run(ask(parts, "readiness.history", unit=code, days=days))
    if as_json:
        print_json(found)
    else:
        tables.history(msgspec.convert(found, History), code, parts, lang or parts.config.lang)


@readiness.command()
@configured
@in_language
@of_unit
@click.option("--budget", type=click.IntRange(min=0), metavar="DONG", help="Say how many units so much makes ready.")
@for_programs
def path(file: str | None, lang: str | None, unit: str | None, budget: int | None, as_json: bool) -> None:
    """Say what would make units ready at least cost.

    With --unit, thing by thing. Without: all units, cheapest first, what they add up to, and what is to buy in all.
    """
    parts = parts_of(file)
    code = today(parts, unit, lang)
    found = asyncio.run(ask(parts, "readiness.paths", unit=code))
    if as_json:
        print_json(found)
        return
    told, lang = msgspec.convert(found, list[Path]), lang or parts.config.lang
    if code is None:
        paths.city(told, parts.live.units, lang, budget)
        return
    show.tell(show.called(code, parts.live.units))
    paths.path(told[0] if told else None, _titles(parts), lang)


def _titles(parts: Parts) -> dict[str, Bilingual]:
    return {line.id: line.title for line in parts.rules.profile.requirements}
