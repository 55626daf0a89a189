"""Groups of pushes on both databases: once, whole, and remembered."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from checks.kit.model import Outcome, Sample
from checks.kit.wire import Gap
from collector import tally
from collector.ledger import Rejected
from collector.store import states
from tests.collector.bench import Bench, pushed
from tests.collector.pushing import BOOT, DAY, XOM_CHIEU, Sender, enrolled


def test_a_push_is_on_disk_when_it_is_answered(bench: Bench) -> None:
    """The answer is the first number that is not durable."""
    sender = enrolled(bench.store, Sender())
    assert bench.push(sender, sender.result(bench.now), sender.result(bench.now)) == 3
    stored = bench.state(sender)
    assert stored.cursors[1].low == 3
    assert stored.results["connectivity|dichvucong"].seq == 2
    assert bench.runs() == 2


def test_the_same_batch_a_hundred_times_is_stored_once(bench: Bench) -> None:
    """By a ledger that remembers, and by one that has just started."""
    sender = enrolled(bench.store, Sender())
    results = [sender.result(bench.now) for _ in range(5)]
    for round_ in range(100):
        ledger = bench if round_ % 2 else bench.again()
        assert ledger.push(sender, *results) == 6
    assert bench.runs() == 5


def test_live_results_may_come_before_the_backlog(bench: Bench) -> None:
    """The newest by number stays the newest, and every one counts once."""
    sender = enrolled(bench.store, Sender())
    backlog = [sender.result(bench.now - 9_000_000) for _ in range(8)]
    live = sender.result(bench.now, outcome=Outcome.FAILED, reason="tcp_timeout")
    assert bench.push(sender, live) == 1
    assert bench.push(sender, *backlog) == 10
    assert bench.state(sender).results["connectivity|dichvucong"].seq == 9
    assert bench.runs() == 9


def test_a_late_result_counts_in_the_half_hour_it_was_taken(bench: Bench) -> None:
    """Three days offline do not pile up in the hour of return."""
    sender = enrolled(bench.store, Sender())
    times = [bench.now - 3 * DAY, bench.now - 2 * DAY, bench.now]
    bench.push(sender, *(sender.result(at) for at in times))
    with bench.store.reader() as connection:
        rows = states.load_tallies(connection, XOM_CHIEU, 0, 2**40)
    assert [start for start, _ in rows] == [tally.bucket_of(at) for at in times]


def test_a_wrong_clock_is_corrected_inside_one_boot(bench: Bench) -> None:
    """A clock ten years ahead: the monotonic clock says the result is one second old."""
    sender = enrolled(bench.store, Sender())
    ahead = bench.now + 3650 * DAY
    bench.push(sender, sender.result(ahead, mono=1_000_000), sent_at=ahead + 1_000_000, sent_mono=2_000_000)
    stored = bench.state(sender)
    assert stored.results["connectivity|dichvucong"].at == bench.now - 1_000_000
    assert stored.last_seen == bench.now - 1_000_000
    assert stored.clock_offset == pytest.approx(3650 * 86400 + 1)


def test_a_result_of_an_earlier_boot_keeps_its_own_time(bench: Bench) -> None:
    """Its monotonic clock says nothing any more."""
    sender = enrolled(bench.store, Sender())
    at = bench.now - DAY
    bench.push(sender, sender.result(at, boot="another"), sent_at=bench.now - 60_000_000)
    assert bench.state(sender).results["connectivity|dichvucong"].at == at


def test_nothing_was_taken_in_the_future(bench: Bench) -> None:
    """A time after its arrival is pulled back to it; a wild one does not make a wild half-hour."""
    sender = enrolled(bench.store, Sender())
    bench.push(sender, sender.result(bench.now + DAY, boot="another"), sender.result(-(2**62), boot="another"))
    assert bench.state(sender).last_seen == bench.now
    assert bench.runs() == 1


def test_a_gap_is_visible_with_its_cause(bench: Bench) -> None:
    """Declared by the agent, or found missing."""
    sender = enrolled(bench.store, Sender())
    sender.next = 11
    answer = bench.push(sender, sender.result(bench.now), oldest=11, gaps=[Gap(1, 4, "spool_cap")])
    assert answer == 12
    with bench.store.reader() as connection:
        found = states.load_gaps(connection, sender.device)
    assert found == [(1, Gap(1, 4, "spool_cap")), (1, Gap(5, 10, "lost"))]


def test_a_cause_that_an_agent_makes_up_becomes_no_label(bench: Bench) -> None:
    """It is stored as it came, and counted as another reason."""
    sender = enrolled(bench.store, Sender())
    sender.next = 11
    bench.push(sender, sender.result(bench.now), oldest=11, gaps=[Gap(1, 4, "made up"), Gap(5, 10, "spool_age")])
    counted = bench.ledger._telemetry.registry.get_sample_value
    series = "sansang_collector_gap_records_total"
    assert {why: counted(series, {"reason": why}) for why in ("other", "spool_age", "made up")} == {
        "other": 4, "spool_age": 6, "made up": None,
    }  # fmt: skip
    with bench.store.reader() as connection:
        assert [gap.reason for _, gap in states.load_gaps(connection, sender.device)] == ["made up", "spool_age"]


def test_a_new_epoch_counts_anew(bench: Bench) -> None:
    """A reinstalled agent starts at 1 again, and its results are the newer ones."""
    sender = enrolled(bench.store, Sender())
    bench.push(sender, *(sender.result(bench.now) for _ in range(5)))
    sender.epoch, sender.next = 2, 1
    assert bench.push(sender, sender.result(bench.now)) == 2
    held = bench.state(sender).results["connectivity|dichvucong"]
    assert (held.epoch, held.seq) == (2, 1)
    assert bench.runs() == 6


def test_a_file_carried_on_a_stick_does_not_outrank_what_is_measured_later(bench: Bench) -> None:
    """Its epoch is the higher number; the newest result is the one taken last, before and after."""
    sender, visit = enrolled(bench.store, Sender(epoch=5)), Sender(epoch=900)
    visit.device = sender.device
    bench.push(sender, sender.result(bench.now - 50_000_000))
    bench.push(visit, visit.result(bench.now - 40_000_000, detail="visit"))
    assert bench.state(sender).results["connectivity|dichvucong"].epoch == 900
    bench.push(sender, sender.result(bench.now - 30_000_000))
    assert bench.state(sender).results["connectivity|dichvucong"].epoch == 5
    late = Sender(sender.device, epoch=901)
    bench.push(late, late.result(bench.now - 45_000_000))
    assert bench.state(sender).results["connectivity|dichvucong"].epoch == 5
    assert bench.runs() == 4


def test_hundreds_of_files_do_not_make_the_spools_numbers_forgotten(bench: Bench) -> None:
    """The epoch that is in use stays; a resend is still recognised."""
    sender = enrolled(bench.store, Sender(epoch=5))
    first = sender.result(bench.now)
    for epoch in range(1000, 1300):
        visit = Sender(sender.device, epoch=epoch)
        bench.push(visit, visit.result(bench.now, target="1022"))
        bench.push(sender, first)
    assert bench.runs() == 301
    assert len(bench.state(sender).cursors) == 256


def test_a_pending_device_is_kept_but_not_counted(bench: Bench) -> None:
    """Its unit's numbers stay as they were."""
    sender = enrolled(bench.store, Sender())
    assert bench.push(sender, sender.result(bench.now), counts=False) == 2
    assert bench.runs() == 0
    assert bench.state(sender).results


