"""What goes wrong with a call on loopback: bounded, named, and nothing is told that was not measured."""

from __future__ import annotations

import socket
import time

import msgspec
import pytest

from checks.kit import stamp
from checks.kit.model import Outcome, Reading, Reason, decode_params
from checks.kit.stamp_session import Departure, Session
from checks.kit.videocall import Listener, Talker
from checks.realtime import CHECK, Params, profiles, summarise
from tests.checks.datagrams import Said
from tests.checks.reflectors import (
    KEY,
    SESSION,
    SHORT,
    Lent,
    Peer,
    Reflecting,
    Stranger,
    device,
    measured,
    values,
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less is waited for than on a line, and the pace is not judged: this machine may be busy."""
    monkeypatch.setattr("checks.kit.videocall.PATIENCE", 0.6)
    monkeypatch.setattr("checks.kit.videocall.ASKED_RATE", 100.0)
    monkeypatch.setattr("checks.kit.videocall.STALLED", 60.0)
    monkeypatch.setattr("checks.kit.videocall.LATE", 1.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing comes, nothing need be waited for."""
    monkeypatch.setattr("checks.kit.videocall.PATIENCE", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_reflector_that_is_silent_gets_no_load() -> None:
    """Thirty small packets, no call."""
    with Peer(lambda _: None) as server:
        leases = Lent(server.port)
        reading = measured(leases)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.REFLECTOR_SILENT)
    assert reading.detail == "the reflector sent no answer"
    assert {len(asked) for asked in server.asked} == {112}
    assert leases.used == [30 * 112]


@pytest.mark.usefixtures("impatient")
def test_nobody_listening_is_silence_too() -> None:
    """The host says so, by ICMP: the sender does not wait."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert measured(Lent(port)).reason == Reason.REFLECTOR_SILENT


@pytest.mark.usefixtures("impatient")
def test_answers_under_another_key_are_a_refusal() -> None:
    """Whoever sends them does not know the lease."""
    with Peer(Reflecting(key=bytes(32))) as server:
        reading = measured(Lent(server.port))
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.REFLECTOR_REFUSED)
    assert reading.detail == "what answered was not authenticated with the lease's key"
    assert reading.facts["foreign_packets"] == 30


def test_forged_answers_are_thrown_away_and_counted() -> None:
    """From the reflector's own address, without the key: as many as the honest ones, and they change nothing."""

    def doubled(seen: int, answer: bytes) -> Said:
        return [answer[:96] + bytes(16) + answer[112:], answer]

    with Peer(Reflecting(changed=doubled)) as server:
        reading = measured(Lent(server.port))
    assert (reading.outcome, reading.facts["foreign_packets"]) == (Outcome.OK, 100)
    assert values(reading)["realtime_loss/1500k/round_trip"] == 0
    assert values(reading)["realtime_duplicated/1500k/down"] == 0


def test_answers_from_another_address_never_reach_the_test() -> None:
    """They are right to the last octet, and come from elsewhere: the socket does not take them."""
    seen: list[bytes] = []
    peer: list[tuple[str, int]] = []

    def keep(number: int, answer: bytes) -> Said:
        seen.append(answer)
        return None if number % 2 else answer

    class Watched(Peer):
        """Remembers who asked."""

        def _serve(self) -> None:
            receive = self._socket.recvfrom
            while True:
                data, who = receive(65535)
                if who is None:
                    return
                peer[:] = [who]
                said = self._speech(data)
                if isinstance(said, bytes):
                    self._socket.sendto(said, who)

    with Watched(Reflecting(changed=keep)) as server:
        stranger = Stranger(lambda: (peer[0], seen[-1]) if peer and seen else None)
        reading = measured(Lent(server.port))
        stranger.stop()
    assert stranger.sent > 5
    assert reading.facts["foreign_packets"] == 0
    assert values(reading)["realtime_loss/1500k/round_trip"] == 0.5


def test_a_reflector_whose_clock_is_set_leaves_round_trips() -> None:
    """An hour, in the middle of the call: one-way figures are left out, the delay and the loss are not."""
    step = lambda seen: 3_600_000_000_000 if seen > 50 else 0  # noqa: E731
    with Peer(Reflecting(ahead=step)) as server:
        reading = measured(Lent(server.port))
    found = values(reading)
    assert (reading.outcome, reading.facts["clock_stepped"]) == (Outcome.OK, "there")
    assert "realtime_jitter/1500k/up" not in found
    assert "realtime_variation/1500k/down" not in found
    assert found["realtime_delay/1500k/round_trip"] < 0.05
    assert found["realtime_jitter/1500k/round_trip"] < 0.05
    assert found["realtime_loss/1500k/up"] == 0


def test_where_only_one_way_was_asked_for_a_clock_that_is_set_is_an_error() -> None:
    with Peer(Reflecting(ahead=lambda seen: 3_600_000_000_000 if seen > 50 else 0)) as server:
        reading = measured(Lent(server.port), ways=("up", "down"))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.CLOCK_STEPPED)
    assert reading.detail == "the clock was set while the test ran"
    assert reading.samples == ()


