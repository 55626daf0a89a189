from __future__ import annotations

import socket
import threading
import time

import pytest

from checks.kit import stamp
from checks.kit.failure import NetError
from checks.kit.model import Reason
from checks.kit.stamp_exchange import stepped
from checks.kit.stamp_session import Departure, Exchange, Sender, Session, steady
from tests.checks.kit.reflecting import reflecting
from tests.ports import free_port

KEY = b"a key of a lease that is 32 long"
TEN = [Departure(0.002 * number, 112) for number in range(10)]


def _run(port: int, schedule: list[Departure] = TEN, *, key: bytes = b"", first: int = 0, wait: float = 2.0) -> Session:
    with Sender("127.0.0.1", port, key=key, session=7, first=first) as sender:
        return sender.run(schedule, wait=wait)


@pytest.mark.parametrize("key", [b"", KEY])
def test_every_packet_has_its_four_times(key: bytes) -> None:
    """In the order in which they passed, of the size that was asked, by the kernel's clock here."""
    sizes = [112, 116, 300, 1200]
    with reflecting(key=key) as port:
        done = _run(port, [Departure(0.001 * place, size) for place, size in enumerate(sizes)], key=key)
    assert [one.size for one in done.exchanges] == sizes
    assert done.bytes_sent == done.bytes_received == sum(sizes)
    assert [one.answer for one in done.exchanges] == [0, 1, 2, 3]
    for one in done.exchanges:
        assert one.t2 is not None
        assert one.t3 is not None
        assert one.t4 is not None
        assert one.t1 <= one.t2 <= one.t3 <= one.t4
        assert one.round_trip is not None
        assert 0 <= one.round_trip <= one.t4 - one.t1 + 5_000_000
    assert (done.stamps, done.stepped, done.refused, done.foreign) == ("kernel", "", False, {})
    assert done.theirs is not None
    assert done.theirs.scale == 10


def test_a_packet_was_sent_when_the_kernel_says_it_left() -> None:
    """Which is later than the time this process could write into it, by what the way through the kernel took."""
    written: list[int] = []

    def script(_: int, answer: bytes) -> list[bytes]:
        written.append(stamp.parse_reflected(answer).sender_at)
        return [answer]

    with reflecting(script) as port:
        done = _run(port)
    assert all(one.t1 > at for one, at in zip(done.exchanges, written, strict=True))


def test_it_speaks_ipv6() -> None:
    """As well."""
    with reflecting(address="::1") as port, Sender("::1", port) as sender:
        assert [one.copies for one in sender.run(TEN, wait=2.0).exchanges] == [1] * 10


def test_it_ends_once_every_packet_has_its_answer() -> None:
    """And does not wait for more."""
    with reflecting() as port:
        assert _run(port, wait=30.0).took < 10


def test_what_is_lost_has_no_answer_and_the_others_tell_which_way() -> None:
    """Packets 3 and 4 are lost on the way back: their numbers are missing among the answers."""
    with reflecting(lambda number, answer: [] if number in (3, 4) else [answer]) as port:
        done = _run(port, wait=0.2)
    assert [one.copies for one in done.exchanges] == [1, 1, 1, 0, 0, 1, 1, 1, 1, 1]
    assert [one.answer for one in done.exchanges if one.copies] == [0, 1, 2, 5, 6, 7, 8, 9]
    assert done.exchanges[3].round_trip is None


def test_duplicates_and_changes_of_order_are_seen() -> None:
    """The first answer counts; the order is kept with the copies."""
    held: list[bytes] = []

    def script(number: int, answer: bytes) -> list[bytes]:
        if number == 4:
            held.append(answer)
            return []
        return [answer, *held] if number == 5 else [answer] * (3 if number == 7 else 1)

    with reflecting(script) as port:
        done = _run(port, wait=1.0)
    assert done.order == [0, 1, 2, 3, 5, 4, 6, 7, 7, 7, 8, 9]
    assert [one.copies for one in done.exchanges] == [1, 1, 1, 1, 1, 1, 1, 3, 1, 1]


def test_numbers_wrap() -> None:
    """2^32 − 1 is followed by 0, and both find their packets."""
    with reflecting() as port:
        done = _run(port, first=stamp.WRAP - 4)
    assert [one.number for one in done.exchanges] == [*range(stamp.WRAP - 4, stamp.WRAP), *range(6)]
    assert [one.copies for one in done.exchanges] == [1] * 10


def test_a_second_run_goes_on_counting() -> None:
    """Late answers to the first cannot be taken for its own."""
    with reflecting() as port, Sender("127.0.0.1", port) as sender:
        sender.run(TEN, wait=2.0)
        assert [one.number for one in sender.run(TEN, wait=2.0).exchanges] == list(range(10, 20))


def test_what_does_not_belong_to_the_session_is_thrown_away_by_name() -> None:
    """Too short, another key, another session, never sent, sent at another time."""

    def script(number: int, answer: bytes) -> list[bytes]:
        plain = stamp.parse_reflected(answer, key=KEY)
        if number == 0:
            return [b"x" * 20, answer]
        changes = {
            1: {"session": 8},
            2: {"sender_number": 4_000_000},
            3: {"sender_at": plain.sender_at + 1},
        }.get(number)
        if changes is not None:
            fields = {name: getattr(plain, name) for name in plain.__struct_fields__}
            return [stamp.build_reflected(stamp.Reflected(**{**fields, **changes}), key=KEY), answer]
        return [answer[:-1] + bytes([answer[-1] ^ 1]), answer] if number == 4 else [answer]

    with reflecting(script, key=KEY) as port:
        done = _run(port, key=KEY)
    assert done.foreign == {"malformed": 1, "session": 1, "unasked": 2, "bad_hmac": 1}
    assert [one.copies for one in done.exchanges] == [1] * 10


