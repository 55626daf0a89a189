"""The command as people use it: enrol, check, status, validate, and what it says when it cannot."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from agent import VERSION
from agent.main import main
from checks.kit import registry, wire
from tests.agent.collecting import Collector, collecting, error

KNOWN = ", ".join(registry.names())


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


class Command:
    """``sansang-agent`` with settings of its own."""

    def __init__(self, folder: Path, collector: Collector) -> None:
        self.state, self.file, self.collector = folder / "state", folder / "agent.yaml", collector
        self.configure("")

    def configure(self, more: str) -> None:
        self.file.write_text(f"state_dir: {self.state}\nlang: en\n{more}", "utf-8")

    def __call__(self, name: str, *arguments: str) -> Result:
        return CliRunner().invoke(main, [name, "--config", str(self.file), *arguments])


@pytest.fixture
def command(tmp_path: Path, collector: Collector) -> Command:
    return Command(tmp_path, collector)


def test_the_version_is_the_projects() -> None:
    """One number in two files."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{VERSION}"\n' in text


def test_enrolling_gives_the_device_its_name(command: Command, collector: Collector) -> None:
    """And repeating it gives the same."""
    first = command("enrol", collector.url, "good")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.output == f"enrolled in unit 27259 as {next(iter(collector.keys))}\n"
    assert command("enrol", collector.url, "good").output == first.output


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("bad_token", 401, "the collector does not know this token"),
        ("token_expired", 403, "this token has expired: ask for a new one"),
        ("token_exhausted", 403, "every seat of this token is taken: ask for a new one"),
        ("token_revoked", 403, "this token was withdrawn: ask for a new one"),
        ("bad_proof", 400, "refused: bad_proof"),
    ],
)
def test_a_token_that_is_refused_is_one_clear_line(
    command: Command, collector: Collector, code: str, status: int, said: str
) -> None:
    """On standard error, with exit code 1, and nothing is stored."""
    collector.tricks.append(lambda *_: error(status, code))
    done = command("enrol", collector.url, "whatever")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"sansang-agent: {collector.url}: {said}\n")
    assert not (command.state / "identity.json").exists()


def test_a_collector_that_is_not_there_is_one_clear_line(command: Command) -> None:
    """As is one that is something else."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    done = command("enrol", f"http://127.0.0.1:{port}", "t")
    said = f"sansang-agent: http://127.0.0.1:{port}: cannot be reached: the connection was refused\n"
    assert (done.exit_code, done.stderr) == (1, said)


@pytest.mark.parametrize(("status", "words"), [(200, "the answer"), (404, "the answer (404)")])
def test_a_server_that_is_no_collector_is_one_clear_line(
    command: Command, collector: Collector, status: int, words: str
) -> None:
    """It asks whether the address is right."""
    collector.tricks.append(lambda *_: (status, {}, b"<html>"))
    done = command("enrol", collector.url, "t")
    assert done.stderr == (
        f"sansang-agent: {collector.url}: {words} is not a collector's: is this the right address?\n"
    )


@pytest.mark.parametrize("name", ["run", "status"])
def test_a_device_that_is_not_enrolled_is_told_how(command: Command, name: str) -> None:
    """Exit code 1."""
    done = command(name)
    assert done.exit_code == 1
    assert done.stderr == (
        f"sansang-agent: {command.state}: this device is not enrolled: run sansang-agent enrol URL TOKEN\n"
    )


def test_validate_says_where_a_file_is_wrong(command: Command) -> None:
    """And that a good one is good."""
    assert command("validate").output == f"{command.file}: ok, 0 jobs of its own\n"
    command.configure("jobs: [{check: nothing}]\n")
    done = command("validate")
    assert done.exit_code == 1
    assert done.stderr == (
        f"sansang-agent: {command.file}:3:9: jobs[0].check: no check is called 'nothing'; there are: {KNOWN}\n"
    )


def test_check_without_names_runs_what_is_configured(command: Command, collector: Collector) -> None:
    """A line each, the cause and the next step under a failure, the summary last; exit code 1."""
    command.configure(
        f"jobs:\n- {{check: connectivity, target: good, params: {{url: '{collector.url}/', expect_status: '404'}}}}\n"
        f"- {{check: connectivity, target: bad, params: {{url: '{collector.url}/', expect_status: '200'}}}}\n"
    )
    done = command("check")
    lines = done.output.splitlines()
    assert done.exit_code == 1
    assert lines[0].startswith("● This PC: working (")
    assert lines[1].startswith("● Reaching a system · good: working (")
    assert lines[2].startswith("✕ Reaching a system · bad: failing (")
    assert lines[3].startswith("    The system answers with an error: ")
    assert lines[4] == "    → The network works: tell the system's operator the status code."
    assert lines[5:] == [
        "Summary: 2 working, 1 failing",
        "Broken: the system itself: The system answers with an error (bad)",
    ]


def test_check_speaks_vietnamese_by_default(command: Command) -> None:
    """--lang goes before the settings."""
    done = command("check", "device", "--lang", "vi")
    assert done.exit_code == 0
    assert done.output.startswith("● Máy trạm này: hoạt động (")
    assert done.output.endswith("Kết quả: 1 hoạt động\n")


def test_details_show_every_number_under_its_check(command: Command, collector: Collector) -> None:
    """A failure's numbers too: how far it came, and how long that took."""
    lines = command("check", "connectivity", "--target", f"{collector.url}/", "--details").output.splitlines()
    assert lines[0].startswith("✕ Reaching a system")
    assert "      Reached: no" in lines
    assert any(line.startswith("      Phase times: TCP connection ") for line in lines)
    assert lines[-2] == "Summary: 1 failing"


