"""Network namespaces of a test's own: a small office and the way out of it, on real kernel interfaces. Needs root.

Addresses are those that RFC 5737, RFC 3849 and RFC 6598 set aside: nothing here can leave the machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count()
_indexes = itertools.count(100)
T = TypeVar("T")


class Namespace:
    """One network namespace. Threads and processes started inside it stay in it."""

    def __init__(self, role: str) -> None:
        self.name = f"ss{os.getpid()}-{next(_numbers)}-{role}"
        _ip("netns", "add", self.name)
        for setting in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{setting}.accept_dad", 0)
            self.sysctl(f"net.ipv6.conf.{setting}.disable_ipv6", 0)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words: str) -> None:
        _ip("-n", self.name, *words)

    def sysctl(self, name: str, value: object) -> None:
        path = "/proc/sys/" + name.replace(".", "/")
        self.run("sh", "-c", f"echo '{value}' > {path}")

    def run(self, *command: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """`command` inside, to its end; its /etc/resolv.conf is the one :meth:`resolver` wrote."""
        options = {"capture_output": True, "text": True, "timeout": 60, **options}
        done = subprocess.run(["ip", "netns", "exec", self.name, *command], check=False, **options)
        if check and done.returncode:
            raise AssertionError(f"{command} in {self.name}: {done.stdout}{done.stderr}")
        return done

    def start(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        """`command` inside, going on; the caller ends it."""
        return subprocess.Popen(["ip", "netns", "exec", self.name, *command], **options)

    def awaits(self, *addresses: str) -> None:
        """Until each of `addresses` has answered: from then on everyone on the way knows his neighbours, and no first
        packet is lost."""
        for address in addresses:
            self.run("ping", "-q", "-c", "1", "-i", "0.02", "-w", "15", address)

    def hurries(self, interface: str) -> None:
        """A neighbour at `interface` who stays silent is given up after 0.6 s, not after three."""
        for family in ("ipv4", "ipv6"):
            self.sysctl(f"net.{family}.neigh.{interface}.retrans_time_ms", 200)
            self.sysctl(f"net.{family}.neigh.{interface}.delay_first_probe_time", 1)

    def filter(self, hook: str, *rules: str, priority: int = 0) -> None:
        """Lets the kernel's packet filter apply `rules`, such as ``meta l4proto udp drop``, at `hook`: ``input``,
        ``forward``, ``output`` or ``prerouting``. :meth:`unfilter` takes all of them away."""
        table = f"inet t{next(_numbers)}"
        made = f"add table {table}; add chain {table} c {{ type filter hook {hook} priority {priority}; }};"
        self.run("nft", made + "".join(f"add rule {table} c {rule};" for rule in rules))

    def unfilter(self) -> None:
        self.run("nft", "flush ruleset")

    def resolver(self, *addresses: str) -> None:
        """Which name servers the commands run inside ask."""
        folder = Path("/etc/netns") / self.name
        folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"nameserver {address}\n" for address in addresses)
        (folder / "resolv.conf").write_text(lines + "options timeout:2 attempts:1\n", "ascii")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Moves this thread into the namespace, with what it starts, and back."""
        with Path("/proc/thread-self/ns/net").open("rb") as home, Path(f"/run/netns/{self.name}").open("rb") as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(home.fileno())

    def call(self, function: Callable[[], T]) -> T:
        """What `function` returns, or raises, in a thread of its own inside."""
        found: list[T] = []
        raised: list[BaseException] = []

        def work() -> None:
            try:
                with self.inside():
                    found.append(function())
            except BaseException as why:
                raised.append(why)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if raised:
            raise raised[0]
        return found[0]

    def at_once(self, *functions: Callable[[], T]) -> list[T]:
        """What each returns, all of them running inside together: for tests in which each waits for silence."""
        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(self.call, functions))

    def remove(self) -> None:
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)
        shutil.rmtree(Path("/etc/netns") / self.name, ignore_errors=True)


class Office:
    """``pc`` — ``router`` — ``isp`` — ``server``, joined by veth pairs. Interfaces are named after who is at the other
    end: in ``pc`` it is ``router``, in ``router`` they are ``pc`` and ``isp``, and so on."""

    PC, ROUTER = ("192.0.2.10", "2001:db8:1::10"), ("192.0.2.1", "2001:db8:1::1")
    WAN, ISP = ("100.64.0.2", "2001:db8:2::2"), ("100.64.0.1", "2001:db8:2::1")
    FAR, SERVER = ("198.51.100.1", "2001:db8:3::1"), ("198.51.100.10", "2001:db8:3::10")

    def __init__(self, *, ipv4: bool = True, ipv6: bool = True) -> None:
        self.families = [index for index, wanted in enumerate((ipv4, ipv6)) if wanted]
        self.pc, self.router, self.isp, self.server = spaces = [
            Namespace(role) for role in ("pc", "router", "isp", "server")
        ]
        for space in spaces[1:3]:
            space.sysctl("net.ipv4.ip_forward", 1)
            space.sysctl("net.ipv6.conf.all.forwarding", 1)
        self._join(self.pc, self.PC, self.router, self.ROUTER, ("router", "pc"))
        self._join(self.router, self.WAN, self.isp, self.ISP, ("isp", "router"))
        self._join(self.isp, self.FAR, self.server, self.SERVER, ("server", "isp"))
        for index in self.families:
            self._route(self.pc, self.ROUTER[index])
            self._route(self.router, self.ISP[index])
            self._route(self.server, self.FAR[index])
            self._route(self.isp, self.WAN[index], ("192.0.2.0/24", "2001:db8:1::/64")[index])

    def _join(
        self, one: Namespace, here: tuple[str, str], other: Namespace, there: tuple[str, str], names: tuple[str, str]
    ) -> None:
        join(one, names[0], other, names[1])
        for space, name, addresses in ((one, names[0], here), (other, names[1], there)):
            for index in self.families:
                space.ip("addr", "add", f"{addresses[index]}/{(24, 64)[index]}", "dev", name)

    def _route(self, space: Namespace, via: str, to: str = "default") -> None:
        space.ip("-6" if ":" in via else "-4", "route", "add", to, "via", via)

    def remove(self) -> None:
        for space in (self.pc, self.router, self.isp, self.server):
            space.remove()


def join(one: Namespace, name: str, other: Namespace, there: str) -> None:
    """A cable between `name` in `one` and `there` in `other`, plugged in and ready. Numbers of their own, because the
    kernel takes an interface whose peer has its number for one without a lower link and tells of its carrier up to a
    second late (``linkwatch_urgent_event``); IPv6 loses what is sent until then."""
    near = ("netns", one.name, "index", str(next(_indexes)))
    far = ("netns", other.name, "index", str(next(_indexes)))
    _ip("link", "add", name, *near, "type", "veth", "peer", there, *far)
    one.ip("link", "set", name, "up")
    other.ip("link", "set", there, "up")


@contextlib.contextmanager
def office(*, ipv4: bool = True, ipv6: bool = True) -> Iterator[Office]:
    """An :class:`Office`, gone at the end."""
    built = Office(ipv4=ipv4, ipv6=ipv6)
    try:
        yield built
    finally:
        built.remove()


@contextlib.contextmanager
def namespace(role: str = "alone") -> Iterator[Namespace]:
    """One namespace with only loopback, gone at the end."""
    made = Namespace(role)
    try:
        yield made
    finally:
        made.remove()


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"ip {' '.join(words)}: {done.stderr.strip()} (network namespaces need root)")


def _setns(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
