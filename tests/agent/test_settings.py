"""agent.yaml: what is taken, and the exact line for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import settings
from agent.config import AgentConfig, LocalJob, address_error, default_state_dir, state_dir
from checks.kit import registry
from checks.kit.strict import ConfigError

GOOD = """\
collector: https://sansang.example.vn/ward
state_dir: /srv/sansang
ca_file: /etc/sansang/ca.pem
spool: {days: 7, megabytes: 20, keep_acknowledged_hours: 24}
push: {linger: 30, timeout: 10, max_backoff: 60, batch_bytes: 4096}
jobs:
  - {check: device, every: 600}
  - check: connectivity
    target: portal
    params: {url: "https://portal.example.vn/"}
lang: en
"""

BAD = [
    ("", "1:1: expected a mapping, the file is empty"),
    ("jobs: [\n", "2:1: not YAML: did not find expected node content"),
    ("colector: x\n", "1:1: colector: unknown key 'colector'"),
    (
        "collector: 7\n",
        '1:1: collector: expected text, got the number 7: write it in quotes, with its leading zeros (e.g. "00004")',
    ),
    (
        "collector: ftp://x\n",
        "1:1: collector: expected `str` matching regex '^$|^https?://[^\\\\s/@?#]+(/[^\\\\s?#]*)?$'",
    ),
    (
        "collector: http://10.1.2.3\n",
        "1:1: collector: 'http://10.1.2.3' has no TLS: use https, or set plain_http: true",
    ),
    ("spool:\n  days: 0\n", "2:3: spool.days: expected a number > 0.0, got 0"),
    ("spool:\n  days: x\n", "2:3: spool.days: expected a number, got 'x'"),
    ("spool:\n  weeks: 1\n", "2:3: spool.weeks: unknown key 'weeks'"),
    ("spool: 7\n", "1:1: spool: expected a mapping, got 7"),
    ("push:\n  batch_bytes: 100\n", "2:3: push.batch_bytes: expected a whole number >= 1024, got 100"),
    ("lang: fr\n", "1:1: lang: expected one of en, vi, got 'fr'"),
    ("plain_http: maybe\n", "1:1: plain_http: expected true or false, got 'maybe'"),
    ("jobs: device\n", "1:1: jobs: expected a list, got 'device'"),
    ("jobs:\n  - {every: 60}\n", "2:5: jobs[0].check: is missing"),
    ("jobs:\n  - {check: device, evry: 60}\n", "2:21: jobs[0].evry: unknown key 'evry'"),
    ("jobs:\n  - {check: device, every: 0}\n", "2:21: jobs[0].every: expected a number >= 1.0, got 0"),
    (
        "jobs:\n  - {check: devise}\n",
        f"2:6: jobs[0].check: no check is called 'devise'; there are: {', '.join(registry.names())}",
    ),
    ("jobs:\n  - {check: connectivity}\n", "2:5: jobs[0].params.url: is missing"),
    (
        "jobs:\n  - check: connectivity\n    params: {url: 7}\n",
        "3:14: jobs[0].params.url: expected str, got int",
    ),
    (
        "jobs:\n  - check: connectivity\n    params: {url: 'http://127.0.0.1/', uri: x}\n",
        "3:40: jobs[0].params.uri: unknown key 'uri'",
    ),
    (
        "jobs:\n  - {check: device}\n  - {check: device}\n",
        "3:5: jobs[1]: the same check and target as jobs[0]",
    ),
    ("lang: vi\nlang: en\n", "2:1: lang: stands twice"),
]


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """Every key of it."""
    file = tmp_path / "agent.yaml"
    file.write_text(GOOD, "utf-8")
    config, used = settings.load(str(file))
    assert used == str(file)
    assert (config.collector, config.lang, config.push.linger, config.spool.days) == (
        "https://sansang.example.vn/ward", "en", 30, 7,
    )  # fmt: skip
    assert config.jobs[0] == LocalJob(check="device", every=600)
    assert state_dir(config) == "/srv/sansang"


@pytest.mark.parametrize(("text", "line"), BAD, ids=[line for _, line in BAD])
def test_a_bad_file_is_refused_with_one_line(tmp_path: Path, text: str, line: str) -> None:
    """file:line:column: key: what was expected."""
    file = tmp_path / "agent.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        settings.load(str(file))
    assert str(caught.value) == f"{file}:{line}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one of the option goes before the one of the environment."""
    monkeypatch.setenv(settings.VARIABLE, str(tmp_path / "env.yaml"))
    for option, name in ((str(tmp_path / "option.yaml"), "option.yaml"), (None, "env.yaml")):
        with pytest.raises(ConfigError) as caught:
            settings.load(option)
        assert str(caught.value) == f"{tmp_path / name}: cannot be read: no such file or directory"


def test_without_a_file_the_defaults_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    """As documented: 30 days, 50 MB, 72 h, 60 s."""
    monkeypatch.delenv(settings.VARIABLE, raising=False)
    monkeypatch.setattr(settings, "DEFAULT", "/nonexistent/agent.yaml")
    config, used = settings.load(None)
    assert (config, used) == (AgentConfig(), None)
    assert (config.spool.days, config.spool.megabytes, config.spool.keep_acknowledged_hours) == (30, 50, 72)
    assert (config.push.linger, config.push.timeout, config.push.max_backoff, config.push.batch_bytes) == (
        60,
        30,
        300,
        65536,
    )
    assert state_dir(config) == default_state_dir()


@pytest.mark.parametrize(
    ("url", "plain", "wrong"),
    [
        ("https://a.vn", False, False),
        ("http://127.0.0.1:8420", False, False),
        ("http://[::1]:8420", False, False),
        ("http://localhost", False, False),
        ("http://10.0.0.1", True, False),
        ("http://10.0.0.1", False, True),
        ("http://127.example.vn", False, True),
        ("https://user@a.vn", False, True),
        ("a.vn", False, True),
        ("https://", False, True),
    ],
)
def test_only_tls_leaves_the_pc_unless_allowed(url: str, plain: bool, wrong: bool) -> None:
    """Loopback needs no permission."""
    assert (address_error(url, plain) is not None) is wrong
