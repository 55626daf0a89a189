"""Dates, names, keys and chains of certificates."""

from __future__ import annotations

import base64
import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.certificate import Chain, chain, describe, folded, public_key, seconds
from tests.checks.certs import Authority

_ORGANISATION = ((("countryName", "VN"),), (("organizationName", "Org"),), (("commonName", "Name"),))


@pytest.mark.parametrize(
    "text",
    ["Jun  1 12:00:00 2025 GMT", "Dec 31 23:59:59 2048 GMT", "Feb 29 00:00:00 2028 GMT", "Jan  5 09:34:43 2018 GMT"],
)
def test_dates_are_read_as_the_standard_library_reads_them(text: str) -> None:
    """Ours costs the agent 1.3 MB less."""
    assert seconds(text) == ssl.cert_time_to_seconds(text)


@pytest.mark.parametrize(
    "text", ["", "2025-06-01", "Foo  1 12:00:00 2025 GMT", "anF  1 12:00:00 2025 GMT", "Feb 30 00:00:00 2025 GMT"]
)
def test_what_is_no_date_is_zero(text: str) -> None:
    """Unknown, never a crash."""
    assert seconds(text) == 0


def test_the_issuer_is_the_organisation_else_the_common_name() -> None:
    """The subject, which may name a person, is not kept."""
    subject = ((("commonName", "Nguyễn Văn A"),),)
    described = describe({"issuer": _ORGANISATION, "subject": subject}, b"x")
    assert (described.issuer, described.names) == ("Org", ("Org", "Name"))
    assert describe({"issuer": _ORGANISATION[2:]}, b"").issuer == "Name"
    assert describe({}, b"").issuer == ""
    assert "Nguyễn" not in str(described)


def test_the_name_is_the_first_dns_name() -> None:
    """Addresses of mail and of people stay out."""
    names = (("email", "a@b.example"), ("DNS", "one.example"), ("DNS", "two.example"))
    assert describe({"subjectAltName": names}, b"").name == "one.example"
    assert describe({}, b"").name == ""


def test_vietnamese_names_are_compared_without_accents() -> None:
    """Đ is a letter of its own and folds to d."""
    assert folded("  CA phục vụ các cơ quan ĐẢNG G2 ") == folded("ca phuc vu cac co quan dang g2")


def test_the_public_key_is_the_one_curl_pins(authority: Authority, tmp_path: Path) -> None:
    """Found by walking the DER; compared with cryptography's own reading."""
    del tmp_path
    der = authority.certificate.public_bytes(serialization.Encoding.DER)
    spki = authority.certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert public_key(der) == spki
    assert describe({}, der).key == base64.b64encode(hashlib.sha256(spki).digest()).decode()


def test_a_certificate_of_version_one_has_a_key_too(authority: Authority) -> None:
    """Its version is left out, so everything stands one place earlier."""
    der = authority.certificate.public_bytes(serialization.Encoding.DER)
    bare = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    assert bare[4:9] == bytes.fromhex("a003020102")
    inside = bare[9:]
    stripped = b"\x30\x82" + len(inside).to_bytes(2, "big") + inside
    assert public_key(b"\x30\x82" + len(stripped).to_bytes(2, "big") + stripped) == public_key(der)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    """A certificate comes from a stranger."""
    assert isinstance(public_key(data), bytes)


@given(st.data())
def test_a_damaged_certificate_is_read_without_an_exception(authority: Authority, data: st.DataObject) -> None:
    """Cut off and flipped."""
    der = bytearray(authority.certificate.public_bytes(serialization.Encoding.DER))
    place = data.draw(st.integers(0, len(der) - 1))
    der[place] ^= data.draw(st.integers(1, 255))
    assert isinstance(public_key(bytes(der[: data.draw(st.integers(0, len(der)))])), bytes)


def test_a_chain_ends_with_its_first_certificate_and_at_its_root() -> None:
    """The authority may end before the server's certificate does."""
    leaf = {"notAfter": "Dec 31 23:59:59 2030 GMT", "subject": ((("commonName", "leaf"),),)}
    root = {"notAfter": "Jun  1 12:00:00 2025 GMT", "subject": _ORGANISATION}
    assert chain([leaf, root]) == Chain(2, "Org", seconds("Jun  1 12:00:00 2025 GMT"))


@pytest.mark.parametrize("links", [[], [{"notAfter": "never"}]])
def test_a_chain_that_cannot_be_read_is_unknown(links: list[dict[str, object]]) -> None:
    """No number is better than a wrong one."""
    assert chain(links) is None
