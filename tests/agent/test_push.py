"""Sending against a real server that speaks the contract, and against ones that do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import identity, remote
from agent.config import AgentConfig, PushConfig, SpoolConfig
from agent.enrol import enrol
from agent.http import Client, HttpError
from agent.push import Pusher
from agent.spool import Spool
from checks.kit.wire import Ack
from tests.agent.collecting import Collector, Reply, collecting, error
from tests.agent.fakes import FakeClock, make_check, make_result, number_of


class Agent:
    """A spool and a pusher, enrolled with `collector`."""

    def __init__(self, path: Path, collector: Collector, **config: Any) -> None:
        settings = AgentConfig(state_dir=str(path))
        self.identity = enrol(collector.url, "good", settings)
        key = identity.load_key(str(path))
        assert key is not None
        self.clock = FakeClock()
        self.now = 0.0
        self.spool = Spool(str(path), SpoolConfig(), self.clock)
        self.spool._connection.execute("PRAGMA synchronous=OFF")
        self.offered: list[remote.RemoteConfig] = []
        self.directed: list[Any] = []
        self.pusher = Pusher(
            self.spool,
            Client(collector.url, timeout=2),
            self.identity,
            key,
            PushConfig(**config),
            self.clock,
            health=lambda: {"spool_records": float(self.spool.unsent())},
            offer=self.offer,
            direct=self.directed.append,
            etag="one",
            share=lambda: 0.5,
            now=lambda: self.now,
        )

    def offer(self, body: bytes) -> remote.RemoteConfig:
        self.offered.append(remote.decode(body, ["fake"], lambda name: make_check()))
        return self.offered[-1]

    def fill(self, count: int, jobs: int = 1) -> None:
        for index in range(count):
            self.spool.put(make_result(index, target=f"t{index % jobs}", size=300))

    def drain(self) -> float | None:
        return self.pusher._guard(self.pusher.drain)

    @property
    def state(self) -> tuple[str, str]:
        return self.pusher.contact.state, self.pusher.contact.message


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture
def agent(tmp_path: Path, collector: Collector) -> Iterator[Agent]:
    found = Agent(tmp_path, collector)
    yield found
    found.spool.close()


def arrived(collector: Collector) -> list[int]:
    results = (msgspec.json.decode(body) for _, body in sorted(collector.stored.items()))
    return [result["facts"]["number"] for result in results]


def test_everything_arrives_once_with_its_number(agent: Agent, collector: Collector) -> None:
    """And the spool then holds it as acknowledged."""
    agent.fill(30)
    assert agent.drain() is None
    assert arrived(collector) == list(range(30))
    assert set(collector.times_stored.values()) == {1}
    assert (agent.spool.unsent(), agent.spool.durable, agent.state) == (0, 31, ("ok", ""))


def test_a_batch_says_what_the_collector_must_know(agent: Agent, collector: Collector) -> None:
    """Epoch, boot, oldest number, health, etag in force and version."""
    agent.fill(2)
    agent.drain()
    batch = collector.batches[0]
    assert (batch.epoch, batch.boot, batch.oldest) == (agent.spool.epoch, agent.clock.boot(), 1)
    assert (batch.health, batch.config, batch.version) == ({"spool_records": 2.0}, "one", "0.1.0")


def test_live_state_goes_before_the_backlog(agent: Agent, collector: Collector) -> None:
    """After an outage the newest result of each job comes first, then the rest in order, nothing twice."""
    agent.fill(600, jobs=3)
    assert agent.drain() is None
    assert [result.seq for result in collector.batches[0].results] == [598, 599, 600]
    assert [batch.results[0].seq for batch in collector.batches[1:]] == sorted(
        batch.results[0].seq for batch in collector.batches[1:]
    )
    assert arrived(collector) == list(range(600))
    assert set(collector.times_stored.values()) == {1}


def test_batches_stay_small(tmp_path: Path, collector: Collector) -> None:
    """No sealed batch is larger than the settings allow, whatever the results weigh."""
    agent = Agent(tmp_path, collector, batch_bytes=8192)
    for index in range(60):
        agent.spool.put(make_result(index, size=1500))
    assert agent.drain() is None
    assert arrived(collector) == list(range(60))
    assert max(collector.sizes) <= 8192
    agent.spool.close()


def test_a_lost_acknowledgement_costs_one_repetition(agent: Agent, collector: Collector) -> None:
    """The batch was stored, its answer cut off: the same numbers come again and nothing is stored twice."""

    def store_and_cut(found: Collector, path: str, body: bytes) -> Reply:
        status, _, answer = found.results(body)
        assert status == 200
        return 200, {"-close": ""}, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + answer

    agent.fill(5)
    collector.tricks.append(store_and_cut)
    pause = agent.drain()
    assert pause is not None
    assert agent.state == ("closed", "the connection was closed before the reply's end")
    assert agent.spool.unsent() == 5
    assert agent.drain() is None
    assert arrived(collector) == list(range(5))
    assert max(collector.times_stored.values()) == 2


PAGE = b"<!doctype html><title>Sign in</title>"


def other_ack(collector: Collector, path: str, body: bytes) -> Reply:
    envelope_agent = next(iter(collector.keys))
    return 200, {}, msgspec.json.encode(Ack(agent=envelope_agent, epoch=1, batch="0" * 16, durable=99))


def answering(status: int, headers: dict[str, str], body: bytes) -> Any:
    return lambda collector, path, sent: (status, headers, body)


@pytest.mark.parametrize(
    ("trick", "state"),
    [
        (
            answering(302, {"Location": "http://login.example/"}, PAGE),
            ("captive_portal", "something else answered 302 and points to http://login.example/"),
        ),
        (
            answering(200, {"Content-Type": "text/html"}, PAGE),
            ("captive_portal", "something else answered 200"),
        ),
        (answering(511, {}, b""), ("captive_portal", "something else answered 511")),
        (answering(200, {}, b"{}"), ("bad_answer", "the answer is not an acknowledgement")),
        (answering(200, {}, b""), ("bad_answer", "the answer is not an acknowledgement")),
        (other_ack, ("bad_answer", "the acknowledgement names another batch")),
        (answering(400, {}, PAGE), ("http_400", "something else answered 400")),
        (answering(413, {}, b""), ("http_413", "something else answered 413")),
        (lambda *_: error(401, "unknown_agent"), ("unknown_agent", "refused: unknown_agent")),
        (lambda *_: error(403, "revoked"), ("revoked", "refused: revoked")),
        (lambda *_: error(400, "unsupported_version"), ("unsupported_version", "refused: unsupported_version")),
        (answering(500, {}, b"oops"), ("http_500", "something else answered 500")),
        (answering(0, {"-close": ""}, b"nonsense\r\n\r\n"), ("protocol", "the reply does not begin like HTTP/1.1")),
    ],
)
def test_nothing_leaves_the_spool_without_its_own_acknowledgement(
    agent: Agent, collector: Collector, trick: Any, state: tuple[str, str]
) -> None:
    """Portals, other batches' answers and errors keep every record; the next good answer takes them all."""
    agent.fill(4)
    collector.tricks.append(trick)
    assert agent.drain() is not None
    assert agent.state == state
    assert (agent.spool.unsent(), agent.spool.durable) == (4, 1)
    assert agent.spool.gaps() == []
    assert agent.drain() is None
    assert arrived(collector) == [0, 1, 2, 3]


