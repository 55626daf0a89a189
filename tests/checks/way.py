"""Ways to be traced: an office whose neighbours know each other, and what can be wrong behind its router."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from tests.lab.namespaces import Office, office


@contextlib.contextmanager
def way() -> Iterator[Office]:
    """An office in which a first packet is not lost: everyone on the way has found his neighbours."""
    with office() as made:
        made.pc.awaits(*Office.SERVER)
        yield made


def narrow(made: Office, *, honest: bool) -> None:
    """The last link takes 1400 bytes; the router before it says so, or does not."""
    made.isp.ip("link", "set", "server", "mtu", "1400")
    if not honest:
        too_big = ("icmp type destination-unreachable icmp code 4 drop", "icmpv6 type packet-too-big drop")
        made.isp.filter("output", *too_big)


def lower(made: Office) -> None:
    """The office's router lowers what TCP agrees on, as those on PPPoE lines do."""
    made.router.filter("forward", "tcp flags syn tcp option maxseg size set 1340")


def drop(made: Office, *matches: str) -> None:
    """The provider's router forwards nothing that matches."""
    made.isp.filter("forward", *(f"{match} drop" for match in matches))


@contextlib.contextmanager
def listening(made: Office, port: int = 80) -> Iterator[None]:
    """The server takes TCP connections by both families."""
    with contextlib.ExitStack() as stack:
        for family, address in zip((socket.AF_INET, socket.AF_INET6), Office.SERVER, strict=True):

            def serve(family: socket.AddressFamily = family, address: str = address) -> socket.socket:
                return socket.create_server((address, port), family=family)

            stack.enter_context(contextlib.closing(made.server.call(serve)))
        yield
