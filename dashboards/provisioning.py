"""What `out/provisioning` holds: files from which Grafana and Prometheus start with everything in place."""

from __future__ import annotations


def files() -> dict[str, str]:
    """Provisioning files, by file name below `out/`."""
    return {}
