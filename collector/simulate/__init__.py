"""A city that is made up: real agents' traffic, with faults whose place is known, against a running collector."""

from __future__ import annotations
