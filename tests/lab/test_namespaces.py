"""The lab itself: an office of namespaces that reaches its server over both families, and leaves nothing behind."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.lab.namespaces import Office, office


def _listed() -> str:
    return subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("ipv4", "ipv6"), [(True, True), (True, False), (False, True)])
def test_the_pc_reaches_the_server_by_the_families_there_are(ipv4: bool, ipv6: bool) -> None:
    """And by no other."""
    with office(ipv4=ipv4, ipv6=ipv6) as here:
        server = here.server.call(lambda: socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True))
        with server:
            reached = [_reaches(here, address) for address in Office.SERVER]
    assert reached == [ipv4, ipv6]


def _reaches(here: Office, address: str) -> bool:
    try:
        here.pc.call(lambda: socket.create_connection((address, 80), 5)).close()
    except OSError:
        return False
    return True


def test_a_command_asks_the_name_servers_of_its_namespace() -> None:
    """Not the machine's."""
    with office(ipv6=False) as here:
        here.pc.resolver("198.51.100.53")
        assert here.pc.run("cat", "/etc/resolv.conf").stdout.splitlines()[0] == "nameserver 198.51.100.53"


def test_nothing_is_left() -> None:
    """Namespaces and their resolver files go, after a failure too."""
    names: list[str] = []

    def fail() -> None:
        with office() as here:
            names.extend(space.name for space in (here.pc, here.router, here.isp, here.server))
            here.pc.resolver("198.51.100.53")
            assert all(name in _listed() for name in names)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not any(name in _listed() for name in names)
    assert not (Path("/etc/netns") / names[0]).exists()
