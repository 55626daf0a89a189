"""Running checks: whatever one does, there is a result, in time, and it can be sent."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import msgspec
import pytest

from agent import clean
from agent.lasting import Lasting
from agent.runner import Run, Runner, run_check
from checks.kit.model import INT63, Job, Outcome, Reading, Reason, Result, Sample, error, failed, not_applicable, ok
from tests.agent.fakes import BOOT, START, FakeClock, make_check, make_env


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str


def read(run: Any, params: dict[str, Any] | None = None, kind: Any = None) -> tuple[Reading, int]:
    check = make_check(run, params=kind) if kind else make_check(run)
    return run_check(check, Job(check="fake", params=params or {}), make_env(5))


def raising(what: BaseException) -> Any:
    def run(params: Any, env: Any) -> Reading:
        raise what

    return run


@pytest.mark.parametrize(
    "reading",
    [
        ok((Sample("x", 1.5, {"phase": "tcp"}),), {"name": "Văn phòng"}),
        failed(Reason.TCP_TIMEOUT, detail="no answer"),
        not_applicable("no reader"),
        error(Reason.PERMISSION, "not allowed"),
    ],
)
def test_a_reading_passes_unchanged(reading: Reading) -> None:
    """Each of the four outcomes."""
    assert read(lambda params, env: reading) == (reading, 0)


@pytest.mark.parametrize(
    ("what", "detail"),
    [
        (ValueError("no"), "ValueError: no"),
        (
            FileNotFoundError(2, "No such file or directory", "/home/an/secret.pem"),
            "FileNotFoundError: [Errno 2] No such file or directory: '…'",
        ),
        (OSError(r"C:\Users\An\key.pem is gone"), "OSError: … is gone"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyError("a\0b"), "KeyError: 'a\\x00b'"),
        (RecursionError("x" * 5000), "RecursionError: " + "x" * 183 + "…"),
    ],
)
def test_an_exception_is_an_error_without_paths(what: BaseException, detail: str) -> None:
    """Bounded, one line, and naming no file of this PC."""
    reading, _ = read(raising(what))
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.ERROR, Reason.INTERNAL, detail)


def test_an_exception_that_cannot_be_shown_is_still_an_error() -> None:
    """Its own text may raise."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert read(raising(Mute()))[0].detail == "Mute: (it cannot be shown)"


def test_params_of_the_wrong_shape_are_named() -> None:
    """The check does not run."""
    reading, _ = read(lambda params, env: ok(), {"url": 7}, Params)
    assert (reading.reason, reading.detail) == (
        Reason.BAD_PARAMS,
        "ValidationError: Expected `str`, got `int` - at `$.url`",
    )


def test_something_else_than_a_reading_is_an_error() -> None:
    """Its type is named."""
    assert read(lambda params, env: 7)[0].detail == "the check returned int, not a Reading"


def test_what_cannot_be_sent_is_dropped_and_counted() -> None:
    """NaN, infinities, bad names, and everything past the limits."""
    samples = (
        Sample("good", 1.0),
        Sample("bad", math.nan),
        Sample("bad", math.inf),
        Sample("Bad Name", 1.0),
        Sample("long" * 20, 1.0),
        Sample("text", "x"),  # type: ignore[arg-type]
        Sample("many", 1.0, {f"l{number}": "" for number in range(17)}),
        *(Sample("extra", 1.0) for _ in range(600)),
    )
    reading, dropped = read(lambda params, env: ok(samples))
    assert len(reading.samples) == 506
    assert dropped == len(samples) - 506


def test_texts_are_made_fit_to_send() -> None:
    """NUL, control characters, lone surrogates and length; and the escape of NUL that the wire refuses as text."""
    facts: dict[str, Any] = {
        "nul": "a\0b",
        "line": "a\r\nb\x1b[31m",
        "surrogate": "a\ud800b",
        "escape": "\\u0000",
        "long": "x" * 5000,
        "nan": math.nan,
        "big": INT63 + 1,
        "list": [1],
        "none": None,
        "true": True,
        "việt": "Đã ký",
    }
    found = read(lambda params, env: ok(facts=facts))[0].facts
    assert found == {
        "nul": "a b",
        "line": "a b [31m",
        "surrogate": "a\ufffdb",
        "escape": "\\u 0000",
        "long": "x" * 1023 + "…",
        "nan": None,
        "big": None,
        "none": None,
        "true": True,
        "việt": "Đã ký",
    }
    msgspec.json.decode(msgspec.json.encode(found))


def test_a_result_carries_wall_time_boot_time_boot_and_duration() -> None:
    """The times are those of the start."""
    clock = FakeClock()

    def run(params: Any, env: Any) -> Reading:
        clock.pass_(2)
        return failed(Reason.DNS_TIMEOUT, detail="x")

    done = Run(make_check(run), Job(check="fake", target="t"), make_env(5), clock, lambda _: None)
    done.wait(5)
    assert done.take() == Result(
        check="fake", target="t", outcome=Outcome.FAILED, reason="dns_timeout", detail="x",
        at=START, mono=1_000_000, boot=BOOT, took=2_000_000,
    )  # fmt: skip


