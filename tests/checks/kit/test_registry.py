"""Checks are found, never registered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import checks
from checks.kit import registry
from checks.kit.model import Check, Fact, Metric


def test_the_files_of_the_folder_are_the_checks() -> None:
    """`ls checks/` is the feature list."""
    files = {file.stem for file in Path(checks.__path__[0]).glob("*.py")} - {"__init__"}
    assert set(registry.names()) == files == set(registry.find())


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    """The message helps with a typing error."""
    with pytest.raises(LookupError) as caught:
        registry.load("conectivity")
    assert str(caught.value) == f"no check is called 'conectivity'; there are: {', '.join(registry.names())}"


@pytest.mark.parametrize("source", ["", "CHECK = 1", "from checks.device import CHECK"])
def test_a_file_that_declares_no_check_of_its_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """A file's name and its check's name are one."""
    name = f"stray_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setattr("checks.__path__", [str(tmp_path)])
    with pytest.raises(LookupError) as caught:
        registry.load(name)
    assert str(caught.value) == f"checks/{name}.py does not define CHECK = Check(name={name!r}, …)"


def test_listing_imports_no_check() -> None:
    """An agent that runs one check does not pay for the others."""
    code = (
        "import sys; from checks.kit import registry; registry.names();"
        "print([name for name in sys.modules if name.startswith('checks.') and not name.startswith('checks.kit')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


_METRICS = [(check, metric) for check in registry.find().values() for metric in check.metrics]


@pytest.mark.parametrize("check", registry.find().values(), ids=lambda check: check.name)
def test_a_check_is_described_in_both_languages_and_bounded(check: Check) -> None:
    """Its deadline fits into its interval, its names stand once."""
    assert set(check.title) == {"vi", "en"}
    assert all(check.title.values())
    assert 0 < check.timeout < check.every
    for described in (check.metrics, check.facts):
        found = [one.name for one in described]
        assert len(set(found)) == len(found)
        assert all(one.help.endswith(".") for one in described)


_NAMED = [one for check in registry.find().values() for one in (*check.metrics, *check.facts)]


@pytest.mark.parametrize("one", _NAMED, ids=lambda one: one.name)
def test_what_a_check_tells_has_a_short_name_in_both_languages(one: Metric | Fact) -> None:
    """And so has each of its closed values: no page falls back to a code."""
    for words in (one.title, *one.words.values()):
        assert set(words) == {"vi", "en"}
        assert all(0 < len(text) <= 40 and text == text.strip() and "_" not in text for text in words.values())


@pytest.mark.parametrize(("check", "metric"), _METRICS, ids=lambda one: one.name)
def test_a_metric_carries_its_checks_name_and_a_base_unit(check: Check, metric: Metric) -> None:
    """`sansang_<check>_<what>_<unit>`."""
    assert metric.name.startswith(f"{check.name}_")
    assert metric.unit in {"", "seconds", "bytes", "bytes_per_second", "ratio", "packets", "round_trips_per_minute"}
    parts = ["sansang", metric.name, metric.unit, "total" if metric.counter else ""]
    assert metric.series == "_".join(part for part in parts if part)


def test_promtool_accepts_every_metric(tmp_path: Path) -> None:
    """Names, units and help pass Prometheus' own linter."""
    lines = []
    for _, metric in _METRICS:
        labels = ",".join(f'{name}="x"' for name in metric.labels)
        lines += [
            f"# HELP {metric.series} {metric.help}",
            f"# TYPE {metric.series} {'counter' if metric.counter else 'gauge'}",
            f"{metric.series}{{{labels}}} 1",
        ]
    done = subprocess.run(
        ["promtool", "check", "metrics"], input="\n".join([*lines, ""]), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
