"""Names of Vietnamese certificates: compared however they were written, told only where they name no person."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.signer import class_, former_unit, issuer_text
from checks.kit.vietnamese import folded, named, readings
from tests.lab.authorities import CIPHER, G1_ISSUING, G2_ISSUING

# "Uỷ ban nhân dân phường" as older programs stored it, seen by a program that takes it for Latin-1
_TCVN3 = "Uû ban nh©n d©n ph\xad\xeang"
_VNI = "UÛy ban nhaân daân phöôøng"
_PLAIN = "uy ban nhan dan phuong"
_WARD = "Ủy ban nhân dân phường"


@pytest.mark.parametrize(
    "text",
    [
        _WARD,
        unicodedata.normalize("NFD", _WARD),
        _WARD.upper(),
        "  Uỷ-ban,\tnhân dân: phường. ",
        _WARD.encode().decode("latin-1"),
        _PLAIN,
        _TCVN3,
        _VNI,
        _VNI.upper(),
    ],
)
def test_one_name_reads_the_same_however_it_was_written(text: str) -> None:
    """Unicode both ways, no accents, UTF-8 taken for Latin-1, TCVN3 and VNI."""
    assert _PLAIN in readings(text)


def test_the_windows_code_page_is_read_too() -> None:
    """Letters with combining marks, as cp1258 has them, taken for Latin-1."""
    said = unicodedata.normalize("NFD", "Thị trấn Cát Bà").replace("\u0302", "").encode("cp1258", "ignore")
    assert "thi tran cat ba" in readings(said.decode("latin-1"))


def test_d_with_a_stroke_is_a_d() -> None:
    """It is a letter of its own, which Unicode does not take apart."""
    assert folded("Đặc khu Phú Quốc — ĐẢNG ủy") == "dac khu phu quoc dang uy"


@given(st.text(max_size=40))
def test_reading_a_name_never_fails(text: str) -> None:
    """Whatever a certificate says; a folded name folds to itself."""
    assert all(folded(reading) == reading for reading in readings(text))


@pytest.mark.parametrize(
    ("text", "unit", "found"),
    [
        ("UBND Phường 13", "Phường 13", True),
        ("UBND P.13, Q.4", "phường 13", True),
        ("UBND P13", "Phường 13", True),
        ("Ủy ban nhân dân Phường 07", "Phường 7", True),
        ("UBND Phường 130", "Phường 13", False),
        ("Ủy ban nhân dân xã Bình Hưng Hòa", "Bình Hưng", True),
        ("UBND xã Bình Hưng", "Hưng Bình", False),
        ("UBND", "Ủy ban nhân dân", True),
        (_VNI + " 5", "Phường 5", True),
        ("", "Phường 5", False),
        ("Phường 5", " .", False),
    ],
)
def test_a_unit_is_found_as_whole_words(text: str, unit: str, found: bool) -> None:
    """Abbreviations and zeros aside; half a word is another unit."""
    assert named(text, [unit]) == ({unit} if found else set())


_FORMER, _PRESENT = ("Phường 13", "Quận 4"), ("Phường Xóm Chiếu",)


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ((("CN", "Nguyễn Văn A"), ("OU", "UBND Phường 13"), ("O", "Quận 4")), True),
        ((("CN", "Nguyễn Văn A"), ("O", "UBND phường Xóm Chiếu")), False),
        ((("CN", "Nguyễn Văn A"), ("OU", "Phường 13"), ("O", "UBND P. Xóm Chiếu")), False),
        ((("CN", "UBND PHUONG 13"), ("UID", "MST:0123456789")), True),
        ((("CN", "Phường 13"), ("GN", "Phường"), ("UID", "CCCD:001")), False),
    ],
)
def test_a_former_unit_is_one_without_a_present_one(subject: tuple[tuple[str, str], ...], answer: bool) -> None:
    """A person who is called like a place is no place."""
    assert former_unit(subject, _PRESENT, _FORMER) is answer


_MERGED = ("Phường Bình Trị Đông", "Phường Bình Hưng Hòa")
_BEFORE = ("Phường Bình Trị Đông", "Bình Trị Đông A", "Phường Bình Trị Đông B", "Xã Bình Hưng")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("UBND phường Bình Trị Đông A", True),
        ("UBND P. Bình Trị Đông B, Q. Bình Tân", True),
        ("UBND phường Bình Trị Đông", False),
        ("UBND phường Bình Hưng Hòa", False),
        ("UBND xã Bình Hưng", True),
        ("Phường Bình Trị Đông (trước là Bình Trị Đông A)", False),
        ("UBND phường Bình Trị Đông An", False),
    ],
)
def test_the_longest_name_takes_its_words(said: str, answer: bool) -> None:
    """Old and new names begin alike; a name that is both is today's."""
    assert former_unit((("O", said),), _MERGED, _BEFORE) is answer


