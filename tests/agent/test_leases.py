"""How an agent asks for a lease, what it keeps, and what a collector cannot make it do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import identity, leases
from agent.config import AgentConfig
from agent.enrol import enrol
from agent.http import HttpError, Response
from agent.leases import LEAD, LEAST, MOST, Leases, sound
from checks.kit.leasing import Denial, Grant, Postponed, Server, Want
from tests.agent.collecting import Collector, Key, collecting, error
from tests.agent.fakes import FakeClock, make_grant

JOB = ("bandwidth", "")
WANT = Want(check="bandwidth", seconds=20, bytes=10**8, cross=1000.0)


class Device:
    """An enrolled device with leases; sleeping passes the time of its clock."""

    def __init__(self, path: Path, collector: Collector) -> None:
        config = AgentConfig(state_dir=str(path))
        found = enrol(collector.url, "good", config)
        key = identity.load_key(str(path))
        assert key is not None
        self.clock, self.collector, self.slept = FakeClock(), collector, list[float]()
        self.public = Key(key.public)
        self.leases = leases.connected(config, found, key, self.clock)
        self.leases._sleep = self.sleep
        self.leases._backoff._share = lambda: 0.5
        self.lent = self.leases.of(JOB)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.pass_(seconds)

    def answers(self, *answers: Any) -> None:
        """What the collector says from now on."""
        self.collector.leases = [{"grant": one} if isinstance(one, Grant) else one for one in answers]

    def postponed(self) -> tuple[str, float, str]:
        with pytest.raises(Postponed) as caught:
            self.lent.obtain(WANT)
        return caught.value.reason, caught.value.seconds, caught.value.detail


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    with collecting() as collector:
        yield Device(tmp_path, collector)


def test_a_lease_that_begins_now_is_given(device: Device) -> None:
    """What is asked is signed, says who asks and when, and holds what the check knows."""
    device.answers(make_grant())
    assert device.lent.obtain(WANT) == make_grant()
    assert device.collector.wants == [
        {"check": "bandwidth", "seconds": 20.0, "bytes": 10**8, "cross": 1000.0, "at": device.clock.wall()}
    ]
    assert device.slept == []


def test_a_lease_that_is_ahead_is_kept_for_the_next_run(device: Device) -> None:
    """The job comes again shortly before it, and nobody is asked again."""
    device.answers(make_grant(start_in=3600.0))
    assert device.postponed() == ("waiting", 3600.0 - LEAD, "")
    device.clock.pass_(1800)
    assert device.postponed() == ("waiting", 1800.0 - LEAD, "")
    device.clock.pass_(1800 - LEAD + 1)
    assert device.lent.obtain(WANT) == make_grant()
    assert device.slept == [LEAD - 1]
    assert len(device.collector.wants) == 1


def test_each_job_has_its_own(device: Device) -> None:
    """And what a job that is gone was granted is forgotten."""
    device.answers(make_grant(start_in=3600.0), make_grant(id="lease-2"))
    device.postponed()
    assert device.leases.of(("realtime", "")).obtain(WANT).id == "lease-2"
    device.leases.keep_only({("realtime", "")})
    assert not device.leases._kept
    assert set(device.leases._asked_at) == {("realtime", "")}


@pytest.mark.parametrize(("late", "left"), [(0, 30.0), (10, 20.0)])
def test_who_comes_late_gets_what_is_left(device: Device, late: float, left: float) -> None:
    """The seconds of a lease are cut to its end."""
    device.answers(make_grant(start_in=600.0))
    device.postponed()
    device.clock.pass_(600 + late)
    assert device.lent.obtain(WANT).seconds == left


def test_a_lease_that_is_nearly_over_is_asked_for_anew(device: Device) -> None:
    """As after a night's sleep of the PC: the clock since boot counts it."""
    device.answers(make_grant(start_in=600.0), make_grant(id="lease-2"))
    device.postponed()
    device.clock.pass_(600 + 16)
    assert device.lent.obtain(WANT).id == "lease-2"


def test_a_lease_that_is_over_when_it_comes_is_none(device: Device) -> None:
    """It would be asked for again and again."""
    device.answers(make_grant(start_in=-40.0))
    assert device.postponed() == ("waiting", LEAST, "")


