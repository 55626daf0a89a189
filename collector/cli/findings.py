"""``sansang-collector findings``: what is broken, where, since when, and whose it is."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from collector.cli import tables
from collector.cli.common import configured, for_programs, in_language, of_unit, parts_of, print_json, today
from collector.counter import ask


@click.command()
@configured
@in_language
@of_unit
@click.option("--days", type=click.IntRange(0, 366), default=0, help="Also those that closed within so many days.")
@for_programs
def findings(file: str | None, lang: str | None, unit: str | None, days: int, as_json: bool) -> None:
    """List what is broken, and whose it is.

    One line for a cause, whatever the number of units and devices it stops.
    """
    parts = parts_of(file)
    asked: dict[str, Any] = {"unit": today(parts, unit, lang), "days": days}
    if as_json:
        print_json(asyncio.run(ask(parts, "findings", **asked)))
        return
    lang = lang or parts.config.lang
    tables.findings(asyncio.run(ask(parts, "findings.told", lang=lang, **asked)), lang)
