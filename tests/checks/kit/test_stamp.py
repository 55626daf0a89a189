from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import stamp, stamp_tlv
from checks.kit.stamp import ErrorEstimate, Malformed, Reflected, Sent

KEY = b"a key of a lease that is 32 long"
AT = 1_700_000_000_250_000_000  # 2023-11-14T22:13:20.25Z
NTP_AT = bytes.fromhex("e8fe6f8040000000")
PTP_AT = bytes.fromhex("6553f1000ee6b280")

times = st.integers(min_value=0, max_value=4_000_000_000 * 10**9)
numbers = st.integers(min_value=0, max_value=stamp.WRAP - 1)
errors = st.builds(
    ErrorEstimate,
    synchronised=st.booleans(),
    ptp=st.booleans(),
    scale=st.integers(0, 63),
    multiplier=st.integers(1, 255),
)
rests = st.binary(max_size=64)
keys = st.sampled_from([b"", KEY])
ssids = st.integers(0, 65535)
sents = st.builds(Sent, number=numbers, at=times, error=errors, session=ssids, rest=rests)
answers = st.builds(
    Reflected,
    number=numbers,
    at=times,
    error=errors,
    session=ssids,
    came=times,
    sender_number=numbers,
    sender_at=times,
    sender_error=errors,
    ttl=st.integers(0, 255),
    rest=rests,
)


def test_a_senders_packet_is_laid_out_as_rfc_8762_figure_2_and_rfc_8972_figure_1_show() -> None:
    """44 octets: number, time, error estimate, SSID, zeros."""
    packet = stamp.build(Sent(number=1, at=AT, error=ErrorEstimate(True, False, 5, 7), session=0xBEEF))
    assert packet == bytes.fromhex("00000001") + NTP_AT + bytes.fromhex("8507beef") + bytes(28)


def test_an_authenticated_one_is_laid_out_as_rfc_8762_figure_3_shows() -> None:
    """112 octets, the last 16 of them the first half of HMAC-SHA-256 over the first 96."""
    packet = stamp.build(Sent(number=1, at=AT, error=ErrorEstimate(False, True, 5, 7), session=0xBEEF), key=KEY)
    covered = bytes.fromhex("00000001") + bytes(12) + PTP_AT + bytes.fromhex("4507beef") + bytes(68)
    assert packet == covered + hmac.new(KEY, covered, hashlib.sha256).digest()[:16]


def test_an_answer_is_laid_out_as_rfc_8762_figure_5_shows() -> None:
    """44 octets; the sender's number, time and estimate as they came."""
    sent = stamp.build(Sent(number=9, at=AT, error=ErrorEstimate(False, False, 0, 1), session=0xBEEF))
    back = stamp.reflect(sent, number=3, came=AT, at=AT, error=ErrorEstimate(True, False, 2, 3), ttl=61)
    own = bytes.fromhex("00000003") + NTP_AT + bytes.fromhex("8203beef") + NTP_AT
    assert back == own + bytes.fromhex("00000009") + NTP_AT + bytes.fromhex("00010000") + bytes.fromhex("3d000000")


def test_an_authenticated_answer_is_laid_out_as_rfc_8762_figure_6_shows() -> None:
    """112 octets with zeros between the fields, and its own HMAC."""
    sent = stamp.build(Sent(number=9, at=AT, error=ErrorEstimate(False, True, 0, 1), session=0xBEEF), key=KEY)
    back = stamp.reflect(sent, number=3, came=AT, at=AT, error=ErrorEstimate(True, False, 2, 3), ttl=61, key=KEY)
    covered = bytes.fromhex("00000003") + bytes(12) + PTP_AT + bytes.fromhex("c203beef") + bytes(4) + PTP_AT + bytes(8)
    covered += bytes.fromhex("00000009") + bytes(12) + PTP_AT + bytes.fromhex("40010000") + bytes(4)
    covered += bytes.fromhex("3d") + bytes(15)
    assert len(covered) == 96
    assert back == covered + hmac.new(KEY, covered, hashlib.sha256).digest()[:16]


