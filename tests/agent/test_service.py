"""The service's own promises: what happens to results when the disk refuses them, and to offered configurations."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import service
from agent.config import AgentConfig, LocalJob
from agent.enrol import enrol
from agent.remote import Refused
from agent.service import Service
from agent.spool import SpoolUnavailable
from checks.kit.wire import Gap
from tests.agent.collecting import collecting
from tests.agent.fakes import FakeClock, make_check, make_env, make_result, number_of


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Service]:
    """An enrolled service with one job of its own, not running."""
    config = AgentConfig(state_dir=str(tmp_path), jobs=[LocalJob(check="fake", target="own", every=60)])
    with collecting() as collector:
        enrol(collector.url, "good", config)
    found = Service(config, FakeClock(), lambda name: make_check(name=name), ["fake"], make_env)
    yield found
    found._spool.close()


def refuse(result: Any) -> int:
    raise SpoolUnavailable("no space")


def test_results_wait_in_memory_while_the_disk_refuses(agent: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are stored in order once it takes them; what memory could not hold is a gap, and health says so."""
    monkeypatch.setattr(service, "RING", 3)
    agent._ring = type(agent._ring)(maxlen=3)
    with monkeypatch.context() as broken:
        broken.setattr(agent._spool, "put", refuse)
        for number in range(5):
            agent._keep(make_result(number))
    assert (agent.health()["ring_records"], agent.health()["ring_dropped"]) == (3, 2)
    agent._flush()
    assert [number_of(result) for result in agent._spool.peek_backlog(10)] == [2, 3, 4]
    assert agent._spool.gaps() == [Gap(4, 5, "spool_full")]
    assert (agent.health()["ring_records"], agent.health()["ring_dropped"]) == (0, 0)


def test_a_step_runs_what_is_due_and_keeps_its_result(agent: Service) -> None:
    """The first run comes within ten seconds, and status.json tells of it."""
    now = time.monotonic()
    agent.step(now + 10)
    assert sorted(result.target for result in agent._runner.finish(5)) == ["", "own"]
    agent._keep(make_result(1, target="own"))
    agent.write_status()
    status = json.loads((Path(agent._state_dir) / "status.json").read_text("utf-8"))
    assert [(result["target"], result["outcome"]) for result in status["results"]] == [("own", "ok")]
    assert status["health"]["spool_records"] == 1


def test_an_offered_configuration_is_kept_and_adopted(agent: Service) -> None:
    """Jobs of checks this version lacks are left out; this PC's own jobs stay."""
    jobs = [{"check": "fake", "target": "a"}, {"check": "newer", "target": "b"}]
    agent._offer(json.dumps({"etag": "x", "jobs": jobs}).encode())
    agent.step(time.monotonic() - 100)
    assert {job.key for job in agent._schedule.jobs()} == {("fake", "a"), ("fake", "own")}
    assert json.loads((Path(agent._state_dir) / "config.json").read_text("utf-8"))["etag"] == "x"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "it cannot be understood: JSON is malformed: invalid character (byte 0)"),
        (b'{"jobs": []}', "it cannot be understood: Object missing required field `etag`"),
        (
            b'{"etag": "x", "jobs": [{"check": "fake"}, {"check": "fake"}]}',
            "it names one check and target twice",
        ),
        (
            b'{"etag": "x", "jobs": [{"check": "fake", "params": {"a": 1}}]}',
            "fake : ValidationError: Object contains unknown field `a`",
        ),
        (
            b'{"etag": "x", "jobs": [{"check": "fake", "every": 0}]}',
            "it cannot be understood: Expected `float` >= 1.0 - at `$.jobs[0].every`",
        ),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(agent: Service, body: bytes, why: str) -> None:
    """Nothing is stored and the jobs stay."""
    with pytest.raises(Refused) as caught:
        agent._offer(body)
    assert str(caught.value) == why
    assert not (Path(agent._state_dir) / "config.json").exists()
    assert {job.key for job in agent._schedule.jobs()} == {("device", ""), ("fake", "own")}
