"""``sansang-collector findings``: what is broken, where, since when, and whose it is."""

from __future__ import annotations

import asyncio

import click
import msgspec

from collector.attribution.model import Finding
from collector.attribution.words import Names
from collector.cli import tables
from collector.cli.common import configured, for_programs, in_language, of_unit, parts_of, print_json
from collector.counter import ask


@click.command()
@configured
@in_language
@of_unit
@click.option("--days", type=click.IntRange(0, 366), default=0, help="Also those that closed within so many days.")
@for_programs
def findings(file: str | None, lang: str | None, unit: str | None, days: int, as_json: bool) -> None:
    """List what is broken: one line for a cause, whatever the number of units and devices it stops."""
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "findings", unit=unit, days=days))
    if as_json:
        print_json(found)
        return
    names = Names(
        units=parts.live.units,
        targets={target.id: target for target in parts.live.targets},
    )
    tables.findings(msgspec.convert(found, list[Finding]), names, lang or parts.config.lang, parts.now())
