"""What alerts and records ask for is exported, what they call their results is true, and what they say is in both
languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from checks.kit import registry
from collector.catalog import Measures, series
from collector.config import SHIPPED
from collector.telemetry import REFUSALS
from dashboards.rules import alertmanager, build, slo
from dashboards.rules.links import page_url, runbook_url
from dashboards.rules.model import Alert, Pair, Record, Severity, pair
from tests.test_runbook import TEXT
from tests.tree import heading_anchors

ALIEN = {
    "up": ("job", "instance"),
    "prometheus_rule_evaluation_failures_total": ("rule_group",),
}
"""Series of Prometheus' own."""
SCRAPED = {"job", "instance"}
MADE = {"finding"}
"""Labels that label_replace makes."""
NAME = re.compile(r"\b(?:sansang_\w+|\w+:\w+:\w+|up\b(?!\s*\()|prometheus_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|on|without|group_left|group_right) \(([^)]*)\)")


def known() -> dict[str, set[str]]:
    """The labels of every series that there is, by name: exported, recorded, Prometheus' own."""
    found = {name: {*family.labels, *SCRAPED} for name, family in series(Measures(registry.find())).items()}
    found.update({name: {*labels, *SCRAPED} for name, labels in ALIEN.items()})
    found.update({record.series: set(record.labels) for record in build.records()})
    return found


def asked(expr: str) -> Iterator[tuple[str, set[str]]]:
    """(name, labels of its matchers) of every selector in `expr`."""
    for found in NAME.finditer(expr):
        yield found[0].partition("{")[0], set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", found[1] or ""))


def strangers(expr: str, names: dict[str, set[str]]) -> list[str]:
    """What `expr` names that is not in `names`."""
    wrong = []
    within: set[str] = set(MADE) | {"le"}
    for name, labels in asked(expr):
        wrong += [name] if name not in names else [f"{name}{{{label}}}" for label in sorted(labels - names[name])]
        within |= names.get(name, set())
    for group in GROUPED.findall(expr):
        wrong += [label for label in re.findall(r"\w+", group) if label not in within]
    return wrong


def queries(alert: Alert) -> list[str]:
    """The queries in an alert's messages and links."""
    leads = (runbook_url(alert.name, alert.labels), page_url(alert.labels))
    return re.findall(r"(?:printf|query) `([^`]+)`", "".join((*alert.summary, *alert.description, *leads)))


def test_every_series_and_label_of_a_rule_is_there() -> None:
    """In the collector's catalogue, or recorded before."""
    names = known()
    wrong = {
        getattr(one, "name", "") or getattr(one, "series", ""): found
        for one in build.rules()
        if (
            found := [
                each
                for expr in (one.expr, *(queries(one) if isinstance(one, Alert) else ()))
                for each in strangers(expr, names)
            ]
        )
    }
    assert wrong == {}


def test_a_name_that_is_not_exported_is_told() -> None:
    """A wrong series, a wrong matcher and a wrong grouping all show."""
    names = known()
    assert strangers("sansang_unit_verdikt == 1", names) == ["sansang_unit_verdikt"]
    assert strangers('sansang_unit_verdict{vardict="ready"}', names) == ["sansang_unit_verdict{vardict}"]
    assert strangers("sum by (ward) (sansang_unit_verdict)", names) == ["ward"]
    assert strangers("rate(sansang_collector_commit_seconds_bucket[5m]) and up", names) == []


def test_messages_name_labels_that_their_alert_has() -> None:
    """A template says nothing in the place of a label that is not there."""
    for one in build.alerts():
        said = "".join((*one.summary, *one.description))
        assert set(re.findall(r"\$labels\.(\w+)", said)) <= set(one.labels), one.name


VIETNAMESE = re.compile(r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE)


def one_sided(alerts: list[Alert]) -> list[str]:
    """Alerts that lack one of the languages, or mistake one for the other."""
    pairs: list[tuple[str, Pair]] = [(one.name, text) for one in alerts for text in (one.summary, one.description)]
    return [name for name, (vi, en) in pairs if not VIETNAMESE.search(vi) or not en or VIETNAMESE.search(en)]


def test_every_alert_speaks_both_languages() -> None:
    """English is ASCII: it holds no Vietnamese letter."""
    assert one_sided(build.alerts()) == []
    mute = Alert(
        name="Mute", severity=Severity.INFO, expr="up", hold="1m", summary=pair("Lỗi", ""), description=pair("Lỗi", "x")
    )
    assert one_sided([mute]) == ["Mute"]


def test_every_alert_is_in_the_runbook_and_no_other() -> None:
    """Each under its own heading, where its runbook_url leads."""
    there = {anchor for anchor in heading_anchors(TEXT) if anchor.startswith("alert-")}
    assert there == {f"alert-{one.name.lower()}" for one in build.alerts()}


def test_a_records_name_says_what_it_is() -> None:
    """level:metric:operation, and evaluated often enough to be found."""
    for record in build.records():
        assert re.fullmatch(r"[a-z]+:[a-z0-9_]+:[a-z0-9_]+", record.series), record
    assert {group.interval for groups in build.FILES.values() for group in groups} <= {"30s", "1m", "2m", "4m"}


def test_limits_of_the_profile_are_asked_for_by_a_name_that_it_has() -> None:
    """With a band that has a limit: a typing error would keep the alert silent for good."""
    profile = yaml.safe_load((SHIPPED / "profiles" / "default.yaml").read_text("utf-8"))
    bands = {(one["id"], band) for one in profile["requirements"] for band in one["bands"]}
    exprs = " ".join(one.expr for one in build.rules())
    asked_for = set(re.findall(r'requirement="(\w+)",band="(\w+)"', exprs))
    assert asked_for == {
        ("disk_free", "at_risk"),
        ("clock_offset", "at_risk"),
        ("system_certificate", "at_risk"),
        ("system_certificate", "ready"),
    }
    assert asked_for <= bands
    assert {("uplink_p95_in", "at_risk"), ("uplink_p95_out", "at_risk")} <= bands


def test_words_that_are_said_twice_agree() -> None:
    """dashboards may not import where these are said: refusals, localities."""
    assert set(slo.OWN_FAULT.split("|")) <= set(REFUSALS)
    assert set(alertmanager.LOCALITIES) == {file.stem for file in (SHIPPED / "localities").glob("*.yaml")} - {"demo"}


def test_only_what_stops_is_kept_firing() -> None:
    """keep_firing_for bridges flapping and nights; what has a `for` of nothing is the watchdog alone."""
    kept = {one.name for one in build.alerts() if one.keep}
    assert kept == {"Finding", "UnitLostContact", "SigningCertificateEnds"}
    assert [one.name for one in build.alerts() if one.hold == "0s"] == ["Watchdog"]


def test_a_rule_is_a_record_or_an_alert() -> None:
    """And no name is recorded twice."""
    names = [one.series for one in build.rules() if isinstance(one, Record)]
    assert len(names) == len(set(names))
