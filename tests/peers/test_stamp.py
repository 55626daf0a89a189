"""STAMP as others read and write it: scapy's packets (RFC 8762, RFC 8972) and Wireshark's reading of TWAMP-Test."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from checks.kit import stamp
from checks.kit.stamp_session import Departure, Sender
from collector.reflector import Reflector

MISSING = "tshark is not installed: `apt-get install tshark` (make test does it when it runs as root)"
AT = 1_700_000_000_250_000_000
FIELDS = (
    "seq_number", "timestamp", "error_estimate.s", "error_estimate.z", "error_estimate.scale",
    "error_estimate.multiplier", "mbz1", "receive_timestamp", "sender_seq_number", "sender_timestamp",
    "sender_error_estimate", "sender_ttl",
)  # fmt: skip
# scapy is GPL-2.0-only: it runs in a process of its own, and nothing of ours is in it.
SCAPY = """
import json, socket, sys
from scapy.contrib.stamp import *
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(20)
"""
SCAPY_SENDER = (
    SCAPY
    + """
sock.connect(("127.0.0.1", int(sys.argv[1])))
told = []
for number in range(3):
    padding = STAMPTestTLV(flags=0x80, type=1, len=8, value=b"padding!")
    estimate = ErrorEstimate(S=1, Z=0, scale=3, multiplier=4)
    now = float(sys.argv[2]) + 2208988800
    packet = STAMPSessionSenderTestUnauthenticated(
        seq=number, ts=now, err_estimate=estimate, ssid=77, tlv_objects=[padding])
    sock.send(bytes(packet))
    data = sock.recv(9000)
    back = STAMPSessionReflectorTestUnauthenticated(data)
    estimate = back.err_estimate_sender
    told.append([
        back.seq, back.ssid, back.seq_sender, estimate.S, estimate.scale, estimate.multiplier, back.ttl_sender,
        back.ts_rx <= back.ts, back.tlv_objects[0].type, int(back.tlv_objects[0].flags),
        back.tlv_objects[0].value.decode(), bytes(packet)[4:12] == data[28:36], len(packet) == len(data)])
print(json.dumps(told))
"""
)
SCAPY_REFLECTOR = (
    SCAPY
    + """
sock.bind(("127.0.0.1", 0))
print(sock.getsockname()[1], flush=True)
for number in range(3):
    data, source = sock.recvfrom(9000)
    came = STAMPSessionSenderTestUnauthenticated(data)
    estimate = ErrorEstimate(S=0, Z=0, scale=10, multiplier=9)
    sock.sendto(bytes(STAMPSessionReflectorTestUnauthenticated(
        seq=number + 100, ts=came.ts, err_estimate=estimate, ssid=came.ssid, ts_rx=came.ts, seq_sender=came.seq,
        ts_sender=came.ts, err_estimate_sender=came.err_estimate, ttl_sender=55, tlv_objects=came.tlv_objects)), source)
"""
)


def _scapy(program: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def test_scapys_packets_are_answered_and_scapy_reads_the_answers() -> None:
    """Number, SSID, estimate, times, TTL and padding are where an independent reading of the RFCs has them."""
    reflector = Reflector(None, (ipaddress.ip_network("127.0.0.0/8"),))
    await reflector.start("127.0.0.1", 0)
    try:
        with _scapy(SCAPY_SENDER, str(reflector.port), str(int(time.time()) - 86_400)) as peer:
            told, _ = await asyncio.to_thread(peer.communicate, timeout=60)
    finally:
        await reflector.stop()
    expected = [[number, 77, number, 1, 3, 4, 64, True, 1, 0, "padding!", True, True] for number in range(3)]
    assert json.loads(told) == expected


def test_a_reflector_of_scapys_is_understood() -> None:
    """Its answers belong to the session, and every field is read."""
    with _scapy(SCAPY_REFLECTOR) as peer:
        assert peer.stdout
        port = int(peer.stdout.readline())
        with Sender("127.0.0.1", port, session=77) as sender:
            done = sender.run([Departure(0.01 * number, 200) for number in range(3)], wait=30.0)
        peer.wait(30)
    assert [(one.number, one.answer, one.ttl, one.copies) for one in done.exchanges] == [
        (0, 100, 55, 1), (1, 101, 55, 1), (2, 102, 55, 1),
    ]  # fmt: skip
    assert done.foreign == {}
    assert done.theirs == stamp.ErrorEstimate(scale=10, multiplier=9)


def test_wireshark_reads_every_field(tmp_path: Path) -> None:
    """As TWAMP-Test, whose fields a STAMP packet has at the same places; nothing is malformed."""
    sent = stamp.build(stamp.Sent(number=5, at=AT, session=7, error=stamp.ErrorEstimate(True, False, 9, 3)), size=80)
    error = stamp.ErrorEstimate(synchronised=True, scale=4, multiplier=5)
    back = stamp.reflect(sent, number=2, came=AT + 250_000_000, at=AT + 500_000_000, error=error, ttl=61)
    asked, answered = _wireshark(tmp_path / "stamp.pcap", [sent, back])
    time_sent = "Nov 14, 2023 22:13:20.250000000 UTC"
    assert asked[:7] == ["5", time_sent, "1", "0", "9", "3", "7"]
    assert answered == [
        "2", "Nov 14, 2023 22:13:20.750000000 UTC", "1", "0", "4", "5", "7", "Nov 14, 2023 22:13:20.500000000 UTC",
        "5", time_sent, str(0x8903), "61",
    ]  # fmt: skip


def _wireshark(capture: Path, packets: list[bytes]) -> list[list[str]]:
    """What tshark finds in UDP datagrams to and from port 862, field by field."""
    if shutil.which("tshark") is None:
        raise RuntimeError(MISSING)
    with capture.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))  # LINKTYPE_RAW
        for data in packets:
            datagram = struct.pack("!HHHH", 862, 862, 8 + len(data), 0) + data
            header = struct.pack(
                "!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, *[bytes([127, 0, 0, 1])] * 2
            )
            file.write(struct.pack("<IIII", 1, 0, *[len(header) + len(datagram)] * 2) + header + datagram)
    command = ["tshark", "-r", str(capture), "-d", "udp.port==862,twamp.test", "-T", "json", "-J", "twamp.test"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found: list[dict[str, Any]] = [one["_source"]["layers"] for one in json.loads(done.stdout)]
    assert all("_ws.malformed" not in json.dumps(layers) for layers in found)
    return [[_field(layers["twamp.test"], f"twamp.test.{name}") for name in FIELDS] for layers in found]


def _field(layer: dict[str, Any], name: str) -> str:
    """Where it stands, at the top or inside another field."""
    if name in layer:
        return str(layer[name])
    inner = (one for one in layer.values() if isinstance(one, dict))
    return next((found for one in inner if (found := _field(one, name))), "")
