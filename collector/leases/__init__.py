"""Who may load the line, when, for how long and with how much."""

from __future__ import annotations
