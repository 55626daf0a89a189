"""Parts that were compressed apart make one gzip file."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from collector.scrape.deflate import file, merge, pack

PARTS = st.lists(st.binary(max_size=400) | st.integers(0, 70_000).map(lambda size: b"sansang " * size), max_size=6)


@given(PARTS, st.integers(0, 6))
def test_parts_in_any_grouping_make_one_member_with_the_right_checksum(texts: list[bytes], split: int) -> None:
    """A reader of one member gets everything, and nothing is left behind it."""
    parts = [pack(text) for text in texts]
    first, rest = parts[:split], parts[split:]
    merged = [merge(first)] if first else []
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    text = reader.decompress(b"".join(file(*merged, *rest)))
    assert text == b"".join(texts)
    assert (reader.eof, reader.unused_data) == (True, b"")


@given(PARTS.filter(len))
def test_a_merged_part_is_told_as_if_it_had_been_compressed_at_once(texts: list[bytes]) -> None:
    """CRC-32, length and what appending it does to a CRC-32."""
    merged, whole = merge([pack(text) for text in texts]), pack(b"".join(texts))
    assert (merged.crc, merged.size, merged.power) == (whole.crc, whole.size, whole.power)
    assert merged.crc == zlib.crc32(b"".join(texts))


def test_a_part_refers_to_nothing_before_it() -> None:
    """The same text after another, and before it."""
    same, other = pack(b"sansang_check_outcome 1\n" * 50), pack(b"sansang_unit_info 1\n" * 50)
    for parts in ((same, other), (other, same), (same, same)):
        assert len(gzip.decompress(b"".join(file(*parts)))) == sum(part.size for part in parts)