@given(sents, keys)
def test_what_was_built_is_what_is_parsed(packet: Sent, key: bytes) -> None:
    """A sender's packet survives the wire in both modes and both formats of time."""
    assert stamp.parse(stamp.build(packet, key=key), key=key) == packet


@given(answers, keys)
def test_an_answer_that_was_built_is_what_is_parsed(packet: Reflected, key: bytes) -> None:
    """A reflector's packet survives the wire."""
    assert stamp.parse_reflected(stamp.build_reflected(packet, key=key), key=key) == packet


@given(st.binary(max_size=200), keys)
def test_any_octets_are_a_packet_or_malformed_by_name(data: bytes, key: bytes) -> None:
    """Nothing else is ever raised."""
    codes = set()
    for parse in (stamp.parse, stamp.parse_reflected):
        try:
            parse(data, key=key)
        except Malformed as why:
            codes.add(why.code)
    assert codes <= {"too_short", "bad_hmac", "bad_error"}
    stamp.mode(data)
    stamp.is_answer(data, AT)


@given(st.binary(min_size=41, max_size=200), numbers | st.none(), times, st.integers(0, 255), keys)
def test_an_answer_has_as_many_octets_as_its_packet(
    data: bytes, number: int | None, at: int, ttl: int, key: bytes
) -> None:
    """Whatever came: nobody is sent more than he, or someone in his name, sent."""
    key = key if len(data) >= stamp.AUTHENTICATED else b""
    back = stamp.reflect(data, number=number, came=at, at=at, error=ErrorEstimate(), ttl=ttl, key=key)
    assert len(back) == len(data)


@given(sents, numbers, times, times, errors, st.integers(0, 255), keys)
def test_reflecting_is_parsing_and_building(
    packet: Sent, number: int, came: int, at: int, error: ErrorEstimate, ttl: int, key: bytes
) -> None:
    """The fast way through the reflector and the plain one agree on the base packet."""
    packet = Sent(number=packet.number, at=packet.at, error=packet.error, session=packet.session)
    error = ErrorEstimate(error.synchronised, packet.error.ptp, error.scale, error.multiplier)
    expected = Reflected(
        number=number, at=at, error=error, session=packet.session, came=came, sender_number=packet.number,
        sender_at=packet.at, sender_error=packet.error, ttl=ttl,
    )  # fmt: skip
    data = stamp.build(packet, key=key)
    back = stamp.reflect(data, number=number, came=came, at=at, error=error, ttl=ttl, key=key)
    assert back == stamp.build_reflected(expected, key=key)


def test_a_stateless_reflector_gives_the_senders_number_back() -> None:
    """RFC 8762 §4.3: the number is copied."""
    back = stamp.reflect(stamp.build(Sent(number=77, at=AT)), number=None, came=AT, at=AT, error=ErrorEstimate(), ttl=1)
    assert stamp.parse_reflected(back).number == 77


def test_an_answer_may_end_before_its_ttl() -> None:
    """Some reflectors of TWAMP send 38 octets; one less is no answer."""
    sent = stamp.build(Sent(number=9, at=AT))
    back = stamp.reflect(sent, number=3, came=AT, at=AT, error=ErrorEstimate(), ttl=61)
    answer = stamp.parse_reflected(back[:38])
    assert (answer.number, answer.sender_number, answer.sender_at, answer.ttl) == (3, 9, AT, 0)
    with pytest.raises(Malformed, match="37 octets"):
        stamp.parse_reflected(back[:37])


