"""Our checks where they are measured: ``python -m benchmarks.accuracy_ours`` inside a namespace, one process that
stays, as the agent is one. Each line on its standard input is a JSON object, each on its output the answer.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec

from checks.connectivity import CHECK
from checks.kit import child, icmp
from checks.kit.clock import SystemClock
from checks.kit.host import Host
from checks.kit.model import Env, decode_params
from checks.kit.net import Net

NET = Net()


def reach(params: dict[str, Any]) -> dict[str, float]:
    """Phases by name and ``total``, in seconds. Raises SystemExit when the page was not reached."""
    env = Env(
        clock=SystemClock(), net=NET, host=Host(), child=child, deadline=time.monotonic() + 30, now=time.monotonic
    )
    reading = CHECK.run(decode_params(CHECK, params), env)
    if reading.reason:
        raise SystemExit(f"{params['url']}: {reading.reason}: {reading.detail}")
    found = {each.labels["phase"]: each.value for each in reading.samples if each.name == "connectivity_phase"}
    total = next(each.value for each in reading.samples if each.name == "connectivity_duration")
    return {**found, "total": total}


def main() -> None:
    for line in sys.stdin.buffer:
        told = msgspec.json.decode(line)
        answer: Any = reach(told["reach"]) if "reach" in told else icmp.ping(**told["ping"])
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