def test_retry_after_is_honoured_with_jitter(agent: Agent, collector: Collector) -> None:
    """Never earlier than asked; a city's agents do not come back in the same second."""
    agent.fill(1)
    collector.tricks.append(lambda *_: error(429, "busy", **{"Retry-After": "40"}))
    assert agent.drain() == 40 + 0.5 * 40
    collector.tricks.append(lambda *_: error(503, "busy", **{"Retry-After": "99999999"}))
    assert agent.drain() == 2 * 0.5


def test_pauses_grow_and_are_capped(agent: Agent, collector: Collector) -> None:
    """Full jitter around a doubling bound of at most max_backoff; one success starts over."""
    agent.fill(1)
    collector.tricks += [lambda *_: error(500, "broken")] * 12
    pauses = [agent.drain() for _ in range(12)]
    assert pauses == [min(300.0, 2.0**n) * 0.5 for n in range(12)]
    assert agent.drain() is None
    agent.fill(1)
    collector.tricks.append(lambda *_: error(500, "broken"))
    assert agent.drain() == 0.5


def test_one_unreadable_record_is_found_and_quarantined(agent: Agent, collector: Collector) -> None:
    """Halving finds it; all others arrive, and the collector is told which number will not come."""
    collector.unreadable = lambda result: result.facts["number"] in (37, 38)
    agent.fill(100)
    assert agent.drain() is None
    assert arrived(collector) == [number for number in range(100) if number not in (37, 38)]
    assert {seq for _, seq in collector.gaps} == {38, 39}
    assert set(collector.gaps.values()) == {"quarantined"}
    assert agent.spool.numbers()["spool_quarantined"] == 2
    assert agent.spool.durable == 101


def test_a_collector_that_reads_nothing_does_not_empty_the_spool(agent: Agent, collector: Collector) -> None:
    """After a few records in a row the fault is not theirs: the agent waits."""
    collector.unreadable = lambda result: True
    agent.fill(100)
    assert agent.drain() is not None
    assert agent.state[0] == "refused"
    assert agent.spool.numbers()["spool_quarantined"] == 8
    assert agent.spool.unsent() == 92


