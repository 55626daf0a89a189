"""What strangers and thieves may do to the speed server of the installed collector, over real sockets: each is bounded,
and refused by name.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from checks.kit.leasing import CONTEXT, PROOF, PROOF_CONTEXT, Answer, Grant, Want
from checks.kit.ndt7 import DOWNLOAD, SUBPROTOCOL, UPLOAD
from checks.kit.stamp import BASE
from collector.leases.door import STREAMS
from tests.collector.pushing import Signer
from tests.collector.reflecting import packet
from tests.faults.rig import Rig, get, rig
from tests.ports import free_port

CROWD, INSIDE = 10_000, 64
GROWN = 16 << 10
"""KiB, of which 1,084 were measured: nothing is kept of who is turned away, 2 KiB of each would be too much."""
SHORTEST = 41
"""Octets of the shortest packet that is answered: DECISIONS.md, 53."""
SPEED = """\
speed: {{connections: {inside}, open: [127.0.0.0/8], reflector: "127.0.0.1:{port}", reflector_open: [127.0.0.0/8]}}
"""


class Server:
    """The collector as its installed command, with two devices of a unit: keys 1 and 2."""

    def __init__(self, made: Rig) -> None:
        self.rig, self.reflector = made, free_port()
        config = made.config.read_text("utf-8") + SPEED.format(inside=INSIDE, port=self.reflector)
        made.config.write_text(config, "utf-8")
        places = made.folder / "places.yaml"
        places.write_text(places.read_text("utf-8") + "leases: {closed: []}\n", "utf-8")
        self.devices = {key: made.enrol(key) for key in (1, 2)}
        made.start()

    def grant(self, key: int) -> Grant:
        """A lease that the device asks for, as one does at which a technician sits."""
        want = Want(check="bandwidth", seconds=20, bytes=50_000_000, rate=20e6, asked="technician")
        status, answer = self._post(key, msgspec.json.encode(want))
        assert status == 200, answer
        found = msgspec.json.decode(answer, type=Answer).grant
        assert found is not None, answer
        return found

    def give_back(self, key: int, grant: Grant) -> None:
        assert self._post(key, json.dumps({"release": grant.id, "used": 0}).encode())[0] == 200

    def _post(self, key: int, body: bytes) -> tuple[int, bytes]:
        signature = base64.b64encode(Signer(key).sign(CONTEXT + body)).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.rig.port, timeout=30)
        with contextlib.closing(connection):
            headers = {"Sansang-Agent": self.devices[key], "Sansang-Signature": signature}
            connection.request("POST", "/v1/leases", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def memory(self, name: str) -> int:
        """``VmRSS`` or ``VmHWM`` of the collector, KiB."""
        found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{self.rig.pid}/status").read_text("ascii"), re.M)
        assert found
        return int(found[1])

    def until(self, line: str, value: float) -> None:
        """A sample of ``/metrics`` has that value."""
        until = time.monotonic() + 60
        while self.rig.metric(line) != value:
            assert time.monotonic() < until, f"{line} is {self.rig.metric(line):g}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with rig(tmp_path_factory.mktemp("speed")) as made:
        yield Server(made)


def proof(key: int, grant: Grant) -> str:
    return base64.b64encode(Signer(key).sign(PROOF_CONTEXT + grant.token.encode())).decode()


def upgrade(target: str, proven: str = "") -> bytes:
    lines = [
        f"GET {target} HTTP/1.1", "Host: speed.example", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: DOdm+5/Cm3WwvhfcAlhJoQ==",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}", *([f"{PROOF}: {proven}"] if proven else []),
    ]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode()


def ask(port: int, target: str, proven: str = "") -> tuple[str, socket.socket]:
    """``101``, or the status with the code of the refusal; and the connection."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=30)
    sock.sendall(upgrade(target, proven))
    head = sock.recv(4096)
    status = head.split()[1].decode()
    if status == "101":
        return status, sock
    while not head.endswith(b"}"):
        head += sock.recv(4096)
    body = json.loads(head.partition(b"\r\n\r\n")[2])
    return f"{status} {body['error']}", sock


