"""Simulated batches are an agent's: signed, numbered, the newest of each job ahead of a backlog."""

from __future__ import annotations

from checks.kit import wire
from checks.kit.model import Outcome, Result, Sample
from checks.kit.wire import Ack, Batch
from collector.directory import Key as Public
from collector.simulate.model import MARK
from collector.simulate.outbox import WINDOW, Key, Outbox, Sent

DEVICE = "0b0b0b0b-0000-4000-8000-000000000001"
KEY = Key(b"\1" * 32)


def outbox(*results: Result) -> Outbox:
    made = Outbox(DEVICE, KEY, 7)
    for result in results:
        made.put(result)
    return made


def result(seq: int, target: str = "portal", detail: str = "") -> Result:
    samples = (Sample("connectivity_up", 1.0),)
    return Result(
        seq=seq, check="connectivity", target=target, outcome=Outcome.OK, at=seq, mono=seq, boot="b", samples=samples,
        detail=detail,
    )  # fmt: skip


def sealed(box: Outbox) -> tuple[Sent, Batch]:
    sent = box.sealed(boot="b", at=9_000_000, mono=5, health={"spool_records": 2.0}, config="etag")
    return sent, wire.unseal(wire.take_apart(sent.sealed), Public(KEY.public))


def acknowledged(box: Outbox, sent: Sent, **changes: object) -> bool:
    told: dict[str, object] = {"agent": DEVICE, "epoch": 7, "batch": sent.digest, "durable": 1}
    return box.acknowledged(sent, Ack(**(told | changes)), 1)  # type: ignore[arg-type]


def test_a_batch_is_signed_and_says_that_it_is_simulated() -> None:
    """As the collector opens it."""
    _, batch = sealed(outbox(result(1), result(2)))
    assert (batch.agent, batch.epoch, batch.oldest, batch.config, batch.version) == (DEVICE, 7, 1, "etag", MARK)
    assert (batch.sent_at, batch.sent_mono, batch.health) == (9_000_000, 5, {"spool_records": 2.0})
    assert [one.seq for one in batch.results] == [1, 2]


def test_the_newest_of_each_job_goes_before_a_backlog() -> None:
    """Once; then the rest in order, each number a single time."""
    jobs = ("portal", "mail")
    box = outbox(*(result(seq, jobs[seq % 2]) for seq in range(1, WINDOW + 101)))
    first, live = sealed(box)
    assert [one.seq for one in live.results] == [WINDOW + 99, WINDOW + 100]
    assert acknowledged(box, first)
    second, backlog = sealed(box)
    assert [one.seq for one in backlog.results] == list(range(1, WINDOW + 1))
    assert backlog.oldest == 1
    assert acknowledged(box, second)
    third, rest = sealed(box)
    assert [one.seq for one in rest.results] == list(range(WINDOW + 1, WINDOW + 99))
    assert acknowledged(box, third)
    assert (box.waiting, box.number) == (0, WINDOW + 101)


def test_what_does_not_fit_into_one_batch_is_sent_in_several() -> None:
    """Two megabytes of text are inflated at most."""
    box = outbox(*(result(seq, detail="ồ" * 500) for seq in range(1, WINDOW + 1)))
    while box.waiting:
        sent, batch = sealed(box)
        assert batch.results[0].seq == batch.oldest
        assert acknowledged(box, sent)
    big = outbox(*(result(seq, str(seq), "x" * 512) for seq in range(1, 5000)))
    assert len(sealed(big)[1].results) <= WINDOW


def test_another_batch_s_acknowledgement_lets_nothing_go() -> None:
    """Nor one of another device or epoch."""
    box = outbox(result(1))
    sent, _ = sealed(box)
    for changes in ({"batch": "00"}, {"agent": "x"}, {"epoch": 8}):
        assert not acknowledged(box, sent, **changes)
    assert box.waiting == 1


def test_an_empty_box_sends_a_heartbeat() -> None:
    """With the number that comes next as the oldest."""
    _, batch = sealed(outbox())
    assert (batch.results, batch.oldest) == ([], 1)
