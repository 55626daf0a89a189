"""The commands of ``sansang-collector``, a module for each group."""

from __future__ import annotations
