"""Stations on one switch, and who hands out addresses there."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator

from tests.lab.namespaces import Namespace, join, namespace


@contextlib.contextmanager
def lan(*addresses: str) -> Iterator[list[Namespace]]:
    """Stations with these addresses on one switch; each one's interface is ``lan``."""
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(namespace("hub"))
        hub.ip("link", "add", "switch", "type", "bridge")
        hub.ip("link", "set", "switch", "up")
        stations = []
        for number, address in enumerate(addresses):
            station = stack.enter_context(namespace(f"s{number}"))
            join(hub, f"p{number}", station, "lan")
            hub.ip("link", "set", f"p{number}", "master", "switch")
            station.ip("addr", "add", f"{address}/24", "dev", "lan")
            stations.append(station)
        yield stations


@contextlib.contextmanager
def dhcp_server(space: Namespace, router: str, lease: int = 3600) -> Iterator[None]:
    """Debian's dnsmasq at `space`'s interface ``lan``: addresses of 192.0.2.0/24 for `lease` seconds, with `router`."""
    process = space.start(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--no-ping", "--leasefile-ro",
        "--user=root", "--pid-file", "--log-facility=/dev/null", "--interface=lan", "--bind-interfaces",
        "--dhcp-authoritative", f"--dhcp-range=192.0.2.100,192.0.2.120,255.255.255.0,{lease}",
        f"--dhcp-option=3,{router}",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 15
        while ":67 " not in space.run("ss", "-Hlun").stdout:
            assert time.monotonic() < until, "dnsmasq does not listen"
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()
