"""The collector's own reflector in a process of its own, for whoever knows the key: it prints its port and runs until
its standard input ends."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from checks.kit.ndt7 import Test
from collector.config import Networks
from collector.leases.gate import Closed, Pass
from collector.reflector import Reflector
from tests.checks.reflectors import KEY, SESSION


class OneLease:
    """A gate with one lease, which lasts."""

    async def open(self, token: str, test: Test, proof: str) -> Pass:
        raise Closed(403, "lease_missing", f"no {test} here: {token}{proof}")

    def count(self, lease: str, used: int, progress: Mapping[str, float]) -> bool:
        return lease == "L7" and used >= 0 and progress is not None

    async def done(self, lease: str, test: str, record: Mapping[str, Any]) -> None:
        assert (lease, test, bool(record)) == ("L7", "realtime", True)

    def session(self, ssid: int) -> Pass | None:
        ends = time.time_ns() // 1000 + 60_000_000
        return (
            Pass(lease="L7", device="d", unit="27259", rate=1e8, left=1 << 40, ends_at=ends, key=KEY)
            if (ssid == SESSION)
            else None
        )


async def _serve() -> None:
    reflector = Reflector(OneLease(), Networks(()))
    await reflector.start("127.0.0.1", 0)
    print(reflector.port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await reflector.stop()


@contextlib.contextmanager
def running() -> Iterator[int]:
    """The port of such a reflector, gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.checks.reflecting"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.communicate(timeout=20)


if __name__ == "__main__":
    asyncio.run(_serve())
