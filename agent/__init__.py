"""The program on an office PC: runs checks, keeps their results durably, sends them signed."""

from __future__ import annotations

VERSION = "0.1.0"
