"""Whose a certificate is: a person's or an organisation's, and of a unit that still exists. Pure.

The answers leave the PC, the names they stand on do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from checks.kit import vietnamese
from checks.kit.vietnamese import folded

Name = tuple[tuple[str, str], ...]
MAX_TEXT = 128
_PERSON, _ORGANISATION = ("cccd:", "cmnd:", "hc:", "cmt:"), ("mst:", "mns:")
"""How the subject's UID begins in certificates of Viet Nam's CAs: citizen's card, older card, passport; tax code,
budget-unit code."""
_BODIES = re.compile(
    r"^(uy ban|ubnd|hoi dong|hdnd|dang uy|van phong|so|phong|ban|trung tam|cuc|chi cuc|tong cuc|vu|bo|truong (mam|tieu|"
    r"thcs|thpt|trung|dai|cao|pho)|cong (ty|an|doan)|benh vien|tram|kho bac|bao hiem|toa an|vien|doan|hoi|mat tran|"
    r"phuong|xa|huyen|quan|thi xa|thi tran|thanh pho|tinh|dac khu|ngan hang|doanh nghiep|hop tac xa)\b"
)
_SURNAMES = frozenset((
    "nguyen", "tran", "le", "pham", "huynh", "hoang", "phan", "vo", "dang", "bui", "do", "ho", "ngo", "duong",
    "ly", "dinh", "trinh", "mai", "dao", "luong", "lam", "trieu", "cao", "doan", "ta", "thai", "kieu", "chu",
    "ha", "quach", "nghiem", "truong", "vu", "luu", "ton", "giang", "to", "tang", "la", "mac", "van", "quan",
    "vuong", "khuc", "thach", "au",
))  # fmt: skip
_AUTHORITY = re.compile(r"\b(CA\d?|RootCA|SubCA|PKI|Root|Authority|Certification|Issuing)\b|-CA\b")
_AUTHORITY_WORDS = ("chung thuc", "chuyen dung chinh phu", "certification authority", "issuing ca", "root ca")
_UNIT_PARTS = frozenset({"O", "OU", "L", "ST", "street", "title"})


def texts(name: Name, *kinds: str) -> list[str]:
    """The texts of the attributes of these kinds, in their order."""
    return [text for kind, text in name if kind in kinds]


def class_(subject: Name) -> str:
    """``personal``, ``organisation`` or ``unknown``.

    The UID tells it where there is one; a person's beside an organisation's is a person who signs for it. Else: a given
    name or surname is a person's; a common name that is also the organisation's, or begins like the name of a public
    body, is an organisation's; one of two to six words that begins with a Vietnamese surname is a person's.
    """
    ids = [text.strip().casefold() for text in texts(subject, "UID")]
    if any(text.startswith(_PERSON) for text in ids) or texts(subject, "GN", "SN"):
        return "personal"
    if any(text.startswith(_ORGANISATION) for text in ids):
        return "organisation"
    for common in texts(subject, "CN"):
        said = vietnamese.readings(common)
        bodies = {folded(text) for text in texts(subject, "O", "OU")}
        if said & bodies or any(_BODIES.match(reading) for reading in said):
            return "organisation"
        if any(_person(reading) for reading in said):
            return "personal"
    return "unknown"


def _person(reading: str) -> bool:
    words = reading.split()
    return 2 <= len(words) <= 6 and words[0] in _SURNAMES and not any(char.isdigit() for char in reading)


def former_unit(subject: Name, present: Sequence[str], former: Sequence[str]) -> bool | None:
    """Whether the certificate names a unit from before the merger and none of today's; None: no former name is
    configured. A person's own name is not looked at: people are called like places."""
    if not former:
        return None
    kinds = _UNIT_PARTS if class_(subject) == "personal" else _UNIT_PARTS | {"CN"}
    said = texts(subject, *kinds)
    return any(vietnamese.names_one(text, former) for text in said) and not any(
        vietnamese.names_one(text, present) for text in said
    )


def issuer_text(issuer: Name, subject: Name, known: bool) -> str:
    """The issuer's common name, else organisation, for people; empty where it might name one: self-issued, or neither
    `known` as an authority nor called like one."""
    said = texts(issuer, "CN") or texts(issuer, "O")
    if not said or issuer == subject:
        return ""
    text = "".join(letter if letter.isprintable() else " " for letter in said[0]).strip()[:MAX_TEXT]
    if not known and not _like_an_authority(text):
        return ""
    return "" if "@" in text or re.search(r"\d{9}", text) else text


def _like_an_authority(text: str) -> bool:
    said = vietnamese.readings(text)
    named = _AUTHORITY.search(text) or any(words in reading for reading in said for words in _AUTHORITY_WORDS)
    return bool(named) and not any(_person(reading) for reading in said)
