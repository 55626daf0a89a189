"""A strict reading of http and https addresses; ``urllib.parse`` would cost the resident agent 0.4 MB."""

from __future__ import annotations

import re

from msgspec import Struct

_SHAPE = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?(/[^#]*|\?[^#]*)?(?:#.*)?", re.I)
_PLAIN = re.compile(r"[!-~]*")
_PORTS = {"http": 80, "https": 443}


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

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(text: str) -> Url:
    """`text` as a Url. Raises ValueError for user names, other schemes, spaces and names that are not ASCII."""
    if not _PLAIN.fullmatch(text):
        raise ValueError("an address holds no spaces and only ASCII: write the host's xn-- form")
    found = _SHAPE.fullmatch(text)
    if not found:
        raise ValueError("expected http://host[:port]/path or https://…")
    scheme, host, port, path = found[1].lower(), found[2].lower().strip("[]"), found[3], found[4] or "/"
    number = int(port) if port else _PORTS[scheme]
    if not 0 < number < 65536:
        raise ValueError("a port is 1 to 65535")
    return Url(scheme, host, number, path if path.startswith("/") else f"/{path}")


def join(base: Url, location: str) -> Url:
    """Where a redirect from `base` to `location` leads (RFC 3986 §5.2, dot segments left alone). Raises ValueError."""
    if re.match(r"[a-z][a-z0-9+.-]*:", location, re.I):
        return parse(location)
    if location.startswith("//"):
        return parse(f"{base.scheme}:{location}")
    root = f"{base.scheme}://{base.authority}"
    path, _, _ = base.path.partition("?")
    if location.startswith("/"):
        return parse(root + location)
    if location.startswith("?"):
        return parse(root + path + location)
    return parse(root + path.rpartition("/")[0] + "/" + location)