def test_a_terminal_without_utf8_gets_plain_signs(command: Command) -> None:
    """Vietnamese without its marks, and no sign that cannot be shown."""
    done = CliRunner(charset="ascii").invoke(main, ["check", "--config", str(command.file), "device", "--lang", "vi"])
    assert done.output.startswith("+ May tram nay: hoat dong (")
    assert done.output.isascii()


def test_check_prints_json(command: Command, collector: Collector) -> None:
    """The results as they would be sent."""
    done = command("check", "connectivity", "--target", f"{collector.url}/", "--json")
    (result,) = json.loads(done.output)
    assert (done.exit_code, result["outcome"], result["reason"]) == (1, "failed", "http_status")
    assert result["target"] == f"{collector.url}/"


def test_the_schema_is_printed_without_measuring_anything(command: Command) -> None:
    """No settings are needed either."""
    command.file.unlink()
    done = command("check", "--schema")
    assert (done.exit_code, json.loads(done.output)["title"]) == (0, "Results of sansang-agent check --json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], f"no check is called 'nothing'; there are: {KNOWN}"),
        (["connectivity"], "no connectivity job is configured here: say what to measure with --target"),
        (["device", "--target", "x"], "device takes no --target"),
        (["--target", "x"], "--target needs the name of one check, such as: check connectivity --target https://…"),
        (["device", "connectivity", "--target", "x"], "--target needs the name of one check, not of several"),
    ],
)
def test_wrong_use_is_exit_code_2(command: Command, arguments: list[str], said: str) -> None:
    """With what would be right."""
    done = command("check", *arguments)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"Error: {said}")


def test_a_bundle_is_signed_by_this_device(command: Command, collector: Collector, tmp_path: Path) -> None:
    """Envelopes after their lengths, with an epoch of their own and numbers from 1."""
    command("enrol", collector.url, "good")
    done = command("check", "device", "--bundle", str(tmp_path / "visit.ssb"))
    assert done.exit_code == 0
    data = (tmp_path / "visit.ssb").read_bytes()
    (length,) = struct.unpack(">I", data[:4])
    assert len(data) == 4 + length
    envelope = wire.take_apart(data[4:])
    batch = wire.unseal(envelope, collector.keys[envelope.agent])
    assert [(result.seq, result.check) for result in batch.results] == [(1, "device")]


def test_a_bundle_needs_an_identity(command: Command, tmp_path: Path) -> None:
    """Nothing is measured for a file that nobody could believe."""
    done = command("check", "--bundle", str(tmp_path / "visit.ssb"))
    assert done.exit_code == 1
    assert done.stderr == (
        f"sansang-agent: {command.state}: this device is not enrolled: run sansang-agent enrol URL TOKEN\n"
    )
    assert not (tmp_path / "visit.ssb").exists()


def test_status_of_an_agent_that_never_ran(command: Command, collector: Collector) -> None:
    """Exit code 1, and how to start it."""
    command("enrol", collector.url, "good")
    done = command("status")
    assert done.exit_code == 1
    assert done.output.splitlines()[0] == "Unit: 27259"
    assert done.output.splitlines()[-1] == "○ never ran: sansang-agent run"


@pytest.mark.parametrize(
    ("age", "state", "code", "lines"),
    [
        (1, "ok", 0, ["● running", "● sending, acknowledged 6 seconds ago"]),
        (1, "captive_portal", 1, ["● running", "✕ not sending: captive_portal: something else answered 302"]),
        (400, "ok", 1, ["○ stopped 400 seconds ago", "● sending, acknowledged 405 seconds ago"]),
    ],
)
def test_status_says_whether_results_arrive(
    command: Command, collector: Collector, age: int, state: str, code: int, lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Running, sending, and how much waits."""
    command("enrol", collector.url, "good")
    now = 1_800_000_000_000_000
    message = "" if state == "ok" else "something else answered 302"
    written = now - age * 1_000_000
    status = {
        "updated_at": written, "version": "0.1.0", "device": "d", "unit": "27259", "collector": collector.url,
        "contact": {"state": state, "message": message, "acked_at": written - 5_000_000},
        "health": {"spool_records": 3.0, "spool_bytes": 81920.0, "spool_dropped": 2.0}, "results": [],
    }  # fmt: skip
    (command.state / "status.json").write_bytes(msgspec.json.encode(status))
    monkeypatch.setattr("checks.kit.clock.SystemClock.wall", lambda self: now)
    done = command("status")
    assert (done.exit_code, done.output.splitlines()[3:5]) == (code, lines)
    assert done.output.splitlines()[5] == "Waiting: 3 results, 81 kB on disk; 2 lost"
    assert json.loads(command("status", "--json").output)["well"] is (code == 0)


def test_help_teaches() -> None:
    """The three commands a newcomer needs stand in it."""
    text = CliRunner().invoke(main, ["--help"]).output
    for words in ("sansang-agent enrol https://collector TOKEN", "sansang-agent run", "sansang-agent check"):
        assert words in text
