"""Which addresses a locality may tell agents to measure. Names are looked at again by the agent, once resolved."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

SCHEMES = ("http", "https", "ws", "wss")
EXPECTED = "expected an address that begins with http://, https://, ws:// or wss://"
KEYS = ("url", "target", "anchors", "known_good")
"""Parameters that hold addresses."""
Where = tuple[str | int, ...]
_FORBIDDEN = tuple(
    ipaddress.ip_network(text)
    for text in (
        # this network, link-local with the clouds' metadata service, Alibaba's, multicast, reserved and broadcast
        "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128",
    )
)  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")


def fault(url: str) -> str | None:
    """Why `url` cannot be measured, None when it can."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname or parts.port == 0 or "{" in url:
            return f"{EXPECTED}, got {url!r}"
        if parts.username is not None or parts.password is not None:
            return "expected no user name or password in an address"
    except ValueError:
        return f"{EXPECTED}, got {url!r}"
    return forbidden(parts.hostname)


def forbidden(host: str) -> str | None:
    """Why the literal address `host` may not be measured; None for others and for names."""
    address = literal(host)
    if address is None or not any(meant in network for meant in _meanings(address) for network in _FORBIDDEN):
        return None
    return f"{host} may not be measured: link-local, metadata, multicast and reserved addresses are nobody's system"


def literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """`host` as an address; 2852039166 and 0xa9.254.43518 too, as connecting to them would."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)) if host[:1].isdigit() and " " not in host else None
    except OSError:
        return None


def _meanings(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """`address`, and the IPv4 address inside it."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            yield inner
        elif address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def faults(params: dict[str, Any]) -> Iterator[tuple[Where, str]]:
    """Each address in `params` that may not be measured: where it stands, and why not."""
    for key in KEYS:
        for where, text in _texts(params.get(key), (key,)):
            wrong = fault(text) if "://" in text else forbidden(_host(text))
            if wrong and not text.startswith("{"):
                yield where, wrong


def _texts(value: Any, where: Where) -> Iterator[tuple[Where, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, (*where, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in KEYS:
                yield from _texts(item, (*where, key))


def _host(text: str) -> str:
    """The host of ``host``, ``host:port`` or ``[address]:port``."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
