"""Prometheus rules, alerts and Alertmanager's configuration."""

from __future__ import annotations
