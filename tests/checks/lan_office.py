"""Runs the check of the office network inside a namespace, as a program: only a process of its own sees the
namespace's /sys.

``python -m tests.checks.lan_office '{"params": {}, "user": 0}'`` writes the reading as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from checks.kit import child
from checks.kit.clock import SystemClock
from checks.kit.host import Host
from checks.kit.model import Env, Reading, decode_params
from checks.kit.net import Net
from checks.lan import CHECK
from tests.lab.namespaces import Namespace

ROOT = Path(__file__).parents[2]
NOBODY = 65534


def look(space: Namespace, *, user: int = 0, path: str = "", **params: Any) -> Reading:
    """The reading of the check inside `space`, as `user`, with `path` for PATH."""
    asked = json.dumps({"params": params, "user": user, "path": path})
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = space.run(sys.executable, "-m", "tests.checks.lan_office", asked, env=environment)
    return msgspec.json.decode(done.stdout, type=Reading)


def found(reading: Reading) -> dict[str, float]:
    """Samples by name and the values of their labels, as ``lan_gateway_loss ipv4``."""
    return {" ".join((one.name, *one.labels.values())): one.value for one in reading.samples}


def _main(asked: dict[str, Any]) -> None:
    if asked["user"]:
        os.setgroups([])
        os.setgid(asked["user"])
        os.setuid(asked["user"])
    os.environ["PATH"] = asked["path"] or os.environ["PATH"]
    env = Env(
        clock=SystemClock(), net=Net(), host=Host(), child=child, deadline=time.monotonic() + 45, now=time.monotonic
    )
    reading = CHECK.run(decode_params(CHECK, asked["params"]), env)
    reading.facts["used_bytes"] = env.meter.sent + env.meter.received
    sys.stdout.buffer.write(msgspec.json.encode(reading))


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