@pytest.mark.parametrize(
    ("data", "key", "code", "message"),
    [
        (bytes(13), b"", "too_short", "13 octets; such a packet has at least 14"),
        (bytes(111), KEY, "too_short", "111 octets; such a packet has at least 112"),
        (bytes(112), KEY, "bad_hmac", "the packet was not authenticated with this key"),
        (bytes(44), b"", "bad_error", "an Error Estimate whose multiplier is 0"),
    ],
)
def test_what_is_no_packet_is_named(data: bytes, key: bytes, code: str, message: str) -> None:
    """Each fault has its code and its words."""
    with pytest.raises(Malformed, match=f"^{message}$") as caught:
        stamp.parse(data, key=key)
    assert caught.value.code == code


@given(sents, st.integers(0, 95), st.integers(1, 255))
def test_no_octet_that_the_hmac_covers_can_be_changed(packet: Sent, place: int, change: int) -> None:
    """Any one of them, by any amount, is noticed."""
    data = bytearray(stamp.build(packet, key=KEY))
    data[place] ^= change
    with pytest.raises(Malformed, match="not authenticated"):
        stamp.parse(bytes(data), key=KEY)


def test_ntp_begins_its_next_era_in_2036_and_is_read_right() -> None:
    """2036-02-07T06:28:16Z is 0 on the wire."""
    turn = (2**32 - 2_208_988_800) * 10**9
    assert stamp.to_wire(turn, ptp=False) == 0
    assert stamp.from_wire(0, ptp=False) == turn
    assert stamp.from_wire(2**64 - 2**32, ptp=False) == turn - 10**9


def test_numbers_begin_anew_after_the_last() -> None:
    """2^32 is 0, and comes one after 2^32 − 1."""
    assert stamp.parse(stamp.build(Sent(number=2**32, at=AT))).number == 0
    assert stamp.ahead(0, 2**32 - 1) == 1
    assert stamp.ahead(2**32 - 1, 0) == -1


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 0.0005, 0.016, 1.0, 3600.0, 1e12])
def test_an_error_estimate_is_the_least_that_is_not_too_small(seconds: float) -> None:
    """Within a 128th above the error, between 2^-32 s and 2^30 s."""
    told = stamp.estimate(seconds, synchronised=True).seconds
    least = min(max(seconds, 2.0**-32), 2.0**30)
    assert least <= told <= least * (1 + 1 / 127) + 2.0**-32


def test_padding_makes_a_packet_as_long_as_is_asked() -> None:
    """An Extra Padding TLV (type 1), its U flag set by the sender, and given back with no flag."""
    packet = stamp.build(Sent(number=1, at=AT), size=1200, filling=b"\xaa" * 2000)
    assert len(packet) == 1200
    assert packet[44:48] == bytes([0x80, 1]) + (1152).to_bytes(2, "big")
    assert packet[48:] == b"\xaa" * 1152
    back = stamp.reflect(packet, number=0, came=AT, at=AT, error=ErrorEstimate(), ttl=1)
    assert back[44:] == b"\x00" + packet[45:]


@pytest.mark.parametrize("size", [45, 46, 47])
def test_padding_takes_four_octets_at_least(size: int) -> None:
    """A size in between cannot be had."""
    with pytest.raises(ValueError, match=f"no TLV has {size - 44} octets"):
        stamp.build(Sent(number=1, at=AT), size=size)


def _back(rest: bytes, key: bytes = b"") -> bytes:
    """What goes back for TLVs after packet 7 in answer 5."""
    return stamp_tlv.reflected(rest, (7).to_bytes(4, "big"), (5).to_bytes(4, "big"), key)


def test_a_tlv_that_is_not_known_goes_back_marked() -> None:
    """Flag U, and the ones beside it are still understood (RFC 8972 §4)."""
    location, padding = bytes([0x80, 2, 0, 2, 9, 9]), bytes([0x80, 1, 0, 1, 3])
    assert _back(location + padding) == location + b"\x00" + padding[1:]


def test_reserved_flags_are_zero() -> None:
    """Whatever the sender made of them (RFC 8972 §4)."""
    assert _back(bytes([0xFF, 1, 0, 1, 3, 0xFF, 2, 0, 1, 3])) == bytes([0, 1, 0, 1, 3, 0x80, 2, 0, 1, 3])


