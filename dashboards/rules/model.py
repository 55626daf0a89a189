"""What a rule is, and its text: files as Prometheus 2.42 reads them, alike for every run of the generator."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import yaml
from msgspec import Struct

from dashboards.rules.links import page_url, runbook_url

Pair = tuple[str, str]
"""Vietnamese, English. Go templates, with the labels and the value of the alert ($labels, $value)."""


def pair(vi: str, en: str) -> Pair:
    """Both languages, each free to stand in several pieces."""
    return vi, en


Steps = tuple[tuple[str, str], ...]
_COMMA: Steps = ((r"\.", ","),)
SPOKEN: dict[str, tuple[Steps, Steps]] = {
    "humanizeDuration": (
        (("([dhm]) [0-9.]+s$", "$1"), ("([0-9]+d [0-9]+h) [0-9]+m", "$1"), (" 0m$", ""), (" 0h$", "")),
        (("([0-9])d", "$1 ngày"), ("([0-9])h", "$1 giờ"), ("([0-9])m", "$1 phút"), ("([0-9])s", "$1 giây"), *_COMMA),
    ),
    "humanizePercentage": ((("%", " %"),), _COMMA),
    "humanize": ((), _COMMA),
}
"""What is replaced in the result of a function, in both languages and in Vietnamese besides."""
HEADER = "# Written by `sansang-dashboards build` from dashboards/rules/; change the code, then run it again.\n"


class Severity(enum.StrEnum):
    """Who is to look, and when: CRITICAL at once, day and night; WARNING within the day; INFO when somebody is there
    anyway."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Record(Struct, frozen=True, kw_only=True):
    """A recording rule: ``series`` is ``level:metric:operation`` (prometheus.io/docs/practices/rules), ``labels`` all
    that it has."""

    series: str
    expr: str
    labels: tuple[str, ...] = ()


class Alert(Struct, frozen=True, kw_only=True):
    """An alerting rule. ``hold`` is its ``for``; ``keep`` its ``keep_firing_for``, which Prometheus knows since 2.42
    (github.com/prometheus/prometheus/pull/11827). ``labels`` are those that `expr` leaves, besides the severity. Rules
    of one name are one alert in several severities; Alertmanager keeps the lesser back."""

    name: str
    severity: Severity
    expr: str
    summary: Pair
    description: Pair
    hold: str
    keep: str = ""
    labels: tuple[str, ...] = ()


class Group(Struct, frozen=True, kw_only=True):
    """Rules that are evaluated one after another, every ``interval``: at most 4 minutes, since a recorded sample is
    forgotten after 5."""

    name: str
    interval: str
    rules: tuple[Record | Alert, ...]


def spoken(text: str, lang: str) -> str:
    """A template as `lang` tells lengths of time and numbers: Prometheus' own functions know only English, so what they
    give is replaced in, word by word. ``4h 15m 30s`` is ``4 giờ 15 phút``; what follows days and hours is left out."""
    for function, (both, vietnamese) in SPOKEN.items():
        steps = both + (vietnamese if lang == "vi" else ())
        piped = "".join(f" | reReplaceAll `{pattern}` `{told}`" for pattern, told in steps)
        text = text.replace(f"{function} }}}}", f"{function}{piped} }}}}")
    return text


def rule(one: Record | Alert, pace: str = "") -> dict[str, Any]:
    """As a mapping for YAML. `pace` takes the place of every duration, for trials."""
    if isinstance(one, Record):
        return {"record": one.series, "expr": one.expr}
    texts = {"summary": one.summary, "description": one.description}
    said = {f"{kind}_{lang}": spoken(pair[lang == "en"], lang) for kind, pair in texts.items() for lang in ("vi", "en")}
    leads = {"runbook_url": runbook_url(one.name, one.labels), "page_url": page_url(one.labels)}
    keep = {"keep_firing_for": pace or one.keep} if one.keep else {}
    return {
        "alert": one.name,
        "expr": one.expr,
        "for": pace or one.hold,
        **keep,
        "labels": {"severity": one.severity.value},
        "annotations": {**said, **leads},
    }


def rule_file(groups: tuple[Group, ...], interval: str = "", pace: str = "") -> str:
    """A rule file, with `pace` as :func:`rule` has it; `interval` in the place of the groups' own."""
    found = [
        {
            "name": group.name,
            "interval": interval or pace or group.interval,
            "rules": [rule(one, pace) for one in group.rules],
        }
        for group in groups
    ]
    return to_yaml({"groups": found})


def to_yaml(document: Mapping[str, Any]) -> str:
    """YAML 1.2 that YAML 1.1 reads alike: keys in their order, texts of several lines as blocks, under the header."""
    text: str = yaml.dump(
        dict(document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000, default_flow_style=False
    )
    return HEADER + text


class _Dumper(yaml.SafeDumper):
    """Indents lists, writes blocks, and no anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
