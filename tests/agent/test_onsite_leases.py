"""A technician's speed test: a lease within half a minute or the time of one, a gauge meanwhile, quiet in a pipe."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import identity, leases, onsite
from agent.config import AgentConfig
from agent.enrol import enrol
from agent.leases import Leases
from agent.terminal import Terminal, gauge, line
from checks.kit import words
from checks.kit.clock import SystemClock
from checks.kit.leasing import Grant, Want
from checks.kit.model import Check, Env, Job, Metric, Outcome, Reading, Reason, Result, error, ok
from tests.agent.collecting import Collector, collecting
from tests.agent.fakes import NoParams, make_env, make_grant
from tests.agent.test_terminal import Screen

SPEED = Metric(name="bandwidth_throughput", title={"en": "Throughput"}, unit="bits_per_second", help="")
WANT = Want(check="bandwidth", seconds=10, bytes=10**6)
JOB = Job(check="bandwidth")


class Speed:
    """A check that needs a lease, and shows how it goes."""

    def __init__(self, runs: Callable[[Env], None] = lambda env: None) -> None:
        self._runs, self.granted = runs, list[Grant]()

    def __call__(self, name: str) -> Check:
        title = {"vi": "Tốc độ", "en": "Speed"}
        return Check(name=name, title=title, params=NoParams, metrics=(SPEED,), run=self.run, timeout=5.0)

    def run(self, params: Any, env: Env) -> Reading:
        if env.leases is None:
            return error(Reason.LEASE_REFUSED, "there are no leases")
        self.granted.append(env.leases.obtain(WANT))
        self._runs(env)
        return ok()


class Visit:
    """A technician at an enrolled PC."""

    def __init__(self, path: Path, collector: Collector) -> None:
        config = AgentConfig(state_dir=str(path))
        found = enrol(collector.url, "good", config)
        key = identity.load_key(str(path))
        assert key is not None
        self.collector, self.clock = collector, SystemClock()
        self.leases: Leases | None = leases.connected(config, found, key, self.clock, "technician")

    def check(self, speed: Speed, screen: Screen | None = None, lang: str = "en") -> Result:
        terminal = None if screen is None else Terminal(screen, words, lang)
        (result,) = onsite.run_all([JOB], speed, make_env, self.clock, terminal, leases=self.leases)
        return result


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    with collecting() as collector:
        yield Visit(tmp_path, collector)


def parts(screen: Screen) -> list[str]:
    """What stood in the line that is drawn again and again."""
    return [part for part in screen.getvalue().split("\r\x1b[K") if part and "\n" not in part]


def test_a_technicians_question_says_that_one_asks(visit: Visit) -> None:
    """The collector lets a person on the spot pass where the schedule would wait."""
    visit.collector.leases = [{"grant": make_grant()}]
    assert visit.check(Speed()).outcome is Outcome.OK
    assert [want["asked"] for want in visit.collector.wants] == ["technician"]


def test_a_lease_that_comes_soon_is_waited_for(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the seconds that are left, and one question."""
    monkeypatch.setattr(onsite, "TICK", 0.02)
    monkeypatch.setattr(leases, "SOON", 0.1)
    monkeypatch.setattr(leases, "LEAD", 0.05)
    visit.collector.leases = [{"grant": make_grant(start_in=0.5)}]
    screen, speed = Screen(), Speed()
    assert visit.check(speed, screen).outcome is Outcome.OK
    assert len(speed.granted) == len(visit.collector.wants) == 1
    counted = [part for part in parts(screen) if "its turn" in part]
    assert counted[0] == "Speed its turn comes in 0 s"
    assert len(counted) >= 3


def test_a_lease_that_comes_late_is_told(visit: Visit) -> None:
    """No measurement: when to come again, which is no failure of the line."""
    visit.collector.leases = [{"grant": make_grant(start_in=3000.0)}]
    screen = Screen(live=False)
    result = visit.check(Speed(), screen)
    assert (result.outcome, result.reason, result.samples) == (Outcome.ERROR, "lease_refused", ())
    assert re.fullmatch(r"its turn is at \d\d:\d\d( \d\d/\d\d)?: run this command again then", result.detail)
    assert f"    Speed may not be measured now: {result.detail}\n" in screen.getvalue()


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("vi", r"giờ cao điểm của cơ quan \(until 10:30\); hỏi lại được từ \d\d:\d\d( \d\d/\d\d)?"),
        ("en", r"the office's peak hours \(until 10:30\); ask again from \d\d:\d\d( \d\d/\d\d)?"),
    ],
)
def test_a_refusal_is_told_with_its_reason(visit: Visit, lang: str, expected: str) -> None:
    """In the technician's language."""
    denied = {"reason": "closed_window", "retry_in": 600.0, "detail": "until 10:30"}
    visit.collector.leases = [{"denied": denied}]
    result = visit.check(Speed(), Screen(live=False), lang)
    assert re.fullmatch(expected, result.detail)


