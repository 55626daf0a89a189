"""The import rules of the packages, as a function from one module's source to what breaks them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase

OURS = ("checks", "agent", "collector", "dashboards", "benchmarks", "tests", "tools")
KIT = "checks.kit."
SHARED = ("model", "wire", "strict", "words", "segment", "leasing", "ndt7", "tcpinfo", "stamp")
"""What both ends speak, and the collector may know of the kit."""

# The first pattern that a module matches says which of our modules it may import.
ALLOWED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("checks.kit.model", ()),
    ("checks.kit.wire", ("checks.kit.model",)),
    ("checks.kit.registry", ("checks", "checks.kit.model")),
    # a program under another licence: nothing of ours but itself, and nothing of ours imports it (GPL below)
    ("checks.kit.raw", ("checks.kit", "checks.kit.rawflow")),
    ("checks.kit.rawflow", ()),
    ("checks.kit.*", ("checks.kit.*",)),
    ("checks.kit", ()),
    ("checks.*", ("checks.kit.*",)),
    ("checks", ()),
    ("agent.*", ("agent.*", *(KIT + name for name in ("model", "wire", "registry", "strict", "segment", "leasing")))),
    ("agent", ()),
    (
        "collector.catalog",
        ("collector.*", *(KIT + name for name in (*SHARED, "registry"))),
    ),
    ("collector.*", ("collector.*", *(KIT + name for name in SHARED))),
    ("collector", ()),
    ("dashboards.*", ("dashboards.*", "collector.catalog")),
    ("dashboards", ()),
)
# The two mains of the agent, the command and the resident process, construct what checks may touch.
PROBES = tuple(KIT + name for name in ("net", "host", "child", "clock"))
ALSO: dict[str, tuple[str, ...]] = {
    "agent.main": (*PROBES, "checks.kit.words"),
    "agent.resident": (*PROBES, "checks.kit.apart"),
}

GPL = ("checks.kit.raw", "checks.kit.rawflow")

# Third-party packages that only some modules may import. scapy is GPL-2.0-only, aiohttp Apache-2.0: never together.
# The others are heavy: the agent at rest is measured against 19 MB.
ONLY: dict[str, tuple[str, ...]] = {
    "scapy": ("checks.kit.raw",),
    "dns": ("checks.dns",),
    "ntplib": ("checks.clock",),
    "pysnmp": ("checks.kit.snmp",),
    "smartcard": ("checks.kit.pcsc",),
    "cryptography": ("checks.kit.x509", "checks.kit.authority", "checks.kit.revocation", "checks.kit.timestamp"),
    "rfc3161_client": ("checks.kit.timestamp",),
    "openpyxl": ("collector.roster.*",),
    "aiohttp": ("collector.*", "checks.kit.ndt7_client"),
    "sqlalchemy": ("collector.*",),
    "alembic": ("collector.*",),
    "apscheduler": ("collector.*",),
    "jinja2": ("collector.*",),
    "markdown_it": ("collector.web.runbook",),
    "prometheus_client": ("collector.*",),
    "psycopg": ("collector.*",),
    "grafana_api": ("dashboards.push",),
    "requests": ("dashboards.push",),
    "grafana_foundation_sdk": ("dashboards.boards.*",),
    "cramjam": ("collector.remote.*", "tests.collector.remote.receiver"),
}


def problems(module: str, source: str) -> Iterator[str]:
    """What in the source of `module` (its dotted name) breaks a rule, one line each."""
    tree = ast.parse(source)
    for line, name in imports(tree, module):
        top = name.partition(".")[0]
        if top in OURS and not _may(module, name):
            yield f"{module}:{line} imports {name}"
        if name in GPL and module not in GPL and not module.startswith("tests."):
            yield f"{module}:{line} imports {name}, which is under another licence"
        if top in ONLY and not any(fnmatchcase(module, pattern) for pattern in ONLY[top]):
            yield f"{module}:{line} imports {name}, which only {', '.join(ONLY[top])} may"
    if tree.body and not _has_future(tree):
        yield f"{module} lacks `from __future__ import annotations`"
    if module.partition(".")[0] in ("checks", "agent"):
        yield from _logins(tree, module)


def imports(tree: ast.AST, module: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every import in `tree`; ``from a import b`` is ``a.b`` where a is one of our packages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}" if base in PACKAGES else base


PACKAGES = ("checks", "checks.kit", "agent", "collector", "dashboards", "dashboards.boards", "dashboards.rules")


def _absolute(node: ast.ImportFrom, module: str) -> str:
    above = module.split(".")[: -node.level] if node.level else []
    return ".".join([*above, node.module] if node.module else above)


def _may(module: str, name: str) -> bool:
    allowed = next((names for pattern, names in ALLOWED if fnmatchcase(module, pattern)), ())
    return any(fnmatchcase(name, pattern) for pattern in (*allowed, *ALSO.get(module, ())))


def _has_future(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and node.names[0].name == "annotations"
        for node in tree.body
    )


def _logins(tree: ast.AST, module: str) -> Iterator[str]:
    """Calls and names that would present a PIN to a token: there is none in what runs on a PC."""
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name.lower() in ("c_login", "login", "setpin", "initpin"):
            yield f"{module}:{getattr(node, 'lineno', 0)} speaks of {name}: no PIN is ever asked for or sent"


def sizes(name: str, source: str) -> Iterator[str]:
    """What in a file is too long to be read at once: 400 lines a file, 60 lines a function."""
    lines = source.count("\n")
    if lines > 400:
        yield f"{name} has {lines} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > 60:
                yield f"{name}:{node.lineno} {node.name} has {length} lines"
