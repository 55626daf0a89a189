"""The spool's promises, one by one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from agent.config import SpoolConfig
from agent.spool import Spool, SpoolError, SpoolUnavailable
from checks.kit.wire import Gap
from tests.agent.fakes import START, FakeClock, make_result, number_of


def open_spool(path: Path, clock: FakeClock | None = None, **config: float) -> Spool:
    return Spool(str(path), SpoolConfig(**config), clock or FakeClock())


def open_hasty(path: Path, **config: float) -> Spool:
    """A spool that does not wait for the disk: for tests that store thousands."""
    spool = open_spool(path, None, **config)
    spool._connection.execute("PRAGMA synchronous=OFF")
    return spool


def fill(spool: Spool, count: int, jobs: int = 1, first: int = 0) -> list[int]:
    return [spool.put(make_result(first + index, target=f"t{index % jobs}")) for index in range(count)]


def seqs(results: list) -> list[int]:  # type: ignore[type-arg]
    return [result.seq for result in results]


def test_numbers_start_at_one_and_survive_a_restart(tmp_path: Path) -> None:
    """A number is given once, in order, also when everything was trimmed in between."""
    spool = open_spool(tmp_path, keep_acknowledged_hours=0)
    epoch = spool.epoch
    assert fill(spool, 3) == [1, 2, 3]
    spool.acknowledge(4, [1, 2, 3], [])
    spool.close()
    again = open_spool(tmp_path)
    assert (again.epoch, again.durable, again.put(make_result())) == (epoch, 4, 4)


def test_a_record_comes_back_as_it_was_put(tmp_path: Path) -> None:
    """Every field, with the number it got."""
    spool = open_spool(tmp_path)
    result = make_result(7, target="cổng dịch vụ công", size=100)
    spool.put(result)
    found = spool.peek_backlog(10)[0]
    result.seq = 1
    assert found == result


def test_live_is_the_newest_of_each_job(tmp_path: Path) -> None:
    """One per check and target, in order, and nothing that was peeked before."""
    spool = open_spool(tmp_path)
    fill(spool, 10, jobs=3)
    assert seqs(spool.peek_live(0, 100)) == [8, 9, 10]
    assert seqs(spool.peek_live(9, 100)) == [10]
    assert seqs(spool.peek_backlog(4)) == [1, 2, 3, 4]


def test_what_was_answered_is_not_sent_again_and_not_trimmed(tmp_path: Path) -> None:
    """Live results above the watermark are delivered; only the watermark makes them durable."""
    spool = open_spool(tmp_path)
    fill(spool, 5)
    assert spool.acknowledge(1, [5], []) == "ok"
    assert seqs(spool.peek_backlog(10)) == [1, 2, 3, 4]
    assert spool.oldest() == 1
    assert spool.acknowledge(6, [1, 2, 3, 4], []) == "ok"
    assert (spool.unsent(), spool.durable) == (0, 6)


def test_a_watermark_that_falls_makes_the_spool_send_again(tmp_path: Path) -> None:
    """The collector came back from a backup: everything from there on is unsent once more."""
    spool = open_spool(tmp_path)
    fill(spool, 6)
    spool.acknowledge(7, range(1, 7), [])
    spool.put(make_result())
    assert spool.acknowledge(3, [7], []) == "replay"
    assert seqs(spool.peek_backlog(10)) == [3, 4, 5, 6]
    assert spool.acknowledge(8, [3, 4, 5, 6], []) == "ok"


def test_a_fall_below_what_is_kept_is_declared(tmp_path: Path) -> None:
    """Numbers that were acknowledged and forgotten cannot be sent again: the collector is told so."""
    clock = FakeClock()
    spool = open_spool(tmp_path, clock, keep_acknowledged_hours=1)
    fill(spool, 4)
    spool.acknowledge(5, [1, 2, 3, 4], [])
    clock.pass_(2 * 3600)
    spool.tidy()
    assert spool.oldest() == 5
    assert spool.acknowledge(2, [], []) == "replay"
    assert spool.gaps() == [Gap(2, 4, "expired")]


def test_acknowledged_records_are_kept_for_their_time(tmp_path: Path) -> None:
    """Not trimmed a minute early, trimmed after."""
    clock = FakeClock()
    spool = open_spool(tmp_path, clock)
    fill(spool, 1)
    spool.acknowledge(2, [1], [])
    for hours, oldest in ((71, 1), (2, 2)):
        clock.pass_(hours * 3600)
        spool.tidy()
        assert spool.oldest() == oldest


def test_a_watermark_ahead_begins_a_new_epoch(tmp_path: Path) -> None:
    """This disk was restored: what is not acknowledged moves to new numbers, gaps included."""
    spool = open_spool(tmp_path)
    fill(spool, 6)
    spool.acknowledge(3, [1, 2], [])
    spool.quarantine(4, "invalid")
    before = spool.epoch
    assert spool.acknowledge(99, [], []) == "restored"
    assert spool.epoch > before
    assert [(result.seq, number_of(result)) for result in spool.peek_backlog(10)] == [(1, 2), (3, 4), (4, 5)]
    assert spool.gaps() == [Gap(2, 2, "quarantined")]
    assert (spool.next, spool.durable) == (5, 1)
    assert spool.put(make_result()) == 5


def test_what_the_collector_lacks_though_all_was_sent_is_sent_again(tmp_path: Path) -> None:
    """A collector that lost a delivered record above its watermark gets it."""
    spool = open_spool(tmp_path)
    fill(spool, 3)
    spool.acknowledge(1, [3], [])
    assert spool.acknowledge(3, [1, 2], []) == "missing"
    assert seqs(spool.peek_backlog(10)) == [3]


def test_an_answer_to_another_epoch_touches_nothing(tmp_path: Path) -> None:
    """Its numbers are other results' now: neither acknowledged nor quarantined."""
    spool = open_spool(tmp_path)
    fill(spool, 3)
    assert spool.acknowledge(3, [1, 2], [], spool.epoch - 1) == "stale"
    spool.quarantine(1, "invalid", spool.epoch - 1)
    assert (seqs(spool.peek_backlog(9)), spool.durable, spool.gaps()) == ([1, 2, 3], 1, [])


