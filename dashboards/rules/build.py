"""What `out/prometheus` and `out/alertmanager` hold."""

from __future__ import annotations

from dashboards.rules import (
    agents,
    alertmanager,
    collector,
    devices,
    findings,
    messages,
    prometheus,
    recording,
    slo,
    units,
)
from dashboards.rules.model import Alert, Group, Record, rule_file

FILES: dict[str, tuple[Group, ...]] = {
    "recording": recording.GROUPS,
    "findings": findings.GROUPS,
    "units": units.GROUPS,
    "devices": devices.GROUPS,
    "agents": agents.GROUPS,
    "collector": collector.GROUPS,
    "objectives": slo.GROUPS,
}


def rules() -> list[Record | Alert]:
    """Every rule, in the order of evaluation."""
    return [one for groups in FILES.values() for group in groups for one in group.rules]


def alerts() -> list[Alert]:
    return [one for one in rules() if isinstance(one, Alert)]


def records() -> list[Record]:
    return [one for one in rules() if isinstance(one, Record)]


def rule_files(interval: str = "", pace: str = "") -> dict[str, str]:
    """Rule files by name. For trials, `interval` takes the place of the groups' own, and `pace` of that and of every
    ``for`` and ``keep_firing_for``."""
    return {f"{name}.yml": rule_file(groups, interval, pace) for name, groups in FILES.items()}


def files() -> dict[str, str]:
    """Rule files and the configurations of Prometheus and Alertmanager, by file name below `out/`."""
    return {
        "prometheus/prometheus.yml": prometheus.config(prometheus.Servers()),
        **{f"prometheus/rules/{name}": text for name, text in rule_files().items()},
        "alertmanager/alertmanager.yml": alertmanager.config(alertmanager.Post()),
        "alertmanager/sansang.tmpl": messages.template(),
    }
