"""Loads a configuration file as its name says: ``collector-…``, ``locality-…``, ``profile-…``, ``units-…``."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from checks.kit import registry
from collector import catalog, config, units
from collector.catalog import Measures
from collector.readiness import profile_file

MEASURES = Measures(registry.find())


def load(file: Path) -> object:
    """Whatever is in `file`. Raises ConfigError."""
    kind = file.name.partition("-")[0]
    if kind == "collector":
        return catalog.load(config.load(file), MEASURES)
    if kind == "locality":
        return catalog.load(replace(config.load(config.SHIPPED / "collector.yaml"), locality=str(file)), MEASURES)
    return profile_file.load(file, MEASURES) if kind == "profile" else units.load(file)
