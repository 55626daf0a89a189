from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from checks.kit import stamp
from collector.reflecting import clock
from collector.reflecting.answers import Answers
from collector.reflecting.limits import Limits, Sources
from collector.reflecting.sessions import QUIET
from tests.collector.reflecting import AT, KEY, SSID, Leases, packet

OPEN = (ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("2001:db8::/32"))
IN, OUT = ("192.0.2.7", 40_000), ("198.51.100.7", 40_000)


class Time:
    """A clock of the test's own: seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def mono(self) -> float:
        return self.seconds

    def wall(self) -> int:
        return AT + round(self.seconds * 1e9)


def _made(gate: Leases | None = None, time: Time | None = None, **settings: object) -> Answers:
    time = time or Time()
    return Answers(gate, OPEN, mono=time.mono, wall=time.wall, **settings)  # type: ignore[arg-type]


def _why(answers: Answers) -> dict[str, int]:
    return {reason: count for reason, count in answers.counts.dropped.items() if count}


def _read(answer: bytes | None, key: bytes = b"") -> stamp.Reflected:
    assert answer is not None
    return stamp.parse_reflected(answer, key=key)


def test_an_open_network_is_answered_without_a_lease() -> None:
    """Everything of the packet comes back, with when it came, when it left, and its TTL."""
    answers = _made()
    answers.error = stamp.ErrorEstimate(synchronised=True, scale=9, multiplier=200)
    back = _read(answers.answer(packet(5, size=300, session=9), IN, AT - 1000, 61))
    assert (back.sender_number, back.sender_at, back.session, back.ttl) == (5, AT, 9, 61)
    assert (back.came, back.at) == (AT - 1000, AT)
    assert back.error == answers.error
    assert (answers.counts.received, answers.counts.reflected) == (1, 1)
    assert answers.counts.octets_in == answers.counts.octets_out == 300


def test_times_come_back_in_the_senders_own_format() -> None:
    """A peer that writes PTPv2 can read it."""
    back = _read(_made().answer(packet(ptp=True), IN, AT, 61))
    assert back.error.ptp
    assert (back.came, back.sender_at) == (AT, AT)


def test_a_clock_that_is_set_back_meanwhile_sends_nothing_before_it_came() -> None:
    """The answer leaves when the packet came, at the earliest."""
    back = _read(_made().answer(packet(), IN, AT + 10**9, 61))
    assert back.at == back.came == AT + 10**9


def test_a_stateful_reflector_counts_per_session() -> None:
    """By address, port and SSID (RFC 8972 §3)."""
    answers = _made()
    others = ("192.0.2.7", 40_001), ("192.0.2.8", 40_000)
    assert [_read(answers.answer(packet(9), IN, AT, 1)).number for _ in range(3)] == [0, 1, 2]
    assert [_read(answers.answer(packet(9), other, AT, 1)).number for other in others] == [0, 0]
    assert _read(answers.answer(packet(9, session=1), IN, AT, 1)).number == 0
    assert _read(answers.answer(packet(9), IN, AT, 1)).number == 3


def test_a_stateless_one_gives_the_senders_number_back() -> None:
    """And remembers nobody."""
    answers = _made(stateful=False)
    assert _read(answers.answer(packet(9), IN, AT, 1)).number == 9
    assert len(answers.sessions) == 0


@pytest.mark.parametrize(
    ("data", "source", "reason"),
    [
        (packet()[:40], IN, "too_short"),
        (bytes(44), IN, "malformed"),
        (packet(), OUT, "not_open"),
        (packet(), ("2001:db9::1", 1), "not_open"),
        (packet(key=KEY), IN, "unknown_session"),
        (packet(key=KEY, session=0), OUT, "unknown_session"),
        (stamp.reflect(packet(), number=0, came=AT, at=AT, error=clock.UNKNOWN, ttl=1), IN, "answer"),
    ],
)
def test_what_is_not_answered_is_counted_by_why(data: bytes, source: tuple[str, int], reason: str) -> None:
    """One packet, one reason."""
    answers = _made()
    assert answers.answer(data, source, AT, 64) is None
    assert _why(answers) == {reason: 1}
    assert answers.counts.reflected == 0


@pytest.mark.parametrize("size", [41, 42, 43])
def test_a_twamp_light_packet_may_be_as_short_as_its_answer(size: int) -> None:
    """41 octets hold all of it; what RFC 8762 §4.6 would send, 44, is more than came."""
    answer = _made().answer(packet(3)[:size], IN, AT, 61)
    assert len(answer or b"") == size
    assert (_read(answer).sender_number, _read(answer).ttl) == (3, 61)


def test_a_lease_is_answered_wherever_it_comes_from() -> None:
    """In authenticated mode, with its own key, padding and all."""
    leases = Leases()
    answers = _made(leases)
    for number in range(3):
        back = _read(answers.answer(packet(number, size=1200, key=KEY, at=AT + number), OUT, AT, 61), KEY)
        assert (back.number, back.sender_number, back.session) == (number, number, SSID)
    assert leases.left == 10**9 - 3 * 2 * 1200
    assert leases.progress == {"realtime_packets": 3.0}


@pytest.mark.parametrize("key", [b"", b"another key"])
def test_a_leases_session_is_closed_to_who_cannot_prove_it(key: bytes) -> None:
    """Not even from an open network."""
    answers = _made(Leases())
    assert answers.answer(packet(key=key), IN, AT, 64) is None
    assert _why(answers) == {"bad_hmac": 1}


def test_a_lease_without_a_key_opens_nothing() -> None:
    """Everybody would have that key."""
    answers = _made(Leases(key=b""))
    assert answers.answer(packet(key=b"\0"), OUT, AT, 64) is None
    assert _why(answers) == {"bad_hmac": 1}


def test_a_lease_that_is_over_is_not_a_session_that_never_was() -> None:
    """Both by the time in the pass, and once the leases know it no more."""
    leases = Leases(ends_at=AT // 1000 + 10)
    answers = _made(leases)
    assert answers.answer(packet(key=KEY), OUT, AT, 64)
    assert answers.answer(packet(key=KEY), OUT, AT + 11_000_000, 64) is None
    leases.passed = None
    assert answers.answer(packet(key=KEY), OUT, AT, 64) is None
    answers.sessions.sweep(0.0, AT // 1000 + 20)
    assert answers.answer(packet(key=KEY), OUT, AT, 64) is None
    assert _why(answers) == {"expired": 3}


def test_a_lease_ends_with_its_bytes() -> None:
    """Those that come and those that go."""
    answers = _made(Leases(left=112 * 7))
    given = [answers.answer(packet(number, key=KEY), OUT, AT, 64) for number in range(5)]
    assert [one is not None for one in given] == [True, True, True, False, False]
    assert _why(answers) == {"spent": 2}


def test_a_lease_has_its_rate_and_no_more() -> None:
    """At 1 Mbit/s a second gives room for 125 kB beyond the first burst; what came too fast counts as used."""
    time, leases = Time(), Leases(rate=1e6)
    answers = _made(leases, time)
    sent = 0
    for number in range(4000):
        time.seconds = number / 4000
        sent += answers.answer(packet(number, size=1000, key=KEY), OUT, AT, 64) is not None
    assert 125 <= sent <= (125_000 + 31_250) / 1000
    assert _why(answers) == {"rate": 4000 - sent}
    assert leases.left == 10**9 - 4000 * 1000 - sent * 1000


def test_a_recorded_packet_is_not_sent_on_to_somebody_else() -> None:
    """Who has heard a lease's packets can repeat them in another's name: he gets nothing of it."""
    answers = _made(Leases())
    heard = [packet(number, key=KEY, at=AT + number) for number in range(3)]
    assert all(answers.answer(one, OUT, AT, 64) for one in heard)
    assert [answers.answer(one, ("203.0.113.9", 5), AT, 64) for one in heard] == [None] * 3
    assert _why(answers) == {"replayed": 3}


def test_a_device_may_come_from_another_port() -> None:
    """A router gave it one, or it began a second run: a new session, numbered from 0 (RFC 8972 §3)."""
    answers = _made(Leases())
    numbers = [
        _read(answers.answer(packet(0, key=KEY, at=AT + at), (OUT[0], port), AT, 64), KEY).number
        for at, port in ((1, 50), (2, 50), (3, 51), (4, 51))
    ]
    assert numbers == [0, 1, 0, 1]


def test_a_source_is_sent_no_more_than_its_share() -> None:
    """Whoever forges it: by packets and by octets, over all ports; others are not touched."""
    time = Time()
    limits = Limits(source_packets=40, source_octets=8_000)
    answers = _made(None, time, limits=limits)
    assert sum(answers.answer(packet(), (IN[0], port), AT, 64) is not None for port in range(100)) == 10
    assert answers.answer(packet(), ("192.0.2.9", 1), AT, 64)
    time.seconds = 10.0
    large = [answers.answer(packet(size=1000), IN, AT, 64) is not None for _ in range(10)]
    assert sum(large) == 2
    assert _why(answers) == {"rate": 98}


def test_all_together_are_sent_no_more_than_the_reflector_may() -> None:
    """However many sources there are: a quarter of a second's at once, then the rate."""
    time = Time()
    answers = _made(None, time, limits=Limits(packets=100))
    sources = [(f"192.0.2.{host}", 1) for host in range(1, 101)]
    assert sum(answers.answer(packet(), one, AT, 64) is not None for one in sources) == 25
    time.seconds = 0.1
    assert sum(answers.answer(packet(), one, AT, 64) is not None for one in sources) == 10
    assert _why(answers) == {"overload": 165}


