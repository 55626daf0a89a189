"""A wrong clock is wrong for who has it, all the time it is, and for nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.lab.clocks import Clock

SAYS = (
    "import time; print(time.time(), time.clock_gettime(time.CLOCK_REALTIME), time.clock_gettime(time.CLOCK_BOOTTIME))"
)
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SAYS!r}])"


def ahead(clock: Clock, code: str = SAYS) -> list[int]:
    """How far (s) the clocks of a program are ahead: two readings of the wall clock, and the time since boot."""
    real = [time.time(), time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)]
    environment = {**os.environ, **clock.environment}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return [round((float(told) - own) / 60) * 60 for told, own in zip(done.stdout.split(), real, strict=True)]


def test_a_clock_is_set_forward_and_back(tmp_path: Path) -> None:
    """The wall clock only, and by any amount."""
    clock = Clock(tmp_path)
    assert ahead(clock) == [0, 0, 0]
    clock.set(7200)
    assert ahead(clock) == [7200, 7200, 0]
    clock.set(-86_400)
    assert ahead(clock) == [-86_400, -86_400, 0]
    clock.set(0)
    assert ahead(clock) == [0, 0, 0]


def test_a_programs_children_have_its_clock(tmp_path: Path) -> None:
    """As the checks that the agent runs in processes of their own."""
    clock = Clock(tmp_path)
    clock.set(7200)
    assert ahead(clock, CHILD) == [7200, 7200, 0]


def test_a_running_program_sees_its_clock_being_set(tmp_path: Path) -> None:
    """Without being started anew."""
    clock = Clock(tmp_path)
    code = "import sys, time\nfor _ in sys.stdin: print(time.time(), flush=True)"
    environment = {**os.environ, **clock.environment}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdin
        assert program.stdout
        told = []
        for seconds in (0, 3600):
            clock.set(seconds)
            program.stdin.write("\n")
            program.stdin.flush()
            told.append(float(program.stdout.readline()))
        program.stdin.close()
    assert 3500 < told[1] - told[0] < 3700
