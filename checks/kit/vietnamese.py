"""Vietnamese names as certificates hold them, made comparable. Pure.

Certificates of fifteen years carry Unicode composed and decomposed, no accents at all, UTF-8 or the Windows code page
taken for Latin-1, and the font encodings TCVN3 (ABC) and VNI. A text is therefore compared in every reading that its
letters allow: one that was wrong gives letters that no configured name has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_SHORT = {
    "p": "phuong", "q": "quan", "x": "xa", "h": "huyen", "tp": "thanh pho", "tx": "thi xa", "ubnd": "uy ban nhan dan",
    "hdnd": "hoi dong nhan dan",
}  # fmt: skip

# TCVN 5712:1993, table VN3 ("ABC" fonts): which letters, without accents, its bytes 0xA1 to 0xFE stand for.
_TCVN3 = {
    code: letter
    for letter, ranges in {
        "a": ((0xA1, 0xA2), (0xA8, 0xA9), (0xB5, 0xB9), (0xBB, 0xBE), (0xC6, 0xCB)),
        "d": ((0xA7, 0xA7), (0xAE, 0xAE)),
        "e": ((0xA3, 0xA3), (0xAA, 0xAA), (0xCC, 0xCC), (0xCE, 0xD6)),
        "i": ((0xD7, 0xD8), (0xDC, 0xDE)),
        "o": ((0xA4, 0xA5), (0xAB, 0xAC), (0xDF, 0xDF), (0xE1, 0xEE)),
        "u": ((0xA6, 0xA6), (0xAD, 0xAD), (0xEF, 0xEF), (0xF1, 0xF9)),
        "y": ((0xFA, 0xFE),),
    }.items()
    for first, last in ranges
    for code in range(first, last + 1)
}
# VNI for Windows: a vowel is followed by a letter that stands for its marks; six letters stand for themselves.
_VNI_MARK = re.compile("(?<=[aeouyôö])[ùøûõïâáàåãäêéèúüë]", re.IGNORECASE)
_VNI = str.maketrans({"ñ": "d", "ö": "u", "ô": "o", "ó": "i", "ò": "i", "í": "i", "ì": "i", "æ": "i", "î": "y"})

_KINDS = re.compile(
    r"^((uy ban nhan dan|hoi dong nhan dan|phuong|xa|thi tran|thi xa|quan|huyen|thanh pho|tinh|dac khu)\b ?)+"
)


def folded(text: str) -> str:
    """`text` without accents and case; what is neither letter nor digit becomes one space."""
    spread = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    bare = "".join(letter for letter in spread if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())


def readings(text: str) -> frozenset[str]:
    """What `text` may say, folded: as it stands, and as each older encoding would have it."""
    found = {folded(text)}
    for page in ("latin-1", "cp1252"):
        try:
            raw = text.encode(page)
        except UnicodeEncodeError:
            continue
        if raw.isascii():
            break
        found.add(folded(raw.decode("utf-8", "ignore")))
        found.add(folded(raw.decode("cp1258", "ignore")))
        if page == "latin-1":
            found.add(folded(text.translate(_TCVN3)))
            found.add(folded(_VNI_MARK.sub("", text).lower().translate(_VNI)))
    return frozenset(found - {""})


def named(text: str, units: Iterable[str]) -> frozenset[str]:
    """Which of the names `units` the `text` holds as whole words, in any reading; P.7 is Phường 7, and Phường 07.

    The longest name takes its words first, kinds of units not counted: who writes "phường Bình Trị Đông A" does not
    name "Phường Bình Trị Đông". Of names that are spelt alike the first one counts."""
    spelt = [(_spelt(folded(unit)), unit) for unit in units if folded(unit)]
    spelt.sort(key=lambda pair: (_proper(pair[0]), pair[0].count(" ")), reverse=True)
    found = set()
    for reading in readings(text):
        left = _spelt(reading)
        for name, unit in spelt:
            left, times = re.subn(rf"(?<!\S){name}(?!\S)", "|", left)
            if times:
                found.add(unit)
    return frozenset(found)


def _proper(name: str) -> int:
    """How many words a spelt name has after what kind of unit it is."""
    return len(_KINDS.sub("", name).split())


def _spelt(name: str) -> str:
    """A folded name with its abbreviations written out, numbers apart from letters and without leading zeros."""
    words = re.findall(r"\d+|[^\W\d]+", name)
    return " ".join(word.lstrip("0") or "0" if word.isdigit() else _SHORT.get(word, word) for word in words)
