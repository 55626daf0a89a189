"""What the commands share: their options, and the parts they act on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from collector import catalog as catalogs
from collector import config as settings
from collector.app import Parts, build
from collector.catalog import Catalog
from collector.config import CollectorConfig

F = TypeVar("F", bound=Callable[..., Any])


def configured(command: F) -> F:
    """Adds ``--config`` to a command."""
    return click.option(
        "--config", "file", metavar="FILE", envvar=settings.VARIABLE,
        help="collector.yaml; else /etc/sansang/collector.yaml, else the shipped one (demo on loopback).",
    )(command)  # fmt: skip


def in_language(command: F) -> F:
    return click.option("--lang", type=click.Choice(["vi", "en"]), help="Language; else the configuration's.")(command)


def for_programs(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="For programs.")(command)


def of_unit(command: F) -> F:
    return click.option("--unit", metavar="CODE", help="Only this unit.")(command)


def load(file: str | None) -> tuple[CollectorConfig, Catalog]:
    """The configuration and everything it names. Raises ConfigError."""
    config = settings.load(file)
    return config, catalogs.load(config)


def parts_of(file: str | None) -> Parts:
    return build(*load(file))


def print_json(found: Any) -> None:
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
