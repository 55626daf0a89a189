"""Dates and names of certificates."""

from __future__ import annotations

import ssl

import pytest

from checks.kit.tls import Contexts, describe, folded, seconds


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
    organisation = ((("countryName", "VN"),), (("organizationName", "Org"),), (("commonName", "Name"),))
    subject = ((("commonName", "Nguyễn Văn A"),),)
    described = describe({"issuer": organisation, "subject": subject}, b"x")
    assert (described.issuer, described.names) == ("Org", ("Org", "Name"))
    assert describe({"issuer": organisation[2:]}, b"").issuer == "Name"
    assert describe({}, b"").issuer == ""
    assert "Nguyễn" not in str(described)


def test_vietnamese_names_are_compared_without_accents() -> None:
    """Đ is a letter of its own and folds to d."""
    assert folded("  CA phục vụ các cơ quan ĐẢNG G2 ") == folded("ca phuc vu cac co quan dang g2")


@pytest.mark.parametrize("check_time", [True, False])
def test_every_context_verifies(check_time: bool) -> None:
    """Also the one that overlooks dates: chain and name are required."""
    context = Contexts().get("", check_time)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_context_is_built_once() -> None:
    """Building one costs milliseconds and memory."""
    contexts = Contexts()
    assert contexts.get("") is contexts.get("")
    assert contexts.get("") is not contexts.get("", check_time=False)
