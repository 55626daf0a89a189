"""``sansang-collector profile``: what another profile would change, before it is applied."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from collector.cli import tables
from collector.cli.common import configured, for_programs, in_language, parts_of, print_json
from collector.counter import ask
from collector.readiness import profile_file
from collector.readiness.difference import difference
from collector.readiness.whatif import Row

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def profile() -> None:
    """What units are held to."""


@profile.command()
@configured
@in_language
@click.argument("old", metavar="OLD.yaml", type=FILE)
@click.argument("new", metavar="NEW.yaml", type=FILE)
@for_programs
def diff(file: str | None, lang: str | None, old: Path, new: Path, as_json: bool) -> None:
    """Say what differs between two profiles, and which units NEW would judge otherwise than the one in force."""
    parts = parts_of(file)
    kinds = {unit.kind for unit in parts.live.units.values()}
    before, after = (profile_file.read(one, parts.catalog, kinds=kinds) for one in (old, new))
    changes = difference(before, after)
    rows = asyncio.run(ask(parts, "profile.try", profile=profile_file.stored(after)))
    if as_json:
        print_json({"changes": msgspec.to_builtins(changes), "units": rows})
        return
    tables.changes(changes, lang or parts.config.lang)
    titles = {line.id: line.title for one in (before, after) for line in one.requirements}
    tables.would_change(msgspec.convert(rows, list[Row]), titles, parts, after.name, lang or parts.config.lang)
