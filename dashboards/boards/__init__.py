"""Grafana dashboards."""

from __future__ import annotations

from dashboards.boards.build import expressions as expressions
from dashboards.boards.empty import EXPECTED_EMPTY as EXPECTED_EMPTY
