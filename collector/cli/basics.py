"""``sansang-collector validate`` and ``units``: what the configuration holds."""

from __future__ import annotations

import click

from collector import show
from collector.catalog import Catalog
from collector.cli.common import configured, in_language, load
from collector.expects import missing, sentence
from collector.units import fold


@click.command()
@configured
def validate(file: str | None) -> None:
    """Check the configuration.

    With its locality, profile, prices and units; and say what is in them.
    """
    config, catalog = load(file)
    profile, locality = catalog.profile, catalog.locality
    click.echo(
        f"ok: {locality.title['vi']} ({locality.id}): {len(catalog.units)} units, {len(catalog.targets)} targets; "
        f"profile {profile.name}: {len(profile.requirements)} requirements; prices: {len(catalog.prices.items)} items; "
        f"database {config.database_url}"
    )
    owed = sentence(missing(locality.expects, catalog.units.values(), None), "en")
    if owed:
        click.echo(f"not listed yet: {owed}")


@click.command()
@configured
@in_language
@click.argument("search", required=False, default="")
def units(file: str | None, lang: str | None, search: str) -> None:
    """List the locality's units with codes.

    SEARCH needs no accents: `units xom chieu`.

    A former unit is found too, by its code or its name, and what became of it is told.
    """
    config, catalog = load(file)
    lang = lang or config.lang
    found = [unit for unit in catalog.units.values() if fold(search) in fold(f"{unit.code} {unit.name}")]
    lines = _former(catalog, search, lang) if search else []
    if found or not lines:
        show.units(found, lang)
    for line in lines:
        show.tell(line)


def _former(catalog: Catalog, search: str, lang: str) -> list[str]:
    """A line for each former unit of that code or name."""
    former, wanted = catalog.locality.former, fold(search)
    gone = [unit for unit in former.units.values() if wanted in (fold(unit.code), fold(unit.name), fold(unit.called))]
    return [
        former.said(unit.code, catalog.units, lang)
        for unit in sorted(gone, key=lambda unit: unit.code)
        if any(end.code in catalog.units for end in former.resolve(unit.code))
    ]
