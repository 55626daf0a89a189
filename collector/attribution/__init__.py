"""Whose fault it is: findings from the observations of a city."""

from __future__ import annotations