def test_ten_thousand_idle_websockets_take_no_more_than_their_places(server: Server) -> None:
    """So many are let in at a time, the rest hear 503, and agents are answered meanwhile. Who says nothing is ended by
    name, and then there is room again."""
    before = server.memory("VmRSS")
    idle: list[socket.socket] = []
    statuses: dict[str, int] = {}
    try:
        for number in range(CROWD):
            status, sock = ask(server.rig.port, UPLOAD)
            statuses[status] = statuses.get(status, 0) + 1
            if status == "101":
                idle.append(sock)
            else:
                sock.close()
            if number % 1000 == 0:
                assert get(server.rig.port, "/healthz")[0] == 200
                assert server.rig.metric("sansang_collector_speed_connections") <= INSIDE
        grown = server.memory("VmHWM") - before
    finally:
        for sock in idle:
            sock.close()
    assert set(statuses) == {"101", "503 busy"}
    assert statuses["101"] >= INSIDE
    assert server.rig.metric('sansang_collector_speed_refusals_total{code="busy"}') == statuses["503 busy"]
    assert grown < GROWN, f"{grown} KiB more for {statuses}"
    server.until("sansang_collector_speed_connections", 0)
    status, sock = ask(server.rig.port, UPLOAD)
    sock.close()
    assert status == "101"


THEFTS: dict[str, Callable[[Grant], tuple[str, str, str]]] = {
    "a forged token": lambda grant: (grant.token[:-2] + "xx", proof(1, grant), "401 lease_forged"),
    "a lease of another device": lambda grant: (grant.token, proof(2, grant), "403 lease_foreign"),
    "a token without its proof": lambda grant: (grant.token, "", "403 lease_foreign"),
    "the proof of another token": lambda grant: (
        grant.token, proof(1, msgspec.structs.replace(grant, token="x")), "403 lease_foreign"
    ),
}  # fmt: skip


@pytest.mark.parametrize("theft", THEFTS)
@pytest.mark.parametrize("way", [DOWNLOAD, UPLOAD])
def test_who_does_not_hold_the_lease_opens_nothing(server: Server, theft: str, way: str) -> None:
    """Though its network needs none: who shows a token is asked about it."""
    grant = server.grant(1)
    token, proven, refusal = THEFTS[theft](grant)
    status, sock = ask(server.rig.port, f"{way}?access_token={token}", proven)
    sock.close()
    assert status == refusal
    server.give_back(1, grant)


def test_a_replayed_lease_opens_no_more_than_its_streams_and_nothing_once_given_back(server: Server) -> None:
    """By its own device, with everything that it was opened with before."""
    grant = server.grant(1)
    request = (server.rig.port, f"{UPLOAD}?access_token={grant.token}", proof(1, grant))
    opened = [ask(*request) for _ in range(STREAMS + 1)]
    for _, sock in opened:
        sock.close()
    assert [status for status, _ in opened] == ["101"] * STREAMS + ["403 lease_used"]
    server.give_back(1, grant)
    status, sock = ask(*request)
    sock.close()
    assert status == "403 lease_expired"


def test_no_theft_leaves_a_speed(server: Server) -> None:
    """Nothing of the unit, whatever was opened above."""
    assert "sansang_bandwidth_" not in get(server.rig.port, "/metrics/devices?unit=27259")[1]
    assert get(server.rig.port, "/units/27259")[0] == 200


def spoofed(source: tuple[str, int], port: int, payload: bytes) -> bytes:
    """An IPv4 packet to the reflector that says it is from `source`. The kernel writes lengths and checksum."""
    udp = struct.pack("!HHHH", source[1], port, 8 + len(payload), 0) + payload
    addresses = socket.inet_aton(source[0]) + socket.inet_aton("127.0.0.1")
    return struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_UDP, 0) + addresses + udp


@pytest.mark.parametrize("size", [1, SHORTEST - 1, SHORTEST, 1200])
def test_packets_with_a_spoofed_sender_bring_a_victim_no_more_than_was_sent(server: Server, size: int) -> None:
    """Not an octet more than the attacker spent, in no more packets; nothing for what is too short to be STAMP."""
    count = 20
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim,
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as attacker,
    ):
        victim.bind(("127.0.0.77", 0))
        victim.settimeout(0.5)
        for number in range(count):
            payload = packet(number, size=max(size, BASE), session=0)[:size]
            attacker.sendto(spoofed(victim.getsockname(), server.reflector, payload), ("127.0.0.1", 0))
        heard = list(_heard(victim))
    assert len(heard) <= count
    assert sum(heard) <= count * size
    assert bool(heard) is (size >= SHORTEST)


def _heard(victim: socket.socket) -> Iterator[int]:
    """The length of each datagram, until none comes."""
    with contextlib.suppress(TimeoutError):
        while True:
            yield len(victim.recv(65_536))
