"""Structured logs: one JSON object a line, on standard error. Secrets and bodies are never passed in."""

from __future__ import annotations

import json
import logging
import sys
import time

_OWN = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime", "taskName"}


class Lines(logging.Formatter):
    """Everything passed as ``extra`` becomes a key; line breaks inside a value cannot start a new line."""

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _OWN}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def setup(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("alembic", "aiohttp.access", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def one_line(why: BaseException) -> str:
    """What went wrong, on one line; of a database's error, what the database itself said."""
    return " ".join(str(getattr(why, "orig", None) or why).split())[:500]


def event(name: str, **keys: object) -> None:
    """One line at level info."""
    logging.getLogger("sansang").info(name, extra=keys)
