"""Measurements of speed as evidence: what a device found, what the server saw of it, and what follows from both."""

from __future__ import annotations
