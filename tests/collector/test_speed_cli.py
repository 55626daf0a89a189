"""``sansang-collector speed``: what an engineer reads and asks, in both languages and for programs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from collector.cli import speed_shown
from collector.cli.speed import speed
from collector.evidence import words
from collector.evidence.account import Shown
from collector.leases.model import SECOND
from collector.store import leases
from tests.collector.commanding import XOM_CHIEU, Pc, on_line_of, rows, town
from tests.collector.evidence.lines import RUNNING, WAITING, speed_test
from tests.collector.evidence.measuring import BOTH, NOW, lease, record
from tests.collector.evidence.measuring import Pc as Measuring
from tests.collector.evidence.speaking import Speaking, speaking

SPACE = "\N{NO-BREAK SPACE}"


def run(*words: str) -> tuple[int, str]:
    """Exit code and output of one command."""
    done = CliRunner().invoke(speed, list(words))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output.replace(SPACE, " ")


async def call(*words: str) -> tuple[int, str]:
    """Beside a collector that serves in this process."""
    return await asyncio.to_thread(run, *words)


async def measured(client: Speaking, down: float = 93.4) -> Pc:
    """A PC of Xóm Chiếu, whose line was measured a minute ago."""
    await on_line_of(client, "VNPT", [XOM_CHIEU])
    pc = await Pc(client, XOM_CHIEU, 1).enrol()
    store = client.server.parts.store

    def granted() -> None:
        with store.begin() as connection:
            leases.add(connection, lease(pc.id, state="done", ends_at=NOW + 30 * SECOND))
            for one in BOTH:
                leases.record(connection, "0123456789abcdef", one["test"], one)

    await store.run(granted)
    result = msgspec.structs.replace(Measuring(pc.sender.signer).result(down), seq=pc.sender.next)
    pc.sender.next += 1
    status, answer = await client.push(pc.sender.sealed(result, sent_at=client.server.parts.now()))
    assert status == 200, answer
    await client.server.parts.sweep.once()
    return pc


def later() -> int:
    return NOW + 60 * SECOND


async def test_units_are_listed_with_their_lines(tmp_path: Path) -> None:
    """Both ways, then the providers."""
    file = town(tmp_path)
    async with speaking(file, later) as client:
        await measured(client)
        _, told = await call("list", "--config", file, "--lang", "en")
        lines = [line for line in rows(told) if "Mbit/s" in line]
        day = "21/11/2026 HH:MM"
        assert lines == [
            f"27259 Phường Xóm Chiếu VNPT — download 93.4 Mbit/s {day} 93.4 Mbit/s 93.4 Mbit/s — 1",
            f"upload 41.2 Mbit/s {day} 41.2 Mbit/s 41.2 Mbit/s — 1",
            "VNPT 1 download 93.4 Mbit/s 93.4 Mbit/s 1",
            "upload 41.2 Mbit/s 41.2 Mbit/s 1",
        ]
        code, told = await call("list", "--config", file, "--unit", XOM_CHIEU, "--json")
        assert (code, json.loads(told)["units"][0]["quantities"]["down"]["last"]) == (0, 93.4e6)


async def test_one_line_is_shown_whole(tmp_path: Path) -> None:
    """The counters first, the measurements with their numbers last."""
    file = town(tmp_path)
    async with speaking(file, later) as client:
        await measured(client)
        _, told = await call("show", "--config", file, "--unit", XOM_CHIEU, "--lang", "vi")
        lines = rows(told)
        assert lines[:2] == [
            "27259 Phường Xóm Chiếu · VNPT",
            "Không có bộ đếm của bộ định tuyến: khai báo SNMP để biết đường truyền có đầy không mà không cần đo.",
        ]
        assert lines[-1] == (
            "1 21/11/2026 HH:MM tốc độ tải xuống 93,4 Mbit/s, tải lên 41,2 Mbit/s, khứ hồi khi tải 91 ms có giá trị"
        )


async def test_a_measurement_that_stands_exits_with_0(tmp_path: Path) -> None:
    """Every parameter, the server, the protocol, both counts, and what anybody else needs to check it."""
    file = town(tmp_path)
    async with speaking(file, later) as client:
        pc = await measured(client)
        code, told = await call("verify", "--config", file, "--lang", "en", "1")
        lines = [" ".join(line.split()) for line in told.splitlines()]
        assert code == 0
        assert lines[-1] == "The evidence stands."
        for line in (
            "server tdc", "protocol ndt7 0.11", "device signed signed by the device's key", f"device {pc.id}",
            "params bytes 250000000, seconds 10000000", "download limited line, rate 93400000, used 40000000",
            "server download 81.7 Mbit/s – 93.4 Mbit/s, 40.9 MB, n=1, client_closed",
            f"public key {pc.sender.signer.public.hex()}",
        ):  # fmt: skip
            assert line in lines
        code, told = await call("verify", "--config", file, "--json", "1")
        assert (code, json.loads(told)["stands"]) == (0, True)


async def test_a_measurement_that_falls_exits_with_1(tmp_path: Path) -> None:
    """And says why."""
    file = town(tmp_path)
    async with speaking(file, later) as client:
        await measured(client, down=930.0)
        code, told = await call("verify", "--config", file, "--lang", "en", "1")
        assert code == 1
        assert told.splitlines()[-1] == ("The evidence does not stand: the server's count and the device's disagree.")


async def test_a_test_is_asked_for(tmp_path: Path) -> None:
    """With its id, and how it is followed."""
    file = town(tmp_path)
    async with speaking(file, later) as client:
        await measured(client)
        code, told = await call("start", "--config", file, "--lang", "en", "--unit", XOM_CHIEU, "--author", "Lê An")
        first, second = told.splitlines()
        key = first.split()[1].rstrip(":")
        assert (code, first) == (0, f"Request {key}: follow it with `sansang-collector speed watch {key}`")
        assert second == "Waits for a PC of the unit: it hears of the request at its next report."
        code, told = await call("watch", "--config", file, "--json", key)
        assert (code, json.loads(told)["stage"]) == (0, "waiting")


async def test_a_unit_that_cannot_be_measured_exits_with_1(tmp_path: Path) -> None:
    """The refusal in words."""
    file = town(tmp_path)
    async with speaking(file, later):
        code, told = await call("start", "--config", file, "--unit", XOM_CHIEU, "--author", "Lê An", "--watch")
        assert (code, told) == (
            1, "Không đo được: không có thiết bị nào đang hoạt động được đo: duyệt hoặc đăng ký một máy trạm.\n"
        )  # fmt: skip


async def test_a_test_is_watched_to_its_end(tmp_path: Path) -> None:
    """Each stage on a line of its own where nothing moves; 1 where the result does not count."""
    file = town(tmp_path)
    async with speaking(file, later) as client:
        pc = await measured(client)
        made = await client.desk.start(XOM_CHIEU, "Lê An")
        watching = asyncio.create_task(call("watch", "--config", file, "--lang", "en", made.request.id))
        await asyncio.sleep(0.3)
        store, key = client.server.parts.store, "00000000000000bb"

        def answered() -> None:
            at = later()
            with store.begin() as connection:
                leases.add(connection, lease(pc.id, id=key, starts_at=at, ends_at=at + 30 * SECOND))
                leases.answer(connection, made.request.id, key)
                leases.record(connection, key, "download", record("download", 1e6))

        await store.run(answered)
        result = Measuring(pc.sender.signer).result(signed={"lease": key})
        result = msgspec.structs.replace(result, seq=pc.sender.next, at=later(), facts=result.facts | {"lease": key})
        await client.push(pc.sender.sealed(result, sent_at=later()))
        async with asyncio.timeout(20):
            code, told = await watching
        assert code == 1
        assert told.splitlines()[-1] == (
            "Done: download 93.4 Mbit/s, upload 41.2 Mbit/s, 91 ms round trip under load; does not count: "
            "the server's count and the device's disagree."
        )


async def test_a_token_is_printed_as_addresses(tmp_path: Path) -> None:
    """One for each direction, as they are typed."""
    file = town(tmp_path)
    async with speaking(file, later) as client:
        await measured(client)
        code, told = await call("grant", "--config", file, "--lang", "en", "--unit", XOM_CHIEU, "--author", "Lê An")
        lines = told.splitlines()
        assert code == 0
        assert lines[0].endswith(": begins in 0 s, holds 65 s, at most 250 MB.")
        assert [line.split("?")[0].rpartition("/")[2] for line in lines[1:3]] == ["download", "upload"]
        assert lines[4] == f"ndt7-client -service-url '{lines[1]}'"


def test_the_gauge_moves_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that is written over; then the next stage below it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    told = _gauged(capsys)
    line = f"\r{'█' * 11}{'░' * 13} download: 93.4 Mbit/s"
    assert [part.rstrip() for part in told.split("\r")[1:]] == [line[1:]] * 2
    assert told.endswith("\n")


def test_the_gauge_is_a_line_for_each_stage_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Told once each."""
    told = _gauged(capsys).splitlines()
    assert told[1:] == [
        "Waits for a PC of the unit: it hears of the request at its next report.", "Measuring download: 93.4 Mbit/s."
    ]  # fmt: skip


def _gauged(capsys: pytest.CaptureFixture[str]) -> str:
    gauge = speed_shown.Gauge("en")
    for found in (WAITING, RUNNING, RUNNING):
        gauge.show(found)
    gauge.end()
    return capsys.readouterr().out.replace(SPACE, " ")


def test_what_a_device_sends_moves_no_cursor() -> None:
    """Control characters in evidence are shown as question marks."""
    assert speed_shown._printable("a\x1b[2Jb\n") == "a?[2Jb?"


def test_a_result_that_the_pc_limited_says_so() -> None:
    """The line may be faster."""
    one: Shown = speed_test(1, NOW, 61.0, 40.0, limited="pc")
    assert words.figures(one, "en").startswith(f"download 61{SPACE}Mbit/s (the PC was the limit)")


@pytest.mark.parametrize("command", ["list", "show", "start", "watch", "verify", "grant"])
def test_help_teaches(command: str) -> None:
    """What it is for, in sentences, with every option explained."""
    code, told = run(command, "--help")
    assert code == 0
    assert len(told.split("Options:")[0].split()) > 20
    assert " --json" in told
