"""Which name servers a PC uses, what may be configured, and that what is said is what was declared."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.dns import CHECK, FACTS, Params, servers, summarise
from checks.kit.child import ChildError
from checks.kit.datagram import Used, endpoint
from checks.kit.host import Host, System
from checks.kit.interview import shown
from checks.kit.model import Outcome, Reason, decode_params
from checks.kit.nameservers import from_registry, from_resolv_conf
from checks.kit.resolvers import Asked, Seen, Server, Told
from tests.checks.conftest import environment

ADAPTERS: list[dict[str, Any]] = [
    # a lease, a connection set by hand, a cable that was never in, IPv6 set by hand: as regedit exports them
    {"EnableDHCP": 1, "DhcpIPAddress": "192.168.1.23", "DhcpNameServer": "192.168.1.1 203.162.4.191",
     "NameServer": ""},
    {"EnableDHCP": 0, "IPAddress": ["10.10.4.7"], "NameServer": "10.10.0.2,192.168.1.1"},
    {"EnableDHCP": 1, "DhcpIPAddress": "0.0.0.0", "DhcpNameServer": "172.16.0.1"},
    {"NameServer": "2001:4860:4860::8888"},
    {},
]  # fmt: skip


def test_resolv_conf_is_read_as_the_c_library_reads_it() -> None:
    """Three at most, no comments, no nonsense; none means this machine."""
    text = "# by hand\nsearch gov.vn\nnameserver 192.168.1.1\nnameserver fe80::1%eth0\n nameserver  8.8.8.8 # x\n"
    assert from_resolv_conf(text + "nameserver 1.1.1.1\n") == ["192.168.1.1", "fe80::1%eth0", "8.8.8.8"]
    assert from_resolv_conf("nameserver\nnameserver router\noptions rotate\n") == ["127.0.0.1"]
    assert from_resolv_conf(None) == ["127.0.0.1"]


def test_the_registry_gives_the_servers_of_connected_adapters() -> None:
    """Recorded values; not yet proven on a PC."""
    assert from_registry(ADAPTERS) == ["192.168.1.1", "203.162.4.191", "10.10.0.2", "2001:4860:4860::8888"]
    assert from_registry([]) == []


def test_what_stands_behind_the_stub_is_asked_beside_it() -> None:
    """It cannot decide: programs only ask the stub."""
    files = {
        "/etc/resolv.conf": "nameserver 127.0.0.53\n",
        "/run/systemd/resolve/resolv.conf": "nameserver 192.168.1.1\nnameserver 8.8.8.8\n",
    }
    params = decode_params(CHECK, {"host": "a.vn", "servers": ["system", "[2001:db8::1]:5353", "9.9.9.9"]})
    assert servers(params, files.get) == (
        Server("127.0.0.53", 53, "system"),
        Server("192.168.1.1", 53, "upstream"),
        Server("8.8.8.8", 53, "upstream"),
        Server("2001:db8::1", 5353, "configured"),
        Server("9.9.9.9", 53, "configured"),
    )


def test_only_public_addresses_leave_the_pc() -> None:
    """Others are called by their kind."""
    addresses = ("203.162.4.191", "192.168.1.1", "127.0.0.53", "fe80::1%eth0", "fd00::1")
    kinds = ["203.162.4.191", "private", "loopback", "link_local", "private"]
    assert [shown(address) for address in addresses] == kinds


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "host: a name to look up is needed, here or in names"),
        ({"host": "no name"}, "host: 'no name' is no name"),
        ({"host": "a.vn", "servers": ["dns.google"]}, "servers: 'dns.google' is no address and not `system`"),
        ({"host": "a.vn", "servers": ["8.8.8.8:0"]}, "servers: '8.8.8.8:0' is no server: expected host"),
        ({"host": "a.vn\n"}, "is no name"),
        ({"host": "a.vn", "servers": []}, "length >= 1"),
        ({"host": "a.vn", "expect": ["10.0.0.0/33"]}, "expect: '10.0.0.0/33' is no address and no network"),
        ({"host": "a.vn", "expect": ["gov.vn"]}, "expect: 'gov.vn' is no address and no network"),
        ({"host": "a.vn", "records": ["MX"]}, "Invalid enum value 'MX'"),
        ({"host": "a.vn", "canary": "*"}, "canary: '*' is no name"),
        ({"names": ["-a.vn"]}, "names: '-a.vn' is no name"),
    ],
)
def test_parameters_that_cannot_work_are_refused(params: dict[str, Any], words: str) -> None:
    """With the field's name."""
    with pytest.raises(msgspec.ValidationError) as why:
        decode_params(CHECK, params)
    assert words in str(why.value)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("ntp.vnnic.vn", "ntp.vnnic.vn", 53),
        ("10.0.0.1:5353", "10.0.0.1", 5353),
        ("2001:db8::1", "2001:db8::1", 53),
        ("[2001:db8::1]", "2001:db8::1", 53),
        ("[2001:db8::1]:99", "2001:db8::1", 99),
        ("fe80::1%eth0", "fe80::1%eth0", 53),
    ],
)
def test_servers_are_written_as_people_write_them(text: str, host: str, port: int) -> None:
    """With or without a port."""
    found = endpoint(text, 53)
    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize("text", ["", ":53", "a:", "a:b", "a:70000", "[::1", "[::1]53", "a b", "[]:1", "đ.vn"])
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no server"):
        endpoint(text, 53)


