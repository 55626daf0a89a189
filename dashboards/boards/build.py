"""What `out/grafana` holds."""

from __future__ import annotations


def files() -> dict[str, str]:
    """The dashboards as JSON, by file name below `out/`."""
    return {}
