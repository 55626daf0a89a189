"""Two agents on one spool: the second says so and ends."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

from tests.faults.resident import Resident
from tests.faults.rig import PATIENCE, wait_until


def test_the_second_agent_on_a_spool_ends_with_one_line(tmp_path: Path) -> None:
    """Exit code 1, one line, and the first goes on."""
    agent = Resident(tmp_path, "http://127.0.0.1:9", str(uuid.uuid4()))
    with agent.running() as first:
        wait_until(lambda: bool(agent.health()), "the agent does not start", agent.log)
        second = subprocess.run(agent.command("run"), capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert first.poll() is None
    said = f"sansang-agent: {agent.state}/spool.db: another agent is using this spool\n"
    assert (second.returncode, second.stdout, second.stderr) == (1, "", said)
    assert [each.seq for each in agent.spooled()] == list(range(1, len(agent.spooled()) + 1))
