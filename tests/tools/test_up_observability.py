"""`make up-observability` brings four programs up that know each other, and an alert comes through all of them."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from dashboards.rules import build
from tests.ports import free_port
from tests.tools.test_up import PATIENCE, children_of, get
from tests.tree import ROOT
from tools import up_observability
from tools.up import Failed, Parts

COMMAND = (sys.executable, "-m", "tools.up_observability", "--interval", "2s")
EXPECTED = {"sansang", "sansang-devices", "prometheus"}


def free_ports() -> dict[str, int]:
    return {"port": free_port(), "prometheus-port": free_port(), "alertmanager-port": free_port()}


def options(state: Path, ports: dict[str, int]) -> list[str]:
    return ["--state", str(state), *(word for name, port in ports.items() for word in (f"--{name}", str(port)))]


@contextmanager
def up(state: Path, ports: dict[str, int]) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The tool with everything ready, and the lines it printed; stopped as Ctrl-C does."""
    command = [*COMMAND, *options(state, ports)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert process.stderr
        printed = [process.stdout.readline()]
        while "Ctrl-C" not in printed[-1]:
            assert printed[-1], process.stderr.read()
            printed.append(process.stdout.readline())
        yield process, printed
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said[1]) == (0, "")


def wait(done: Callable[[], bool], complaint: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, complaint()
        time.sleep(0.3)


def asked(port: int, path: str) -> Any:
    """What Prometheus' API says."""
    status, text = get(port, f"/api/v1/{path}")
    assert status == 200, text
    return json.loads(text)["data"]


def health(port: int) -> dict[str, str]:
    """How each job's targets are."""
    return {one["scrapePool"]: one["health"] + one["lastError"] for one in asked(port, "targets")["activeTargets"]}


def rules(port: int) -> list[str]:
    """How each rule is: ``ok`` once it was evaluated."""
    return [rule["health"] for group in asked(port, "rules")["groups"] for rule in group["rules"]]


def firing(port: int) -> set[str]:
    return {one["labels"]["alertname"] for one in asked(port, "alerts")["alerts"] if one["state"] == "firing"}


def test_an_alert_comes_through_all_of_them_and_ctrl_c_ends_them(tmp_path: Path) -> None:
    """Addresses answer, targets are up, every rule is evaluated, the watchdog arrives; nothing stays."""
    ports = free_ports()
    collector, watched, told = ports.values()
    with up(tmp_path, ports) as (process, printed):
        addresses = [found[1] for text in printed if (found := re.match(r"» (http://\S+)", text))]
        assert addresses == [
            f"http://127.0.0.1:{collector}/", f"http://127.0.0.1:{collector}/units/27259",
            f"http://127.0.0.1:{watched}/targets", f"http://127.0.0.1:{watched}/alerts", f"http://127.0.0.1:{told}/",
        ]  # fmt: skip
        assert [get(int(one.split(":")[2].split("/")[0]), "/")[0] < 400 for one in addresses] == [True] * 5
        wait(lambda: health(watched) == dict.fromkeys(EXPECTED, "up"), lambda: health(watched))
        wait(lambda: set(rules(watched)) == {"ok"}, lambda: rules(watched))
        assert len(rules(watched)) == len(build.rules())
        wait(lambda: bool(asked(watched, "query?query=sansang_device_info")["result"]), lambda: "no device")
        assert [one["url"] for one in asked(watched, "alertmanagers")["activeAlertmanagers"]] == [
            f"http://127.0.0.1:{told}/api/v2/alerts"
        ]
        wait(lambda: "Watchdog" in firing(watched), lambda: firing(watched))
        log = tmp_path / "alerts.log"
        wait(log.exists, lambda: (tmp_path / "alertmanager.log").read_text("utf-8"))
        assert "Watchdog: alerts arrive here · cảnh báo đến được đây" in log.read_text("utf-8")
        running = children_of(process)
        assert len(running) == 4
    assert [pid for pid in running if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize(
    ("name", "part", "variable"),
    [
        ("port", "collector", "PORT"),
        ("prometheus-port", "prometheus", "PROMETHEUS_PORT"),
        ("alertmanager-port", "alertmanager", "ALERTMANAGER_PORT"),
    ],
)
def test_a_port_in_use_ends_it_before_anything_starts(tmp_path: Path, name: str, part: str, variable: str) -> None:
    """One line that says whose port it is and which variable gives another."""
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports[name])):
        command = [*COMMAND, *options(tmp_path, ports)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    taken = ports[name]
    listen = f", or the key listen in {tmp_path / 'collector.yaml'}" if name == "port" else ""
    said = f"port {taken} for {part} is in use · cổng {taken} đang được dùng"
    advice = f"make up-observability {variable}={taken + 1}{listen}"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"make up-observability: {said}: {advice}\n")
    assert [file.name for file in tmp_path.glob("*.log")] == []


