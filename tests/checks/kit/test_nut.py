"""NUT's protocol, read from servers that say what they should not."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import nut
from checks.kit.nut import NutError, Ups, describe, gravest, split


@pytest.fixture
def saying() -> Iterator[Callable[..., socket.socket]]:
    """Connects to a server that says each of these parts after a question, and then ends or waits."""
    held: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(*parts: bytes, close: bool = True) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(listener.getsockname(), 5)
        peer, _ = listener.accept()
        listener.close()
        held.extend((client, peer))

        def serve() -> None:
            with contextlib.suppress(OSError):  # the client went first
                for part in parts:
                    if not peer.recv(200):
                        return
                    peer.sendall(part)
                if close:
                    peer.shutdown(socket.SHUT_RDWR)

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return client

    yield start
    for sock in held:
        sock.close()
    for thread in threads:
        thread.join(5)


def ask(sock: socket.socket, name: str = "", seconds: float = 5.0) -> tuple[Ups, ...]:
    until = time.monotonic() + seconds
    return nut.ask(sock, name, lambda: until - time.monotonic())


LISTED = b'BEGIN LIST UPS\nUPS desk "a \\"desk\\""\nEND LIST UPS\n'


def variables(*rows: bytes) -> bytes:
    return b"BEGIN LIST VAR desk\n" + b"".join(rows) + b"END LIST VAR desk\n"


def test_an_answer_in_pieces_is_read(saying: Callable[..., socket.socket]) -> None:
    """TCP may cut it anywhere; some servers end their lines with CR LF."""
    rows = variables(b'VAR desk ups.status "OB"\r\n', b'VAR desk battery.charge "50"\r\n').replace(
        b"desk\n", b"desk\r\n"
    )
    assert ask(saying(LISTED, rows, close=False)) == (Ups("on_battery", on_battery=True, charge=0.5),)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((b"",), "closed"),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), "malformed"),
        ((b"ERR ACCESS-DENIED\n",), "access-denied"),
        ((b"ERR\n",), "malformed"),
        ((b"ERR \xff\xfe\n",), "malformed"),
        ((b'BEGIN LIST UPS\nUPS "desk\nEND LIST UPS\n',), "malformed"),
        ((b"BEGIN LIST UPS\nUPS desk\n",), "closed"),
        ((b"x" * (nut.MAX_ANSWER + 1),), "malformed"),
        ((LISTED, b"BEGIN LIST VAR other\n"), "malformed"),
    ],
)
def test_what_is_no_answer_is_told_apart(
    saying: Callable[..., socket.socket], parts: tuple[bytes, ...], why: str
) -> None:
    """A server that refuses, another protocol, an answer that ends early, one without end."""
    with pytest.raises(NutError) as caught:
        ask(saying(*parts))
    assert caught.value.why == why


@pytest.mark.parametrize("said", [(), (LISTED,), (LISTED, b"BEGIN LIST VAR desk\nVAR desk")])
def test_a_server_that_stops_talking_is_silent(saying: Callable[..., socket.socket], said: tuple[bytes, ...]) -> None:
    """After the seconds that there were."""
    began = time.monotonic()
    with pytest.raises(NutError) as caught:
        ask(saying(*said, close=False), seconds=0.2)
    assert caught.value.why == "silent"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("code", ["DATA-STALE", "DRIVER-NOT-CONNECTED", "ACCESS-DENIED", "UNKNOWN-UPS"])
def test_a_ups_that_cannot_be_read_says_why(saying: Callable[..., socket.socket], code: str) -> None:
    """The others of the same server could still be."""
    assert ask(saying(LISTED, f"ERR {code}\n".encode())) == (Ups("unreachable", why=code.lower()),)


def test_a_name_that_could_carry_a_command_is_not_asked_for(saying: Callable[..., socket.socket]) -> None:
    """It came from a stranger and would be sent back to one."""
    listed = b'BEGIN LIST UPS\nUPS "a b\tSET" "x"\nEND LIST UPS\n'
    assert ask(saying(listed, close=False)) == ()


@pytest.mark.parametrize(
    ("status", "state", "on_battery"),
    [
        ("OL", "online", False),
        ("ol chrg", "charging", False),
        ("OB LB", "low_battery", True),
        ("OL LB CHRG", "charging", False),
        ("OB RB", "on_battery", True),
        ("OL RB OVER", "overload", False),
        ("OL TRIM", "trim", False),
        ("OFF", "off", None),
        ("BYPASS", "bypass", None),
        ("ALARM", "other", None),
        ("OB CAL LB", "calibrating", None),
    ],
)
def test_the_gravest_word_of_a_status_counts(status: str, state: str, on_battery: bool | None) -> None:
    """Words that are not known change nothing."""
    found = describe({"ups.status": f"{status} NEWER"})
    assert (found.state, found.on_battery) == (state, on_battery)


def test_without_a_status_nothing_is_known() -> None:
    """Nor while the driver waits for its first."""
    for given_status in ({}, {"ups.status": ""}, {"ups.status": "WAIT", "battery.charge": "50"}):
        assert describe(given_status) == Ups("unreachable", why="no-status")


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1e9", "1_0", "１００", "", "101", "50 %"])
def test_an_impossible_charge_is_unknown(text: str) -> None:
    """Rather than a number that looks like one."""
    assert describe({"ups.status": "OL", "battery.charge": text}).charge is None


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024/03/01", "2024-03-01"),
        ("2023-12-31", "2023-12-31"),
        ("2000/01/01", None),
        ("2024/13/01", None),
        ("x", None),
    ],
)
def test_a_batterys_day_is_told_when_it_is_one(text: str, date: str | None) -> None:
    """Factories fill in the year 2000."""
    assert describe({"ups.status": "OL", "battery.date": text}).dated == date


def test_a_model_is_printable_and_short() -> None:
    """It comes from a stranger."""
    told = {"ups.status": "OL", "ups.mfr": "San\x1btak\u202e", "ups.model": "x" * 100}
    found = describe(told).model
    assert found is not None
    assert (found.isprintable(), len(found), found[:8]) == (True, 64, "Santak x")


def test_the_gravest_of_several_is_chosen() -> None:
    """One that cannot be read is graver than one that is well, and less than one that acts."""
    states = ("online", "unreachable", "replace_battery", "low_battery", "on_battery")
    order = [Ups(state) for state in states]
    chosen = []
    while found := gravest(tuple(order)):
        chosen.append(found.state)
        order.remove(found)
    assert chosen == ["low_battery", "on_battery", "replace_battery", "unreachable", "online"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20), min_size=1, max_size=5))
def test_what_is_quoted_comes_back(texts: list[str]) -> None:
    """Quotes and backslashes within quotes follow a backslash."""
    line = " ".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    assert split(line) == texts


@given(st.text(max_size=80))
def test_any_line_is_words_or_an_error_of_ours(line: str) -> None:
    """Nothing else is raised."""
    with contextlib.suppress(NutError):
        assert "".join(split(line)).count('"') <= line.count('"')