def test_a_tlv_that_is_cut_off_goes_back_marked() -> None:
    """Flag M, octets as they came."""
    assert _back(bytes([0x80, 1, 0, 9, 1])) == bytes([0x40, 1, 0, 9, 1])


def test_zeros_after_the_packet_are_the_padding_of_twamp() -> None:
    """They go back as they came, however many."""
    assert _back(bytes(1400)) == bytes(1400)


def test_tlvs_are_covered_by_an_hmac_of_their_own() -> None:
    """RFC 8972 §4.8: over the number and the TLVs before it; the answer's is made anew, and padding may follow."""
    location, padding = bytes([0x80, 2, 0, 2, 9, 9]), bytes([0x80, 1, 0, 1, 3])
    mac = hmac.new(KEY, bytes([0, 0, 0, 7]) + location, hashlib.sha256).digest()[:16]
    back = _back(location + bytes([0x80, 8, 0, 16]) + mac + padding, KEY)
    own = hmac.new(KEY, bytes([0, 0, 0, 5]) + location, hashlib.sha256).digest()[:16]
    assert back == location + bytes([0, 8, 0, 16]) + own + b"\x00" + padding[1:]


@pytest.mark.parametrize(
    "rest",
    [
        bytes([0x80, 2, 0, 2, 9, 9, 0x80, 8, 0, 16]) + bytes(16),  # does not hold
        bytes([0x80, 2, 0, 2, 9, 9]),  # is missing
        bytes([0x80, 8, 0, 16]) + bytes(16) + bytes([0x80, 2, 0, 2, 9, 9]),  # stands before what it should cover
    ],
)
def test_tlvs_that_nothing_vouches_for_go_back_marked(rest: bytes) -> None:
    """Flag I on every one of an authenticated packet."""
    found, left = stamp_tlv.split(_back(rest, KEY))
    assert not left
    assert all(one[0] & stamp_tlv.INTEGRITY for one in found)


def test_no_packet_has_more_tlvs_than_are_looked_at() -> None:
    """A packet full of empty ones costs no more than sixteen."""
    many = bytes([0x80, 2, 0, 0]) * 300
    found, left = stamp_tlv.split(many)
    assert (len(found), len(left)) == (stamp_tlv.MOST, len(many) - 4 * stamp_tlv.MOST)
    assert len(_back(many)) == len(many)


@given(st.binary(max_size=120), keys)
def test_tlvs_keep_their_octets(rest: bytes, key: bytes) -> None:
    """Whatever follows the base packet, as many go back, with the same lengths."""
    back = _back(rest, key)
    assert len(back) == len(rest)
    assert [len(one) for one in stamp_tlv.split(back)[0]] == [len(one) for one in stamp_tlv.split(rest)[0]]


def test_the_mode_and_the_ssid_are_told_by_the_packet() -> None:
    """The time of an unauthenticated packet stands where the other has zeros."""
    long = stamp.build(Sent(number=1, at=AT, session=300), size=1200)
    assert stamp.mode(long) == (False, 300)
    assert stamp.mode(stamp.build(Sent(number=1, at=AT, session=301), key=KEY)) == (True, 301)


@pytest.mark.parametrize("key", [b"", KEY])
@pytest.mark.parametrize("ptp", [False, True])
def test_an_answer_is_told_from_a_question(key: bytes, ptp: bool) -> None:
    """So that two reflectors cannot be set on one another."""
    sent = stamp.build(Sent(number=1, at=AT, error=ErrorEstimate(ptp=ptp)), key=key)
    back = stamp.reflect(sent, number=0, came=AT, at=AT, error=ErrorEstimate(), ttl=1, key=key)
    assert not stamp.is_answer(sent, AT)
    assert stamp.is_answer(back, AT + 10**9)
