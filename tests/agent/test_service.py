"""The service's own promises: what happens to results when the disk refuses them, and to offered configurations."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import remote, schedule, service
from agent.config import AgentConfig, LocalJob
from agent.enrol import enrol
from agent.remote import Refused
from agent.service import Service
from agent.spool import SpoolUnavailable
from agent.timetable import Hours, TimedJob, Timetable, Window
from checks.kit.model import Job, Meter, ok
from checks.kit.wire import Gap
from collector.families import HEALTH, UNEXPORTED
from tests.agent.collecting import collecting
from tests.agent.fakes import BOOT, START, FakeClock, make_check, make_env, make_result, number_of


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Service]:
    """An enrolled service with one job of its own, not running."""
    config = AgentConfig(state_dir=str(tmp_path), jobs=[LocalJob(check="fake", target="own", every=60)])
    with collecting() as collector:
        enrol(collector.url, "good", config)
    found = Service(config, FakeClock(), lambda name: make_check(name=name), ["fake"], make_env, Meter())
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
        (
            b'{"etag": "x", "jobs": [{"check": "fake", "off_hours_every": -1}]}',
            "it cannot be understood: Expected `float` >= 0.0 - at `$.jobs[0].off_hours_every`",
        ),
        (
            b'{"etag": "x", "hours": {"utc_offset": 25200, "week": [[450, 10081]]}}',
            "it cannot be understood: Expected `int` <= 10080 - at `$.hours.week[0][1]`",
        ),
        (
            b'{"etag": "x", "hours": {"utc_offset": 25200, "week": [[690, 450]]}}',
            "its office hours end before they begin",
        ),
        (b'{"etag": "x", "maintenance": [{"from": 20, "to": 10}]}', "its maintenance ends before it begins"),
        (
            b'{"etag": "x", "maintenance": [{"from": 20}]}',
            "it cannot be understood: Object missing required field `to` - at `$.maintenance[0]`",
        ),
        (
            b'{"etag": "x", "limits": {"slots": 0}}',
            "it cannot be understood: Expected `int` >= 1 - at `$.limits.slots`",
        ),
        (
            b'{"etag": "x", "limits": {"per_check": {"fake": 65}}}',
            "it cannot be understood: Expected `int` <= 64 - at `$.limits.per_check[...]`",
        ),
        (
            b'{"etag": "x", "limits": {"bytes_per_hour": 0}}',
            "it cannot be understood: Expected `int` >= 1 - at `$.limits.bytes_per_hour`",
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


def offered(agent: Service, **parts: Any) -> None:
    """`agent` works by a configuration of these parts."""
    agent._offer(json.dumps({"etag": "x", "jobs": [{"check": "fake", "target": "a"}], **parts}).encode())
    agent.step(time.monotonic() - 100)


def test_a_configuration_of_an_older_collector_leaves_everything_open(agent: Service) -> None:
    """It names no hours, no maintenance and no limits; keys of a newer one are passed over."""
    offered(agent, newer={"a": 1}, limits={"newer": 2})
    assert agent._timetable == Timetable()
    assert (agent._runner.free, agent._budget.sockets, agent._budget.bytes) == (4, None, None)


def test_checks_that_cannot_be_loaded_refuse_a_configuration_and_stop_nothing() -> None:
    """A child that did not start while the PC boots is no reason to end the agent."""

    def fault(jobs: list[Job]) -> str | None:
        raise LookupError("the checks fake cannot be loaded: no answer within 30 s")

    body = b'{"etag": "two", "jobs": [{"check": "fake"}]}'
    with pytest.raises(remote.Refused, match="the checks fake cannot be loaded: no answer within 30 s"):
        remote.decode(body, ["fake"], lambda name: make_check(name=name), fault)


def test_hours_maintenance_and_limits_are_adopted_and_kept(agent: Service) -> None:
    """The next start has them without asking."""
    hours = {"utc_offset": 25200, "week": [[450, 690]]}
    window = {"from": 10, "to": 20, "targets": ["a"]}
    limits = {"slots": 2, "per_check": {"fake": 1}, "sockets_per_hour": 50, "bytes_per_hour": 10**6}
    jobs = [{"check": "fake", "target": "a", "off_hours_every": 600}]
    offered(agent, hours=hours, maintenance=[window], limits=limits, jobs=jobs)
    again = remote.load(agent._state_dir, ["fake"], lambda name: make_check(name=name))
    assert again is not None
    for found in (agent._timetable, again.timetable):
        assert found == Timetable(Hours(25200, ((450, 690),)), (Window(10, 20, (), ("a",)),))
    assert again.jobs == [TimedJob(check="fake", target="a", off_hours_every=600)]
    assert (agent._runner.free, agent._runner.room("fake")) == (2, 1)
    assert (agent._budget.sockets, agent._budget.bytes) == (50, 10**6)


def test_a_job_under_maintenance_does_not_run(agent: Service) -> None:
    """By the collector's clock once that is known: this PC's may be wrong, or be set meanwhile."""
    true = 2_000_000_000
    offered(agent, maintenance=[{"from": true - 1000, "to": true + 1000, "targets": ["a"]}])
    now = time.monotonic() + 10
    agent.step(now)
    assert sorted(result.target for result in agent._runner.finish(5)) == ["a", "own"]
    agent._pusher.contact.clock_offset = START / 1e6 - true
    agent._correct()
    agent._clock.wall_offset = 10**12  # type: ignore[attr-defined]
    for key in (("fake", "a"), ("fake", "own")):
        agent._schedule.finished(key)
    agent.step(now + 1000)
    agent.step(now + 1000 + schedule.FIRST)
    assert [result.target for result in agent._runner.finish(5)] == ["own"]


def test_a_used_up_budget_makes_jobs_wait(agent: Service) -> None:
    """Counted in health; they run when the hour allows it, and the agent sleeps until then."""
    agent._budget._meter.add(sockets=50)
    offered(agent, limits={"sockets_per_hour": 50})
    now = time.monotonic() + 10
    agent.step(now)
    assert agent._runner.finish(0) == []
    assert agent.health()["budget_deferred_runs"] == 2
    agent._status_at = agent._lifetime._renew_at = now + 10_000
    assert 3000 < agent._pause(now) <= 3900
    agent.step(now + 3901)
    assert len(agent._runner.finish(5)) == 2
    assert agent.health()["budget_deferred_runs"] == 2


def started(agent: Service, run: Any) -> Service:
    """Another service over the same state, as after a restart; its checks are `run`."""
    agent._spool.close()
    return Service(agent._config, agent._clock, lambda name: make_check(run, name), ["fake"], make_env, Meter())


def test_a_run_gets_what_the_agent_keeps_for_it(agent: Service) -> None:
    """What the job left before the restart, the device's boots, and a secret that stays the same."""
    seen: list[Any] = []

    def run(params: Any, env: Any) -> Any:
        seen.append((dict(env.lasting), env.boots, env.secret))
        env.lasting["runs"] = env.lasting.get("runs", 0) + 1
        return ok()

    for _ in range(2):
        agent = started(agent, run)
        agent._schedule.replace([Job(check="fake", target="own", every=60)], time.monotonic())
        agent.step(time.monotonic() + 10)
        agent._shut_down(_ended())
    assert [kept for kept, _, _ in seen] == [{}, {"runs": 1}]
    assert [[boot.id for boot in boots] for _, boots, _ in seen] == [[BOOT], [BOOT]]
    assert len({secret for _, _, secret in seen}) == 1
    assert len(seen[0][2]) == 32


