"""What the commands share: their options, and the parts they act on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar, overload

import click
from click.core import ParameterSource

from collector import catalog as catalogs
from collector import config as settings
from collector.app import Parts, build
from collector.catalog import Catalog
from collector.config import CollectorConfig
from collector.former import Gone

F = TypeVar("F", bound=Callable[..., Any])


def inherited(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """The option as it was typed last: of ``readiness --config FILE explain`` the file holds for ``explain`` too."""
    name = str(option.name)
    above = context.parent.params.get(name) if context.parent else None
    typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    return value if typed or not above else above


def needed(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """As `inherited`, of an option that has to be typed at either place."""
    found = inherited(context, option, value)
    if found is None:
        raise click.MissingParameter(ctx=context, param=option)
    return found


def configured(command: F) -> F:
    """Adds ``--config`` to a command."""
    return click.option(
        "--config", "file", metavar="FILE", envvar=settings.VARIABLE, callback=inherited,
        help="collector.yaml; else /etc/sansang/collector.yaml, else the shipped one (demo on loopback).",
    )(command)  # fmt: skip


def in_language(command: F) -> F:
    return click.option(
        "--lang", type=click.Choice(["vi", "en"]), callback=inherited, help="Language; else the configuration's."
    )(command)


def for_programs(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, callback=inherited, help="For programs.")(command)


def of_unit(command: F) -> F:
    return click.option("--unit", metavar="CODE", callback=inherited, help="Only this unit.")(command)


def of_one_unit(command: F) -> F:
    return click.option("--unit", metavar="CODE", callback=needed, help="The unit, by its code.  [required]")(command)


def load(file: str | None) -> tuple[CollectorConfig, Catalog]:
    """The configuration and everything it names. Raises ConfigError."""
    config = settings.load(file)
    return config, catalogs.load(config)


def parts_of(file: str | None) -> Parts:
    return build(*load(file))


@overload
def today(parts: Parts, unit: str, lang: str | None = None) -> str: ...
@overload
def today(parts: Parts, unit: str | None, lang: str | None = None) -> str | None: ...
def today(parts: Parts, unit: str | None, lang: str | None = None) -> str | None:
    """The code of today's unit that `unit` means; of a former unit's it is told on standard error what it is now. What
    means none is left to the collector to refuse."""
    units, former = parts.live.units, parts.catalog.locality.former
    if unit is None or unit in units:
        return unit
    try:
        found = former.today(unit, units)
    except Gone:
        return unit
    click.echo(former.said(unit, units, lang or parts.config.lang), err=True)
    return found


def print_json(found: Any) -> None:
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
