"""Which addresses a locality may name."""

from __future__ import annotations

import pytest

from collector import address


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "169.254.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3", "224.0.0.251", "255.255.255.255",
        "2852039166", "0xa9.0xfe.43518", "169.254.43518", "fe80::1", "fe80::1%eth0", "ff02::1", "::", "fd00:ec2::254",
        "::ffff:169.254.169.254", "::a9fe:a9fe", "2002:a9fe:a9fe::1", "64:ff9b::a9fe:a9fe",
    ],
)  # fmt: skip
def test_an_address_that_is_nobody_s_system_is_refused(host: str) -> None:
    """However it is written, and inside IPv6 too."""
    assert "may not be measured" in str(address.forbidden(host))
    assert address.fault(f"http://[{host}]/" if ":" in host else f"http://{host}/") is not None


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1", "127.0.0.1", "::1", "192.0.2.1", "fd12::1", "2001:db8::1", "64:ff9b::a00:1", "portal.example.vn",
        "1022.tphcm.gov.vn",
    ],
)  # fmt: skip
def test_any_other_address_may_be_named(host: str) -> None:
    """Private ones, loopback for a service of the PC itself, and names."""
    assert address.fault(f"https://[{host}]:8443/a" if ":" in host else f"wss://{host}/a") is None


@pytest.mark.parametrize(
    "url", ["", "portal", "ftp://a/", "file:///etc/passwd", "http://", "http://a:0/", "http://a:b/", "https://[::1/"]
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert str(address.fault(url)).startswith(address.EXPECTED)


def test_addresses_are_found_inside_parameters() -> None:
    """Where addresses stand, and nowhere else; the collector's own is not looked at."""
    params = {
        "anchors": ["10.0.0.1:53", "169.254.0.1:53", "[fe80::1]:53", "{collector}"],
        "known_good": {"url": "http://224.0.0.1/", "text": "http://224.0.0.1/"},
        "expect_body": "http://169.254.169.254/",
    }
    assert [where for where, _ in address.faults(params)] == [("anchors", 1), ("anchors", 2), ("known_good", "url")]
