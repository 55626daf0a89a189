"""Which token answers a reset how: a catalogue of ATRs (ISO 7816-3), as far as there are public sources. Pure.

An ATR tells the chip and its platform, not the certificate; the same one may stand for several products. What is not in
the catalogue is unknown, never absent.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Hex = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2}){2,33}$")]
Word = Annotated[str, Meta(min_length=1, max_length=64)]


class Known(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of token. Bits that are 0 in ``mask`` may be anything (empty: none may)."""

    atr: Annotated[Hex, Meta(description="Its answer to reset, hexadecimal without spaces.")]
    mask: Annotated[
        str,
        Meta(pattern=r"^([0-9A-Fa-f]{2})*$", description="Which bits must be equal, as long as the ATR; empty: all."),
    ] = ""
    vendor: Annotated[Word, Meta(description="Its maker.")]
    model: Annotated[Word, Meta(description="Its model.")]
    source: Annotated[str, Meta(max_length=128, description="Who says so.")] = ""

    def __post_init__(self) -> None:
        """Raises ValueError for a mask of another length: such an entry would never match, and nobody would see why."""
        if self.mask and len(self.mask) != len(self.atr):
            have, want = len(self.mask) // 2, len(self.atr) // 2
            raise ValueError(f"the mask of {self.model!r} is {have} bytes long, its ATR {want}: they must be equal")


@functools.cache
def catalogue() -> tuple[Known, ...]:
    """The kinds of tokens that ship with the product; the first that matches counts."""
    file = Path(__file__).with_name("data") / "atrs.json"
    return msgspec.json.decode(file.read_bytes(), type=tuple[Known, ...])


def find(atr: str, more: Iterable[Known] = ()) -> Known | None:
    """The kind of token that answers with `atr` (hexadecimal), by `more` first, then by the catalogue."""
    raw = bytes.fromhex(atr)
    return next((known for known in (*more, *catalogue()) if _matches(raw, known)), None)


def _matches(raw: bytes, known: Known) -> bool:
    want = bytes.fromhex(known.atr)
    mask = bytes.fromhex(known.mask) or b"\xff" * len(want)
    if len(raw) != len(want):
        return False
    return all((one ^ other) & bits == 0 for one, other, bits in zip(raw, want, mask, strict=True))
