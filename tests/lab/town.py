"""Four small offices on real kernel interfaces, each with two ways out: a provider's line, and the dedicated network.

::

    pc — router ——— vnpt ————— systems    offices 0, 1: the systems that wards must reach, by the Internet
    pc — router ——— viettel ——/           offices 2, 3
            \\—————— tslcd ———— centre     all of them: where the collector stands, by the dedicated network

So a line or a provider can be cut while the office still reports, which is when one can be told from the other. VNPT's
customers ask its name server; the other routers know the names themselves, and so still tell them when their line is
cut. Addresses are those that RFC 5737 and RFC 6598 set aside. Needs root.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

from tests.lab.namespaces import Namespace, join

PROVIDERS = ("VNPT", "VNPT", "Viettel", "Viettel")
"""Of each office, as its roster writes it."""
SYSTEMS, CENTRE = "198.51.100.10", "203.0.113.10"
_INTERNET, _DEDICATED = "198.51.100.0/24", "203.0.113.0/24"
NAME_SERVER = "100.67.0.53"
"""VNPT's."""


class Office:
    """A PC and its router, whose interfaces are ``pc``, ``line`` (to its provider) and ``tslcd``."""

    def __init__(self, number: int, provider: Namespace, dedicated: Namespace) -> None:
        self._number, self._provider = number, provider
        self.pc, self.router = Namespace(f"pc{number}"), Namespace(f"router{number}")
        self.lan, self.gateway = f"192.0.2.{16 * number}/28", f"192.0.2.{16 * number + 1}"
        self.router.sysctl("net.ipv4.ip_forward", 1)
        _link(self.pc, "router", f"192.0.2.{16 * number + 10}/28", self.router, "pc", f"{self.gateway}/28")
        for name, there, net in (("line", provider, 64), ("tslcd", dedicated, 65)):
            near, far = f"100.{net}.{number}.2", f"100.{net}.{number}.1"
            _link(self.router, name, f"{near}/24", there, f"office{number}", f"{far}/24")
            _route(there, self.lan, near)
        _route(self.pc, "default", self.gateway)
        _route(self.router, "default", f"100.64.{number}.1")
        _route(self.router, _DEDICATED, f"100.65.{number}.1")
        self.router.hurries("line")

    def cut_line(self) -> None:
        """No carrier, at either end."""
        self._provider.ip("link", "set", f"office{self._number}", "down")

    def mend_line(self) -> None:
        self._provider.ip("link", "set", f"office{self._number}", "up")
        _route(self._provider, self.lan, f"100.64.{self._number}.2")

    def remove(self) -> None:
        self.pc.remove()
        self.router.remove()


class Town:
    """``offices`` in the order of PROVIDERS; `hosts` are the addresses of the names that the name servers know."""

    def __init__(self, hosts: dict[str, str]) -> None:
        self._records = [f"--address=/{name}/{address}" for name, address in hosts.items()]
        self.systems, self.centre, self._dedicated = (Namespace(role) for role in ("systems", "centre", "tslcd"))
        self._providers = {name: Namespace(name.lower()) for name in dict.fromkeys(PROVIDERS)}
        for space in (self._dedicated, *self._providers.values()):
            space.sysctl("net.ipv4.ip_forward", 1)
        self.systems.ip("addr", "add", f"{SYSTEMS}/32", "dev", "lo")
        _link(self._dedicated, "centre", "203.0.113.1/24", self.centre, "tslcd", f"{CENTRE}/24")
        _route(self.centre, "192.0.2.0/24", "203.0.113.1")
        for number, (name, space) in enumerate(self._providers.items()):
            _link(space, "systems", f"100.66.{number}.1/24", self.systems, name.lower(), f"100.66.{number}.2/24")
            _route(space, _INTERNET, f"100.66.{number}.2")
            space.hurries("systems")
        self.offices = [Office(number, self._providers[name], self._dedicated) for number, name in enumerate(PROVIDERS)]
        for name in self._providers:
            self._route_back(name)
        self._set_up_names()

    def _set_up_names(self) -> None:
        vnpt = self._providers["VNPT"]
        vnpt.ip("addr", "add", f"{NAME_SERVER}/32", "dev", "lo")
        self._servers = {NAME_SERVER: self._names(vnpt, NAME_SERVER)}
        for office, provider in zip(self.offices, PROVIDERS, strict=True):
            if provider == "VNPT":
                office.pc.resolver(NAME_SERVER)
            else:
                office.pc.resolver(office.gateway)
                self._servers[office.gateway] = self._names(office.router, office.gateway)

    def _names(self, space: Namespace, address: str) -> subprocess.Popen[bytes]:
        return space.start(
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
            "--pid-file=", f"--listen-address={address}", "--bind-interfaces", *self._records,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def stop_name_server(self) -> None:
        """VNPT's; its machine goes on."""
        _end(self._servers.pop(NAME_SERVER))

    def start_name_server(self) -> None:
        self._servers[NAME_SERVER] = self._names(self._providers["VNPT"], NAME_SERVER)

    def cut_provider(self, name: str) -> None:
        """What joins it to the rest of the Internet: its customers' lines stay as they are."""
        self.systems.ip("link", "set", name.lower(), "down")

    def mend_provider(self, name: str) -> None:
        self.systems.ip("link", "set", name.lower(), "up")
        self._route_back(name)

    def _route_back(self, name: str) -> None:
        number = list(self._providers).index(name)
        for office, provider in zip(self.offices, PROVIDERS, strict=True):
            if provider == name:
                _route(self.systems, office.lan, f"100.66.{number}.1")

    def remove(self) -> None:
        for process in self._servers.values():
            _end(process)
        for office in self.offices:
            office.remove()
        for space in (self.systems, self.centre, self._dedicated, *self._providers.values()):
            space.remove()


@contextlib.contextmanager
def town(hosts: dict[str, str]) -> Iterator[Town]:
    """A :class:`Town`, gone at the end."""
    built = Town(hosts)
    try:
        yield built
    finally:
        built.remove()


def _link(one: Namespace, name: str, here: str, other: Namespace, there: str, far: str) -> None:
    join(one, name, other, there)
    one.ip("addr", "add", here, "dev", name)
    other.ip("addr", "add", far, "dev", there)


def _route(space: Namespace, to: str, via: str) -> None:
    space.ip("route", "add", to, "via", via)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
