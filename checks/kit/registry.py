"""Finds checks. A check is a module of the package ``checks`` that defines ``CHECK``; nothing registers itself."""

from __future__ import annotations

import importlib
import pkgutil

import checks
from checks.kit.model import Check


def names() -> list[str]:
    """The names of all checks, without importing one."""
    return sorted(module.name for module in pkgutil.iter_modules(checks.__path__) if not module.ispkg)


def load(name: str) -> Check:
    """The check called `name`. Raises LookupError when there is none, or when its file does not declare it."""
    if name not in names():
        raise LookupError(f"no check is called {name!r}; there are: {', '.join(names())}")
    found = getattr(importlib.import_module(f"checks.{name}"), "CHECK", None)
    if not isinstance(found, Check) or found.name != name:
        raise LookupError(f"checks/{name}.py does not define CHECK = Check(name={name!r}, …)")
    return found


def find() -> dict[str, Check]:
    """Every check by name."""
    return {name: load(name) for name in names()}
