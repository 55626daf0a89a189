"""Addresses that nothing connects to, in every form they can be written."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.guard import forbidden, is_literal, is_loopback

_ALWAYS = (
    "0.0.0.0", "0.1.2.3", "169.254.0.1", "169.254.169.254", "100.100.100.200", "224.0.0.1", "239.255.255.250",
    "255.255.255.255", "::", "fe80::1", "fe80::1%eth0", "febf::1", "ff02::1", "fd00:ec2::254",
)  # fmt: skip
_LOOPBACK = ("127.0.0.1", "127.255.255.254", "::1")
_ALLOWED = (
    "8.8.8.8", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "100.100.100.201", "169.253.0.1", "198.51.100.10",
    "2001:db8::1", "fd00::1", "fec0::1", "2400::1",
)  # fmt: skip


@pytest.mark.parametrize("address", _ALWAYS)
def test_what_no_target_may_be_is_refused(address: str) -> None:
    """Whether loopback is allowed or not."""
    assert forbidden(address)
    assert forbidden(address, loopback=True)


@pytest.mark.parametrize("address", _LOOPBACK)
def test_loopback_is_refused_unless_it_was_meant(address: str) -> None:
    """A name that leads to the machine itself is an attack; the parameter that says so is the PC's own service."""
    assert forbidden(address)
    assert not forbidden(address, loopback=True)


@pytest.mark.parametrize("address", _ALLOWED)
def test_offices_and_the_internet_are_allowed(address: str) -> None:
    """Private networks too: that is where a province's systems are."""
    assert not forbidden(address)


_FORMS = ("::ffff:{dotted}", "::{dotted}", "::ffff:0:{dotted}", "64:ff9b::{dotted}", "64:ff9b:1::{dotted}",
          "2002:{high}:{low}::1", "64:ff9b:1:{high}:{inner}::")  # fmt: skip


def _forms(address: str) -> list[str]:
    one, two, three, four = socket.inet_aton(address)
    return [
        form.format(
            dotted=address, high=f"{one:02x}{two:02x}", low=f"{three:02x}{four:02x}", inner=f"{three:x}:{four:02x}00"
        )
        for form in _FORMS
    ]


@pytest.mark.parametrize("address", ["169.254.169.254", "127.0.0.1", "100.100.100.200", "224.0.0.1", "255.255.255.255"])
def test_an_ipv6_address_that_carries_a_refused_one_is_refused(address: str) -> None:
    """Mapped, compatible, translated, 6to4, NAT64 well-known and of one's own."""
    assert [form for form in _forms(address) if not forbidden(form)] == []


def test_an_ipv6_address_that_carries_a_public_one_is_allowed() -> None:
    """An office with IPv6 only reaches the old Internet through NAT64."""
    assert not forbidden("64:ff9b::203.0.113.7")
    assert not forbidden("2002:cb00:7107::1")


@pytest.mark.parametrize(
    "text", ["", "name.example", "1.2.3", "0x7f.1", "2130706433", "::1]", "1.2.3.4\0", "192.0.2.1%eth0"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Nothing is connected to that was not understood."""
    assert forbidden(text, loopback=True)
    assert not is_literal(text)


@given(st.integers(0, 2**32 - 1))
def test_every_ipv4_address_that_is_not_plain_unicast_is_refused(number: int) -> None:
    """Against the standard library's own reading."""
    address = ipaddress.IPv4Address(number)
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        assert forbidden(str(address))


@given(st.integers(0, 2**128 - 1) | st.integers(0xFE80 << 112, (0xFEC0 << 112) - 1) | st.integers(0, 2**33))
def test_every_ipv6_address_that_is_not_plain_unicast_is_refused(number: int) -> None:
    """Against the standard library's own reading."""
    address = ipaddress.IPv6Address(number)
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        assert forbidden(str(address))
    elif address.ipv4_mapped:
        assert forbidden(str(address)) == forbidden(str(address.ipv4_mapped))


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("LOCALHOST.", True), ("a.localhost", True), ("127.0.0.1", True), ("127.9.9.9", True),
     ("::1", True), ("localhost.example", False), ("127.1", False), ("::ffff:127.0.0.1", False), ("10.0.0.1", False)],
)  # fmt: skip
def test_only_what_plainly_says_so_is_this_machine(host: str, own: bool) -> None:
    """A short or a carried form is somebody hiding it."""
    assert is_loopback(host) is own
