"""Asking Windows: what a script writes, how it is decoded and read; a shell script stands for PowerShell."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from checks.kit import powershell
from checks.kit.powershell import PowerShellError


class Told(Struct, frozen=True):
    whole: int | None = None
    yes: bool | None = None
    share: float | None = None


def _stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    program = folder / "powershell.exe"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("data", "console", "text"),
    [
        (b"", "cp1258", ""),
        ("Máy in tầng 2".encode(), "cp437", "Máy in tầng 2"),
        (b"\xef\xbb\xbf" + "Máy in tầng 2".encode(), "cp437", "Máy in tầng 2"),
        (b"M\xe1y in t\xe2\xccng 2", "cp1258", "Máy in tầng 2"),
        (b"B\xf4\xf2 ph\xe2\xf2n m\xf4\xf2t c\xfd\xd2a", "cp1258", "Bộ phận một cửa"),
        (b"\xf0\xfd\xf5\xccng", "cp1258", "đường"),
        (b"Pr\x81fung", "cp437", "Prüfung"),
        (b"\xd2\xd2 \x8a", "utf-8", "\u0309\u0309 \ufffd"),
        (b"M\xe1y", "no such code page", "Máy"),
    ],
)
def test_an_answer_is_decoded_by_what_it_is(data: bytes, console: str, text: str) -> None:
    """UTF-8 when it is that, else the console's code page, else the Vietnamese one; vowels and tones composed."""
    assert powershell.decode(data, console) == text


@given(st.binary(), st.sampled_from(["cp1258", "cp437", "cp1252", "utf-8", "cp65001", "cp0"]))
def test_no_bytes_break_the_decoder(data: bytes, console: str) -> None:
    """Whatever a program of the system printed."""
    powershell.decode(data, console)


def test_lines_become_names_and_lists() -> None:
    """Gaps close, what is empty or no line of ours is left out, the first of two counts."""
    text = "noise\r\na=1\r\na=2\r\nempty=\r\nrows.0.X= x = y \r\nrows.2.X=z\r\nrows.2.Y=0\r\nrows.10.X=last\r\n=b\n"
    assert powershell.parse("\ufeff" + text) == {
        "a": "1", "rows": [{"X": "x = y"}, {"X": "z", "Y": "0"}, {"X": "last"}],
    }  # fmt: skip


def test_a_name_cannot_be_a_value_and_a_list() -> None:
    """The first line decides."""
    assert powershell.parse("a=1\na.0.X=2\n") == {"a": "1"}
    assert powershell.parse("a.0.X=2\na=1\n") == {"a": [{"X": "2"}]}


def test_answers_are_bounded() -> None:
    """A query that does not stop fills nobody's memory."""
    assert len(powershell.parse("".join(f"a{number}=1\n" for number in range(9000)))) == 4096
    assert powershell.parse("a=" + "x" * 5000) == {"a": "x" * 1024}


def test_texts_become_the_types_that_are_wanted() -> None:
    """As PowerShell writes numbers and truths."""
    told = msgspec.convert(powershell.parse("whole=8456683520\nyes=True\nshare=0.25\nother=1\n"), Told, strict=False)
    assert told == Told(8456683520, True, 0.25)
    assert msgspec.convert(powershell.parse("yes=False\n"), Told, strict=False) == Told(yes=False)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    """Error messages stand where lines were expected."""
    powershell.parse(text)


def test_a_script_is_run_behind_its_two_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One argument, quotes and backslashes as they are; nothing is waited for on standard input."""
    _stand_in(tmp_path, monkeypatch, 'printf "%s" "$4"; cat')
    ran = powershell.query("Say 'a' 'root\\wmi'", 20)
    assert "function SayAll(" in ran
    assert ran.endswith("\nSay 'a' 'root\\wmi'\nexit 0\n")
    assert '"' not in ran


def test_the_options_keep_profiles_and_questions_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of the user could print anything."""
    _stand_in(tmp_path, monkeypatch, 'echo "options=$1 $2 $3"')
    assert powershell.parse(powershell.query("", 20)) == {"options": "-NoProfile -NonInteractive -Command"}


def test_bytes_of_an_old_console_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows 7 may ignore the wish for UTF-8."""
    _stand_in(tmp_path, monkeypatch, r"printf 'name=M\341y in\r\n'")
    assert powershell.parse(powershell.query("", 20)) == {"name": "Máy in"}


@pytest.mark.parametrize(
    ("lines", "seconds", "message"),
    [
        ("exit 5", 20, "PowerShell ended with exit status 5"),
        ("exec sleep 30", 0.2, "PowerShell gave no answer within 0.2 s"),
    ],
)
def test_a_failure_is_one_line_without_the_script(
    lines: str, seconds: float, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends up in a reading's detail."""
    _stand_in(tmp_path, monkeypatch, lines)
    with pytest.raises(PowerShellError) as raised:
        powershell.query("Say 'a' 1", seconds)
    assert str(raised.value) == message


def test_without_powershell_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system policy may have removed it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PowerShellError, match="cannot be started: no such file"):
        powershell.query("", 5)


def test_a_double_quote_is_refused() -> None:
    """It would not survive the command line of every Windows."""
    with pytest.raises(ValueError, match="no double quote"):
        powershell.query('Say "a" 1', 5)