def test_a_target_that_is_an_address_needs_no_lookup() -> None:
    """Nothing is asked."""
    for params in (Params(host="203.0.113.10"), Params(names=("2001:db8::1", "10.0.0.1"))):
        assert CHECK.run(params, environment()).outcome is Outcome.NOT_APPLICABLE


def test_a_child_that_fails_leaves_the_name_servers_unjudged() -> None:
    """Not measured is not failing."""

    class Broken:
        def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
            raise ChildError(Reason.CHILD_MEMORY, "it needed more memory than it may use")

    reading = CHECK.run(Params(host="a.vn"), environment(child=Broken()))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.CHILD_MEMORY)


def test_windows_asks_the_child_for_its_servers(tmp_path: Path) -> None:
    """Only there is the registry; not yet proven on a PC."""
    orders = []

    class Windows(Host):
        def system(self) -> System:
            return System("windows", "10.0.19045", "amd64")

    class Recorder:
        def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
            orders.append(argument.registry)
            return Told([], Used())

    env = environment(host=Windows(str(tmp_path)), child=Recorder())
    reading = CHECK.run(Params(host="a.vn"), env)
    CHECK.run(Params(host="a.vn", servers=("8.8.8.8",)), env)
    assert orders == [True, False]
    assert (reading.reason, reading.detail) == (Reason.DNS_TIMEOUT, "no name server is set on this PC")


def test_a_pc_that_forbids_the_question_is_not_measured() -> None:
    """Its own firewall says nothing of the name server."""
    asked = Asked(name="a.vn", record="A", reason=Reason.PERMISSION, detail="this device forbids asking")
    told = Told([Seen(server=Server("8.8.8.8", 53, "system"), asked=[asked])], Used(), ["8.8.8.8"])
    reading = summarise(Params(host="a.vn"), told)
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.PERMISSION)
    assert set(reading.facts) == {fact.name for fact in FACTS}


def test_median_of_several_names_is_one_sample() -> None:
    """Two samples with the same labels would be two values of one series."""
    asked = [Asked(name=f"{took}.vn", record="A", took=took, found=("203.0.113.1",)) for took in (0.1, 0.5, 0.2)]
    told = Told([Seen(server=Server("8.8.8.8", 53, "system"), asked=asked)], Used(), ["8.8.8.8"])
    params = Params(names=("0.1.vn", "0.5.vn", "0.2.vn"))
    found = [one for one in summarise(params, told).samples if one.name == "dns_lookup"]
    assert [(one.value, one.labels) for one in found] == [
        (0.2, {"server": "1", "record": "a", "transport": "udp"})
    ]  # fmt: skip


def test_every_label_value_has_words() -> None:
    """In both languages, and six servers at most."""
    for metric in CHECK.metrics:
        assert all(set(words) == {"vi", "en"} for words in metric.words.values())
    [lookup] = [metric for metric in CHECK.metrics if metric.name == "dns_lookup"]
    assert set(lookup.words) == {*"123456", "a", "aaaa", "cname", "udp", "tcp"}


def test_the_resident_agent_does_not_load_dnspython() -> None:
    """Nor what only a child needs; dnspython alone is 8 MiB."""
    import subprocess
    import sys

    heavy = ("dns", "ntplib", "ctypes", "checks.kit.interview")
    code = f"import sys, checks.dns, checks.clock; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout == "[]\n"