def test_a_reflector_that_is_an_hour_wrong_all_the_time_is_as_good_as_any() -> None:
    with Peer(Reflecting(ahead=lambda _: 3_600_000_000_000)) as server:
        found = values(measured(Lent(server.port)))
    assert found["realtime_jitter/1500k/up"] < 0.05
    assert "realtime_delay/1500k/up" not in found


def test_a_collector_that_restarts_in_the_middle_gives_no_result() -> None:
    """Its reflector counts from 0 again; what it lost meanwhile is not the line's."""
    reflecting = Reflecting()

    def anew(seen: int, answer: bytes) -> Said:
        if seen == 50:
            reflecting.numbers = 0
        return answer

    reflecting._changed = anew
    with Peer(reflecting) as server:
        reading = measured(Lent(server.port))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.TEST_CUT)
    assert reading.detail == "the answers stopped, or began anew, in the middle of the test"
    assert reading.samples == ()


@pytest.mark.usefixtures("impatient")
def test_a_collector_that_goes_away_in_the_middle_gives_no_result() -> None:
    with Peer(Reflecting(changed=lambda seen, answer: answer if seen < 50 else None)) as server:
        leases = Lent(server.port)
        reading = measured(leases)
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.TEST_CUT)
    assert leases.used[0] > 90 * 900


def test_a_run_whose_time_is_up_is_cut() -> None:
    """The lease ends while the call lasts."""
    with Peer(Reflecting()) as server:
        leases = Lent(server.port, seconds=8.0)
        params = decode_params(CHECK, {**SHORT, "seconds": 4.9})
        env = device(leases)
        late = time.monotonic() + 0.9
        slow = msgspec.structs.replace(env, now=lambda: time.monotonic() + (7.5 if time.monotonic() > late else 0))
        reading: Reading = CHECK.run(params, slow)
    assert reading.reason == Reason.TEST_CUT


def test_a_larger_call_is_not_held_on_a_line_that_lost_the_smaller() -> None:
    """More than a fifth: the line has said what it bears."""
    with Peer(Reflecting(changed=lambda seen, answer: None if seen % 3 == 0 else answer)) as server:
        reading = measured(Lent(server.port), calls=("1500k", "3000k"))
    assert reading.facts["left_out"] == "3000k"
    assert {found.labels["call"] for found in reading.samples} == {"1500k"}


def test_a_pc_too_busy_to_send_in_time_does_not_blame_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was a quarter of a second late once: loss, bursts and MOS are not told, delay and jitter are."""
    monkeypatch.setattr("checks.kit.videocall.STALLED", 0.1)

    class Stalled(Listener):
        """A sender whose process stood still in the call's fifth packet."""

        def packet(self, offset: int, size: int, at: int) -> tuple[int, bytes]:
            if size > 500 and offset == 5:
                time.sleep(0.25)
            return super().packet(offset, size, at)

    with (
        Peer(Reflecting()) as server,
        Stalled("127.0.0.1", server.port, key=KEY, session=SESSION, first=9_000) as sender,
    ):
        profile = profiles(Params(calls=("1500k",), seconds=0.4))
        talk = Talker(sender, base=stamp.AUTHENTICATED).hold(profile, error=stamp.ErrorEstimate(scale=32))
    assert talk.held[0].paced is False
    assert talk.held[0].late > 0.2
    reading = summarise(Params(calls=("1500k",)), Lent(1).grant, talk, 0, 1, lambda _: "")
    assert reading.facts["pace"] == "late"
    assert {found.name for found in reading.samples} == {
        "realtime_delay", "realtime_jitter", "realtime_variation", "realtime_reordered", "realtime_duplicated",
    }  # fmt: skip
    assert reading.facts.get("mos_inputs_1500k") is None


def test_sequence_numbers_wrap_in_the_middle_of_a_call() -> None:
    """Past 2^32: nothing is lost, nothing reordered, and the losses that there are keep their way."""
    with (
        Peer(Reflecting(changed=lambda seen, answer: None if seen == 41 else answer)) as server,
        Listener("127.0.0.1", server.port, key=KEY, session=SESSION, first=2**32 - 40) as sender,
    ):
        profile = profiles(Params(calls=("1500k",), seconds=0.4))
        talk = Talker(sender, base=stamp.AUTHENTICATED).hold(profile, error=stamp.ErrorEstimate(scale=32))
    call = talk.held[0].call
    assert {one.number for one in talk.held[0].session.exchanges} >= {2**32 - 1, 0, 1}
    assert [(call.ways[way].lost, call.ways[way].reordered) for way in ("up", "down")] == [(0, 0.0), (1, 0.0)]


def test_the_same_answer_heard_in_two_sessions_is_counted_in_its_own() -> None:
    """What a listener remembers is what its last session took."""
    with (
        Peer(Reflecting(changed=lambda _, answer: [answer, answer])) as server,
        Listener("127.0.0.1", server.port, key=KEY, session=SESSION) as sender,
    ):
        first: Session = sender.run([Departure(0.0, 112)], wait=0.2)
        heard = sender.heard(first)
        second: Session = sender.run([Departure(0.0, 112)], wait=0.2)
        again = sender.heard(second)
    assert [number for number, _ in heard] == first.order == [0] * len(heard)
    assert [number for number, _ in again] == second.order == [1] * len(again)
