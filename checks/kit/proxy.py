"""Which proxy, if any, leads to an address, and the tunnel through it (RFC 9110 §9.3.6).

The system's are those of the environment (``http_proxy``, ``https_proxy``, ``all_proxy``, ``no_proxy``, in small or
capital letters); on Windows the registry's, for the whole machine: written from the documentation, not yet proven on
a PC. Scripts that choose a proxy (PAC) are not run.
"""

from __future__ import annotations

import binascii
import contextlib
import os
import re
import socket
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from checks.kit import guard, http1
from checks.kit.failure import NetError
from checks.kit.http1 import Response
from checks.kit.model import Reason
from checks.kit.url import Url, parse

SYSTEM, NONE = "system", "none"
INTERNET_SETTINGS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
_SHAPE = re.compile(r"(?:([a-z0-9]+)://)?(?:([^@/]*)@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?/?", re.I)
_KIND = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
_UNREACHED = {502: Reason.TCP_UNREACHABLE, 504: Reason.TCP_TIMEOUT}


class Proxy(Struct, frozen=True):
    """A proxy that speaks HTTP. ``authorization`` is what it is told of who asks, and never leaves this device
    otherwise."""

    host: str
    port: int
    authorization: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The header that it wants besides those for the server."""
        return (f"Proxy-Authorization: {self.authorization}",) if self.authorization else ()


def check(setting: str) -> None:
    """Raises ValueError unless `setting` is ``system``, ``none`` or ``http://host:port``, without a user name."""
    if setting not in (SYSTEM, NONE):
        _configured(setting)


def choose(setting: str, url: Url, host: Any, environment: Mapping[str, str] = os.environ) -> Proxy | None:
    """The proxy on the way to `url`, or None: this machine itself is reached without one.

    Raises NetError: UNSUPPORTED for a proxy of the system's that does not speak HTTP, BAD_PARAMS for one that cannot
    be read.
    """
    if setting == NONE or guard.is_loopback(url.host):
        return None
    if setting != SYSTEM:
        return _configured(setting)
    if host.system().name == "windows":
        return from_registry(url, *(host.registry(INTERNET_SETTINGS, name) for name in _VALUES))
    return from_environment(url, environment)


def _configured(setting: str) -> Proxy:
    found = parse(setting, ("http",))
    if found.path != "/":
        raise ValueError("a proxy is http://host:port, nothing behind it")
    return Proxy(found.host, found.port)


def from_environment(url: Url, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy that these variables name for `url`."""

    def value(name: str) -> str:
        return environment.get(name) or environment.get(name.upper()) or ""

    if any(_excluded(url, entry.strip()) for entry in value("no_proxy").split(",")):
        return None
    named = value(f"{_KIND[url.scheme]}_proxy") or value("all_proxy")
    return read(named) if named else None


_VALUES = ("ProxyEnable", "ProxyServer", "ProxyOverride")


def from_registry(url: Url, enabled: object, server: object, override: object) -> Proxy | None:
    """The proxy that the values ProxyEnable, ProxyServer (``host:port`` or ``http=host:port;https=…``) and
    ProxyOverride (``*.example;<local>``) name for `url`."""
    if not enabled or not isinstance(server, str) or not server.strip():
        return None
    rules = override.split(";") if isinstance(override, str) else []
    if any(_overridden(url.host, rule.strip().lower()) for rule in rules):
        return None
    named = [entry.partition("=") for entry in server.replace(" ", ";").split(";") if entry]
    for kind, sign, address in named:
        if not sign or kind.lower() == _KIND[url.scheme]:
            return read(address if sign else kind)
    return None


def read(named: str) -> Proxy:
    """A proxy as systems name it: ``[http://][user:password@]host[:port]``. Raises NetError."""
    found = _SHAPE.fullmatch(named.strip())
    if not found or not 0 < int(found[4] or 80) < 65536:
        raise NetError(Reason.BAD_PARAMS, "the system's proxy address cannot be read")
    if (found[1] or "http").lower() != "http":
        raise NetError(Reason.UNSUPPORTED, "the system's proxy is of a kind that is not spoken here")
    authorization = ""
    if found[2]:
        user = re.sub(rb"%([0-9A-Fa-f]{2})", lambda two: bytes([int(two[1], 16)]), found[2].encode())
        authorization = "Basic " + binascii.b2a_base64(user, newline=False).decode("ascii")
    return Proxy(found[3].lower().strip("[]"), int(found[4] or 80), authorization)


def tunnel(net: Any, sock: socket.socket, proxy: Proxy, url: Url, timeout: float) -> float:
    """Opens the way to `url` through the proxy at the end of `sock`; how long that took (seconds).

    Raises NetError: PROXY_AUTH; PROXY_REFUSED; TCP_UNREACHABLE and TCP_TIMEOUT when the proxy says that it could not
    reach the system, the latter also when it says nothing: it took the connection, so it waits itself.
    """
    host = f"[{url.host}]" if ":" in url.host else url.host
    lines = (f"CONNECT {host}:{url.port} HTTP/1.1", f"Host: {host}:{url.port}", f"User-Agent: {http1.AGENT}")
    request = "\r\n".join((*lines, *proxy.fields, "", "")).encode("latin-1")
    try:
        answer: Response = net.request(sock, request, timeout, 0)
    except NetError as why:
        if why.reason in (Reason.HTTP_TIMEOUT, Reason.HTTP_SLOW):
            raise NetError(Reason.TCP_TIMEOUT, "the proxy opened no way to the system in time") from None
        raise NetError(Reason.PROXY_REFUSED, "what answers at the proxy's address is no proxy") from None
    if answer.status == 407:
        raise NetError(Reason.PROXY_AUTH, "a proxy wants a name and a password")
    if answer.status in _UNREACHED:
        raise NetError(_UNREACHED[answer.status], f"the proxy could not reach the system ({answer.status})")
    if not 200 <= answer.status < 300:
        raise NetError(Reason.PROXY_REFUSED, f"the proxy answered {answer.status}")
    return answer.request + answer.ttfb + answer.transfer


def _excluded(url: Url, entry: str) -> bool:
    """Whether `entry` of no_proxy means `url`: ``*``, a name with all below it, an address, or a network."""
    if entry == "*":
        return True
    bare = entry.lower().strip("[]").removeprefix("*").lstrip(".")
    if not bare:
        return False
    if "/" in bare:
        return _within(url.host, *bare.split("/", 1))
    if bare in (url.host, f"{url.host}:{url.port}"):
        return True
    return not guard.is_literal(url.host) and url.host.endswith(f".{bare}")


def _within(host: str, network: str, length: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        family = socket.AF_INET6 if ":" in network else socket.AF_INET
        one, other = socket.inet_pton(family, host), socket.inet_pton(family, network)
        spare = len(one) * 8 - int(length)
        return spare >= 0 and int.from_bytes(one, "big") >> spare == int.from_bytes(other, "big") >> spare
    return False


def _overridden(host: str, rule: str) -> bool:
    if rule == "<local>":
        return "." not in host and ":" not in host
    return bool(rule) and bool(re.fullmatch(re.escape(rule).replace(r"\*", ".*"), host))