def test_a_job_that_is_not_configured_is_kept_but_not_counted(bench: Bench) -> None:
    """An agent cannot make series or tallies of its own."""
    sender = enrolled(bench.store, Sender())
    bench.push(sender, sender.result(bench.now, target="evil\nname"))
    assert bench.runs() == 0


def test_labels_an_agent_makes_up_stay_bounded(bench: Bench) -> None:
    """A thousand phases do not become a thousand distributions."""
    sender = enrolled(bench.store, Sender())
    samples = tuple(Sample("connectivity_phase", 0.1, {"phase": f"p{n}"}) for n in range(500))
    bench.push(sender, sender.result(bench.now, samples=samples))
    with bench.store.reader() as connection:
        [(_, blob)] = states.load_tallies(connection, XOM_CHIEU, 0, 2**40)
    assert len(tally.decode(blob)["connectivity|dichvucong"].sketches) == 64


def test_an_unknown_device_is_told_apart_from_the_others_of_its_group(bench: Bench) -> None:
    """One sender's trouble is not its neighbours'."""
    known, stranger = enrolled(bench.store, Sender()), Sender(key=2)
    pushes = [pushed(sender.batch(sender.result(bench.now)), bench.now) for sender in (stranger, known)]
    assert bench.ledger.write(pushes) == [Rejected("unknown_agent"), 2]


def test_after_a_failed_commit_memory_is_not_ahead_of_the_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group is taken again as if it had never been seen."""
    sender = enrolled(bench.store, Sender())
    result = sender.result(bench.now)

    def broken(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(states, "save_gaps", broken)
        with pytest.raises(sa.exc.OperationalError):
            bench.push(sender, result)
    assert bench.runs() == 0
    assert bench.push(sender, result) == 2
    assert bench.runs() == 1


def test_a_failed_commit_does_not_hide_what_was_committed_before_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep is told of the first push although the second one's failure emptied the memory."""
    sender = enrolled(bench.store, Sender())
    bench.push(sender, sender.result(bench.now))

    def broken(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(states, "save_gaps", broken)
        with pytest.raises(sa.exc.OperationalError):
            bench.push(sender, sender.result(bench.now, target="1022"))
    assert [set(state.results) for state in bench.ledger.touched().states] == [{"connectivity|dichvucong"}]


def test_what_changed_is_told_once_and_as_a_copy(bench: Bench) -> None:
    """The sweep may look at its leisure."""
    sender = enrolled(bench.store, Sender())
    bench.push(sender, sender.result(bench.now))
    touched = bench.ledger.touched()
    bench.push(sender, sender.result(bench.now, target="1022"))
    assert [set(state.results) for state in touched.states] == [{"connectivity|dichvucong"}]
    assert touched.hours == {(XOM_CHIEU, tally.bucket_of(bench.now))}
    assert bench.state(sender).boot == BOOT


def test_the_days_a_file_was_carried_are_no_clock_offset(bench: Bench) -> None:
    """Its results keep their own times, and what live pushes said of the device stays."""
    sender = enrolled(bench.store, Sender())
    carried = Sender(sender.device, epoch=2)
    result = carried.result(bench.now - DAY)
    batch = carried.batch(result, sent_at=bench.now - DAY, version="0.1.0", health={"spool_records": 1.0})
    bench.ledger.write([replace(pushed(batch, bench.now), carried=True)])
    stored = bench.state(sender)
    assert (stored.clock_offset, stored.drift, stored.version) == (None, None, "0.1.0")
    assert stored.results["connectivity|dichvucong"].at == bench.now - DAY
    bench.push(sender, sender.result(bench.now), sent_at=bench.now - 7_000_000, version="0.2.0")
    late = carried.batch(carried.result(bench.now - DAY), sent_at=bench.now - DAY, version="0.1.0")
    bench.ledger.write([replace(pushed(late, bench.now), carried=True)])
    stored = bench.state(sender)
    assert (stored.clock_offset, stored.version) == (-7.0, "0.2.0")
