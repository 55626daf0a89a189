"""What holds for every command: options typed early, former codes, the width of a terminal, help, empty answers."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from collector.office import Office
from collector.store.devices import Refused
from tests.collector.commanding import CON_DAO, KHANH_HOI, XOM_CHIEU, call, in_days, rows, run, running, town, troubled

WAS = "27253 was the code of Phường 12, Quận 4 until 30/06/2025; today it is 27259 Phường Xóm Chiếu\n"
SPLIT = (
    "27256 was the code of Phường 13, Quận 4 until 30/06/2025; today it belongs to 27265 Phường Khánh Hội (75 %), "
    "27259 Phường Xóm Chiếu (25 %): write the code of one"
)
TEACHES = {
    "readiness": ("readiness --unit 27259 --at 2026-11-20T08:00", "readiness path"),
    "readiness explain": ("explain --unit 27259 systems_now", "[required]"),
    "readiness history": ("since when each requirement fails", "when it was last ready", "How far back."),
    "readiness path": ("at least cost", "cheapest first"),
    "findings": ("whose it is", "One line for a cause", "Also those that closed"),
    "waivers": ("waivers grant --unit 27259 pc_age --until 2026-12-31 \\", '--author "Lê An"'),
    "waivers grant": (
        "does not decide",
        "has in brackets",
        '"2026-12-31T17:00"',
        "in 10 characters or more",
        "at most 92 days",
    ),
    "waivers approve": ("by inspection", "outweighs it", "has in brackets", "The unit, by its code."),
    "waivers revoke": ("before its time", "Who ends it."),
    "profile diff": ("Nothing is stored.", "it is taken while the collector runs"),
    "devices move": ("keeps its key and its history", "Why: kept with it."),
}


@pytest.fixture
def file(tmp_path: Path) -> str:
    return town(tmp_path)


@pytest.mark.parametrize("command", TEACHES)
def test_help_teaches(command: str) -> None:
    """With an example where the words alone do not do."""
    code, out, _ = run(*command.split(), "--help")
    assert code == 0
    told = " ".join(out.split())
    for words in TEACHES[command]:
        assert words in told


@pytest.mark.parametrize("group", ["", "readiness", "waivers", "profile", "roster", "tokens", "devices"])
def test_no_line_of_a_list_of_commands_is_cut(group: str) -> None:
    code, out, _ = run(*group.split(), "--help", columns=80)
    assert code == 0
    listed = out.partition("Commands:")[2].splitlines()
    assert [line for line in listed if line.endswith("...")] == []
    assert any(line.endswith(".") for line in listed)


async def test_an_option_typed_before_the_command_holds_for_it(file: str) -> None:
    """`readiness --config FILE path` must not act on another database than the one that was named."""
    async with troubled(file):
        early = await call("readiness", "--config", file, "--lang", "en", "--unit", XOM_CHIEU, "path")
        assert rows(early[1])[0] == "27259 Phường Xóm Chiếu"
        assert early == await call("readiness", "path", "--config", file, "--lang", "en", "--unit", XOM_CHIEU)
        late = await call("readiness", "--unit", CON_DAO, "path", "--config", file, "--unit", XOM_CHIEU)
        assert rows(late[1])[0] == "27259 Phường Xóm Chiếu"
        _, text, _ = await call("readiness", "--config", file, "--json", "path", "--unit", XOM_CHIEU)
        assert json.loads(text)[0]["unit"] == XOM_CHIEU
        assert rows((await call("waivers", "--config", file, "revoke", "zz", "--author", "An"))[2]) == [
            "sansang-collector: no waiver or approval with the id 'zz' is in force"
        ]


@pytest.mark.parametrize("words", [("readiness", "explain"), ("readiness", "--at", "2026-11-20")])
def test_a_unit_that_is_missing_is_asked_for(file: str, words: tuple[str, ...]) -> None:
    code, out, err = run(*words, "--config", file)
    assert (code, out) == (2, "")
    assert "--unit" in err.splitlines()[-1]


@pytest.mark.parametrize("way", ["running", "alone"])
async def test_a_former_code_means_the_unit_of_today(file: str, way: str) -> None:
    """In every command, and it is said on standard error what it means now; one that was split is refused."""
    order = ("--until", in_days(5), "--author", "Lê An", "--reason", "máy mới về tuần sau")
    async with troubled(file, way):
        for words in (
            ("readiness",), ("readiness", "explain"), ("readiness", "history"), ("readiness", "path"), ("findings",),
            ("devices",), ("waivers",), ("roster", "unmatched"),
        ):  # fmt: skip
            given = [*words, "--config", file, "--lang", "en", "--unit"]
            code, out, err = await call(*given, "27253")
            assert (code, err) == (0, WAS), words
            assert rows(out) == rows((await call(*given, XOM_CHIEU))[1])
            assert await call(*given, "27256") == (1, "", f"sansang-collector: {SPLIT}\n")
        granted = await call("waivers", "grant", "--config", file, "--unit", "27253", "memory", *order)
        assert "waiver of memory for 27259 Phường Xóm Chiếu" in granted[1]
        token = await call("tokens", "create", "--config", file, "--unit", "27253")
        assert token[1].startswith("ssk_")
        code, out, err = await call("roster", "show", "--config", file, "--unit", "27253")
        assert (code, err) == (0, "")


async def test_a_former_code_is_explained_in_the_readers_language(file: str) -> None:
    async with troubled(file):
        _, _, err = await call("findings", "--config", file, "--lang", "vi", "--unit", "27253")
        assert err == "27253 là mã cũ của Phường 12, Quận 4, dùng đến hết 30/06/2025; nay là 27259 Phường Xóm Chiếu\n"


async def test_a_terminal_of_80_columns_is_not_overrun_and_a_pipe_has_a_line_a_row(file: str) -> None:
    """Nothing is cut in either; sentences are broken between words and indented."""
    async with troubled(file):
        for words in (
            ("readiness",), ("readiness", "--unit", XOM_CHIEU), ("readiness", "explain", "--unit", XOM_CHIEU),
            ("readiness", "history", "--unit", XOM_CHIEU), ("readiness", "path"), ("findings",),
        ):  # fmt: skip
            _, narrow, _ = await call(*words, "--config", file, "--lang", "vi", columns=80)
            plain = [line.rstrip() for line in narrow.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()]
            assert max(map(len, plain)) <= 80, words
            assert "…" not in narrow
        _, narrow, _ = await call("findings", "--config", file, "--lang", "vi", columns=80)
        assert narrow.splitlines()[-1].startswith("  ")
        _, wide, _ = await call("readiness", "--config", file, "--lang", "vi")
        assert [line.split()[0] for line in wide.splitlines() if line.split()[0:1] and line.split()[0].isdigit()] == [
            CON_DAO, XOM_CHIEU, KHANH_HOI, "26878", "26882", "27316",
        ]  # fmt: skip


async def test_an_empty_list_says_what_to_do_next(file: str) -> None:
    async with running(file):
        for words, vi, en in (
            (
                ("tokens", "list"),
                "Chưa có mã đăng ký nào. Tạo: sansang-collector tokens create --unit MÃ --seats N",
                "No token yet. Make one: sansang-collector tokens create --unit CODE --seats N",
            ),
            (
                ("devices",),
                "Chưa có thiết bị nào. Tạo mã đăng ký: sansang-collector tokens create --unit MÃ --seats N",
                "No device yet. Make a token: sansang-collector tokens create --unit CODE --seats N",
            ),
            (("waivers",), "Không có miễn trừ hay xác nhận nào.", "No waivers or approvals."),
            (("findings",), "Không có sự cố nào.", "No findings."),
        ):
            assert await call(*words, "--config", file, "--lang", "vi") == (0, f"{vi}\n", "")
            assert await call(*words, "--config", file, "--lang", "en") == (0, f"{en}\n", "")


async def test_a_token_is_listed_with_what_has_become_of_it(file: str) -> None:
    async with troubled(file):
        await call("tokens", "create", "--config", file, "--unit", KHANH_HOI, "--note", "kho")
        told = rows((await call("tokens", "list", "--config", file, "--lang", "en"))[1])
        assert told[0] == "id unit seats expires status note"
        used = [line for line in told if "27259 Phường Xóm Chiếu 1/1" in line]
        assert [line.split("HH:MM ")[1] for line in used] == ["used up"]
        assert [line.split("HH:MM ")[1] for line in told if " 0/1 " in line] == ["in force kho"]


def test_an_empty_bundle_is_refused(file: str, tmp_path: Path) -> None:
    bundle = tmp_path / "visit.ssb"
    bundle.write_bytes(b"")
    assert run("import", "--config", file, str(bundle)) == (
        1, "", f"sansang-collector: {bundle}: is empty: it holds no batch\n",
    )  # fmt: skip
    bundle.write_bytes(struct.pack(">I", 9))
    assert run("import", "--config", file, str(bundle))[0] == 1


async def test_a_call_that_fails_is_one_line_and_stands_in_the_log(
    file: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a page of HTML that no command can read; and a refusal is no failure."""

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug\nof two lines")

    async def refused(*_: Any, **__: Any) -> None:
        raise Refused("x", "not today")

    before = Office.__init__

    def init(self: Office, parts: Any) -> None:
        before(self, parts)
        self.calls |= {"findings.told": broken, "waivers.list": refused}

    monkeypatch.setattr(Office, "__init__", init)
    async with running(file):
        assert await call("findings", "--config", file) == (
            1, "", "sansang-collector: the collector failed at findings.told, its log says why: a bug of two lines\n",
        )  # fmt: skip
        assert await call("waivers", "--config", file) == (1, "", "sansang-collector: not today\n")
    failed = [record for record in caplog.records if record.getMessage() == "call failed"]
    assert [record.__dict__["call"] for record in failed] == ["findings.told"]
