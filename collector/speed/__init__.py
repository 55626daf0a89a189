"""The server that speed is measured against: ndt7, and endpoints shaped like LibreSpeed's."""

from __future__ import annotations
