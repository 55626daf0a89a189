"""Who may import whom; read from the syntax trees, nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules import imports, problems, sizes

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("checks", "agent", "collector", "dashboards")
ALL = (*SHIPPED, "tests", "tools", "benchmarks")


def sources(folders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(dotted name, source) of every Python file in `folders`."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file.read_text("utf-8")


def test_every_module_imports_only_what_it_may() -> None:
    """The layers stay apart in everything that ships."""
    found = [problem for name, source in sources(SHIPPED) for problem in problems(name, source)]
    assert not found, "\n".join(found)


def test_no_program_holds_both_scapy_and_aiohttp() -> None:
    """GPL-2.0-only and Apache-2.0 code never come together through a chain of imports."""
    graph = {name: {found for _, found in imports(ast.parse(source), name)} for name, source in sources(SHIPPED)}
    for start in graph:
        reached = closure(graph, start)
        assert not {"scapy", "aiohttp"} <= {name.partition(".")[0] for name in reached}, start


def closure(graph: dict[str, set[str]], start: str) -> set[str]:
    """Everything that importing `start` may import; a name inside a module counts as the module."""
    reached: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        todo.extend(graph.get(name, graph.get(name.rpartition(".")[0], set())))
    return reached


def test_every_file_postpones_its_annotations_and_is_short_enough_to_read() -> None:
    """Tests, tools and benchmarks too: 400 lines a file, 60 a function."""
    found = [problem for name, source in sources(ALL) for problem in sizes(name, source)]
    assert not found, "\n".join(found)
    bare = [
        name for name, source in sources(ALL) if source.strip() and "from __future__ import annotations" not in source
    ]
    assert bare == []


FUTURE = "from __future__ import annotations\n"


@pytest.mark.parametrize(
    ("module", "source", "problem"),
    [
        ("agent.push", "from collector import store", "agent.push:2 imports collector.store"),
        ("agent.push", "import collector.store", "agent.push:2 imports collector.store"),
        ("agent.push", "def late():\n    from checks.kit.net import resolve", "agent.push:3 imports checks.kit.net"),
        ("agent.spool", "from checks.kit import words", "agent.spool:2 imports checks.kit.words"),
        ("agent.runner", "from checks import device", "agent.runner:2 imports checks.device"),
        ("collector.app", "from agent import config", "collector.app:2 imports agent.config"),
        ("collector.ingest", "from checks.kit import registry", "collector.ingest:2 imports checks.kit.registry"),
        ("checks.device", "from checks.connectivity import CHECK", "checks.device:2 imports checks.connectivity"),
        ("checks.device", "from . import connectivity", "checks.device:2 imports checks.connectivity"),
        ("checks.kit.wire", "from .net import Net", "checks.kit.wire:2 imports checks.kit.net"),
        ("collector.app", "import dashboards.main", "collector.app:2 imports dashboards.main"),
        ("dashboards.main", "from collector import store", "dashboards.main:2 imports collector.store"),
        ("collector.app", "from tests.postgres import Cluster", "collector.app:2 imports tests.postgres"),
        (
            "agent.http",
            "import aiohttp",
            "agent.http:2 imports aiohttp, which only collector.*, checks.kit.ndt7_client may",
        ),
        (
            "collector.app",
            "from scapy.all import IP",
            "collector.app:2 imports scapy.all, which only checks.kit.raw may",
        ),
        ("checks.kit.raw", "from checks.kit import child", "checks.kit.raw:2 imports checks.kit.child"),
        (
            "checks.path",
            "from checks.kit.raw import trace",
            "checks.path:2 imports checks.kit.raw, which is under another licence",
        ),
        (
            "checks.token",
            "def run(s):\n    s.login('1')",
            "checks.token:3 speaks of login: no PIN is ever asked for or sent",
        ),
        ("checks.token", "lib.C_Login(1)", "checks.token:2 speaks of C_Login: no PIN is ever asked for or sent"),
    ],
)
def test_a_module_that_breaks_a_rule_is_named(module: str, source: str, problem: str) -> None:
    """Each rule can fail, and says where."""
    assert list(problems(module, FUTURE + source)) == [problem]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("agent.push", "from agent.spool import Spool\nfrom checks.kit.wire import seal"),
        ("agent.main", "from checks.kit.child import Child"),
        ("collector.catalog", "from checks.kit import registry"),
        ("dashboards.main", "from collector import catalog"),
        ("checks.kit.raw", "from scapy.all import IP"),
        ("checks.device", "from checks.kit.model import Check"),
    ],
)
def test_a_module_that_keeps_the_rules_passes(module: str, source: str) -> None:
    """The rules do not forbid what the design allows."""
    assert list(problems(module, FUTURE + source)) == []


def test_a_missing_future_import_and_excess_length_are_named() -> None:
    """The remaining rules can fail too."""
    assert list(problems("agent.push", "x = 1")) == ["agent.push lacks `from __future__ import annotations`"]
    assert list(sizes("a.py", "def f():\n" + "    x = 1\n" * 60)) == ["a.py:1 f has 61 lines"]
    assert list(sizes("a.py", "x = 1\n" * 401)) == ["a.py has 401 lines"]
    graph = {"a": {"b.name"}, "b": {"scapy.all", "c"}, "c": {"aiohttp"}}
    assert closure(graph, "a") >= {"scapy.all", "aiohttp"}
