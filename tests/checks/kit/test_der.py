"""DER from the front: heads of real lists, every beginning of them, and bytes that are none."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.der import SEQUENCE, UTC_TIME, DerError, Element, Head, crl_head, element, inside, when
from tests.lab.authorities import DAY, NOW, Authority
from tests.lab.revocation import listed

LIST = listed(Authority.root("Root"), range(1000, 1400), begin=NOW - DAY, end=NOW + DAY)
HEAD = Head(int((NOW - DAY).timestamp()), int((NOW + DAY).timestamp()), len(LIST))
ENOUGH = 200


@given(st.integers(ENOUGH, len(LIST)))
def test_the_first_bytes_of_a_list_say_until_when_it_holds(count: int) -> None:
    """And how long all of it is."""
    assert crl_head(LIST[:count]) == HEAD


@given(st.integers(0, 100))
def test_a_beginning_that_is_too_short_is_refused(count: int) -> None:
    """Never a date that was cut."""
    with pytest.raises(DerError):
        crl_head(LIST[:count])


@given(st.binary(max_size=300))
def test_bytes_that_are_no_list_raise_one_error(data: bytes) -> None:
    """Whatever they are; by chance no list comes out."""
    with pytest.raises(DerError):
        crl_head(data)


@given(st.lists(st.tuples(st.integers(0, ENOUGH - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_list_with_changed_bytes_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    """No other error, and no time outside what its format can say."""
    data = bytearray(LIST[:ENOUGH])
    for at, value in changes:
        data[at] = value
    try:
        head = crl_head(bytes(data))
    except DerError:
        return
    assert all(one == 0 or -2_524_608_000 * 25 < one < 253_402_300_800 for one in (head.begins, head.ends))


def test_a_list_of_the_first_version_has_neither_a_version_nor_an_end() -> None:
    """RFC 5280 §5.1.2.1 and §5.1.2.5: both are optional."""
    inner = b"\x30\x00" * 2 + b"\x17\x0d260101000000Z"
    data = bytes((0x30, len(inner) + 2, 0x30, len(inner))) + inner
    assert crl_head(data) == Head(1767225600, 0, len(data))


@pytest.mark.parametrize(
    ("tag", "text", "seconds"),
    [
        (0x17, b"491231235959Z", datetime.datetime(2049, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)),
        (0x17, b"500101000000Z", datetime.datetime(1950, 1, 1, tzinfo=datetime.UTC)),
        (0x18, b"20500101000000Z", datetime.datetime(2050, 1, 1, tzinfo=datetime.UTC)),
    ],
)
def test_times_are_read_as_the_rfc_says(tag: int, text: bytes, seconds: datetime.datetime) -> None:
    """§4.1.2.5.1: two digits mean 1950 to 2049."""
    assert when(text, Element(tag, 0, len(text))) == seconds.timestamp()


@pytest.mark.parametrize("text", [b"260230000000Z", b"2601010000Z", b"260101000000+0700", b"26010100000aZ", b""])
def test_times_that_do_not_exist_are_refused(text: bytes) -> None:
    """The thirtieth of February, no seconds, a zone, a letter, nothing."""
    with pytest.raises(DerError):
        when(text, Element(UTC_TIME, 0, len(text)))


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (b"\x30\x80\x00\x00", None),
        (b"\x30\x85\x01\x01\x01\x01\x01", None),
        (b"\x30\x81\x10" + bytes(16), None),
        (b"\x30\x82\x00\x80", None),
        (b"\x30\x82\x01", None),
        (b"\x3f\x81\x00", None),
        (b"\x30\x05" + bytes(5), 6),
        (b"\x30", None),
    ],
)
def test_lengths_that_der_does_not_have_are_refused(data: bytes, limit: int | None) -> None:
    """Indefinite, of five bytes, not the shortest twice, cut, a tag of two bytes, past its holder, no length."""
    with pytest.raises(DerError):
        element(data, 0, limit)


def test_an_element_may_end_behind_what_is_there() -> None:
    """That is what a beginning is; another tag than the expected one is refused."""
    assert element(b"\x30\x82\x10\x00", 0) == Element(SEQUENCE, 4, 4100)
    with pytest.raises(DerError):
        inside(b"\x31\x00", 0, SEQUENCE)
