"""Grafana dashboards."""

from __future__ import annotations
