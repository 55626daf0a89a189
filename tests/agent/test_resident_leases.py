"""The resident agent and the real bandwidth check, which runs in a child and borrows the agent's leases there."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from tests.agent.collecting import Collector
from tests.agent.fakes import make_grant
from tests.agent.test_resident import enrolled, running, wait_for

__all__ = ["enrolled"]


def waiting(file: Path) -> list[dict[str, Any]]:
    """What stands in the status of jobs that wait."""
    status = file.parent / "state/status.json"
    found: list[dict[str, Any]] = json.loads(status.read_text("utf-8"))["waiting"] if status.exists() else []
    return found


def measured(collector: Collector) -> list[dict[str, Any]]:
    """The results of speed tests that arrived."""
    found = [json.loads(body) for body in list(collector.stored.values())]
    return [result for result in found if result["check"] == "bandwidth"]


def test_a_refused_speed_test_leaves_no_result_until_an_engineer_asks(enrolled: tuple[Path, Collector]) -> None:
    """Refused, it waits and says why; a directive in an acknowledgement brings it at once, in the engineer's name; the
    lease is given back whatever became of the test, whose server is not there."""
    file, collector = enrolled
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
    grant = make_grant(server={"name": "nobody", "url": nobody})
    collector.leases = [{"denied": {"reason": "line_busy", "retry_in": 60.0}}, {"grant": grant}]
    collector.config["jobs"] = [
        {"check": "bandwidth", "every": 3600, "params": {"look": 0.2}},
        {"check": "power", "every": 1},
    ]
    with running(file):
        wait_for(lambda: [wait["reason"] for wait in waiting(file)] == ["line_busy"])
        assert measured(collector) == []
        collector.directives = [{"do": "measure", "check": "bandwidth", "request": "r-1"}]
        wait_for(lambda: any("release" in want for want in collector.wants))
        wait_for(lambda: measured(collector))
    asked = [(want.get("asked", "schedule"), want.get("request", "")) for want in collector.wants if "check" in want]
    assert asked == [("schedule", ""), ("engineer", "r-1")]
    assert collector.wants[-1] == {"release": "lease-1", "used": 0}
    (result,) = measured(collector)
    assert (result["outcome"] in ("error", "failed"), result.get("samples", [])) == (True, [])
    assert collector.batches[-1].health["leases_postponed"] >= 1
