"""Ways to be traced: an office whose neighbours know each other, and what can be wrong behind its router."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from tests.lab.namespaces import Office, office


@contextlib.contextmanager
def way() -> Iterator[Office]:
    """An office in which a first packet is not lost: everyone on the way has found his neighbours."""
    with office() as made:
        for address in Office.SERVER:
            until = time.monotonic() + 15
            while made.pc.run("ping", "-c1", "-W1", address, check=False).returncode and time.monotonic() < until:
                pass
        yield made


def narrow(made: Office, *, honest: bool) -> None:
    """The last link takes 1400 bytes; the router before it says so, or does not."""
    made.isp.ip("link", "set", "server", "mtu", "1400")
    if not honest:
        made.isp.run(
            "nft",
            "add table inet hole; add chain inet hole out { type filter hook output priority 0; };"
            "add rule inet hole out icmp type destination-unreachable icmp code 4 drop;"
            "add rule inet hole out icmpv6 type packet-too-big drop",
        )


def drop(made: Office, *matches: str) -> None:
    """The provider's router forwards nothing that matches."""
    rules = "".join(f"add rule inet wall way {match} drop;" for match in matches)
    made.isp.run(
        "nft", "add table inet wall; add chain inet wall way { type filter hook forward priority 0; };" + rules
    )


@contextlib.contextmanager
def listening(made: Office, port: int = 80) -> Iterator[None]:
    """The server takes TCP connections by both families."""
    with contextlib.ExitStack() as stack:
        for family, address in zip((socket.AF_INET, socket.AF_INET6), Office.SERVER, strict=True):

            def serve(family: socket.AddressFamily = family, address: str = address) -> socket.socket:
                return socket.create_server((address, port), family=family)

            stack.enter_context(contextlib.closing(made.server.call(serve)))
        yield
