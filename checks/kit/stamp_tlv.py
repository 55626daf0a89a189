"""What may follow a STAMP base packet: type, length, value (RFC 8972 §4). Pure.

Only two kinds are understood, Extra Padding and HMAC. Others go back marked as unrecognised, as §4 asks. What is no
TLV goes back as it came, marked as malformed unless it begins like zeros: so TWAMP pads.
"""

from __future__ import annotations

import hmac

HEADER = 4
PADDING, KEYED = 1, 8
UNRECOGNISED, MALFORMED, INTEGRITY = 0x80, 0x40, 0x20
"""The flags U, M and I; the others are zero. A sender sets U, so that a reflector that knows of no TLV is seen."""
LARGEST = 0xFFFF
MOST = 16
"""TLVs that are looked at in one packet; the rest counts as malformed. RFC 8972 has eight kinds."""


def padding(octets: int, filling: bytes = b"") -> bytes:
    """An Extra Padding TLV of that many octets in all, its value `filling` and then zeros; nothing for none or less.
    ValueError for fewer than a header has."""
    if octets <= 0:
        return b""
    length = octets - HEADER
    if not 0 <= length <= LARGEST:
        raise ValueError(f"no TLV has {octets} octets")
    return bytes((UNRECOGNISED, PADDING)) + length.to_bytes(2, "big") + filling[:length].ljust(length, b"\0")


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The TLVs that are whole, with their headers, and what is left over: nothing, or what is malformed."""
    found: list[bytes] = []
    start = 0
    while len(data) - start >= HEADER and data[start + 1] and len(found) < MOST:
        end = start + HEADER + int.from_bytes(data[start + 2 : start + 4], "big")
        if end > len(data):
            break
        found.append(bytes(data[start:end]))
        start = end
    return found, bytes(data[start:])


def keyed(number: bytes, before: bytes, key: bytes) -> bytes:
    """An HMAC TLV over the packet's sequence number (4 octets) and the TLVs before it (§4.8)."""
    return bytes((UNRECOGNISED, KEYED, 0, 16)) + hmac.digest(key, number + before, "sha256")[:16]


def unbroken(found: list[bytes], number: bytes, key: bytes) -> bool:
    """Whether the HMAC TLV holds. There need be none where there is nothing but one padding, and nothing may follow it
    but padding (§4.8)."""
    places = [place for place, one in enumerate(found) if one[1] == KEYED]
    if not places:
        return not key or not found or (len(found) == 1 and found[0][1] == PADDING)
    at = places[0]
    if not key or len(places) > 1 or any(one[1] != PADDING for one in found[at + 1 :]):
        return False
    return hmac.compare_digest(keyed(number, b"".join(found[:at]), key)[HEADER:], found[at][HEADER:])


def reflected(data: bytes, number: bytes, own: bytes, key: bytes) -> bytes:
    """What goes back for `data`, as many octets, with the flags that are due. `number` and `own` are the sequence
    numbers of the packet and of the answer, 4 octets each."""
    if len(data) >= HEADER and data[1] == PADDING and int.from_bytes(data[2:4], "big") == len(data) - HEADER:
        return b"\0" + data[1:]
    found, left = split(data)
    broken = 0 if unbroken(found, number, key) else INTEGRITY
    back: list[bytes] = []
    for one in found:
        unknown = 0 if one[1] in (PADDING, KEYED) else UNRECOGNISED
        wrong = MALFORMED if one[1] == KEYED and len(one) != HEADER + 16 else 0
        marked = bytes((unknown | wrong | broken,)) + one[1:]
        if one[1] == KEYED and key and not broken:
            marked = marked[:HEADER] + keyed(own, b"".join(back), key)[HEADER:]
        back.append(marked)
    if left and any(left[:2]):
        left = bytes((MALFORMED | broken,)) + left[1:]
    return b"".join(back) + left