def test_a_gap_is_told_until_it_is_acknowledged(tmp_path: Path) -> None:
    """Sent in an unanswered batch it stays; below the watermark it is forgotten; a fall brings it back."""
    spool = open_spool(tmp_path)
    fill(spool, 3)
    spool.quarantine(2, "invalid: bad")
    gaps = spool.gaps()
    assert gaps == [Gap(2, 2, "quarantined")] == spool.gaps()
    spool.acknowledge(4, [1, 3], gaps)
    assert spool.gaps() == []
    spool.acknowledge(1, [], [])
    assert spool.gaps() == [Gap(2, 2, "quarantined")]


def test_neighbouring_losses_are_one_gap(tmp_path: Path) -> None:
    """Whatever the order they happen in; another reason stays apart."""
    spool = open_spool(tmp_path)
    fill(spool, 6)
    for seq in (2, 4, 3):
        spool.quarantine(seq, "invalid")
    spool.lose(2, "spool_full")
    assert spool.gaps() == [Gap(2, 4, "quarantined"), Gap(7, 8, "spool_full")]
    assert spool.numbers()["spool_dropped"] == 5
    assert spool.put(make_result()) == 9


def test_at_its_cap_the_spool_thins_the_oldest_and_says_so(tmp_path: Path) -> None:
    """Never past its cap; the newest are whole; every number is a record or in a gap."""
    spool = open_hasty(tmp_path, megabytes=3)
    count = 3000
    for index in range(count):
        spool.put(make_result(index, target=f"t{index % 3}", at=START + index * 300_000_000, size=1200))
    held = seqs(spool.peek_backlog(count))
    lost = [seq for gap in spool.gaps(100_000) for seq in range(gap.first, gap.last + 1)]
    assert sorted(held + lost) == list(range(1, count + 1))
    assert {gap.reason for gap in spool.gaps(100_000)} == {"spool_cap"}
    assert held[-500:] == list(range(count - 499, count + 1))
    assert (tmp_path / "spool.db").stat().st_size <= 3 * 1048576