def test_one_port_for_two_is_refused() -> None:
    """Before either of them fails with words of its own."""
    with pytest.raises(Failed) as why:
        up_observability.check_free({"collector": 1, "prometheus": 8, "alertmanager": 8} | {"collector": 7}, "x")
    assert str(why.value) == (
        "alertmanager and prometheus cannot both have the port 8 · trùng cổng 8: "
        "make up-observability ALERTMANAGER_PORT=9"
    )


def test_a_program_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line that installs it."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Failed) as why:
        up_observability.program("alertmanager")
    assert str(why.value) == (
        "alertmanager is not installed · chưa cài alertmanager: sudo apt-get install prometheus prometheus-alertmanager"
    )


def test_a_part_that_ends_is_named_with_the_last_lines_of_its_log(tmp_path: Path) -> None:
    """As many as the tool wants, and where the rest is."""
    parts = Parts(tmp_path, 2)
    parts.start("prometheus", "/bin/sh", "-c", "echo one; echo two; echo three; exit 3")

    def ended() -> bool:
        try:
            parts.check()
        except Failed as why:
            said.append(str(why))
        return bool(said)

    said: list[str] = []
    wait(ended, lambda: said)
    log = tmp_path / "prometheus.log"
    assert said == [f"prometheus ended with 3: two\n    three (all of it: {log})"]


def test_what_alertmanager_sends_is_printed_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line an alert, of the watchdog only the first; what is no message of Alertmanager is refused."""
    words = {"summary_vi": "Phường chưa sẵn sàng", "summary_en": "A ward is not ready"}
    firing = {"status": "firing", "labels": {"alertname": "UnitNotReady", "severity": "warning"}, "annotations": words}
    with closing_receiver(tmp_path / "alerts.log") as receiver:
        assert [post(receiver, "/watchdog", {"alerts": [{}]}) for _ in range(2)] == [200, 200]
        assert post(receiver, "/alerts", {"alerts": [firing, firing | {"status": "resolved"}]}) == 200
        wrong: tuple[object, ...] = ([], {}, {"alerts": 1}, {"alerts": [1]})
        assert [post(receiver, "/alerts", message) for message in wrong] == [400] * 4
    lines = [
        "Watchdog: alerts arrive here · cảnh báo đến được đây",
        "UnitNotReady [warning]: Phường chưa sẵn sàng · A ward is not ready",
        "UnitNotReady [resolved · đã hết]: Phường chưa sẵn sàng · A ward is not ready",
    ]
    assert capsys.readouterr().out == "".join(f"» {line}\n" for line in lines)
    kept = (tmp_path / "alerts.log").read_text("utf-8").splitlines()
    assert [line.partition(" ")[2] for line in kept] == lines


@contextmanager
def closing_receiver(log: Path) -> Iterator[up_observability.Receiver]:
    receiver = up_observability.Receiver(log)
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()


def post(receiver: up_observability.Receiver, path: str, message: object) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", receiver.server_address[1], timeout=10)) as connection:
        connection.request("POST", path, json.dumps(message))
        return connection.getresponse().status
