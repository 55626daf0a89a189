"""Writes CONFIGURATION.md and METRICS.md from the code; with ``--check`` says what differs instead."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct, inspect

from agent.config import AgentConfig
from checks.kit import registry, words
from checks.kit.model import Bilingual, Check, Outcome, Reason
from collector import families
from collector.catalog import Measures
from collector.config import CollectorConfig
from collector.locality import LocalityFile
from collector.meaning import meanings
from collector.readiness import words as judged
from collector.readiness.model import Silence, Verdict
from collector.readiness.prices import PricesFile
from collector.readiness.profile import AGENT_FACTS
from collector.readiness.schema import ProfileFile
from collector.telemetry import Telemetry

ROOT = Path(__file__).resolve().parent.parent
NOTE = "Written by `tools/generate_docs.py` from the code; a test compares. Change the code, then run `make docs`."
OUTSIDE = ("process_", "python_")
COUNTERS = {
    "refusals_total{code}": "code",
    "gap_records_total{reason}": "gap",
    "remote_write_failed_total{reason}": "failure",
    "remote_write_dropped_samples_total{reason}": "drop",
}
"""Counters of the collector whose label is in words, by the table of :func:`collector.meaning.meanings`."""


class Key(Struct, frozen=True):
    """One key of a file: dotted, with ``[]`` for each entry of a list."""

    name: str
    kind: str
    default: str
    meaning: str


FILES: tuple[tuple[str, type[Struct], str], ...] = (
    (
        "collector.yaml",
        CollectorConfig,
        (
            "Named by `--config`, else `$SANSANG_COLLECTOR_CONFIG_FILE`, else `/etc/sansang/collector.yaml`, else the "
            "shipped `configs/collector.yaml`."
        ),
    ),
    (
        "agent.yaml",
        AgentConfig,
        (
            "Named by `--config`, else `$SANSANG_AGENT_CONFIG_FILE`, else `/etc/sansang/agent.yaml`, else the "
            "defaults. What to measure comes from the collector."
        ),
    ),
    ("localities/NAME.yaml", LocalityFile, "Named by `locality` in collector.yaml."),
    (
        "profiles/NAME.yaml",
        ProfileFile,
        (
            "Named by `profile` in the locality, or by `extends` in another profile. A limit that nothing can meet, or "
            "that everything meets, is refused; so is a word that a fact never says."
        ),
    ),
    ("prices.yaml", PricesFile, "Beside `localities/`, else the shipped one: what meets a requirement, and its price."),
)
WRITING = (
    'A code is text: write `"00004"` in quotes, or YAML makes it the number 4. A length of time is a number and one of '
    "`s`, `m`, `h`, `d`. Units of the country stand in `configs/units.csv`, see "
    "[configs/UNITS.md](configs/UNITS.md).\n\n"
    "An unknown key, a wrong type, a key that stands twice: each is refused with `file:line:column: key: what was "
    "expected`. Try `sansang-collector validate` and `sansang-agent validate`."
)
JOB = {
    "check": "Its name.",
    "target": "What it is run on, the name under which its results are kept.",
    "every": "How often, in seconds.",
    "params": "Parameters of the check.",
}
"""The keys of a job on the wire, which carries no descriptions."""


def configuration() -> str:
    """CONFIGURATION.md."""
    head = ("Key", "Type", "Default", "Meaning")
    parts = ["# Configuration", NOTE, WRITING]
    for name, kind, where in FILES:
        parts += [f"## {name}", where, _table(head, map(_row, keys(kind)))]
    parts += ["## Parameters of checks", "Under `params` of a job, or of a target."]
    for check in registry.find().values():
        rows = [_row(key) for key in keys(check.params)]
        parts += [f"### {check.name}", _table(head, rows) if rows else "None."]
    return "\n\n".join(parts) + "\n"


READING = (
    "Everything is a gauge unless a name ends in `_total`, `_bucket`, `_sum` or `_count`. Units are base units. A "
    "phase that did not run has no series. Values of `reason`, `outcome`, `verdict`, `state` and `silence` are listed "
    "below and never grow while running; `target` comes from the locality's file."
)


DEVICES = (
    "`GET /metrics/devices`; `?unit=CODE` for one unit, `?shard=i/n` for one of n parts; `?collect[]=NAME` for some of "
    "the series (a check, `device`, `run`, `agent`, a series, or `dashboards`: what the shipped ones ask for), "
    "`?exclude[]=NAME` for the rest, both repeatable. A result that three others should have followed is no longer "
    "exported, nor is anything but the name and the last time of a device that "
    "has been silent past the profile's `no_data`."
)
AGENTS = "What each agent says of itself with every batch, on `GET /metrics/devices`."


def metrics() -> str:
    """METRICS.md."""
    parts = ["# Metrics", NOTE, READING]
    parts += ["## Units", "`GET /metrics`.", _families(families.UNIT)]
    parts += ["## Findings and standards", "`GET /metrics`.", _families(families.FINDING + families.STANDARDS)]
    parts += ["## Devices", DEVICES, _families(families.REGISTERED + families.RUN)]
    parts += ["## Agents", AGENTS, _families(families.AGENT)]
    checks = registry.find()
    parts += ["## Checks", "Beside `unit`, `device`, `check` and `target`, on `GET /metrics/devices`."]
    for check in checks.values():
        parts += [f"### {check.name}: {check.title['en']}", f"Runs every {check.every:g} s by default.", _check(check)]
    parts += ["## Facts", "What a requirement can ask for besides numbers; shown on the device's page.", _facts(checks)]
    parts += ["## Values", "What pages call values of labels and of closed facts.", _values(checks)]
    parts += ["## The collector itself", "`GET /metrics`, of this process.", _own()]
    return "\n\n".join([*parts, *_words()]) + "\n"


def _families(listed: Iterable[families.Family]) -> str:
    rows = [(f"`{family.series}`", ", ".join(family.labels), family.help) for family in listed]
    return _table(("Series", "Labels", "Meaning"), rows)


def _check(check: Check) -> str:
    rows = [
        (
            f"`{metric.series}`",
            _titled(metric.title),
            metric.unit or "1",
            ", ".join(metric.labels),
            metric.help + _kept(metric.distribution),
        )
        for metric in check.metrics
    ]
    return _table(("Series", "Title", "Unit", "Labels", "Meaning"), rows)


def _titled(title: Bilingual) -> str:
    """Both languages, as ``Tuổi máy / Age``; once where they agree."""
    return " / ".join(dict.fromkeys(title[lang] for lang in words.LANGUAGES))


def _kept(distribution: bool) -> str:
    return " Its quantiles are kept per unit." if distribution else ""


def _facts(checks: dict[str, Check]) -> str:
    rows = [(f"`agent.{name}`", "", "seconds", text) for name, text in AGENT_FACTS.items()]
    known = sorted(Measures(checks).facts.items())
    rows += [(f"`{name}`", _titled(fact.title), fact.unit, fact.help) for name, fact in known]
    return _table(("Fact", "Title", "Unit", "Meaning"), rows)


def _values(checks: dict[str, Check]) -> str:
    """Label values and closed facts that have words of their own."""
    spoken = [(metric.series, metric.words) for check in checks.values() for metric in check.metrics]
    spoken += [(f"{check.name}.{fact.name}", fact.words) for check in checks.values() for fact in check.facts]
    rows = [
        (f"`{name}`", f"`{value}`", *(word[lang] for lang in words.LANGUAGES))
        for name, known in spoken
        for value, word in known.items()
    ]
    return _table(("Of", "Value", "Vietnamese", "English"), rows)


def _own() -> str:
    """A histogram is one row: its parts have its name."""
    rows: dict[str, tuple[str, ...]] = {}
    for family in families.own(Telemetry().registry):
        if not family.series.startswith(OUTSIDE):
            parts = family.kind == "histogram"
            name = family.series.rpartition("_")[0] if parts else family.series
            labels = ", ".join(label for label in family.labels if label != "le")
            rows[name] = (f"`{name}`", family.kind, labels, family.help)
    return _table(("Series", "Type", "Labels", "Meaning"), rows.values())


def _words() -> Iterator[str]:
    both = words.LANGUAGES
    spoken = ("Value", "Glyph", "Vietnamese", "English")
    states = [(f"`{v}`", judged.verdict_glyph(v), *(judged.verdict_word(v, lang) for lang in both)) for v in Verdict]
    states += [(f"`{s}`", judged.silence_glyph(s), *(judged.silence_word(s, lang) for lang in both)) for s in Silence]
    yield from ("## Verdicts and silence", _table(spoken, states))
    marks = ((one, [words.outcome(one, lang) for lang in both]) for one in Outcome)
    outcomes = ((f"`{one}`", vi.glyph, vi.word, en.word) for one, (vi, en) in marks)
    yield from ("## Outcomes", _table(spoken, outcomes))
    found = ((reason, [words.reason(reason, lang) for lang in both]) for reason in Reason)
    reasons = ((f"`{one}`", vi.title, en.title, en.hint) for one, (vi, en) in found)
    yield from ("## Reasons", _table(("Value", "Vietnamese", "English", "What to do"), reasons))
    own = ((f"`{reason}`", *pair) for reason, pair in judged.REASONS.items())
    yield from ("Of a requirement, besides:", _table(("Value", "Vietnamese", "English"), own))
    told = meanings()
    counted = (
        (f"`sansang_collector_{series}`", f"`{value}`", *pair)
        for series, kind in COUNTERS.items()
        for value, pair in told[kind].items()
    )
    yield from ("Of the collector's own counters:", _table(("Of", "Value", "Vietnamese", "English"), counted))


def keys(kind: type[Any], prefix: str = "") -> Iterator[Key]:
    """The keys of a Struct, those of the Structs inside it after each."""
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind} is no Struct")
    yield from _fields(info, prefix)


def _fields(info: inspect.StructType, prefix: str) -> Iterator[Key]:
    for field in info.fields:
        name = prefix + field.encode_name
        meaning, examples = _described(field.type)
        meaning = meaning or (JOB[field.encode_name] if prefix == "jobs[]." else "")
        if examples:
            meaning += f" For example `{examples[0]}`."
        yield Key(name, _kind(field.type), _default(field), meaning)
        for inner, mark in _structs(field.type):
            yield from _fields(inner, f"{name}{mark}.")


def _described(kind: inspect.Type) -> tuple[str, list[Any]]:
    """The first description found from the outside in, and its examples."""
    while isinstance(kind, inspect.Metadata):
        schema = kind.extra_json_schema or {}
        if "description" in schema:
            return schema["description"], schema.get("examples", [])
        kind = kind.type
    return "", []


def _structs(kind: inspect.Type, mark: str = "") -> Iterator[tuple[inspect.StructType, str]]:
    if isinstance(kind, inspect.Metadata):
        yield from _structs(kind.type, mark)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _structs(one, mark)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield from _structs(kind.item_type, mark + "[]")
    elif isinstance(kind, inspect.StructType):
        yield kind, mark


_PLAIN: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.AnyType: "anything",
    inspect.StructType: "mapping",
}


def _kind(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        return _kind(kind.type)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_kind(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.LiteralType):
        return " or ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return f"list of {_kind(kind.item_type)}"
    if isinstance(kind, inspect.DictType):
        return f"mapping to {_kind(kind.value_type)}"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return ("whole number" if isinstance(kind, inspect.IntType) else "number") + _range(kind)
    return _PLAIN.get(type(kind), type(kind).__name__)


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    least = kind.ge if kind.ge is not None else kind.gt
    most = kind.le if kind.le is not None else kind.lt
    if least is not None and most is not None:
        return f", {'above ' if kind.ge is None else ''}{least:g} to {most:g}"
    return f", {'above' if kind.ge is None else 'at least'} {least:g}" if least is not None else ""


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    value = field.default_factory() if field.default is NODEFAULT else field.default
    if isinstance(value, Struct):
        return ""
    return "" if value is None or value == "" else f"`{msgspec.json.encode(value).decode()}`"


def _row(key: Key) -> tuple[str, ...]:
    return f"`{key.name}`", key.kind, key.default, key.meaning


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


DOCUMENTS = {"CONFIGURATION.md": configuration, "METRICS.md": metrics}


def differences(root: Path) -> str:
    """What `root` holds against what the code says, as a diff; empty when they agree."""
    found: list[str] = []
    for name, written in DOCUMENTS.items():
        file = root / name
        old = file.read_text("utf-8") if file.exists() else ""
        found += difflib.unified_diff(old.splitlines(True), written().splitlines(True), name, f"{name} (from the code)")
    return "".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when a document differs")
    if parser.parse_args().check:
        difference = differences(ROOT)
        sys.stdout.write(difference)
        sys.exit(1 if difference else 0)
    for name, written in DOCUMENTS.items():
        (ROOT / name).write_text(written(), "utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
