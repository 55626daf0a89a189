"""What is queued arrives; what a receiver does meanwhile is borne. Over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from checks.kit.model import Outcome
from collector.store.engine import Store
from tests.checks.certs import Authority
from tests.collector.pushing import XOM_CHIEU, Sender, enrolled, wall
from tests.collector.remote.conftest import Make
from tests.collector.remote.receiver import Fake, Sample, receiving, take
from tests.collector.remote.wire import MINUTE, SAMPLES, Wire


def device(store: Store) -> Sender:
    return enrolled(store, Sender())


def backlog(wire: Wire, count: int, minutes: int = 60) -> Sender:
    """`count` late results of a device, one a minute from `minutes` ago on backwards."""
    pc = device(wire.store)
    wire.put(pc, *(pc.result(wall() - (minutes + number) * MINUTE) for number in range(count)))
    return pc


async def test_a_result_arrives_as_the_series_that_a_scrape_shows(make: Make) -> None:
    """All of its series, at its own time in ms, with the endpoint's labels, without empty and undeclared ones."""
    wire = make(labels={"job": "sansang-devices"}, headers={"X-Scope-OrgID": "hcmc"})
    pc, at = device(wire.store), wall() - 60 * MINUTE
    late = pc.result(at, check="device", target="", outcome=Outcome.ERROR, reason="tcp_timeout", samples=())
    wire.put(pc, late, pc.result(at + 1000))
    await wire.sent()
    ((headers, samples),) = wire.fake.requests
    own = {"unit": XOM_CHIEU, "device": pc.device, "job": "sansang-devices"}
    found = {(labels, when): value for labels, when, value in samples}

    def told(name: str, check: str, target: str, when: int, **more: str) -> float | None:
        labels = {**own, **more, "__name__": name, "check": check} | ({"target": target} if target else {})
        return found.get((tuple(sorted(labels.items())), when // 1000))

    assert told("sansang_check_outcome", "device", "", at, outcome="error") == 1
    assert told("sansang_check_outcome", "device", "", at, outcome="ok") == 0
    assert told("sansang_check_reason", "device", "", at, reason="tcp_timeout") == 1
    assert told("sansang_check_timestamp_seconds", "device", "", at) == at / 1e6
    assert told("sansang_connectivity_phase_seconds", "connectivity", "dichvucong", at + 1000, phase="tcp") == 0.02
    assert len(samples) == len(found) == 6 + SAMPLES
    assert headers["Content-Encoding"] == "snappy"
    assert headers["Content-Type"] == "application/x-protobuf"
    assert headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
    assert headers["X-Scope-OrgID"] == "hcmc"
    assert wire.meter("samples_total") == len(samples)
    assert wire.meter("last_success_timestamp_seconds") == pytest.approx(time.time(), abs=60)


async def test_only_what_is_late_goes_to_who_scrapes_and_all_to_who_does_not(make: Make) -> None:
    """Two minutes by default."""
    wire = make()
    both = (wire.endpoint, make(name="all", send="all").endpoint)
    pc = device(wire.store)
    wire.put(pc, pc.result(wall()), pc.result(wall() - MINUTE), pc.result(wall() - 3 * MINUTE), endpoints=both)
    assert (wire.waits().samples, wire.waits("all").samples) == (SAMPLES, 3 * SAMPLES)


async def test_results_of_no_job_of_the_device_and_of_a_waiting_device_are_not_sent(make: Make) -> None:
    """What is not shown to a scrape is not sent."""
    wire = make()
    pc = device(wire.store)
    wire.put(pc, pc.result(wall() - 60 * MINUTE, check="made-up"))
    assert wire.waits().samples == 0


async def test_requests_hold_no_more_than_they_may(make: Make) -> None:
    """In samples and in bytes; together they hold everything once."""
    wire = make(max_samples=50)
    backlog(wire, 30)
    await wire.sent()
    sizes = [len(samples) for _, samples in wire.fake.requests]
    assert (sum(sizes), max(sizes)) == (30 * SAMPLES, 50)
    assert len(set(wire.fake.taken)) == 30 * SAMPLES


async def test_one_poisoned_sample_among_thousands_is_all_that_is_lost(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """It is found by halving, counted with its reason and named in the log."""
    wire = make()
    pc = backlog(wire, 400)
    bad = wall() // 1000 - 200 * 60_000

    def answer(fake: Fake, samples: list[Sample]) -> web.Response:
        there = {dict(labels)["__name__"] for labels, when, _ in samples if when == poisoned}
        bad = "sansang_connectivity_up" in there
        return web.Response(status=400, text="duplicate sample for timestamp") if bad else take(fake, samples)

    poisoned = min(wire.times(), key=lambda when: abs(when - bad))
    wire.fake.answer = answer
    with caplog.at_level(logging.WARNING, "sansang"):
        await wire.sent()
    assert wire.meter("dropped_samples_total", reason="duplicate") == 1
    assert wire.meter("samples_total") == len(set(wire.fake.taken)) == 400 * SAMPLES - 1
    assert len(wire.fake.requests) <= 2 * 13 + 1
    (line,) = [each for each in caplog.records if each.message == "remote write: samples are refused"]
    assert (line.reason, line.series["device"], line.at) == ("duplicate", pc.device, poisoned)  # type: ignore[attr-defined]


async def test_what_is_older_than_the_window_is_not_even_sent(make: Make) -> None:
    """Dropped and counted; the rest goes."""
    wire = make(out_of_order_window="2h")
    backlog(wire, 120, minutes=60)
    await wire.sent()
    assert wire.meter("dropped_samples_total", reason="too_old") == pytest.approx(60 * SAMPLES, abs=SAMPLES)
    assert len(wire.fake.taken) + wire.meter("dropped_samples_total", reason="too_old") == 120 * SAMPLES
    assert len(wire.fake.requests) == 1


@pytest.mark.parametrize("status", [500, 503, 429, 401, 403, 404, 302, 415])
async def test_trouble_that_is_not_the_samples_fault_keeps_them(make: Make, status: int) -> None:
    """Until it is over; the failure is counted by its reason, nothing is dropped."""
    wire = make()
    backlog(wire, 3)
    troubles = 2

    def answer(fake: Fake, samples: list[Sample]) -> web.Response:
        if len(fake.requests) <= troubles:
            return web.Response(status=status, text="not now", headers={"Location": fake.url + "/elsewhere"})
        return take(fake, samples)

    wire.fake.answer = answer
    await wire.sent()
    reasons = {
        500: "unavailable", 503: "unavailable", 429: "throttled", 401: "unauthorised", 403: "unauthorised",
        404: "not_found", 302: "redirected", 415: "rejected",
    }  # fmt: skip
    assert wire.meter("failed_total", reason=reasons[status]) == troubles
    assert wire.meter("sent_requests_total", code=str(status)) == troubles
    assert len(wire.fake.taken) == wire.meter("samples_total") == 3 * SAMPLES
    assert len(wire.fake.requests) == troubles + 1


async def test_a_lasting_trouble_is_told_once_and_so_is_its_end(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """At level error, with the receiver's words, when it is one that somebody has to mend."""
    wire = make()
    backlog(wire, 1)

    def answer(fake: Fake, samples: list[Sample]) -> web.Response:
        return web.Response(status=401, text="no such\nuser") if len(fake.requests) <= 3 else take(fake, samples)

    wire.fake.answer = answer
    with caplog.at_level(logging.INFO, "sansang"):
        await wire.sent()
    fails, works = [each for each in caplog.records if each.message.startswith("remote write")]
    assert (fails.message, fails.levelname) == ("remote write fails: samples wait", "ERROR")
    assert (fails.endpoint, fails.reason, fails.said) == ("here", "unauthorised", "no such user")  # type: ignore[attr-defined]
    assert works.message == "remote write works again"


async def test_a_receiver_is_left_alone_as_long_as_it_wants(make: Make) -> None:
    """``Retry-After`` goes before our own pauses, which are a hundredth of a second here."""
    wire = make()
    backlog(wire, 1)
    asked: list[float] = []

    def answer(fake: Fake, samples: list[Sample]) -> web.Response:
        asked.append(time.monotonic())
        if len(asked) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return take(fake, samples)

    wire.fake.answer = answer
    await wire.sent()
    assert asked[1] - asked[0] >= 1


async def test_a_proxy_that_refuses_everything_empties_no_queue(make: Make) -> None:
    """A lone sample is to blame only where an empty request is taken."""
    wire = make()
    backlog(wire, 2)

    def refuse(fake: Fake, samples: list[Sample]) -> web.Response:
        return web.Response(status=400, text="plain HTTP request was sent to an HTTPS port")

    wire.fake.answer = refuse
    async with wire.sending():
        await wire.until(lambda: wire.meter("failed_total", reason="rejected") >= 2)
        assert wire.waits().samples == 2 * SAMPLES
        wire.fake.answer = take
        await wire.until(lambda: not wire.waits().samples)
    assert len(set(wire.fake.taken)) == 2 * SAMPLES
    assert wire.meter("dropped_samples_total", reason="refused") == 0


async def test_a_sample_refused_for_what_nobody_knows_is_dropped(make: Make) -> None:
    """Once the receiver has taken an empty request."""
    wire = make()
    backlog(wire, 4)

    def answer(fake: Fake, samples: list[Sample]) -> web.Response:
        names = {dict(labels)["__name__"] for labels, _, _ in samples}
        bad = "sansang_check_timestamp_seconds" in names
        return web.Response(status=400, text="I take no such name") if bad else take(fake, samples)

    wire.fake.answer = answer
    await wire.sent()
    assert wire.meter("dropped_samples_total", reason="refused") == 4
    assert len(wire.fake.taken) == 4 * (SAMPLES - 1)
    assert sum(not samples for _, samples in wire.fake.requests) == 1


async def test_a_receiver_that_hangs_is_given_up_and_asked_again(make: Make) -> None:
    """After the endpoint's own deadline."""
    wire = make(timeout_seconds=1.0)
    backlog(wire, 1)

    async def hang() -> web.Response:
        await asyncio.sleep(5)
        return web.Response(status=204)

    def answer(fake: Fake, samples: list[Sample]) -> web.StreamResponse:
        return hang() if len(fake.requests) == 1 else take(fake, samples)  # type: ignore[return-value]

    wire.fake.answer = answer
    await wire.sent()
    assert wire.meter("failed_total", reason="timeout") == 1
    assert len(wire.fake.taken) == SAMPLES


async def test_a_receiver_that_dies_in_the_middle_gets_everything_when_it_is_back(make: Make) -> None:
    """At the same address, with what it took before."""
    fake = Fake()
    async with receiving(fake):
        wire = make(url=fake.url, max_samples=10)
        backlog(wire, 20)
        fake.answer = lambda fake, samples: web.Response(status=503) if len(fake.requests) > 3 else take(fake, samples)
        task = wire.sending()
        await task.__aenter__()
        await wire.until(lambda: len(fake.requests) > 3)
    try:
        await wire.until(lambda: wire.meter("failed_total", reason="unreachable") > 0)
        fake.answer = take
        async with receiving(fake):
            await wire.until(lambda: not wire.waits().samples)
    finally:
        await task.__aexit__(None, None, None)
    assert len(set(fake.taken)) == 20 * SAMPLES


async def test_credentials_are_read_anew_and_a_missing_file_is_a_trouble_like_any_other(
    make: Make, tmp_path: Path
) -> None:
    """Nothing is sent without them; a changed password holds for the next request."""
    password = tmp_path / "password"
    wire = make(username="collector", password_file=str(password))
    backlog(wire, 1)
    async with wire.sending():
        await wire.until(lambda: wire.meter("failed_total", reason="credentials") >= 1)
        assert wire.fake.requests == []
        password.write_text("thử\nmore\n", "utf-8")
        await wire.until(lambda: not wire.waits().samples)
    assert wire.fake.requests[0][0]["Authorization"] == "Basic " + base64.b64encode("collector:thử".encode()).decode()


async def test_a_bearer_token_is_sent_as_it_stands_in_its_file(make: Make, tmp_path: Path) -> None:
    """Without the line's end."""
    (tmp_path / "token").write_text("abc.def\n")
    wire = make(bearer_file=str(tmp_path / "token"))
    backlog(wire, 1)
    await wire.sent()
    assert wire.fake.requests[0][0]["Authorization"] == "Bearer abc.def"


async def test_a_certificate_is_believed_when_the_named_authority_signed_it(make: Make, tmp_path: Path) -> None:
    """And no other's."""
    own, other = Authority(tmp_path / "own", "City"), Authority(tmp_path / "other", "Else")
    fake = Fake()
    async with receiving(fake, own.server()[0]):
        url = fake.url.replace("http:", "https:")
        wire = make(url=url, ca_file=other.ca_file)
        backlog(wire, 1)
        async with wire.sending():
            await wire.until(lambda: wire.meter("failed_total", reason="tls") >= 1)
        assert fake.requests == []
        wire = make(url=url, ca_file=own.ca_file)
        await wire.sent()
    assert len(fake.taken) == SAMPLES


async def test_a_sender_that_is_stopped_anywhere_goes_on_where_it_was(make: Make) -> None:
    """Stopped while a request is under way, time and again: everything arrives, unaltered."""
    wire = make(max_samples=10)
    backlog(wire, 40)

    async def slow() -> web.Response:
        await asyncio.sleep(0.02)
        return web.Response(status=204)

    wire.fake.answer = lambda fake, samples: slow()
    for _ in range(3):
        async with wire.sending(wire.new_sender()):
            await wire.until(more_than(wire, len(wire.fake.requests) + 2))
    wire.sender = wire.new_sender()
    await wire.sent()
    assert len(set(wire.fake.taken)) == 40 * SAMPLES


def more_than(wire: Wire, requests: int) -> Callable[[], bool]:
    return lambda: len(wire.fake.requests) > requests


async def test_the_pace_is_kept(make: Make) -> None:
    """Samples a second over all requests."""
    wire = make(max_samples=SAMPLES, samples_per_second=70)
    backlog(wire, 6)
    begun = time.monotonic()
    await wire.sent()
    assert time.monotonic() - begun >= 5 * SAMPLES / 70
