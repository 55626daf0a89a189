"""One JSON line per event on standard error. The ``logging`` package costs 2 MB of the 19 a resident may use."""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()


def log(event: str, **fields: Any) -> None:
    """Writes `event` with `fields`. JSON escapes line ends, so a field cannot forge a line."""
    line = _encoder.encode({"at": round(time.time(), 3), "event": event, **fields}).decode("utf-8", "replace")
    stream = sys.stderr
    if stream is None:
        return
    try:
        stream.write(line + "\n")
        stream.flush()
    except (OSError, ValueError):
        return


def silent(_event: str, **_fields: Any) -> None:
    """In the place of :func:`log` where nobody is to be told."""
