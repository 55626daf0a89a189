"""``remote_write:`` of collector.yaml: what it may say, and every refusal as people read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from checks.kit.strict import ConfigError
from collector import config
from collector.main import cli
from collector.readiness.duration import EXPECTED
from collector.remote.settings import NO_END, Endpoint

MINUTE = 60_000_000
GOOD = "name: a, url: 'http://127.0.0.1:9090/api/v1/write'"


def loaded(folder: Path, *entries: str) -> tuple[Endpoint, ...]:
    file = folder / "collector.yaml"
    file.write_text("remote_write:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries), "utf-8")
    return config.load(file).remote_write


def test_late_results_of_any_age_are_sent_unless_told_otherwise(tmp_path: Path) -> None:
    """Late is what is two minutes old on arrival."""
    (one,) = loaded(tmp_path, GOOD)
    assert (one.least_age, one.window, one.most_age) == (2 * MINUTE, NO_END, 14 * 1440 * MINUTE)
    (one,) = loaded(tmp_path, GOOD + ", send: all, out_of_order_window: 7d")
    assert (one.least_age, one.window) == (-NO_END, 7 * 1440 * MINUTE)


def test_files_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    """As everywhere in collector.yaml."""
    (tmp_path / "secret").write_text("x\n")
    (one,) = loaded(tmp_path, GOOD + ", username: u, password_file: secret")
    assert one.password_file == str(tmp_path / "secret")


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        (("url: 'http://a/b'",), "remote_write[0].name: is missing"),
        (("name: a",), "remote_write[0].url: is missing"),
        ((GOOD + ", urls: x",), "remote_write[0].urls: unknown key 'urls'"),
        ((GOOD, GOOD), "remote_write[1].name: two endpoints are called 'a'"),
        (
            ("name: City, url: 'http://a/b'",),
            "remote_write[0].name: expected small letters, digits, - and _, got 'City'",
        ),
        (
            ("name: a, url: 'ftp://a/b'",),
            "remote_write[0].url: expected an http:// or https:// address, got 'ftp://a/b'",
        ),
        (
            ("name: a, url: 'http://u:p@a/b'",),
            "remote_write[0].url: expected no user or password in the address: write username and password_file",
        ),
        (
            ("name: a, url: 'http://a:9090'",),
            "remote_write[0].url: expected the receiver's path too, such as http://a:9090/api/v1/write",
        ),
        (
            (GOOD + ", send: some",),
            "remote_write[0].send: expected one of all, late, got 'some'",
        ),
        (
            (GOOD + ", late_after: soon",),
            f"remote_write[0].late_after: {EXPECTED}, got 'soon'",
        ),
        (
            (GOOD + ", out_of_order_window: 30m",),
            "remote_write[0].out_of_order_window: expected at least 1h: an hour is taken without a window",
        ),
        (
            (GOOD + ", labels: {unit: x}",),
            "remote_write[0].labels.unit: every sample has a label of this name already",
        ),
        (
            (GOOD + ", labels: {__name__: x}",),
            "remote_write[0].labels.__name__: expected letters, digits and _ as a label's name",
        ),
        (
            (GOOD + ", labels: {job: ''}",),
            "remote_write[0].labels.job: expected a value: a label without one is no label",
        ),
        (
            (GOOD + ", headers: {Authorization: x}",),
            "remote_write[0].headers.Authorization: is set by the collector itself",
        ),
        (
            (GOOD + ", headers: {X-A: 'thử'}",),
            "remote_write[0].headers.X-A: expected a header's name and a value in ASCII",
        ),
        (
            (GOOD + ", username: u",),
            "remote_write[0].password_file: username and password_file belong together",
        ),
        (
            (GOOD + ", username: u, password_file: p, bearer_file: b",),
            "remote_write[0].bearer_file: expected either a bearer token or a user and password",
        ),
        (
            (GOOD + ", username: 'u:v', password_file: p",),
            "remote_write[0].username: expected no colon in a user's name",
        ),
        (
            (GOOD + ", ca_file: gone.pem",),
            "remote_write[0].ca_file: cannot be read: no such file or directory",
        ),
        (
            (GOOD + ", bearer_file: empty",),
            "remote_write[0].bearer_file: the file is empty",
        ),
        (
            (GOOD + ", max_samples: 0",),
            "remote_write[0].max_samples: expected a whole number >= 1, got 0",
        ),
    ],
)  # fmt: skip
def test_a_refusal_names_the_place_and_what_was_expected(
    tmp_path: Path, entries: tuple[str, ...], complaint: str
) -> None:
    """File, line, column, key."""
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError) as why:
        loaded(tmp_path, *entries)
    place, _, told = str(why.value).partition(" ")
    assert re.fullmatch(re.escape(f"{tmp_path / 'collector.yaml'}:{1 + len(entries)}:") + r"\d+:", place), place
    assert told == complaint


def test_the_place_is_the_entrys_own(tmp_path: Path) -> None:
    """Line and column of the value at fault."""
    with pytest.raises(ConfigError) as why:
        loaded(tmp_path, "name: b, url: 'http://a/b'", "name: City, url: 'http://a/b'")
    assert (why.value.line, why.value.column) == (3, 6)


def test_validate_refuses_what_run_would_refuse(tmp_path: Path) -> None:
    """Before anything is started."""
    file = tmp_path / "collector.yaml"
    file.write_text("remote_write: [{name: a, url: here}]\n")
    found = CliRunner().invoke(cli, ["validate", "--config", str(file)])
    assert isinstance(found.exception, ConfigError)
    assert str(found.exception).endswith("remote_write[0].url: expected an http:// or https:// address, got 'here'")
