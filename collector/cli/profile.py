"""``sansang-collector profile``: what another profile would change, before it is applied."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from collector import units as nation
from collector.cli import differences
from collector.cli.common import configured, for_programs, in_language, parts_of, print_json
from collector.counter import ask
from collector.readiness import profile_file
from collector.readiness.difference import difference
from collector.readiness.whatif import Row

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def profile() -> None:
    """Say what another profile would change."""


@profile.command()
@configured
@in_language
@click.argument("old", metavar="OLD.yaml", type=FILE)
@click.argument("new", metavar="NEW.yaml", type=FILE)
@for_programs
def diff(file: str | None, lang: str | None, old: Path, new: Path, as_json: bool) -> None:
    """Compare two profiles, unit by unit.

    Says what differs between them, and which units NEW would judge otherwise than the one in force.

    Nothing is stored. To apply it, raise its version and put it in the place of the old one: it is taken while the
    collector runs.
    """
    parts = parts_of(file)
    kinds = {unit.kind for unit in parts.live.units.values()} | set(nation.KINDS)
    before, after = (profile_file.read(one, parts.catalog, kinds=kinds) for one in (old, new))
    changes = difference(before, after)
    rows = asyncio.run(ask(parts, "profile.try", profile=profile_file.stored(after)))
    if as_json:
        print_json({"changes": msgspec.to_builtins(changes), "units": rows})
        return
    lang = lang or parts.config.lang
    differences.changes(changes, lang)
    titles = {line.id: line.title for one in (parts.rules.profile, before, after) for line in one.requirements}
    differences.would_change(msgspec.convert(rows, list[Row]), titles, parts.live.units, after.name, lang)
