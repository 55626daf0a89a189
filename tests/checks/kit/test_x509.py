"""Certificates as they are found on tokens: real ones, odd ones, broken ones."""

from __future__ import annotations

import datetime
import subprocess
import zlib
from pathlib import Path

import pytest
from cryptography import x509 as lib
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.kit import x509
from checks.kit.x509 import Malformed, Parsed, parse
from tests.lab import authorities
from tests.lab.authorities import Authority

_ROOT, _ISSUING = authorities.chain("g2")
_LEAF = _ISSUING.signer(crl="http://crl.test/a.crl", ocsp="http://ocsp.test/", email="thu.nghiem@example.vn")


def _parsed(authority: Authority, **options: object) -> Parsed:
    return parse(authority.signer(**options).der)  # type: ignore[arg-type]


def test_a_signers_certificate_is_read_whole() -> None:
    """Its names, its days, what it is for, where to ask about revocation."""
    found = parse(_LEAF.der)
    assert found.subject == (
        ("O", "UBND phường Thử Nghiệm"), ("CN", authorities.SIGNER), ("UID", "CCCD:001300000001"),
    )  # fmt: skip
    assert found.issuer == (("O", authorities.CIPHER), ("CN", authorities.G2_ISSUING))
    assert found.not_after == int((authorities.NOW + 400 * authorities.DAY).timestamp())
    assert found.not_before == int((authorities.NOW - 300 * authorities.DAY).timestamp())
    assert (found.signs, found.authority, found.certifies) == (True, False, False)
    assert (found.crl, found.ocsp) == (("http://crl.test/a.crl",), ("http://ocsp.test/",))
    assert int.from_bytes(x509.serial(found), "big") == _LEAF.certificate.serial_number


def test_an_authoritys_certificate_says_how_many_may_follow() -> None:
    """Basic constraints and key usage."""
    found = parse(_ISSUING.der)
    assert (found.authority, found.path_length, found.certifies, found.signs) == (True, 0, True, False)
    assert parse(_ROOT.der).path_length is None


@pytest.mark.parametrize(
    ("usage", "signs"),
    [
        (("digital_signature",), True),
        (("content_commitment",), True),
        (("key_encipherment", "data_encipherment"), False),
        ((), False),
        (None, True),
    ],
)
def test_what_a_key_is_for(usage: tuple[str, ...] | None, signs: bool) -> None:
    """RFC 5280 §4.2.1.3; without the extension it may be used for anything."""
    assert _parsed(_ISSUING, usage=usage).signs is signs


def test_algorithms_have_short_names() -> None:
    """Kind and size of the key, and the digest of the signature."""
    assert x509.algorithm(parse(_LEAF.der)) == "ec-p256"
    assert x509.signature(parse(_LEAF.der)) == "sha256"
    assert x509.algorithm(_parsed(_ISSUING, key=authorities.rsa_key())) == "rsa-2048"
    assert x509.algorithm(_parsed(_ISSUING, key=ec.generate_private_key(ec.SECP384R1()))) == "ec-p384"
    assert x509.algorithm(_parsed(_ISSUING, key=ed25519.Ed25519PrivateKey.generate())) == "ed25519"


def test_sha1_and_old_keys_are_read(tmp_path: Path) -> None:
    """The older generation signed with what nobody signs with today; openssl still does."""
    key, out = tmp_path / "key.pem", tmp_path / "out.der"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", str(key), "-out", str(out)]
    subprocess.run(
        [*command, "-outform", "DER", "-sha1", "-subj", "/C=VN/CN=Old", "-days", "9"], check=True, capture_output=True
    )
    found = parse(out.read_bytes())
    assert (x509.algorithm(found), x509.signature(found)) == ("rsa-1024", "sha1")


def _named(value: str, kind: _ASN1Type) -> bytes:
    key = authorities.make_key()
    subject = lib.Name([lib.NameAttribute(NameOID.COMMON_NAME, value, _type=kind)])
    end = datetime.datetime(2031, 1, 1, tzinfo=datetime.UTC)
    built = (
        lib.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(authorities.NOW)
        .not_valid_after(end)
    )
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("kind", [_ASN1Type.BMPString, _ASN1Type.UTF8String, _ASN1Type.UniversalString])
def test_names_are_read_from_every_type_of_string(kind: _ASN1Type) -> None:
    """BMPString is what older Windows tools wrote."""
    assert parse(_named("Đặng Thị Ủ", kind)).subject == (("CN", "Đặng Thị Ủ"),)


def test_a_t61_string_in_latin_1_is_read_although_cryptography_refuses() -> None:
    """Its own accessor raises; the certificate is none the worse for it."""
    der = _named("Tran ABCD", _ASN1Type.T61String).replace(b"Tran ABCD", b"Tr\xe2n \xc1BCD")
    with pytest.raises(ValueError, match="parsing asn1"):
        lib.load_der_x509_certificate(der).subject.rfc4514_string()
    assert parse(der).subject == (("CN", "Trân ÁBCD"),)


def test_an_extension_that_stands_twice_spoils_nothing() -> None:
    """cryptography gives up on all extensions for it: here the key's identifier is renamed."""
    der = _LEAF.der.replace(b"\x06\x03\x55\x1d\x0e", b"\x06\x03\x55\x1d\x1f")
    with pytest.raises(lib.DuplicateExtension):
        _ = lib.load_der_x509_certificate(der).extensions
    assert parse(der).signs


def test_only_http_addresses_are_kept() -> None:
    """LDAP, and what is no address, are no use to the services; their number is bounded."""
    assert _parsed(_ISSUING, crl="ldap://ldap.test/cn=crl").crl == ()
    assert _parsed(_ISSUING, crl="http://a.test/" + "x" * 600).crl == ()


def test_padding_behind_a_certificate_is_cut() -> None:
    """Files on cards have a fixed size; what was not written is 00 or FF."""
    for padding in (b"\0" * 100, b"\xff" * 100):
        assert parse(_LEAF.der + padding).der == _LEAF.der


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\0",
        b"\x30",
        b"\x30\x80",
        b"\x30\x03\x02\x01\x01",
        _LEAF.der[:-1],
        _LEAF.der + b"\x01\x02",
        zlib.compress(_LEAF.der),
        b"\x01\x00\x10\x00" + zlib.compress(_LEAF.der),
        _LEAF.pem,
        b"\x30\x84\xff\xff\xff\xff" + b"\0" * 50,
        b"\x30\x83\x02\x00\x00" + b"\0" * 0x20000,
    ],
    ids=range(12),
)
def test_what_is_no_certificate_is_malformed(value: bytes) -> None:
    """Cut, padded with data, compressed, text, far too large."""
    with pytest.raises(Malformed):
        parse(value)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_malformed_and_nothing_else(value: bytes) -> None:
    """The only exception is Malformed."""
    with pytest.raises(Malformed):
        parse(value)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(_LEAF.der) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_changed_certificate_is_read_or_malformed(changes: list[tuple[int, int]]) -> None:
    """Mutations of a real one: every accessor answers, or parsing says Malformed."""
    value = bytearray(_LEAF.der)
    for at, byte in changes:
        value[at] = byte
    try:
        found = parse(bytes(value))
    except Malformed:
        return
    assert isinstance(x509.algorithm(found) + x509.signature(found), str)
    assert x509.serial(found)
