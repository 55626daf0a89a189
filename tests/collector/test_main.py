"""``sansang-collector`` as people call it: real processes, with the collector running and without."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from collector import config
from tests.collector.pushing import XOM_CHIEU, Sender
from tests.collector.standing import Client, served

COMMAND = Path(sys.executable).parent / "sansang-collector"


def run(*words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = subprocess.run([str(COMMAND), *words], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


async def call(*words: str) -> tuple[int, str, str]:
    """`run` beside a collector that serves in this process."""
    return await asyncio.to_thread(run, *words)


def test_validate_says_what_is_in_force(file: str) -> None:
    """Locality, units, targets, profile and database, in one line."""
    code, out, err = run("validate", "--config", file)
    assert (code, err) == (0, "")
    assert out.startswith("ok: Thành phố Hồ Chí Minh (trình diễn) (demo): 168 units, 4 targets; profile demo@")
    assert out.endswith(f"database sqlite:///{Path(file).parent}/state/sansang.db\n")


def test_a_mistake_in_the_file_is_one_line_with_its_place(tmp_path: Path) -> None:
    """No traceback, exit code 1."""
    bad = tmp_path / "collector.yaml"
    bad.write_text('listen: "127.0.0.1:8420"\nlokality: demo\n')
    assert run("run", "--config", str(bad)) == (
        1, "", f"sansang-collector: {bad}:2:1: lokality: unknown key 'lokality'\n",
    )  # fmt: skip


def test_a_port_in_use_is_one_line(file: str) -> None:
    """What is taken, and what to do."""
    port = int(Path(file).read_text().split('"')[1].split(":")[1])
    with socket.create_server(("127.0.0.1", port)):
        code, out, err = run("run", "--config", file)
    assert (code, out) == (1, "")
    assert err == (
        f"sansang-collector: cannot listen on 127.0.0.1:{port}: "
        "the port is in use by another program (change `listen`, or stop it)\n"
    )


def test_units_are_found_without_accents(file: str) -> None:
    """By name or code."""
    code, out, _ = run("units", "--config", file, "xom chieu")
    assert code == 0
    assert [line for line in out.splitlines() if "27259" in line and "Phường Xóm Chiếu" in line]
    assert "Khánh Hội" not in out


def test_a_token_made_while_nothing_runs_is_listed_and_revoked(file: str) -> None:
    """Straight in the database."""
    code, secret, err = run("tokens", "create", "--config", file, "--unit", XOM_CHIEU, "--seats", "3", "--note", "kho")
    assert (code, err) == (0, "")
    assert secret.startswith("ssk_")
    _, listed, _ = run("tokens", "list", "--config", file, "--lang", "en")
    [row] = [line for line in listed.splitlines() if XOM_CHIEU in line]
    assert "0/3" in row
    assert "in force" in row
    assert "kho" in row
    assert secret.strip() not in listed
    assert run("tokens", "revoke", "--config", file, row.split()[0]) == (0, "", "")
    assert "revoked" in run("tokens", "list", "--config", file, "--lang", "en")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tokens", "create", "--unit", "99999"), "no unit has the code '99999' in this locality"),
        (("tokens", "revoke", "zzz"), "no token with the id 'zzz' is in force"),
        (("devices", "revoke", "zzz"), "no device has the id 'zzz'"),
        (("readiness", "--unit", "1"), "no unit has the code '1' in this locality"),
    ],
)
def test_a_wrong_name_is_one_line(file: str, words: tuple[str, ...], message: str) -> None:
    """Exit code 1, the name in it."""
    at = 2 if words[0] in ("tokens", "devices") else 1
    assert run(*words[:at], "--config", file, *words[at:]) == (1, "", f"sansang-collector: {message}\n")


async def test_a_running_collector_is_asked_and_not_bypassed(client: Client, tmp_path: Path) -> None:
    """It is the only writer: the answer comes through its socket, and takes effect at once."""
    file = str(tmp_path / "collector.yaml")
    code, secret, err = await call("tokens", "create", "--config", file, "--unit", XOM_CHIEU)
    assert (code, err) == (0, "")
    status, _ = await client.enrol(Sender(key=8).signer, secret.strip())
    assert status == 200
    sender = await client.enrolled(Sender())
    assert (await call("devices", "revoke", "--config", file, sender.device))[0] == 0
    assert (await client.push(sender.sealed(sender.result())))[0] == 403
    _, listed, _ = await call("devices", "--config", file)
    assert [line for line in listed.splitlines() if sender.device in line and "revoked" in line]


async def test_the_socket_is_for_the_collectors_own_user(client: Client, tmp_path: Path) -> None:
    """Nobody else may even connect."""
    assert client.server.url
    assert (tmp_path / "state" / "admin.sock").stat().st_mode & 0o777 == 0o600


async def test_readiness_is_told_in_words_and_for_programs(client: Client, tmp_path: Path) -> None:
    """One line a unit; one unit in full; JSON."""
    file = str(tmp_path / "collector.yaml")
    sender = await client.enrolled(Sender())
    await client.push(sender.sealed(*(sender.result(target=t) for t in ("tiep-nhan", "xu-ly") for _ in range(3))))
    await client.server.parts.sweep.once()
    _, short, _ = await call("readiness", "--config", file)
    assert [line for line in short.splitlines() if "Phường Xóm Chiếu" in line and "1/1" in line]
    _, full, _ = await call("readiness", "--config", file, "--unit", XOM_CHIEU, "--lang", "en")
    assert "Mandatory systems answer now" in full.replace("\n", " ") or "Mandatory" in full
    _, text, _ = await call("readiness", "--config", file, "--json")
    [found] = json.loads(text)
    assert (found["unit"], found["reporting"]) == (XOM_CHIEU, 1)


async def test_a_technicians_file_is_taken_as_if_pushed(client: Client, tmp_path: Path) -> None:
    """Once: a second import changes nothing; a damaged file says where."""
    file, bundle = str(tmp_path / "collector.yaml"), tmp_path / "visit.ssb"
    sender = await client.enrolled(Sender())
    sealed = sender.sealed(sender.result(target="tiep-nhan"))
    bundle.write_bytes(struct.pack(">I", len(sealed)) + sealed)
    for _ in range(2):
        assert await call("import", "--config", file, str(bundle)) == (0, f"batch 1: taken: {sender.device}\n", "")
    assert await client.metric("sansang_collector_results_total") == 1
    bundle.write_bytes(struct.pack(">I", len(sealed)) + sealed[:-5])
    assert await call("import", "--config", file, str(bundle)) == (
        1, "", f"sansang-collector: {bundle}: not a bundle, or cut short, at byte 0\n",
    )  # fmt: skip
    forged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    bundle.write_bytes(struct.pack(">I", len(forged)) + forged)
    code, out, err = await call("import", "--config", file, str(bundle))
    assert (code, out) == (1, "batch 1: refused: bad_signature: the signature is not this device's\n")
    assert err == "sansang-collector: 1 of the file's batches were refused; the file itself is unchanged\n"


async def test_a_file_of_several_batches_is_taken_without_a_running_collector(tmp_path: Path) -> None:
    """The whole file in one opening of the database."""
    file, bundle, sender = str(tmp_path / "collector.yaml"), tmp_path / "visit.ssb", Sender()
    async with served(tmp_path) as client:
        await client.enrolled(sender)
    batches = [sender.sealed(sender.result(target="tiep-nhan")) for _ in range(3)]
    bundle.write_bytes(b"".join(struct.pack(">I", len(sealed)) + sealed for sealed in batches))
    taken = "".join(f"batch {number}: taken: {sender.device}\n" for number in (1, 2, 3))
    assert await call("import", "--config", file, str(bundle)) == (0, taken, "")


def test_what_is_stored_is_for_the_collectors_own_user(file: str) -> None:
    """Folder, database and lock, whatever the umask of who started it."""
    run("tokens", "create", "--config", file, "--unit", XOM_CHIEU)
    state = Path(file).parent / "state"
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in state.iterdir()} == {0}


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """A file stands where it should be."""
    (tmp_path / "state").write_text("")
    path = tmp_path / "collector.yaml"
    path.write_text(f"state_dir: state\nlocality: demo\nunits: {config.SHIPPED}/units.csv\n")
    code, out, err = run("readiness", "--config", str(path))
    assert (code, out, err) == (1, "", f"sansang-collector: {tmp_path}/state: cannot be created: file exists\n")


def test_help_teaches() -> None:
    """The first page shows the commands one needs first."""
    code, out, _ = run("--help")
    assert code == 0
    for words in ("sansang-collector validate", "sansang-collector run", "tokens create --unit 27259"):
        assert words in out