ALONE = {
    "vi": "không có bộ thu thập để xin lượt: đăng ký máy này (sansang-agent enrol URL TOKEN), "
    "hoặc chạy bằng người dùng đọc được khóa của máy",
    "en": "there is no collector to ask for a lease: enrol this PC (sansang-agent enrol URL TOKEN), "
    "or run this as a user who may read its key",
}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_without_a_collector_the_next_step_is_told(visit: Visit, lang: str) -> None:
    """Nothing is measured against whoever."""
    visit.leases = None
    result = visit.check(Speed(), Screen(live=False), lang)
    assert (result.reason, result.detail) == ("lease_refused", ALONE[lang])


def test_json_and_pipes_say_nothing_meanwhile(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a countdown nor a gauge."""
    monkeypatch.setattr(onsite, "TICK", 0.02)
    monkeypatch.setattr(leases, "SOON", 0.1)
    monkeypatch.setattr(leases, "LEAD", 0.05)
    visit.collector.leases = [{"grant": make_grant(start_in=0.3)}]
    screen = Screen(live=False)
    assert visit.check(Speed(lambda env: env.progress(0.5, {SPEED.name: 1e6})), screen).outcome is Outcome.OK
    assert "\r" not in screen.getvalue()
    assert len(screen.getvalue().splitlines()) == 2


def test_without_a_screen_the_words_are_english(visit: Visit) -> None:
    """As in everything that programs read."""
    visit.collector.leases = [{"denied": {"reason": "enough", "retry_in": 600.0}}]
    result = visit.check(Speed())
    assert result.detail.startswith("the unit has been measured in this period; ask again from ")


def test_a_gauge_shows_the_speed_while_it_is_measured(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of the bar, until the result's line."""
    monkeypatch.setattr(onsite, "TICK", 0.02)
    visit.collector.leases = [{"grant": make_grant()}]
    screen = Screen()

    def runs(env: Env) -> None:
        for share, speed in ((0.25, 87.3e6), (0.75, 94e6)):
            env.progress(share, {SPEED.name: speed, "unknown": 1.0, "nan": float("nan")})
            shown = f"{speed / 1e6:.0f}" if speed == 94e6 else "87,3"
            until = time.monotonic() + 20
            while not any(f"{shown} Mbit/s" in part for part in parts(screen)) and time.monotonic() < until:
                time.sleep(0.01)

    assert visit.check(Speed(runs), screen, "vi").outcome is Outcome.OK
    shown = [part for part in parts(screen) if "Mbit/s" in part]
    assert shown[0].startswith("█████░░░░░░░░░░░░░░░ Tốc độ 87,3 Mbit/s ")
    assert shown[-1].startswith("███████████████░░░░░ Tốc độ 94 Mbit/s ")
    assert screen.getvalue().splitlines()[-1] == "Kết quả: 1 hoạt động"


@pytest.mark.parametrize(
    ("share", "columns", "expected"),
    [
        (0.5, 80, "##########.......... Speed 1.5 Gbit/s 4.2 s"),
        (1.5, 80, "Speed 1.5 Gbit/s 4.2 s"),
        (float("nan"), 80, "Speed 1.5 Gbit/s 4.2 s"),
        (0.5, 40, "Speed 1.5 Gbit/s 4.2 s"),
        (0.5, 21, "Sp~ 1.5 Gbit/s 4.2 s"),
        (0.5, 10, "~ 1.5 Gbi"),
        (0.5, 0, ""),
    ],
)
def test_a_gauge_is_never_wider_than_the_terminal(share: float, columns: int, expected: str) -> None:
    """The name gives way first; a share that is none draws no bar."""
    assert gauge("Speed", share, "1.5 Gbit/s", 4.21, columns, "en", plain=True) == expected
    assert len(line("", "Speed", "1.5 Gbit/s", columns, plain=True)) < max(1, columns)
