"""Whose a certificate is: a person's or an organisation's, and of a unit that still exists. Pure.

The answers leave the PC, the names they stand on do not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from checks.kit import vietnamese
from checks.kit.vietnamese import folded

Name = tuple[tuple[str, str], ...]
MAX_TEXT = 128
_PERSON, _ORGANISATION = ("cccd:", "cmnd:", "hc:", "cmt:"), ("mst:", "mns:")
"""How the subject's UID begins in certificates of Viet Nam's CAs: citizen's card, older card, passport; tax code,
budget-unit code."""
_BODIES = re.compile(
    r"^(uy ban|ubnd|hoi dong|hdnd|dang uy|van phong|so|phong|ban|trung tam|cuc|chi cuc|tong cuc|bo|truong (mam non|"
    r"mau giao|tieu hoc|thcs|thpt|trung (hoc|cap)|dai hoc|cao dang|pho thong)|cong (ty|an|doan)|benh vien|tram|"
    r"kho bac|bao hiem|toa an|vien|hoi|mat tran|phuong|xa|huyen|quan|thi xa|thi tran|thanh pho|tinh|dac khu|ngan hang|"
    r"doanh nghiep|hop tac xa|"
    r"vu (phap che|phap luat|to chuc|ke hoach|tai chinh|ngan sach|hop tac|khoa hoc|cong chuc|chinh quyen|chinh sach|"
    r"dao tao|giao duc|quan ly|thi truong|thi dua khen|thanh tra|tong hop|hanh chinh|dan toc|dau tu|kinh te|lao dong)|"
    r"doan (thanh nien|tncs|dai bieu|luat su|cong tac|kinh te|kiem tra|nghe thuat|the( chinh tri| quan chung|$)))\b"
)
"""Vũ and Đoàn are surnames too: they begin an office's name only before what such an office is for."""
_SURNAMES = frozenset((
    "nguyen", "tran", "le", "pham", "huynh", "hoang", "phan", "vo", "dang", "bui", "do", "ho", "ngo", "duong",
    "ly", "dinh", "trinh", "mai", "dao", "luong", "lam", "trieu", "cao", "doan", "ta", "thai", "kieu", "chu",
    "ha", "quach", "nghiem", "truong", "vu", "luu", "ton", "giang", "to", "tang", "la", "mac", "van", "quan",
    "vuong", "khuc", "thach", "au", "phung", "tong", "chau", "nong", "lo", "ma", "vi", "giap", "luc", "ung", "tieu",
    "phi", "dam", "than", "ninh", "khong", "hua", "tu", "diep", "bach", "be", "sam", "cam", "dieu", "quang", "lieu",
    "khuong", "uong", "thieu", "tham", "cu", "trang", "on", "nham", "ngan", "sung", "vang", "thao", "danh",
    "kim", "nhan", "lai", "phu", "che", "mong",
))  # fmt: skip
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
    said = {unit for text in texts(subject, *kinds) for unit in vietnamese.named(text, (*present, *former))}
    return not said.isdisjoint(former) and said.isdisjoint(present)


def issuer_text(issuer: Name, subject: Name, vouched: bool, names: Collection[str] = ()) -> str:
    """The issuer's common name, else organisation, for people; empty where it might name one: self-issued, or neither
    `vouched` for by what is configured nor, folded, one of the configured `names`. What merely sounds like an
    authority may be a person's own."""
    said = texts(issuer, "CN") or texts(issuer, "O")
    if not said or issuer == subject or not (vouched or vietnamese.readings(said[0]) & frozenset(names)):
        return ""
    text = "".join(letter if letter.isprintable() else " " for letter in said[0]).strip()[:MAX_TEXT]
    return "" if "@" in text or re.search(r"\d{9}", text) else text