def test_a_check_that_hangs_is_given_up_and_not_started_again_until_it_ends() -> None:
    """Its result says deadline; its slot is free; its job is reported ended only when the thread is."""
    release = threading.Event()
    woken = threading.Event()
    check = make_check(lambda params, env: (release.wait(20), ok())[1], timeout=0.01)
    runner = Runner(lambda name: check, make_env, FakeClock(), woken.set)
    runner.limit(1, {})
    runner.start(Job(check="fake", target="t"))
    assert runner.free == 0
    assert runner.collect(time.monotonic()) == ([], [])
    results, ended = runner.collect(time.monotonic() + 5)
    assert [(result.outcome, result.reason) for result in results] == [(Outcome.ERROR, "deadline")]
    assert (ended, runner.free, runner.late) == ([], 1, 1)
    release.set()
    assert woken.wait(5)
    assert runner.collect(time.monotonic()) == ([], [("fake", "t")])


def test_results_come_when_checks_end() -> None:
    """The owner is woken, and takes each result once."""
    woken = threading.Event()
    runner = Runner(lambda name: make_check(), make_env, FakeClock(), woken.set)
    runner.start(Job(check="fake"))
    assert woken.wait(5)
    results, ended = runner.collect(time.monotonic())
    assert ([result.outcome for result in results], ended) == ([Outcome.OK], [("fake", "")])
    assert runner.collect(time.monotonic()) == ([], [])
    assert runner.wait(0) is None


def test_stopping_waits_for_what_ends_and_leaves_the_rest() -> None:
    """Within the seconds given."""
    hang = threading.Event()
    checks = {
        "quick": make_check(lambda params, env: (threading.Event().wait(0.05), ok())[1], "quick"),
        "slow": make_check(lambda params, env: (hang.wait(20), ok())[1], "slow"),
    }
    runner = Runner(checks.__getitem__, make_env, FakeClock(), lambda: None)
    for name in checks:
        runner.start(Job(check=name))
    assert [result.check for result in runner.finish(0.5)] == ["quick"]
    hang.set()


def test_clean_text_is_stable() -> None:
    """Cleaning twice changes nothing more, and the limit holds."""
    for given in ("a\0\0b", "\ud800" * 9, "x" * 2000, "\\u0000\\u0000", " é\n"):
        once = clean.text(given, 100)
        assert clean.text(once, 100) == once
        assert len(once) <= 100


def test_a_job_finds_what_it_left_until_its_params_change_or_it_goes() -> None:
    """Each job has a memory of its own."""

    def count(params: Any, env: Any) -> Reading:
        env.memory["runs"] = env.memory.get("runs", 0) + 1
        return ok(facts={"runs": env.memory["runs"]})

    runner = Runner(lambda name: make_check(count, params=Params), make_env, FakeClock(), lambda: None)

    def run(job: Job) -> Any:
        runner.start(job)
        return runner.finish(5)[0].facts["runs"]

    job, sibling = (Job(check="fake", target=target, params={"url": "a"}) for target in "xy")
    other = Job(check="fake", target="x", params={"url": "b"})
    assert [run(job), run(job), run(sibling), run(job)] == [1, 2, 1, 3]
    runner.remember([other, sibling])
    assert [run(other), run(sibling), run(other)] == [1, 2, 2]
    runner.remember([])
    assert [run(other), run(sibling)] == [1, 1]


def test_a_check_may_be_held_to_fewer_runs_than_there_are_slots() -> None:
    """New limits count what is running."""
    hang = threading.Event()
    check = make_check(lambda params, env: (hang.wait(20), ok())[1])
    runner = Runner(lambda name: check, make_env, FakeClock(), lambda: None)
    for target in "xy":
        runner.start(Job(check="fake", target=target))
    assert (runner.free, runner.room("fake"), runner.room("other")) == (2, 4, 4)
    runner.limit(3, {"fake": 2, "other": 1})
    assert (runner.free, runner.room("fake"), runner.room("other")) == (1, 0, 1)
    hang.set()
    assert len(runner.finish(5)) == 2
    assert runner.room("fake") == 2


def test_what_a_run_leaves_lasts_once_its_thread_has_ended() -> None:
    """Over changed params too; a run that is given up leaves it when it ends after all."""
    release = threading.Event()

    def count(params: Any, env: Any) -> Reading:
        env.lasting["runs"] = env.lasting.get("runs", 0) + 1
        release.wait(20)
        return ok()

    kept, woken = Lasting(), threading.Event()
    check = make_check(count, params=Params, timeout=0.01)
    runner = Runner(lambda name: check, make_env, FakeClock(), woken.set, kept)
    job = Job(check="fake", target="x", params={"url": "a"})
    runner.start(job)
    assert [result.reason for result in runner.collect(time.monotonic() + 5)[0]] == ["deadline"]
    assert kept.of(job.key) == {}
    release.set()
    assert woken.wait(5)
    runner.collect(time.monotonic())
    runner.remember([Job(check="fake", target="x", params={"url": "b"})])
    runner.start(Job(check="fake", target="x", params={"url": "b"}))
    assert len(runner.finish(5)) == 1
    assert kept.of(job.key) == {"runs": 2}