def test_the_addresses_of_one_ipv6_network_are_one_source() -> None:
    """Anybody has 2^64 of them; written short or long."""
    sources = Sources(Limits(source_packets=4))
    assert sources.take("2001:db8::1", 1, 0.0)
    assert not sources.take("2001:db8:0:0:1:2:3:4", 1, 0.0)
    assert sources.take("2001:db8:0:1::1", 1, 0.0)
    assert sources.take("fe80::1%eth0", 1, 0.0)


def test_what_is_remembered_is_bounded() -> None:
    """Sources and sessions: the oldest make room."""
    answers = _made(limits=Limits(sources=10, sessions=10))
    for host in range(1, 101):
        assert answers.answer(packet(), (f"192.0.2.{host}", 1), AT, 64)
    assert len(answers.sessions) == 10
    assert len(answers._sources) == 10


def test_an_idle_session_is_forgotten() -> None:
    """And begins anew."""
    time = Time()
    answers = _made(None, time, limits=Limits(idle=60))
    answers.answer(packet(), IN, AT, 64)
    time.seconds = 61
    assert _read(answers.answer(packet(), IN, AT, 64)).number == 0
    answers.sessions.sweep(122.1, AT // 1000)
    assert len(answers.sessions) == 0


def test_what_was_seen_of_a_lease_is_told_when_it_is_quiet_and_when_there_is_more() -> None:
    """All of it each time: the last record is the whole one."""
    time, leases = Time(), Leases(rate=8 * 16_384 * 4)
    answers = _made(leases, time)
    for number in range(20):
        answers.answer(packet(number, size=1000, key=KEY), OUT, AT + number * 1000, 60 + number % 2)
    assert answers.sessions.sweep(QUIET - 0.1, AT // 1000) == []
    (told,) = answers.sessions.sweep(QUIET + 0.1, AT // 1000)
    assert told.record.plain() == {
        "packets": 20, "reflected": 16, "bytes_received": 20_000, "bytes_sent": 16_000, "dropped": {"rate": 4},
        "first": AT // 1000, "last": AT // 1000 + 19, "highest": 19, "ttl_least": 60, "ttl_most": 61,
    }  # fmt: skip
    assert answers.sessions.sweep(QUIET + 1.0, AT // 1000) == []
    time.seconds = 10.0
    answers.answer(packet(20, size=1000, key=KEY), OUT, AT, 60)
    (told,) = answers.sessions.close()
    assert told.record.packets == 21


valid = st.builds(
    packet,
    st.integers(0, stamp.WRAP - 1),
    size=st.sampled_from([0, 116, 400, 1400]),
    key=st.sampled_from([b"", KEY, b"another key"]),
    session=st.sampled_from([0, 1, SSID]),
    at=st.integers(AT, AT + 10**9),
    ptp=st.booleans(),
)
datagrams = st.tuples(
    valid | st.binary(max_size=300) | st.builds(lambda data, cut: data[:cut], valid, st.integers(0, 200)),
    st.sampled_from([IN, OUT, ("2001:db8::5", 7), ("192.0.2.8", 7)]),
)


@given(st.lists(datagrams, max_size=30))
def test_it_is_no_amplifier(drawn: list[tuple[bytes, tuple[str, int]]]) -> None:
    """Whatever comes, nobody is sent more packets or more octets than came in his name; nothing is answered twice."""
    answers = _made(Leases())
    came: dict[tuple[str, int], int] = {}
    went: dict[tuple[str, int], int] = {}
    for data, source in drawn:
        back = answers.answer(data, source, AT, 64)
        assert back is None or len(back) <= len(data)
        came[source] = came.get(source, 0) + len(data)
        went[source] = went.get(source, 0) + len(back or b"")
        again = back and answers.answer(back, source, AT, 64)
        assert not again, "an answer was answered"
    assert all(went[source] <= came[source] for source in came)
    counts = answers.counts
    assert counts.reflected + sum(counts.dropped.values()) == counts.received


def test_every_count_is_a_series() -> None:
    """With a line for each reason from the start."""
    registry = CollectorRegistry()
    answers = _made()
    registry.register(answers.counts)
    answers.answer(packet(), OUT, AT, 64)
    answers.answer(packet(size=100), IN, AT, 64)
    text = generate_latest(registry).decode()
    lines = [line for line in text.splitlines() if not line.startswith("#") and not line.endswith(" 0.0")]
    assert lines == [
        "sansang_collector_reflector_packets_total 2.0",
        "sansang_collector_reflector_bytes_total 144.0",
        "sansang_collector_reflector_reflected_total 1.0",
        "sansang_collector_reflector_reflected_bytes_total 100.0",
        'sansang_collector_reflector_dropped_total{reason="not_open"} 1.0',
        "sansang_collector_reflector_sessions 1.0",
    ]
    assert text.count("sansang_collector_reflector_dropped_total{") == 13


@pytest.mark.parametrize(
    ("state", "status", "maximum", "expected"),
    [
        (0, 0, 500, stamp.estimate(0.0005, synchronised=True)),
        (0, 0x40, 500, clock.UNKNOWN),
        (5, 0, 500, clock.UNKNOWN),
        (-1, 0, 500, clock.UNKNOWN),
    ],
)
def test_the_clock_is_as_right_as_the_kernel_says(
    state: int, status: int, maximum: int, expected: stamp.ErrorEstimate
) -> None:
    """STA_UNSYNC or an error: nobody keeps it."""
    assert clock.describe(state, status, maximum) == expected
    assert clock.own().multiplier