def test_thinning_leaves_one_result_per_job_and_hour(tmp_path: Path) -> None:
    """The oldest hours keep their newest result of each job."""
    spool = open_hasty(tmp_path, megabytes=3)
    for index in range(4500):
        spool.put(make_result(index, target=f"t{index % 2}", at=START + index * 60_000_000, size=900))
    oldest = spool.peek_backlog(40)
    hours = [(result.target, result.at // 3_600_000_000) for result in oldest]
    assert len(set(hours)) == len(hours)
    assert spool.numbers()["spool_thinned"] > 0


def test_old_results_are_dropped_and_declared(tmp_path: Path) -> None:
    """After the days in the settings, counted as spool_age."""
    clock = FakeClock()
    spool = open_spool(tmp_path, clock, days=1)
    fill(spool, 3)
    clock.pass_(25 * 3600)
    spool.put(make_result(9, at=clock.wall()))
    spool.tidy()
    assert spool.gaps() == [Gap(1, 3, "spool_age")]
    assert seqs(spool.peek_backlog(10)) == [4]


def test_a_clock_set_forward_ages_nothing(tmp_path: Path) -> None:
    """A year's jump is not a year."""
    clock = FakeClock()
    spool = open_spool(tmp_path, clock)
    fill(spool, 3)
    clock.wall_offset = 365 * 86400 * 1_000_000
    clock.pass_(3700)
    spool.tidy()
    assert spool.unsent() == 3


def test_a_second_agent_on_one_spool_is_refused(tmp_path: Path) -> None:
    """One clear line, and the first goes on."""
    spool = open_spool(tmp_path)
    with pytest.raises(SpoolError) as caught:
        open_spool(tmp_path)
    assert str(caught.value) == f"{tmp_path}/spool.db: another agent is using this spool"
    assert spool.put(make_result()) == 1


def test_a_spool_that_is_a_directory_is_one_clear_line(tmp_path: Path) -> None:
    """Nothing is set aside or made."""
    (tmp_path / "spool.db").mkdir()
    with pytest.raises(SpoolError) as caught:
        open_spool(tmp_path)
    assert str(caught.value) == f"{tmp_path}/spool.db: cannot be opened: unable to open database file"


def test_a_full_disk_refuses_a_put_and_recovers(tmp_path: Path) -> None:
    """What was stored stays, the refused result got no number, and the next put works once there is room."""
    spool = open_spool(tmp_path, megabytes=1)
    spool._connection.execute("PRAGMA max_page_count=64")
    spool._cap = 1 << 40
    stored = 0
    caught = None
    while caught is None:
        try:
            spool.put(make_result(stored, size=3000))
            stored += 1
        except SpoolUnavailable as why:
            caught = why
    assert str(caught) == f"{tmp_path}/spool.db: database or disk is full"
    assert spool.next == stored + 1
    spool._connection.execute("PRAGMA max_page_count=1000")
    assert spool.put(make_result()) == stored + 1
    assert spool.unsent() == stored + 1


def test_a_damaged_record_is_declared_and_the_rest_lives(tmp_path: Path) -> None:
    """Its checksum tells, whatever SQLite thinks."""
    spool = open_spool(tmp_path)
    fill(spool, 3)
    spool._connection.execute("UPDATE record SET frame = zeroblob(40) WHERE seq = 2")
    assert seqs(spool.peek_backlog(10)) == [1, 3]
    assert spool.gaps() == [Gap(2, 2, "spool_corrupt")]
    assert spool.numbers()["spool_corrupt"] == 1


def test_a_closed_spool_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    """A thread that is late at the end of the program changes nothing."""
    spool = open_spool(tmp_path)
    fill(spool, 2)
    epoch = spool.epoch
    spool.close()
    with pytest.raises(SpoolUnavailable) as caught:
        spool.unsent()
    assert str(caught.value) == f"{tmp_path}/spool.db: Cannot operate on a closed database."
    again = open_spool(tmp_path)
    assert (again.epoch, again.unsent()) == (epoch, 2)


def test_damage_found_while_running_is_rescued(tmp_path: Path) -> None:
    """The call that met it succeeds on the new file."""
    notes: list[str] = []
    spool = Spool(str(tmp_path), SpoolConfig(), FakeClock(), lambda event, **_: notes.append(event))
    fill(spool, 50)
    epoch = spool.epoch
    spool.close()
    spool._connection = _Broken(str(tmp_path / "spool.db"))  # type: ignore[assignment]
    assert spool.put(make_result(50)) == 51
    assert spool.epoch > epoch
    assert [number_of(result) for result in spool.peek_backlog(100)] == list(range(51))
    assert notes == ["spool_damaged", "spool_rescued"]
    assert spool.numbers()["spool_rescues"] == 1


class _Broken:
    """A connection that finds its file damaged."""

    in_transaction = False

    def __init__(self, path: str) -> None:
        self.path = path

    def execute(self, *_: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    def close(self) -> None:
        return


def test_health_tells_how_long_the_oldest_result_has_waited(tmp_path: Path) -> None:
    """From when it was taken, by time that runs evenly: a clock that is set back makes it no younger; 0 once all is
    sent."""
    clock = FakeClock()
    spool = open_spool(tmp_path, clock)
    assert spool.numbers()["spool_age_seconds"] == 0
    first, second = spool.put(make_result(0)), spool.put(make_result(1))
    clock.pass_(90)
    clock.wall_offset = -3600_000_000
    assert spool.numbers()["spool_age_seconds"] == pytest.approx(90, abs=1)
    spool.acknowledge(second, [first], [])
    assert spool.numbers()["spool_age_seconds"] == pytest.approx(90, abs=1)
    spool.acknowledge(spool.next, [second], [])
    assert spool.numbers()["spool_age_seconds"] == 0
