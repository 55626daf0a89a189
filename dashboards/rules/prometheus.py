"""Prometheus' own configuration: what it scrapes, where its rules lie, whom it alerts."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from dashboards.rules.model import to_yaml

OTHER_OUTCOMES = {
    "source_labels": ["__name__", "outcome"],
    "regex": "sansang_check_outcome;(ok|error|not_applicable)",
    "action": "drop",
}
"""Three of four series of every job: whether it failed is all that is asked for."""
NOTE = """\
    # What the shipped dashboards and alerts ask for, of a PC in Ho Chi Minh City 95 series instead of 468.
    # All of them come without `params` and without the relabelling of outcomes; see RUNBOOK.md.
"""


class Servers(Struct, frozen=True, kw_only=True):
    """Who is where, as host:port. ``shards`` is into how many scrapes the devices are split; ``locality`` is told with
    alerts that have none of their own, those on the collector; ``out_of_order`` how old a sample that the collector
    writes afterwards may be (Prometheus 2.39 and newer); ``lean`` takes of devices only what the shipped dashboards and
    alerts ask for, else all. ``pace`` overrides every interval, for trials."""

    collector: str = "127.0.0.1:8420"
    prometheus: str = "127.0.0.1:9090"
    alertmanager: str = "127.0.0.1:9093"
    rules: str = "rules/*.yml"
    scheme: str = "http"
    shards: int = 4
    locality: str = "hcmc"
    out_of_order: str = "7d"
    lean: bool = True
    pace: str = ""


def config(servers: Servers) -> str:
    """prometheus.yml. Relative names are looked for beside it."""
    pace = servers.pace
    document: dict[str, Any] = {
        "global": {
            "scrape_interval": pace or "15s",
            "scrape_timeout": pace or "10s",
            "evaluation_interval": pace or "30s",
            "external_labels": {"locality": servers.locality},
        },
        "storage": {"tsdb": {"out_of_order_time_window": servers.out_of_order}},
        "rule_files": [servers.rules],
        "alerting": {"alertmanagers": [_fixed(servers.alertmanager)]},
        "scrape_configs": [
            {"job_name": "sansang", "scheme": servers.scheme, **_fixed(servers.collector)},
            _devices(servers),
            {"job_name": "prometheus", **_fixed(servers.prometheus)},
        ],
    }
    return to_yaml(document).replace("    params:\n", f"{NOTE}    params:\n")


def _fixed(target: str) -> dict[str, Any]:
    return {"static_configs": [{"targets": [target]}]}


def _devices(servers: Servers) -> dict[str, Any]:
    """What a device measures changes every 5 minutes at most; path and shard come from the discovery."""
    discovery = {
        "url": f"{servers.scheme}://{servers.collector}/sd/devices?shards={servers.shards}",
        "refresh_interval": servers.pace or "1m",
    }
    # `shard` tells the targets' `up` apart; on a device's series it would change with the number of shards
    relabel = [{"action": "labeldrop", "regex": "shard"}, *([OTHER_OUTCOMES] if servers.lean else [])]
    return {
        "job_name": "sansang-devices",
        "scheme": servers.scheme,
        "scrape_interval": servers.pace or "1m",
        "scrape_timeout": servers.pace or "30s",
        **({"params": {"collect[]": ["dashboards"]}} if servers.lean else {}),
        "http_sd_configs": [discovery],
        "metric_relabel_configs": relabel,
    }
