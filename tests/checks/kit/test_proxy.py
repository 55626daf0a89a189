"""Which proxy leads where, by the environment and by recorded values of a registry."""

from __future__ import annotations

from typing import Any

import pytest

from checks.kit.failure import NetError
from checks.kit.host import System
from checks.kit.model import Reason
from checks.kit.proxy import INTERNET_SETTINGS, Proxy, choose, from_environment, from_registry, read
from checks.kit.url import parse

OFFICE = Proxy("proxy.example", 3128)


class Machine:
    """A PC with these values in its registry, or a Linux one when there are none."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def system(self) -> System:
        return System("windows" if self._values else "linux", "10.0.19045", "amd64")

    def registry(self, key: str, value: str) -> Any:
        assert key == INTERNET_SETTINGS
        return self._values.get(value)


@pytest.mark.parametrize(
    ("variables", "url", "found"),
    [
        ({}, "http://a.example/", None),
        ({"http_proxy": "http://proxy.example:3128"}, "http://a.example/", OFFICE),
        ({"http_proxy": "http://proxy.example:3128"}, "ws://a.example/", OFFICE),
        ({"http_proxy": "http://proxy.example:3128"}, "https://a.example/", None),
        ({"HTTPS_PROXY": "proxy.example:3128/"}, "https://a.example/", OFFICE),
        ({"https_proxy": "PROXY.example:3128", "HTTPS_PROXY": "other"}, "wss://a.example/", OFFICE),
        ({"ALL_PROXY": "proxy.example:3128"}, "https://a.example/", OFFICE),
        ({"http_proxy": "http://[2001:db8::1]:3128"}, "http://a.example/", Proxy("2001:db8::1", 3128)),
        ({"http_proxy": "proxy.example"}, "http://a.example/", Proxy("proxy.example", 80)),
        ({"http_proxy": ""}, "http://a.example/", None),
    ],
)
def test_the_environment_names_a_proxy_by_scheme(variables: dict[str, str], url: str, found: Proxy | None) -> None:
    """Small letters before capital ones, ``all_proxy`` last, as curl does."""
    assert from_environment(parse(url), variables) == found


@pytest.mark.parametrize(
    ("entry", "host", "direct"),
    [
        ("*", "a.example", True), ("a.example", "a.example", True), ("a.example", "b.a.example", True),
        (".a.example", "b.a.example", True), (".a.example", "a.example", True), ("*.a.example", "b.a.example", True),
        ("a.example", "ba.example", False), ("A.Example", "a.example", True), ("", "a.example", False),
        ("a.example:8080", "a.example", True), ("a.example:81", "a.example", False),
        ("10.0.0.0/8", "10.1.2.3", True), ("10.0.0.0/8", "11.1.2.3", False), ("10.0.0.0/33", "10.0.0.0", False),
        ("10.0.0.0/x", "10.0.0.0", False), ("10.0.0.0/8", "a.example", False), ("2001:db8::/32", "2001:db8::1", True),
        ("[2001:db8::1]", "2001:db8::1", True), ("10.1.2.3", "10.1.2.3", True), ("2.3", "10.1.2.3", False),
    ],
)  # fmt: skip
def test_no_proxy_names_hosts_domains_and_networks(entry: str, host: str, direct: bool) -> None:
    """A domain means all below it."""
    url = parse(f"http://[{host}]:8080/" if ":" in host else f"http://{host}:8080/")
    variables = {"http_proxy": "proxy.example:3128", "no_proxy": f"other.example, {entry}"}
    assert from_environment(url, variables) == (None if direct else OFFICE)


@pytest.mark.parametrize(
    ("server", "url", "found"),
    [
        ("proxy.example:3128", "https://a.example/", OFFICE),
        ("http=other:80;https=proxy.example:3128;ftp=x:21", "https://a.example/", OFFICE),
        ("http=proxy.example:3128", "https://a.example/", None),
        ("http=proxy.example:3128 https=other:80", "http://a.example/", OFFICE),
        ("", "http://a.example/", None),
        (None, "http://a.example/", None),
    ],
)
def test_the_registry_names_one_proxy_or_one_by_scheme(server: Any, url: str, found: Proxy | None) -> None:
    """As Internet settings write it; recorded, not yet proven on a PC."""
    assert choose("system", parse(url), Machine(ProxyEnable=1, ProxyServer=server)) == found
    assert choose("system", parse(url), Machine(ProxyEnable=0, ProxyServer=server)) is None


@pytest.mark.parametrize(
    ("override", "host", "direct"),
    [("*.example;<local>", "a.example", True), ("<local>", "motcua", True), ("<local>", "a.example", False),
     ("10.*", "10.1.2.3", True), ("10.*", "a.example", False), ("a.example", "A.example", True), (None, "x", False),
     ("", "x", False), ("a+", "aa", False)],
)  # fmt: skip
def test_the_registry_names_what_is_reached_directly(override: Any, host: str, direct: bool) -> None:
    """Patterns with ``*``; ``<local>`` means names without a dot."""
    found = from_registry(parse(f"http://{host}/"), 1, "proxy.example:3128", override)
    assert found == (None if direct else OFFICE)


def test_the_setting_decides() -> None:
    """None is none, an address is that proxy, and this machine needs no proxy to reach itself."""
    environment = {"http_proxy": "http://proxy.example:3128"}
    away, here = parse("http://a.example/"), parse("http://127.0.0.1:8420/")
    assert choose("system", away, Machine(), environment) == OFFICE
    assert choose("none", away, Machine(), environment) is None
    assert choose("http://other:81", away, Machine(), environment) == Proxy("other", 81)
    assert choose("http://other:81", here, Machine(), environment) is None
    assert choose("system", here, Machine(), environment) is None


def test_the_systems_user_name_is_told_to_the_proxy_only() -> None:
    """As the PC's other programs do: percent-decoded, in the header."""
    assert read("http://can%20bo:b%C3%AD@proxy.example:3128").fields == ("Proxy-Authorization: Basic Y2FuIGJvOmLDrQ==",)
    assert OFFICE.fields == ()


@pytest.mark.parametrize(
    ("named", "reason"),
    [("socks5://proxy.example:1080", Reason.UNSUPPORTED), ("https://proxy.example", Reason.UNSUPPORTED),
     ("http://proxy.example:99999", Reason.BAD_PARAMS), ("http://a b", Reason.BAD_PARAMS),
     ("http://user:secret@", Reason.BAD_PARAMS)],
)  # fmt: skip
def test_a_proxy_that_cannot_be_spoken_to_is_no_fault_of_the_system(named: str, reason: Reason) -> None:
    """Nothing was measured, and the address is not repeated."""
    with pytest.raises(NetError) as caught:
        read(named)
    assert caught.value.reason is reason
    assert "proxy.example" not in caught.value.detail
    assert "secret" not in caught.value.detail
