"""Prometheus' own configuration: what it scrapes, where its rules lie, whom it alerts."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from dashboards.rules.model import to_yaml


class Servers(Struct, frozen=True, kw_only=True):
    """Who is where, as host:port. ``shards`` is into how many scrapes the devices are split; ``locality`` is told with
    alerts that have none of their own, those on the collector; ``out_of_order`` how old a sample that the collector
    writes afterwards may be (Prometheus 2.39 and newer). ``pace`` overrides every interval, for trials."""

    collector: str = "127.0.0.1:8420"
    prometheus: str = "127.0.0.1:9090"
    alertmanager: str = "127.0.0.1:9093"
    rules: str = "rules/*.yml"
    scheme: str = "http"
    shards: int = 4
    locality: str = "hcmc"
    out_of_order: str = "7d"
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
    return to_yaml(document)


def _fixed(target: str) -> dict[str, Any]:
    return {"static_configs": [{"targets": [target]}]}


def _devices(servers: Servers) -> dict[str, Any]:
    """What a device measures changes every 5 minutes at most; path and shard come from the discovery."""
    discovery = {
        "url": f"{servers.scheme}://{servers.collector}/sd/devices?shards={servers.shards}",
        "refresh_interval": servers.pace or "1m",
    }
    return {
        "job_name": "sansang-devices",
        "scheme": servers.scheme,
        "scrape_interval": servers.pace or "1m",
        "scrape_timeout": servers.pace or "30s",
        "http_sd_configs": [discovery],
        # `shard` tells the targets' `up` apart; on a device's series it would change with the number of shards
        "metric_relabel_configs": [{"action": "labeldrop", "regex": "shard"}],
    }
