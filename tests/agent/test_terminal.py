"""The bar on a terminal: what is running, how far the checks have come, and for how long."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest

from agent import onsite
from agent.terminal import BAR, Terminal, bar
from checks.kit import words
from checks.kit.model import Job, Outcome, Reading, Result, ok
from tests.agent.fakes import FakeClock, make_check, make_env


class Screen(io.StringIO):
    """A terminal that keeps all that was written."""

    def __init__(self, encoding: str = "utf-8", live: bool = True) -> None:
        super().__init__()
        self._encoding, self._live = encoding, live

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._live


@pytest.mark.parametrize(
    ("number", "total", "expected"),
    [
        (1, 4, "░" * BAR + " 1/4 Đo · a 0,3 s"),
        (3, 4, "█" * (BAR // 2) + "░" * (BAR // 2) + " 3/4 Đo · a 0,3 s"),
        (4, 4, "█" * 15 + "░" * 5 + " 4/4 Đo · a 0,3 s"),
    ],
)
def test_the_bar_fills_with_what_is_done(number: int, total: int, expected: str) -> None:
    assert bar("Đo · a", number, total, 0.26, 80, "vi", plain=False) == expected


def test_the_bar_never_needs_a_second_line() -> None:
    """A long name is cut; on a narrow terminal the name goes before the bar."""
    name = "Reaching a system · https://dichvucong.example.vn/with/a/long/path/that/goes/on"
    for columns in (20, 40, 59, 60, 80, 200):
        for plain in (True, False):
            shown = bar(name, 10, 16, 12.34, columns, "en", plain=plain)
            assert len(shown) < columns
            assert ("█" in shown or "#" in shown) is (columns >= 60)
    assert bar(name, 10, 16, 12.34, 40, "en", plain=True) == "10/16 Reaching a system · https~ 12.3 s"


def run(screen: Screen, seconds: float = 0.0) -> str:
    """What one check of that length shows."""

    def wait(params: Any, env: Any) -> Reading:
        threading.Event().wait(seconds)
        return ok()

    terminal = Terminal(screen, words, "en")
    onsite.run_all([Job(check="fake", target="x")], lambda name: make_check(wait), make_env, FakeClock(), terminal)
    return screen.getvalue()


def test_a_result_takes_the_bar_s_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar moves while the check runs, and is gone afterwards."""
    monkeypatch.setattr(onsite, "TICK", 0.01)
    parts = run(Screen(), 0.3).split("\r\x1b[K")
    assert parts[0] == ""
    assert len(parts) >= 4
    assert all("1/1 Fake · x" in part and "\n" not in part for part in parts[1:-1])
    assert len({part[-5:] for part in parts[1:-1]}) >= 2
    assert parts[-1].startswith("● Fake · x: working (")
    assert parts[-1].endswith("Summary: 1 working\n")


def test_a_pipe_gets_lines_only() -> None:
    """No bar, no control character."""
    text = run(Screen(live=False))
    assert text.startswith("● Fake · x: working (")
    assert "\r" not in text
    assert "\x1b" not in text


def test_a_terminal_without_utf8_has_a_plain_bar() -> None:
    """Nothing it cannot show."""
    text = run(Screen("ascii"))
    assert "." * BAR + " 1/1 Fake - x 0.0 s" in text
    assert text.isascii()


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("vi", "Hỏng ở mạng nội bộ của cơ quan: Bộ định tuyến không trả lời (a, b)"),
        ("en", "Broken: the office network: The router does not answer (a, b)"),
    ],
)
def test_the_summary_ends_with_where_it_is_broken(lang: str, expected: str) -> None:
    """One cause, with what it stops."""
    screen = Screen(live=False)
    failures = [("lan", "", "gateway_unreachable"), ("connectivity", "a", "tcp_timeout"),
                ("connectivity", "b", "dns_timeout")]  # fmt: skip
    results = [
        Result(check=check, target=target, outcome=Outcome.FAILED, reason=reason, at=0, mono=0, boot="b")
        for check, target, reason in failures
    ]
    Terminal(screen, words, lang).summary(results)
    assert screen.getvalue().splitlines()[1:] == [expected]


def test_the_summary_says_that_the_way_is_clear() -> None:
    """Only when a system was reached: a check of the PC alone says nothing of the line."""
    screen = Screen(live=False)
    reached = Result(check="connectivity", target="a", outcome=Outcome.OK, at=0, mono=0, boot="b")
    Terminal(screen, words, "vi").summary([reached])
    assert screen.getvalue().splitlines()[1:] == ["Đường tới hệ thống thông suốt"]
