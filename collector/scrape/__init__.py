"""How ``/metrics`` and ``/metrics/devices`` are served."""

from __future__ import annotations