def test_without_former_names_nothing_is_known() -> None:
    """Unknown, not no."""
    assert former_unit((("O", "UBND Phường 13"),), _PRESENT, ()) is None


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ((("CN", "Bất kỳ"), ("UID", "CCCD:001300000001")), "personal"),
        ((("CN", "Bất kỳ"), ("UID", "cmnd:001300001")), "personal"),
        ((("CN", "Smith"), ("UID", "HC:C1234567")), "personal"),
        ((("CN", "Bất kỳ"), ("UID", "MST:0301234567")), "organisation"),
        ((("CN", "Bất kỳ"), ("UID", "MNS:1012345")), "organisation"),
        ((("CN", "Trần Văn B"), ("UID", "MST:0301234567"), ("UID", "CCCD:001")), "personal"),
        ((("CN", "B"), ("GN", "B"), ("SN", "Trần")), "personal"),
        ((("CN", "Nguyễn Thị Thử Nghiệm"), ("O", "UBND phường")), "personal"),
        ((("CN", "NGUYEN VAN A"),), "personal"),
        ((("CN", "UBND phường Xóm Chiếu"), ("O", "UBND Quận 4")), "organisation"),
        ((("CN", "Văn phòng Đảng ủy"),), "organisation"),
        ((("CN", "Trường THCS Nguyễn Du"),), "organisation"),
        *(
            ((("CN", who),), "personal")
            for who in (
                "Vũ Thị Mai",
                "Vũ Đức Đam",
                "Đoàn Văn Hậu",
                "Đoàn Thế Vinh",
                "Trương Đại Nghĩa",
                "Trương Trung Kiên",
                "Phùng Thị Hoa",
                "Tống Văn Lâm",
                "Châu Văn Liêm",
                "Nông Đức Mạnh",
                "Lò Thị Pành",
                "Ma Văn Kháng",
                "Vi Thị Én",
                "Giáp Văn Cương",
                "Lục Thị Mai",
                "Ứng Hoè",
                "Tiêu Văn Minh",
                "Phí Thị Hậu",
            )
        ),
        *(
            ((("CN", office),), "organisation")
            for office in (
                "Vụ Pháp chế",
                "Vụ Tổ chức cán bộ",
                "Đoàn Thanh niên Cộng sản",
                "Đoàn thể chính trị",
                "Đoàn thể",
                "Trường Đại học Luật",
                "Trường Trung học phổ thông",
                "Trường Cao đẳng nghề",
            )
        ),
        ((("CN", "Khác lạ"), ("O", "KHÁC LẠ")), "organisation"),
        ((("CN", "Server 01"),), "unknown"),
        ((("CN", "Nguyễn 2"),), "unknown"),
        ((), "unknown"),
    ],
)
def test_the_kind_of_a_certificate(subject: tuple[tuple[str, str], ...], kind: str) -> None:
    """By its UID, else by what its names look like; unknown is allowed."""
    assert class_(subject) == kind


_LEAF = (("CN", "Nguyễn Văn A"),)
_NAMES = frozenset({folded(G2_ISSUING), folded(G1_ISSUING)})


@pytest.mark.parametrize(
    ("issuer", "vouched", "text"),
    [
        ((("CN", G2_ISSUING), ("O", CIPHER)), False, G2_ISSUING),
        ((("CN", G1_ISSUING.upper()),), False, G1_ISSUING.upper()),
        ((("CN", "Viettel-CA SHA-256"),), False, ""),
        ((("CN", "Viettel-CA SHA-256"),), True, "Viettel-CA SHA-256"),
        ((("O", "VNPT-CA"),), True, "VNPT-CA"),
        ((("CN", "Phùng Thị Canary CA"),), False, ""),
        ((("CN", "Phùng Thị Canary"), ("O", G2_ISSUING)), False, ""),
        ((("CN", "Trần Thị C"),), False, ""),
        ((("CN", G2_ISSUING + " Trần Thị C"),), False, ""),
        ((("CN", "Phòng máy"),), True, "Phòng máy"),
        ((("CN", "Root CA of a@b.vn"),), True, ""),
        ((("CN", "Root CA 001300000001"),), True, ""),
        (_LEAF, True, ""),
        ((), False, ""),
        ((("CN", "Root CA\n\x1b[31m" + "x" * 300),), True, "Root CA  [31m" + "x" * 115),
    ],
)
def test_an_issuer_is_told_only_where_it_is_vouched_for(
    issuer: tuple[tuple[str, str], ...], vouched: bool, text: str
) -> None:
    """By the chain or the configuration, or by being called what is configured: no name sounds safe by itself."""
    assert issuer_text(issuer, _LEAF, vouched, _NAMES) == text
