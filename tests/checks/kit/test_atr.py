"""The catalogue of tokens by their answer to reset."""

from __future__ import annotations

import pytest

from checks.kit.atr import Known, catalogue, find
from checks.kit.model import decode_params
from checks.signing_token import CHECK


@pytest.mark.parametrize(
    ("atr", "model"),
    [
        ("3BD518008131FE7D8073C82110F4", "eToken 5100/5110"),
        ("3bd518008131fe7d8073c82110f4", "eToken 5100/5110"),
        ("3BFF9600008131FE4380318065B0855956FB120FFE82900000", "eToken 5110 (IDPrime 940)"),
        ("3BFF9600008131FE4380318065B0855956FB12017882900088", "eToken 5110 (IDPrime 940)"),
        ("3B7F96000080318065B085050039120FFE829000", "IDPrime 940C"),
        ("3BDF18FF8191FE1FC30031B8640C01ECC173940180829000B3", "TokenME EVO v2"),
        ("3B9F958131FE9F006646530501001171DF0000036A82F8", "ePass2003"),
        ("3B9F958131FE9F006646530501001171DF000003900080", "ePass2003"),
        ("3B6E000057443619698693023311754233" + "1E", "WatchKey"),
    ],
)
def test_published_answers_are_recognised(atr: str, model: str) -> None:
    """As they were printed by pcsc_scan and by OpenSC's authors, also those that differ where the mask allows it."""
    known = find(atr)
    assert known is not None
    assert known.model == model


@pytest.mark.parametrize("atr", ["", "3B", "3B041122" + "3344", "3BD518008131FE7D8073C82110F5", "FFFF", "3B" * 33])
def test_what_no_catalogue_knows_is_unknown(atr: str) -> None:
    """One bit beside the mask is another token."""
    assert find(atr) is None


def test_what_is_configured_comes_first() -> None:
    """A locality may know better."""
    own = Known(atr="3B041122" + "3344", vendor="Own", model="One")
    assert find("3B0411223344", [own]) is own
    other = Known(atr="3BD518008131FE7D8073C82110F4", vendor="Own", model="Two")
    assert find("3BD518008131FE7D8073C82110F4", [other]) is other


@pytest.mark.parametrize("mask", ["FF", "FF" * 7])
def test_a_mask_of_another_length_is_refused(mask: str) -> None:
    """In the parameters, by name and lengths: it would never match."""
    entry = {"atr": "3B0411223344", "mask": mask, "vendor": "Own", "model": "Short"}
    said = f"the mask of 'Short' is {len(mask) // 2} bytes long, its ATR 6: they must be equal"
    with pytest.raises(ValueError, match=said):
        decode_params(CHECK, {"catalogue": [entry]})
    assert decode_params(CHECK, {"catalogue": [entry | {"mask": "FF" * 6}]})


@pytest.mark.parametrize("known", catalogue(), ids=lambda known: known.model)
def test_an_entry_is_a_well_formed_answer_with_a_source(known: Known) -> None:
    """Its length is the one its own interface bytes announce (ISO 7816-3 §8.2), and somebody vouches for it."""
    raw = bytes.fromhex(known.atr)
    assert len(raw) == announced(raw)
    assert len(known.mask) in (0, len(known.atr))
    assert known.source
    assert find(known.atr) == known


def announced(atr: bytes) -> int:
    """How long an answer to reset says that it is."""
    present, at, check = atr[1] >> 4, 2, False
    while present:
        count = (present & 7).bit_count()
        if not present & 8:
            at += count
            break
        following = atr[at + count]
        at += count + 1
        present, check = following >> 4, check or bool(following & 15)
    return at + (atr[1] & 15) + check
