"""What promtool and amtool say of the configurations, and whom Alertmanager would tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from dashboards.rules import alertmanager, build, messages, prometheus
from dashboards.rules.alertmanager import Post
from dashboards.rules.prometheus import Servers
from tests.dashboards.rules.test_alerts import promtool


def amtool(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(["amtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the generator writes."""
    folder = tmp_path_factory.mktemp("out")
    for name, text in build.files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def test_promtool_takes_every_rule_file(out: Path) -> None:
    """No duplicate, no syntax error, no template that cannot be read."""
    files = [str(file) for file in sorted((out / "prometheus" / "rules").iterdir())]
    code, told = promtool(out, "check", "rules", *files)
    assert (code, told.count("SUCCESS")) == (0, len(build.FILES)), told


def test_promtool_takes_the_configuration(out: Path) -> None:
    """With the rule files beside it."""
    code, told = promtool(out, "check", "config", "prometheus/prometheus.yml")
    assert code == 0, told
    assert "is valid prometheus config file syntax" in told


def test_amtool_takes_the_configuration(out: Path) -> None:
    """With its templates."""
    code, told = amtool(out, "check-config", "alertmanager/alertmanager.yml")
    assert code == 0, told
    assert "1 templates" in told


def test_amtool_refuses_what_is_wrong(tmp_path: Path) -> None:
    """The checks above can fail."""
    text = alertmanager.config(Post()).replace("receiver: engineers", "receiver: nobody")
    (tmp_path / "alertmanager.yml").write_text(text, "utf-8")
    (tmp_path / "sansang.tmpl").write_text(messages.template(), "utf-8")
    code, told = amtool(tmp_path, "check-config", "alertmanager.yml")
    assert code != 0
    assert 'undefined receiver "nobody"' in told


def test_alertmanager_starts_without_mail_and_webhooks(tmp_path: Path) -> None:
    """For a trial on loopback: alerts are grouped and kept back, and nobody is told."""
    text = alertmanager.config(Post(smarthost="", hook="", watchdog="", secrets=""))
    (tmp_path / "alertmanager.yml").write_text(text, "utf-8")
    (tmp_path / "sansang.tmpl").write_text(messages.template(), "utf-8")
    code, told = amtool(tmp_path, "check-config", "alertmanager.yml")
    assert (code, "6 receivers" in told) == (0, True), told
    assert "invalid" not in text


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=Watchdog", "severity=info", "locality=hcmc"], "watchdog"),
        (["alertname=Finding", "severity=critical", "locality=hcmc", "finding=f-1"], "hcmc"),
        (["alertname=UnitNotReady", "severity=warning", "locality=ha-noi", "unit=00004"], "ha-noi"),
        (["alertname=UnitUnknown", "severity=info", "locality=can-tho", "unit=31117"], "can-tho"),
        (["alertname=UnitNotReady", "severity=critical", "locality=quang-ninh"], "quang-ninh"),
        (["alertname=UnitNotReady", "severity=critical", "locality=demo"], "engineers"),
        (["alertname=CollectorDown", "severity=critical"], "engineers"),
        (["alertname=SomethingElse"], "engineers"),
    ],
    ids=lambda each: each if isinstance(each, str) else each[0],
)
def test_every_alert_finds_its_receiver(labels: list[str], receiver: str, out: Path) -> None:
    """A locality's alerts go to its engineers, others to all; the watchdog to whoever waits for it."""
    config = "--config.file=alertmanager/alertmanager.yml"
    code, told = amtool(out, "config", "routes", "test", config, *labels)
    assert (code, told.splitlines()[0]) == (0, receiver)


def test_only_what_is_critical_is_told_at_night() -> None:
    """On every route of warnings and of information stand the office hours, on no other."""
    root = yaml.safe_load(alertmanager.config(Post()))["route"]
    leaves = [leaf for route in root["routes"] for leaf in route.get("routes", [route])]
    timed = {(leaf["matchers"][0], bool(leaf.get("active_time_intervals"))) for leaf in leaves}
    assert timed == {
        ('alertname = "Watchdog"', False),
        ('severity = "critical"', False),
        ('severity = "warning"', True),
        ('severity = "info"', True),
    }


def test_no_secret_stands_in_a_configuration() -> None:
    """They are files of the server; without a folder for them, none is asked for."""
    text = alertmanager.config(Post())
    assert "smtp_auth_password_file: /etc/prometheus/secrets/smtp-password" in text
    assert "credentials_file: /etc/prometheus/secrets/webhook-token" in text
    assert "secrets" not in alertmanager.config(Post(secrets=""))
    hosts = {part.rpartition("@")[2] for part in text.split() if ".invalid" in part}
    assert all(".invalid" in host for host in hosts)


def test_prometheus_is_told_where_everything_is() -> None:
    """Ports, shards and the age of what comes late are parameters."""
    servers = Servers(
        collector="127.0.0.1:1", prometheus="127.0.0.1:2", alertmanager="127.0.0.1:3", shards=2, pace="1s"
    )
    document = yaml.safe_load(prometheus.config(servers))
    jobs = {job["job_name"]: job for job in document["scrape_configs"]}
    assert jobs["sansang"]["static_configs"] == [{"targets": ["127.0.0.1:1"]}]
    discovery = {"url": "http://127.0.0.1:1/sd/devices?shards=2", "refresh_interval": "1s"}
    assert jobs["sansang-devices"]["http_sd_configs"] == [discovery]
    assert document["storage"] == {"tsdb": {"out_of_order_time_window": "7d"}}
    assert document["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["127.0.0.1:3"]}]}]


def test_the_contracts_intervals_are_prometheus_own() -> None:
    """15 s for units, a minute for devices."""
    document = yaml.safe_load(prometheus.config(Servers()))
    jobs = {job["job_name"]: job.get("scrape_interval", "15s") for job in document["scrape_configs"]}
    assert document["global"]["scrape_interval"] == "15s"
    assert jobs == {"sansang": "15s", "sansang-devices": "1m", "prometheus": "15s"}


def test_what_nobody_asks_for_is_left_out_unless_it_is_wanted(tmp_path: Path) -> None:
    """The file says how to get it; promtool takes both."""
    for lean, params, relabellings in ((True, {"collect[]": ["dashboards"]}, 2), (False, None, 1)):
        text = prometheus.config(Servers(lean=lean))
        (tmp_path / "prometheus.yml").write_text(text, "utf-8")
        code, told = promtool(tmp_path, "check", "config", "prometheus.yml")
        assert code == 0, told
        _, devices, _ = yaml.safe_load(text)["scrape_configs"]
        assert (devices.get("params"), len(devices["metric_relabel_configs"])) == (params, relabellings)
        assert ("All of them come without `params`" in text) is lean


def test_the_text_is_the_same_every_time() -> None:
    """And says who wrote it."""
    assert build.files() == build.files()
    for name, text in build.files().items():
        assert "Written by `sansang-dashboards build` from dashboards/rules/" in text.splitlines()[0], name
