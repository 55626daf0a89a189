"""What the agents under measurement talk to: one process that answers each of them and counts bytes.

A process of its own, so that what it costs is not counted, and small, so that it does not disturb.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from checks.kit import wire
from checks.kit.wire import Ack, Batch

ROOT = Path(__file__).resolve().parent.parent
ITEMS = ("system.cpu.load[all,avg1]", "vm.memory.size[available]", "system.uptime", "vfs.fs.size[/,free]")
COUNTS: dict[str, int] = {}
LINE: list[dict[str, Any]] = [
    {"check": "lan", "every": 600},
    {"check": "dns", "every": 1800, "params": {"names": ["page.bench.test"], "servers": ["192.0.2.1"]}},
    {"check": "path", "every": 21600, "params": {"target": "198.51.100.10:80"}},
    {"check": "clock", "every": 3600},
]


class Sinks(Struct, kw_only=True):
    """Where the sinks listen, and ports that were free a moment ago."""

    http: int
    zabbix: int
    ports: list[int]

    def count(self, name: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/counts", timeout=5) as reply:
            return int(json.load(reply).get(name, 0))


@contextlib.contextmanager
def sinks(*, office: bool = False) -> Iterator[Sinks]:
    """The sinks, running. With `office` the agent is also told to look at the line, which a namespace then has to
    keep from leading anywhere."""
    command = [sys.executable, "-m", "benchmarks.peers", *(["office"] if office else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            http, zabbix = json.loads(process.stdout.readline())
            yield Sinks(http=http, zabbix=zabbix, ports=_free_ports(3))
        finally:
            process.terminate()


def _free_ports(count: int) -> list[int]:
    """Ports below 32,768, which is what Zabbix takes."""
    found: list[int] = []
    for port in range(20_000 + os.getpid() % 5000, 32_000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        if len(found) == count:
            break
    return found


def add(name: str, number: int) -> None:
    COUNTS[name] = COUNTS.get(name, 0) + number


class Handler(BaseHTTPRequestHandler):
    """A collector that believes everyone, a page to measure, and a remote-write receiver."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path == "/counts":
            self._answer(json.dumps(COUNTS).encode())
        elif self.path == "/v1/config":
            self._answer(msgspec.json.encode(configuration(int(self.headers["Host"].rpartition(":")[2]))))
        else:
            self._answer(b"x" * 2000)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/v1/results":
            add("bytes", len(body))
            add("batches", 1)
            self._answer(acknowledge(body))
        elif self.path == "/v1/enrol":
            self._answer(msgspec.json.encode({"device": str(uuid.uuid4()), "unit": "27259", "status": "active"}))
        else:
            add("write_bytes", len(body))
            self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def configuration(port: int) -> dict[str, Any]:
    """Five connectivity jobs and device, and with an office the checks of the line, at their default intervals."""
    page = f"http://127.0.0.1:{port}/page"
    jobs: list[dict[str, Any]] = [
        {"check": "connectivity", "target": f"system-{number}", "every": 300, "params": {"url": page}}
        for number in range(5)
    ]
    return {
        "etag": "bench",
        "unit": "27259",
        "jobs": [*jobs, {"check": "device", "every": 3600}, *(LINE if "office" in sys.argv else [])],
        "push": {"linger": 60},
    }


class Believes:
    """Takes every signature."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        return bool(message) and bool(signature)


def acknowledge(body: bytes) -> bytes:
    batch: Batch = wire.unseal(wire.take_apart(body), Believes())
    durable = max([0, *(result.seq for result in batch.results)]) + 1
    ack = Ack(agent=batch.agent, epoch=batch.epoch, batch=wire.digest(body), durable=durable, config="bench")
    return msgspec.json.encode(ack)


def serve_zabbix(listener: socket.socket) -> None:
    """A Zabbix server as far as active checks need one: 40 items of 60 s, and every value taken."""
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError, ValueError, struct.error):
            _talk_zabbix(connection)


def _talk_zabbix(connection: socket.socket) -> None:
    connection.settimeout(5)
    head = _read(connection, 13)
    packed = head[4] & 2
    body = _read(connection, struct.unpack("<I", head[5:9])[0])
    add("zabbix_bytes", len(head) + len(body))
    if packed:
        import zlib

        body = zlib.decompress(body)
    add("zabbix_asked", 1)
    answer: dict[str, Any] = {"response": "success"}
    if json.loads(body).get("request") == "active checks":
        answer["data"] = [
            {"key": ITEMS[number % len(ITEMS)], "itemid": number + 1, "delay": "60s", "lastlogsize": 0, "mtime": 0}
            for number in range(40)
        ]
    text = json.dumps(answer).encode()
    connection.sendall(b"ZBXD\x01" + struct.pack("<II", len(text), 0) + text)


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ValueError
        data += chunk
    return data


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    zabbix = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_zabbix, args=(zabbix,), daemon=True).start()
    print(json.dumps([server.server_address[1], zabbix.getsockname()[1]]), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
