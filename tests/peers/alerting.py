"""Debian's Prometheus and Alertmanager with our own configuration, and what they speak with: a collector that serves
what a test writes, a webhook, and a mail server that keeps what it is given."""

from __future__ import annotations

import email
import email.policy
import http.client
import json
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dashboards.rules import alertmanager, build, messages, prometheus
from dashboards.rules.alertmanager import Pace, Post
from tests.faults.rig import PATIENCE, get, wait_until
from tests.ports import free_port

MISSING = "{} is not installed: `apt-get install prometheus prometheus-alertmanager` (make test does it as root)"
ALWAYS_OPEN: tuple[dict[str, Any], ...] = ({"times": [{"start_time": "00:00", "end_time": "24:00"}]},)
NEVER_OPEN: tuple[dict[str, Any], ...] = ({"years": ["2000"]},)
QUICK = Pace(wait="1s", interval="1s", beat="1s", alive="2s", repeats={"critical": "1h", "warning": "1h", "info": "1h"})


class Place:
    """A collector's text, a webhook and a mail server on loopback. `text` is what ``/metrics`` answers; ``posts`` and
    ``mails`` are what came."""

    def __init__(self) -> None:
        self.text = ""
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.mails: list[EmailMessage] = []
        place = self

        class Web(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = "[]" if self.path.startswith("/sd/") else place.text
                self._answer(body.encode(), "application/json" if self.path.startswith("/sd/") else "text/plain")

            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                place.posts.append((self.path, told))
                self._answer(b"", "text/plain")

            def _answer(self, body: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                return

        class Mail(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 here\r\n")
                while line := self.rfile.readline().upper():
                    if line.startswith(b"DATA"):
                        self.wfile.write(b"354 go on\r\n")
                        place.mails.append(parsed(b"".join(iter(self.rfile.readline, b".\r\n"))))
                    self.wfile.write(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 good\r\n")
                    if line.startswith(b"QUIT"):
                        return

        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Web)
        self.mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
        for server in (self.web, self.mail):
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def told(self, path: str) -> list[dict[str, Any]]:
        """The alerts that were posted to `path`."""
        return [alert for where, message in list(self.posts) if where == path for alert in message["alerts"]]

    def close(self) -> None:
        for server in (self.web, self.mail):
            server.shutdown()
            server.server_close()


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


class Servers:
    """Where Alertmanager listens, what it and Prometheus log, and what it speaks with."""

    def __init__(self, place: Place, alertmanager: int, log: Path) -> None:
        self.place, self.alertmanager, self.log = place, alertmanager, log

    def alerts(self, name: str) -> list[dict[str, Any]]:
        """Those that Alertmanager holds, inhibited ones too."""
        status, text = get(self.alertmanager, "/api/v2/alerts")
        assert status == 200, text
        return [alert for alert in json.loads(text) if alert["labels"]["alertname"] == name]

    def wait(self, done: Callable[[], bool], complaint: str) -> None:
        wait_until(done, complaint, self.log)

    def post(self, alerts: list[dict[str, Any]]) -> None:
        """Alerts as Prometheus sends them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.alertmanager, timeout=10)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v2/alerts", json.dumps(alerts), headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()


@contextmanager
def alerting(folder: Path, *, office: tuple[dict[str, Any], ...] = ALWAYS_OPEN) -> Iterator[Servers]:
    """Alertmanager alone, with our configuration at a quick pace; `office` are its office hours."""
    place, port = Place(), free_port()
    web, mail = place.web.server_address[1], place.mail.server_address[1]
    post = Post(
        smarthost=f"127.0.0.1:{mail}",
        hook=f"http://127.0.0.1:{web}/hook",
        watchdog=f"http://127.0.0.1:{web}/watchdog",
        secrets="",
        office=office,
    )
    (folder / "alertmanager.yml").write_text(alertmanager.config(post, QUICK), "utf-8")
    (folder / "sansang.tmpl").write_text(messages.template(), "utf-8")
    arguments = [
        f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=debug",
    ]  # fmt: skip
    log = folder / "alertmanager.log"
    with ExitStack() as stack:
        stack.callback(place.close)
        stack.enter_context(_running("prometheus-alertmanager", arguments, log))
        wait_until(lambda: get(port, "/-/ready")[0] == 200, "Alertmanager does not start", log)
        yield Servers(place, port, log)


@contextmanager
def watching(folder: Path) -> Iterator[Servers]:
    """The same, and a Prometheus with our rules, every duration of which is a second."""
    with alerting(folder) as servers:
        port = free_port()
        (folder / "rules").mkdir()
        for name, text in build.rule_files(pace="1s").items():
            (folder / "rules" / name).write_text(text, "utf-8")
        config = prometheus.Servers(
            collector=f"127.0.0.1:{servers.place.web.server_address[1]}",
            prometheus=f"127.0.0.1:{port}",
            alertmanager=f"127.0.0.1:{servers.alertmanager}",
            pace="1s",
        )
        (folder / "prometheus.yml").write_text(prometheus.config(config), "utf-8")
        arguments = [
            f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", "--rules.alert.resend-delay=1s",
        ]  # fmt: skip
        log = folder / "prometheus.log"
        with _running("prometheus", arguments, log):
            wait_until(lambda: get(port, "/-/ready")[0] == 200, "Prometheus does not start", log)
            yield servers


@contextmanager
def _running(name: str, arguments: list[str], log: Path) -> Iterator[None]:
    program = shutil.which(name)
    if program is None:
        raise RuntimeError(MISSING.format(name))
    with log.open("wb") as output:
        process = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)
