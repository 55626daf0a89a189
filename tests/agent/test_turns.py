"""Runs that wait for a lease, from the check to the words of the status: no result, and no loss."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import refusals, status
from agent.config import AgentConfig, LocalJob
from agent.enrol import enrol
from agent.leases import LEAD
from agent.service import Service
from agent.turns import Wait
from checks.kit.leasing import Denial, Grant, Postponed, Want
from checks.kit.model import Env, Meter, Reading, ok
from tests.agent.collecting import Collector, collecting
from tests.agent.fakes import FakeClock, make_check, make_env, make_grant, make_result

KEY = ("bandwidth", "")
NOON = 1_790_053_200_000_000
"""Tuesday, 22 September 2026, 12:00 in Viet Nam."""


class Office:
    """An enrolled agent with one job, which needs a lease, against a collector that grants some."""

    def __init__(self, path: Path, collector: Collector) -> None:
        self.collector, self.granted = collector, list[Grant]()
        config = AgentConfig(state_dir=str(path), jobs=[LocalJob(check="bandwidth", every=3600)])
        enrol(collector.url, "good", config)
        self.clock, self.now = FakeClock(), time.monotonic()
        check = make_check(self.run, "bandwidth")
        self.agent = Service(config, self.clock, lambda name: check, ["bandwidth"], make_env, Meter())
        jobs = [{"check": "bandwidth", "every": 3600}]
        self.agent._offer(json.dumps({"etag": "x", "jobs": jobs}).encode())

    def run(self, params: Any, env: Env) -> Reading:
        self.granted.append(env.leases.obtain(Want(check="bandwidth", seconds=10, bytes=10**6)))
        return ok()

    def answers(self, *answers: Any) -> None:
        self.collector.leases = [{"grant": one} if isinstance(one, Grant) else one for one in answers]

    def step(self, seconds: float, asleep: float = 0.0) -> list[str]:
        """Lets time pass, starts what is due, and waits for it; the checks that have a result since."""
        self.now += seconds
        self.clock.pass_(seconds + asleep)
        self.agent.step(self.now)
        for run in self.agent._runner._running:
            run.wait(20)
        before = self.agent._spool.unsent()
        self.agent.step(self.now)
        found = self.agent._spool.peek_backlog(10)
        return [result.check for result in found[before:]]

    def status(self) -> dict[str, Any]:
        self.agent.write_status()
        found: dict[str, Any] = json.loads((Path(self.agent._state_dir) / "status.json").read_text("utf-8"))
        return found


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with collecting() as collector:
        found = Office(tmp_path, collector)
        yield found
        found.agent._spool.close()


def test_a_run_that_waits_leaves_no_result_and_comes_again(office: Office) -> None:
    """Put off to its lease, then measured with it, then at its own place; health counts what was put off."""
    office.answers(make_grant(start_in=1000.0))
    assert office.step(10) == []
    assert office.agent.health()["leases_postponed"] == 1
    assert office.step(1000 - LEAD - 1) == []
    assert office.granted == []
    office.clock.pass_(LEAD)
    assert office.step(1) == ["bandwidth"]
    assert [grant.id for grant in office.granted] == ["lease-1"]
    assert len(office.collector.wants) == 1
    health = office.agent.health()
    assert (health["leases_postponed"], health["skipped_runs"], health["late_runs"]) == (1, 0, 0)


def test_what_waits_stands_in_the_status(office: Office) -> None:
    """Until when, why, and what was refused before; once measured it waits no more."""
    denied = {"denied": {"reason": "closed_window", "retry_in": 600.0, "detail": "until 10:30"}}
    office.answers(denied, make_grant(start_in=1000.0))
    office.step(10)
    first = office.clock.wall()
    (wait,) = msgspec.convert(office.status()["waiting"], list[Wait])
    assert wait == Wait(
        check="bandwidth", reason="closed_window", detail="until 10:30", until=first + 600_000_000,
        refused="closed_window", refused_at=first,
    )  # fmt: skip
    office.step(600)
    (wait,) = msgspec.convert(office.status()["waiting"], list[Wait])
    assert (wait.reason, wait.refused, wait.refused_at) == ("waiting", "closed_window", first)
    assert wait.until == office.clock.wall() + int((1000 - LEAD) * 1e6)
    office.clock.pass_(LEAD)
    assert office.step(1000 - LEAD) == ["bandwidth"]
    (wait,) = msgspec.convert(office.status()["waiting"], list[Wait])
    assert (wait.until, wait.reason, wait.refused) == (0, "", "closed_window")


@pytest.mark.usefixtures("vietnam")
def test_the_command_shows_what_waits(office: Office) -> None:
    """Under what waits to be sent; of an agent that has stopped nothing is said to come."""
    office.answers({"denied": {"reason": "passive", "retry_in": 600.0}})
    office.step(10)
    office.agent.write_status()
    folder, at = office.agent._state_dir, office.clock.wall()
    shown = status.lines(status.look(folder, at), "en")
    assert shown[-2].startswith("Waiting: ")
    assert shown[-1] == (
        f"bandwidth: asks for a lease again at {refusals.when(at + 600_000_000, at)}: "
        "the router's counters answer already"
    )
    assert status.lines(status.look(folder, at + status.STALE), "en")[-1].startswith("Waiting: ")


def test_a_night_asleep_does_not_lose_the_next_lease(office: Office) -> None:
    """The clock of the schedule stood still (Linux): the job asks again soon after waking, not hours later."""
    office.answers(make_grant(start_in=30_000.0), make_grant(id="lease-2"))
    office.step(10)
    assert office.step(60) == []
    assert office.step(1, asleep=40_000) + office.step(10) == ["bandwidth"]
    assert [grant.id for grant in office.granted] == ["lease-2"]


def test_a_new_configuration_keeps_a_lease(office: Office) -> None:
    """The job is the same, whatever its params; a job that goes takes its lease with it."""
    office.answers(make_grant(start_in=1000.0))
    office.step(10)
    jobs = [{"check": "bandwidth", "every": 7200}]
    office.agent._offer(json.dumps({"etag": "y", "jobs": jobs}).encode())
    assert office.step(900) == []
    office.clock.pass_(LEAD)
    assert office.step(100 - LEAD) == ["bandwidth"]
    assert len(office.collector.wants) == 1
    assert office.granted[0].id == "lease-1"


def test_a_collector_that_grants_nothing_costs_one_question_a_while(office: Office) -> None:
    """An older collector does not know the question: no result, no skipped run, and never twice a minute."""
    for _ in range(60):
        assert office.step(60) == []
    asked = [request for request in office.collector.requests if request.endswith("/v1/leases")]
    assert 1 <= len(asked) <= 60
    assert office.agent.health()["skipped_runs"] == 0
    (wait,) = msgspec.convert(office.status()["waiting"], list[Wait])
    assert (wait.reason, wait.detail) == ("no_answer", "not_found: refused: not_found")


def test_an_engineers_request_is_heard_with_the_next_push(office: Office) -> None:
    """The acknowledgement names it, the job comes at once, and its question names the request."""
    office.answers(make_grant(start_in=3000.0), make_grant(id="lease-2"))
    office.step(10)
    office.collector.directives = [
        {"do": "measure", "check": "bandwidth", "request": "r-1"},
        {"do": "measure", "check": "lan", "request": "r-2"},
        {"do": "reboot"},
    ]
    office.agent._pusher.drain()
    office.agent._keep(make_result(1, "other"))
    assert office.agent._pusher.drain() is None
    assert office.step(60) == ["bandwidth"]
    asked = [(want.get("asked"), want.get("request")) for want in office.collector.wants]
    assert asked == [(None, None), ("engineer", "r-1")]
    assert [grant.id for grant in office.granted] == ["lease-2"]
    health = office.agent.health()
    assert (health["directives_followed"], health["directives_ignored"]) == (1, 4)


@pytest.mark.parametrize(("seconds", "expected"), [(math.nan, 86_400), (math.inf, 86_400), (-5.0, 1), (1e9, 86_400)])
def test_a_check_that_waits_for_nonsense_comes_again_all_the_same(
    office: Office, seconds: float, expected: float
) -> None:
    """Within a second and a day."""
    office.agent._adopt(office.now)
    office.agent._turns.put_off([(KEY, Postponed("waiting", seconds))], office.now)
    assert office.agent._schedule.wait(office.now) == pytest.approx(expected)


def test_a_stop_leaves_no_result_of_a_run_that_waits(office: Office) -> None:
    """It is asked for again after the start."""
    office.answers({"denied": {"reason": "enough", "retry_in": 600.0}})
    office.agent.step(office.now + 10)
    ended = threading.Thread(target=str)
    ended.start()
    office.agent._shut_down(ended)
    assert len(office.collector.wants) == 1
    assert office.agent._ring_lost == 0
    assert not office.agent._latest


def wait(**parts: Any) -> Wait:
    return Wait(check="bandwidth", until=NOON + 840_000_000, **parts)


@pytest.fixture
def vietnam(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Ho_Chi_Minh")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("vietnam")
@pytest.mark.parametrize(
    ("waits", "vi", "en"),
    [
        (wait(reason="waiting"), "bandwidth: chờ đến lượt đo, 12:14", "bandwidth: waits for its lease, 12:14"),
        (
            wait(reason="waiting", refused="closed_window"),
            "bandwidth: chờ đến lượt đo, 12:14; lần từ chối gần nhất: giờ cao điểm của cơ quan",
            "bandwidth: waits for its lease, 12:14; last refusal: the office's peak hours",
        ),
        (
            wait(reason="line_busy", detail="740 kbit/s", target="b"),
            "bandwidth · b: hỏi lại lượt đo lúc 12:14: đường truyền đang bận (740 kbit/s)",
            "bandwidth · b: asks for a lease again at 12:14: the line is busy (740 kbit/s)",
        ),
        (
            wait(reason="no_answer", detail="timeout: no answer in time"),
            "bandwidth: hỏi lại lượt đo lúc 12:14: bộ thu thập không cấp lượt (timeout: no answer in time)",
            "bandwidth: asks for a lease again at 12:14: the collector granted nothing (timeout: no answer in time)",
        ),
        (
            wait(reason="newer"),
            "bandwidth: hỏi lại lượt đo lúc 12:14: newer",
            "bandwidth: asks for a lease again at 12:14: newer",
        ),
    ],
)
def test_the_status_says_what_a_job_waits_for(waits: Wait, vi: str, en: str) -> None:
    """In both languages, with the time of day."""
    assert refusals.lines([waits, Wait(check="realtime", refused="enough")], NOON, "vi") == [vi]
    assert refusals.lines([waits], NOON, "en") == [en]


@pytest.mark.usefixtures("vietnam")
def test_a_time_on_another_day_has_its_day() -> None:
    """Tomorrow's 12:14 is not today's."""
    assert refusals.when(NOON + 840_000_000, NOON) == "12:14"
    assert refusals.when(NOON + 86_400_000_000 + 840_000_000, NOON) == "12:14 23/09"


def test_every_denial_has_its_words() -> None:
    """A new one is a release."""
    for lang in ("vi", "en"):
        shown = {refusals.on_the_spot(Postponed(denial, 60.0), NOON, lang) for denial in Denial}
        assert len(shown) == len(Denial)
        assert not any(line.startswith(denial.value + ";") for line in shown for denial in Denial)