@pytest.mark.parametrize(
    ("retry_in", "seconds"),
    [(600.0, 600.0), (0.0, LEAST), (-1e300, LEAST), (59.9, LEAST), (1e300, MOST), (86_401, MOST)],
)
def test_a_denial_says_when_to_ask_again_within_bounds(device: Device, retry_in: float, seconds: float) -> None:
    """Neither at once nor never."""
    device.answers({"denied": {"reason": "closed_window", "retry_in": retry_in, "detail": "until\n10:30"}})
    assert device.postponed() == (Denial.CLOSED_WINDOW, seconds, "until 10:30")


def granting(**parts: Any) -> Any:
    return {"grant": msgspec.to_builtins(make_grant(**parts))}


@pytest.mark.parametrize(
    "answer",
    [
        {}, [], "text", 7, None, {"grant": None}, {"grant": {}}, {"denied": {"reason": "newer", "retry_in": 60}},
        {"denied": {"reason": "enough"}}, {**granting(), "denied": {"reason": "enough", "retry_in": 60}},
        granting(start_in=1e9), granting(start_in=-1e9), granting(seconds=0), granting(seconds=1e9),
        granting(seconds="10"), granting(bytes=0), granting(bytes=-5), granting(bytes=2**70), granting(rate=-1),
        granting(rate=1e300), granting(streams=0), granting(streams=10**6), granting(session=-1), granting(id=""),
        granting(id="a\r\nHost: x"), granting(token="a b"), granting(token="a\r\nX: y"), granting(token="x" * 5000),
        granting(key="k" * 300), granting(server={"name": "x", "url": "file:///etc/passwd"}),
        granting(server={"name": "x", "url": "http://u@h/"}), granting(server={"name": "x", "url": "http://h/p?q"}),
        granting(server={"name": "x", "host": "a b"}), granting(server={"name": "x", "port": 70000}),
        granting(server={"name": "x\n"}), granting(server={"name": "x" * 100}), granting(server={}),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_meant_is_no_lease(device: Device, answer: Any) -> None:
    """It is as if nobody had answered."""
    device.answers(answer)
    assert device.postponed() == ("no_answer", 60.0, "the answer is not a lease")


@pytest.mark.parametrize(
    ("reply", "seconds", "detail"),
    [
        (error(404, "not_found"), 60.0, "not_found: refused: not_found"),
        (error(401, "unknown_agent"), 60.0, "unknown_agent: refused: unknown_agent"),
        (error(503, "busy", **{"Retry-After": "900"}), 900 + 0.5 * 900, "busy: refused: busy"),
        (error(503, "busy", **{"Retry-After": "9999999"}), 3600 + 0.5 * 3600, "busy: refused: busy"),
        (
            (302, {"Location": "http://portal/"}, b""),
            60.0,
            "captive_portal: something else answered 302 and points to http://portal/",
        ),
        ((200, {"Content-Type": "text/html"}, b"<html>"), 60.0, "the answer is not a lease"),
        ((200, {}, b"[" * 10_000), 60.0, "the answer is not a lease"),
        ((200, {}, b"\xff\xfe"), 60.0, "the answer is not a lease"),
        ((200, {}, b" " * 20_000), 60.0, "too_large: the reply is larger than 16384 bytes"),
        ((0, {"-close": "1"}, b""), 60.0, "closed: the connection was closed before the reply's end"),
    ],
)
def test_no_answer_is_asked_for_later(device: Device, reply: Any, seconds: float, detail: str) -> None:
    """Older collectors, portals and nonsense: the job waits a growing, random while, and says why."""
    device.collector.tricks.append(lambda *_: reply)
    assert device.postponed() == ("no_answer", seconds, detail)


def test_pauses_grow_while_nobody_answers_and_end_with_an_answer(device: Device) -> None:
    """Up to an hour, so that a collector that comes back is asked soon."""
    pauses = []
    for _ in range(8):
        pauses.append(device.postponed()[1])
        device.clock.pass_(LEAST)
    assert pauses == [60, 120, 240, 480, 960, 1800, 1800, 1800]
    device.answers(make_grant(), {})
    device.lent.obtain(WANT)
    device.clock.pass_(LEAST)
    assert device.postponed()[1] == 60


def test_a_job_asks_at_most_once_a_minute(device: Device) -> None:
    """Whatever brings it again, and whatever it was granted."""
    device.answers(make_grant(seconds=0.001))
    for _ in range(50):
        try:
            device.lent.obtain(WANT)
        except Postponed as why:
            assert 0 < why.seconds <= LEAST  # noqa: PT017
        device.clock.pass_(10)
    assert len(device.collector.wants) == 9


def test_an_engineers_request_goes_with_the_next_want(device: Device) -> None:
    """Past a lease that waits, through refusals, until one is granted; then the check asks for itself again."""
    device.answers(
        make_grant(start_in=7200.0), {"denied": {"reason": "line_busy", "retry_in": 60}}, make_grant(id="lease-2"),
        make_grant(),
    )  # fmt: skip
    device.postponed()
    device.leases.request("bandwidth", "r-1")
    assert device.postponed()[0] == "line_busy"
    device.clock.pass_(LEAST)
    assert device.lent.obtain(WANT).id == "lease-2"
    device.clock.pass_(LEAST)
    device.lent.obtain(WANT)
    asked = [(want.get("asked", "schedule"), want.get("request", "")) for want in device.collector.wants]
    assert asked == [("schedule", ""), ("engineer", "r-1"), ("engineer", "r-1"), ("schedule", "")]


def test_a_request_does_not_stand_for_ever(device: Device) -> None:
    """After an hour the check asks for itself."""
    device.answers(make_grant())
    device.leases.request("bandwidth", "r-1")
    device.clock.pass_(leases.REQUEST_LASTS)
    device.lent.obtain(WANT)
    assert "asked" not in device.collector.wants[0]


def test_what_is_signed_can_be_checked(device: Device) -> None:
    """The proof is over the token, the evidence over its bytes, each in its own context."""
    proof, signature = device.lent.proof(make_grant()), device.lent.sign(b"evidence")
    assert device.public.verify(b"sansang.proof.v1\0body.mac", base64.b64decode(proof))
    assert device.public.verify(b"sansang.evidence.v1\0evidence", base64.b64decode(signature))


def test_a_lease_is_given_back(device: Device) -> None:
    """Signed like a question."""
    device.answers(make_grant())
    device.lent.release(make_grant(), 12_345)
    assert device.collector.wants == [{"release": "lease-1", "used": 12_345}]


def test_giving_back_never_fails(device: Device) -> None:
    """The lease ends by itself."""
    device.collector.tricks += [lambda *_: (0, {"-close": "1"}, b""), lambda *_: error(500, "broken")]
    device.lent.release(make_grant(), -1)
    device.lent.release(make_grant(), 1)
    assert len([request for request in device.collector.requests if "leases" in request]) == 2


def test_a_server_without_tls_is_not_taken_from_a_collector_with_it() -> None:
    """What goes to the collector in secret does not go elsewhere in the open."""
    plain, safe = make_grant(), make_grant(server=Server(name="x", url="https://[2001:db8::1]:8420"))
    assert sound(plain, "http://collector")
    assert not sound(plain, "https://collector")
    assert sound(safe, "https://collector")


class OneReply:
    """A client whose server answers one thing."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def request(self, *_: Any) -> Response:
        if not self._body:
            raise HttpError("network", "broken")
        return Response(status=200, headers={}, body=self._body, keep_alive=False)

    def close(self) -> None:
        return


class NoKey:
    def sign(self, message: bytes) -> bytes:
        return message[:1]


numbers = st.one_of(st.integers(), st.floats(), st.none(), st.text(max_size=3))
grants = st.fixed_dictionaries(
    dict.fromkeys(("start_in", "seconds", "bytes", "rate", "streams"), numbers)
    | {"id": st.text(max_size=4), "server": st.fixed_dictionaries({"name": st.text(max_size=4)})}
)
answers = st.one_of(
    st.builds(lambda grant: {"grant": grant}, grants),
    st.builds(lambda retry: {"denied": {"reason": "enough", "retry_in": retry}}, numbers),
    st.recursive(
        numbers, lambda inner: st.dictionaries(st.sampled_from(["grant", "denied", "x"]), inner), max_leaves=4
    ),
)


@settings(max_examples=150, deadline=None)
@given(answers)
def test_whatever_is_answered_a_run_gets_a_sound_lease_or_waits(answer: Any) -> None:
    """Within bounds, and nothing else is ever raised."""
    body = json.dumps(answer).encode()
    connect: Callable[[float], Any] = lambda _: OneReply(body)  # noqa: E731
    found = Leases(connect, "d", NoKey(), FakeClock(), address="http://x", sleep=lambda _: None)
    try:
        grant = found.of(JOB).obtain(WANT)
    except Postponed as why:
        waits = 1 <= why.seconds <= MOST
        assert waits
        return
    assert 0 < grant.seconds <= 600
    assert grant.start_in == 0