def test_a_falling_watermark_replays(agent: Agent, collector: Collector) -> None:
    """The collector came back from an older backup: what it lacks is sent again."""
    agent.fill(20)
    agent.drain()
    for seq in range(8, 21):
        del collector.stored[(agent.spool.epoch, seq)]
    agent.fill(1)
    assert agent.drain() is None
    assert collector.durable(agent.spool.epoch) == 22


def test_a_watermark_ahead_begins_a_new_epoch(agent: Agent, collector: Collector) -> None:
    """This disk was restored to an old state: no number is used for two results."""
    old = agent.spool.epoch
    collector.stored.update({(old, seq): b"{}" for seq in range(1, 50)})
    agent.fill(3)
    agent.drain()
    assert agent.drain() is None
    assert agent.spool.epoch > old
    fresh = [
        msgspec.json.decode(body)["facts"]["number"]
        for (epoch, _), body in sorted(collector.stored.items())
        if epoch != old
    ]
    assert fresh == [0, 1, 2]


def test_a_new_configuration_is_fetched_when_the_answer_names_it(agent: Agent, collector: Collector) -> None:
    """Once, and the next batch carries its etag."""
    collector.config = {"etag": "two", "jobs": [{"check": "fake", "target": "x"}], "push": {"linger": 30}}
    agent.fill(1)
    agent.drain()
    agent.fill(1)
    agent.drain()
    assert [config.etag for config in agent.offered] == ["two"]
    assert collector.batches[-1].config == "two"
    assert collector.requests.count("GET /v1/config") == 1


def test_directives_are_handed_on_as_they_came(agent: Agent, collector: Collector) -> None:
    """Those of an acknowledgement that names this batch, and no other."""
    collector.directives = [{"do": "measure", "check": "bandwidth", "request": "r-1"}, {"do": 5}]
    agent.fill(1)
    collector.tricks.append(other_ack)
    agent.drain()
    assert agent.directed == []
    agent.drain()
    assert agent.directed == [collector.directives]
    collector.directives = []
    agent.fill(1)
    agent.drain()
    assert len(agent.directed) == 1


def test_a_bad_configuration_is_refused_once(agent: Agent, collector: Collector) -> None:
    """Counted, not asked for again, and the old one stays in force."""
    collector.config = {"etag": "bad", "jobs": [{"check": "fake", "params": {"no": 1}}]}
    for _ in range(3):
        agent.fill(1)
        assert agent.drain() is None
    assert agent.offered == []
    assert agent.pusher.contact.config_refused == 1
    assert collector.requests.count("GET /v1/config") == 1
    assert collector.batches[-1].config == "one"


def test_a_collector_that_is_away_is_named(tmp_path: Path) -> None:
    """Its results wait; coming back it gets them."""
    with collecting() as collector:
        agent = Agent(tmp_path, collector)
    agent.fill(2)
    assert agent.drain() == 0.5
    assert agent.state == ("refused", "the connection was refused")
    assert agent.pusher.contact.failures == 1
    assert [number_of(result) for result in agent.spool.peek_backlog(9)] == [0, 1]
    agent.spool.close()


def test_a_silent_agent_still_says_that_it_lives(agent: Agent, collector: Collector) -> None:
    """Without results an empty batch goes after a quarter of an hour, not before."""
    agent.now = 899.0
    agent.pusher._round()
    assert collector.batches == []
    agent.now = 901.0
    agent.pusher._round()
    assert [batch.results for batch in collector.batches] == [[]]


def test_a_missing_authority_file_is_named(tmp_path: Path) -> None:
    """There is no fallback to the system's authorities."""
    missing = Client("https://127.0.0.1:1", ca_file=str(tmp_path / "none.pem"), timeout=1)
    with pytest.raises(HttpError):
        missing.request("GET", "/")


def test_a_spool_replaced_while_a_batch_is_under_way_keeps_its_records(agent: Agent, collector: Collector) -> None:
    """The answer names numbers of the old epoch: nothing of the new one is let go, and all of it arrives."""

    def replace(found: Collector, path: str, body: bytes) -> None:
        agent.spool._rescue("damaged")

    agent.fill(10)
    collector.tricks.append(replace)
    assert agent.drain() is None
    fresh = [
        msgspec.json.decode(body) for (epoch, _), body in sorted(collector.stored.items()) if epoch == agent.spool.epoch
    ]
    assert [result["facts"]["number"] for result in fresh] == list(range(10))
    assert agent.spool.durable == 11