def _ended() -> threading.Thread:
    """A sending thread that has ended."""
    thread = threading.Thread(target=str)
    thread.start()
    return thread


def test_a_stop_marks_the_boot_and_a_step_clears_it(agent: Service) -> None:
    """Before anything that may take time: the system may be shutting down."""
    boots = Path(agent._state_dir) / "boots.json"
    agent.step(time.monotonic())
    assert json.loads(boots.read_text())["boots"][-1]["stopped"] is False
    marked: list[bool] = []
    agent._pusher.stop = lambda: marked.append(json.loads(boots.read_text())["boots"][-1]["stopped"])  # type: ignore[method-assign]
    agent._shut_down(_ended())
    assert marked == [True]
    again = started(agent, lambda params, env: ok())
    again.step(time.monotonic())
    assert json.loads(boots.read_text())["boots"][-1]["stopped"] is False
    again._spool.close()


def test_jobs_are_forgotten_only_when_a_configuration_says_so(agent: Service) -> None:
    """A lost configuration file is no reason to lose a trend."""
    agent._lasting.put(("storage", ""), {"a": 1})
    agent._take_up(time.monotonic())
    assert agent._lasting.of(("storage", "")) == {"a": 1}
    offered(agent)
    assert agent._lasting.of(("storage", "")) == {}


def test_damage_of_what_is_kept_does_not_stop_an_agent(agent: Service) -> None:
    """It starts, with nothing kept."""
    for name in ("lasting.json", "boots.json"):
        (Path(agent._state_dir) / name).write_bytes(b"\0" * 100)
    again = started(agent, lambda params, env: ok())
    again.step(time.monotonic())
    assert len(again._lifetime.boots()) == 1
    again._spool.close()


def test_every_number_of_the_agents_health_is_exported_or_known_not_to_be(agent: Service) -> None:
    """What an agent says, the collector has a word for; what it exports, agents say."""
    told = agent.health().keys() | {"clock_offset_seconds"}  # told once the collector has answered
    assert told == HEALTH.keys() | UNEXPORTED
