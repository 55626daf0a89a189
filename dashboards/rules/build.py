"""What `out/prometheus` and `out/alertmanager` hold."""

from __future__ import annotations


def files() -> dict[str, str]:
    """Rule files and Alertmanager's configuration, by file name below `out/`."""
    return {}