def test_another_address_is_not_heard() -> None:
    """An answer from a port that was not asked does not even reach the session."""
    with reflecting(lambda *_: []) as port, Sender("127.0.0.1", port) as sender:
        own = sender.local

        def forge() -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                for _ in range(20):
                    other.sendto(bytes(range(112)), own)
                    time.sleep(0.001)

        thread = threading.Thread(target=forge)
        thread.start()
        done = sender.run(TEN, wait=0.1)
        thread.join()
    assert (done.bytes_received, done.foreign, done.order) == (0, {}, [])


def test_a_clock_that_is_set_at_the_reflector_is_named() -> None:
    """By two seconds after five packets: no one difference of clocks explains them all."""
    with reflecting(shift=lambda number: 2_000_000_000 if number >= 5 else 0) as port:
        done = _run(port)
    assert done.stepped == "there"
    assert all(one.round_trip is not None and one.round_trip < 1_900_000_000 for one in done.exchanges)


def test_a_clock_that_is_merely_wrong_is_not() -> None:
    """An hour ahead all the time is no step."""
    with reflecting(shift=lambda _: 3_600_000_000_000) as port:
        assert _run(port).stepped == ""


def test_a_clock_that_is_set_here_is_named_and_the_round_trip_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour forward after the fifth packet: the monotonic clock goes on."""
    real, after = time.time_ns, threading.Event()
    monkeypatch.setattr(time, "time_ns", lambda: real() + (3_600_000_000_000 if after.is_set() else 0))

    def script(number: int, answer: bytes) -> list[bytes]:
        if number == 4:
            after.set()
        return [answer]

    with reflecting(script) as port:
        done = _run(port)
    assert done.stepped == "here"
    assert all(one.round_trip is not None and one.round_trip < 60_000_000_000 for one in done.exchanges)


def test_delays_of_any_kind_are_no_step() -> None:
    """What one packet took says nothing against another's time: only a contradiction does."""
    exchanges = [
        Exchange(0, 44, t1=0, left=0, late=0, t2=10**10, t3=10**10, t4=10**10 + 5, copies=1),
        Exchange(1, 44, t1=50, left=50, late=0, t2=51, t3=52, t4=10**9, copies=1),
    ]
    assert stepped(Session(exchanges=exchanges, order=[0, 1], foreign={})) == ""


def test_nobody_there_is_found_out_soon() -> None:
    """The port's refusal ends the session, not the wait."""
    done = _run(free_port(), [Departure(0.02 * number, 112) for number in range(500)], wait=30.0)
    assert done.refused
    assert done.took < 8
    assert len(done.exchanges) < 500


def test_who_watches_may_stop_it() -> None:
    """He is told what there is, ten times a second."""
    seen: list[int] = []

    def watch(session: Session) -> bool:
        seen.append(len(session.exchanges))
        return len(seen) < 3

    with reflecting() as port, Sender("127.0.0.1", port) as sender:
        done = sender.run(steady(seconds=60, rate=100, size=112), watch=watch)
    assert len(seen) == 3
    assert seen[-1] <= len(done.exchanges) < 6000


def test_how_late_a_packet_left_is_told() -> None:
    """A watcher that holds the sender up makes what follows late."""

    def watch(_: Session) -> bool:
        time.sleep(0.15)
        return True

    with reflecting() as port, Sender("127.0.0.1", port) as sender:
        done = sender.run(steady(seconds=0.1, rate=100, size=112), wait=0.0, watch=watch)
    assert max(one.late for one in done.exchanges) > 100_000_000


def test_a_video_is_frames_of_several_packets() -> None:
    """So many a second, each at once."""
    frames = steady(seconds=0.1, rate=50, size=1200, burst=3)
    assert [one.at for one in frames] == [0.0] * 3 + [0.02] * 3 + [0.04] * 3 + [0.06] * 3 + [0.08] * 3


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ([Departure(0.0, 113)], "no packet of this session has 113 octets"),
        ([Departure(0.0, 44)], "no packet of this session has 44 octets"),
        ([Departure(0.0, 65_536)], "no packet of this session has 65536 octets"),
        ([Departure(0.0, 112)] * 200_001, "200001 packets; a session has at most 200000"),
    ],
)
def test_a_schedule_that_no_packet_can_follow_is_refused(schedule: list[Departure], message: str) -> None:
    """Before anything is sent."""
    with Sender("127.0.0.1", free_port(), key=KEY) as sender, pytest.raises(ValueError, match=f"^{message}$"):
        sender.run(schedule)


def test_what_is_no_address_is_refused() -> None:
    """Names are looked up by who has the time for it."""
    with pytest.raises(NetError) as caught:
        Sender("reflector.example", 862)
    assert caught.value.reason is Reason.BAD_PARAMS
