"""Something between the PC and the collector answers: nothing is trimmed, and the agent says what it met."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.faults.oracle import Oracle
from tests.faults.proxy import replaying
from tests.faults.resident import Resident
from tests.faults.rig import Agent, Rig, wait_until

LOGIN = b"<!doctype html><title>Wi-Fi</title><form><input name=phone></form>"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
    len(LOGIN),
    LOGIN,
)
PORTALS = {
    "a page": (PAGE, "something else answered 200"),
    "a redirect": (
        b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n",
        "something else answered 302 and points to http://login.example/",
    ),
    "network authentication required": (
        b"HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 0\r\n\r\n",
        "something else answered 511",
    ),
}


@pytest.mark.parametrize("portal", sorted(PORTALS))
def test_what_a_portal_answers_acknowledges_nothing(collector: Rig, portal: str) -> None:
    """The spool keeps every record, and all of them arrive once the portal is gone."""
    answer, words = PORTALS[portal]
    device = collector.enrol()
    with replaying(answer) as port:
        agent = Agent(collector.folder / "agent", f"http://127.0.0.1:{port}", device)
        oracle = Oracle(agent.base)
        agent.measure(10)
        assert agent.pusher.drain() is not None
        assert (agent.pusher.contact.state, agent.pusher.contact.message) == ("captive_portal", words)
        assert (agent.spool.durable, agent.spool.unsent()) == (1, 10)
        agent.close()
    collector.start()
    later = Agent(collector.folder / "agent", collector.url, device)
    assert later.pusher.drain() is None
    later.close()
    oracle.read(agent.journal)
    found = oracle.look(collector.database, device)
    assert (found.wrong, found.stored) == ([], 10)


def test_the_installed_agent_reports_a_portal_and_keeps_its_results(tmp_path: Path) -> None:
    """``status`` names it with exit code 1; the device's first result stays in the spool, unsent."""
    with replaying(PAGE) as port:
        agent = Resident(tmp_path, f"http://127.0.0.1:{port}", str(uuid.uuid4()))
        with agent.running():
            wait_until(lambda: agent.contact().get("state") == "captive_portal", "no portal is reported", agent.log)
            shown = subprocess.run(agent.command("status", "--json"), capture_output=True, text=True, check=False)
    status = json.loads(shown.stdout)
    assert (shown.returncode, shown.stderr) == (1, "")
    assert status["written"]["contact"]["message"] == "something else answered 200"
    assert status["written"]["health"]["spool_records"] >= 1
    assert [each.check for each in agent.spooled()].count("device") >= 1
