"""`make up-observability`: what `make up` starts, watched by a Prometheus and an Alertmanager, all on loopback.

Alerts that Alertmanager sends arrive here, in the terminal and in alerts.log. Ctrl-C stops everything.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dashboards.rules import alertmanager, build, messages, prometheus
from tools import up
from tools.up import Failed, Parts

TITLE = "make up-observability"
PROGRAMS = {"prometheus": ("prometheus",), "alertmanager": ("prometheus-alertmanager", "alertmanager")}
"""What Debian calls them, and what others do."""
VARIABLES = {"collector": "PORT", "prometheus": "PROMETHEUS_PORT", "alertmanager": "ALERTMANAGER_PORT"}
LOG_LINES = 5
BODY_LIMIT = 10_000_000
ALWAYS: tuple[dict[str, Any], ...] = ({"times": [{"start_time": "00:00", "end_time": "24:00"}]},)
"""One who tries it out in the evening wants to see a warning too."""
PACE = alertmanager.Pace(wait="5s", interval="30s", beat="15s", alive="15s")
"""Alertmanager remembers what it told before a restart: the watchdog is soon told again."""
WATCHDOG = "/watchdog"
RESEND = "--rules.alert.resend-delay=10s"
"""Prometheus knows its Alertmanager five seconds after its start; what it tells before that it repeats after a minute
unless it is told otherwise."""


class Receiver(ThreadingHTTPServer):
    """Where Alertmanager's webhooks lead. Every alert becomes a line in `log` and on the terminal; of the watchdog,
    only the first."""

    daemon_threads = True

    def __init__(self, log: Path) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.log, self._lock, self._alive = log, threading.Lock(), False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def told(self, path: str, alerts: list[dict[str, Any]]) -> None:
        lines = [line(one) for one in alerts]
        with self._lock:
            if path == WATCHDOG:
                lines = [] if self._alive else ["Watchdog: alerts arrive here · cảnh báo đến được đây"]
                self._alive = True
            with self.log.open("a", encoding="utf-8") as log:
                log.writelines(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {one}\n" for one in lines)
            for one in lines:
                print(f"» {one}", flush=True)


def line(alert: dict[str, Any]) -> str:
    """What an engineer is told, in one line."""
    labels, words = alert.get("labels", {}), alert.get("annotations", {})
    state = "resolved · đã hết" if alert.get("status") == "resolved" else labels.get("severity", "?")
    name = labels.get("alertname", "?")
    return f"{name} [{state}]: {words.get('summary_vi', name)} · {words.get('summary_en', name)}"


class Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        body = self.rfile.read(int(size)) if size.isdecimal() and int(size) <= BODY_LIMIT else b""
        try:
            alerts = json.loads(body)["alerts"]
            self.server.told(self.path, alerts)
            status = 200
        except (ValueError, KeyError, TypeError, AttributeError):
            status = 400
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002
        return


def program(name: str) -> str:
    """Its path. Raises Failed where it is not installed."""
    found = next((path for one in PROGRAMS[name] if (path := shutil.which(one))), None)
    if found is None:
        raise Failed(
            f"{name} is not installed · chưa cài {name}: sudo apt-get install prometheus prometheus-alertmanager"
        )
    return found


def check_free(ports: dict[str, int], collector_yaml: str) -> None:
    """Raises Failed for the first of `ports` that another program has, or two of ours."""
    for name, port in ports.items():
        other = next(one for one, taken in ports.items() if taken == port)
        advice = f"make up-observability {VARIABLES[name]}={port + 1}"
        if name == "collector":
            advice += f", or the key listen in {collector_yaml}"
        if other != name:
            raise Failed(f"{name} and {other} cannot both have the port {port} · trùng cổng {port}: {advice}")
        if not free(port):
            raise Failed(f"port {port} for {name} is in use · cổng {port} đang được dùng: {advice}")


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def write_configs(state: Path, ports: dict[str, int], hook: str, interval: str) -> None:
    """The configurations of Prometheus and Alertmanager with these ports, made anew by every start; `interval` takes
    the place of every one in them."""
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    servers = prometheus.Servers(
        collector=at["collector"], prometheus=at["prometheus"], alertmanager=at["alertmanager"],
        shards=1, locality="demo", pace=interval,
    )  # fmt: skip
    post = alertmanager.Post(smarthost="", hook=f"{hook}/alerts", watchdog=hook + WATCHDOG, secrets="", office=ALWAYS)
    texts = {
        "prometheus/prometheus.yml": prometheus.config(servers),
        **{f"prometheus/rules/{name}": text for name, text in build.rule_files(interval=interval).items()},
        "alertmanager/alertmanager.yml": alertmanager.config(post, PACE),
        "alertmanager/sansang.tmpl": messages.template(),
    }
    shutil.rmtree(state / "prometheus/rules", ignore_errors=True)
    for name, text in texts.items():
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).write_text(text, "utf-8")


def start(state: Path, ports: dict[str, int], interval: str, parts: Parts) -> list[str]:
    """Brings everything up; the lines to show. Raises Failed."""
    programs = {name: program(name) for name in PROGRAMS}
    collector_yaml, _ = up.write_configs(state, ports["collector"])
    ports = {**ports, "collector": up.port_of(collector_yaml)}
    check_free(ports, collector_yaml)
    write_configs(state, ports, Receiver(state / "alerts.log").url, interval)
    port = up.bring_up(state, ports["collector"], parts)
    watch(state, ports, programs, parts)
    watched = f"http://127.0.0.1:{ports['prometheus']}"
    return [
        *up.pages(port),
        f"{watched}/targets      what Prometheus scrapes · Prometheus đọc những gì",
        f"{watched}/alerts       the alerts · các cảnh báo",
        f"http://127.0.0.1:{ports['alertmanager']}/             Alertmanager; its messages follow · tin nhắn ở dưới",
        f"Grafana's data source · nguồn dữ liệu cho Grafana: {watched}",
        up.where(state),
    ]


def watch(state: Path, ports: dict[str, int], programs: dict[str, str], parts: Parts) -> None:
    """Alertmanager first, so that the first alert finds it."""
    options = {
        "alertmanager": ["--storage.path", "--cluster.listen-address="],
        "prometheus": ["--storage.tsdb.path", RESEND],
    }
    for name, (storage, *more) in options.items():
        folder = state / name
        parts.start(
            name, programs[name], f"--config.file={folder / name}.yml", f"{storage}={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[name]}", *more,
        )  # fmt: skip
        parts.wait_for(name, ports[name], "/-/ready")


def main() -> int:
    parser = argparse.ArgumentParser(prog=TITLE, description=__doc__)
    parser.add_argument("--state", type=Path, default=up.ROOT / ".state/observability", help="data, settings and logs")
    parser.add_argument("--port", type=int, default=8420, help="the collector's; a first run writes it down")
    parser.add_argument("--prometheus-port", type=int, default=9090)
    parser.add_argument("--alertmanager-port", type=int, default=9093)
    parser.add_argument("--interval", default="", help="between scrapes and evaluations, such as 2s, instead of ours")
    options = parser.parse_args()
    state = options.state.resolve()
    ports = {
        "collector": options.port,
        "prometheus": options.prometheus_port,
        "alertmanager": options.alertmanager_port,
    }
    parts = Parts(state, LOG_LINES)
    return up.keep_up(TITLE, parts, lambda: start(state, ports, options.interval, parts))


if __name__ == "__main__":
    sys.exit(main())
