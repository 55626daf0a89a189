"""Remote write: what a scrape came too late for goes to time-series databases with its own time."""

from __future__ import annotations
