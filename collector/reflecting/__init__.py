"""What the STAMP reflector is made of: sockets, sessions, limits, counts."""

from __future__ import annotations
