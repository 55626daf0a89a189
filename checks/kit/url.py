"""A strict reading of http, https, ws and wss addresses; ``urllib.parse`` would cost the resident agent 0.4 MB."""

from __future__ import annotations

import re

from msgspec import Struct

_SHAPE = re.compile(r"(https?|wss?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?(/[^#]*|\?[^#]*)?(?:#.*)?", re.I)
_PLACE = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+):([0-9]{1,5})", re.I)
_PLAIN = re.compile(r"[!-~]*")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
MAX_HOST = 253  # RFC 1035 §2.3.4, without the lengths of the labels
WEB, SOCKETS = ("http", "https"), ("ws", "wss")


class Url(Struct, frozen=True):
    """An address taken apart. ``host`` is lower-case, without brackets; ``path`` keeps its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether it is spoken over TLS."""
        return self.scheme in ("https", "wss")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(text: str, schemes: tuple[str, ...] = (*WEB, *SOCKETS)) -> Url:
    """`text` as a Url. Raises ValueError for user names, other schemes, spaces and names that are not ASCII."""
    if not _PLAIN.fullmatch(text):
        raise ValueError("an address holds no spaces and only ASCII: write the host's xn-- form")
    found = _SHAPE.fullmatch(text)
    if not found or found[1].lower() not in schemes:
        raise ValueError(f"expected {schemes[0]}://host[:port]/path" + "".join(f" or {one}://…" for one in schemes[1:]))
    scheme, host, port, path = found[1].lower(), found[2].lower().strip("[]"), found[3], found[4] or "/"
    if len(host) > MAX_HOST:
        raise ValueError(f"a host name has at most {MAX_HOST} letters")
    return Url(scheme, host, _port(port) if port else _PORTS[scheme], path if path.startswith("/") else f"/{path}")


def web(text: str) -> Url:
    """As :func:`parse`, http and https only."""
    return parse(text, WEB)


def place(text: str) -> tuple[str, int]:
    """Host and port of a web address or of ``host:port``. Raises ValueError."""
    if "://" in text:
        found = web(text)
        return found.host, found.port
    pair = _PLACE.fullmatch(text)
    if not pair:
        raise ValueError("expected http://host[:port]/path, https://… or host:port")
    return pair[1].lower().strip("[]"), _port(pair[2])


def join(base: Url, location: str) -> Url:
    """Where a redirect from `base` to `location` leads (RFC 3986 §5.2, dot segments left alone): http or https only.
    Raises ValueError."""
    if re.match(r"[a-z][a-z0-9+.-]*:", location, re.I):
        return web(location)
    if location.startswith("//"):
        return web(f"{base.scheme}:{location}")
    root = f"{base.scheme}://{base.authority}"
    path, _, _ = base.path.partition("?")
    if location.startswith("/"):
        return web(root + location)
    if location.startswith("?"):
        return web(root + path + location)
    return web(root + path.rpartition("/")[0] + "/" + location)


def _port(text: str) -> int:
    if not 0 < int(text) < 65536:
        raise ValueError("a port is 1 to 65535")
    return int(text)
