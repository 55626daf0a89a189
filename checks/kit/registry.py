"""Finds checks. A check is a module of the package ``checks`` that defines ``CHECK``; nothing registers itself."""

from __future__ import annotations

import importlib
import os

import checks
from checks.kit.model import Check

RESIDENT = frozenset({"connectivity", "power"})
"""Checks that run in the agent's own process: often, or for less than a child costs. All others run in a child of
their own each time (:mod:`checks.kit.apart`), which gives back what they load."""


def names() -> list[str]:
    """The names of all checks, without importing one."""
    # pkgutil.iter_modules would import inspect: 3.8 MB in the resident agent, which may use 19
    files = (file for folder in checks.__path__ for file in os.listdir(folder))  # noqa: PTH208
    return sorted(file[:-3] for file in files if file.endswith(".py") and file != "__init__.py")


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
